"""One slice of a bulk job: its entries, its unit of work, and the list of what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

import orjson

from contacts.domain.bulk_entries import CreateEntry, CreateOutcome, DeleteOutcome
from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.object_keys import bulk_entries_key, bulk_outcomes_key, bulk_plan_key, bulk_plans_prefix
from contacts.ports import FileStore
from contacts.usecases.unit_of_work import Unit

#: Longer than a slice's worker lives (template: the time-outs of the functions that work slices).
SLICE_WORKER_LIFE = timedelta(minutes=2)

#: What became of each entry of a slice, as clients see it.
SliceItems: TypeAlias = Sequence[CreateOutcome | DeleteOutcome]


def bulk_unit(job: BulkJob, slice_: int) -> Unit:
    """The unit of work of one slice."""
    return Unit(
        job.tenant,
        bulk_plans_prefix(job.tenant, job.id, slice_),
        lambda round_: bulk_plan_key(job.tenant, job.id, slice_, round_),
    )


def store_entries(files: FileStore, tenant: str, job_id: str, records: Sequence[Any]) -> int:
    """Keep what was asked for, one record an entry, and return how many there are. What an earlier try with the same
    job kept stands, also where the later one would keep something else."""
    key = bulk_entries_key(tenant, job_id)
    if files.put_if_absent(key, b"".join(orjson.dumps(record) + b"\n" for record in records)):
        return len(records)
    return (files.get(key) or b"").count(b"\n")


def load_create_entries(files: FileStore, job: BulkJob, slice_: int) -> list[CreateEntry]:
    """The contacts of one slice.

    Raises:
        FileNotFoundError: the request has expired.
    """
    return [CreateEntry.from_record(record) for record in _load_entries(files, job, slice_)]


def load_ids_to_delete(files: FileStore, job: BulkJob, slice_: int) -> dict[int, str]:
    """The ids of the contacts of one slice, by their index.

    Raises:
        FileNotFoundError: the request has expired.
    """
    return dict(zip(job.rows(slice_), _load_entries(files, job, slice_), strict=True))


@dataclass(frozen=True, slots=True)
class SliceList:
    """What became of each entry of a slice; `reconciled` as in its record."""

    items: SliceItems
    reconciled: bool


def store_list(files: FileStore, job: BulkJob, slice_: int, listed: SliceList) -> SliceList:
    """Store what became of a slice, unless something is stored already, and return what stands.

    Raises:
        FileNotFoundError: what was stored has gone again.
    """
    body = orjson.dumps({"reconciled": listed.reconciled, "items": [item.to_record() for item in listed.items]})
    if files.put_if_absent(bulk_outcomes_key(job.tenant, job.id, slice_), body):
        return listed
    standing = load_list(files, job, slice_)
    if standing is None:
        raise FileNotFoundError(f"slice {slice_} of job {job.id} has left no outcomes")
    return standing


def load_list(files: FileStore, job: BulkJob, slice_: int) -> SliceList | None:
    """What became of each entry of a slice; None while it is not done."""
    body = files.get(bulk_outcomes_key(job.tenant, job.id, slice_))
    if body is None:
        return None
    stored = orjson.loads(body)
    items: SliceItems
    if job.kind is BulkKind.CREATE:
        items = [CreateOutcome.from_record(record) for record in stored["items"]]
    else:
        items = [DeleteOutcome.from_record(record) for record in stored["items"]]
    return SliceList(items, reconciled=stored["reconciled"])


def load_create_outcomes(files: FileStore, job: BulkJob, slice_: int) -> list[CreateOutcome] | None:
    """What became of the entries of one slice of a create job; None while it is not done."""
    listed = load_list(files, job, slice_)
    return None if listed is None else [item for item in listed.items if isinstance(item, CreateOutcome)]


def load_delete_outcomes(files: FileStore, job: BulkJob, slice_: int) -> list[DeleteOutcome] | None:
    """What became of the contacts of one slice of a delete job; None while it is not done."""
    listed = load_list(files, job, slice_)
    return None if listed is None else [item for item in listed.items if isinstance(item, DeleteOutcome)]


def _load_entries(files: FileStore, job: BulkJob, slice_: int) -> list[Any]:
    body = files.get(bulk_entries_key(job.tenant, job.id))
    if body is None:
        raise FileNotFoundError(f"the entries of job {job.id} are gone")
    rows = job.rows(slice_)
    return [orjson.loads(line) for line in body.splitlines()[rows.start : rows.stop]]

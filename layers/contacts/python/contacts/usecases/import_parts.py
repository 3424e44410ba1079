"""One part of an import: its rows, its unit of work, and the record of what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from contacts.domain.contact_write import Delete, Update
from contacts.domain.import_job import ImportJob, PartRecord, RowCounts
from contacts.domain.object_keys import part_outcome_key, plan_key, plans_prefix, staged_part_key
from contacts.domain.plan import Settled, outcome_from_record
from contacts.domain.rows import Outcome, RowError, RowOutcome, StagedRow
from contacts.domain.segment import Segment, segment_id
from contacts.ports import Clock, FileStore, JobStore, SegmentStore
from contacts.usecases.staged_lines import rows_of_lines, staged_targets
from contacts.usecases.unit_of_work import Unit


def import_unit(job: ImportJob, part: int) -> Unit:
    """The unit of work of one part."""
    return Unit(
        job.tenant,
        plans_prefix(job.tenant, job.id, part),
        lambda round_: plan_key(job.tenant, job.id, part, round_),
    )


def import_segment_id(job: ImportJob) -> str | None:
    """The segment that this import fills, if it was asked to."""
    name = job.options.segment_name
    return segment_id(job.tenant, name) if name else None


def import_segment(job: ImportJob, at: str) -> Segment | None:
    """That segment, as this import makes it where it is not there."""
    name, id_ = job.options.segment_name, import_segment_id(job)
    if name is None or id_ is None:
        return None
    return Segment(id=id_, tenant=job.tenant, name=name.strip(), created_at=at, made_by_job=job.id)


def load_staged_rows(files: FileStore, job: ImportJob, part: int) -> dict[int, StagedRow]:
    """The part's rows by number; those about one contact in the file's order.

    Raises:
        FileNotFoundError: staging never wrote this part, or it has expired.
    """
    body = files.get(staged_part_key(job.tenant, job.id, part))
    if body is None:
        raise FileNotFoundError(f"part {part} of job {job.id} is not staged")
    return {row.row: row for row in rows_of_lines(body, staged_targets(job.field_mapping))}


def load_part_outcomes(files: FileStore, job: ImportJob, part: int) -> tuple[list[RowOutcome], list[RowError]]:
    """What became of each of the part's rows, and why some are in error.

    Raises:
        FileNotFoundError: the part has not ended.
    """
    record = load_part_record(files, job, part)
    outcomes = [outcome_from_record(item) for item in record["outcomes"]]
    return outcomes, [RowError.from_record(item) for item in record["errors"]]


def load_part_record(files: FileStore, job: ImportJob, part: int) -> dict[str, Any]:
    """The same as plain JSON values: `outcomes`, each an array of the fields of a `RowOutcome`, and `errors`.

    Raises:
        FileNotFoundError: the part has not ended.
    """
    body = files.get(part_outcome_key(job.tenant, job.id, part))
    if body is None:
        raise FileNotFoundError(f"part {part} of job {job.id} has no outcomes")
    record: dict[str, Any] = orjson.loads(body)
    return record


class PartEnd:
    """Puts down what became of a part. Every step can be repeated; the record comes last and counts once."""

    def __init__(self, *, jobs: JobStore, segments: SegmentStore, files: FileStore, clock: Clock) -> None:
        self._jobs = jobs
        self._segments = segments
        self._files = files
        self._clock = clock

    def __call__(self, job: ImportJob, part: int, settled: Settled, *, reconciled: bool = False) -> None:
        """Store outcomes, segment members and the part's record with its counts."""
        body = {
            "outcomes": [tuple(outcome) for outcome in settled.outcomes],
            "errors": [error.to_record() for error in settled.errors],
        }
        self._files.put(part_outcome_key(job.tenant, job.id, part), orjson.dumps(body))
        segment = import_segment_id(job)
        if segment:
            members = _joined(settled, segment)
            if members:
                self._segments.put_members(job.tenant, segment, job.id, part, members)
        record = PartRecord(part, count_outcomes(settled.outcomes), reconciled=reconciled)
        self._jobs.record_part(job.id, record, self._clock())


def count_outcomes(outcomes: Sequence[RowOutcome]) -> RowCounts:
    """Sum up rows by what became of them; a row in error also counts as skipped."""
    found = [outcome.outcome for outcome in outcomes]
    errors = found.count(Outcome.ERROR)
    return RowCounts(
        created=found.count(Outcome.CREATED),
        updated=found.count(Outcome.UPDATED),
        skipped=found.count(Outcome.SKIPPED) + errors,
        errors=errors,
    )


def _joined(settled: Settled, segment: str) -> list[str]:
    """Ids of contacts that came into the segment with these writes; who was in it before is not listed twice."""
    ids = []
    for planned in settled.writes:
        write = planned.write
        if isinstance(write, Delete) or segment not in write.after.segments:
            continue
        if not isinstance(write, Update) or segment not in write.before.segments:
            ids.append(write.after.id)
    return ids

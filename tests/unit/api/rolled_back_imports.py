"""Imports and their rollbacks in every state, for the tests of the HTTP API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from contacts.domain import object_keys
from contacts.domain.import_job import FileError, ImportJob, ImportStatus, PartRecord, RowCounts, StagedFile
from contacts.domain.rollback import Rollback, RollbackCounts, RollbackMode, RollbackPart, RollbackStatus
from contacts.domain.rows import Outcome, RowOutcome
from contacts.usecases.rollback_results import WriteRollbackResults
from tests.unit.api.api_client import Api, Reply

ROWS = 250
COUNTS = RollbackCounts(deleted=120, restored=60, kept=20, unchanged=50)


def import_ended(
    api: Api, status: ImportStatus = ImportStatus.COMPLETED, *, parts: int = 1, error: FileError | None = None
) -> str:
    """The id of an import that has ended after staging that many parts."""
    job = api.started()
    api.jobs.start_processing(job, api.clock())
    staged = StagedFile("v1", "csv", 4_321, ("E-mail",), parts, ROWS, RowCounts())
    api.jobs.record_staged(job, staged, api.clock())
    if parts:
        api.jobs.record_part(job, PartRecord(0, RowCounts(created=ROWS)), api.clock())
    api.jobs.close_import(job, status, api.clock(), error)
    return job


def post(api: Api, job: str, body: Any = None, **more: Any) -> Reply:
    return api.send("POST", f"/api/contacts/import/{job}/rollback", {} if body is None else body, **more)


def shown(api: Api, job: str) -> Any:
    return api.send("GET", f"/api/contacts/import/{job}").json


def stored(api: Api, job: str) -> tuple[ImportJob, Rollback]:
    found = api.jobs.find_import(job)
    assert found is not None
    assert found.rollback is not None
    return found, found.rollback


def list_of(job: str) -> list[RowOutcome]:
    """An outcome of each kind in turn. U+2028 is a line break to `str.splitlines`, and none in JSON."""
    kinds = [
        (Outcome.DELETED, "", ()),
        (Outcome.KEPT, "EDITED_LATER", ("customFields.a\u2028b", "phone", "tags.vip")),
        (Outcome.UNCHANGED, "GONE", ()),
        (Outcome.RESTORED, "", ()),
    ]
    return [
        RowOutcome(row, outcome, f"{job}-{row}", reason, fields)
        for row in range(1, ROWS + 1)
        for outcome, reason, fields in [kinds[row % 4]]
    ]


def work(api: Api, job: str) -> None:
    """Do what the steps of a pass do: count the one part there is."""
    _, rollback = stored(api, job)
    api.jobs.record_rollback_part(job, RollbackPart(rollback.run, rollback.mode, 0, COUNTS), api.clock())


def end(
    api: Api,
    job: str,
    status: RollbackStatus = RollbackStatus.COMPLETED,
    *,
    outcomes: Sequence[RowOutcome] | None = None,
    errors: int = 0,
) -> None:
    """End the running pass as the last step does, leaving its list."""
    found, rollback = stored(api, job)
    key = object_keys.rollback_part_outcome_key("a", job, rollback.run, rollback.mode, 0)
    api.files.put(key, orjson.dumps([tuple(each) for each in (list_of(job) if outcomes is None else outcomes)]))
    WriteRollbackResults(files=api.files)(found, rollback, [0])
    api.jobs.end_rollback(job, rollback.run, status, api.clock(), errors)


def pending(api: Api) -> str:
    return api.started()


def processing(api: Api) -> str:
    job = api.started()
    api.jobs.start_processing(job, api.clock())
    return job


def rolling_back(api: Api) -> str:
    job = import_ended(api)
    post(api, job)
    return job


def looking(api: Api) -> str:
    job = import_ended(api)
    post(api, job, {"dryRun": True})
    return job


def rolled_back(api: Api) -> str:
    job = rolling_back(api)
    end(api, job)
    return job


def refused_as_a_whole(api: Api) -> str:
    job = api.started()
    api.jobs.close_import(job, ImportStatus.FAILED, api.clock(), FileError("MISSING_HEADER", "no column Mail", "Mail"))
    return job


def without_a_valid_row(api: Api) -> str:
    return import_ended(api, parts=0)


def long_ago(api: Api) -> str:
    job = import_ended(api)
    api.clock.advance(days=30)
    return job


def failed(api: Api, body: Any = None) -> str:
    job = import_ended(api)
    post(api, job, body)
    _, rollback = stored(api, job)
    if rollback.mode is RollbackMode.LOOK:
        api.jobs.start_rollback_writes(job, rollback.run, api.clock())
    end(api, job, RollbackStatus.FAILED, errors=7)
    return job

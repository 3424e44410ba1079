"""What all kinds of jobs have in common, whatever each calls it."""

from __future__ import annotations

from typing import Any, NamedTuple

Job = dict[str, Any]

#: A field that jobs of one kind alone have, as their own routes show them.
_TELLTALES = {"successCount": "bulk_create", "deletedCount": "bulk_delete", "exportType": "export"}
_RUNNING = {"pending", "processing", "QUEUED", "PROCESSING"}


class NextStep(NamedTuple):
    """What can be done now, and the command that does it; None for that of a dry run without --dry-run, which the job
    does not tell."""

    what: str
    command: str | None


def job_kind(job: Job) -> str:
    """import, bulk_create, bulk_delete or export."""
    return str(job.get("type") or next((kind for field, kind in _TELLTALES.items() if field in job), "import"))


def is_running(job: Job) -> bool:
    """Whether the job, or a rollback of an import, is under way. A rollback that failed waits for somebody to ask
    again."""
    rollback = job.get("rollback")
    return job["status"] in _RUNNING or (rollback is not None and rollback["status"] == "running")


def total_count(job: Job) -> int | None:
    """Rows or contacts of the job; None where they are not known yet."""
    return _first(job, "totalRows", "totalCount", "totalContacts")


def processed_count(job: Job) -> int | None:
    """Those that are done."""
    return _first(job, "processedRows", "processedCount", "processedContacts")


def error_count(job: Job) -> int | None:
    """Those that failed; None where jobs of this kind fail as a whole."""
    return _first(job, "errorCount", "failureCount", "failedCount")


def _first(job: Job, *fields: str) -> int | None:
    return next((job[field] for field in fields if field in job), None)

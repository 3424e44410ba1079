"""How jobs and their errors look on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from contacts_cli.formatting import number, plain, plain_table, seconds_between
from contacts_cli.rollback_views import rollback_summary

Job = dict[str, Any]

_STYLES = {"completed": "green", "failed": "bold red", "rolled_back": "yellow"}
_SHOWN_ERRORS = 5


def is_running(job: Job) -> bool:
    """Whether the import, or a rollback of it, is under way. A rollback that failed waits for somebody to ask again."""
    rollback = job.get("rollback")
    return job["status"] in {"pending", "processing"} or (rollback is not None and rollback["status"] == "running")


def job_summary(job: Job) -> RenderableType:
    """One import: where it stands, its counts, and its first errors."""
    parts: list[RenderableType] = [_headline(job)]
    if job["status"] != "failed" or job.get("processedRows"):
        parts.append(_counts(job))
    errors = job.get("errors") or []
    if errors and errors[0].get("row") == 0:
        parts.append(Text.assemble(plain(errors[0].get("code")), ": ", plain(errors[0].get("error"), limit=1_000)))
    elif errors:
        title = "First row errors" if job["errorCount"] > _SHOWN_ERRORS else "Row errors"
        parts.append(Text(f"\n{title}", style="bold"))
        parts.append(errors_table(errors[:_SHOWN_ERRORS]))
    if job.get("rollback"):
        parts.append(rollback_summary(job["rollback"]))
    return Group(*parts)


def errors_table(errors: Iterable[Job]) -> Table:
    """Row errors, one a line."""
    table = plain_table()
    table.add_column("Row", justify="right", no_wrap=True)
    table.add_column("Column", max_width=20)
    table.add_column("Value", overflow="fold", max_width=30)
    table.add_column("Error", ratio=1)
    for error in errors:
        table.add_row(
            str(error.get("row")),
            plain(error.get("field")),
            plain(error.get("value")),
            plain(error.get("error"), limit=500),
        )
    return table


def jobs_table(jobs: Sequence[Job]) -> Table:
    """The tenant's jobs, one a line. The id is never cut: it is what the next command needs."""
    now = datetime.now(UTC)
    table = plain_table(gap=1)
    table.add_column("Job", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    for name in ("Age", "Rows", "Errors"):
        table.add_column(name, justify="right", no_wrap=True)
    # Where it gets narrow, rich narrows the columns that may wrap: this one, whose cells are cut instead.
    table.add_column("File")
    for job in jobs:
        file_name = plain(job.get("fileName"), limit=200)
        file_name.no_wrap, file_name.overflow = True, "ellipsis"
        table.add_row(
            plain(job["jobId"], limit=200),
            _status(job),
            _age(_moment(job["createdAt"]), now),
            number(job.get("totalRows")),
            number(job.get("errorCount")),
            file_name,
        )
    return table


def what_next(job: Job) -> Iterable[str]:
    """Lines that say which command shows more."""
    job_id = job["jobId"]
    if is_running(job):
        yield f"follow it: contacts job {job_id} --watch"
        return
    if job.get("errorCount"):
        yield f"all errors: contacts errors {job_id}"
        yield f"rows to correct and import again: contacts errors {job_id} --download FILE"
    if job["status"] == "completed":
        yield f"every row's outcome: contacts results {job_id} --download FILE"
    yield from _after_rollback(job_id, job.get("rollback"))


def _after_rollback(job_id: str, rollback: Job | None) -> Iterable[str]:
    if rollback is None:
        return
    yield f"what became of each contact: contacts results {job_id} --rollback --download FILE"
    if rollback["status"] == "failed":
        yield f"go on: contacts rollback {job_id} --watch"
    elif rollback["status"] == "aborted" or rollback["dryRun"]:
        yield f"roll it back, and keep what was edited later: contacts rollback {job_id} --watch"


def say_what_next(job: Job, console: Console) -> None:
    """Print `what_next`, so that the lines can be copied whole."""
    console.print()
    for line in what_next(job):
        console.print(line, markup=False, emoji=False, soft_wrap=True, style="dim")


def _headline(job: Job) -> Text:
    head = Text.assemble(("Import ", "bold"), plain(job["jobId"], limit=200), " ", _status(job))
    # How long a job that has been rolled back once took would read as the rollback's time.
    seconds = run_seconds(job) if job["status"] in {"completed", "failed"} else None
    if seconds is not None:
        head.append(f" in {seconds:,.1f} s")
        if job.get("processedRows") and seconds > 0:
            head.append(f" ({job['processedRows'] / seconds:,.0f} rows/s)")
    return Text.assemble(head, "\nof ", plain(job.get("fileName"), limit=200))


def _counts(job: Job) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    running = job["status"] in {"pending", "processing"}
    rows = number(job.get("totalRows"))
    table.add_row("Rows", rows, f"{number(job.get('processedRows'))} processed so far" if running else "")
    table.add_row("Imported", number(job["importedCount"]), _imported_note(job))
    table.add_row("Skipped", number(job["skippedCount"]), f"{number(job['errorCount'])} of them in error")
    return table


def _imported_note(job: Job) -> str:
    return f"{number(job['createdCount'])} created, {number(job['updatedCount'])} updated"


def run_seconds(job: Job) -> float | None:
    """How long an import took, from its start to its end; None where it has not got both."""
    return seconds_between(job.get("startedAt"), job.get("completedAt"))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _age(then: datetime, now: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _status(job: Job) -> Text:
    text = plain(job["status"])
    text.stylize(_STYLES.get(job["status"], "cyan"))
    return text

"""How jobs and their errors look on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contacts_cli.bulk_views import about_bulk_job, bulk_summary, what_next_after_bulk
from contacts_cli.export_views import export_summary, what_next_after_export
from contacts_cli.formatting import number, plain, plain_table, seconds_between, uncut
from contacts_cli.job_kinds import Job, NextStep, error_count, is_running, job_kind, total_count
from contacts_cli.rollback_views import rollback_summary

_STYLES = {
    "completed": "green",
    "failed": "bold red",
    "rolled_back": "yellow",
    "COMPLETED": "green",
    "PARTIAL": "yellow",
    "FAILED": "bold red",
}
_SHOWN_ERRORS = 5
_BULK = {"bulk_create", "bulk_delete"}


def job_summary(job: Job) -> RenderableType:
    """One job: where it stands, its counts, and its first errors."""
    if job_kind(job) in _BULK:
        return bulk_summary(job)
    return export_summary(job) if job_kind(job) == "export" else _import_summary(job)


def _import_summary(job: Job) -> RenderableType:
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
    return uncut(table)


def jobs_table(jobs: Sequence[Job]) -> Table:
    """The tenant's jobs, one a line. The id is never cut: it is what the next command needs."""
    now = datetime.now(UTC)
    table = plain_table(gap=1)
    table.add_column("Job", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    for name in ("Age", "Total", "Errors"):
        table.add_column(name, justify="right", no_wrap=True)
    # Where it gets narrow, rich narrows the columns that may wrap: this one, whose cells are cut instead.
    table.add_column("What")
    for job in jobs:
        about = plain(_about(job), limit=200)
        about.no_wrap, about.overflow = True, "ellipsis"
        table.add_row(
            plain(job["jobId"], limit=200),
            _status(job),
            _age(_moment(job["createdAt"]), now),
            number(total_count(job)),
            number(error_count(job)),
            about,
        )
    return uncut(table)


def what_next(job: Job) -> Iterable[NextStep]:
    """Which command shows more."""
    if job_kind(job) in _BULK:
        yield from what_next_after_bulk(job)
        return
    if job_kind(job) == "export":
        yield from what_next_after_export(job)
        return
    job_id = job["jobId"]
    if is_running(job):
        yield NextStep("follow it", f"contacts job {job_id} --watch")
        return
    if job.get("errorCount"):
        yield NextStep("all errors", f"contacts errors {job_id} --all")
        yield NextStep("rows to correct and import again", f"contacts errors {job_id} --download FILE")
    if job["status"] == "completed":
        yield NextStep("every row's outcome", f"contacts results {job_id} --download FILE")
    yield from _after_rollback(job_id, job.get("rollback"))


def _after_rollback(job_id: str, rollback: Job | None) -> Iterable[NextStep]:
    if rollback is None:
        return
    yield NextStep("what became of each contact", f"contacts results {job_id} --rollback --download FILE")
    if rollback["status"] == "failed":
        yield NextStep("go on", f"contacts rollback {job_id} --watch")
    elif rollback["dryRun"] and rollback["onConflict"] == "force":
        yield NextStep("roll it back, edited later or not", f"contacts rollback {job_id} --force --watch")
    elif rollback["status"] == "aborted" or rollback["dryRun"]:
        yield NextStep("roll it back, and keep what was edited later", f"contacts rollback {job_id} --watch")


def _about(job: Job) -> str:
    kind = job_kind(job)
    if kind in _BULK:
        return about_bulk_job(job)
    return f"export to {job['fileFormat']}" if kind == "export" else f"import {job.get('fileName') or ''}"


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

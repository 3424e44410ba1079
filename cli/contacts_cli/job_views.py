"""How jobs and their errors look on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

Job = dict[str, Any]

RUNNING = frozenset({"pending", "processing", "rolling_back"})
_STYLES = {"completed": "green", "failed": "bold red", "rolled_back": "yellow"}
_SHOWN_ERRORS = 5
_SHOWN_CHARS = 60


def plain(value: object, *, limit: int = _SHOWN_CHARS) -> Text:
    """A value from a file, safe to print: nothing in it can move the cursor, colour the line or reorder it."""
    text = "" if value is None else str(value)
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return Text(shown if len(shown) <= limit else shown[: limit - 1] + "…")


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
    return Group(*parts)


def errors_table(errors: Iterable[Job]) -> Table:
    """Row errors, one a line."""
    table = _table()
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
    table = _table(gap=1)
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
            _number(job.get("totalRows")),
            _number(job.get("errorCount")),
            file_name,
        )
    return table


def what_next(job: Job) -> Iterable[str]:
    """Lines that say which command shows more."""
    job_id = job["jobId"]
    if job["status"] in RUNNING:
        yield f"follow it: contacts job {job_id} --watch"
        return
    if job.get("errorCount"):
        yield f"all errors: contacts errors {job_id}"
        yield f"rows to correct and import again: contacts errors {job_id} --download FILE"
    if job["status"] == "completed":
        yield f"every row's outcome: contacts results {job_id} --download FILE"


def say_what_next(job: Job, console: Console) -> None:
    """Print `what_next`, so that the lines can be copied whole."""
    console.print()
    for line in what_next(job):
        console.print(line, markup=False, emoji=False, soft_wrap=True, style="dim")


def _headline(job: Job) -> Text:
    head = Text.assemble(("Import ", "bold"), plain(job["jobId"], limit=200), " ", _status(job))
    seconds = run_seconds(job)
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
    running = job["status"] in RUNNING
    rows = _number(job.get("totalRows"))
    table.add_row("Rows", rows, f"{_number(job.get('processedRows'))} processed so far" if running else "")
    table.add_row("Imported", _number(job["importedCount"]), _imported_note(job))
    table.add_row("Skipped", _number(job["skippedCount"]), f"{_number(job['errorCount'])} of them in error")
    return table


def _imported_note(job: Job) -> str:
    return f"{_number(job['createdCount'])} created, {_number(job['updatedCount'])} updated"


def run_seconds(job: Job) -> float | None:
    """How long an import took, from its start to its end; None where it has not got both."""
    if not job.get("startedAt") or not job.get("completedAt"):
        return None
    return (_moment(job["completedAt"]) - _moment(job["startedAt"])).total_seconds()


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


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _table(*, gap: int = 2) -> Table:
    return Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold underline")

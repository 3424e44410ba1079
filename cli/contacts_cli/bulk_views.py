"""How bulk jobs look on a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contacts_cli.formatting import number, plain, plain_table, uncut
from contacts_cli.job_kinds import Job, NextStep, error_count, is_running, job_kind

_SHOWN_ERRORS = 5
_CREATE_COUNTS = {"successCount": "Created", "skippedCount": "Skipped", "failureCount": "Failed"}
_DELETE_COUNTS = {
    "deletedCount": "Deleted",
    "notFoundCount": "Not found",
    "forbiddenCount": "Forbidden",
    "failedCount": "Failed",
}
_NOTES = {
    "skippedCount": "an earlier contact of the file has the e-mail",
    "notFoundCount": "gone, or never there",
    "forbiddenCount": "not created by this job",
}
_STYLES = {"COMPLETED": "green", "PARTIAL": "yellow", "FAILED": "bold red"}


def bulk_summary(job: Job) -> RenderableType:
    """One bulk job: where it stands, its keys, its counts, and its first errors."""
    status = plain(job["status"])
    status.stylize(_STYLES.get(job["status"], "cyan"))
    head = Text.assemble((_name(job), "bold"), " ", plain(job["jobId"], limit=200), " ", status)
    head.append_text(Text.assemble("\ntracking key ", plain(job["trackingKey"], limit=300)))
    # The key is what a later clean-up needs: never cut, never broken.
    head.no_wrap, head.overflow = True, "ignore"
    parts: list[RenderableType] = [head, _counts(job)]
    errors = job.get("errors") or []
    if errors:
        parts.append(Text("\nFirst errors" if len(errors) > _SHOWN_ERRORS else "\nErrors", style="bold"))
        parts.append(bulk_errors_table(errors[:_SHOWN_ERRORS]))
    return Group(*parts)


def about_bulk_job(job: Job) -> str:
    """A bulk job in a few words, for the list of jobs."""
    if job_kind(job) == "bulk_delete":
        return f"{'dry run of a clean-up' if job['dryRun'] else 'clean-up'} of {job['trackingKey']}"
    return " ".join(("bulk create", job["clientSource"] or "", job["clientReferenceId"] or "")).rstrip()


def what_next_after_bulk(job: Job, *, deletion: str | None = None) -> Iterator[NextStep]:
    """Which command comes next. `deletion` deletes what this job, a dry run, has looked at: a job doesn't tell to which
    contacts it was narrowed, so none is made up here."""
    if is_running(job):
        yield NextStep("follow it", f"contacts job {job['jobId']} --watch")
        return
    if (error_count(job) or 0) > _SHOWN_ERRORS:
        yield NextStep("all errors", f"contacts errors {job['jobId']} --all")
    if job_kind(job) == "bulk_create":
        if job["successCount"]:
            dry_run = "--dry-run --watch"
            look = f"contacts bulk-delete --job {job['jobId']} {dry_run}"
            later = f"contacts bulk-delete --tracking-key {shlex.quote(job['trackingKey'])} {dry_run}"
            yield NextStep("see what a clean-up would delete", look)
            yield NextStep("after 24 hours", later)
    elif job["dryRun"] and job["candidateContactIds"]:
        yield NextStep("delete them", deletion)


def deleted_table(items: Iterable[Job]) -> Table:
    """What became of contacts of a clean-up, or would. The id is never cut."""
    table = plain_table()
    table.add_column("Contact", no_wrap=True)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Note")
    for item in items:
        note = "edited after its creation" if item["edited"] else item["code"]
        table.add_row(plain(item["contactId"], limit=200), plain(item["outcome"]), plain(note))
    return uncut(table)


def created_table(items: Iterable[Job]) -> Table:
    """What became of contacts of a bulk create job. The id is never cut."""
    table = plain_table()
    table.add_column("Place", justify="right", no_wrap=True)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Contact", no_wrap=True)
    table.add_column("Note")
    for item in items:
        place, outcome = f"#{item['index']}", plain(item["outcome"])
        table.add_row(place, outcome, plain(item["contactId"], limit=200), plain(item["code"]))
    return uncut(table)


def _name(job: Job) -> str:
    if job_kind(job) == "bulk_create":
        return "Bulk create"
    return "Dry run of a clean-up" if job["dryRun"] else "Clean-up"


def _counts(job: Job) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    done = f"{number(job['processedCount'])} processed so far" if is_running(job) else ""
    table.add_row("Contacts", number(job["totalCount"]), done)
    if job.get("dryRun") and "candidateContactIds" in job:
        table.add_row("Candidates", number(len(job["candidateContactIds"])), "would be deleted")
    counts = _CREATE_COUNTS if job_kind(job) == "bulk_create" else _DELETE_COUNTS
    for field, name in counts.items():
        table.add_row(name, number(job[field]), _NOTES.get(field, ""))
    return table


def bulk_errors_table(errors: Iterable[Job]) -> Table:
    """Contacts of a bulk job that failed, one a line: by their place in the request, or by their id."""
    table = plain_table()
    table.add_column("Contact", no_wrap=True)
    table.add_column("Code", no_wrap=True)
    table.add_column("Error", ratio=1)
    for error in errors:
        place = error.get("contactId") or ("" if error.get("index") is None else f"#{error['index']}")
        table.add_row(plain(place, limit=200), plain(error["code"]), plain(error["message"], limit=500))
    return uncut(table)

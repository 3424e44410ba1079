"""How bulk jobs look on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contacts_cli.formatting import number, plain, plain_table
from contacts_cli.job_kinds import Job, is_running, job_kind

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


def what_next_after_bulk(job: Job) -> Iterator[str]:
    """Lines that say which command comes next."""
    if is_running(job):
        yield f"follow it: contacts job {job['jobId']} --watch"
    elif job_kind(job) == "bulk_create":
        yield f"see what a clean-up would delete: contacts bulk-delete --job {job['jobId']} --dry-run --watch"
        yield f"after 24 hours: contacts bulk-delete --tracking-key {job['trackingKey']} --dry-run --watch"
    elif job["dryRun"]:
        yield f"delete them: contacts bulk-delete --tracking-key {job['trackingKey']} --watch"


def notable_table(items: Iterable[Job]) -> Table:
    """Contacts of a clean-up that somebody should look at, and why. The id is never cut."""
    table = plain_table()
    table.add_column("Contact", no_wrap=True)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Note")
    for item in items:
        note = "edited after its creation" if item["edited"] else item["code"]
        table.add_row(plain(item["contactId"], limit=200), plain(item["outcome"]), plain(note))
    return table


def is_notable(item: Job) -> bool:
    """Whether it is more than one contact of many that went, or would go, as expected."""
    return bool(item["edited"]) or item["outcome"] not in {"deleted", "candidate"}


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
    return table

"""How an export looks on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contacts_cli.api_client import Json
from contacts_cli.formatting import number, plain, seconds_between
from contacts_cli.job_kinds import NextStep, is_running

_STYLES = {"completed": "green", "failed": "bold red"}


def export_summary(job: Json) -> RenderableType:
    """One export: where it stands, and its file or why there is none."""
    parts: list[RenderableType] = [_headline(job)]
    if job.get("error"):
        error = job["error"]
        parts.append(Text.assemble(plain(error["code"]), ": ", plain(error["message"], limit=1_000)))
    else:
        parts.append(_file(job))
    return Group(*parts)


def what_next_after_export(job: Json) -> Iterable[NextStep]:
    """Which command shows more."""
    if is_running(job):
        yield NextStep("follow it", f"contacts job {job['jobId']} --watch")
    if job["status"] != "failed":
        yield NextStep("get its file", f"contacts download {job['jobId']} --out FILE")


def _headline(job: Json) -> Text:
    status = plain(job["status"])
    status.stylize(_STYLES.get(job["status"], "cyan"))
    head = Text.assemble(("Export ", "bold"), plain(job["jobId"], limit=200), " ", status)
    seconds = seconds_between(job.get("startedAt"), job.get("completedAt"))
    if seconds is not None:
        head.append(f" in {seconds:,.1f} s")
    return head


def _file(job: Json) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    if job.get("fileSize") is None:
        table.add_row("Contacts", f"{number(job['processedContacts'])} written so far")
    else:
        table.add_row("Contacts", number(job["totalContacts"]))
        table.add_row("File", f"{job['fileFormat']}, {number(job['fileSize'])} bytes, until {job['expiresAt']}")
        table.add_row("SHA-256", plain(job["sha256"], limit=100))
    return table

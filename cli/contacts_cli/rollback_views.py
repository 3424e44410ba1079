"""How a rollback and what it kept look on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contacts_cli.formatting import number, plain, plain_table, seconds_between, uncut

_STYLES = {"completed": "green", "aborted": "yellow", "failed": "bold red", "running": "cyan"}
_REASONS = {
    "EDITED_LATER": "edited later",
    "EMAIL_TAKEN": "another contact has the old e-mail now",
}


def rollback_summary(rollback: dict[str, Any]) -> RenderableType:
    """The latest rollback of an import: how it stands, and its counts."""
    status = plain(rollback["status"])
    status.stylize(_STYLES.get(rollback["status"], ""))
    head = Text.assemble(("\nDry run of a rollback " if rollback["dryRun"] else "\nRollback ", "bold"), status)
    seconds = seconds_between(rollback.get("startedAt"), rollback.get("endedAt"))
    if seconds is not None:
        head.append(f" in {seconds:,.1f} s")
    if note := _note(rollback):
        head.append(f"; {note}")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    for name, meaning in (
        ("deleted", "the import had created them"),
        ("restored", "as before the import"),
        ("kept", "edited later"),
        ("unchanged", "gone, or nothing left to do"),
        ("errors", "not rolled back yet"),
    ):
        if rollback[name] or name != "errors":
            table.add_row(name.capitalize(), number(rollback[name]), meaning)
    return Group(head, table)


def kept_table(lines: Iterable[dict[str, Any]]) -> Table:
    """Contacts that were kept, or of which something was, and why. The id is never cut."""
    table = plain_table()
    table.add_column("Contact", no_wrap=True)
    table.add_column("Row", justify="right", no_wrap=True)
    table.add_column("Fields", overflow="fold")
    table.add_column("Reason")
    for line in lines:
        reason = line.get("reason") or ""
        table.add_row(
            plain(line["contactId"], limit=200),
            str(line["row"]),
            plain(", ".join(line["fields"]), limit=300),
            plain(_REASONS.get(reason, reason)),
        )
    return uncut(table)


def _note(rollback: dict[str, Any]) -> str:
    if rollback["status"] == "aborted":
        return "something would have been kept, nothing was changed"
    if rollback["status"] == "failed":
        return "some contacts are left, a new one goes on from there"
    return "nothing was changed" if rollback["dryRun"] and rollback["status"] == "completed" else ""

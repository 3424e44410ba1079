"""Lists of the API over as many pages as it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.table import Table

from contacts_cli.api_client import Json
from contacts_cli.session import Session

#: The greatest `limit` that every list of the API takes.
_MAX_PAGE = 100

LimitOption = Annotated[int, typer.Option(min=1, metavar="N", help="How many to show.")]
AllOption = Annotated[bool, typer.Option("--all", help="All of them, without a limit.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

#: What shows more of a list.
MORE = "--limit or --all"


def collect(fetch: Callable[[int, str | None], Json], wanted: int | None) -> Json:
    """The first `wanted` items over as many pages as it takes, None for all; `nextCursor` where there are more."""
    items: list[Json] = []
    cursor: str | None = None
    while True:
        page = fetch(_MAX_PAGE if wanted is None else min(wanted - len(items), _MAX_PAGE), cursor)
        items += page["items"]
        cursor = page.get("nextCursor")
        if not cursor or (wanted is not None and len(items) >= wanted):
            return {"items": items, "nextCursor": cursor}


def show_page(
    found: Json,
    table: Callable[[list[Json]], Table],
    session: Session,
    *,
    as_json: bool,
    nothing: str,
    more: str = MORE,
    is_cut: bool = False,
) -> None:
    """Print what `collect` found: as JSON, as a table, or that there is `nothing`. Where it has a next cursor, or
    `is_cut`, say that there are more, and which options show `more`."""
    if as_json:
        session.print_json(found)
    elif found["items"]:
        session.show(table(found["items"]))
    else:
        session.say(nothing)
    if found["nextCursor"] or is_cut:
        session.say(f"there are more than these {len(found['items'])}: {more}", style="dim")

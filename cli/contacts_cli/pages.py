"""Lists of the API over as many pages as it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from contacts_cli.api_client import Json

#: The greatest `limit` that every list of the API takes.
_MAX_PAGE = 100

LimitOption = Annotated[int, typer.Option(min=1, metavar="N", help="How many to show.")]
AllOption = Annotated[bool, typer.Option("--all", help="All of them, without a limit.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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

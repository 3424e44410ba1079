"""The contacts of a clean-up that somebody should look at."""

from __future__ import annotations

from collections.abc import Iterator

from contacts_cli.api_client import ContactsApi, Json
from contacts_cli.bulk_views import deleted_table
from contacts_cli.session import Session

#: How many contacts a table shows.
SHOWN = 20
_PAGE = 200
#: What one should look at first: edits, for they are lost with the contact. Then by what became of it.
_EDITED = 0
_RANKS = {"failed": 1, "forbidden": 2, "notFound": 3}


def show_notable(api: ContactsApi, job: Json, session: Session) -> None:
    """Print which contacts were edited, failed, are forbidden or not found, in this order: the first ones, and where
    all are."""
    found, is_all = _notable(api, job["jobId"])
    if not found:
        return
    session.out.print("\nTo look at", style="bold")
    session.show(deleted_table(found[:SHOWN]))
    if len(found) > SHOWN:
        more = f"{len(found) - SHOWN:,} more" if is_all else "more"
        all_of_them = api.again(f"contacts items {job['jobId']} --all")
        session.out.print(f"and {more}; all of them: {all_of_them}", style="dim", markup=False, soft_wrap=True)


def _notable(api: ContactsApi, job_id: str) -> tuple[list[Json], bool]:
    """The contacts to look at, the most important first, and whether they are all: where there are more edited ones
    than are shown, nothing else matters."""
    ranked: list[list[Json]] = [[] for _ in range(len(_RANKS) + 1)]
    for item in _items(api, job_id):
        rank = _EDITED if item["edited"] else _RANKS.get(item["outcome"])
        if rank is None:
            continue
        ranked[rank].append(item)
        if len(ranked[_EDITED]) > SHOWN:
            return ranked[_EDITED], False
    return [item for items in ranked for item in items], True


def _items(api: ContactsApi, job_id: str) -> Iterator[Json]:
    cursor: str | None = None
    while True:
        page = api.list_bulk_delete(job_id, limit=_PAGE, cursor=cursor)
        yield from page["items"]
        cursor = page.get("nextCursor")
        if not cursor:
            return

"""The first contacts that a rollback kept."""

from __future__ import annotations

from contacts_cli.api_client import ContactsApi, Json
from contacts_cli.failures import CommandFailed
from contacts_cli.rollback_views import kept_table
from contacts_cli.session import Session

#: How many a table shows.
SHOWN = 20
_PAGE = 200
#: How many pages are looked through: a list of a million lines may hold a single one that was kept, at its end.
_PAGES = 50
#: The API's answers where the rollback has not made its list, or the list's time is over.
_NO_LIST = ("FILE_NOT_FOUND", "RESULTS_EXPIRED")


def show_kept(api: ContactsApi, job: Json, session: Session) -> None:
    """Print what the job's latest rollback kept, or would keep, and why: the first ones, and how many more."""
    rollback = job.get("rollback")
    if rollback is None or rollback["status"] == "running" or not rollback["kept"]:
        return
    only_looked = rollback["dryRun"] or rollback["status"] == "aborted"
    session.out.print("\nWould be kept" if only_looked else "\nKept", style="bold")
    try:
        first = _first_kept(api, job["jobId"], min(SHOWN, rollback["kept"]))
    except CommandFailed as failure:
        if failure.code not in _NO_LIST:
            raise
        session.out.print(f"{rollback['kept']:,}; which ones can't be told: {failure.message}", style="dim")
        return
    if first:
        session.show(kept_table(first))
    if left := rollback["kept"] - len(first):
        where = f"and {left:,} more" if first else f"{left:,}, far down the list"
        session.out.print(where, style="dim")


def _first_kept(api: ContactsApi, job_id: str, wanted: int) -> list[Json]:
    found: list[Json] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        page = api.list_rollback(job_id, limit=_PAGE, cursor=cursor)
        found += [line for line in page["items"] if line["action"] == "kept"]
        cursor = page.get("nextCursor")
        if not cursor or len(found) >= wanted:
            break
    return found[:wanted]

"""The first contacts that a rollback kept."""

from __future__ import annotations

from contacts_cli.api_client import ContactsApi, Json
from contacts_cli.failures import CommandFailed
from contacts_cli.rollback_views import kept_table
from contacts_cli.session import Session

#: How many a table shows.
SHOWN = 20
_PAGE = 200
#: The API's answers where the rollback has not made its list, or the list's time is over.
_NO_LIST = ("FILE_NOT_FOUND", "RESULTS_EXPIRED")


def show_kept(api: ContactsApi, job: Json, session: Session) -> None:
    """Print what the job's latest rollback kept, or would keep, and why: the first ones, and where the others are."""
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
    session.show(kept_table(first))
    if rollback["kept"] > SHOWN:
        session.out.print(f"and {rollback['kept'] - SHOWN:,} more", style="dim")


def _first_kept(api: ContactsApi, job_id: str, wanted: int) -> list[Json]:
    found: list[Json] = []
    cursor: str | None = None
    while True:
        page = api.list_rollback(job_id, limit=_PAGE, cursor=cursor)
        found += [line for line in page["items"] if line["action"] == "kept"]
        cursor = page.get("nextCursor")
        if not cursor or len(found) >= wanted:
            return found[:wanted]

"""`contacts errors`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from contacts_cli.api_client import NO_SUCH_JOB, ContactsApi, Json
from contacts_cli.bulk_views import bulk_errors_table
from contacts_cli.connection import (
    DEFAULT_LOCAL_USER,
    AsOption,
    ProfileOption,
    TokenOption,
    UrlOption,
    resolve_connection,
)
from contacts_cli.failures import CommandFailed
from contacts_cli.job_commands import ForceOption, JobId, save
from contacts_cli.job_views import errors_table
from contacts_cli.other_kinds import imports_alone
from contacts_cli.pages import AllOption, JsonOption, LimitOption, collect
from contacts_cli.session import Session


def list_errors(
    context: typer.Context,
    *,
    job_id: JobId,
    limit: LimitOption = 20,
    every: AllOption = False,
    download: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save the failed rows as CSV, ready to be corrected and imported again."),
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    profile: ProfileOption = None,
    acting_as: AsOption = DEFAULT_LOCAL_USER,
) -> None:
    """Show or save the rows of an import that were in error, or show the contacts of a bulk job that failed."""
    session: Session = context.obj
    with ContactsApi(resolve_connection(url, token, profile, acting_as), session) as api:
        if download is not None:
            shown = f"contacts errors {job_id} --all --json"
            instead = {"bulk_create": shown, "bulk_delete": shown, "export": shown}
            with imports_alone(api, job_id, "only an import's failed rows can be saved", instead=instead):
                link = api.errors_link(job_id)
            save(link, download, force=force, session=session)
            return
        table, found = _errors(api, job_id, None if every else limit)
    total = found.pop("total", 0)
    if as_json:
        session.print_json(found)
    elif found["items"]:
        session.show(table(found["items"]))
    else:
        session.say("no errors")
    if found["nextCursor"]:
        session.say(f"there are more than these {limit}: --limit, --all or --download FILE", style="dim")
    elif len(found["items"]) < total:
        session.say(f"there are more than these {limit}: --limit or --all", style="dim")


def _errors(api: ContactsApi, job_id: str, wanted: int | None) -> tuple[Callable[[Iterable[Json]], Table], Json]:
    """What failed in a job, and the table that shows it."""
    try:
        return errors_table, collect(lambda size, cursor: api.list_errors(job_id, limit=size, cursor=cursor), wanted)
    except CommandFailed as failure:
        if failure.code != NO_SUCH_JOB:
            raise
    # Not an import. Jobs of the other kinds show all that failed themselves.
    job = api.get_job(job_id).job
    failed = [job["error"]] if job.get("error") else job.get("errors", [])
    return bulk_errors_table, {"items": failed[:wanted], "nextCursor": None, "total": len(failed)}

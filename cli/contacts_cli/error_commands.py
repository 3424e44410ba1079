"""`contacts errors`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from contacts_cli.api_client import NO_SUCH_JOB, ContactsApi, Json
from contacts_cli.api_options import OpenApi, with_api_options
from contacts_cli.bulk_views import bulk_errors_table
from contacts_cli.failures import CommandFailed
from contacts_cli.job_commands import ForceOption, JobId, save
from contacts_cli.job_views import errors_table
from contacts_cli.other_kinds import imports_alone
from contacts_cli.pages import MORE, AllOption, JsonOption, LimitOption, collect, show_page
from contacts_cli.session import Session


@with_api_options
def list_errors(
    context: typer.Context,
    *,
    open_api: OpenApi,
    job_id: JobId,
    limit: LimitOption = 20,
    every: AllOption = False,
    download: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save the failed rows as CSV, ready to be corrected and imported again."),
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show or save the rows of an import that were in error, or show the contacts of a bulk job that failed."""
    session: Session = context.obj
    with open_api() as api:
        if download is not None:
            shown = f"contacts errors {job_id} --all --json"
            instead = {"bulk_create": shown, "bulk_delete": shown, "export": shown}
            with imports_alone(api, job_id, "only an import's failed rows can be saved", instead=instead):
                link = api.errors_link(job_id)
            save(link, download, force=force, session=session)
            return
        table, more, found = _errors(api, job_id, None if every else limit)
    is_cut = len(found["items"]) < found.pop("total", 0)
    show_page(found, table, session, as_json=as_json, nothing="no errors", more=more, is_cut=is_cut)


def _errors(api: ContactsApi, job_id: str, wanted: int | None) -> tuple[Callable[[Iterable[Json]], Table], str, Json]:
    """The table that shows what failed in a job, the options that show more, and what failed."""
    try:
        found = collect(lambda size, cursor: api.list_errors(job_id, limit=size, cursor=cursor), wanted)
    except CommandFailed as failure:
        if failure.code != NO_SUCH_JOB:
            raise
    else:
        return errors_table, "--limit, --all or --download FILE", found
    # Not an import. Jobs of the other kinds show all that failed themselves.
    job = api.get_job(job_id).job
    failed = [job["error"]] if job.get("error") else job.get("errors", [])
    return bulk_errors_table, MORE, {"items": failed[:wanted], "nextCursor": None, "total": len(failed)}

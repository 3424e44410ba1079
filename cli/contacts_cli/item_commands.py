"""`contacts items`."""

from __future__ import annotations

import typer

from contacts_cli.api_options import OpenApi, with_api_options
from contacts_cli.bulk_views import created_table, deleted_table
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.job_commands import JobId
from contacts_cli.job_kinds import job_kind
from contacts_cli.pages import AllOption, JsonOption, LimitOption, collect, show_page
from contacts_cli.session import Session


@with_api_options
def list_items(
    context: typer.Context,
    *,
    open_api: OpenApi,
    job_id: JobId,
    limit: LimitOption = 20,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what became of each contact of a bulk job: created or not, deleted or not, edited in between."""
    session: Session = context.obj
    with open_api() as api:
        kind = job_kind(api.get_job(job_id).job)
        if kind not in {"bulk_create", "bulk_delete"}:
            hint = api.again(f"contacts results {job_id} --download FILE") if kind == "import" else None
            raise CommandFailed(
                f"this is a job of the kind {kind}: only bulk jobs have items", ExitCode.USAGE, hint=hint
            )
        page = api.list_bulk_create if kind == "bulk_create" else api.list_bulk_delete
        found = collect(lambda size, cursor: page(job_id, limit=size, cursor=cursor), None if every else limit)
    table = created_table if kind == "bulk_create" else deleted_table
    show_page(found, table, session, as_json=as_json, nothing="no items")

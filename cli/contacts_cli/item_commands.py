"""`contacts items`."""

from __future__ import annotations

import typer

from contacts_cli.api_client import ContactsApi
from contacts_cli.bulk_views import created_table, deleted_table
from contacts_cli.connection import (
    DEFAULT_LOCAL_USER,
    AsOption,
    ProfileOption,
    TokenOption,
    UrlOption,
    resolve_connection,
)
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.job_commands import JobId
from contacts_cli.job_kinds import job_kind
from contacts_cli.pages import AllOption, JsonOption, LimitOption, collect
from contacts_cli.session import Session


def list_items(
    context: typer.Context,
    *,
    job_id: JobId,
    limit: LimitOption = 20,
    every: AllOption = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    profile: ProfileOption = None,
    acting_as: AsOption = DEFAULT_LOCAL_USER,
) -> None:
    """Show what became of each contact of a bulk job: created or not, deleted or not, edited in between."""
    session: Session = context.obj
    with ContactsApi(resolve_connection(url, token, profile, acting_as), session) as api:
        kind = job_kind(api.get_job(job_id).job)
        if kind not in {"bulk_create", "bulk_delete"}:
            hint = api.again(f"contacts results {job_id} --download FILE") if kind == "import" else None
            raise CommandFailed(
                f"this is a job of the kind {kind}: only bulk jobs have items", ExitCode.USAGE, hint=hint
            )
        page = api.list_bulk_create if kind == "bulk_create" else api.list_bulk_delete
        found = collect(lambda size, cursor: page(job_id, limit=size, cursor=cursor), None if every else limit)
    if as_json:
        session.print_json(found)
    elif found["items"]:
        session.show((created_table if kind == "bulk_create" else deleted_table)(found["items"]))
    else:
        session.say("no items")
    if found["nextCursor"]:
        session.say(f"there are more than these {limit}: --limit or --all", style="dim")

"""`contacts bulk-delete`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from contacts_cli.api_client import ContactsApi, Json
from contacts_cli.bulk_create_command import KeyOption
from contacts_cli.bulk_views import is_notable, notable_table
from contacts_cli.connection import (
    DEFAULT_LOCAL_USER,
    AsOption,
    ProfileOption,
    TokenOption,
    UrlOption,
    resolve_connection,
)
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.job_views import job_summary, say_what_next
from contacts_cli.job_watch import exit_code_of, watch_job
from contacts_cli.session import Session

#: How many contacts a table shows.
SHOWN = 20
_PAGE = 200


def bulk_delete(
    context: typer.Context,
    *,
    job: Annotated[str | None, typer.Option(metavar="ID", help="The bulk create job, until 24 hours after it.")] = None,
    tracking_key: Annotated[str | None, typer.Option(metavar="KEY", help="Its tracking key, for good.")] = None,
    contact: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this contact; repeatable. Else all that it created.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only look what would be deleted; nothing is changed.")
    ] = False,
    key: KeyOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Wait for the end, with a progress bar.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="With --watch: exit with 3 where contacts failed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
    profile: ProfileOption = None,
    acting_as: AsOption = DEFAULT_LOCAL_USER,
) -> None:
    """Delete what a bulk create job created.

    Contacts that were edited since are deleted too: look first with --dry-run --watch, which shows them.
    """
    session: Session = context.obj
    if job is None and tracking_key is None:
        raise CommandFailed("give --job or --tracking-key", ExitCode.USAGE)
    if strict and not watch:
        raise CommandFailed("--strict needs --watch: a job that only starts has no failures yet", ExitCode.USAGE)
    named = {"bulkCreateJobId": job, "trackingKey": tracking_key, "contactIds": contact or None}
    body: Json = {name: value for name, value in named.items() if value is not None} | {"dryRun": dry_run}
    with ContactsApi(resolve_connection(url, token, profile, acting_as), session) as api:
        started = api.start_bulk_delete(body, idempotency_key=key or str(uuid.uuid4()))
        job_id = str(started["jobId"])
        if not watch:
            if as_json:
                session.print_json(started)
            else:
                session.out.print(job_id, markup=False, emoji=False, soft_wrap=True)
                session.say(f"follow it: contacts job {job_id} --watch", style="dim")
            return
        ended = watch_job(api, job_id, session, get=api.get_bulk_delete)
        if as_json:
            session.print_json(ended)
        else:
            session.out.print(job_summary(ended), crop=False)
            _show_notable(api, job_id, session)
            say_what_next(ended, session.err)
    raise typer.Exit(exit_code_of(ended, strict=strict))


def _show_notable(api: ContactsApi, job_id: str, session: Session) -> None:
    """Print the first contacts that were edited, forbidden, not found, or failed."""
    found = list(islice((item for item in _items(api, job_id) if is_notable(item)), SHOWN + 1))
    if found:
        session.out.print("\nTo look at", style="bold")
        session.out.print(notable_table(found[:SHOWN]))
    if len(found) > SHOWN:
        session.out.print("and more: --json, or the job's items over HTTP", style="dim")


def _items(api: ContactsApi, job_id: str) -> Iterator[Json]:
    cursor: str | None = None
    while True:
        page = api.list_bulk_delete(job_id, limit=_PAGE, cursor=cursor)
        yield from page["items"]
        cursor = page.get("nextCursor")
        if not cursor:
            return

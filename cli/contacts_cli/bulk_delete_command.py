"""`contacts bulk-delete`."""

from __future__ import annotations

import shlex
import uuid
from typing import Annotated

import typer

from contacts_cli.api_client import Json
from contacts_cli.api_options import OpenApi, with_api_options
from contacts_cli.bulk_create_command import KeyOption
from contacts_cli.bulk_views import what_next_after_bulk
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.job_views import job_summary
from contacts_cli.job_watch import exit_code_of, watch_job
from contacts_cli.next_steps import say_steps
from contacts_cli.notable_contacts import show_notable
from contacts_cli.session import Session

#: With more contacts than these on it, a command is not repeated.
_REPEATED_CONTACTS = 20


@with_api_options
def bulk_delete(
    context: typer.Context,
    *,
    open_api: OpenApi,
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
    with open_api() as api:
        started = api.start_bulk_delete(body, idempotency_key=key or str(uuid.uuid4()))
        job_id = str(started["jobId"])
        if not watch:
            if as_json:
                session.print_json(started)
            else:
                session.out.print(job_id, markup=False, emoji=False, soft_wrap=True)
                session.say(f"follow it: {api.again(f'contacts job {job_id} --watch')}", style="dim")
            return
        ended = watch_job(api, job_id, session, get=api.get_bulk_delete)
        if as_json:
            session.print_json(ended)
        else:
            session.show(job_summary(ended))
            show_notable(api, ended, session)
            deletion = _deletion(job, tracking_key, contact or [], strict=strict)
            say_steps(what_next_after_bulk(ended, deletion=deletion), api, session)
    raise typer.Exit(exit_code_of(ended, strict=strict))


def _deletion(job: str | None, tracking_key: str | None, contacts: list[str], *, strict: bool) -> str | None:
    """The command that deletes what the same one with --dry-run has looked at, and nothing besides; None where it is
    too long to be repeated. The key stays behind: under it, the API would answer with the dry run."""
    if len(contacts) > _REPEATED_CONTACTS:
        return None
    named = [("--job", job), ("--tracking-key", tracking_key), *(("--contact", contact) for contact in contacts)]
    words = [word for name, value in named if value is not None for word in (name, value)]
    return shlex.join(["contacts", "bulk-delete", *words, "--watch", *(["--strict"] if strict else [])])

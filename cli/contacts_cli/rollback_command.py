"""`contacts rollback`."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from contacts_cli.api_options import OpenApi, with_api_options
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.job_views import job_summary
from contacts_cli.job_watch import exit_code_of_rollback, watch_job
from contacts_cli.kept_contacts import show_kept
from contacts_cli.next_steps import say_what_next
from contacts_cli.other_kinds import imports_alone
from contacts_cli.session import Session


@with_api_options
def roll_back(
    context: typer.Context,
    *,
    open_api: OpenApi,
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The import's id.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only look what would be done; nothing is changed.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Take back what was edited after the import as well: those edits are lost."),
    ] = False,
    abort_on_conflict: Annotated[
        bool,
        typer.Option("--abort-on-conflict", help="Look first, and change nothing if anything was edited later."),
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Wait for the end, with a progress bar.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Roll an import back, without losing what was edited later.

    Contacts that the import created are deleted, those that it updated get their old values back. What was edited
    after the import stays as it is, and is shown with --watch. After a rollback that failed, the same command goes on.
    """
    session: Session = context.obj
    if force and abort_on_conflict:
        raise CommandFailed("--force and --abort-on-conflict exclude each other", ExitCode.USAGE)
    on_conflict = "force" if force else "abort" if abort_on_conflict else None
    body = {"dryRun": dry_run} | ({"onConflict": on_conflict} if on_conflict else {})
    with open_api() as api:
        undo = {"bulk_create": f"contacts bulk-delete --job {job_id} --dry-run --watch"}
        with imports_alone(api, job_id, "only an import can be rolled back", instead=undo):
            started = api.start_rollback(job_id, body, idempotency_key=str(uuid.uuid4()))
        if not watch:
            if as_json:
                session.print_json(started)
            session.say(f"started; follow it: {api.again(f'contacts job {job_id} --watch')}", style="dim")
            return
        job = watch_job(api, job_id, session)
        if as_json:
            session.print_json(job)
        else:
            session.show(job_summary(job))
            show_kept(api, job, session)
            say_what_next(job, api, session)
    raise typer.Exit(exit_code_of_rollback(job))

"""`contacts jobs`, `contacts job` and `contacts results`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from contacts_cli.api_options import OpenApi, with_api_options
from contacts_cli.failures import ExitCode
from contacts_cli.file_transfer import download_file
from contacts_cli.job_kinds import is_running, job_kind
from contacts_cli.job_views import job_summary, jobs_table
from contacts_cli.job_watch import exit_code_of, watch_job
from contacts_cli.kept_contacts import show_kept
from contacts_cli.next_steps import say_what_next
from contacts_cli.notable_contacts import show_notable
from contacts_cli.other_kinds import imports_alone
from contacts_cli.pages import AllOption, JsonOption, LimitOption, collect, show_page
from contacts_cli.session import Session

JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace FILE if it is there already.")]


class JobType(StrEnum):
    """The kinds of jobs."""

    IMPORT = "import"
    BULK_CREATE = "bulk_create"
    BULK_DELETE = "bulk_delete"
    EXPORT = "export"


@with_api_options
def list_jobs(
    context: typer.Context,
    *,
    open_api: OpenApi,
    kind: Annotated[JobType | None, typer.Option("--type", help="Only jobs of this kind.")] = None,
    status: Annotated[
        str | None,
        typer.Option(metavar="STATUS", help="Only jobs in this status, e.g. failed, or FAILED of a bulk job."),
    ] = None,
    limit: LimitOption = 20,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """List jobs, newest first."""
    session: Session = context.obj
    with open_api() as api:
        found = collect(
            lambda size, cursor: api.list_jobs(kind=kind, status=status, limit=size, cursor=cursor),
            None if every else limit,
        )
    show_page(found, jobs_table, session, as_json=as_json, nothing="no jobs")


@with_api_options
def show_job(
    context: typer.Context,
    *,
    open_api: OpenApi,
    job_id: JobId,
    watch: Annotated[bool, typer.Option("--watch", help="Wait for the end, with a progress bar.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="With --watch: exit with 3 where rows or contacts failed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one job of any kind: where it stands, its counts, its first errors, and an import's latest rollback.

    Without --watch the exit code says only that the job was found, whatever its status.
    """
    session: Session = context.obj
    with open_api() as api:
        job = watch_job(api, job_id, session, get=api.get_job) if watch else api.get_job(job_id).job
        if as_json:
            session.print_json(job)
        else:
            session.show(job_summary(job))
            show_kept(api, job, session)
            if job_kind(job) == "bulk_delete" and not is_running(job):
                show_notable(api, job, session)
            say_what_next(job, api, session)
    raise typer.Exit(exit_code_of(job, strict=strict) if watch else ExitCode.DONE)


@with_api_options
def save_results(
    context: typer.Context,
    *,
    open_api: OpenApi,
    job_id: JobId,
    download: Annotated[Path, typer.Option(metavar="FILE", help="Where to save them, as CSV.")],
    rollback: Annotated[
        bool, typer.Option("--rollback", help="What the latest rollback did with every contact instead.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Save what became of every row of an import, as CSV."""
    session: Session = context.obj
    with open_api() as api:
        items = f"contacts items {job_id} --all"
        instead = {"bulk_create": items, "bulk_delete": items}
        with imports_alone(api, job_id, "only an import has results to save", instead=instead):
            link = api.rollback_link(job_id) if rollback else api.results_link(job_id)
        save(link, download, force=force, session=session)


def save(link: str, target: Path, *, force: bool, session: Session) -> None:
    """Download a file, and say so."""
    download_file(link, target, overwrite=force, session=session)
    session.say(f"saved {target} ({target.stat().st_size:,} bytes)")

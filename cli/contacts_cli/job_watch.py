"""Following an import until it ends."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contacts_cli.api_client import ContactsApi
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.job_views import RUNNING, Job
from contacts_cli.session import Session


def watch_import(api: ContactsApi, job_id: str, session: Session) -> Job:
    """`follow_import` for a command: where it ends early, also by Ctrl-C, CommandFailed says that the job goes on."""
    try:
        return follow_import(api, job_id, session)
    except KeyboardInterrupt as interrupt:
        raise CommandFailed("stopped watching", ExitCode.INTERRUPTED, hint=_goes_on(job_id)) from interrupt
    except CommandFailed as failure:
        if failure.exit_code is ExitCode.UNREACHABLE:
            failure.hint = failure.hint or _goes_on(job_id)
        raise


def exit_code_of(job: Job, *, strict: bool) -> ExitCode:
    """What a watched job's end means to a script; `strict` makes row errors count."""
    if job["status"] == "failed":
        return ExitCode.JOB_FAILED
    return ExitCode.ROW_ERRORS if strict and job["errorCount"] else ExitCode.DONE


def _goes_on(job_id: str) -> str:
    return f"the job goes on; look at it with: contacts job {job_id} --watch"


def follow_import(api: ContactsApi, job_id: str, session: Session) -> Job:
    """Poll until the job has ended, as often as the API asks for, with a bar on stderr; return the job's last state."""
    with _row_progress(session) as progress:
        task = progress.add_task("pending", total=None)
        shown_status = None
        while True:
            job, ask_again_after = api.get_import(job_id)
            progress.update(
                task,
                description=job["status"],
                total=job.get("totalRows") or None,
                completed=job.get("processedRows") or 0,
            )
            if not session.err.is_terminal and job["status"] != shown_status:
                shown_status = job["status"]
                session.say(f"{job_id} {shown_status}")
            if job["status"] not in RUNNING:
                return job
            session.sleep(ask_again_after)


def _row_progress(session: Session) -> Progress:
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=session.err, disable=not session.err.is_terminal)

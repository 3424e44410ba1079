"""Following an import, or its rollback, until it ends."""

from __future__ import annotations

from typing import NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contacts_cli.api_client import ContactsApi
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.job_views import Job, is_running
from contacts_cli.session import Session


def watch_job(api: ContactsApi, job_id: str, session: Session) -> Job:
    """`follow_job` for a command: where it ends early, also by Ctrl-C, CommandFailed says that the job goes on."""
    try:
        return follow_job(api, job_id, session)
    except KeyboardInterrupt as interrupt:
        raise CommandFailed("stopped watching", ExitCode.INTERRUPTED, hint=_goes_on(job_id)) from interrupt
    except CommandFailed as failure:
        if failure.exit_code is ExitCode.UNREACHABLE:
            failure.hint = failure.hint or _goes_on(job_id)
        raise


def exit_code_of(job: Job, *, strict: bool) -> ExitCode:
    """What a watched job's end means to a script; `strict` makes row errors count."""
    rollback = job.get("rollback")
    if job["status"] == "failed" or (rollback is not None and rollback["status"] == "failed"):
        return ExitCode.JOB_FAILED
    return ExitCode.ROW_ERRORS if strict and job["errorCount"] else ExitCode.DONE


def exit_code_of_rollback(job: Job) -> ExitCode:
    """What a watched rollback's end means to a script."""
    ends = {"failed": ExitCode.JOB_FAILED, "aborted": ExitCode.CONFLICT}
    return ends.get(job["rollback"]["status"], ExitCode.DONE)


def _goes_on(job_id: str) -> str:
    return f"the job goes on; look at it with: contacts job {job_id} --watch"


def follow_job(api: ContactsApi, job_id: str, session: Session) -> Job:
    """Poll until the import, or its rollback, has ended, as often as the API asks for; return the job's last state.

    Progress goes to stderr: a bar on a terminal, else a line whenever the job comes into another phase.
    """
    with _progress_bar(session) as progress:
        task = progress.add_task("pending", total=None, unit="rows")
        shown = None
        while True:
            job, ask_again_after = api.get_import(job_id)
            seen = _seen(job)
            progress.update(task, description=seen.phase, total=seen.total or None, completed=seen.done, unit=seen.unit)
            if not session.err.is_terminal and seen.phase != shown:
                shown = seen.phase
                session.say(f"{job_id} {shown}")
            if not is_running(job):
                return job
            session.sleep(ask_again_after)


class _Seen(NamedTuple):
    """How far a job is."""

    phase: str
    done: int
    total: int
    unit: str


def _seen(job: Job) -> _Seen:
    rollback = job.get("rollback")
    if rollback is None:
        return _Seen(job["status"], job.get("processedRows") or 0, job.get("totalRows") or 0, "rows")
    if rollback["status"] == "running":
        # Several rows can be about one contact, so there are at most as many contacts as imported rows.
        phase = job["status"] if job["status"] == "rolling_back" else "looking"
        return _Seen(phase, rollback["processed"], job["importedCount"], "contacts")
    return _Seen(f"rollback {rollback['status']}", rollback["processed"], rollback["processed"], "contacts")


def _progress_bar(session: Session) -> Progress:
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=session.err, disable=not session.err.is_terminal)

"""Following a job, or an import's rollback, until it ends."""

from __future__ import annotations

from collections.abc import Callable

from contacts_cli.api_client import ContactsApi, PolledJob
from contacts_cli.failures import ExitCode
from contacts_cli.job_kinds import Job, error_count, is_running, job_kind, processed_count, total_count
from contacts_cli.session import Session
from contacts_cli.watching import Seen, follow, job_goes_on

#: Shows a job by its id.
Get = Callable[[str], PolledJob]


def watch_job(api: ContactsApi, job_id: str, session: Session, *, get: Get | None = None) -> Job:
    """`follow_job` for a command: where it ends early, also by Ctrl-C, CommandFailed says that the job goes on."""
    with job_goes_on(f"the job goes on; look at it with: {api.again(f'contacts job {job_id} --watch')}"):
        return follow_job(api, job_id, session, get=get)


def exit_code_of(job: Job, *, strict: bool) -> ExitCode:
    """What a watched job's end means to a script; `strict` makes single failures count."""
    rollback = job.get("rollback")
    if job["status"] in {"failed", "FAILED"} or (rollback is not None and rollback["status"] == "failed"):
        return ExitCode.JOB_FAILED
    return ExitCode.ROW_ERRORS if strict and (error_count(job) or job["status"] == "PARTIAL") else ExitCode.DONE


def exit_code_of_rollback(job: Job) -> ExitCode:
    """What a watched rollback's end means to a script."""
    ends = {"failed": ExitCode.JOB_FAILED, "aborted": ExitCode.CONFLICT}
    return ends.get(job["rollback"]["status"], ExitCode.DONE)


def follow_job(api: ContactsApi, job_id: str, session: Session, *, get: Get | None = None) -> Job:
    """Poll until the job, or an import's rollback, has ended; return the job's last state. See `watching.follow`.

    `get` shows the job; by default it is an import.
    """
    show = get or api.get_import
    return follow(lambda: show(job_id), _look, job_id=job_id, session=session)


def _look(job: Job) -> Seen:
    rollback = job.get("rollback")
    running = is_running(job)
    if rollback is None:
        unit = "rows" if job_kind(job) == "import" else "contacts"
        return Seen(job["status"], processed_count(job) or 0, total_count(job) or 0, unit, running)
    if rollback["status"] == "running":
        # Several rows can be about one contact, so there are at most as many contacts as imported rows.
        phase = job["status"] if job["status"] == "rolling_back" else "looking"
        return Seen(phase, rollback["processed"], job["importedCount"], "contacts", running)
    return Seen(f"rollback {rollback['status']}", rollback["processed"], rollback["processed"], "contacts", running)

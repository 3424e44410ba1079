"""Commands for one kind of jobs, given the id of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from contacts_cli.api_client import NO_SUCH_JOB, ContactsApi
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.job_kinds import job_kind


@contextmanager
def imports_alone(api: ContactsApi, job_id: str, rule: str, *, instead: Mapping[str, str]) -> Iterator[None]:
    """Where the API finds no import of this id, say what is there: `rule`, and by the kind of the job what to do
    `instead`.

    Raises CommandFailed: there is a job of another kind, or none.
    """
    try:
        yield
    except CommandFailed as failure:
        if failure.code != NO_SUCH_JOB:
            raise
        kind = job_kind(api.get_job(job_id).job)
        if kind == "import":
            raise
        hint = api.again(instead[kind]) if kind in instead else None
        raise CommandFailed(f"this is a job of the kind {kind}: {rule}", ExitCode.USAGE, hint=hint) from failure

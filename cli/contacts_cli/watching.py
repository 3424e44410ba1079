"""Following a job of any kind until it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contacts_cli.api_client import Json, PolledJob
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.session import Session


class Seen(NamedTuple):
    """How far a job is, in a unit that a person counts in; `total` is 0 where it is not known."""

    phase: str
    done: int
    total: int
    unit: str
    is_running: bool


def follow(poll: Callable[[], PolledJob], look: Callable[[Json], Seen], *, job_id: str, session: Session) -> Json:
    """Poll until the job has ended, as often as the API asks for; return its last state.

    Progress goes to stderr: a bar on a terminal, else a line whenever the job comes into another phase.
    """
    with _progress_bar(session) as progress:
        task = progress.add_task("pending", total=None, unit="")
        shown = None
        while True:
            job, ask_again_after = poll()
            seen = look(job)
            progress.update(task, description=seen.phase, total=seen.total or None, completed=seen.done, unit=seen.unit)
            if not session.err.is_terminal and seen.phase != shown:
                shown = seen.phase
                session.say(f"{job_id} {shown}")
            if not seen.is_running:
                return job
            session.sleep(ask_again_after)


@contextmanager
def job_goes_on(hint: str) -> Iterator[None]:
    """Where following ends early, also by Ctrl-C, the CommandFailed that comes of it says so by `hint`."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise CommandFailed("stopped watching", ExitCode.INTERRUPTED, hint=hint) from interrupt
    except CommandFailed as failure:
        if failure.exit_code is ExitCode.UNREACHABLE:
            failure.hint = failure.hint or hint
        raise


def _progress_bar(session: Session) -> Progress:
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=session.err, disable=not session.err.is_terminal)

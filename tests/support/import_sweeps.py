"""An import world that is swept: what tests of the sweeper share."""

from __future__ import annotations

from datetime import timedelta

from contacts.domain.jobs import IMPORT_KIND
from contacts.ports import ExecutionState
from contacts.usecases.finish_rollback import FinishRollback
from contacts.usecases.mend_import import MendImport
from contacts.usecases.rollback_results import WriteRollbackResults
from contacts.usecases.sweep_jobs import SweepJobs
from contacts.usecases.undo_left_contacts import UndoLeftContacts
from tests.support.import_world import ImportWorld

ROWS = [["a@x.io", "", "", "", "", ""], ["b@x.io", "", "", "", "", ""]]


def sweep(world, wrap=lambda _name, port: port, on_error=None, time_left=lambda: timedelta.max):
    """One pass over the world's jobs."""
    jobs, runner = wrap("jobs", world.jobs), wrap("runner", world.runner)
    finish_rollback = FinishRollback(
        jobs=jobs,
        contacts=world.contacts,
        segments=world.segments,
        files=world.files,
        undo_left=UndoLeftContacts(
            jobs=jobs, contacts=world.contacts, files=world.files, work=world.work, clock=world.clock
        ),
        write_results=WriteRollbackResults(files=world.files),
        clock=world.clock,
    )
    mend = MendImport(
        jobs=jobs, runner=runner, finish=world.finish, finish_rollback=finish_rollback, announce=world.announce
    )
    return SweepJobs(
        jobs=jobs,
        menders={IMPORT_KIND: mend},
        tries=wrap("tries", world.tries),
        clock=world.clock,
        time_left=time_left,
        on_error=on_error or (lambda _job_id, _error: None),
    )()


def world_with(*states):
    """A world with a pending job for each state of its execution: `job0`, `job1` ..."""
    world = ImportWorld()
    for number, state in enumerate(states):
        world.submit(ROWS, job_id=f"job{number}")
        if state is not ExecutionState.MISSING:
            world.runner.states[f"job{number}"] = state
    return world

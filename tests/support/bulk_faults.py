"""Ports of a bulk world that fail, and what comes of that in the end."""

from __future__ import annotations

from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE
from contacts.usecases.mend_bulk_job import OVERDUE_AFTER
from contacts.usecases.sweep_jobs import GIVE_UP_AFTER, GIVE_UP_TRIES, GivenUpError, Mended
from tests.support.sweep_reports import swept


class Broken:
    """A port one of whose methods fails for some calls."""

    def __init__(self, port, method, fails):
        self._port = port
        self._method = method
        self._fails = fails

    def __getattr__(self, name):
        method = getattr(self._port, name)

        def call(*args, **kwargs):
            if name == self._method and self._fails(*args):
                raise ConnectionError("no answer")
            return method(*args, **kwargs)

        return call


def broken(world, port_name, method, fails=lambda *_: True):
    world.wire(lambda name, port: Broken(port, method, fails) if name == port_name else port)


def tried_for_a_day(world, job):
    """As often, and for so long, that the next sweep gives up."""
    world.clock.now += OVERDUE_AFTER
    world.clock.advance(minutes=1)
    for _ in range(GIVE_UP_TRIES):
        assert world.sweep() == swept(failed=[job.id])
        world.clock.now += GIVE_UP_AFTER / GIVE_UP_TRIES
    world.clock.advance(minutes=1)
    world.errors.clear()


def given_up_after_a_day(world, job):
    tried_for_a_day(world, job)
    assert world.sweep() == swept(failed=[job.id])
    assert [type(error) for _, error in world.errors] == [GivenUpError]
    assert world.job(job).is_open, "a worker may be at one of its slices"
    world.clock.now += SLICE_WORKER_LIFE
    world.clock.advance(minutes=1)
    assert world.sweep().counts[Mended.CLOSED] == 1

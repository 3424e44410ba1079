"""Whoever tells late that an import has ended tells what was true at its end."""

from __future__ import annotations

import pytest

from contacts.domain.import_job import ImportStatus
from tests.support.port_faults import Crash, PortFaults, When
from tests.support.rollback_world import RollbackWorld

ROW = ["a@x.io", "", "", "", "", ""]


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("applied", [True, False])
def test_a_rollback_in_between_does_not_change_the_event(applied, when):
    """A worker died around the event; before the sweeper came, somebody rolled the import back."""

    def ended(world):
        if applied:
            world.apply("job", world.parts()[0])
        world.finish("job")
        return world.events.published

    def staged():
        world = RollbackWorld()
        world.submit([ROW, ["b@x.io", *ROW[1:]]], parts=1)
        world.stage("job")
        if not applied:
            # A worker has written and died before it could say so: the import is closed as failed.
            with pytest.raises(Crash):
                _dying(world, "files.put").apply("job", world.parts()[0])
            world.wire(lambda _name, port: port)
        return world

    (expected,) = ended(staged())
    world = staged()
    with pytest.raises(Crash):
        ended(_dying(world, "events.publish", when))
    world.wire(lambda _name, port: port)
    assert world.roll_back().status is ImportStatus.ROLLED_BACK
    world.clock.advance(hours=1)
    assert not world.sweep().failed
    for kind, detail in world.events.published:
        assert (kind, _timeless(detail)) == (expected[0], _timeless(expected[1]))


def _dying(world, call, when=When.BEFORE):
    """The world, with a worker that dies at the first call of this name."""

    class Faults(PortFaults):
        def _call(self, name, method, *args, **kwargs):
            if name == call and name not in self.calls:
                self.crashes = {len(self.calls): when}
            return super()._call(name, method, *args, **kwargs)

    world.wire(Faults().wrap)
    return world


def _timeless(detail):
    return {**detail, "completedAt": ""}

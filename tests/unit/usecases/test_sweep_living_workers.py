"""A sweep that meets imports whose workers may live still."""

from __future__ import annotations

import pytest

from contacts.ports import ExecutionState
from contacts.usecases.finish_import import PART_WORKER_LIFE
from contacts.usecases.mend_import import WORKER_GRACE
from contacts.usecases.undo_log import load_undo_log, parts_with_undo_log
from tests.support.import_sweeps import ROWS, sweep, world_with
from tests.support.import_world import ImportWorld
from tests.support.port_faults import Crash, PortFaults, When, wrap_calls
from tests.support.sweep_reports import swept


class TestAWorkerThatIsLeft:
    """The execution was stopped by hand; one of its workers had begun a moment before, and the job is old."""

    def world(self):
        world = world_with(ExecutionState.ENDED)
        world.stage("job0")
        world.clock.advance(minutes=17)
        return world

    def swept_before(self, world, call_name):
        """The worker's call that the sweeper comes before; what the sweeps in between reported."""
        reports, sweeping = [], []

        def call(name, method, *args, **kwargs):
            if name == call_name and not sweeping:
                sweeping.append(name)
                world.wire(lambda _name, port: port)
                reports.append(sweep(world))
                world.clock.advance(minutes=4)
                reports.append(sweep(world))
            return method(*args, **kwargs)

        world.wire(lambda name, port: wrap_calls(name, port, call))
        return world.apply("job0", world.parts("job0")[0]), reports

    def check_whole(self, world):
        """What the job says is what is there, and its undo log knows of all of it."""
        job = world.jobs.jobs["job0"]
        there = {contact.id for contact in world.all_contacts()}
        assert not job.is_open
        assert job.counts.created == len(there)
        listed = {id_ for outcome, id_, _ in world.outcomes("job0").values() if outcome == "created"}
        assert listed == there
        logged = [load_undo_log(world.files, world.work, job, part) for part in parts_with_undo_log(world.files, job)]
        assert {undo.contact_id for undos in logged for undo in undos.values()} == there

    def test_that_is_writing_is_waited_for(self):
        world = self.world()
        ended, reports = self.swept_before(world, "contacts.write")
        assert ended
        assert reports == [swept(), swept()]
        world.clock.now += WORKER_GRACE
        world.clock.advance(minutes=1)
        assert sweep(world) == swept(closed=1)
        self.check_whole(world)
        assert world.jobs.jobs["job0"].counts.created == len(ROWS)

    def test_that_has_not_planned_yet_writes_nothing(self):
        world = self.world()
        ended, reports = self.swept_before(world, "files.put_if_absent")
        assert not ended
        assert reports == [swept(closed=1), swept()]
        self.check_whole(world)
        assert world.all_contacts() == []

    def test_that_dies_is_not_waited_for_for_ever(self):
        world = self.world()
        world.wire(PortFaults({self.number_of(world, "contacts.write", 1): When.BEFORE}).wrap)
        with pytest.raises(Crash):
            world.apply("job0", world.parts("job0")[0])
        world.wire(lambda _name, port: port)
        world.clock.advance(minutes=17)
        assert sweep(world) == swept()
        world.clock.now += PART_WORKER_LIFE
        assert sweep(world) == swept(closed=1)
        self.check_whole(world)
        assert world.jobs.jobs["job0"].counts.created == 1

    def number_of(self, _world, call_name, nth):
        faults, world = PortFaults(), self.world()
        world.wire(faults.wrap)
        world.apply("job0", world.parts("job0")[0])
        return [number for number, name in enumerate(faults.calls) if name == call_name][nth]

    def test_every_part_is_sealed_at_once(self):
        world = ImportWorld()
        world.submit([[f"{number}@x.io", "", "", "", "", ""] for number in range(12)], job_id="job0", parts=3)
        world.runner.states["job0"] = ExecutionState.ENDED
        world.stage("job0")
        parts = world.parts("job0")
        assert len(parts) == 3
        for part in parts:
            worker = dying_before(world, "contacts.write")
            with pytest.raises(Crash):
                worker("job0", part)
        world.wire(lambda _name, port: port)
        world.clock.advance(minutes=17)
        assert sweep(world) == swept()
        world.clock.now += PART_WORKER_LIFE
        assert sweep(world) == swept(closed=1), "not a part a sweep"


def dying_before(world, call_name):
    """Apply a part with a worker that dies before this call."""

    def call(name, method, *args, **kwargs):
        if name == call_name:
            raise Crash(name)
        return method(*args, **kwargs)

    world.wire(lambda name, port: wrap_calls(name, port, call))
    return world.apply

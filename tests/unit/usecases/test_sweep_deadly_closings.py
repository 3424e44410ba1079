"""A sweep in which a closing ends the process, or for which time runs out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contacts.domain.import_job import ImportStatus
from contacts.ports import ExecutionState
from contacts.usecases.finish_import import NOT_ACCOUNTED_FOR
from contacts.usecases.sweep_jobs import CLOSING_TIME, GIVE_UP_TRIES, SPARE_TIME, Mended
from tests.support.import_sweeps import sweep, world_with
from tests.support.port_faults import Crash
from tests.support.sweep_reports import swept


class TestAJobWhoseClosingEndsTheProcess:
    """Out of memory, out of time: nothing is raised, and nothing after it happens."""

    def world(self, deadly=("job0",)):
        """Imports to be closed, one of them deadly to close, and younger jobs of all sorts."""
        world = world_with(ExecutionState.ENDED, ExecutionState.ENDED, ExecutionState.MISSING, ExecutionState.ENDED)
        for job_id in ("job0", "job1"):
            world.stage(job_id)
        world.jobs.close_import("job3", ImportStatus.COMPLETED, world.clock())
        finish = world.finish
        self.killed = []

        class Deadly:
            give_up = staticmethod(finish.give_up)

            def __call__(_, job_id, **options):  # noqa: N805 - the test is `self`
                if job_id in deadly:
                    self.killed.append(job_id)
                    raise Crash(job_id)
                finish(job_id, **options)

        world.finish = Deadly()
        world.clock.advance(minutes=30)
        return world

    def sweep(self, world):
        """Whether it lived."""
        try:
            sweep(world)
        except Crash:
            return False
        return True

    def test_keeps_no_other_job_waiting(self):
        world = self.world()
        assert not self.sweep(world)
        assert world.runner.started == ["job2"]
        assert world.jobs.jobs["job3"].announced
        world.clock.advance(minutes=5)
        assert not self.sweep(world)
        assert world.jobs.jobs["job0"].is_open
        assert not world.jobs.jobs["job1"].is_open, "what was tried last time comes last"

    @pytest.mark.parametrize("deadly", [("job0",), ("job0", "job1")])
    def test_is_given_up_without_another_try(self, deadly):
        world = self.world(deadly)
        for _ in range(GIVE_UP_TRIES * len(deadly)):
            assert not self.sweep(world)
            world.clock.advance(hours=6)
        assert sorted(self.killed) == sorted(deadly * GIVE_UP_TRIES), "they take turns"
        assert self.sweep(world)
        assert len(self.killed) == GIVE_UP_TRIES * len(deadly)
        for job_id in deadly:
            assert world.jobs.jobs[job_id].file_error == NOT_ACCOUNTED_FOR
        world.clock.advance(hours=1)
        assert sweep(world) == swept()

    def test_is_noted_before_it_is_tried(self):
        world = self.world()
        self.sweep(world)
        assert world.tries.find("job0", "import").number == 1


class TestTimeLeft:
    def closable(self):
        world = world_with(ExecutionState.ENDED, ExecutionState.ENDED, ExecutionState.MISSING)
        world.clock.advance(minutes=30)
        return world

    def test_no_closing_is_begun_that_might_be_cut_off(self):
        world = self.closable()
        report = sweep(world, time_left=lambda: CLOSING_TIME - timedelta(seconds=1))
        assert report == replace(swept(started=1), left=2)
        assert world.tries.tries == {}
        assert sweep(world, time_left=lambda: CLOSING_TIME) == swept(closed=2)

    def test_what_was_not_reached_comes_first_in_the_next_sweep(self):
        world = self.closable()
        left = iter([timedelta.max] * 4)
        assert sweep(world, time_left=lambda: next(left, timedelta(0))) == replace(swept(started=1, closed=1), left=1)
        left = iter([timedelta.max] * 3)
        world.clock.advance(minutes=5)
        assert sweep(world, time_left=lambda: next(left, timedelta(0))).counts[Mended.CLOSED] == 1
        assert not any(world.jobs.jobs[job_id].is_open for job_id in ("job0", "job1"))

    def test_giving_up_comes_before_what_was_tried_longer_ago_and_needs_little(self):
        world = self.closable()
        world.tries.note("job1", "import", world.clock())
        for _ in range(GIVE_UP_TRIES):
            world.tries.note("job0", "import", world.clock())
        world.clock.advance(days=1, minutes=1)
        left = iter([timedelta.max] * 3 + [SPARE_TIME])
        report = sweep(world, time_left=lambda: next(left, timedelta(0)))
        assert report == replace(swept(started=1, failed=["job0"]), left=1)
        assert world.jobs.jobs["job0"].file_error == NOT_ACCOUNTED_FOR
        assert world.tries.find("job0", "import").number == GIVE_UP_TRIES

    def test_nothing_is_begun_at_the_very_end(self):
        world = self.closable()
        assert sweep(world, time_left=lambda: SPARE_TIME - timedelta(seconds=1)) == replace(swept(), left=3)
        assert world.runner.started == []

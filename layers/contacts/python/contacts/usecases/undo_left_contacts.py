"""The end of a pass of a rollback: the contacts that its parts could not judge by themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass

import orjson

from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import rollback_part_outcome_key
from contacts.domain.plan import Plan
from contacts.domain.rollback import FIRST_OF_THE_END, Rollback, RollbackMode, RollbackPart
from contacts.domain.rows import Outcome, RowOutcome
from contacts.domain.undoing import Undo
from contacts.ports import Clock, ContactStore, FileStore, JobStore
from contacts.usecases.email_places import EmailPlaces, ForeseenPlaces, StoredPlaces
from contacts.usecases.judge_left_contacts import JudgeLeftContacts
from contacts.usecases.left_contact_spool import LeftContactSpool
from contacts.usecases.rollback_results import load_rollback_outcomes
from contacts.usecases.rollback_verdicts import count_verdicts, rollback_unit
from contacts.usecases.shared_contacts import find_shared_contacts
from contacts.usecases.undo_log import load_undo_log, load_undos
from contacts.usecases.unit_of_work import UnitOfWork

#: Contacts that are judged and written at a time.
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class _End:
    """The end of one pass."""

    job: ImportJob
    rollback: Rollback
    spool: LeftContactSpool
    judge: JudgeLeftContacts


class UndoLeftContacts:
    """Undoes them, or looks, when all parts of the pass are done. Killed anywhere and run again: the same end.

    Each chunk that is written is a unit of work with a record like that of a part, so a later try goes on behind it.
    """

    def __init__(
        self, *, jobs: JobStore, contacts: ContactStore, files: FileStore, work: UnitOfWork, clock: Clock
    ) -> None:
        self._jobs = jobs
        self._contacts = contacts
        self._files = files
        self._work = work
        self._clock = clock

    def __call__(self, job: ImportJob, rollback: Rollback, parts: Collection[int]) -> bool:
        """Undo what these parts have left in the pass that the rollback is at; False where that is nothing."""
        leaving = [part for part in parts if self._left_by(job, rollback, part)]
        if not leaving:
            return False
        with closing(LeftContactSpool()) as spool:
            for part in leaving:
                left = self._left_by(job, rollback, part)
                undos = load_undos(self._files, self._work, job, part)
                spool.add_writes(undo for undo in undos if undo.contact_id in left)
            spool.fold_writes()
            if rollback.mode is RollbackMode.LOOK:
                self._look(job, rollback, spool, parts)
            else:
                places = StoredPlaces(self._contacts, job.tenant)
                judge = self._judge(places, spool, job, rollback)
                self._write(_End(job, rollback, spool, judge))
        return True

    def count(self, job: ImportJob, rollback: Rollback, done: Collection[int], missing: Collection[int]) -> int:
        """How many contacts are not undone: they stand in parts that are missing, or were left by those that are done.

        Args:
            done: the parts that have a record, those of the end included.
        """
        number = 0
        left: set[str] = set()
        for part in sorted(missing):
            contacts = {undo.contact_id for undo in load_undo_log(self._files, self._work, job, part).values()}
            shared = find_shared_contacts(self._files, job, contacts)
            number += len(contacts - shared)
            left |= shared
        for part in done:
            left |= self._left_by(job, rollback, part)
        ends = [part for part in done if part >= FIRST_OF_THE_END] if left else []
        for part in ends:
            left.difference_update(each.contact_id for each in self._outcomes(job, rollback, part))
        return number + len(left)

    def _look(self, job: ImportJob, rollback: Rollback, spool: LeftContactSpool, parts: Collection[int]) -> None:
        places = ForeseenPlaces(self._contacts, job.tenant, spool)
        for part in parts:
            outcomes = self._outcomes(job, rollback, part)
            spool.foresee_gone(each.contact_id for each in outcomes if each.outcome is Outcome.DELETED)
        judge = self._judge(places, spool, job, rollback)

        def settle(undos: Sequence[Undo], *, last: bool) -> int:
            plan = judge(undos, last=last)
            places.foresee(planned.write for planned in plan.writes)
            outcomes = _settled([*plan.outcomes, *(outcome for each in plan.writes for outcome in each.outcomes)])
            spool.settle(outcomes)
            return len(outcomes)

        _until_none_is_left(spool, settle)
        # Counted when all is judged, in chunks that are always the same: one that a killed try has counted stays.
        for number, chunk in enumerate(spool.outcomes(CHUNK), FIRST_OF_THE_END):
            if not self._jobs.has_rollback_part(job.id, rollback.run, rollback.mode, number):
                self._record(job, rollback, number, chunk)

    def _write(self, end: _End) -> None:
        number, behind = self._go_on(end)

        def settle(undos: Sequence[Undo], *, last: bool) -> int:
            nonlocal number
            plan = end.judge(undos, last=last)
            plan = Plan(plan.writes, _settled(plan.outcomes), [])
            if not plan.writes and not plan.outcomes:
                return 0
            number += 1
            return len(self._carry_out(end, number - 1, plan, last=last))

        _until_none_is_left(end.spool, settle, behind)

    def _go_on(self, end: _End) -> tuple[int, int]:
        """Take over what earlier tries have done, and end what they have begun; returns the next unit's number, and a
        row of the last one, 0 for none."""
        number, row = FIRST_OF_THE_END, 0
        while True:
            if self._jobs.has_rollback_part(end.job.id, end.rollback.run, end.rollback.mode, number):
                outcomes = self._outcomes(end.job, end.rollback, number)
                end.spool.settle(outcomes)
            elif rounds := self._work.rounds(rollback_unit(end.job, end.rollback, number)):
                outcomes = self._carry_out(end, number, rounds[0], last=False)
            else:
                return number, row
            number += 1
            row = outcomes[0].row if outcomes else row

    def _carry_out(self, end: _End, number: int, plan: Plan, *, last: bool) -> list[RowOutcome]:
        """Bring a plan, and what has to follow it, to its end as a unit of work; returns who is settled by it."""
        first = [plan]

        def decide(undecided: Collection[int]) -> Plan:
            return first.pop() if first else end.judge(end.spool.of_rows(undecided), last=last)

        settled = self._work.run(rollback_unit(end.job, end.rollback, number), list(plan.rows()), decide)
        outcomes = _settled(settled.outcomes)
        self._record(end.job, end.rollback, number, outcomes)
        end.spool.settle(outcomes)
        return outcomes

    def _judge(
        self, places: EmailPlaces, spool: LeftContactSpool, job: ImportJob, rollback: Rollback
    ) -> JudgeLeftContacts:
        return JudgeLeftContacts(
            contacts=self._contacts, places=places, spool=spool, clock=self._clock, job=job, rollback=rollback
        )

    def _record(self, job: ImportJob, rollback: Rollback, number: int, outcomes: Sequence[RowOutcome]) -> None:
        key = rollback_part_outcome_key(job.tenant, job.id, rollback.run, rollback.mode, number)
        self._files.put(key, orjson.dumps([tuple(outcome) for outcome in outcomes]))
        record = RollbackPart(rollback.run, rollback.mode, number, count_verdicts(outcomes))
        self._jobs.record_rollback_part(job.id, record, self._clock())

    def _left_by(self, job: ImportJob, rollback: Rollback, part: int) -> set[str]:
        outcomes = self._outcomes(job, rollback, part)
        return {outcome.contact_id for outcome in outcomes if outcome.outcome is Outcome.LEFT}

    def _outcomes(self, job: ImportJob, rollback: Rollback, part: int) -> list[RowOutcome]:
        return load_rollback_outcomes(self._files, job, rollback, part)


def _until_none_is_left(spool: LeftContactSpool, settle: Callable[..., int], behind: int = 0) -> None:
    """Chunk by chunk, again and again: who waits for another can be settled after that one. Where a whole round settles
    nobody, those that are left wait for each other, and the last round decides them as they are.

    Args:
        behind: a row of the chunk that an earlier try has settled last, so that this one goes on like that; 0 for none.
    """
    last, settled = False, int(behind > 0)
    while True:
        settled += sum(settle(undos, last=last) for undos in spool.unsettled(CHUNK, behind))
        if last:
            return
        last, settled, behind = not settled, 0, 0


def _settled(outcomes: Sequence[RowOutcome]) -> list[RowOutcome]:
    return [outcome for outcome in outcomes if outcome.outcome is not Outcome.LEFT]

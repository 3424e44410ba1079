"""A worker's unit of work: plan, write, look again. The same for everything that writes contacts in bulk.

The plan of each round is stored, unless one is there already, before the first contact of that round is touched. So a
unit that was killed anywhere and runs again follows the same plan and recognises what it has written, and the plans
of a unit, read in order, are its undo log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from contacts.domain.contact_write import ContactWrite, InsertTwin, Settlement, WriteResult
from contacts.domain.plan import (
    Plan,
    PlannedWrite,
    Seal,
    Settled,
    plan_to_record,
    round_from_record,
    seal_to_record,
    settle_rounds,
)
from contacts.domain.rows import RowError
from contacts.ports import ContactStore, FileStore

#: Rounds in one run before a unit gives up and is retried as a whole: each one lost a race for some contact.
MAX_ROUNDS = 20
#: Times that a write with an unknown answer is sent again within one round.
MAX_SENDINGS = 5


class TooManyRoundsError(Exception):
    """Other writers kept overtaking this unit; a later retry goes on from its newest plan."""


class UnitSealedError(Exception):
    """The unit is being closed: whoever comes to it now must not write. Who closes it ends it."""


class UnitStillWrittenError(Exception):
    """A worker that began before the unit was sealed may still be writing; close the unit again later."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: whose contacts it writes, and where each round's plan is stored."""

    tenant: str
    plans_prefix: str
    plan_key: Callable[[int], str]


class UnitOfWork:
    """Carries units out, and closes those that never ended."""

    def __init__(self, *, contacts: ContactStore, files: FileStore) -> None:
        self._contacts = contacts
        self._files = files

    def run(self, unit: Unit, rows: Collection[int], decide: Callable[[Collection[int]], Plan]) -> Settled:
        """Bring every row to its end.

        Args:
            unit: whose contacts, which plans.
            rows: the rows of the unit.
            decide: reads what exists and decides these rows; called once a round, with the rows still undecided.

        Raises:
            TooManyRoundsError: other writers were faster `MAX_ROUNDS` times.
            UnitSealedError: the unit is being closed.
        """
        rounds: list[Plan] = []
        undecided = rows
        # Counted a run, not a unit: a retry gets further rounds.
        for _ in range(MAX_ROUNDS):
            plan = decide(undecided)
            key = unit.plan_key(len(rounds))
            if self._files.put_if_absent(key, orjson.dumps(plan_to_record(plan))):
                rounds.append(plan)
                overtaken = self._write(unit.tenant, plan.writes)
            else:
                rounds, seal = self._rounds_and_seal(unit)
                if seal is not None:
                    raise UnitSealedError
                overtaken = self._write_again(unit.tenant, rounds[-1].writes)
            undecided = [row for planned in overtaken for row in planned.rows]
            if not undecided:
                return settle_rounds(rounds)
        raise TooManyRoundsError(f"{len(undecided)} rows still undecided after {MAX_ROUNDS} rounds")

    def reconcile(self, unit: Unit, give_up: Callable[[int], RowError], rows: Collection[int]) -> Settled:
        """Find out how far a unit came that will not run again, and write nothing to contacts.

        Rows whose write can't be found, and rows that no plan speaks of, end with the error that `give_up` makes.
        """
        rounds = self.rounds(unit)
        return _without(self._unwritten(unit.tenant, rounds), rounds, give_up, rows)

    def close(
        self,
        unit: Unit,
        give_up: Callable[[int], RowError],
        rows: Collection[int],
        *,
        now: str,
        worker_life: timedelta,
    ) -> Settled:
        """The same for a unit to which a worker may come at any time: from here on none begins to write.

        A plan has to be stored before it is written, and a seal takes the place of the next one. So nobody can write
        any more but who began before the seal; where that could make a difference, the unit is left until such a
        worker has come to its end.

        Args:
            unit, give_up, rows: see `reconcile`.
            now: the time, ISO 8601.
            worker_life: longer than any worker lives.

        Raises:
            UnitStillWrittenError: the seal is too young. It stays; call again when `worker_life` is over.
        """
        rounds, seal = self._sealed(unit, now)
        unwritten = self._unwritten(unit.tenant, rounds)
        if unwritten and datetime.fromisoformat(now) < datetime.fromisoformat(seal.at) + worker_life:
            raise UnitStillWrittenError
        return _without(unwritten, rounds, give_up, rows)

    def rounds(self, unit: Unit) -> list[Plan]:
        """The unit's plans so far, oldest first."""
        return self._rounds_and_seal(unit)[0]

    def _rounds_and_seal(self, unit: Unit) -> tuple[list[Plan], Seal | None]:
        plans: list[Plan] = []
        for key in self._files.list_keys(unit.plans_prefix):
            body = self._files.get(key)
            if body is None:
                raise FileNotFoundError(f"the plan {key} was listed and is gone")
            found = round_from_record(orjson.loads(body))
            if isinstance(found, Seal):
                return plans, found
            plans.append(found)
        return plans, None

    def _sealed(self, unit: Unit, now: str) -> tuple[list[Plan], Seal]:
        """Seal the unit, unless it is sealed; its plans, of which there will be no more, and the seal that stands."""
        for _ in range(MAX_ROUNDS):
            rounds, seal = self._rounds_and_seal(unit)
            if seal is not None:
                return rounds, seal
            mine = Seal(now)
            if self._files.put_if_absent(unit.plan_key(len(rounds)), orjson.dumps(seal_to_record(mine))):
                return rounds, mine
        raise TooManyRoundsError(f"a worker was faster than the seal {MAX_ROUNDS} times")

    def _unwritten(self, tenant: str, rounds: Sequence[Plan]) -> list[PlannedWrite]:
        """What the newest plan wanted written and is not."""
        last = rounds[-1].writes if rounds else ()
        unwritten = []
        for planned, settlement in zip(last, self._settle(tenant, last), strict=True):
            if settlement is not Settlement.DONE:
                unwritten.append(planned)
        return unwritten

    def _write(self, tenant: str, writes: Sequence[PlannedWrite]) -> list[PlannedWrite]:
        """Write, and return what others have overtaken. Twins come after those whose place they stand beside."""
        first = [planned for planned in writes if not isinstance(planned.write, InsertTwin)]
        twins = [planned for planned in writes if isinstance(planned.write, InsertTwin)]
        return [*self._send(tenant, first), *self._send(tenant, twins)]

    def _write_again(self, tenant: str, writes: Sequence[PlannedWrite]) -> list[PlannedWrite]:
        """Write what an earlier try has not written. Look first: what it wrote may have been moved or deleted since,
        and must not come back."""
        settlements = self._settle(tenant, writes)
        pairs = list(zip(writes, settlements, strict=True))
        # A twin whose holder is planned in the same round is decided after that holder is there.
        open_ = [p for p, s in pairs if s is Settlement.OPEN or (_is_twin(p.write) and s is Settlement.OVERTAKEN)]
        overtaken = [p for p, s in pairs if s is Settlement.OVERTAKEN and not _is_twin(p.write)]
        return [*overtaken, *self._write(tenant, open_)]

    def _send(self, tenant: str, writes: Sequence[PlannedWrite]) -> list[PlannedWrite]:
        overtaken: list[PlannedWrite] = []
        open_ = list(writes)
        for _ in range(MAX_SENDINGS):
            if not open_:
                return overtaken
            results = self._contacts.write(tenant, [planned.write for planned in open_])
            unclear = [p for p, result in zip(open_, results, strict=True) if result is not WriteResult.WRITTEN]
            settlements = self._settle(tenant, unclear)
            overtaken += [p for p, s in zip(unclear, settlements, strict=True) if s is Settlement.OVERTAKEN]
            open_ = [p for p, s in zip(unclear, settlements, strict=True) if s is Settlement.OPEN]
        # Neither written nor overtaken, again and again: decide these afresh like the overtaken ones.
        return [*overtaken, *open_]

    def _settle(self, tenant: str, writes: Sequence[PlannedWrite]) -> list[Settlement]:
        if not writes:
            return []
        return self._contacts.settle(tenant, [planned.write for planned in writes])


def _without(
    unwritten: Sequence[PlannedWrite],
    rounds: Sequence[Plan],
    give_up: Callable[[int], RowError],
    rows: Collection[int],
) -> Settled:
    """What these rounds come to without what was not written, and with errors for rows that none of them speaks of."""
    lost = set(rows).difference(*(plan.rows() for plan in rounds))
    lost.update(row for planned in unwritten for row in planned.rows)
    return settle_rounds([*rounds, Plan([], [], [give_up(row) for row in sorted(lost)])])


def _is_twin(write: ContactWrite) -> bool:
    return isinstance(write, InsertTwin)

"""Plans: what a worker is about to write, put down before the first contact is touched.

A retry follows the newest plan instead of deciding afresh, and the before- and after-images in it are the undo log.
Rows that a round could not settle are decided again in the next one, so a row's latest mention is the one that holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contacts.domain.contact import Mark, contact_from_record, contact_to_record
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, Update
from contacts.domain.rows import Outcome, RowError, RowOutcome

#: By value: calling the class takes five times as long, and every row of an import is read from its record again.
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One write, and what it means for each of the rows it stands for."""

    write: ContactWrite
    outcomes: tuple[RowOutcome, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        return tuple(outcome.row for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Plan:
    """One round: writes to try, and rows that need none."""

    writes: Sequence[PlannedWrite]
    outcomes: Sequence[RowOutcome]
    errors: Sequence[RowError]

    def rows(self) -> Iterable[int]:
        """Every row that this plan speaks of."""
        for planned in self.writes:
            for outcome in planned.outcomes:
                yield outcome.row
        for outcome in self.outcomes:
            yield outcome.row
        for error in self.errors:
            yield error.row


@dataclass(frozen=True, slots=True)
class Settled:
    """What all rounds together come to: the writes that happened, each row's outcome, the rows in error."""

    writes: Sequence[PlannedWrite]
    outcomes: Sequence[RowOutcome]
    errors: Sequence[RowError]


@dataclass(frozen=True, slots=True)
class Seal:
    """Stands in the place of a unit's next plan: no further one is made, and nobody begins to write any more.

    Attributes:
        at: when it was set, ISO 8601.
    """

    at: str


def settle_rounds(rounds: Sequence[Plan]) -> Settled:
    """Take each row's latest mention. Outcomes, those in error included, come in the order of their rows."""
    plan = rounds[0] if len(rounds) == 1 else _latest_mentions(rounds)
    outcomes = [outcome for planned in plan.writes for outcome in planned.outcomes]
    outcomes.extend(plan.outcomes)
    outcomes.extend(RowOutcome(error.row, Outcome.ERROR, "", error.code) for error in plan.errors)
    return Settled(plan.writes, sorted(outcomes), sorted(plan.errors, key=lambda error: error.row))


def _latest_mentions(rounds: Sequence[Plan]) -> Plan:
    latest = {row: number for number, plan in enumerate(rounds) for row in plan.rows()}
    writes: list[PlannedWrite] = []
    outcomes: list[RowOutcome] = []
    errors: list[RowError] = []
    for number, plan in enumerate(rounds):
        writes.extend(planned for planned in plan.writes if latest[planned.outcomes[0].row] == number)
        outcomes.extend(outcome for outcome in plan.outcomes if latest[outcome.row] == number)
        errors.extend(error for error in plan.errors if latest[error.row] == number)
    return Plan(writes, outcomes, errors)


def seal_to_record(seal: Seal) -> dict[str, Any]:
    """A seal as plain JSON values."""
    return {"sealedAt": seal.at}


def round_from_record(record: Mapping[str, Any]) -> Plan | Seal:
    """What stands in the place of a plan: the inverse of `plan_to_record` or of `seal_to_record`."""
    return Seal(record["sealedAt"]) if "sealedAt" in record else plan_from_record(record)


def plan_to_record(plan: Plan) -> dict[str, Any]:
    """A plan as plain JSON values."""
    return {
        "writes": [_write_to_record(planned) for planned in plan.writes],
        "outcomes": [tuple(outcome) for outcome in plan.outcomes],
        "errors": [error.to_record() for error in plan.errors],
    }


def plan_from_record(record: Mapping[str, Any]) -> Plan:
    """The inverse of `plan_to_record`."""
    return Plan(
        writes=[_write_from_record(item) for item in record["writes"]],
        outcomes=[outcome_from_record(item) for item in record["outcomes"]],
        errors=[RowError.from_record(item) for item in record["errors"]],
    )


def outcome_from_record(record: Sequence[Any]) -> RowOutcome:
    """A row's outcome from its JSON array."""
    row, outcome, contact_id, reason, fields = record
    return RowOutcome(row, _OUTCOMES[outcome], contact_id, reason, tuple(fields))


def _write_to_record(planned: PlannedWrite) -> dict[str, Any]:
    write = planned.write
    outcomes = [tuple(outcome) for outcome in planned.outcomes]
    # Before the others, whose patterns take longer: most are inserts.
    if isinstance(write, Insert):
        return {"outcomes": outcomes, "op": "insert", "after": contact_to_record(write.after)}
    match write:
        case InsertTwin(after):
            return {"outcomes": outcomes, "op": "twin", "after": contact_to_record(after)}
        case Update(before, after, mark):
            images = {"before": contact_to_record(before), "after": contact_to_record(after)}
            return {"outcomes": outcomes, "op": "update", **images, "mark": mark and tuple(mark)}
        case Delete(before, mark):
            return {
                "outcomes": outcomes,
                "op": "delete",
                "before": contact_to_record(before),
                "mark": mark and tuple(mark),
            }


def _write_from_record(record: Mapping[str, Any]) -> PlannedWrite:
    mark = Mark(*record["mark"]) if record.get("mark") else None
    write: ContactWrite
    match record["op"]:
        case "insert":
            write = Insert(contact_from_record(record["after"]))
        case "twin":
            write = InsertTwin(contact_from_record(record["after"]))
        case "update":
            write = Update(contact_from_record(record["before"]), contact_from_record(record["after"]), mark)
        case "delete":
            write = Delete(contact_from_record(record["before"]), mark)
        case op:
            raise ValueError(f"a plan has an unknown operation {op!r}")
    return PlannedWrite(write, tuple(outcome_from_record(item) for item in record["outcomes"]))

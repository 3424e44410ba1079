"""What to do with the rows of one e-mail. Pure: the same rows and the same contact give the same decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from contacts.domain.contact import Contact, Mark, with_mark
from contacts.domain.contact_write import Insert, InsertTwin, Update
from contacts.domain.errors import Problem
from contacts.domain.import_job import DuplicateStrategy
from contacts.domain.merging import merge_values, problem_with_values
from contacts.domain.plan import Plan, PlannedWrite
from contacts.domain.rows import Outcome, RowError, RowOutcome, SkipReason, StagedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRules:
    """What decides besides the rows themselves.

    Attributes:
        now: when the decision is taken; becomes the contacts' timestamps. A retry follows the plan and so keeps it.
        contact_id: the id of the contact that this row of this job makes.
    """

    job: str
    strategy: DuplicateStrategy
    tags: tuple[str, ...]
    segment: str | None
    now: str
    contact_id: Callable[[str, Mark], str]


def decide(email: str, rows: Sequence[StagedRow], holder: Contact | None, rules: ImportRules) -> Plan:
    """Decide the rows of one normalised e-mail, in the file's order, against the contact that holds it now."""
    if rules.strategy is DuplicateStrategy.CREATE:
        return _create_each(email, rows, holder, rules)
    if rules.strategy is DuplicateStrategy.SKIP and holder is not None:
        skipped = [RowOutcome(row.row, Outcome.SKIPPED, holder.id, SkipReason.DUPLICATE) for row in rows]
        return Plan([], skipped, [])
    if holder is None:
        return _create_first(email, rows, rules)
    return _update(rows, holder, rules)


def _create_each(email: str, rows: Sequence[StagedRow], holder: Contact | None, rules: ImportRules) -> Plan:
    writes: list[PlannedWrite] = []
    errors: list[RowError] = []
    taken = holder is not None
    for row in rows:
        contact = _new_contact(email, row, rules)
        if isinstance(contact, RowError):
            errors.append(contact)
            continue
        write = InsertTwin(contact) if taken else Insert(contact)
        writes.append(PlannedWrite(write, (RowOutcome(row.row, Outcome.CREATED, contact.id),)))
        taken = True
    return Plan(writes, [], errors)


def _create_first(email: str, rows: Sequence[StagedRow], rules: ImportRules) -> Plan:
    """Create with the first row that can be; later rows are duplicates in the file, or go into the same write."""
    errors: list[RowError] = []
    outcomes: list[RowOutcome] = []
    contact: Contact | None = None
    for row in rows:
        if contact is None:
            created = _new_contact(email, row, rules)
            if isinstance(created, RowError):
                errors.append(created)
            else:
                contact = created
                outcomes.append(RowOutcome(row.row, Outcome.CREATED, contact.id))
        elif rules.strategy is DuplicateStrategy.SKIP:
            outcomes.append(RowOutcome(row.row, Outcome.SKIPPED, contact.id, SkipReason.DUPLICATE_IN_FILE))
        else:
            values = merge_values(contact.values, row.values, rules.tags)
            problem = problem_with_values(values)
            if problem:
                errors.append(_row_error(row, problem))
            else:
                contact = replace(contact, values=values)
                outcomes.append(RowOutcome(row.row, Outcome.UPDATED, contact.id))
    if contact is None:
        return Plan([], [], errors)
    return Plan([PlannedWrite(Insert(contact), tuple(outcomes))], [], errors)


def _update(rows: Sequence[StagedRow], holder: Contact, rules: ImportRules) -> Plan:
    values = holder.values
    outcomes: list[RowOutcome] = []
    errors: list[RowError] = []
    for row in rows:
        merged = merge_values(values, row.values, rules.tags)
        problem = problem_with_values(merged)
        if problem:
            errors.append(_row_error(row, problem))
        else:
            values = merged
            outcomes.append(RowOutcome(row.row, Outcome.UPDATED, holder.id))
    if not outcomes:
        return Plan([], [], errors)
    joins = rules.segment is not None and rules.segment not in holder.segments
    if values == holder.values and not joins:
        return Plan([], outcomes, errors)
    mark = Mark(rules.job, outcomes[0].row)
    after = replace(
        holder,
        values=values,
        version=holder.version + 1,
        updated_at=rules.now,
        written_by=with_mark(holder.written_by, mark),
        segments=(*holder.segments, rules.segment) if joins and rules.segment else holder.segments,
    )
    return Plan([PlannedWrite(Update(holder, after, mark), tuple(outcomes))], [], errors)


def _new_contact(email: str, row: StagedRow, rules: ImportRules) -> Contact | RowError:
    values = merge_values({}, row.values, rules.tags)
    problem = problem_with_values(values)
    if problem:
        return _row_error(row, problem)
    mark = Mark(rules.job, row.row)
    return Contact(
        id=rules.contact_id(email, mark),
        values=values,
        version=1,
        created_at=rules.now,
        updated_at=rules.now,
        created_by=mark,
        segments=(rules.segment,) if rules.segment else (),
    )


def _row_error(row: StagedRow, problem: Problem) -> RowError:
    return RowError(row.row, problem.field, None, problem.code, problem.message, row.cells)

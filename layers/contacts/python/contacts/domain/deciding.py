"""What to do with the rows of a part. Pure: the same rows and the same contacts give the same decision.

A row is about the contact that it names by id, else about the one that holds its e-mail, else about a new one. All rows
about one contact become one write, in the file's order. A contact to which a row gives another e-mail goes by both in
the rows that follow; so no write of a plan needs a place that another one leaves, and each can be undone by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from contacts.domain.contact import Contact, Mark, Values, with_mark
from contacts.domain.contact_write import Insert, InsertTwin, Update
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import Problem
from contacts.domain.import_job import DuplicateStrategy
from contacts.domain.merging import merge_values, problem_with_values
from contacts.domain.plan import Plan, PlannedWrite
from contacts.domain.row_reading import NO_EMAIL_NO_ID
from contacts.domain.rows import Outcome, RowError, RowOutcome, SkipReason, StagedRow

_NOBODY_NAMED = Problem("EMAIL_REQUIRED", NO_EMAIL_NO_ID, "email")
_EMAIL_TAKEN = Problem("EMAIL_TAKEN", "another contact has this e-mail", "email")
_EMPTY = Problem("CONTACT_EMPTY", "a contact needs a value in at least one field")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRules:
    """What decides besides the rows themselves.

    Attributes:
        now: when the decision is taken; becomes the contacts' timestamps. A retry follows the plan and so keeps it.
        contact_id: the id of the contact that this row of this job makes; its e-mail is None for none.
    """

    job: str
    strategy: DuplicateStrategy
    tags: tuple[str, ...]
    segment: str | None
    now: str
    contact_id: Callable[[str | None, Mark], str]


@dataclass(frozen=True, slots=True)
class Found:
    """The contacts that rows may be about, as they are before the rows are written.

    Attributes:
        by_id: those whose ids rows name. An id that names nobody is left out, and its row has no id then.
        by_email: who holds the rows' normalised e-mails. The e-mail that a contact in `by_id` has itself may be missing
            where no other row asks for it.
    """

    by_id: Mapping[str, Contact]
    by_email: Mapping[str, Contact]

    def named_by(self, row: StagedRow) -> Contact | None:
        """The contact that the row names by its id."""
        return self.by_id.get(row.contact_id) if row.contact_id else None


def decide(rows: Iterable[StagedRow], found: Found, rules: ImportRules) -> Plan:
    """Decide rows, given in the file's order, against the contacts that are there now."""
    if rules.strategy is DuplicateStrategy.CREATE:
        return _create_each(rows, found, rules)
    return _FoldedRows(found, rules).decide(rows)


def _create_each(rows: Iterable[StagedRow], found: Found, rules: ImportRules) -> Plan:
    writes: list[PlannedWrite] = []
    errors: list[RowError] = []
    taken = {*found.by_email, *(normalise_email(contact.email or "") for contact in found.by_id.values())}
    for row in rows:
        email = normalise_email(row.email)
        contact = _new_contact(email, row, rules, may_lack_email=found.named_by(row) is not None)
        if isinstance(contact, RowError):
            errors.append(contact)
            continue
        write = InsertTwin(contact) if email and email in taken else Insert(contact)
        writes.append(PlannedWrite(write, (RowOutcome(row.row, Outcome.CREATED, contact.id),)))
        taken.add(email)
    return Plan(writes, [], errors)


@dataclass(slots=True)
class _Draft:
    """A contact as the rows so far leave it.

    Attributes:
        contact: as it is in the store, or as the first row makes it.
        own_email: the normalised e-mail that it has in the store; empty for none, and for one that is new.
    """

    contact: Contact
    is_new: bool
    own_email: str
    values: Values
    outcomes: list[RowOutcome] = field(default_factory=list)


class _FoldedRows:
    """The rows of a part, folded by the contact that they are about."""

    def __init__(self, found: Found, rules: ImportRules) -> None:
        self._found = found
        self._rules = rules
        self._drafts: dict[str, _Draft] = {}
        self._by_given_email: dict[str, _Draft] = {}
        self._outcomes: list[RowOutcome] = []
        self._errors: list[RowError] = []

    def decide(self, rows: Iterable[StagedRow]) -> Plan:
        for row in rows:
            email = normalise_email(row.email)
            draft = self._about(row, email)
            if draft is None:
                self._create(row, email)
            elif self._rules.strategy is DuplicateStrategy.SKIP:
                self._skip(row, draft)
            else:
                self._update(row, email, draft)
        writes: list[PlannedWrite] = []
        for draft in self._drafts.values():
            write = self._write(draft)
            if write is None:
                self._outcomes += draft.outcomes
            else:
                writes.append(PlannedWrite(write, tuple(draft.outcomes)))
        return Plan(writes, self._outcomes, self._errors)

    def _about(self, row: StagedRow, email: str) -> _Draft | None:
        contact = self._found.named_by(row) if row.contact_id else None
        if contact is None:
            if email in self._by_given_email:
                return self._by_given_email[email]
            contact = self._found.by_email.get(email)
        if contact is None:
            return None
        draft = self._drafts.get(contact.id)
        if draft is None:
            own_email = normalise_email(contact.email or "")
            draft = self._drafts[contact.id] = _Draft(contact, False, own_email, contact.values)
        return draft

    def _create(self, row: StagedRow, email: str) -> None:
        contact = _new_contact(email, row, self._rules)
        if isinstance(contact, RowError):
            self._errors.append(contact)
            return
        draft = _Draft(contact, True, "", contact.values, [RowOutcome(row.row, Outcome.CREATED, contact.id)])
        self._drafts[contact.id] = self._by_given_email[email] = draft

    def _skip(self, row: StagedRow, draft: _Draft) -> None:
        reason = SkipReason.DUPLICATE_IN_FILE if draft.is_new else SkipReason.DUPLICATE
        draft.outcomes.append(RowOutcome(row.row, Outcome.SKIPPED, draft.contact.id, reason))

    def _update(self, row: StagedRow, email: str, draft: _Draft) -> None:
        if self._is_taken(email, draft):
            self._errors.append(_row_error(row, _EMAIL_TAKEN, row.email))
            return
        values = merge_values(draft.values, row.values, self._rules.tags)
        problem = _problem_with(values)
        if problem:
            self._errors.append(_row_error(row, problem))
            return
        draft.values = values
        draft.outcomes.append(RowOutcome(row.row, Outcome.UPDATED, draft.contact.id))
        if email and email != draft.own_email:
            self._by_given_email[email] = draft

    def _is_taken(self, email: str, draft: _Draft) -> bool:
        """Whether a row would give the contact an e-mail that another one has, or has been given by an earlier row."""
        if not email or email == draft.own_email:
            return False
        given = self._by_given_email.get(email)
        if given is not None:
            return given is not draft
        holder = self._found.by_email.get(email)
        return holder is not None and holder.id != draft.contact.id

    def _write(self, draft: _Draft) -> Insert | Update | None:
        """What makes the draft true; None where it is."""
        contact, rules = draft.contact, self._rules
        if draft.is_new:
            return Insert(contact if draft.values is contact.values else replace(contact, values=draft.values))
        if rules.strategy is DuplicateStrategy.SKIP or not draft.outcomes:
            return None
        joins = rules.segment is not None and rules.segment not in contact.segments
        if draft.values == contact.values and not joins:
            return None
        mark = Mark(rules.job, draft.outcomes[0].row)
        after = replace(
            contact,
            values=draft.values,
            version=contact.version + 1,
            updated_at=rules.now,
            written_by=with_mark(contact.written_by, mark),
            segments=(*contact.segments, rules.segment) if joins and rules.segment else contact.segments,
        )
        return Update(contact, after, mark)


def _new_contact(email: str, row: StagedRow, rules: ImportRules, *, may_lack_email: bool = False) -> Contact | RowError:
    if not email and not may_lack_email:
        return _row_error(row, _NOBODY_NAMED)
    values = merge_values({}, row.values, rules.tags)
    problem = _problem_with(values)
    if problem:
        return _row_error(row, problem)
    mark = Mark(rules.job, row.row)
    return Contact(
        id=rules.contact_id(email or None, mark),
        values=values,
        version=1,
        created_at=rules.now,
        updated_at=rules.now,
        created_by=mark,
        segments=(rules.segment,) if rules.segment else (),
    )


def _problem_with(values: Values) -> Problem | None:
    return problem_with_values(values) if values else _EMPTY


def _row_error(row: StagedRow, problem: Problem, value: str | None = None) -> RowError:
    return RowError(row.row, problem.field, value, problem.code, problem.message, row.cells)

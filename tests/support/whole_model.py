"""What may happen to contacts, in plain Python, written from the specification's words and nothing else.

The model is a ledger. After each step every contact that changed must be explained by what the step was asked to do:
a row of a file, an entry of a request, a person, an import that is undone. What was explained goes into the ledger, and
what a job says of itself at its end is held against it (see `whole_checks`). So jobs of several kinds can run through
one another, break off and go on, and still nothing may change without a reason, or twice for the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from contacts.domain.contact import Contact, Mark
from contacts.domain.import_job import BlankValues, DuplicateStrategy, ImportOptions
from contacts.domain.segment import segment_id
from tests.support.rollback_model import places

Flat = dict[tuple[str, str], Any]
EMAIL = ("email", "")


def flat(contact: Contact | None) -> Flat:
    """What a contact holds, by place, segments included."""
    if contact is None:
        return {}
    return {**places(contact.values), **{("segments", each): True for each in contact.segments}}


def email_of(contact: Contact) -> str:
    return (contact.email or "").lower()


@dataclass(frozen=True)
class FileRow:
    """A row as its author means it: an id, where it names one, and texts by their targets."""

    number: int
    contact_id: str
    values: Mapping[str, str]

    @property
    def email(self) -> str:
        return self.values.get("email", "").lower()

    @property
    def is_valid(self) -> bool:
        return (bool(self.email) or bool(self.contact_id)) and (not self.email or "@" in self.email)


#: Which rows a write may stand for: each of the sets explains it.
Readings = set[frozenset[int]]


@dataclass
class ImportWrite:
    part: int
    before: Contact | None
    after: Contact
    readings: Readings


@dataclass
class ModelImport:
    id: str
    tenant: str
    options: ImportOptions
    rows: Sequence[FileRow]
    writes: dict[str, list[ImportWrite]] = field(default_factory=dict)
    """By the contact's id, in their order."""
    undone: dict[tuple[int, str], str] = field(default_factory=dict)
    """(run, part, contact) -> "deleted" or "restored"."""

    @property
    def segment(self) -> str | None:
        name = self.options.segment_name
        return segment_id(self.tenant, name) if name else None

    def after_rows(self, at: Flat, rows: Iterable[FileRow]) -> Flat:
        """What is there after these rows, one after the other."""
        at = dict(at)
        for row in rows:
            for target, text in row.values.items():
                name, _, item = target.partition(".")
                if text.strip():
                    at[name, item] = text
                elif self.options.blank_values is BlankValues.CLEAR:
                    at.pop((name, item), None)
            at |= {("tags", tag): True for tag in self.options.tags}
            if self.segment:
                at["segments", self.segment] = True
        return at

    def readings(self, before: Contact | None, after: Contact) -> Readings:
        """The sets of rows that make `after` of `before`."""
        rows = [row for row in self.rows if row.is_valid and self._may_be_about(row, before, after)]
        first = [after.created_by.row] if before is None else []
        return {
            frozenset(row.number for row in chosen)
            for chosen in _selections(rows)
            if [row.number for row in chosen[:1]] == (first or [row.number for row in chosen[:1]])
            and self.after_rows(flat(before), chosen) == flat(after)
        }

    def _may_be_about(self, row: FileRow, before: Contact | None, after: Contact) -> bool:
        if before is None:
            return row.number == after.created_by.row or row.email == self._row(after.created_by.row).email
        given = {each.email for each in self.rows if each.contact_id == before.id}
        return row.contact_id == before.id or bool(row.email and row.email in {email_of(before), *given})

    def _row(self, number: int) -> FileRow:
        return self.rows[number - 1]


def _selections(rows: Sequence[FileRow]) -> Iterator[tuple[FileRow, ...]]:
    for size in range(1, len(rows) + 1):
        yield from combinations(rows, size)


@dataclass
class ModelBulkCreate:
    id: str
    tenant: str
    key: str
    values: Mapping[int, Mapping[str, Any]]
    """What each entry that is to be created holds."""


@dataclass
class ModelBulkDelete:
    id: str
    tenant: str
    key: str
    ids: Sequence[str] | None
    dry_run: bool
    deleted: set[str] = field(default_factory=set)


@dataclass
class Ledger:
    """All that was explained. `versions` holds every state of every contact that was ever seen after a step."""

    versions: dict[tuple[str, str], list[Contact]] = field(default_factory=dict)
    made: dict[tuple[str, Mark], str] = field(default_factory=dict)
    imports: dict[str, ModelImport] = field(default_factory=dict)
    creates: dict[str, ModelBulkCreate] = field(default_factory=dict)
    deletes: dict[str, ModelBulkDelete] = field(default_factory=dict)

    def note(self, tenant: str, before: Contact | None, after: Contact | None) -> None:
        """Rules that hold whatever the reason was."""
        if after is None:
            return
        if before is None:
            assert (tenant, after.created_by) not in self.made, "a contact was made twice"
            assert (tenant, after.id) not in self.versions, "an id came back"
            assert after.version == 1
            self.made[tenant, after.created_by] = after.id
        else:
            assert after.version == before.version + 1, "one step wrote a contact twice"
            assert after.created_by == before.created_by
            assert after.external_source == before.external_source
            assert flat(after) != flat(before), "a write that changes nothing"
        self.versions.setdefault((tenant, after.id), []).append(after)

    def made_by(self, tenant: str, job: str) -> dict[int, str]:
        """Row or index -> id of the contact."""
        return {mark.row: id_ for (owner, mark), id_ in self.made.items() if owner == tenant and mark.job == job}

    # ------------------------------------------------------------------------------------------------ reasons
    def by_import(
        self, tenant: str, before: Contact | None, after: Contact | None, *, job_id: str, part: int, held: set[str]
    ) -> None:
        """`held` are the e-mails that contacts of the tenant had before the step."""
        job = self.imports[job_id]
        strategy = job.options.duplicate_strategy
        assert tenant == job.tenant
        assert after is not None, "an import deletes nothing"
        readings = job.readings(before, after)
        if before is None:
            assert after.created_by.job == job_id
            row = job.rows[after.created_by.row - 1]
            assert strategy is DuplicateStrategy.CREATE or row.email not in held, "the e-mail was there"
            if strategy is not DuplicateStrategy.UPDATE:
                readings &= {frozenset({row.number})}
        else:
            assert strategy is DuplicateStrategy.UPDATE, f"{strategy} changed a contact"
        assert readings, "no row explains this write"
        job.writes.setdefault(after.id, []).append(ImportWrite(part, before, after, readings))

    def by_rollback(
        self, tenant: str, before: Contact | None, after: Contact | None, *, task: tuple[str, int], force: bool
    ) -> None:
        """`task` is the import and the run."""
        job_id, run = task
        job = self.imports[job_id]
        assert tenant == job.tenant
        assert before is not None, "a rollback makes no contact"
        place = run, before.id
        assert place not in job.undone, "a contact was undone twice"
        writes = job.writes.get(before.id, ())
        assert writes, "the import has not written this contact"
        goals = _undone(writes[0].before, writes[-1].after, before, force=force)
        # A contact that somebody edited between two writes of the import has its own rules: see `domain.rollback.fold`.
        assert len(writes) > 1 or (None if after is None else flat(after)) in goals, "not what the rollback promises"
        job.undone[place] = "deleted" if after is None else "restored"

    def by_bulk_create(
        self, tenant: str, before: Contact | None, after: Contact | None, *, job_id: str, entries: range
    ) -> None:
        job = self.creates[job_id]
        assert (tenant, before) == (job.tenant, None)
        assert after is not None
        assert after.created_by.job == job_id
        assert after.created_by.row in entries
        assert after.values == job.values[after.created_by.row]
        assert (after.external_source, after.segments) == (job.key, ())

    def by_bulk_delete(self, tenant: str, before: Contact | None, after: Contact | None, *, job_id: str) -> None:
        job = self.deletes[job_id]
        assert (tenant, after) == (job.tenant, None)
        assert before is not None
        assert not job.dry_run, "a dry run deleted a contact"
        assert before.external_source == job.key, "a clean-up deleted what the job did not make"
        assert job.ids is None or before.id in job.ids, "a clean-up deleted what nobody named"
        job.deleted.add(before.id)


def _undone(old: Contact | None, left: Contact, now: Contact, *, force: bool) -> list[Flat | None]:
    """What a rollback may make of a contact; None is its end."""
    found, was_left = flat(now), flat(left)
    if old is None:
        if force or found == was_left:
            return [None]
        return [{place: each for place, each in found.items() if place[0] != "segments" or place not in was_left}]
    was, goal = flat(old), dict(found)
    for place in was.keys() | was_left.keys() | found.keys():
        is_ours = was.get(place) != was_left.get(place)
        if not is_ours and not (force and place[0] != "segments"):
            continue
        if force or found.get(place) == was_left.get(place):
            goal.pop(place, None)
            if place in was:
                goal[place] = was[place]
    # Another contact may have taken the old e-mail: then the e-mail stays.
    spared = {**{place: each for place, each in goal.items() if place != EMAIL}, **_only_email(found)}
    goals = [goal, spared] if EMAIL in was else [goal]
    # Nobody is left with nothing.
    values = {place: each for place, each in found.items() if place[0] != "segments"}
    return [each if any(place[0] != "segments" for place in each) else {**values, **each} for each in goals]


def _only_email(found: Flat) -> Flat:
    return {EMAIL: found[EMAIL]} if EMAIL in found else {}

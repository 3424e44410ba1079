"""Whatever is imported, edited, deleted, made anew and rolled back, in whatever order: it ends as the model says.

`ROLLBACK_SEQUENCES` in the environment sets how many random sequences are tried.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from concurrent.futures import Executor

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from contacts.domain.errors import Conflict
from contacts.domain.import_job import DuplicateStrategy, ImportOptions, ImportStatus
from contacts.domain.rollback import RollbackStatus
from contacts.domain.segment import segment_id
from contacts.usecases.undo_log import load_undos, parts_with_undo_log
from tests.support.import_model import ModelContact
from tests.support.import_world import HEADER, ID_HEADER, ID_MAPPING, MAPPING, TENANT
from tests.support.rollback_model import RollbackModel, places, values_at
from tests.support.rollback_world import RollbackWorld

SEQUENCES = int(os.environ.get("ROLLBACK_SEQUENCES", "600"))
SEGMENT = segment_id(TENANT, "VIP")
EMAILS = ["a@x.io", "b@x.io", "c@x.io"]
SPELLINGS = [*EMAILS, "A@x.io"]

emails = st.sampled_from(SPELLINGS)
texts = st.sampled_from(["", "v", "w"])
rows = st.tuples(emails, texts, texts, st.just(""), texts, st.just("")).map(list)
imports = st.tuples(
    st.just("import"),
    st.lists(rows, min_size=1, max_size=4),
    st.sampled_from([DuplicateStrategy.UPDATE, *DuplicateStrategy]),
    st.sampled_from([(), ("t1",), ("t2", "t1")]),
    st.sampled_from([None, "VIP"]),
    st.integers(1, 3),
)
someone = st.integers(0, 5)
imports_by_id = st.tuples(
    st.just("import_by_id"),
    st.lists(
        st.tuples(
            someone,
            st.booleans(),
            st.tuples(st.sampled_from([*SPELLINGS, "moved@x.io"]), texts, st.just(""), st.just(""), texts, st.just("")),
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 5),
    st.integers(0, 99),
)
# Mapped, so that `one_of` below takes each kind of step as one.
edits = st.one_of(
    st.tuples(st.just("field"), someone, st.sampled_from(["firstName", "phone", "title"]), st.sampled_from("vwx")),
    st.tuples(st.just("field"), someone, st.sampled_from(["firstName", "phone"]), st.none()),
    st.tuples(st.just("custom"), someone, st.sampled_from("az"), st.sampled_from(["v", "x", None])),
    st.tuples(st.just("tag"), someone, st.sampled_from(["t1", "t2", "t3"]), st.booleans()),
    st.tuples(st.just("email"), someone, st.sampled_from([*SPELLINGS, "moved@x.io", None])),
).map(tuple)
deletes = st.tuples(st.just("delete"), someone)
makings = st.tuples(st.just("make"), emails)
rollbacks = st.tuples(
    st.just("rollback"), st.integers(0, 3), st.sampled_from(["keep", "keep", "force", "abort"]), st.booleans()
)
steps = st.one_of(imports, imports_by_id, edits, edits, edits, deletes, makings, rollbacks, rollbacks)
sequences = st.tuples(
    st.lists(makings, max_size=3), imports | imports_by_id, st.lists(steps, min_size=2, max_size=6), rollbacks
).map(lambda drawn: [*drawn[0], drawn[1], *drawn[2], drawn[3]])


UPDATE = DuplicateStrategy.UPDATE
FIRST, SECOND = (["a@x.io", name, "", "", "", ""] for name in "vw")
#: Rare among random ones, so always among those that are tried.
E_MAIL_TAKEN = [
    ("make", "a@x.io"),
    ("import", [FIRST], UPDATE, (), None, 1),
    ("email", 0, "moved@x.io"),
    ("make", "a@x.io"),
    ("rollback", 0, "force", False),
]
OTHER_SEGMENT = [
    ("make", "a@x.io"),
    ("import", [FIRST], UPDATE, (), None, 1),
    ("import", [FIRST], UPDATE, (), "VIP", 1),
    ("rollback", 0, "force", False),
]
STACKED_FIRST_FIRST, STACKED_LAST_FIRST = (
    [
        ("import", [FIRST], UPDATE, ("t1",), "VIP", 1),
        ("import", [SECOND], UPDATE, ("t2",), "VIP", 1),
        *(("rollback", number, "keep", False) for number in order),
    ]
    for order in ([0, 1], [1, 0])
)


class Side:
    """World and model, side by side."""

    def __init__(self) -> None:
        self.world = RollbackWorld()
        self.model = RollbackModel(MAPPING, age=self.age)
        self.made = 0

    def age(self, maker):
        contact = self.by_maker()[maker]
        return contact.created_at, contact.id

    def by_maker(self):
        return {tuple(contact.created_by): contact for contact in self.known().values()}

    def known(self):
        """All contacts there ever were: the model asks for the age of one that is on its way out."""
        self.ever = getattr(self, "ever", {}) | {contact.id: contact for contact in self.world.all_contacts()}
        return self.ever

    def do(self, action, *arguments):
        getattr(self, f"do_{action}")(*arguments)
        self.known()
        self.check()

    def do_import(self, given_rows, strategy, tags, segment, parts):
        job = f"job{len(self.model.jobs)}"
        options = {"duplicate_strategy": strategy, "tags": tags, "segment_name": segment}
        self.world.submit(given_rows, job_id=job, parts=parts, **options)
        assert self.world.run(job).status is ImportStatus.COMPLETED
        self.known()
        self.model.run_import(job, ImportOptions(**options), HEADER, given_rows)

    def do_import_by_id(self, given_rows, parts, seed):
        """What rows do that meet by id and by e-mail in several parts depends on which part comes first: the model
        takes it from the contacts."""
        job = f"job{len(self.model.jobs)}"
        ids = [contact.id for contact in sorted(self.world.all_contacts(), key=lambda contact: contact.created_by)]
        cells = [[ids[who % len(ids)] if ids and by_id else "", *rest] for who, by_id, rest in given_rows]
        self.world.submit(
            cells, job_id=job, header=ID_HEADER, mapping=ID_MAPPING, parts=parts, duplicate_strategy="update"
        )
        assert self.world.run(job, order=random.Random(seed)).status is ImportStatus.COMPLETED
        self.known()
        now = [
            ModelContact(tuple(c.created_by), (c.email or "").lower(), dict(c.values), in_segment=bool(c.segments))
            for c in self.world.all_contacts()
        ]
        self.model.take_import(job, self.rows_of(job), now, self.holders())

    def pick(self, number):
        there = sorted(self.model.contacts)
        return there[number % len(there)] if there else None

    def do_field(self, number, name, value):
        self.change(number, lambda at: _set(at, (name, ""), value))

    def do_custom(self, number, name, value):
        self.change(number, lambda at: _set(at, ("customFields", name), value))

    def do_tag(self, number, tag, present):
        self.change(number, lambda at: _set(at, ("tags", tag), present or None))

    def do_email(self, number, email):
        maker = self.pick(number)
        if maker and not (email and self.model.is_taken(email.lower(), maker)):
            self.change(number, lambda at: _set(at, ("email", ""), email))

    def change(self, number, change):
        maker = self.pick(number)
        if maker is None:
            return
        contact = self.by_maker()[maker]
        at = places(contact.values)
        change(at)
        if at and at != places(contact.values):
            values = values_at(at)
            self.world.replace_values(contact, values)
            self.model.set_values(maker, values)

    def do_delete(self, number):
        maker = self.pick(number)
        if maker:
            self.world.delete(self.by_maker()[maker])
            self.model.delete(maker)

    def do_make(self, email):
        self.made += 1
        contact = self.world.add_contact(email, name=f"made{self.made}")
        self.model.add(tuple(contact.created_by), contact.values)

    def do_rollback(self, number, on_conflict, dry_run):
        if not self.model.jobs:
            return
        job = sorted(self.model.jobs)[number % len(self.model.jobs)]
        if self.model.jobs[job].rolled_back:
            with pytest.raises(Conflict) as refusal:
                self.world.request_rollback(job, on_conflict)
            assert refusal.value.code == "ALREADY_ROLLED_BACK"
            return
        predicted = self.roll_back(job, on_conflict, dry_run=True)
        if dry_run:
            return
        counts = self.roll_back(job, on_conflict, dry_run=False)
        assert counts == predicted
        event(f"{on_conflict}: {'+'.join(sorted(counts))}")

    def roll_back(self, job, on_conflict, *, dry_run):
        assert sorted(self.rows_of(job)) == sorted(self.model.jobs[job].done)
        expected = self.model.roll_back(job, on_conflict, dry_run=dry_run)
        before = self.world.jobs.jobs[job]
        ended = self.world.roll_back(job, on_conflict, dry_run=dry_run)
        counts = ended.rollback.counts
        assert ended.status is (ImportStatus.ROLLED_BACK if self.model.jobs[job].rolled_back else before.status)
        aborts = on_conflict == "abort" and not dry_run and expected["kept"]
        assert ended.rollback.status is (RollbackStatus.ABORTED if aborts else RollbackStatus.COMPLETED)
        found = {name: getattr(counts, name) for name in ("deleted", "restored", "kept", "unchanged")}
        assert found == {name: expected[name] for name in found}
        assert (counts.processed, counts.errors) == (len(self.model.jobs[job].done), 0)
        lines = self.world.rollback_outcomes(job)
        assert Counter(line["action"] for line in lines) == expected
        assert [line["row"] for line in lines] == sorted(row for row, _, _ in self.model.jobs[job].done.values())
        assert len({line["contactId"] for line in lines}) == len(lines)
        return expected

    def rows_of(self, job):
        """Whom the import wrote, each with its first row."""
        stored = self.world.jobs.jobs[job]
        rows = {}
        for part in parts_with_undo_log(self.world.files, stored):
            for undo in load_undos(self.world.files, self.world.work, stored, part):
                maker = tuple(self.ever[undo.contact_id].created_by)
                rows[maker] = min(undo.row, rows.get(maker, undo.row))
        return rows

    def holders(self):
        spelt = {email.lower() for email in [*SPELLINGS, "moved@x.io"]}
        found = self.world.contacts.find_by_emails(TENANT, spelt)
        return {email: tuple(contact.created_by) for email, contact in found.items()}

    def check(self):
        there = {tuple(contact.created_by): contact for contact in self.world.all_contacts()}
        assert {maker: (places(c.values), c.segments) for maker, c in there.items()} == {
            maker: (places(c.values), (SEGMENT,) if c.in_segment else ()) for maker, c in self.model.contacts.items()
        }
        assert self.holders() == self.model.holders
        listed = self.world.members(SEGMENT)
        makers = {contact.id: maker for maker, contact in self.by_maker().items()}
        assert sorted(makers[each] for each in listed) == self.model.members()
        now_in = [contact.id for contact in there.values() if contact.segments]
        assert Counter(each for each in listed if each in now_in) == Counter(now_in)
        segment = self.world.segments.find(TENANT, SEGMENT)
        assert (segment and segment.made_by_job) == self.model.segment_made_by


def _set(at, place, value):
    if value is None:
        at.pop(place, None)
    else:
        at[place] = value


class Inline(Executor):
    """Stores parts in turn: starting threads takes longer here than all else."""

    def __init__(self, _threads):
        pass

    def map(self, fn, *iterables, **_):
        return map(fn, *iterables)


@pytest.fixture(autouse=True, scope="module")
def _no_threads():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("contacts.usecases.stage_import.ThreadPoolExecutor", Inline)
        yield


@settings(
    max_examples=SEQUENCES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(sequences)
@example(E_MAIL_TAKEN)
@example(OTHER_SEGMENT)
@example(STACKED_FIRST_FIRST)
@example(STACKED_LAST_FIRST)
def test_every_sequence_ends_as_the_model_says(sequence):
    side = Side()
    for action in sequence:
        side.do(*action)


#: Imports whose rows name contacts by id and by e-mail, give them new e-mails and make others in their old places.
moving_rows = st.tuples(
    someone,
    st.booleans(),
    st.tuples(st.sampled_from([*EMAILS, "moved@x.io"]), st.sampled_from("vw"), *[st.just("")] * 4),
)
moving_edits = st.one_of(
    st.tuples(st.just("email"), someone, st.sampled_from([*EMAILS, "moved@x.io", None])),
    st.tuples(st.just("field"), someone, st.just("firstName"), st.sampled_from(["x", None])),
    deletes,
    makings,
)
moving_sequences = st.tuples(
    st.lists(makings, min_size=1, max_size=4),
    st.lists(st.tuples(st.just("field"), someone, st.just("firstName"), st.just("old")), max_size=2),
    st.tuples(
        st.just("import_by_id"), st.lists(moving_rows, min_size=2, max_size=8), st.integers(3, 9), st.integers(0, 99)
    ),
    st.lists(moving_edits, max_size=2),
    st.tuples(st.just("rollback"), st.just(0), st.sampled_from(["keep", "force", "abort"]), st.just(False)),
).map(lambda drawn: [*drawn[0], *drawn[1], drawn[2], *drawn[3], drawn[4]])


@settings(
    max_examples=SEQUENCES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(moving_sequences)
def test_contacts_that_give_each_other_their_emails_end_as_the_model_says(sequence):
    side = Side()
    for action in sequence:
        side.do(*action)

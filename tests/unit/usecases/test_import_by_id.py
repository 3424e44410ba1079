"""Invariant 8 on the import's side, and what else holds where rows name contacts by id, in whatever parts they land."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain.contact_write import Update, WriteResult
from contacts.domain.import_job import ImportStatus
from tests.support.import_world import ID_HEADER, ID_MAPPING, TENANT, ImportWorld
from tests.support.port_faults import PortFaults
from tests.support.rollback_world import RollbackWorld

EMAILS = ["a@x.io", "B@x.io", "c@x.io"]
emails = st.sampled_from(EMAILS) | st.none()
#: E-mail, first name, and the e-mail that a person gives the contact later, if it is free.
people = st.lists(st.tuples(emails, st.sampled_from(["", "Ann", "Bob"]), st.sampled_from(["", "d@x.io"])), max_size=7)
by_property = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def grow(world, given_people):
    for number, (email, name, later) in enumerate(given_people):
        values = {"firstName": name, "notes": f"n{number}"} if name else {"notes": f"n{number}"}
        made = world.add_contact(email, name=f"before{number}", values=values)
        if later and world.holder(later) is None:
            move(world, made, later)
    return world.all_contacts()


def move(world, contact, email):
    """A person changes the e-mail; returns what the store says."""
    after = replace(contact, values={**contact.values, "email": email}, version=contact.version + 1)
    return world.contacts.write(TENANT, [Update(contact, after)])


def exported(contact):
    """The contact's row, in the columns of `ID_HEADER`."""
    custom = contact.values.get("customFields", {})
    fields = [contact.values.get(name, "") for name in ("email", "firstName", "phone", "notes")]
    return [contact.id, *fields, custom.get("a", ""), custom.get("b", "")]


def submit(world, rows, **options):
    world.submit(rows, header=ID_HEADER, mapping=ID_MAPPING, **options)


@by_property
@given(
    people=people,
    strategy=st.sampled_from(["update", "skip"]),
    blank_values=st.sampled_from(["ignore", "clear"]),
    parts=st.integers(1, 4),
    order=st.randoms(use_true_random=False),
)
def test_exported_and_imported_again_nothing_changes(people, strategy, blank_values, parts, order):
    world = ImportWorld()
    before = grow(world, people)
    rows = [exported(contact) for contact in before]
    order.shuffle(rows)
    submit(world, rows, duplicate_strategy=strategy, blank_values=blank_values, parts=parts)
    world.run(order=order, repeats=1)
    assert world.all_contacts() == before
    told = {"update": ("updated", ""), "skip": ("skipped", "DUPLICATE")}[strategy]
    assert list(world.outcomes().values()) == [(told[0], row[0], told[1]) for row in rows]


@by_property
@given(
    people=people,
    rows=st.lists(st.tuples(st.integers(0, 8), st.sampled_from(["", *EMAILS, "d@x.io", "e@x.io"])), max_size=12),
    strategy=st.sampled_from(["update", "skip", "create"]),
    parts=st.integers(1, 4),
    order=st.randoms(use_true_random=False),
)
def test_in_whatever_parts_they_land_rows_count_once_and_no_contact_is_lost(people, rows, strategy, parts, order):
    world = ImportWorld()
    before = {contact.id for contact in grow(world, people)}
    ids = [*sorted(before), "gone" * 9, ""]
    submit(
        world,
        [[ids[min(n, len(ids) - 1)], email, f"row {i}", "", "", "", ""] for i, (n, email) in enumerate(rows)],
        duplicate_strategy=strategy,
        parts=parts,
    )
    job = world.run(order=order, repeats=2)
    assert job.status is ImportStatus.COMPLETED
    contacts = {contact.id: contact for contact in world.all_contacts()}
    outcomes = world.outcomes()
    kinds = Counter(outcomes.kinds)
    assert (job.counts.processed, job.counts.created, job.counts.updated) == (
        len(rows),
        kinds["created"],
        kinds["updated"],
    )
    created = [contact_id for kind, contact_id, _ in outcomes.values() if kind == "created"]
    assert sorted([*before, *created]) == sorted(contacts)
    assert {contact_id for _, contact_id, _ in outcomes.values() if contact_id} <= set(contacts)
    for (kind, contact_id, reason), (n, email) in zip(outcomes.values(), rows, strict=True):
        named = ids[min(n, len(ids) - 1)]
        if named in before and strategy != "create":
            assert (contact_id, kind) == (named, "updated" if strategy == "update" else "skipped") or (
                reason == "EMAIL_TAKEN"
            )
        elif not email and named not in before:
            assert reason == "EMAIL_REQUIRED"


def test_who_holds_an_email_is_not_asked_for_where_a_row_names_the_contact_that_has_it():
    world = ImportWorld()
    ann = world.add_contact("ann@x.io")
    submit(world, [[ann.id, "Ann@X.io", "Ann", *[""] * 4]], duplicate_strategy="update")
    world.stage("job")
    faults = PortFaults()
    world.wire(faults.wrap)
    world.apply("job", 0)
    assert [call for call in faults.calls if "find_by" in call] == ["contacts.find_by_ids"]


def test_an_id_of_another_tenant_names_nobody():
    world = ImportWorld()
    theirs = world.add_contact("theirs@x.io")
    world.contacts._tenants["another"] = world.contacts._tenants.pop(TENANT)
    submit(world, [[theirs.id, "mine@x.io", *[""] * 5], [theirs.id, *[""] * 6]], duplicate_strategy="update")
    world.run()
    assert [(kind, reason) for kind, _, reason in world.outcomes().values()] == [
        ("created", ""),
        ("error", "EMAIL_REQUIRED"),
    ]
    assert list(world.contacts._tenants["another"].contacts.values()) == [theirs]


def test_an_email_that_somebody_takes_while_the_part_is_at_work_is_an_error_of_its_row():
    world = ImportWorld()
    ann, bob = world.add_contact("ann@x.io"), world.add_contact("bob@x.io")
    submit(
        world, [[ann.id, "new@x.io", "Ann", *[""] * 4], ["", "new@x.io", "New", *[""] * 4]], duplicate_strategy="update"
    )
    world.stage("job")

    class TakenMeanwhile:
        def __getattr__(self, name):
            return getattr(world.contacts, name)

        def write(self, tenant, writes):
            current = world.contacts.find_by_ids(TENANT, [bob.id])[bob.id]
            if current.version == 1:
                assert move(world, current, "new@x.io") == [WriteResult.WRITTEN]
            return world.contacts.write(tenant, writes)

    world.wire(lambda name, port: TakenMeanwhile() if name == "contacts" else port)
    world.apply("job", 0)
    world.finish("job")
    assert list(world.outcomes().values()) == [("error", "", "EMAIL_TAKEN"), ("updated", bob.id, "")]
    assert world.contacts.find_by_ids(TENANT, [ann.id])[ann.id] == ann
    assert world.holder("new@x.io").values["firstName"] == "New"


class TestRollback:
    def rolled_back(self, world, rows, **options):
        before = {contact.id: (contact.values, contact.segments) for contact in world.all_contacts()}
        submit(world, rows, duplicate_strategy="update", **options)
        world.run()
        assert {c.id: (c.values, c.segments) for c in world.all_contacts()} != before
        world.roll_back()
        after = {contact.id: (contact.values, contact.segments) for contact in world.all_contacts()}
        return before, after

    @pytest.mark.parametrize("email", ["ann@x.io", None])
    @pytest.mark.parametrize("new_email", ["New@x.io", "ANN@x.io"])
    def test_a_changed_email_goes_back(self, email, new_email):
        world = RollbackWorld()
        ann = world.add_contact(email, values={"firstName": "Ann"})
        rows = [[ann.id, new_email, "X", "1", "", "", ""], ["", "other@x.io", *[""] * 5]]
        before, after = self.rolled_back(world, rows, tags=("t",), segment_name="VIP", parts=3)
        assert after == before
        assert world.holder("new@x.io") is None
        assert {line["action"] for line in world.rollback_outcomes()} == {"restored", "deleted"}

    def test_an_email_that_was_cleared_comes_back(self):
        world = RollbackWorld()
        ann = world.add_contact("ann@x.io", values={"firstName": "Ann"})
        before, after = self.rolled_back(world, [[ann.id, "", "X", *[""] * 4]], blank_values="clear")
        assert after == before
        assert world.holder("ann@x.io").id == ann.id

    @by_property
    @given(
        people=st.lists(
            st.tuples(emails, st.sampled_from(["", "Ann"]), st.just("")), max_size=6, unique_by=lambda p: p[0]
        ),
        rows=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["", *EMAILS, "d@x.io", "e@x.io"])), max_size=10),
        blank_values=st.sampled_from(["ignore", "clear"]),
    )
    def test_whatever_rows_of_one_part_did_goes_back(self, people, rows, blank_values):
        """Without twins: who inherits an e-mail keeps it."""
        world = RollbackWorld()
        before = {contact.id: contact.values for contact in grow(world, people)}
        ids = [*before, ""]
        given_rows = [[ids[min(n, len(ids) - 1)], email, f"row {i}", *[""] * 4] for i, (n, email) in enumerate(rows)]
        submit(world, given_rows, duplicate_strategy="update", blank_values=blank_values)
        if world.run().staged.parts:
            world.roll_back()
        assert {contact.id: contact.values for contact in world.all_contacts()} == before

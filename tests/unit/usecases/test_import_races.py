"""Several workers over the same e-mails at once: each e-mail once, nothing lost, counts that say what was written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain.contact_write import Update, WriteResult
from contacts.domain.email_address import normalise_email
from tests.support.import_world import TENANT, ImportWorld
from tests.support.turns import Turns

FIRST = [
    ["held@x.io", "by first", "", "", "", ""],
    ["a@x.io", "by first", "", "", "", ""],
    ["A@x.io", "by first", "", "", "", ""],
]
SECOND = [["A@X.io", "", "2", "", "", ""], ["held@x.io", "", "2", "", "", ""], ["b@x.io", "", "2", "", "", ""]]
EMAILS = ["held@x.io", "a@x.io", "b@x.io"]

strategies = st.sampled_from(["skip", "update", "create"])
choices = st.lists(st.integers(0, 2), max_size=60)
racing = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def world_of(first, second):
    world = ImportWorld()
    held = world.add_contact("held@x.io", values={"company": "kept"})
    world.submit(FIRST, job_id="first", duplicate_strategy=first, tags=("first",))
    world.submit(SECOND, job_id="second", duplicate_strategy=second, tags=("second",))
    for job_id in ("first", "second"):
        world.stage(job_id)
    return world, held


def race(world, choices):
    turns = Turns(choices)
    world.wire(turns.wrap)
    workers = {job_id: lambda job_id=job_id: world.apply(job_id, 0) for job_id in ("first", "second")}
    turns.run(workers)
    for job_id in ("first", "second"):
        world.finish(job_id)


def check_each_row_once(world, strategies):
    """Whatever the strategies: what the outcomes say was created is there, once, and nothing else is."""
    contacts = {contact.id: contact for contact in world.all_contacts()}
    made = []
    for job_id, rows in (("first", FIRST), ("second", SECOND)):
        outcomes = world.outcomes(job_id)
        job = world.jobs.jobs[job_id]
        assert job.counts.processed == len(outcomes) == len(rows)
        assert job.counts.created == outcomes.kinds.count("created")
        assert job.counts.updated == outcomes.kinds.count("updated")
        made += [(contact_id, job_id, row) for row, (kind, contact_id, _) in outcomes.items() if kind == "created"]
        for row, (kind, contact_id, _) in outcomes.items():
            assert normalise_email(contacts[contact_id].email) == rows[row - 1][0].lower()
            if kind == "updated":
                assert any(
                    mark.job == job_id for mark in (contacts[contact_id].created_by, *contacts[contact_id].written_by)
                )
    assert sorted(made) == sorted(
        (c.id, *c.created_by) for c in contacts.values() if not c.created_by.job.startswith("before")
    )
    assert set(world.contacts.find_by_emails(TENANT, EMAILS)) == set(EMAILS)
    if "create" not in strategies:
        assert Counter(normalise_email(contact.email) for contact in contacts.values()) == Counter(EMAILS)


@racing
@given(first=strategies, second=strategies, choices=choices)
def test_two_imports_at_once(first, second, choices):
    world, held = world_of(first, second)
    race(world, choices)
    check_each_row_once(world, {first, second})
    created = {job: world.outcomes(job).kinds.count("created") for job in ("first", "second")}
    if first == "create":
        assert created["first"] == len(FIRST)
    if second == "create":
        assert created["second"] == len(SECOND)
    if first == second == "update":
        values = world.holder("a@x.io").values
        assert (values["firstName"], values["phone"], sorted(values["tags"])) == ("by first", "2", ["first", "second"])
        after = world.holder("held@x.io")
        assert (after.values["company"], after.values["firstName"], after.values["phone"]) == ("kept", "by first", "2")
        assert after.version == held.version + 2
    if first == second == "skip":
        assert world.holder("held@x.io") == held


@racing
@given(strategy=strategies, choices=choices)
def test_one_part_in_the_hands_of_two_workers(strategy, choices):
    world, _ = world_of(strategy, strategy)
    alone, _ = world_of(strategy, strategy)
    turns = Turns(choices)
    world.wire(turns.wrap)
    turns.run({"one": lambda: world.apply("first", 0), "two": lambda: world.apply("first", 0)})
    world.finish("first")
    alone.apply("first", 0)
    alone.finish("first")
    assert world.outcomes("first") == alone.outcomes("first")
    assert world.jobs.jobs["first"].counts == alone.jobs.jobs["first"].counts
    assert [without_times(c) for c in world.all_contacts()] == [without_times(c) for c in alone.all_contacts()]


@racing
@given(strategy=strategies, choices=choices)
def test_a_person_who_edits_all_the_while_loses_no_edit(strategy, choices):
    world, _ = world_of(strategy, "update")
    edits = Counter()
    contacts = []

    def edit_thrice():
        for number in range(3):
            held = contacts[0].find_by_emails(TENANT, ["held@x.io"])["held@x.io"]
            title = f"edit {number}"
            after = replace(held, values={**held.values, "title": title}, version=held.version + 1)
            if contacts[0].write(TENANT, [Update(held, after)]) == [WriteResult.WRITTEN]:
                edits[title] += 1

    turns = Turns(choices)
    world.wire(turns.wrap)
    contacts.append(turns.wrap("contacts", world.contacts))
    workers = {job_id: lambda job_id=job_id: world.apply(job_id, 0) for job_id in ("first", "second")}
    turns.run(workers | {"person": edit_thrice})
    for job_id in workers:
        world.finish(job_id)
    check_each_row_once(world, {strategy, "update"})
    after = next(contact for contact in world.all_contacts() if contact.values.get("company") == "kept")
    assert after.values.get("title") == max(edits, default=None)
    by_imports = sum(mark.job in {"first", "second"} for mark in after.written_by)
    assert after.version == 1 + sum(edits.values()) + by_imports


def without_times(contact):
    return replace(contact, created_at="", updated_at="")

"""One part of a rollback: whom it meets now, and an undo log that holds exactly what was written."""

from __future__ import annotations

import pytest

from contacts.domain.import_job import ImportStatus
from contacts.domain.rollback import RollbackCounts, RollbackMode, RollbackReason, RollbackStatus
from contacts.domain.segment import segment_id
from contacts.usecases.undo_log import load_undo_log
from contacts.usecases.unknown_job import UnknownJobError
from tests.support.import_world import TENANT
from tests.support.port_faults import When, wrap_calls
from tests.support.rollback_world import RollbackWorld

SEGMENT = segment_id(TENANT, "VIP")


def row(email, name="", phone=""):
    return [email, name, phone, "", "", ""]


def imported(rows, *, before=(), **options):
    world = RollbackWorld()
    for email, values in before:
        world.add_contact(email, values=values)
    world.submit(rows, **options)
    assert world.run().status is ImportStatus.COMPLETED
    return world


def only_line(world):
    (line,) = world.rollback_outcomes()
    return line["action"], line["fields"], line["reason"]


# ------------------------------------------------------------------------------------------- stacked, moved, made anew


def stacked():
    """A makes the contact, B changes it."""
    world = RollbackWorld()
    for job, name in (("a", "from A"), ("b", "from B")):
        world.submit([row("x@x.io", name)], job_id=job, duplicate_strategy="update", tags=(job,))
        world.run(job)
    return world


def test_stacked_a_first_bs_values_stay_then_b_restores_what_it_found():
    world = stacked()
    world.roll_back("a")
    (line,) = world.rollback_outcomes("a")
    assert (line["action"], line["fields"]) == ("kept", ["firstName", "tags.b"])
    assert world.holder("x@x.io").values == {"email": "x@x.io", "firstName": "from B", "tags": ["a", "b"]}
    assert world.roll_back("b").rollback.counts == RollbackCounts(restored=1)
    assert world.holder("x@x.io").values == {"email": "x@x.io", "firstName": "from A", "tags": ["a"]}


def test_stacked_b_first_as_if_neither_had_been():
    world = stacked()
    assert world.roll_back("b").rollback.counts == RollbackCounts(restored=1)
    assert world.roll_back("a").rollback.counts == RollbackCounts(deleted=1)
    assert world.all_contacts() == []


@pytest.mark.parametrize("on_conflict", ["keep", "force"])
@pytest.mark.parametrize("strategy", ["skip", "update"])
def test_a_contact_deleted_and_made_anew_by_someone_else_is_left_alone(strategy, on_conflict):
    before = [("x@x.io", {"firstName": "old"})] if strategy == "update" else []
    world = imported([row("x@x.io", "new")], before=before, duplicate_strategy=strategy)
    world.delete(world.holder("x@x.io"))
    anew = world.add_contact("x@x.io", name="somebody", values={"firstName": "new"})
    assert world.roll_back(on_conflict=on_conflict).rollback.counts == RollbackCounts(unchanged=1)
    assert only_line(world) == ("unchanged", [], RollbackReason.GONE)
    assert world.all_contacts() == [anew]


def test_a_contact_whose_email_changed_is_found_where_it_moved_to():
    world = imported([row("x@x.io", "new")], before=[("x@x.io", {"firstName": "old"})], duplicate_strategy="update")
    world.edit(world.holder("x@x.io"), email="moved@x.io")
    assert world.roll_back().rollback.counts == RollbackCounts(restored=1)
    assert world.holder("moved@x.io").values == {"email": "moved@x.io", "firstName": "old"}


@pytest.mark.parametrize("now", ["moved@x.io", None])
def test_force_gives_an_email_back_unless_it_is_taken(now):
    rows, before = [row("x@x.io", "new")], [("x@x.io", {"firstName": "old"})]
    world = imported(rows, before=before, duplicate_strategy="update")
    world.edit(world.holder("x@x.io"), email=now, title="Dr")
    world.roll_back(on_conflict="force")
    assert only_line(world) == ("restored", [], None)
    assert world.holder("x@x.io").values == {"email": "x@x.io", "firstName": "old"}

    world = imported(rows, before=before, duplicate_strategy="update")
    moved = world.edit(world.holder("x@x.io"), email=now, title="Dr")
    other = world.add_contact("X@x.io", name="somebody else")
    world.roll_back(on_conflict="force")
    assert only_line(world) == ("kept", ["email"], RollbackReason.EMAIL_TAKEN)
    assert world.holder("x@x.io") == other
    (found,) = [contact for contact in world.all_contacts() if contact.id == moved.id]
    assert found.values == {"firstName": "old"} | ({"email": now} if now else {})


@pytest.mark.parametrize("when", When)
def test_an_email_taken_between_decision_and_write_is_spared_in_a_further_round(when):
    world = imported([row("x@x.io", "new")], before=[("x@x.io", {"firstName": "old"})], duplicate_strategy="update")
    world.edit(world.holder("x@x.io"), email="moved@x.io")
    taken = []

    def call(name, method, *args, **kwargs):
        if name == "contacts.write" and not taken:
            taken.append(world.add_contact("x@x.io", name="somebody else"))
            if when is When.AFTER:
                world.edit(world.holder("moved@x.io"), title="Dr")
        return method(*args, **kwargs)

    world.wire(lambda name, port: wrap_calls(name, port, call))
    job = world.roll_back(on_conflict="force")
    assert job.rollback.counts == RollbackCounts(kept=1)
    assert only_line(world) == ("kept", ["email"], RollbackReason.EMAIL_TAKEN)
    assert world.holder("moved@x.io").values == {"email": "moved@x.io", "firstName": "old"}


def test_a_contact_that_moves_back_while_it_is_looked_at_is_not_in_its_own_way():
    world = imported([row("x@x.io", "new")], before=[("x@x.io", {"firstName": "old"})], duplicate_strategy="update")
    world.edit(world.holder("x@x.io"), email="moved@x.io", firstName="old")
    moved = []

    def call(name, method, *args, **kwargs):
        if name == "contacts.find_by_emails" and not moved:
            moved.append(world.edit(world.holder("moved@x.io"), email="x@x.io"))
        return method(*args, **kwargs)

    world.wire(lambda name, port: wrap_calls(name, port, call))
    world.roll_back(on_conflict="force")
    assert only_line(world) == ("unchanged", [], RollbackReason.NOTHING_LEFT)


@pytest.mark.parametrize(
    ("act", "counts"),
    [
        (lambda world, contact: world.edit(contact, title="Dr"), RollbackCounts(kept=1)),
        (lambda world, contact: world.delete(contact), RollbackCounts(deleted=1)),
    ],
    ids=["edited", "deleted"],
)
def test_somebody_is_faster_than_the_delete(act, counts):
    world = imported([row("x@x.io", "new")])
    acted = []

    def call(name, method, *args, **kwargs):
        if name == "contacts.write" and not acted:
            acted.append(True)
            act(world, world.holder("x@x.io"))
        return method(*args, **kwargs)

    world.wire(lambda name, port: wrap_calls(name, port, call))
    assert world.roll_back().rollback.counts == counts


@pytest.mark.parametrize("deleted_before", [False, True])
def test_all_contacts_that_the_strategy_create_made_go_and_the_holder_stays(deleted_before):
    rows = [row("x@x.io", f"n{number}") for number in range(30)]
    world = imported(rows, before=[("x@x.io", {"firstName": "old"})], duplicate_strategy="create", parts=2)
    old = world.holder("x@x.io")
    assert len(world.all_contacts()) == 31
    if deleted_before:
        world.delete(old)
    assert world.roll_back().rollback.counts == RollbackCounts(deleted=30)
    assert world.all_contacts() == ([] if deleted_before else [old])


def test_rows_of_one_contact_are_one_contact():
    world = imported([row("x@x.io", "A"), row("X@x.io", "", "1"), row("x@x.io", "B")], duplicate_strategy="update")
    assert world.roll_back().rollback.counts == RollbackCounts(deleted=1)
    (line,) = world.rollback_outcomes()
    assert line["row"] == 1


def test_rows_that_wrote_nothing_are_not_in_the_list():
    rows = [row("same@x.io", "Same"), row("bad"), row("new@x.io"), row("NEW@x.io", "x")]
    world = imported(rows, before=[("same@x.io", {"firstName": "Same"})], duplicate_strategy="update")
    world.roll_back()
    assert [line["row"] for line in world.rollback_outcomes()] == [3]
    assert world.holder("same@x.io").version == 1


# ----------------------------------------------------------------------------- one contact that two rows have written


def met_twice(before):
    """While the part is applied, a person gives the contact of row 1 the e-mail of row 2."""
    world = RollbackWorld()
    for email, values in before:
        world.add_contact(email, values=values)
    world.submit([row("b@x.io", "new"), row("a@x.io", "", "1")], duplicate_strategy="update", segment_name="VIP")
    writes = []

    def call(name, method, *args, **kwargs):
        if name == "contacts.write":
            writes.append(name)
            if len(writes) == 2:
                world.edit(world.holder("b@x.io"), email="a@x.io")
        return method(*args, **kwargs)

    world.wire(lambda name, port: wrap_calls(name, port, call))
    assert world.run().status is ImportStatus.COMPLETED
    world.wire(lambda _name, port: port)
    (contact,) = world.all_contacts()
    assert contact.values == {"email": "a@x.io", "firstName": "new", "phone": "1"}
    return world, contact


def test_a_contact_made_by_one_row_and_updated_by_another_is_undone_once():
    world, contact = met_twice([])
    (undo,) = load_undo_log(world.files, world.work, world.jobs.jobs["job"], 0).values()
    assert (undo.row, undo.before, undo.after) == (1, None, contact)
    # Its own marks are no other part's.
    assert not [key for key in world.files.versions if "/shared/" in key]
    assert world.roll_back().rollback.counts == RollbackCounts(deleted=1)
    assert world.all_contacts() == []


@pytest.mark.parametrize("on_conflict", ["keep", "force"])
def test_a_contact_updated_by_two_rows_is_undone_once_and_the_edit_between_stays(on_conflict):
    world, _ = met_twice([("b@x.io", {"firstName": "old"})])
    assert world.roll_back(on_conflict=on_conflict).rollback.counts == RollbackCounts(restored=1)
    (contact,) = world.all_contacts()
    assert (contact.values, contact.segments) == ({"email": "a@x.io", "firstName": "old"}, ())


# --------------------------------------------------------------------------------------------------- only when it may


ROWS = [row(f"person{number}@x.io", "new") for number in range(5)]


def test_after_an_import_that_went_well_nobody_waits():
    world = imported(ROWS)
    world.request_rollback()
    prepared = world.prepare_rollback("job", 1)
    assert (prepared.wait_seconds, prepared.mode) == (0, RollbackMode.WRITE)
    world.carry_out()
    assert world.prepare_rollback("job", 1).mode is None
    with pytest.raises(UnknownJobError, match="no job no job"):
        world.prepare_rollback("no job", 1)


def test_a_part_runs_only_in_the_pass_that_the_job_is_at():
    world = imported(ROWS)
    assert not world.roll_back_part("job", 1, RollbackMode.WRITE, 0)
    world.request_rollback(on_conflict="abort")
    assert not world.roll_back_part("job", 1, RollbackMode.WRITE, 0)
    assert not world.roll_back_part("job", 2, RollbackMode.LOOK, 0)
    assert not world.roll_back_part("no job", 1, RollbackMode.LOOK, 0)
    assert world.roll_back_part("job", 1, RollbackMode.LOOK, 0)
    world.finish_rollback("job", 1, RollbackMode.LOOK)
    assert not world.roll_back_part("job", 1, RollbackMode.LOOK, 0)
    assert world.roll_back_part("job", 1, RollbackMode.WRITE, 0)
    assert world.rollback().status is RollbackStatus.RUNNING

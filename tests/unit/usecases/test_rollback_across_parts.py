"""Contacts that several parts of one import wrote, or that pass e-mails on: undone together at the end of the pass."""

from __future__ import annotations

import pytest

from contacts.domain.rollback import FIRST_OF_THE_END, RollbackCounts, RollbackMode, RollbackStatus
from contacts.usecases.judge_left_contacts import JudgeLeftContacts
from contacts.usecases.undo_left_contacts import UndoLeftContacts
from tests.support.port_faults import PortFaults, When
from tests.support.rollback_scenarios import across_parts, end_state, in_order_of_rows, insisting, submit_by_id
from tests.support.rollback_world import RollbackWorld

CONFLICTS = ["keep", "force", "abort"]


def import_rows(world, rows, *, after=None):
    """Each contact's rows as a part, in the order of the file; `after` a part, by its number in this order, do that."""
    submit_by_id(world, rows)
    world.stage("job")
    parts = in_order_of_rows(world)
    assert len(parts) > 1
    for number, part in enumerate(parts, 1):
        world.apply("job", part)
        if after and number in after:
            after[number]()
    world.finish("job")


def values_by_id(world):
    return {contact.id: dict(contact.values) for contact in world.all_contacts()}


def rolled_back(world, on_conflict="keep"):
    """Roll back, and make sure that the look before it said the same."""
    world.roll_back(on_conflict=on_conflict, dry_run=True)
    seen, lines = world.rollback().counts, world.rollback_outcomes()
    world.roll_back(on_conflict=on_conflict)
    assert world.rollback().status is RollbackStatus.COMPLETED
    assert (world.rollback().counts, world.rollback_outcomes()) == (seen, lines)
    return seen


@pytest.fixture
def world():
    return RollbackWorld()


@pytest.fixture
def ann(world):
    """Made with another e-mail, so that her id and the e-mail that she has now lead to different parts."""
    made = world.add_contact("maiden@x.io", values={"firstName": "Old"})
    return world.edit(made, email="ann@x.io")


# ------------------------------------------------------------------------------------------ one contact, several parts


@pytest.mark.parametrize("on_conflict", CONFLICTS)
def test_what_two_parts_wrote_is_as_before_and_counts_once(world, ann, on_conflict):
    import_rows(world, [(ann.id, "new@x.io", "A"), ("", "new@x.io", "B")])
    assert values_by_id(world) == {ann.id: {"email": "new@x.io", "firstName": "B"}}
    assert rolled_back(world, on_conflict) == RollbackCounts(restored=1)
    assert values_by_id(world) == {ann.id: dict(ann.values)}
    assert [line["row"] for line in world.rollback_outcomes()] == [1]


def test_also_where_no_email_changes(world, ann):
    import_rows(world, [(ann.id, "ann@x.io", "A"), ("", "ann@x.io", "B")])
    assert rolled_back(world) == RollbackCounts(restored=1)
    assert values_by_id(world) == {ann.id: dict(ann.values)}


@pytest.mark.parametrize("on_conflict", CONFLICTS)
def test_what_one_part_made_and_another_changed_goes(world, on_conflict):
    """A person moves it to the e-mail of another row, while the import runs."""
    rows = [("", "made@x.io", "A"), ("", "later@x.io", "B")]
    import_rows(world, rows, after={1: lambda: world.edit(world.holder("made@x.io"), email="later@x.io")})
    assert len(world.all_contacts()) == 1
    assert rolled_back(world, on_conflict) == RollbackCounts(deleted=1)
    assert world.all_contacts() == []


@pytest.mark.parametrize("on_conflict", ["keep", "force"])
def test_what_somebody_edited_between_the_parts_stays(world, ann, on_conflict):
    rows = [(ann.id, "new@x.io", "A"), ("", "new@x.io", "B")]
    import_rows(world, rows, after={1: lambda: world.edit(world.holder("new@x.io"), title="Dr")})
    assert rolled_back(world, on_conflict) == RollbackCounts(restored=1)
    assert values_by_id(world) == {ann.id: {**ann.values, "title": "Dr"}}


@pytest.mark.parametrize(
    ("on_conflict", "left"),
    [
        ("keep", {"email": "ann@x.io", "firstName": "Edited"}),
        ("force", {"email": "ann@x.io", "firstName": "Old"}),
    ],
)
def test_what_somebody_edited_after_both_is_kept_unless_by_force(world, ann, on_conflict, left):
    import_rows(world, [(ann.id, "new@x.io", "A"), ("", "new@x.io", "B")])
    world.edit(world.holder("new@x.io"), firstName="Edited")
    rolled_back(world, on_conflict)
    assert values_by_id(world) == {ann.id: left}


def test_a_part_that_never_ended_has_noted_what_it_shares(world, ann):
    """Its note comes before its first write."""
    submit_by_id(world, [(ann.id, "new@x.io", "A"), ("", "new@x.io", "B")])
    world.stage("job")
    first, second = in_order_of_rows(world)
    world.apply("job", first)
    faults = PortFaults()
    world.wire(faults.wrap)
    world.apply("job", second)
    assert (
        faults.calls.index("files.put")
        < faults.calls.index("files.put_if_absent")
        < faults.calls.index("contacts.write")
    )


def test_a_part_that_shares_nothing_notes_nothing(world, ann):
    submit_by_id(world, [(ann.id, "new@x.io", "A"), (ann.id, "newer@x.io", "B"), ("", "b@x.io", "B")])
    world.run()
    assert not [key for key in world.files.versions if "/shared/" in key]


# ------------------------------------------------------------------------------------------------ e-mails passed along


@pytest.mark.parametrize("on_conflict", CONFLICTS)
def test_an_email_comes_back_from_a_contact_that_the_same_import_made(world, ann, on_conflict):
    import_rows(world, [(ann.id, "brand@x.io", "A"), ("", "ann@x.io", "B")])
    assert len(world.all_contacts()) == 2
    assert rolled_back(world, on_conflict) == RollbackCounts(deleted=1, restored=1)
    assert values_by_id(world) == {ann.id: dict(ann.values)}


def test_not_from_one_that_was_edited_since_and_so_is_kept(world, ann):
    import_rows(world, [(ann.id, "brand@x.io", "A"), ("", "ann@x.io", "B")])
    world.edit(world.holder("ann@x.io"), title="Dr")
    assert rolled_back(world) == RollbackCounts(kept=2)
    assert values_by_id(world)[ann.id] == {"email": "brand@x.io", "firstName": "Old"}
    assert [line["reason"] for line in world.rollback_outcomes()] == ["EMAIL_TAKEN", "EDITED_LATER"]


@pytest.mark.parametrize("order", [1, -1])
def test_emails_come_back_along_a_chain_in_whatever_order_the_rows_stood(world, order):
    """Each waits for the one that has its old e-mail: here as many rounds as there are contacts, or one."""
    chain = [world.add_contact(f"e{number}@x.io") for number in range(5)]
    before = values_by_id(world)
    rows = [(contact.id, f"e{number + 1}@x.io", "") for number, contact in enumerate(chain)]
    submit_by_id(world, rows[::order])
    world.stage("job")
    # The last of the chain moves first, so that each place is free.
    for part in in_order_of_rows(world)[::-order]:
        world.apply("job", part)
    world.finish("job")
    assert all(outcome == "updated" for outcome in world.outcomes().kinds)
    assert rolled_back(world) == RollbackCounts(restored=5)
    assert values_by_id(world) == before


def test_twins_that_both_want_their_email_back_the_earlier_row_gets_it(world):
    """As an e-mail that another contact has stays away, also where both had it before the import."""
    holder = world.edit(world.add_contact("h@x.io"), email="e@x.io")
    twin = world.add_contact("e@x.io")
    import_rows(world, [(twin.id, "g@x.io", ""), (holder.id, "f@x.io", "")])
    assert rolled_back(world) == RollbackCounts(restored=1, kept=1)
    assert values_by_id(world) == {twin.id: {"email": "e@x.io"}, holder.id: {"email": "f@x.io"}}
    assert [line["reason"] for line in world.rollback_outcomes()] == [None, "EMAIL_TAKEN"]


@pytest.mark.parametrize("moved", [0, 1])
def test_a_twin_whose_email_the_other_still_has_keeps_the_new_one(world, moved):
    twins = [world.add_contact("e@x.io", name=name) for name in "ht"]
    import_rows(world, [(twins[moved].id, "g@x.io", ""), ("", "other@x.io", "")])
    assert rolled_back(world) == RollbackCounts(kept=1, deleted=1)
    assert values_by_id(world)[twins[moved].id] == {"email": "g@x.io"}


def test_an_email_whose_holder_goes_is_its_twins_and_stays_away(world, ann):
    import_rows(world, [(ann.id, "brand@x.io", ""), ("", "ann@x.io", "")])
    world.add_contact("ann@x.io", name="a person's")
    assert rolled_back(world) == RollbackCounts(deleted=1, kept=1)
    assert world.rollback_outcomes()[0]["reason"] == "EMAIL_TAKEN"


def test_an_email_that_comes_back_to_one_is_not_promised_to_another(world):
    """While the first row waits for the second one's e-mail, the third one asks for the e-mail that this one gets."""
    first = world.edit(world.add_contact("a@x.io"), email="one@x.io")
    second = world.edit(world.add_contact("b@x.io"), email="both@x.io")
    third = world.add_contact("both@x.io")
    import_rows(world, [(first.id, "c@x.io", ""), (second.id, "one@x.io", ""), (third.id, "d@x.io", "")])
    assert rolled_back(world) == RollbackCounts(restored=2, kept=1)
    emails = [values_by_id(world)[each.id]["email"] for each in (first, second, third)]
    assert emails == ["one@x.io", "both@x.io", "d@x.io"]


def test_two_that_swapped_their_emails_by_way_of_a_third_keep_them(world):
    """Each waits for the other, so they are judged as they are."""
    one, other = (world.add_contact(f"{name}@x.io", values={"firstName": "Old"}) for name in ("one", "other"))
    import_rows(world, [(one.id, "third@x.io", "A"), (other.id, "one@x.io", "A"), ("", "third@x.io", "B")])
    world.edit(world.holder("third@x.io"), email="other@x.io")
    assert rolled_back(world, "force") == RollbackCounts(kept=2)
    assert values_by_id(world) == {
        one.id: {"email": "other@x.io", "firstName": "Old"},
        other.id: {"email": "one@x.io", "firstName": "Old"},
    }


# ------------------------------------------------------------------------------------------------------ what can break


@pytest.mark.parametrize("when", When)
def test_one_crash_at_any_call_of_the_ends_of_both_passes(when, monkeypatch):
    """Nobody edited what would be kept, so `abort` looks and then writes. Crashes of parts: `test_rollback_crashes`."""
    monkeypatch.setattr("contacts.usecases.undo_left_contacts.CHUNK", 2)
    world = across_parts()
    faults, ends = PortFaults(), []

    def watched(step):
        first = len(faults.calls)
        result = step()
        if "files.put_stream" in faults.calls[first:]:
            ends.extend(range(first, len(faults.calls)))
        return result

    world.wire(faults.wrap)
    world.roll_back(on_conflict="abort", step=watched)
    expected, calls = end_state(world), faults.calls
    for mode in RollbackMode:
        assert len([number for _, _, of, number in expected["parts"] if of is mode and number >= FIRST_OF_THE_END]) > 1
    for number in ends:
        world = across_parts()
        faults = PortFaults({number: when})
        world.wire(faults.wrap)
        world.roll_back(on_conflict="abort", step=insisting(world, faults.wrap))
        assert len(faults.calls) > number
        assert end_state(world) == expected, f"after a crash {when.value} call {number}, {calls[number]}"


def test_what_is_left_counts_as_an_error_while_it_is_not_undone_and_a_new_request_goes_on(world, ann):
    import_rows(world, [(ann.id, "new@x.io", "A"), ("", "new@x.io", "B"), ("", "made@x.io", "C")])
    world.request_rollback()
    world.prepare_rollback("job", 1)
    for part in world.rollback_parts():
        world.roll_back_part("job", 1, RollbackMode.WRITE, part)
    world.finish_rollback("job", 1, RollbackMode.WRITE, broken_off=True)
    assert world.rollback().status is RollbackStatus.FAILED
    assert world.rollback().counts == RollbackCounts(deleted=1, errors=1)
    assert values_by_id(world)[ann.id] == {"email": "new@x.io", "firstName": "B"}
    world.roll_back()
    assert (world.rollback().status, world.rollback().counts) == (
        RollbackStatus.COMPLETED,
        RollbackCounts(deleted=1, restored=1),
    )
    assert values_by_id(world) == {ann.id: dict(ann.values)}


def test_with_a_part_missing_what_it_shares_counts_once_and_nothing_of_it_is_undone(world, ann):
    import_rows(world, [(ann.id, "new@x.io", "A"), ("", "new@x.io", "B")])
    world.request_rollback()
    world.prepare_rollback("job", 1)
    world.roll_back_part("job", 1, RollbackMode.WRITE, world.rollback_parts()[0])
    world.finish_rollback("job", 1, RollbackMode.WRITE)
    assert (world.rollback().status, world.rollback().counts) == (RollbackStatus.FAILED, RollbackCounts(errors=1))
    assert values_by_id(world)[ann.id] == {"email": "new@x.io", "firstName": "B"}
    assert world.rollback_outcomes() == []


def test_somebody_who_edits_while_it_is_undone_is_not_overrun(world, ann, monkeypatch):
    import_rows(world, [(ann.id, "new@x.io", "A"), ("", "new@x.io", "B")])

    def edit_first(decide):
        def decided(self, undos, *, last):
            plan = decide(self, undos, last=last)
            if plan.writes and not edited:
                edited.append(world.edit(world.holder("new@x.io"), firstName="Edited"))
            return plan

        return decided

    edited = []
    monkeypatch.setattr(JudgeLeftContacts, "__call__", edit_first(JudgeLeftContacts.__call__))
    world.roll_back()
    assert edited
    assert world.rollback().counts == RollbackCounts(kept=1)
    assert values_by_id(world) == {ann.id: {"email": "ann@x.io", "firstName": "Edited"}}


def test_nothing_is_spooled_where_nothing_was_left(world, monkeypatch):
    submit_by_id(world, [("", "a@x.io", "A"), ("", "b@x.io", "B")])
    world.run()
    monkeypatch.setattr(UndoLeftContacts, "_write", None)
    world.roll_back()
    assert world.rollback().counts == RollbackCounts(deleted=2)

"""What every `ContactStore` does: the in-memory one, and DynamoDB's on AWS's own DynamoDB Local and on the local
engine. What only a table can show (lost answers, interleavings) is in `test_contact_store_races.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, Settlement, Update, WriteResult
from contacts.ports import ContactStore
from tests.support.contact_backends import BACKENDS, TenantContacts, make_store, unique_tenant
from tests.support.fake_clock import FakeClock

WRITTEN, REFUSED = WriteResult.WRITTEN, WriteResult.REFUSED
DONE, OPEN, OVERTAKEN = Settlement.DONE, Settlement.OPEN, Settlement.OVERTAKEN


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, clock: FakeClock) -> ContactStore:
    return make_store(request.param, clock)


@pytest.fixture
def t(store: ContactStore, clock: FakeClock) -> TenantContacts:
    return TenantContacts(store, clock)


def ids(contacts: list[Contact]) -> list[str]:
    return [contact.id for contact in contacts]


class TestReading:
    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"firstName": "Zoë", "notes": "a\n'b'\"; DROP\x00", "phone": "+4917", "title": ""},
            {"tags": ["b", "a", "a"], "emails": [], "phones": [""]},
            {"addresses": [{"street": "1, Main", "zip": "00120"}, {}]},
            {"customFields": {"shoe size": "007", "empty": "", "a-b_c": "x", "select": "y"}},
            {"engagement": {"opens": 3, "rate": 0.25, "last": "2026", "big": 10**20, "bot": False, "by": None}},
            {"engagement": {"deep": {"er": [1, [2], {"x": -1.5e-7}]}}},
        ],
    )
    def test_a_contact_comes_back_as_it_was_written(self, t: TenantContacts, values: dict[str, Any]) -> None:
        contact = t.insert(
            "Zoë@Example.COM",
            values=values,
            external_source="bulk#1",
            segments=("seg-b", "seg-a"),
            written_by=(Mark("job:with:colons", 7),),
        )
        assert t.by_id(contact.id) == contact
        assert t.holder("zoë@example.com") == contact
        assert t.with_email("zoë@example.com") == [contact]
        assert t.all() == [contact]

    def test_what_is_not_there_is_left_out(self, t: TenantContacts) -> None:
        here = t.insert("here@x.yz")
        never = t.new("never@x.yz")
        wanted = [here.id, never.id, "", "nonsense", f"{here.id}a", here.id.upper(), "ä" * 36]
        assert t.store.find_by_ids(t.tenant, wanted) == {here.id: here}
        assert t.store.find_by_emails(t.tenant, ["here@x.yz", "never@x.yz", ""]) == {"here@x.yz": here}
        assert t.with_email("never@x.yz") == []

    def test_many_at_once(self, t: TenantContacts) -> None:
        contacts = [t.new(f"{number}@x.yz") for number in range(205)]
        assert t.write(*map(Insert, contacts)) == [WRITTEN] * 205
        by_email = t.store.find_by_emails(t.tenant, [f"{number}@x.yz" for number in range(205)])
        assert list(by_email.values()) == contacts
        assert t.store.find_by_ids(t.tenant, ids(contacts)) == {contact.id: contact for contact in contacts}

    def test_a_tenant_that_nobody_knows_has_no_contacts(self, store: ContactStore, t: TenantContacts) -> None:
        stranger = unique_tenant()
        contact = t.insert("a@x.yz")
        assert store.find_by_emails(stranger, ["a@x.yz"]) == {}
        assert store.find_all_by_email(stranger, "a@x.yz") == []
        assert store.find_by_ids(stranger, [contact.id]) == {}
        assert list(store.list_contacts(stranger, limit=10).items) == []


class TestListing:
    @pytest.mark.parametrize(("contacts", "limit"), [(0, 3), (1, 1), (7, 3), (30, 10), (30, 30), (120, 110)])
    def test_pages_hold_each_contact_once_and_end(self, t: TenantContacts, contacts: int, limit: int) -> None:
        writes = [Insert(t.new(f"{number}@x.yz")) for number in range(contacts)]
        t.write(*writes)
        made = {write.after.id for write in writes}
        sizes, position, seen = [], None, []
        while True:
            page = t.store.list_contacts(t.tenant, limit=limit, position=position)
            sizes.append(len(page.items))
            seen += [contact.id for contact in page.items]
            position = page.next_position
            if position is None:
                break
        assert sorted(seen) == sorted(made)
        assert all(size == limit for size in sizes[:-1])
        assert sizes[-1] > 0 or contacts == 0

    def test_forwards_and_traces_are_no_contacts(self, t: TenantContacts) -> None:
        moved = t.update(t.insert("old@x.yz"), email="new@x.yz")
        t.delete(t.insert("gone@x.yz"))
        twin = t.insert_twin("new@x.yz")
        assert sorted(ids(t.all(limit=1))) == sorted([moved.id, twin.id])


class TestInserting:
    def test_an_email_has_one_holder(self, t: TenantContacts) -> None:
        first = t.insert("a@x.yz")
        second = Insert(t.new(" A@X.yz "))
        assert t.write(second) == [REFUSED]
        assert t.settle(second) == [OVERTAKEN]
        assert t.with_email("a@x.yz") == [first]
        assert t.by_id(second.after.id) is None

    def test_the_same_write_again_changes_nothing_and_counts_as_done(self, t: TenantContacts) -> None:
        insert = Insert(t.new("a@x.yz"))
        assert t.settle(insert) == [OPEN]
        assert t.write(insert) == [WRITTEN]
        edited = t.update(insert.after, firstName="Later")
        assert t.write(insert) == [REFUSED]
        assert t.settle(insert) == [DONE]
        assert t.all() == [edited]

    def test_contacts_without_email_stand_in_nobodys_way(self, t: TenantContacts) -> None:
        inserts = [Insert(t.new(None, values={"firstName": name})) for name in "ab"]
        assert t.write(*inserts) == [WRITTEN, WRITTEN]
        assert t.write(*inserts) == [REFUSED, REFUSED]
        assert t.settle(*inserts) == [DONE, DONE]
        assert t.by_id(inserts[1].after.id) == inserts[1].after
        t.delete(inserts[0].after)
        assert ids(t.all()) == [inserts[1].after.id]

    def test_one_call_may_name_an_email_twice(self, t: TenantContacts) -> None:
        inserts = [Insert(t.new("same@x.yz")) for _ in range(3)]
        assert t.write(*inserts) == [WRITTEN, REFUSED, REFUSED]
        assert t.settle(*inserts) == [DONE, OVERTAKEN, OVERTAKEN]


class TestTwins:
    def test_a_twin_needs_a_holder(self, t: TenantContacts) -> None:
        twin = InsertTwin(t.new("a@x.yz"))
        assert t.settle(twin) == [OVERTAKEN]
        assert t.write(twin) == [REFUSED]
        t.insert("a@x.yz")
        assert t.settle(twin) == [OPEN]
        assert t.write(twin) == [WRITTEN]
        assert t.settle(twin) == [DONE]

    def test_all_are_found_by_email_the_holder_first_then_the_oldest(self, t: TenantContacts) -> None:
        older = t.new("a@x.yz")
        holder = t.insert("A@x.yz")
        younger = t.insert_twin("a@X.yz")
        assert t.write(InsertTwin(older)) == [WRITTEN]
        other = t.insert("b@x.yz")
        assert t.with_email("a@x.yz") == [holder, older, younger]
        assert t.holder("a@x.yz") == holder
        assert all(t.by_id(each.id) == each for each in (holder, older, younger, other))
        assert len(t.all()) == 4

    def test_noting_twins_is_no_new_version_of_the_holder(self, t: TenantContacts) -> None:
        holder = t.insert("a@x.yz")
        t.insert_twin("a@x.yz")
        assert t.update(holder, firstName="Ann").version == 2

    def test_the_same_twin_again_changes_nothing(self, t: TenantContacts) -> None:
        t.insert("a@x.yz")
        twin = InsertTwin(t.new("a@x.yz"))
        assert t.write(twin) == [WRITTEN]
        edited = t.update(twin.after, firstName="Later")
        assert t.write(twin) == [REFUSED]
        assert t.settle(twin) == [DONE]
        assert t.by_id(edited.id) == edited
        assert len(t.all()) == 2

    def test_a_twin_that_has_inherited_is_not_made_again(self, t: TenantContacts) -> None:
        holder = t.insert("a@x.yz")
        twin = InsertTwin(t.new("a@x.yz"))
        t.write(twin)
        t.delete(holder)
        assert t.write(twin) == [REFUSED]
        assert t.settle(twin) == [DONE]
        assert t.all() == [twin.after]

    def test_many_twins_of_many_holders_each_get_their_own_answer(self, t: TenantContacts) -> None:
        for number in range(40):
            t.write(Insert(t.new(f"{number}@x.yz")))
        twins = [InsertTwin(t.new(f"{number % 41}@x.yz")) for number in range(130)]
        known = [twins[number] for number in (3, 77, 120)]
        assert t.write(*known) == [WRITTEN] * 3
        nobody = {number for number in range(130) if number % 41 == 40}
        expected = [REFUSED if number in nobody | {3, 77, 120} else WRITTEN for number in range(130)]
        assert t.write(*twins) == expected
        settled = [OVERTAKEN if number in nobody else DONE for number in range(130)]
        assert t.settle(*twins) == settled
        assert len(t.with_email("5@x.yz")) == 5
        assert len(t.all()) == 40 + 130 - len(nobody)

    @pytest.mark.parametrize("leave", ["delete", "move", "remove e-mail"])
    @pytest.mark.parametrize("is_old", [False, True])
    def test_the_oldest_inherits_until_nobody_is_left(
        self, t: TenantContacts, clock: FakeClock, leave: str, *, is_old: bool
    ) -> None:
        holder = t.insert("a@x.yz")
        second, third, first = t.new("a@x.yz"), t.new("a@x.yz"), t.new("a@x.yz")
        # As old as the second: then the id decides.
        first = replace(first, created_at=second.created_at)
        heirs = sorted([first, second], key=lambda each: each.id)
        assert t.write(InsertTwin(third), InsertTwin(first), InsertTwin(second)) == [WRITTEN] * 3
        if is_old:
            clock.advance(days=30)
        left = [holder, *heirs, third]
        while left:
            assert ids(t.with_email("a@x.yz")) == ids(left)
            assert t.holder("a@x.yz") == left[0]
            leaving = left.pop(0)
            if leave == "delete":
                t.delete(leaving)
                assert t.by_id(leaving.id) is None
            elif leave == "move":
                moved = t.update(leaving, email=f"{len(left)}@x.yz")
                assert t.holder(f"{len(left)}@x.yz") == t.by_id(leaving.id) == moved
            else:
                moved = t.update(leaving, email=None, firstName="Nameless")
                assert t.by_id(leaving.id) == moved
        assert t.with_email("a@x.yz") == []
        t.insert("a@x.yz")
        assert len(t.all()) == (1 if leave == "delete" else 5)

    @pytest.mark.parametrize("leave", ["delete", "move", "remove e-mail"])
    def test_a_twin_can_leave_and_the_holder_stays(self, t: TenantContacts, leave: str) -> None:
        holder, twin = t.insert("a@x.yz"), t.insert_twin("a@x.yz")
        if leave == "delete":
            t.delete(twin)
        else:
            twin = t.update(twin, email="b@x.yz" if leave == "move" else None)
            assert t.by_id(twin.id) == twin
        assert t.with_email("a@x.yz") == [holder]
        assert len(t.all()) == (1 if leave == "delete" else 2)
        t.delete(holder)
        assert t.with_email("a@x.yz") == []
        t.insert("a@x.yz")

    def test_a_twin_is_changed_in_place(self, t: TenantContacts) -> None:
        holder, twin = t.insert("a@x.yz"), t.insert_twin("a@x.yz")
        twin = t.update(t.update(twin, firstName="Twin"), email="A@x.yz", firstName=None)
        assert t.with_email("a@x.yz") == [holder, twin]
        stale = t.changed(replace(twin, version=1), firstName="Stale")
        assert t.write(stale) == [REFUSED]

    def test_a_heir_is_changed_where_it_came_to_live(self, t: TenantContacts) -> None:
        holder, twin = t.insert("a@x.yz"), t.insert_twin("a@x.yz", external_source="bulk")
        t.delete(holder)
        heir = t.update(twin, firstName="Heir")
        assert t.with_email("a@x.yz") == [heir]

    def test_everybody_goes_in_one_call(self, t: TenantContacts) -> None:
        everybody = [t.insert("a@x.yz"), *(t.insert_twin("a@x.yz") for _ in range(4)), t.insert("b@x.yz")]
        assert t.write(*map(Delete, everybody)) == [WRITTEN] * 6
        assert t.all() == []
        t.insert("a@x.yz")


class TestUpdating:
    def test_fields_are_set_changed_and_removed(self, t: TenantContacts) -> None:
        contact = t.insert("a@x.yz", values={"firstName": "A", "notes": "n", "customFields": {"k": "v"}})
        update = t.changed(contact, Mark("other", 3), firstName="B", notes=None, customFields={"k": "w"}, tags=["t"])
        update = replace(update, after=replace(update.after, segments=("s",), external_source="bulk"))
        assert t.write(update) == [WRITTEN]
        assert t.by_id(contact.id) == t.holder("a@x.yz") == update.after
        back = replace(t.changed(update.after), after=replace(contact, version=3))
        assert t.write(back) == [WRITTEN]
        assert t.by_id(contact.id) == replace(contact, version=3)

    def test_only_the_version_it_was_decided_on(self, t: TenantContacts) -> None:
        contact = t.insert("a@x.yz")
        first, second = t.changed(contact, firstName="First"), t.changed(contact, firstName="Second")
        assert t.write(first) == [WRITTEN]
        assert t.write(second) == [REFUSED]
        assert t.by_id(contact.id) == first.after

    def test_not_another_contact_that_has_the_email_by_now(self, t: TenantContacts) -> None:
        gone = t.insert("a@x.yz")
        t.delete(gone)
        other = t.insert("a@x.yz")
        assert t.write(t.changed(gone, firstName="Lost")) == [REFUSED]
        assert t.write(t.changed(gone, email="b@x.yz")) == [REFUSED]
        assert t.write(Delete(gone)) == [REFUSED]
        assert t.all() == [other]

    def test_an_email_that_changes_its_case_stays_in_place(self, t: TenantContacts) -> None:
        contact, twin = t.insert("a@x.yz"), t.insert_twin("a@x.yz")
        contact = t.update(contact, email="A@X.YZ")
        assert t.with_email("a@x.yz") == [contact, twin]


class TestMoving:
    def test_it_is_found_by_the_new_email_and_by_its_id(self, t: TenantContacts) -> None:
        contact = t.insert("old@x.yz", written_by=(Mark("j", 1),), external_source="bulk", segments=("s",))
        moved = t.update(contact, email="New@x.yz", firstName="Moved")
        assert t.by_id(contact.id) == moved
        assert t.holder("new@x.yz") == moved
        assert t.with_email("new@x.yz") == t.all() == [moved]
        assert t.holder("old@x.yz") is None
        assert t.with_email("old@x.yz") == []

    def test_a_taken_email_is_refused_and_nothing_changes(self, t: TenantContacts) -> None:
        contact, twin, taker = t.insert("a@x.yz"), t.insert_twin("a@x.yz"), t.insert("b@x.yz")
        nobody = t.insert(None)
        for each in (contact, twin, nobody):
            move = t.changed(each, email="B@x.yz")
            assert t.write(move) == [REFUSED]
            assert t.settle(move) == [OVERTAKEN]
        assert t.with_email("a@x.yz") == [contact, twin]
        assert t.with_email("b@x.yz") == [taker]
        assert len(t.all()) == 4

    def test_its_first_email_may_be_taken_by_then(self, t: TenantContacts) -> None:
        moved = t.update(t.insert("a@x.yz"), email="b@x.yz")
        newcomer = t.insert("a@x.yz")
        assert t.write(t.changed(moved, email="a@x.yz")) == [REFUSED]
        assert t.by_id(moved.id) == moved
        assert t.with_email("a@x.yz") == [newcomer]

    @pytest.mark.parametrize(
        "journey",
        [
            ["b@x.yz", "a@x.yz"],
            ["b@x.yz", "c@x.yz", "a@x.yz", "b@x.yz"],
            [None, "a@x.yz"],
            [None, "b@x.yz", None, "c@x.yz", "a@x.yz", None],
        ],
    )
    @pytest.mark.parametrize("start", ["holder", "heir", "without e-mail"])
    def test_journeys(self, t: TenantContacts, start: str, journey: list[str | None]) -> None:
        """Wherever it goes, one contact, found by its id and its e-mail, that can go on, be changed and deleted."""
        before = None if start == "without e-mail" else "a@x.yz"
        contact = t.insert(before)
        if start == "heir":
            holder, contact = contact, t.insert_twin("a@x.yz")
            t.delete(holder)
        for email in journey:
            contact = t.update(contact, email=email)
            contact = t.update(contact, firstName=f"at {email}")
            assert t.by_id(contact.id) == contact
            assert t.all() == [contact]
            assert email is None or t.with_email(email) == [contact]
            assert before is None or before == email or t.with_email(before) == []
            before = email
        t.delete(contact)
        assert t.by_id(contact.id) is None
        assert t.all() == []
        for email in ("a@x.yz", "b@x.yz", "c@x.yz"):
            t.insert(email)

    def test_a_moved_contact_can_have_twins_and_leave_them(self, t: TenantContacts) -> None:
        moved = t.update(t.insert("a@x.yz"), email="b@x.yz")
        twin = t.insert_twin("b@x.yz")
        assert t.with_email("b@x.yz") == [moved, twin]
        home = t.update(moved, email="a@x.yz")
        assert t.with_email("b@x.yz") == [twin]
        assert t.with_email("a@x.yz") == [home]
        assert t.by_id(twin.id) == twin

    def test_two_contacts_swap_places_one_after_the_other(self, t: TenantContacts) -> None:
        a, b = t.insert("a@x.yz"), t.insert("b@x.yz")
        a = t.update(a, email="c@x.yz")
        b = t.update(b, email="a@x.yz")
        a = t.update(a, email="b@x.yz")
        assert (t.holder("a@x.yz"), t.holder("b@x.yz")) == (b, a)
        assert t.store.find_by_ids(t.tenant, [a.id, b.id]) == {a.id: a, b.id: b}
        assert len(t.all()) == 2

    def test_a_stale_move_is_refused(self, t: TenantContacts) -> None:
        contact = t.insert("a@x.yz")
        edited = t.update(contact, firstName="Edited")
        assert t.write(t.changed(contact, email="b@x.yz")) == [REFUSED]
        assert t.all() == [edited]


class TestDeleting:
    @pytest.mark.parametrize("days", [0, 30])
    def test_only_the_version_it_was_decided_on(self, t: TenantContacts, clock: FakeClock, days: int) -> None:
        contact = t.insert("a@x.yz")
        edited = t.update(contact, firstName="Edited")
        clock.advance(days=days)
        assert t.write(Delete(contact)) == [REFUSED]
        assert t.settle(Delete(contact)) == [OVERTAKEN]
        assert t.settle(Delete(edited)) == [OPEN]
        assert t.write(Delete(edited)) == [WRITTEN]
        assert t.all() == []

    @pytest.mark.parametrize("days", [0, 30])
    @pytest.mark.parametrize("kind", ["holder", "twin", "moved", "without e-mail"])
    def test_what_is_gone_is_deleted_once(self, t: TenantContacts, clock: FakeClock, kind: str, days: int) -> None:
        contact = t.insert(None if kind == "without e-mail" else "a@x.yz")
        if kind == "twin":
            contact = t.insert_twin("a@x.yz")
        elif kind == "moved":
            contact = t.update(contact, email="b@x.yz")
        clock.advance(days=days)
        assert t.write(Delete(contact)) == [WRITTEN]
        assert t.write(Delete(contact)) == [REFUSED]
        assert t.settle(Delete(contact)) == [DONE]
        assert t.by_id(contact.id) is None

    @pytest.mark.parametrize("days", [0, 30])
    def test_not_the_contact_that_has_moved_on(self, t: TenantContacts, clock: FakeClock, days: int) -> None:
        contact = t.insert("a@x.yz")
        moved = t.update(contact, email="b@x.yz")
        clock.advance(days=days)
        assert t.write(Delete(contact)) == [REFUSED]
        assert t.settle(Delete(contact)) == [OVERTAKEN]
        assert t.all() == [moved]


class TestSettling:
    """Who asks again has to learn that its write happened, whatever became of the contact since."""

    @pytest.mark.parametrize("then", ["nothing", "edited", "moved", "moved and deleted", "emptied", "deleted"])
    @pytest.mark.parametrize("kind", ["insert", "twin", "without e-mail"])
    def test_an_insert_is_recognised(self, t: TenantContacts, kind: str, then: str) -> None:
        write: ContactWrite = Insert(t.new(None if kind == "without e-mail" else "a@x.yz"))
        if kind == "twin":
            t.insert("a@x.yz")
            write = InsertTwin(t.new("a@x.yz"))
        assert t.write(write) == [WRITTEN]
        _make_happen(t, write.after, then)
        assert t.settle(write) == [DONE]
        assert t.write(write) in ([REFUSED], [WRITTEN] if then in _LEAVES_PLACE and kind == "insert" else [REFUSED])

    @pytest.mark.parametrize("then", ["nothing", "edited", "moved", "moved and deleted", "emptied", "deleted"])
    @pytest.mark.parametrize("kind", ["in place", "move"])
    def test_an_update_is_recognised_by_its_mark(self, t: TenantContacts, kind: str, then: str) -> None:
        contact = t.insert("a@x.yz")
        update = t.changed(
            contact, Mark("import", 9), firstName="Ann", email="A@x.yz" if kind == "in place" else "m@x.yz"
        )
        assert t.settle(update) == [OPEN]
        assert t.write(update) == [WRITTEN]
        _make_happen(t, update.after, then)
        assert t.write(update) == [REFUSED]
        assert t.settle(update) == [DONE]

    @pytest.mark.parametrize("then", ["edited", "moved", "moved and deleted", "emptied", "deleted"])
    def test_an_update_that_came_too_late_is_overtaken(self, t: TenantContacts, then: str) -> None:
        contact = t.insert("a@x.yz")
        update = t.changed(contact, Mark("import", 9), firstName="Ann")
        _make_happen(t, contact, then)
        assert t.write(update) == [REFUSED]
        assert t.settle(update) == [OVERTAKEN]

    def test_an_edit_without_mark_is_recognised_by_version_and_values(self, t: TenantContacts) -> None:
        contact = t.insert("a@x.yz")
        ours, theirs = t.changed(contact, firstName="Ann"), t.changed(contact, firstName="Bob")
        assert t.write(theirs) == [WRITTEN]
        assert t.settle(ours, theirs) == [OVERTAKEN, DONE]

    def test_a_mark_that_was_there_before_proves_nothing(self, t: TenantContacts) -> None:
        contact = t.insert("a@x.yz")
        update = t.changed(contact, contact.created_by, firstName="Ann")
        assert t.settle(update) == [OPEN]
        t.update(contact, firstName="Bob")
        assert t.settle(update) == [OVERTAKEN]

    def test_many_of_all_kinds_keep_their_order(self, t: TenantContacts) -> None:
        holders = [t.insert(f"{number}@x.yz") for number in range(30)]
        writes: list[ContactWrite] = []
        for number, holder in enumerate(holders):
            kinds: list[ContactWrite] = [
                Insert(t.new(f"new {number}@x.yz")),
                InsertTwin(t.new(f"{number}@x.yz")),
                t.changed(holder, Mark("j", 1), firstName="x"),
                t.changed(holder, Mark("j", 1), email=f"moved {number}@x.yz"),
                Delete(holder),
            ]
            writes.append(kinds[number % 5])
        assert t.settle(*writes) == [OPEN] * 30
        assert t.write(*writes) == [WRITTEN] * 30
        assert t.settle(*writes) == [DONE] * 30


_LEAVES_PLACE = {"moved", "moved and deleted", "emptied", "deleted"}
"""After these the slot is free. A bare second write succeeds then: it is `settle` that tells a retry not to."""


def _make_happen(t: TenantContacts, contact: Contact, what: str) -> None:
    steps: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "edited": lambda: t.update(contact, firstName="Edited"),
        "moved": lambda: t.update(contact, email="else@x.yz"),
        "moved and deleted": lambda: t.delete(t.update(contact, email="else@x.yz")),
        "emptied": lambda: t.update(contact, email=None, firstName="Edited"),
        "deleted": lambda: t.delete(contact),
    }
    steps[what]()


class TestManyWrites:
    def test_results_stand_in_the_order_of_the_writes(self, t: TenantContacts) -> None:
        old = [t.insert(f"{number}@x.yz") for number in range(12)]
        stale = [t.insert(f"stale {number}@x.yz") for number in range(12)]
        for contact in stale:
            t.update(contact, firstName="Newer")
        writes: list[ContactWrite] = []
        for number in range(12):
            writes += [
                Insert(t.new(f"new {number}@x.yz")),
                t.changed(stale[number], firstName="Stale"),
                t.changed(old[number], firstName="Fresh") if number % 2 else Delete(old[number]),
                Insert(t.new(f"stale {number}@x.yz")),
                InsertTwin(t.new(f"stale {number}@x.yz")),
            ]
        assert t.write(*writes) == [WRITTEN, REFUSED, WRITTEN, REFUSED, WRITTEN] * 12
        assert len(t.all(limit=7)) == 12 + 6 + 12 + 12

    def test_no_writes(self, t: TenantContacts) -> None:
        assert t.write() == []
        assert t.settle() == []


class TestTenants:
    NAMES = ("a", "a#00", "a#0", "a/b", "a%2Fb", "A", "a ", "settings", "a#settings", "ä\u0308💥", "", "x" * 300)

    def test_nothing_of_one_is_seen_by_another(self, store: ContactStore, clock: FakeClock) -> None:
        suffix = unique_tenant("")
        tenants = [TenantContacts(store, clock, tenant=f"{name}{suffix}") for name in self.NAMES]
        tenants += [TenantContacts(store, clock, tenant=f"{suffix}{name}") for name in self.NAMES if name]
        made = [t.insert("same@x.yz", values={"firstName": t.tenant[:50]}) for t in tenants]
        for t, contact in zip(tenants, made, strict=True):
            assert t.all() == t.with_email("same@x.yz") == [contact]
            assert t.store.find_by_ids(t.tenant, ids(made)) == {each.id: each for each in made if each == contact}
            if contact is not made[0]:
                assert t.write(t.changed(made[0], firstName="Mine")) == [REFUSED]
                assert t.write(t.changed(made[0], email="mine@x.yz")) == [REFUSED]
                assert t.write(Delete(made[0])) == [REFUSED]
        assert tenants[0].all() == [made[0]]

    def test_a_position_leads_nowhere_in_another_tenant(self, store: ContactStore, clock: FakeClock) -> None:
        a, b = TenantContacts(store, clock), TenantContacts(store, clock)
        for number in range(10):
            a.insert(f"{number}@x.yz")
        own = {b.insert(f"{number}@x.yz").id for number in range(10)}
        position = a.store.list_contacts(a.tenant, limit=5).next_position
        assert {each.id for each in b.store.list_contacts(b.tenant, limit=10, position=position).items} <= own


class TestAddressing:
    def test_the_same_for_every_look(self, store: ContactStore, clock: FakeClock) -> None:
        tenant = unique_tenant()
        first, second = store.addressing(tenant), store.addressing(tenant)
        mark = Mark("job", 1)
        assert first.contact_id("a@x.yz", mark) == second.contact_id("a@x.yz", mark)
        assert first.contact_id(None, mark) == second.contact_id(None, mark)
        assert first.route("a@x.yz") == second.route("a@x.yz")

    def test_ids_differ_by_job_row_and_email(self, t: TenantContacts) -> None:
        addressing = t.store.addressing(t.tenant)
        emails = ["a@x.yz", "b@x.yz", None]
        marks = [Mark("job", 1), Mark("job", 11), Mark("job:1", 1), Mark("other", 1)]
        made = {addressing.contact_id(email, mark) for email in emails for mark in marks}
        assert len(made) == len(emails) * len(marks)

    def test_an_id_that_does_not_belong_to_its_email_is_a_fault(self, t: TenantContacts) -> None:
        new = t.new("a@x.yz")
        stray = replace(new, values={"email": "b@x.yz"})
        cut, made_up = replace(new, id=new.id[:-1]), replace(new, id="1" * len(new.id), values={"firstName": "Ann"})
        for write in (Insert(stray), InsertTwin(stray), Insert(cut), Insert(made_up)):
            with pytest.raises(ValueError, match=r"Addressing\.contact_id"):
                t.write(write)


class TestFaults:
    def test_an_update_counts_the_version(self, t: TenantContacts) -> None:
        contact = t.insert("a@x.yz")
        with pytest.raises(ValueError, match="version one greater"):
            t.write(Update(contact, contact))

    def test_no_field_but_those_of_a_contact(self, t: TenantContacts) -> None:
        with pytest.raises(ValueError, match="EDITABLE_FIELDS"):
            t.write(Insert(t.new("a@x.yz", values={"version": "9"})))

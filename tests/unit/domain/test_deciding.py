from __future__ import annotations

from dataclasses import replace

import pytest

from contacts.domain.contact import MARKS_KEPT, Contact, Mark
from contacts.domain.contact_fields import MAX_TAGS
from contacts.domain.contact_write import Insert, InsertTwin, Update
from contacts.domain.deciding import Found, ImportRules
from contacts.domain.deciding import decide as decide_rows
from contacts.domain.import_job import DuplicateStrategy
from contacts.domain.rows import StagedRow

EMAIL = "a@x.io"
NOW = "2026-02-02T00:00:00.000Z"
#: With one of these a contact stays below its limit of 64 KB, with two it does not.
LARGE = "€" * 12_000


def rules(strategy, *, tags=(), segment=None):
    return ImportRules(
        job="job",
        strategy=DuplicateStrategy(strategy),
        tags=tags,
        segment=segment,
        now=NOW,
        contact_id=lambda email, mark: f"{email}/{mark.job}/{mark.row}",
    )


def decide(email, rows, held, rules):
    """Rows of one e-mail, none of which names an id."""
    return decide_rows(rows, Found({}, {email: held} if held else {}), rules)


def row(number, **values):
    values = {name.replace("custom_", "customFields."): value for name, value in values.items()}
    return StagedRow(number, {"email": EMAIL, **values}, [f"cells of {number}"])


def holder(**values):
    return Contact(
        id="held",
        values={"email": EMAIL, **values},
        version=3,
        created_at="2026-01-01T00:00:00.000Z",
        updated_at="2026-01-01T00:00:00.000Z",
        created_by=Mark("earlier", 1),
        external_source="bulk",
    )


def outcomes(plan):
    """Every row's outcome as `(row, outcome, contact id, reason)`."""
    found = [*(outcome for planned in plan.writes for outcome in planned.outcomes), *plan.outcomes]
    known = [(each.row, each.outcome.value, each.contact_id, each.reason) for each in found]
    return sorted(known + [(error.row, "error", "", error.code) for error in plan.errors])


def writes(plan):
    return [planned.write for planned in plan.writes]


@pytest.mark.parametrize("strategy", DuplicateStrategy)
def test_one_row_of_a_new_email_makes_a_contact(strategy):
    plan = decide(EMAIL, [row(4, firstName="Ann")], None, rules(strategy, tags=("t",), segment="s"))
    assert writes(plan) == [
        Insert(
            Contact(
                id="a@x.io/job/4",
                values={"email": EMAIL, "firstName": "Ann", "tags": ["t"]},
                version=1,
                created_at=NOW,
                updated_at=NOW,
                created_by=Mark("job", 4),
                segments=("s",),
            )
        )
    ]
    assert outcomes(plan) == [(4, "created", "a@x.io/job/4", "")]


class TestSkip:
    def test_rows_of_a_held_email_are_duplicates_and_nothing_is_touched(self):
        plan = decide(EMAIL, [row(1), row(2, notes=LARGE)], holder(), rules("skip", tags=("t",), segment="s"))
        assert writes(plan) == []
        assert outcomes(plan) == [(1, "skipped", "held", "DUPLICATE"), (2, "skipped", "held", "DUPLICATE")]

    def test_the_first_row_creates_and_the_rest_are_duplicates_in_the_file(self):
        plan = decide(EMAIL, [row(1, firstName="A"), row(2, firstName="B")], None, rules("skip"))
        assert [write.after.values["firstName"] for write in writes(plan)] == ["A"]
        assert outcomes(plan) == [
            (1, "created", "a@x.io/job/1", ""),
            (2, "skipped", "a@x.io/job/1", "DUPLICATE_IN_FILE"),
        ]

    def test_where_the_first_row_breaks_a_limit_the_next_creates(self):
        too_large = row(1, custom_a=LARGE, custom_b=LARGE)
        plan = decide(EMAIL, [too_large, row(2), row(3)], None, rules("skip"))
        assert [write.after.id for write in writes(plan)] == ["a@x.io/job/2"]
        assert outcomes(plan) == [
            (1, "error", "", "CONTACT_TOO_LARGE"),
            (2, "created", "a@x.io/job/2", ""),
            (3, "skipped", "a@x.io/job/2", "DUPLICATE_IN_FILE"),
        ]
        assert plan.errors[0].cells == ["cells of 1"]


class TestUpdate:
    def test_rows_fold_into_one_write_and_later_rows_win(self):
        before = holder(firstName="old", company="kept")
        rows = [row(2, firstName="B", phone="1"), row(5, firstName="C")]
        plan = decide(EMAIL, rows, before, rules("update"))
        assert writes(plan) == [
            Update(
                before,
                replace(
                    before,
                    values={"email": EMAIL, "firstName": "C", "company": "kept", "phone": "1"},
                    version=4,
                    updated_at=NOW,
                    written_by=(Mark("job", 2),),
                ),
                Mark("job", 2),
            )
        ]
        assert outcomes(plan) == [(2, "updated", "held", ""), (5, "updated", "held", "")]

    def test_a_new_email_is_created_with_the_first_row_and_updated_with_the_rest_in_one_write(self):
        plan = decide(EMAIL, [row(1, firstName="A"), row(2, phone="2")], None, rules("update"))
        (write,) = writes(plan)
        assert isinstance(write, Insert)
        assert (write.after.values, write.after.version) == ({"email": EMAIL, "firstName": "A", "phone": "2"}, 1)
        assert outcomes(plan) == [(1, "created", "a@x.io/job/1", ""), (2, "updated", "a@x.io/job/1", "")]

    def test_an_update_that_changes_nothing_counts_and_writes_nothing(self):
        plan = decide(EMAIL, [row(1, firstName="A")], holder(firstName="A"), rules("update"))
        assert writes(plan) == []
        assert outcomes(plan) == [(1, "updated", "held", "")]

    def test_neither_do_rows_that_cancel_each_other(self):
        rows = [row(1, firstName="B"), row(2, firstName="A")]
        assert writes(decide(EMAIL, rows, holder(firstName="A"), rules("update"))) == []

    def test_tags_unite_with_those_that_are_there(self):
        (write,) = writes(decide(EMAIL, [row(1), row(2)], holder(tags=["x", "y"]), rules("update", tags=("y", "z"))))
        assert write.after.values["tags"] == ["x", "y", "z"]

    def test_the_email_takes_the_case_of_the_last_row(self):
        (write,) = writes(decide(EMAIL, [StagedRow(1, {"email": "A@x.io"}, [])], holder(), rules("update")))
        assert write.after.email == "A@x.io"

    def test_none_clears(self):
        (write,) = writes(decide(EMAIL, [row(1, firstName=None)], holder(firstName="A"), rules("update")))
        assert write.after.values == {"email": EMAIL}

    def test_a_row_that_breaks_a_limit_is_left_out_and_those_around_it_are_not(self):
        rows = [row(1, custom_a=LARGE), row(2, custom_b=LARGE), row(3, firstName="C")]
        plan = decide(EMAIL, rows, holder(), rules("update"))
        (write,) = writes(plan)
        assert write.after.values == {"email": EMAIL, "customFields": {"a": LARGE}, "firstName": "C"}
        assert outcomes(plan) == [
            (1, "updated", "held", ""),
            (2, "error", "", "CONTACT_TOO_LARGE"),
            (3, "updated", "held", ""),
        ]

    def test_the_same_for_a_new_email(self):
        rows = [row(1, custom_a=LARGE), row(2, custom_b=LARGE), row(3, firstName="C")]
        plan = decide(EMAIL, rows, None, rules("update"))
        assert [o[1] for o in outcomes(plan)] == ["created", "error", "updated"]
        assert writes(plan)[0].after.values["firstName"] == "C"

    def test_where_every_row_breaks_a_limit_nothing_is_written(self):
        full = holder(tags=[f"t{number}" for number in range(MAX_TAGS)])
        plan = decide(EMAIL, [row(1), row(2)], full, rules("update", tags=("more",), segment="s"))
        assert writes(plan) == []
        assert [o[1:] for o in outcomes(plan)] == [("error", "", "TOO_MANY_TAGS")] * 2

    def test_the_mark_is_that_of_the_first_row_that_took_part(self):
        rows = [row(1, custom_a=LARGE, custom_b=LARGE), row(2, firstName="C")]
        (write,) = writes(decide(EMAIL, rows, holder(), rules("update")))
        assert write.mark == Mark("job", 2)
        assert write.after.bears(write.mark)

    def test_the_last_marks_are_kept(self):
        many = tuple(Mark("earlier", number) for number in range(MARKS_KEPT))
        before = replace(holder(), written_by=many)
        (write,) = writes(decide(EMAIL, [row(1, firstName="C")], before, rules("update")))
        assert write.after.written_by == (*many[1:], Mark("job", 1))

    def test_a_contact_joins_the_segment_even_if_nothing_else_changes(self):
        before = replace(holder(), segments=("other",))
        (write,) = writes(decide(EMAIL, [row(1)], before, rules("update", segment="s")))
        assert (write.after.segments, write.after.values) == (("other", "s"), before.values)

    def test_and_joins_it_once(self):
        before = replace(holder(), segments=("s",))
        assert writes(decide(EMAIL, [row(1)], before, rules("update", segment="s"))) == []


class TestCreate:
    def test_every_row_makes_a_contact_and_the_first_holds_the_email(self):
        plan = decide(EMAIL, [row(1), row(2)], None, rules("create", segment="s"))
        assert [(type(write), write.after.id) for write in writes(plan)] == [
            (Insert, "a@x.io/job/1"),
            (InsertTwin, "a@x.io/job/2"),
        ]
        assert outcomes(plan) == [(1, "created", "a@x.io/job/1", ""), (2, "created", "a@x.io/job/2", "")]
        assert all(write.after.segments == ("s",) for write in writes(plan))

    def test_where_the_email_is_held_all_are_twins(self):
        plan = decide(EMAIL, [row(1), row(2)], holder(), rules("create"))
        assert [type(write) for write in writes(plan)] == [InsertTwin, InsertTwin]

    def test_a_row_that_breaks_a_limit_takes_no_place(self):
        plan = decide(EMAIL, [row(1, custom_a=LARGE, custom_b=LARGE), row(2)], None, rules("create"))
        assert [type(write) for write in writes(plan)] == [Insert]
        assert [o[1] for o in outcomes(plan)] == ["error", "created"]


def named(number, contact_id, **values):
    """A row that names a contact by id; it has an e-mail only where it is given one."""
    return StagedRow(number, values, [f"cells of {number}"], contact_id)


def contact(contact_id, email=None, **values):
    values = {**({"email": email} if email else {}), **values}
    return replace(holder(), id=contact_id, values=values, external_source=None)


ANN = contact("ann", "ann@x.io", firstName="Ann")
BOB = contact("bob", "bob@x.io", firstName="Bob")
#: Has Ann's e-mail, and does not hold it.
TWIN = contact("twin", "Ann@x.io", firstName="Twin")
NAMELESS = contact("nameless", notes="no e-mail")
FOUND = Found(
    {each.id: each for each in (ANN, BOB, TWIN, NAMELESS)},
    {"ann@x.io": ANN, "bob@x.io": BOB},
)


def decided(strategy, *rows, found=FOUND, **more):
    """What comes of the rows: the values of each contact written, by id, and every row's outcome."""
    plan = decide_rows(rows, found, rules(strategy, **more))
    written = [write.after for write in writes(plan)]
    assert len({each.id for each in written}) == len(written), "no two writes about one contact"
    return {each.id: each.values for each in written}, outcomes(plan)


class TestId:
    @pytest.mark.parametrize("email", ["ann@x.io", "bob@x.io", "new@x.io", ""])
    @pytest.mark.parametrize("about", [ANN, TWIN, NAMELESS])
    def test_skip_passes_over_the_contact_of_that_id_whatever_the_email(self, about, email):
        given = named(1, about.id, email=email, firstName="X")
        assert decided("skip", given) == ({}, [(1, "skipped", about.id, "DUPLICATE")])

    @pytest.mark.parametrize("about", [ANN, TWIN, NAMELESS])
    def test_update_writes_into_the_contact_of_that_id(self, about):
        expected = {**about.values, "phone": "1"}
        assert decided("update", named(1, about.id, phone="1")) == (
            {about.id: expected},
            [(1, "updated", about.id, "")],
        )

    @pytest.mark.parametrize("about", [ANN, TWIN, NAMELESS])
    def test_what_a_contact_has_already_counts_and_writes_nothing(self, about):
        assert decided("update", named(1, about.id, **about.values)) == ({}, [(1, "updated", about.id, "")])

    @pytest.mark.parametrize("about", [ANN, TWIN, NAMELESS])
    def test_update_sets_the_email_too(self, about):
        written, _ = decided("update", named(1, about.id, email="new@x.io"))
        assert written == {about.id: {**about.values, "email": "new@x.io"}}

    def test_update_clears_the_email_where_an_empty_cell_clears(self):
        assert decided("update", named(1, "ann", email=None)) == (
            {"ann": {"firstName": "Ann"}},
            [(1, "updated", "ann", "")],
        )

    @pytest.mark.parametrize(("about", "email"), [(ANN, "Bob@X.io"), (TWIN, "bob@x.io"), (NAMELESS, "ann@x.io")])
    def test_an_email_that_another_has_is_an_error_of_its_row_and_changes_nothing(self, about, email):
        plan = decide_rows([named(1, about.id, email=email, phone="1")], FOUND, rules("update", segment="s"))
        assert writes(plan) == []
        assert [error.to_record() for error in plan.errors] == [
            {
                "row": 1,
                "field": "email",
                "value": email,
                "code": "EMAIL_TAKEN",
                "error": "another contact has this e-mail",
                "cells": ["cells of 1"],
            }
        ]

    def test_an_email_that_an_earlier_row_gave_away_is_taken(self):
        written, found = decided(
            "update", named(1, "ann", email="new@x.io"), named(2, "bob", email="New@x.io"), named(3, "bob", phone="1")
        )
        assert written == {"ann": {**ANN.values, "email": "new@x.io"}, "bob": {**BOB.values, "phone": "1"}}
        assert [each[1:] for each in found] == [
            ("updated", "ann", ""),
            ("error", "", "EMAIL_TAKEN"),
            ("updated", "bob", ""),
        ]

    def test_so_is_one_that_an_earlier_row_makes_a_contact_of(self):
        new = StagedRow(1, {"email": "new@x.io"}, [])
        written, found = decided("update", new, named(2, "ann", email="new@x.io"))
        assert written == {"new@x.io/job/1": {"email": "new@x.io"}}
        assert found[1] == (2, "error", "", "EMAIL_TAKEN")

    def test_and_one_that_an_earlier_row_takes_from_its_contact(self):
        """Two contacts never change places: each write has to be possible, and to be undone, by itself."""
        written, found = decided("update", named(1, "bob", email="new@x.io"), named(2, "ann", email="bob@x.io"))
        assert list(written) == ["bob"]
        assert found[1] == (2, "error", "", "EMAIL_TAKEN")

    @pytest.mark.parametrize("about", [ANN, TWIN])
    def test_a_contact_may_come_back_to_its_own_email(self, about):
        rows = [named(1, about.id, email="new@x.io"), named(2, about.id, email=about.email)]
        assert decided("update", *rows) == ({}, [(1, "updated", about.id, ""), (2, "updated", about.id, "")])

    def test_rows_by_id_and_by_each_of_its_emails_fold_into_one_write_in_the_files_order(self):
        by_email = {"phone": "1", "title": "old"}
        rows = [
            StagedRow(1, {"email": "ANN@x.io", **by_email}, []),
            named(2, "ann", email="new@x.io", title="T"),
            StagedRow(3, {"email": "New@x.io", "notes": "n"}, []),
            named(4, "ann", company="C"),
        ]
        written, found = decided("update", *rows)
        assert written == {
            "ann": {"email": "New@x.io", "firstName": "Ann", "phone": "1", "title": "T", "notes": "n", "company": "C"}
        }
        assert found == [(number, "updated", "ann", "") for number in range(1, 5)]

    def test_a_row_in_error_gives_no_email_away(self):
        too_large = {"customFields.a": LARGE, "customFields.b": LARGE}
        rows = [named(1, "ann", email="new@x.io", **too_large), StagedRow(2, {"email": "new@x.io"}, [])]
        written, found = decided("update", *rows)
        assert written == {"new@x.io/job/2": {"email": "new@x.io"}}
        assert [each[1] for each in found] == ["error", "created"]

    @pytest.mark.parametrize("strategy", DuplicateStrategy)
    def test_an_id_that_names_nobody_is_none(self, strategy):
        for contact_id in ("gone", None):
            row_of_ann = StagedRow(1, {"email": "ann@x.io", "phone": "1"}, [], contact_id)
            assert decided(strategy, row_of_ann) == decided(strategy, row_of_ann._replace(contact_id=None))

    @pytest.mark.parametrize("strategy", DuplicateStrategy)
    def test_neither_a_known_id_nor_an_email_is_an_error(self, strategy):
        plan = decide_rows([named(1, "gone", firstName="X")], FOUND, rules(strategy))
        assert writes(plan) == []
        assert [(each.row, each.code, each.field) for each in plan.errors] == [(1, "EMAIL_REQUIRED", "email")]
        assert plan.errors[0].cells == ["cells of 1"]

    def test_create_makes_another_contact_in_any_case(self):
        rows = [
            named(1, "ann", email="ann@x.io"),
            named(2, "twin", email="new@x.io"),
            named(3, "nameless", notes="n"),
            named(4, "nameless", notes="n"),
        ]
        # Nobody asked who holds the e-mail that Ann has herself.
        plan = decide_rows(rows, Found(FOUND.by_id, {}), rules("create"))
        assert [(type(each), each.after.id, each.after.values) for each in writes(plan)] == [
            (InsertTwin, "ann@x.io/job/1", {"email": "ann@x.io"}),
            (Insert, "new@x.io/job/2", {"email": "new@x.io"}),
            (Insert, "None/job/3", {"notes": "n"}),
            (Insert, "None/job/4", {"notes": "n"}),
        ]

    @pytest.mark.parametrize(
        ("strategy", "given"), [("create", {"email": None}), ("update", {"notes": None}), ("create", {})]
    )
    def test_a_contact_without_any_value_is_an_error(self, strategy, given):
        written, found = decided(strategy, named(1, "nameless", **given))
        assert (written, found) == ({}, [(1, "error", "", "CONTACT_EMPTY")])

    def test_a_row_by_id_joins_the_segment_once(self):
        rows = [named(1, "ann"), StagedRow(2, {"email": "ann@x.io"}, [])]
        (write,) = writes(decide_rows(rows, FOUND, rules("update", segment="s")))
        assert (write.after.segments, write.after.values, write.mark) == (("s",), ANN.values, Mark("job", 1))

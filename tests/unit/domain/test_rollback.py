"""What becomes of one contact: by what the import found and left, and what is there now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contacts.domain.contact import MARKS_KEPT, Contact, Mark
from contacts.domain.contact_fields import MAX_CUSTOM_FIELDS
from contacts.domain.contact_write import Delete, Update
from contacts.domain.merging import problem_with_values
from contacts.domain.rollback import (
    OnConflict,
    Rollback,
    RollbackCounts,
    RollbackMode,
    RollbackReason,
)
from contacts.domain.rows import Outcome
from contacts.domain.undoing import Undo, fold, judge

NOW = "2026-02-02T00:00:00.000Z"
MARK = Mark("job/rollback-1", 7)
EMAIL = "Ann@x.io"


def contact(*, version=2, segments=(), **values):
    values = {name: value for name, value in {"email": EMAIL, **values}.items() if value is not None}
    return Contact(
        id="ann",
        values=values,
        version=version,
        created_at="2026-01-01T00:00:00.000Z",
        updated_at="2026-01-01T00:00:00.000Z",
        created_by=Mark("earlier", 1),
        segments=segments,
    )


def judged(before, after, current, *, force=False, spare_email=False):
    return judge(Undo(7, before, after), current, mark=MARK, now=NOW, force=force, spare_email=spare_email)


def found(verdict):
    """The verdict without its write, and what the contact holds after it: None where nothing is written."""
    values = verdict.write.after.values if isinstance(verdict.write, Update) else None
    return verdict.outcome.value, verdict.fields, verdict.reason, values


def without_email(values):
    return values and {name: value for name, value in values.items() if name != "email"}


# ----------------------------------------------------------------------------------------------- a contact it created


CREATED = contact(version=1, title="Dr", tags=["t", "u"], customFields={"a": "1"}, segments=("vip",))


@pytest.mark.parametrize("force", [False, True])
def test_a_created_contact_that_nobody_touched_goes(force):
    verdict = judged(None, CREATED, CREATED, force=force)
    assert (verdict.outcome, verdict.fields, verdict.reason) == (Outcome.DELETED, (), None)
    assert verdict.write == Delete(CREATED, MARK)


def test_values_count_not_versions_so_an_edit_that_was_taken_back_is_none():
    current = replace(CREATED, version=9, updated_at=NOW, written_by=(Mark("later", 3),))
    verdict = judged(None, CREATED, current)
    assert verdict.outcome is Outcome.DELETED
    assert verdict.write == Delete(current, MARK)


def test_tags_in_another_order_are_no_edit():
    current = replace(CREATED, values={**CREATED.values, "tags": ["u", "t"]})
    assert judged(None, CREATED, current).outcome is Outcome.DELETED


@pytest.mark.parametrize(
    ("changes", "edited"),
    [
        ({"title": "Prof"}, ("title",)),
        ({"title": None}, ("title",)),
        ({"company": "X"}, ("company",)),
        ({"email": "ann@x.io"}, ("email",)),
        ({"email": None}, ("email",)),
        ({"tags": ["t"]}, ("tags.u",)),
        ({"tags": ["t", "u", "new"]}, ("tags.new",)),
        ({"tags": None}, ("tags.t", "tags.u")),
        ({"customFields": {"a": "2"}}, ("customFields.a",)),
        ({"customFields": {"a": "1", "b": None}}, ("customFields.b",)),
        ({"customFields": None}, ("customFields.a",)),
        ({"phones": ["1"]}, ("phones",)),
        ({"title": "Prof", "company": "X"}, ("company", "title")),
    ],
)
def test_a_created_contact_that_somebody_edited_stays_and_only_the_segment_loses_it(changes, edited):
    values = {name: value for name, value in {**CREATED.values, **changes}.items() if value is not None}
    current = replace(CREATED, values=values, version=2)
    verdict = judged(None, CREATED, current)
    assert found(verdict) == ("kept", edited, RollbackReason.EDITED_LATER, values)
    assert verdict.write.before == current
    assert verdict.write.after.segments == ()
    assert judged(None, CREATED, current, force=True).write == Delete(current, MARK)


def test_another_segment_counts_as_an_edit_and_stays():
    verdict = judged(None, CREATED, replace(CREATED, segments=("vip", "other")))
    assert (verdict.outcome, verdict.fields) == (Outcome.KEPT, ("segments.other",))
    assert verdict.write.after.segments == ("other",)


def test_a_kept_contact_in_no_segment_is_not_written():
    created = replace(CREATED, segments=())
    verdict = judged(None, created, replace(created, values={**created.values, "title": "Prof"}))
    assert (verdict.outcome, verdict.write) == (Outcome.KEPT, None)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("before", [None, contact(title="old")])
def test_a_contact_that_is_gone_is_left_alone(before, force):
    assert found(judged(before, CREATED, None, force=force)) == ("unchanged", (), RollbackReason.GONE, None)


# ----------------------------------------------------------------------------------------------- a contact it updated

#: What the import found, what it left, what is there now -> outcome, edited, reason, what is there then (None: as now).
#: All without the e-mail.
EDITED = RollbackReason.EDITED_LATER
NOTHING = RollbackReason.NOTHING_LEFT
UPDATES = {
    "a changed value comes back": (
        {"title": "a"},
        {"title": "b"},
        {"title": "b"},
        "restored",
        (),
        None,
        {"title": "a"},
    ),
    "a new value goes": ({}, {"title": "b"}, {"title": "b"}, "restored", (), None, {}),
    "a cleared value comes back": ({"title": "a"}, {}, {}, "restored", (), None, {"title": "a"}),
    "an edited one stays": ({"title": "a"}, {"title": "b"}, {"title": "c"}, "kept", ("title",), EDITED, None),
    "one taken away later stays away": ({"title": "a"}, {"title": "b"}, {}, "kept", ("title",), EDITED, None),
    "one set after it was cleared stays": ({"title": "a"}, {}, {"title": "c"}, "kept", ("title",), EDITED, None),
    "edited to what it was: nothing is left to do": (
        *({"title": "a"}, {"title": "b"}, {"title": "a"}),
        *("unchanged", (), NOTHING, None),
    ),
    "edited and edited back: restored": (
        *({"title": "a"}, {"title": "b"}, {"title": "b"}),
        *("restored", (), None, {"title": "a"}),
    ),
    "the others come back beside an edited one": (
        *({"title": "a", "phone": "1"}, {"title": "b", "phone": "2"}, {"title": "c", "phone": "2"}),
        *("kept", ("title",), EDITED, {"title": "c", "phone": "1"}),
    ),
    "one is as it was, the other comes back": (
        *({"title": "a", "phone": "1"}, {"title": "b", "phone": "2"}, {"title": "a", "phone": "2"}),
        *("restored", (), None, {"title": "a", "phone": "1"}),
    ),
    "edits of other fields are nobody's business": (
        *({"title": "a"}, {"title": "b"}, {"title": "b", "company": "X", "tags": ["x"]}),
        *("restored", (), None, {"title": "a", "company": "X", "tags": ["x"]}),
    ),
    "a tag that it added goes, others stay": (
        *({"tags": ["old"]}, {"tags": ["old", "t"]}, {"tags": ["old", "t", "new"]}),
        *("restored", (), None, {"tags": ["old", "new"]}),
    ),
    "the only tag goes, and the field with it": ({}, {"tags": ["t"]}, {"tags": ["t"]}, "restored", (), None, {}),
    "a tag that it added and somebody took away: nothing is left to do": (
        *({"tags": ["old"]}, {"tags": ["old", "t"]}, {"tags": ["old"]}),
        *("unchanged", (), NOTHING, None),
    ),
    "of two tags the one that is there goes": (
        *({}, {"tags": ["t", "u"]}, {"tags": ["u"]}),
        *("restored", (), None, {}),
    ),
    "a tag with a dot": (
        *({"tags": ["a.b"]}, {"tags": ["a.b", "a.c"]}, {"tags": ["a.b", "a.c"]}),
        *("restored", (), None, {"tags": ["a.b"]}),
    ),
    "tags come back in the old order": (
        *({"tags": ["b", "a"]}, {"tags": ["b", "a", "t"]}, {"tags": ["a", "t", "b"]}),
        *("restored", (), None, {"tags": ["b", "a"]}),
    ),
    "custom fields one by one": (
        *({"customFields": {"a": "1", "b": "1", "c": "1"}}, {"customFields": {"a": "2", "b": "2", "n": "2"}}),
        *({"customFields": {"a": "2", "b": "9", "n": "2", "x": "x"}}, "kept", ("customFields.b",), EDITED),
        {"customFields": {"a": "1", "b": "9", "c": "1", "x": "x"}},
    ),
    "the only custom field goes, and the object with it": (
        *({}, {"customFields": {"a": "1"}}, {"customFields": {"a": "1"}}),
        *("restored", (), None, {}),
    ),
    "a custom field that holds null is not one that is absent": (
        *({"customFields": {"a": None}}, {"customFields": {"a": "1"}}, {"customFields": {"a": "1"}}),
        *("restored", (), None, {"customFields": {"a": None}}),
    ),
    "a list is one value": (
        *({"phones": ["1"]}, {"phones": ["1", "2"]}, {"phones": ["1", "2", "3"]}),
        *("kept", ("phones",), EDITED, None),
    ),
}


@pytest.mark.parametrize("case", UPDATES.values(), ids=UPDATES.keys())
def test_an_updated_contact_gets_back_what_nobody_edited_later(case):
    before, after, current, outcome, edited, reason, then = case
    verdict = judged(contact(version=1, **before), contact(**after), contact(version=5, **current))
    *rest, values = found(verdict)
    assert (*rest, without_email(values)) == (outcome, edited, reason, then)


def test_versions_do_not_count():
    before, after = contact(version=1, title="a"), contact(title="b")
    same = judged(before, after, after)
    later = judged(before, after, replace(after, version=12, updated_at=NOW))
    assert found(same) == found(later)


@pytest.mark.parametrize(
    ("images", "outcome", "then"),
    [
        (((), ("vip",), ("vip",)), "restored", ()),
        ((("old",), ("old", "vip"), ("old", "vip", "new")), "restored", ("old", "new")),
        ((("vip",), ("vip",), ("vip",)), "unchanged", None),
        (((), ("vip",), ()), "unchanged", None),
        ((("old",), ("old", "vip"), ("vip",)), "restored", ()),
        ((("old",), ("old", "vip"), ("new",)), "unchanged", None),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_only_the_segment_that_it_joined_is_left_even_by_force(force, images, outcome, then):
    verdict = judged(*(contact(segments=segments) for segments in images), force=force)
    assert verdict.outcome == outcome
    assert (verdict.write and verdict.write.after.segments) == then


# ----------------------------------------------------------------------------------------------------- force, e-mails


@pytest.mark.parametrize(
    "current",
    [
        {"title": "c"},
        {"title": "b"},
        {"title": "c", "company": "X", "tags": ["new"], "customFields": {"z": "1"}},
        {"title": None, "phone": "2"},
        {"email": "moved@x.io"},
        {"email": None, "title": "c"},
    ],
)
def test_force_restores_the_before_image_whole(current):
    before = contact(version=1, title="a", tags=["o", "p"], customFields={"a": "1"})
    verdict = judged(before, contact(title="b", tags=["o", "p", "t"]), contact(version=4, **current), force=True)
    assert found(verdict) == ("restored", (), None, before.values)


def test_force_finds_nothing_to_do_where_all_is_as_it_was():
    before = contact(version=1, title="a", tags=["o", "p"])
    current = contact(version=4, title="a", tags=["p", "o"])
    assert found(judged(before, contact(title="b"), current, force=True)) == ("unchanged", (), NOTHING, None)


def test_an_email_that_another_contact_has_taken_stays_as_it_is():
    before, after = contact(version=1, title="a"), contact(title="b")
    current = contact(version=4, email="moved@x.io", title="c")
    verdict = judged(before, after, current, force=True, spare_email=True)
    assert found(verdict) == (
        *("kept", ("email",), RollbackReason.EMAIL_TAKEN),
        {"email": "moved@x.io", "title": "a"},
    )


def test_an_email_that_nobody_changed_is_not_reported_as_taken():
    before, after = contact(version=1, title="a"), contact(title="b")
    assert judged(before, after, after, force=True, spare_email=True).outcome is Outcome.RESTORED


@pytest.mark.parametrize(
    ("current", "outcome", "then"),
    [("ann@x.io", "restored", "Ann@x.io"), ("ANN@x.io", "kept", None), ("moved@x.io", "kept", None)],
)
def test_the_case_of_an_email_is_a_value_like_any_other(current, outcome, then):
    verdict = judged(contact(version=1), contact(email="ann@x.io"), contact(email=current))
    assert verdict.outcome == outcome
    assert (verdict.write and verdict.write.after.email) == then
    assert verdict.fields == (("email",) if outcome == "kept" else ())


def test_an_email_changed_later_stays_while_the_rest_comes_back():
    verdict = judged(contact(version=1, title="a"), contact(title="b"), contact(email="moved@x.io", title="b"))
    assert found(verdict) == ("restored", (), None, {"email": "moved@x.io", "title": "a"})


# ---------------------------------------------------------------------------------------- limits, and nothing at all


def test_who_would_be_left_with_nothing_keeps_what_the_import_set():
    before, after = contact(version=1), contact(title="b", segments=("vip",))
    current = contact(version=4, email=None, title="b", segments=("vip",))
    verdict = judged(before, after, current)
    assert found(verdict) == ("kept", ("title",), EDITED, {"title": "b"})
    assert verdict.write.after.segments == ()


def test_also_where_force_can_not_bring_the_email_back():
    before, after = contact(version=1), contact(email="new@x.io", title="b")
    current = contact(version=4, email=None, title="b")
    verdict = judged(before, after, current, force=True, spare_email=True)
    assert found(verdict) == ("kept", ("email", "title"), RollbackReason.EMAIL_TAKEN, None)


def test_a_write_that_leaves_nothing_is_none():
    before, after = contact(version=1), contact(title="b")
    assert judged(before, after, contact(version=4, email=None, title="b")).write is None


MANY = {f"f{number}": "x" for number in range(MAX_CUSTOM_FIELDS - 1)}
LIMITS = {
    "custom fields": (
        *({"customFields": {**MANY, "a": "1"}}, {"customFields": {**MANY, "b": "2"}, "title": "b"}),
        {"customFields": {**MANY, "c": "3"}, "title": "b"},
        *(("customFields.a",), {"customFields": {**MANY, "c": "3"}}),
    ),
    "tags": (
        *(
            {"tags": [*MANY, "old"], "title": "a"},
            {"tags": [*MANY], "title": "b"},
            {"tags": [*MANY, "new"], "title": "b"},
        ),
        *(("tags.old",), {"tags": [*MANY, "new"], "title": "a"}),
    ),
    "bytes": (
        *({"company": "x" * 60_000, "phone": "1"}, {"company": "y", "title": "b"}),
        {"company": "y", "title": "b", "notes": "x" * 60_000},
        *(("company", "phone"), {"company": "y", "notes": "x" * 60_000}),
    ),
}


@pytest.mark.parametrize("case", LIMITS.values(), ids=LIMITS.keys())
def test_what_has_no_room_any_more_stays_away(case):
    before, after, current, kept, then = case
    verdict = judged(contact(version=1, **before), contact(**after), contact(version=5, **current))
    *rest, values = found(verdict)
    assert (*rest, without_email(values)) == ("kept", kept, EDITED, then)
    assert problem_with_values(values) is None


def test_what_removes_something_makes_room():
    before, after = {**MANY, "a": "1"}, {**MANY, "b": "2"}
    verdict = judged(*(contact(customFields=each) for each in (before, after, after)))
    assert found(verdict)[0] == "restored"


def test_a_limit_that_is_broken_already_keeps_nothing():
    many = {f"g{number}": "x" for number in range(MAX_CUSTOM_FIELDS + 5)}
    before, after = contact(version=1, customFields={**many, "a": "1"}), contact(customFields={**many, "a": "2"})
    assert judged(before, after, after).outcome is Outcome.RESTORED


# ------------------------------------------------------------------------------------------------------- the write


def test_a_write_is_of_the_contact_as_it_is_now_and_can_be_recognised():
    old = tuple(Mark(f"job{number}", 1) for number in range(MARKS_KEPT))
    current = replace(contact(version=5, title="b"), written_by=old, external_source="bulk")
    write = judged(contact(version=1, title="a"), contact(title="b"), current).write
    assert (write.before, write.mark) == (current, MARK)
    assert write.after == replace(
        current, values={"email": EMAIL, "title": "a"}, version=6, updated_at=NOW, written_by=(*old[1:], MARK)
    )


@pytest.mark.parametrize("force", [False, True])
def test_undone_twice_nothing_is_left(force):
    before = contact(version=1, title="a", tags=["o"], customFields={"a": "1"}, segments=("old",))
    after = contact(title="b", tags=["o", "t"], segments=("old", "vip"))
    write = judged(before, after, after, force=force).write
    assert found(judged(before, after, write.after, force=force)) == ("unchanged", (), NOTHING, None)


# ------------------------------------------------------------------------------- two writes of one import, one contact


def test_two_writes_fold_to_the_first_before_and_the_last_after():
    first = Undo(5, contact(version=1, title="a"), contact(version=2, title="b"))
    then = Undo(3, contact(version=2, title="b"), contact(version=3, title="c", phone="1"))
    folded = fold(first, then)
    assert (folded.row, folded.before.values, folded.after) == (3, {"email": EMAIL, "title": "a"}, then.after)


def test_what_somebody_edited_between_two_writes_is_found_not_done():
    first = Undo(3, contact(version=1, title="a", phone="1"), contact(version=2, title="b", phone="2"))
    between = contact(version=3, email="moved@x.io", title="b", phone="9")
    then = Undo(5, between, replace(between, version=4, values={**between.values, "company": "X"}))
    assert fold(first, then).before.values == {"email": "moved@x.io", "title": "a", "phone": "9"}


def test_a_contact_that_the_import_made_folds_to_one_that_it_made():
    first = Undo(3, None, contact(version=1))
    then = Undo(5, contact(version=1), contact(version=2, title="c"))
    assert fold(first, then) == Undo(3, None, then.after)


# ---------------------------------------------------------------------------------------------------- the rollback


@pytest.mark.parametrize(
    ("on_conflict", "dry_run", "mode"),
    [
        (OnConflict.KEEP, False, RollbackMode.WRITE),
        (OnConflict.FORCE, False, RollbackMode.WRITE),
        (OnConflict.ABORT, False, RollbackMode.LOOK),
        (OnConflict.KEEP, True, RollbackMode.LOOK),
        (OnConflict.FORCE, True, RollbackMode.LOOK),
        (OnConflict.ABORT, True, RollbackMode.LOOK),
    ],
)
def test_a_rollback_looks_first_where_it_must_not_write_or_may_abort(on_conflict, dry_run, mode):
    rollback = Rollback(
        run=1, attempt=1, on_conflict=on_conflict, dry_run=dry_run, requested_by="u", request="s", started_at=NOW
    )
    assert rollback.starts_with is mode
    assert rollback.force is (on_conflict is OnConflict.FORCE)


def test_counts_add_up_and_errors_are_not_processed():
    counts = RollbackCounts(deleted=1, restored=2, kept=3, unchanged=4, errors=5)
    assert counts + counts == RollbackCounts(deleted=2, restored=4, kept=6, unchanged=8, errors=10)
    assert counts.processed == 10

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain.bulk_entries import CreateEntry, CreateOutcome, DeleteOutcome, find_duplicates
from contacts.domain.errors import Problem
from contacts.domain.rows import Outcome

BROKEN = object()


def entry(index, email):
    if email is BROKEN:
        return CreateEntry(index, None, None, Problem("EMAIL_INVALID", "no e-mail", "email"))
    return CreateEntry(index, f"c{index}", {"firstName": "A"} if email is None else {"email": email})


@pytest.mark.parametrize(
    ("emails", "duplicate_of"),
    [
        ([], []),
        (["a@x.io", "b@x.io"], [None, None]),
        (["a@x.io", "a@x.io", "a@x.io"], [None, 0, 0]),
        (["A@x.io", "  a@X.io\t"], [None, 0]),
        ([None, None], [None, None]),
        (["b@x.io", None, "a@x.io", "b@x.io", "a@x.io"], [None, None, None, 0, 2]),
        ([BROKEN, BROKEN, "a@x.io"], [None, None, None]),
    ],
)
def test_the_first_with_an_email_wins(emails, duplicate_of):
    entries = [entry(index, email) for index, email in enumerate(emails)]
    marked = find_duplicates(entries)
    assert [each.duplicate_of for each in marked] == duplicate_of
    for before, after in zip(entries, marked, strict=True):
        assert (after.index, after.client_contact_id, after.problem) == (
            before.index,
            before.client_contact_id,
            before.problem,
        )
        assert after.values == (before.values if after.duplicate_of is None else None)


def test_one_that_does_not_validate_stands_in_nobodys_way():
    broken = CreateEntry(0, None, None, Problem("PHONE_INVALID", "no phone", "phone"))
    assert find_duplicates([broken, entry(1, "a@x.io")])[1].duplicate_of is None


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a@x.io", "A@X.IO", " b@x.io ", "b@x.io", None]), max_size=30))
def test_of_each_email_exactly_one_is_left(emails):
    marked = find_duplicates([entry(index, email) for index, email in enumerate(emails)])
    left = [each.values["email"].strip().lower() for each in marked if each.values and "email" in each.values]
    assert sorted(left) == sorted({email.strip().lower() for email in emails if email})
    for each in marked:
        if each.duplicate_of is not None:
            assert each.duplicate_of < each.index
            assert marked[each.duplicate_of].duplicate_of is None


texts = st.none() | st.text()


@settings(deadline=None)
@given(
    st.builds(CreateEntry, st.integers(0, 5_000), texts, st.none() | st.just({"email": "a@x.io", "tags": ["t"]}))
    | st.builds(CreateEntry, st.integers(0, 5_000), texts, st.none(), st.builds(Problem, st.text(), st.text(), texts))
    | st.builds(CreateEntry, st.integers(0, 5_000), texts, st.none(), st.none(), st.integers(0, 5_000))
)
def test_entries_survive_storage(each):
    assert CreateEntry.from_record(json.loads(json.dumps(each.to_record()))) == each


@settings(deadline=None)
@given(
    st.builds(
        CreateOutcome,
        index=st.integers(0, 5_000),
        client_contact_id=texts,
        outcome=st.sampled_from(Outcome),
        contact_id=texts,
        duplicate_of=st.none() | st.integers(0, 5_000),
        code=texts,
        message=texts,
    )
    | st.builds(
        DeleteOutcome,
        contact_id=st.text(),
        outcome=st.sampled_from(Outcome),
        edited=st.booleans(),
        code=texts,
        message=texts,
    )
)
def test_outcomes_survive_storage(each):
    assert type(each).from_record(json.loads(json.dumps(each.to_record()))) == each

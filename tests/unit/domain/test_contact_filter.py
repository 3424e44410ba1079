"""Filters as jobs keep them: the JSON in which callers give them, and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.contact_filter import (
    AllOf,
    AnyOf,
    Condition,
    FilterOp,
    Not,
    filter_from_record,
    filter_to_record,
)

ACME = Condition("company", FilterOp.EQUALS, "Acme")

conditions = st.builds(
    Condition,
    st.sampled_from(["company", "tags", "and", "customFields.or"]),
    st.sampled_from(FilterOp),
    st.text() | st.integers() | st.booleans() | st.lists(st.text() | st.integers(), min_size=1).map(tuple),
)


def joined(inner):
    several = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return several.map(AllOf) | several.map(AnyOf) | inner.map(Not)


filters = st.recursive(conditions, joined, max_leaves=12)


@pytest.mark.parametrize(
    ("filter_", "record"),
    [
        (ACME, {"field": "company", "op": "equals", "value": "Acme"}),
        (
            Condition("tags", FilterOp.HAS_ANY, ("a", "b")),
            {"field": "tags", "op": "hasAny", "value": ["a", "b"]},
        ),
        (Condition("phone", FilterOp.EXISTS, False), {"field": "phone", "op": "exists", "value": False}),
        (
            AllOf((ACME, AnyOf((Not(ACME),)))),
            {
                "and": [
                    {"field": "company", "op": "equals", "value": "Acme"},
                    {"or": [{"not": {"field": "company", "op": "equals", "value": "Acme"}}]},
                ]
            },
        ),
    ],
)
def test_record_is_the_json_that_callers_give(filter_, record):
    assert filter_to_record(filter_) == record
    assert filter_from_record(record) == filter_


@given(filters)
def test_a_filter_survives_its_job(filter_):
    assert filter_from_record(json.loads(json.dumps(filter_to_record(filter_)))) == filter_

from __future__ import annotations

import pytest

from contacts.domain.contact_fields import MAX_CONTACT_BYTES, MAX_CUSTOM_FIELDS, MAX_TAGS
from contacts.domain.merging import merge_values, problem_with_values


@pytest.mark.parametrize(
    ("values", "changes", "tags", "merged"),
    [
        ({}, {"email": "a@x.io"}, (), {"email": "a@x.io"}),
        ({"firstName": "A", "phone": "1"}, {"firstName": "B"}, (), {"firstName": "B", "phone": "1"}),
        ({"firstName": "A"}, {"firstName": None}, (), {}),
        ({}, {"firstName": None}, (), {}),
        ({}, {"customFields.a": "1"}, (), {"customFields": {"a": "1"}}),
        (
            {"customFields": {"a": "1", "b": "2"}},
            {"customFields.a": None, "customFields.c": "3"},
            (),
            {"customFields": {"b": "2", "c": "3"}},
        ),
        ({"customFields": {"a": "1"}}, {"customFields.a": None}, (), {}),
        ({}, {"customFields.a": None}, (), {}),
        ({}, {}, ("x", "y", "x"), {"tags": ["x", "y"]}),
        ({"tags": ["y", "z"]}, {}, ("x", "y"), {"tags": ["y", "z", "x"]}),
        ({"tags": ["y"]}, {}, ("y",), {"tags": ["y"]}),
        ({"tags": ["y"]}, {}, (), {"tags": ["y"]}),
    ],
)
def test_texts_replace_none_removes_tags_unite(values, changes, tags, merged):
    assert merge_values(values, changes, tags) == merged


def test_the_values_merged_into_stay_as_they_were():
    values = {"customFields": {"a": "1"}, "tags": ["x"], "firstName": "A"}
    merge_values(values, {"customFields.b": "2", "firstName": None}, ("y",))
    assert values == {"customFields": {"a": "1"}, "tags": ["x"], "firstName": "A"}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, None),
        ({"customFields": {f"f{n}": "" for n in range(MAX_CUSTOM_FIELDS)}}, None),
        ({"customFields": {f"f{n}": "" for n in range(MAX_CUSTOM_FIELDS + 1)}}, "TOO_MANY_CUSTOM_FIELDS"),
        ({"tags": ["t"] * MAX_TAGS}, None),
        ({"tags": ["t"] * (MAX_TAGS + 1)}, "TOO_MANY_TAGS"),
        ({"notes": "x" * (MAX_CONTACT_BYTES - 20)}, None),
        ({"notes": "x" * (MAX_CONTACT_BYTES - 19)}, "CONTACT_TOO_LARGE"),
        ({"notes": "€" * (MAX_CONTACT_BYTES // 3)}, "CONTACT_TOO_LARGE"),
    ],
)
def test_limits_of_a_contact(values, code):
    problem = problem_with_values(values)
    assert (problem and problem.code) == code


@pytest.mark.parametrize(
    "values",
    [
        {"firstName": "a\0b"},
        {"tags": ["ok", "\0"]},
        {"customFields": {"colour": "blue\0"}},
        {"addresses": [{"city": "Bonn"}, {"city": "\0"}]},
    ],
)
def test_a_nul_character_is_refused_by_the_name_of_its_field(values):
    problem = problem_with_values({"email": "a@x.io", **values})
    assert problem is not None
    assert (problem.code, problem.field) == ("INVALID_CHARACTER", next(iter(values)))

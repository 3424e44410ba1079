"""Which columns an export has, and what stands in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_fields import EDITABLE_FIELDS, TEXT_FIELDS
from contacts.domain.errors import InvalidRequest
from contacts.domain.export_columns import (
    DEFAULT_COLUMNS,
    ENGAGEMENT_COLUMNS,
    MAX_SELECTED_COLUMNS,
    SELECTABLE_COLUMNS,
    ExportColumns,
    export_columns,
    object_of,
    row_of,
)
from tests.unit.tabular.uploads import read_all

FULL = Contact(
    id="i" * 36,
    values={
        "email": "Ada@example.com",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "company": "Acme",
        "title": "Countess",
        "phone": "+44 20",
        "notes": "line\r\nbreak",
        "emails": ["a@x.io", "b@x.io"],
        "phones": ["1"],
        "addresses": [{"label": "home", "city": "Zürich"}, {"country": "UK"}],
        "tags": ["fair", "vip"],
        "customFields": {"size": "9", "Colour": "blue"},
        "engagement": {"opens": 0, "lastEngagedAt": "2026-01-31"},
    },
    version=7,
    created_at="2026-01-01T00:00:00.000Z",
    updated_at="2026-01-02T00:00:00.000Z",
    created_by=Mark("job", 1),
    external_source="bcc:j:1",
    segments=("seg-1", "seg-2"),
)
BARE = Contact(id="b" * 36, values={"phone": "1"}, version=1, created_at="c", updated_at="u", created_by=Mark("job", 2))


def test_default_columns_are_the_specifications():
    columns = export_columns(None)
    assert columns == ExportColumns()
    assert columns.resolve(["ignored"]) == ("email", "firstName", "lastName", "company", "phone")


def test_every_field_of_a_contact_can_be_selected():
    found = export_columns([*SELECTABLE_COLUMNS, "customFields.Größe 2_b-c"])
    assert found.resolve(()) == (*SELECTABLE_COLUMNS, "customFields.Größe 2_b-c")
    named = {column.partition(".")[0] for column in found.selected}
    assert named == {*EDITABLE_FIELDS, "id", "segments", "externalSource", "version", "createdAt", "updatedAt"}


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ([], [("NO_COLUMNS", "selectedFields")]),
        (["email", "emial"], [("UNKNOWN_COLUMN", "selectedFields[1]")]),
        (["Email"], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        (["customFields"], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        (["customFields."], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        (["customFields.a.b"], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        (["customFields.1st"], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        (["engagement"], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        (["engagement.x"], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        (["createdBy"], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        (["tenantId"], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        ([""], [("UNKNOWN_COLUMN", "selectedFields[0]")]),
        (["email", "phone", "email"], [("DUPLICATE_COLUMN", "selectedFields[2]")]),
        (["customFields.a", "customFields.a"], [("DUPLICATE_COLUMN", "selectedFields[1]")]),
        (
            ["x", "email", "email", "y"],
            [
                ("UNKNOWN_COLUMN", "selectedFields[0]"),
                ("DUPLICATE_COLUMN", "selectedFields[2]"),
                ("UNKNOWN_COLUMN", "selectedFields[3]"),
            ],
        ),
        ([f"customFields.f{n}" for n in range(MAX_SELECTED_COLUMNS + 1)], [("TOO_MANY_COLUMNS", "selectedFields")]),
    ],
)
def test_refused_selections(selected, expected):
    with pytest.raises(InvalidRequest) as refused:
        export_columns(selected)
    error = refused.value
    assert [(problem.code, problem.field) for problem in error.problems] == expected
    assert (error.code, error.field) == expected[0]


def test_refusal_names_the_field_but_none_at_length():
    with pytest.raises(InvalidRequest) as refused:
        export_columns(["emial", "x" * 100_000])
    assert "emial" in refused.value.message
    assert all(len(problem.message) < 200 for problem in refused.value.problems)


def test_longest_selection():
    assert len(export_columns([f"customFields.f{n}" for n in range(MAX_SELECTED_COLUMNS)]).selected) == 250


@pytest.mark.parametrize(
    ("selected", "custom", "engagement", "names", "expected"),
    [
        (["phone", "email"], False, False, ["a"], ("phone", "email")),
        (["phone"], False, True, [], ("phone", *ENGAGEMENT_COLUMNS)),
        (
            ["engagement.clicks", "phone"],
            False,
            True,
            [],
            ("engagement.clicks", "phone", "engagement.emailsSent", "engagement.opens", "engagement.lastEngagedAt"),
        ),
        (["phone"], True, False, [], ("phone",)),
        (
            ["phone"],
            True,
            False,
            ["b", "B", "a", "C", "a"],
            ("phone", "customFields.a", "customFields.B", "customFields.b", "customFields.C"),
        ),
        (
            ["customFields.z", "phone", "customFields.gone"],
            True,
            True,
            ["z", "a"],
            ("customFields.z", "phone", "customFields.gone", *ENGAGEMENT_COLUMNS, "customFields.a"),
        ),
    ],
)
def test_added_columns(selected, custom, engagement, names, expected):
    columns = export_columns(selected, include_custom_fields=custom, include_engagement_metrics=engagement)
    assert columns.resolve(iter(names)) == expected


FULL_CELLS = {
    "id": FULL.id,
    **{name: FULL.values[name] for name in TEXT_FIELDS},
    "emails": "a@x.io; b@x.io",
    "phones": "1",
    "addresses": '[{"label": "home", "city": "Zürich"}, {"country": "UK"}]',
    "tags": "fair; vip",
    "segments": "seg-1; seg-2",
    "engagement.emailsSent": None,
    "engagement.opens": 0,
    "engagement.clicks": None,
    "engagement.lastEngagedAt": "2026-01-31",
    "externalSource": "bcc:j:1",
    "version": 7,
    "createdAt": "2026-01-01T00:00:00.000Z",
    "updatedAt": "2026-01-02T00:00:00.000Z",
    "customFields.size": "9",
    "customFields.Colour": "blue",
    "customFields.none": None,
}
BARE_CELLS = {
    **dict.fromkeys(FULL_CELLS),
    "id": BARE.id,
    "phone": "1",
    "version": 1,
    "createdAt": "c",
    "updatedAt": "u",
}


@pytest.mark.parametrize(("contact", "cells"), [(FULL, FULL_CELLS), (BARE, BARE_CELLS)], ids=["full", "bare"])
def test_a_cell_is_the_same_wherever_its_column_stands(contact, cells):
    names = list(cells)
    assert set(names) > set(SELECTABLE_COLUMNS)
    for columns in (names, names[::-1], names[::2] + names[1::2], *([name] for name in names)):
        assert row_of(columns)(contact) == [cells[name] for name in columns]


def test_rows_share_no_cells():
    row = row_of(["customFields.a", "customFields.b"])
    row(BARE).append("x")
    assert row(BARE) == [None, None]


def test_object_is_the_contact_as_the_api_shows_it():
    columns = export_columns(SELECTABLE_COLUMNS, include_custom_fields=True)
    assert object_of(columns)(FULL) == {
        **FULL.values,
        "id": FULL.id,
        "segments": ["seg-1", "seg-2"],
        "externalSource": "bcc:j:1",
        "version": 7,
        "createdAt": FULL.created_at,
        "updatedAt": FULL.updated_at,
    }
    assert object_of(columns)(BARE) == {
        **dict.fromkeys(TEXT_FIELDS),
        **{name: [] for name in ("emails", "phones", "addresses", "tags", "segments")},
        "customFields": {},
        "engagement": {},
        "externalSource": None,
        "id": BARE.id,
        "phone": "1",
        "version": 1,
        "createdAt": "c",
        "updatedAt": "u",
    }


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            ExportColumns(),
            '{"email": "Ada@example.com", "firstName": "Ada", "lastName": "Lovelace", '
            '"company": "Acme", "phone": "+44 20"}',
        ),
        (
            ExportColumns(selected=("customFields.size", "phone", "customFields.none")),
            '{"customFields": {"size": "9"}, "phone": "+44 20"}',
        ),
        (
            ExportColumns(selected=("phone",), custom_fields=True),
            '{"phone": "+44 20", "customFields": {"Colour": "blue", "size": "9"}}',
        ),
        (
            ExportColumns(selected=("customFields.size", "phone"), custom_fields=True),
            '{"customFields": {"size": "9", "Colour": "blue"}, "phone": "+44 20"}',
        ),
        (
            ExportColumns(selected=("engagement.lastEngagedAt", "phone"), engagement=True),
            '{"engagement": {"lastEngagedAt": "2026-01-31", "opens": 0}, "phone": "+44 20"}',
        ),
    ],
    ids=["default", "selected custom fields", "all custom fields", "some first", "engagement"],
)
def test_an_object_keeps_the_order_of_the_columns(columns, expected):
    assert json.dumps(object_of(columns)(FULL)) == expected


custom_names = st.sampled_from(["a", "B", "b", "Größe 2", "email", "id"])
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(lambda text: text.strip())
contacts = st.builds(
    lambda texts, custom, tags, opens: Contact(
        id="i" * 36,
        values={
            **texts,
            **({"customFields": custom} if custom else {}),
            **({"tags": tags} if tags else {}),
            **({"engagement": {"opens": opens}} if opens is not None else {}),
        },
        version=1,
        created_at="c",
        updated_at="u",
        created_by=Mark("job", 1),
    ),
    st.dictionaries(st.sampled_from(sorted(TEXT_FIELDS)), texts),
    st.dictionaries(custom_names, texts),
    st.lists(texts, max_size=3),
    st.none() | st.integers(0, 2**53 - 1),
)
selections = st.lists(
    st.sampled_from([*SELECTABLE_COLUMNS, "customFields.a", "customFields.b"]), min_size=1, unique=True
)
column_choices = st.builds(
    ExportColumns, selected=selections.map(tuple), custom_fields=st.booleans(), engagement=st.booleans()
)


@given(contacts, column_choices)
def test_rows_and_objects_tell_the_same(contact, columns):
    names = columns.resolve(contact.values.get("customFields", {}))
    told = object_of(columns)(contact)
    assert list(told) == list(dict.fromkeys(name.partition(".")[0] for name in names)) or columns.custom_fields
    for name, cell in zip(names, row_of(names)(contact), strict=True):
        key, _, within = name.partition(".")
        value = told[key].get(within) if within else told[key]
        assert cell == ("; ".join(value) or None if isinstance(value, list) else value)


@given(st.lists(custom_names), st.randoms())
def test_custom_fields_come_in_the_same_order_however_they_were_found(names, random):
    columns = ExportColumns(custom_fields=True)
    shuffled = random.sample(names, len(names))
    assert columns.resolve(names) == columns.resolve(shuffled)
    assert set(columns.resolve(names)) == {*DEFAULT_COLUMNS, *(f"customFields.{name}" for name in names)}


@given(st.lists(contacts, min_size=1, max_size=4))
def test_our_import_reads_from_json_what_it_reads_from_rows(exported):
    """Of every field that a mapping can set, under the name that the column has."""
    columns = ExportColumns(selected=("id", *TEXT_FIELDS), custom_fields=True)
    names = columns.resolve(name for contact in exported for name in contact.values.get("customFields", {}))
    show, row = object_of(columns), row_of(names)
    as_json = json.dumps([show(contact) for contact in exported]).encode()
    header, *rows = read_all(as_json, "contacts.json", columns=names)
    assert header[: len(names)] == list(names)
    cells = [["" if cell is None else cell for cell in row(contact)] for contact in exported]
    assert [found[: len(names)] for found in rows] == cells

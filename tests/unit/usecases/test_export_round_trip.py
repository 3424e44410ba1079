"""Invariant 8: exported, then imported again as it is, nothing changes; and no cell of a CSV file is a formula."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contacts.domain.contact_edits import edit_values
from contacts.domain.contact_fields import TEXT_FIELDS, is_mapping_target
from contacts.domain.errors import InvalidRequest
from contacts.domain.export_columns import SELECTABLE_COLUMNS
from contacts.domain.export_job import ExportFormat
from contacts.domain.import_job import BlankValues, ImportStatus
from tests.support.export_world import ExportWorld, check_whole, rows_in
from tests.support.third_party_files import third_party_file
from tests.unit.tabular.written_texts import naughty_strings, texts_for_csv

formats = pytest.mark.parametrize("format_", [each.value for each in ExportFormat])
TARGETS = ["id", *TEXT_FIELDS]

#: What the specification's reader has to fear most, beside what `texts_for_csv` is made of.
hard_texts = st.sampled_from(
    [
        *(
            "=1+1",
            "'=1+1",
            "''@x",
            "+49 30 123",
            "+49 30/123",
            "-5",
            "-5 of them",
            "@handle",
            "\t=x",
            "\r=x",
            "0049",
            "007",
        ),
        *("1e5", "1.10", "true", "null", "a\nb", "a\r\nb", "\r", " padded ", "\xa0x", "x" * 1_024, "é" * 500, "#N/A"),
        *("2026-01-01", '{"a": 1}', "[1]", "a,b;c\td|e", '"', "_x000D_", "\ufeffx", "\x00"),
    ]
)
texts = hard_texts | texts_for_csv
emails = (
    st.sampled_from(["a@x.io", "A@x.io", "b@x.io", "=cmd@x.io", "+me@x.io", "'@x.io", "-1@x.io", "müller@x.io"])
    | texts.map(lambda text: text.strip()[:254].strip())
    | st.none()
)
names = st.sampled_from(["a", "B b", "straße", "x-1_"])
values = st.fixed_dictionaries(
    {},
    optional={
        **{name: texts for name in TEXT_FIELDS if name != "email"},
        "notes": texts | st.just("= " + "long\r\n" * 2_500) | st.just("\x0b" * 8_000),
        "customFields": st.dictionaries(names, texts, max_size=3),
        "tags": st.lists(texts, max_size=2),
        "phones": st.lists(texts, max_size=2),
        "addresses": st.just([{"city": "=Berlin"}]),
        "engagement": st.just({"opens": 3}),
    },
)
#: E-mail, other values, and the e-mail that a person gives the contact later.
people = st.lists(
    st.tuples(emails, values, st.none() | st.sampled_from(["moved@x.io", "b@x.io"])), min_size=1, max_size=5
)


def grow(world, people):
    """Contacts with these values, as the API would store them; what it refuses is left out."""
    for email, given_values, later in people:
        changes = given_values if email is None else {"email": email, **given_values}
        try:
            stored = edit_values({}, changes)
        except InvalidRequest:
            continue
        contact = world.add_contact(stored.pop("email", None), segments=("seg",), **stored)
        if later:
            world.edit(contact, email=later)
    return world.all_contacts()


def exported_and_imported(world, format_, *, blank_values=BlankValues.IGNORE, **options):
    """The export of all there is, and the import of that very file under its own header."""
    job = world.written(format_, selected_fields=SELECTABLE_COLUMNS, include_custom_fields=True, **options)
    columns = {column for row in rows_in(world.body(job), job.options.format) for column in columns_in(row)}
    mapping = {column: column for column in sorted(columns) if is_mapping_target(column)}
    assert set(TARGETS) <= set(mapping)
    ended = world.import_again(job, mapping, validate_email=False, blank_values=blank_values)
    return job, ended


def columns_in(row):
    """The names under which an import finds what is in a row: those within `customFields` with a dot."""
    custom = row.get("customFields")
    return [*row, *(f"customFields.{name}" for name in custom)] if isinstance(custom, dict) else list(row)


def check_nothing_changed(world, before, format_, **options):
    job, ended = exported_and_imported(world, format_, **options)
    assert sorted(check_whole(world, job)) == sorted(contact.id for contact in before)
    assert world.all_contacts() == before
    assert (ended.status, ended.file_error) == (ImportStatus.COMPLETED, None)
    assert (ended.counts.updated, ended.counts.processed) == (len(before), len(before))
    return job


@formats
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(people=people, blank_values=st.sampled_from(BlankValues), byte_order_mark=st.booleans())
def test_nothing_changes(format_, people, blank_values, byte_order_mark):
    world = ExportWorld()
    before = grow(world, people)
    assume(before)
    job = check_nothing_changed(world, before, format_, blank_values=blank_values, byte_order_mark=byte_order_mark)
    if format_ == "csv":
        check_inert(world.body(job))


#: A sign and then what a number or a phone is made of, or nothing that begins like a formula.
_is_inert = re.compile(r"(?![=+\-@\t\r]).*|[+\-][0-9 ().\-]*", re.DOTALL).fullmatch


def check_inert(body):
    for row in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True):
        for cell in row:
            assert _is_inert(cell), cell


@formats
def test_every_naughty_string_in_every_field(format_):
    strings = naughty_strings()
    world = ExportWorld()
    before = grow(
        world,
        [
            (
                text.strip()[:254].strip() or None,
                {**dict.fromkeys(("notes", "phone"), text), "customFields": {"c": text}},
                None,
            )
            for text in [*strings, *strings[::-1]]
        ],
    )
    blank = sum(not text.strip() for text in strings)
    assert len(before) == 2 * (len(strings) - blank), "all but blanks, which are no values, and all as twins, too"
    job = check_nothing_changed(world, before, format_)
    if format_ == "csv":
        check_inert(world.body(job))


@formats
def test_values_that_begin_like_formulas_from_elsewhere(format_):
    lines = third_party_file("ghost_members-formula-like-values.csv").decode()
    cells = [cell for row in list(csv.reader(io.StringIO(lines)))[1:] for cell in row if cell]
    assert cells
    world = ExportWorld()
    before = grow(world, [(None, {"firstName": cell, "customFields": {"c": cell}}, None) for cell in cells])
    check_nothing_changed(world, before, format_)


def test_a_twin_keeps_its_values_and_so_does_its_holder():
    world = ExportWorld()
    grow(world, [("a@x.io", {"firstName": "holder"}, None), ("A@x.io", {"firstName": "twin"}, None)])
    before = world.all_contacts()
    assert len(before) == 2
    for number, format_ in enumerate(ExportFormat):
        check_nothing_changed(world, before, format_, seed=str(number))


def test_what_is_edited_in_the_file_changes_that_contact_alone():
    """The check above can fail: an import of another file does change what it says."""
    world = ExportWorld()
    twins = grow(world, [("a@x.io", {"firstName": "one"}, None), ("a@x.io", {"firstName": "two"}, None)])
    job = world.written("csv", selected_fields=("id", "firstName"))
    world.files.put(job.file.key, world.body(job).replace(b"two", b"'=2"))
    ended = world.import_again(job, {"id": "id", "firstName": "firstName"})
    assert ended.counts.updated == 2
    after = world.all_contacts()
    assert sorted(contact.values["firstName"] for contact in after) == ["=2", "one"]
    assert sorted(contact.version for contact in after) == [1, 2]
    assert [contact.id for contact in after] == [contact.id for contact in twins]


def test_without_its_mark_taken_off_a_value_comes_back_marked():
    """Why `unescapeFormulas` is true unless somebody says otherwise."""
    world = ExportWorld()
    grow(world, [("a@x.io", {"firstName": "=1"}, None)])
    job = world.written("csv", selected_fields=("id", "firstName"))
    world.import_again(job, {"id": "id", "firstName": "firstName"}, unescape_formulas=False)
    (after,) = world.all_contacts()
    assert after.values["firstName"] == "'=1"

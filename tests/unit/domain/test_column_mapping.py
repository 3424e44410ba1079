from __future__ import annotations

import pytest

from contacts.domain.column_mapping import (
    FAILURE_COLUMNS,
    MAX_HEADER_BYTES,
    MAX_MAPPING_BYTES,
    OVERFLOW_COLUMN,
    Column,
    check_mapping,
    lay_out,
)
from contacts.domain.errors import FileRejected, InvalidRequest

MAPPING = {"E-mail": "email", "Name": "firstName"}


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({}, "MAPPING_WITHOUT_EMAIL"),
        ({"Name": "firstName"}, "MAPPING_WITHOUT_EMAIL"),
        ({"E-mail": "Email"}, "MAPPING_WITHOUT_EMAIL"),
        ({"E-mail": "email", "Other": "email"}, "MAPPING_TARGET_TWICE"),
        ({"A": "id", "B": "id"}, "MAPPING_TARGET_TWICE"),
        ({"E-mail": "email", "A": "customFields.x", "B": "customFields.x"}, "MAPPING_TARGET_TWICE"),
    ],
)
def test_a_mapping_that_can_import_nothing_is_refused_at_the_start(mapping, code):
    with pytest.raises(InvalidRequest) as refused:
        check_mapping(mapping)
    assert (refused.value.code, refused.value.field) == (code, "fieldMapping")


@pytest.mark.parametrize("target", ["email", "id"])
def test_a_mapping_of_one_column_to_email_or_to_id_is_enough(target):
    check_mapping({"A": target})
    assert lay_out(("A",), {"A": target}).columns == (Column(0, "A", target),)


def test_a_mapping_too_long_for_the_jobs_item_is_refused_at_the_start():
    longest = {"E-mail": "email", "é" * ((MAX_MAPPING_BYTES - len("E-mailemailphone")) // 2): "phone"}
    check_mapping(longest)
    with pytest.raises(InvalidRequest) as refused:
        check_mapping({f"{name}é": target for name, target in longest.items()})
    assert (refused.value.code, refused.value.field) == ("MAPPING_TOO_LONG", "fieldMapping")


def test_columns_are_found_by_name_wherever_they_stand():
    layout = lay_out(("Name", "ignored", "E-mail"), {"Name": "firstName", " E-mail ": "email"})
    assert layout.columns == (Column(0, "Name", "firstName"), Column(2, "E-mail", "email"))
    assert (layout.header, layout.row_width, layout.own_width) == (("Name", "ignored", "E-mail"), 3, None)


@pytest.mark.parametrize(
    "target",
    [
        "tenantId",
        "Id",
        "version",
        "externalSource",
        "createdAt",
        "tags",
        "customFields",
        "customFields.",
        "customFields.1st",
        "customFields.a.b",
        "customFields.line\nbreak",
        "customFields.trailing\n",
        "customFields." + "x" * 65,
        "",
    ],
)
def test_an_unknown_target_is_a_file_error_that_names_it(target):
    with pytest.raises(FileRejected) as rejected:
        lay_out(("E-mail", "X"), {"E-mail": "email", "X": target})
    assert (rejected.value.code, rejected.value.field) == ("UNKNOWN_MAPPING_TARGET", target)
    assert target in rejected.value.message


@pytest.mark.parametrize(
    "target", ["id", "phone", "notes", "customFields.x", "customFields.Größe 2_b-c", "customFields.é"]
)
def test_targets_that_can_be_mapped(target):
    assert lay_out(("E-mail", "X"), {"E-mail": "email", "X": target}).columns[1].target == target


@pytest.mark.parametrize(
    ("header", "code", "field"),
    [
        (("E-mail", "Name", "Name"), "DUPLICATE_HEADER", "Name"),
        (("E-mail", "Name", "unmapped", "unmapped"), "DUPLICATE_HEADER", "unmapped"),
        (("E-mail",), "MISSING_HEADER", "Name"),
        (("e-mail", "Name"), "MISSING_HEADER", "E-mail"),
        ((), "MISSING_HEADER", "E-mail"),
    ],
)
def test_a_header_that_does_not_fit_is_a_file_error_that_names_the_column(header, code, field):
    with pytest.raises(FileRejected) as rejected:
        lay_out(header, MAPPING)
    assert (rejected.value.code, rejected.value.field) == (code, field)
    assert field in rejected.value.message


def test_columns_without_a_name_may_stand_anywhere_and_more_than_once():
    assert lay_out(("", "E-mail", "", "Name", ""), MAPPING).row_width == 5


def test_a_column_without_a_name_can_not_be_mapped():
    with pytest.raises(FileRejected) as rejected:
        lay_out(("E-mail", ""), {"E-mail": "email", " ": "firstName"})
    assert rejected.value.code == "MISSING_HEADER"


def test_a_header_too_long_to_keep_with_the_job_is_refused():
    fits = "x" * (MAX_HEADER_BYTES - len("E-mail,Name,,"))
    assert lay_out(("E-mail", "Name", fits), MAPPING).header[2] == fits
    for too_much in ((fits[:-1] + "é",), (fits, ""), ("",) * MAX_HEADER_BYTES):
        with pytest.raises(FileRejected) as rejected:
            lay_out(("E-mail", "Name", *too_much), MAPPING)
        assert rejected.value.code == "HEADER_TOO_LONG"


def test_a_message_shows_no_header_at_length():
    header = ("x" * 30_000, *(f"column {number}" for number in range(100)))
    with pytest.raises(FileRejected) as rejected:
        lay_out(header, MAPPING)
    assert len(rejected.value.message) < 1_000


class TestListOfFailedRows:
    def test_its_three_columns_are_not_the_files_own(self):
        layout = lay_out(("E-mail", "Name", *FAILURE_COLUMNS), MAPPING)
        assert (layout.header, layout.row_width, layout.own_width) == (("E-mail", "Name"), 5, 2)

    def test_neither_are_the_columns_of_ragged_rows(self):
        layout = lay_out(("E-mail", "Name", OVERFLOW_COLUMN, OVERFLOW_COLUMN, *FAILURE_COLUMNS), MAPPING)
        assert (layout.header, layout.row_width, layout.own_width) == (("E-mail", "Name"), 7, 2)

    def test_its_names_lose_the_marks_that_the_list_has(self):
        mapping = {"=E-mail": "email", "'=Name": "firstName"}
        layout = lay_out(("'=E-mail", "''=Name", *FAILURE_COLUMNS), mapping)
        assert layout.columns == (Column(0, "=E-mail", "email"), Column(1, "'=Name", "firstName"))
        assert layout.header == ("=E-mail", "'=Name")

    def test_the_names_of_any_other_file_stay_as_they_are(self):
        assert lay_out(("'=E-mail",), {"'=E-mail": "email"}).header == ("'=E-mail",)

    def test_the_longest_header_comes_back_with_columns_of_ours(self):
        longest = ("E-mail", "Name", "x" * (MAX_HEADER_BYTES - len("E-mail,Name,,")))
        assert lay_out((*longest, *[OVERFLOW_COLUMN] * 1_000, *FAILURE_COLUMNS), MAPPING).header == longest
        with pytest.raises(FileRejected) as rejected:
            lay_out((*longest, "", *FAILURE_COLUMNS), MAPPING)
        assert rejected.value.code == "HEADER_TOO_LONG"

    def test_a_nameless_column_of_the_files_own_stays(self):
        assert lay_out(("E-mail", "Name", "", *FAILURE_COLUMNS), MAPPING).own_width == 3

    @pytest.mark.parametrize(
        "header",
        [
            ("E-mail", "Name", "row", "error", "code"),
            ("row", "code", "error", "E-mail", "Name"),
            ("E-mail", "Name", "row"),
        ],
    )
    def test_only_these_three_in_this_order_at_the_end_make_one(self, header):
        assert lay_out(header, MAPPING).own_width is None

    def test_columns_of_these_names_that_the_mapping_needs_are_the_files_own(self):
        mapping = {"E-mail": "email", "code": "customFields.code"}
        own = ("E-mail", *FAILURE_COLUMNS)
        assert lay_out(own, mapping).header == own
        again = lay_out((*own, *FAILURE_COLUMNS), mapping)
        assert (again.header, again.own_width) == (own, 4)

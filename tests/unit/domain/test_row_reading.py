from __future__ import annotations

import pytest

from contacts.domain.column_mapping import FAILURE_COLUMNS, OVERFLOW_COLUMN, lay_out
from contacts.domain.import_job import BlankValues, ImportOptions
from contacts.domain.row_reading import row_reader
from contacts.domain.rows import RowError, StagedRow

HEADER = ("Name", "E-mail", "unmapped", "Phone")
MAPPING = {"Name": "firstName", "E-mail": "email", "Phone": "phone"}
BOTH = {"E-mail": "email", "Name": "firstName"}


ID = "abcdefghijklmnopqrstuvwxyz234567abcd"


def read(*cells, header=HEADER, mapping=MAPPING, file_type="csv", **options):
    reader = row_reader(lay_out(header, mapping), ImportOptions(**options), str.isdigit, file_type=file_type)
    return reader(7, list(cells))


def read_with_id(*cells, **options):
    return read(*cells, header=("Id", "E-mail", "Name"), mapping={"Id": "id", **BOTH}, **options)


def test_a_valid_row_gives_the_mapped_values_and_all_its_cells():
    assert read("Ann", "a@x.io", "?", "1") == StagedRow(
        7, {"email": "a@x.io", "firstName": "Ann", "phone": "1"}, ["Ann", "a@x.io", "?", "1"]
    )


def test_the_email_loses_surrounding_blanks_and_keeps_its_case():
    assert read("", "\t Ann@X.io\u00a0", "", "").email == "Ann@X.io"


def test_every_other_value_stays_byte_for_byte():
    row = read(" 007 \n", "a@x.io", "", "+49 (0) 12")
    assert (row.values["firstName"], row.values["phone"]) == (" 007 \n", "+49 (0) 12")


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0"])
@pytest.mark.parametrize(
    ("blank_values", "values"),
    [
        (BlankValues.IGNORE, {"email": "a@x.io"}),
        (BlankValues.CLEAR, {"email": "a@x.io", "firstName": None, "phone": None}),
    ],
)
def test_an_empty_cell_sets_nothing_or_clears(blank, blank_values, values):
    row = read(blank, "a@x.io", "", blank, blank_values=blank_values, validate_phone=True)
    assert row.values == values


@pytest.mark.parametrize("email", ["", "  "])
@pytest.mark.parametrize("blank_values", BlankValues)
def test_an_email_is_required_however_blanks_count(email, blank_values):
    error = read("Ann", email, "", "", blank_values=blank_values, validate_email=False)
    assert (error.code, error.field, error.value) == ("EMAIL_REQUIRED", "E-mail", "")


@pytest.mark.parametrize("email", ["a", "a@b", "@x.io", "a@.", "a b@x.io", "a@b@x.io", "a@x.io,b@x.io "])
def test_an_email_is_checked_unless_the_options_say_not(email):
    error = read("Ann", email, "", "")
    assert (error.row, error.code, error.field, error.value) == (7, "EMAIL_INVALID", "E-mail", email.strip())
    assert error.cells == ["Ann", email, "", ""]
    assert read("Ann", email, "", "", validate_email=False).email == email.strip()


@pytest.mark.parametrize(
    ("cells", "field", "limit"),
    [
        (("", "a@" + "x" * 249 + ".io", "", ""), "E-mail", 254),
        (("n" * 1_024, "a@x.io", "", ""), "Name", 1_024),
        (("", "a@x.io", "", "1" * 1_024), "Phone", 1_024),
    ],
)
@pytest.mark.parametrize("validate_email", [True, False])
def test_a_value_may_be_as_long_as_its_field_allows(cells, field, limit, validate_email):
    assert isinstance(read(*cells, validate_email=validate_email), StagedRow)
    longer = [cell + "1" if len(cell) >= limit else cell for cell in cells]
    error = read(*longer, validate_email=validate_email)
    assert (error.code, error.field) == ("VALUE_TOO_LONG", field)
    assert str(limit) in error.error
    assert len(error.value) <= 201


@pytest.mark.parametrize("cells", [(), ("Ann", "a@x.io", ""), ("Ann", "a@x.io", "", "1", "")])
def test_a_row_of_another_width_than_the_header_is_ragged(cells):
    error = read(*cells)
    assert (error.code, error.field, error.cells) == ("RAGGED_ROW", None, list(cells))
    assert f"{len(cells)} cells" in error.error


@pytest.mark.parametrize(("phone", "code"), [("1", None), ("", None), (" ", None), ("x", "PHONE_INVALID")])
@pytest.mark.parametrize("validate_phone", [True, False])
def test_a_phone_is_checked_where_the_options_ask(phone, code, validate_phone):
    result = read("", "a@x.io", "", phone, validate_phone=validate_phone)
    assert getattr(result, "code", None) == (code if validate_phone else None)
    if isinstance(result, RowError):
        assert (result.field, result.value) == ("Phone", phone)


def test_the_phone_check_needs_no_mapped_phone():
    assert isinstance(read("a@x.io", header=("E",), mapping={"E": "email"}, validate_phone=True), StagedRow)


@pytest.mark.parametrize(
    ("cell", "contact_id"),
    [(ID, ID), (f" {ID}\t", ID), ("", None), (ID[1:], None), (f"{ID}a", None), (ID.upper(), None), ("1" * 36, None)],
)
def test_what_can_be_an_id_names_a_contact_and_sets_nothing(cell, contact_id):
    row = read_with_id(cell, "a@x.io", "Ann")
    assert (row.contact_id, row.values) == (contact_id, {"email": "a@x.io", "firstName": "Ann"})


@pytest.mark.parametrize("email", ["", " "])
@pytest.mark.parametrize(("blank_values", "cleared"), [(BlankValues.IGNORE, {}), (BlankValues.CLEAR, {"email": None})])
def test_a_row_with_an_id_needs_no_email(email, blank_values, cleared):
    row = read_with_id(ID, email, "Ann", blank_values=blank_values)
    assert (row.contact_id, row.values, row.email) == (ID, {**cleared, "firstName": "Ann"}, "")


def test_an_email_beside_an_id_is_checked_all_the_same():
    assert read_with_id(ID, "bad", "").code == "EMAIL_INVALID"


@pytest.mark.parametrize("no_id", ["", "no id"])
@pytest.mark.parametrize("blank_values", BlankValues)
def test_a_row_needs_an_email_or_what_can_be_an_id(no_id, blank_values):
    error = read_with_id(no_id, " ", "Ann", blank_values=blank_values)
    assert (error.code, error.field, error.value) == ("EMAIL_REQUIRED", "E-mail", "")
    assert "nor the id" in error.error


def test_where_only_the_id_is_mapped_it_is_what_the_error_names():
    mapping = {"Id": "id", "Name": "firstName"}
    row = read(ID, "Ann", header=("Id", "Name"), mapping=mapping)
    assert (row.contact_id, row.values) == (ID, {"firstName": "Ann"})
    error = read("no id", "Ann", header=("Id", "Name"), mapping=mapping)
    assert (error.code, error.field, error.value) == ("EMAIL_REQUIRED", "Id", "no id")


@pytest.mark.parametrize("email", ["a@x.io", "'=bad"])
def test_every_cell_of_a_csv_file_loses_its_mark_also_where_it_is_not_mapped(email):
    row = read("'=1", email, "a;'=2", "'tis")
    assert row.cells == ["=1", email.removeprefix("'"), "a;=2", "'tis"]


class TestListOfFailedRows:
    HEADER = (*HEADER, OVERFLOW_COLUMN, *FAILURE_COLUMNS)

    @pytest.mark.parametrize("file_type", ["csv", "xlsx"])
    @pytest.mark.parametrize("unescape", [True, False])
    def test_it_loses_its_marks_whatever_the_options_say_and_it_was_saved_as(self, file_type, unescape):
        cells = ("'=1", "a@x.io", "''=2", "1", "", "9", "EMAIL_INVALID", "no")
        row = read(*cells, header=self.HEADER, file_type=file_type, unescape_formulas=unescape)
        assert (row.values["firstName"], row.cells) == ("=1", ["=1", "a@x.io", "'=2", "1"])

    def test_what_is_not_the_files_own_is_passed_over(self):
        row = read("Ann", "a@x.io", "?", "1", "", "9", "EMAIL_INVALID", "no", header=self.HEADER)
        assert row == read("Ann", "a@x.io", "?", "1")

    def test_a_ragged_row_that_was_not_corrected_is_still_ragged(self):
        error = read("Ann", "a@x.io", "?", "1", "too much", "9", "RAGGED_ROW", "no", header=self.HEADER)
        assert (error.code, error.cells) == ("RAGGED_ROW", ["Ann", "a@x.io", "?", "1", "too much"])

    def test_a_row_that_somebody_added_by_hand_needs_the_files_own_cells_only(self):
        assert read("Ann", "a@x.io", "?", "1", header=self.HEADER) == read("Ann", "a@x.io", "?", "1")

    def test_a_row_still_in_error_keeps_its_own_cells_only(self):
        error = read("Ann", "bad", "?", "1", "", "9", "EMAIL_INVALID", "no", header=self.HEADER)
        assert error.cells == ["Ann", "bad", "?", "1"]

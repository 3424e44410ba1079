"""From the cells of a row to the values of a contact, or to the reason why not. Runs once for every row of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from contacts.domain.column_mapping import Layout
from contacts.domain.contact_fields import ID_TARGET, max_chars
from contacts.domain.contact_ids import is_contact_id
from contacts.domain.email_address import is_email
from contacts.domain.formula_marks import unmark
from contacts.domain.import_job import BlankValues, ImportOptions
from contacts.domain.rows import RowError, StagedRow

#: Whether a text can be a phone number.
PhoneCheck: TypeAlias = Callable[[str], bool]

#: What is wrong with a row where an id would have done instead of an e-mail.
NO_EMAIL_NO_ID = "the row has neither an e-mail nor the id of a contact"
#: How much of a cell an error shows.
_SHOWN_CHARS = 200


class _Fault(NamedTuple):
    """What is wrong with the value for a target."""

    target: str
    value: str
    code: str
    message: str


#: Puts some of a row's values, given its cells, into a dictionary, up to the first fault.
_ValueReader: TypeAlias = Callable[[Sequence[str], dict[str, str | None]], _Fault | None]


def row_reader(
    layout: Layout, options: ImportOptions, is_phone: PhoneCheck, *, file_type: str
) -> Callable[[int, Sequence[str]], StagedRow | RowError]:
    """A function from a row's number and cells to the valid row or its first error.

    The e-mail loses surrounding blanks; every other value stays as it stands in the file, but for the marks that a CSV
    file has before what could be a formula: other formats type their cells and need none. A list of failed rows always
    has them, whatever the options say and whatever it was saved as. A cell of blanks only counts as empty, and an empty
    cell sets nothing, or clears the field where the options say so. What can't be an id counts as none, and a row needs
    an e-mail or an id.
    """
    names = {column.target: column.name for column in layout.columns}
    index_of = {column.target: column.index for column in layout.columns}
    id_index, email_index = index_of.pop(ID_TARGET, None), index_of.pop("email", None)
    read_email = None if email_index is None else _email_reader(email_index, options)
    read_fields = _field_reader(index_of, options)
    check_phone = options.validate_phone and "phone" in names
    width, own_width = layout.row_width, layout.own_width
    marked = own_width is not None or (options.unescape_formulas and file_type == "csv")
    expected = width if own_width is None else own_width
    nobody = "the e-mail is empty" if id_index is None else NO_EMAIL_NO_ID

    def read(row: int, cells: Sequence[str]) -> StagedRow | RowError:
        if own_width is not None:
            cells = _without_failure_columns(cells, width, own_width)
        # Most rows have no mark, and looking at all cells at once takes a tenth of the time.
        if marked and "'" in "".join(cells):
            cells = list(map(unmark, cells))
        if len(cells) != expected:
            message = f"the row has {len(cells)} cells, the header {expected}"
            return RowError(row, None, None, "RAGGED_ROW", message, cells)
        values: dict[str, str | None] = {}
        contact_id = None if id_index is None else _id_in(cells[id_index])
        fault = read_email(cells, values) if read_email else None
        if fault is None and contact_id is None and not values.get("email"):
            given = "" if read_email or id_index is None else cells[id_index].strip()
            fault = _Fault("email" if read_email else ID_TARGET, given, "EMAIL_REQUIRED", nobody)
        fault = fault or read_fields(cells, values)
        if fault is None and check_phone and (phone := values.get("phone")) and not is_phone(phone):
            fault = _Fault("phone", phone, "PHONE_INVALID", "this can't be a phone number")
        return _error(row, cells, names, fault) if fault else StagedRow(row, values, cells, contact_id)

    return read


def _email_reader(index: int, options: ImportOptions) -> _ValueReader:
    clear = options.blank_values is BlankValues.CLEAR
    must_be_valid, limit = options.validate_email, max_chars("email")

    def read(cells: Sequence[str], values: dict[str, str | None]) -> _Fault | None:
        email = cells[index].strip()
        if not email:
            if clear:
                values["email"] = None
            return None
        if len(email) > limit:
            return _too_long("email", email, limit)
        if must_be_valid and not is_email(email):
            return _Fault("email", email, "EMAIL_INVALID", "this is no e-mail address")
        values["email"] = email
        return None

    return read


def _field_reader(index_of: Mapping[str, int], options: ImportOptions) -> _ValueReader:
    fields = [(index, target, max_chars(target)) for target, index in index_of.items()]
    clear = options.blank_values is BlankValues.CLEAR

    def read(cells: Sequence[str], values: dict[str, str | None]) -> _Fault | None:
        for index, target, limit in fields:
            value = cells[index]
            if not value or value.isspace():
                if clear:
                    values[target] = None
            elif len(value) > limit:
                return _too_long(target, value, limit)
            else:
                values[target] = value
        return None

    return read


def _id_in(cell: str) -> str | None:
    contact_id = cell.strip()
    return contact_id if is_contact_id(contact_id) else None


def _too_long(target: str, value: str, limit: int) -> _Fault:
    return _Fault(
        target, value, "VALUE_TOO_LONG", f"the value has {len(value)} characters, at most {limit} are allowed"
    )


def _without_failure_columns(cells: Sequence[str], width: int, own_width: int) -> Sequence[str]:
    """The file's own cells of a row in a list of failed rows; what a ragged row had too much stays with it."""
    if len(cells) != width:
        return cells
    own = list(cells[:-3])
    while len(own) > own_width and not own[-1]:
        own.pop()
    return own


def _error(row: int, cells: Sequence[str], names: Mapping[str, str], fault: _Fault) -> RowError:
    value = fault.value
    shown = value if len(value) <= _SHOWN_CHARS else value[:_SHOWN_CHARS] + "…"
    return RowError(row, names[fault.target], shown, fault.code, fault.message, cells)

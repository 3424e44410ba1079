"""From the cells of a row to the values of a contact, or to the reason why not. Runs once for every row of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from contacts.domain.column_mapping import Layout
from contacts.domain.contact_fields import max_chars
from contacts.domain.email_address import is_email
from contacts.domain.import_job import BlankValues, ImportOptions
from contacts.domain.rows import RowError, StagedRow

#: Whether a text can be a phone number.
PhoneCheck: TypeAlias = Callable[[str], bool]

#: How much of a cell an error shows.
_SHOWN_CHARS = 200


def row_reader(
    layout: Layout, options: ImportOptions, is_phone: PhoneCheck
) -> Callable[[int, Sequence[str]], StagedRow | RowError]:
    """A function from a row's number and cells to the valid row or its first error.

    The e-mail loses surrounding blanks; every other value stays as it stands in the file. A cell of blanks only counts
    as empty, and an empty cell sets nothing, or clears the field where the options say so.
    """
    email_index = layout.columns[0].index
    fields = [(column.index, column.target, max_chars(column.target)) for column in layout.columns[1:]]
    names = {column.target: column.name for column in layout.columns}
    clear = options.blank_values is BlankValues.CLEAR
    check_phone = options.validate_phone and "phone" in names
    width, own_width = layout.row_width, layout.own_width
    expected = width if own_width is None else own_width

    def read(row: int, cells: Sequence[str]) -> StagedRow | RowError:
        if own_width is not None:
            cells = _without_failure_columns(cells, width, own_width)
        if len(cells) != expected:
            message = f"the row has {len(cells)} cells, the header {expected}"
            return RowError(row, None, None, "RAGGED_ROW", message, cells)
        email = cells[email_index].strip()
        problem = _email_problem(email, must_be_valid=options.validate_email)
        if problem:
            return _error(row, cells, names["email"], email, problem)
        values: dict[str, str | None] = {"email": email}
        for index, target, limit in fields:
            value = cells[index]
            if not value or value.isspace():
                if clear:
                    values[target] = None
            elif len(value) > limit:
                return _error(row, cells, names[target], value, _too_long(value, limit))
            else:
                values[target] = value
        if check_phone and (phone := values.get("phone")) and not is_phone(phone):
            return _error(row, cells, names["phone"], phone, ("PHONE_INVALID", "this can't be a phone number"))
        return StagedRow(row, values, cells)

    return read


def _email_problem(email: str, *, must_be_valid: bool) -> tuple[str, str] | None:
    if not email:
        return "EMAIL_REQUIRED", "the e-mail is empty"
    limit = max_chars("email")
    if len(email) > limit:
        return _too_long(email, limit)
    if must_be_valid and not is_email(email):
        return "EMAIL_INVALID", "this is no e-mail address"
    return None


def _too_long(value: str, limit: int) -> tuple[str, str]:
    return "VALUE_TOO_LONG", f"the value has {len(value)} characters, at most {limit} are allowed"


def _without_failure_columns(cells: Sequence[str], width: int, own_width: int) -> Sequence[str]:
    """The file's own cells of a row in a list of failed rows; what a ragged row had too much stays with it."""
    if len(cells) != width:
        return cells
    own = list(cells[:-3])
    while len(own) > own_width and not own[-1]:
        own.pop()
    return own


def _error(row: int, cells: Sequence[str], field: str, value: str, problem: tuple[str, str]) -> RowError:
    code, message = problem
    shown = value if len(value) <= _SHOWN_CHARS else value[:_SHOWN_CHARS] + "…"
    return RowError(row, field, shown, code, message, cells)

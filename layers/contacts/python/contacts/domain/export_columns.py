"""Which columns an export has, and what a contact shows in each.

Columns are named as in the API, so that a file's own header is the mapping under which it can be imported again.

A row, for CSV and XLSX, has text or a number a cell: the values of a list are joined by `; ` for people to read,
addresses are JSON. An object, for JSON, is shaped as the API shows a contact: lists are lists, `customFields` and
`engagement` are objects of what there is. The import finds the values of such an object under dotted names, too, as
`customFields.<name>` (`tabular.json_values.flatten`), so keys with dots would serve it no better; and an object needs
no key for a custom field that only other contacts have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

from contacts.domain.contact import Contact
from contacts.domain.contact_fields import CUSTOM_FIELD_PREFIX, LIST_FIELDS, TEXT_FIELDS, is_custom_field_name
from contacts.domain.errors import InvalidRequest, Problem

Cell: TypeAlias = str | int | None

#: The specification's, where none are selected.
DEFAULT_COLUMNS = ("email", "firstName", "lastName", "company", "phone")
ENGAGEMENT_COLUMNS = ("engagement.emailsSent", "engagement.opens", "engagement.clicks", "engagement.lastEngagedAt")
#: What can be selected, beside `customFields.<name>`.
SELECTABLE_COLUMNS = (
    "id",
    *TEXT_FIELDS,
    *LIST_FIELDS,
    "segments",
    *ENGAGEMENT_COLUMNS,
    "externalSource",
    "version",
    "createdAt",
    "updatedAt",
)
#: They are kept with the job, whose item DynamoDB limits to 400 KB.
MAX_SELECTED_COLUMNS = 250
LIST_SEPARATOR = "; "

_OWN: dict[str, Callable[[Contact], Any]] = {
    "id": lambda contact: contact.id,
    "segments": lambda contact: list(contact.segments),
    "externalSource": lambda contact: contact.external_source,
    "version": lambda contact: contact.version,
    "createdAt": lambda contact: contact.created_at,
    "updatedAt": lambda contact: contact.updated_at,
}
_to_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportColumns:
    """The columns that are asked for; made by `export_columns`, which checks them.

    Attributes:
        selected: names in the order of the file.
        custom_fields: whether every custom field that occurs gets a column.
        engagement: whether the engagement metrics get theirs.
    """

    selected: tuple[str, ...] = DEFAULT_COLUMNS
    custom_fields: bool = False
    engagement: bool = False

    @property
    def fixed(self) -> tuple[str, ...]:
        """The columns that are known before a contact is read."""
        added = ENGAGEMENT_COLUMNS if self.engagement else ()
        return tuple(dict.fromkeys((*self.selected, *added)))

    def resolve(self, custom_names: Iterable[str]) -> tuple[str, ...]:
        """The columns of a file whose contacts have custom fields of these names: the further ones last, sorted."""
        if not self.custom_fields:
            return self.fixed
        added = (CUSTOM_FIELD_PREFIX + name for name in sorted(set(custom_names), key=_alphabetical))
        return tuple(dict.fromkeys((*self.fixed, *added)))


def export_columns(
    selected: Sequence[str] | None, *, include_custom_fields: bool = False, include_engagement_metrics: bool = False
) -> ExportColumns:
    """The columns of an export as a caller asks for them: `selectedFields` and the two options beside it.

    Raises:
        InvalidRequest: a name is unknown or there twice, or there are none or too many; `problems` has them all.
    """
    if selected is not None and (problems := _problems(selected)):
        first = problems[0]
        raise InvalidRequest(f"{first.field}: {first.message}", code=first.code, field=first.field, problems=problems)
    return ExportColumns(
        selected=DEFAULT_COLUMNS if selected is None else tuple(selected),
        custom_fields=include_custom_fields,
        engagement=include_engagement_metrics,
    )


def row_of(columns: Sequence[str]) -> Callable[[Contact], list[Cell]]:
    """A function from a contact to its cells in these columns, None where it has no value."""
    # Columns side by side that are found in the same place are read at once.
    readers = [
        _cells_reader(holder, [_name_within(column) for column in group])
        for holder, group in groupby(columns, key=_holder)
    ]
    if len(readers) == 1:
        return readers[0]

    def row(contact: Contact) -> list[Cell]:
        cells: list[Cell] = []
        for read in readers:
            cells += read(contact)
        return cells

    return row


def object_of(columns: ExportColumns) -> Callable[[Contact], dict[str, Any]]:
    """A function from a contact to its JSON object: null or empty where it has no value.

    It needs no `resolve`: a custom field that other contacts have is no key of this one's `customFields`.
    """
    # Of an object's columns, the first says where the object stands.
    names: dict[str, list[str]] = {}
    for column in columns.fixed:
        key, _, name = column.partition(".")
        names.setdefault(key, []).append(name)
    if columns.custom_fields:
        names.setdefault("customFields", [])
    readers = [(key, _value_reader(key, within, columns)) for key, within in names.items()]

    def show(contact: Contact) -> dict[str, Any]:
        return {key: read(contact) for key, read in readers}

    return show


def _problems(selected: Sequence[str]) -> tuple[Problem, ...]:
    if not selected:
        return (Problem("NO_COLUMNS", "select at least one field, or leave this out", "selectedFields"),)
    if len(selected) > MAX_SELECTED_COLUMNS:
        message = f"{len(selected)} fields are selected, at most {MAX_SELECTED_COLUMNS} are allowed"
        return (Problem("TOO_MANY_COLUMNS", message, "selectedFields"),)
    problems = []
    seen: set[str] = set()
    for index, name in enumerate(selected):
        place = f"selectedFields[{index}]"
        if not _is_selectable(name):
            problems.append(Problem("UNKNOWN_COLUMN", f"there is no field {_shown(name)}", place))
        elif name in seen:
            problems.append(Problem("DUPLICATE_COLUMN", f"{name} is selected twice", place))
        seen.add(name)
    return tuple(problems)


def _is_selectable(name: str) -> bool:
    if name.startswith(CUSTOM_FIELD_PREFIX):
        return is_custom_field_name(name.removeprefix(CUSTOM_FIELD_PREFIX)) is not None
    return name in SELECTABLE_COLUMNS


def _shown(name: str) -> str:
    return name if len(name) <= 80 else name[:80] + "…"


def _alphabetical(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _holder(column: str) -> str:
    """Where a column's value is found: `values`, an object within them, or the contact itself, by the column's name."""
    if column in TEXT_FIELDS:
        return "values"
    return column.partition(".")[0]


def _name_within(column: str) -> str:
    return column.partition(".")[2] or column


def _cells_reader(holder: str, names: list[str]) -> Callable[[Contact], list[Cell]]:
    if holder == "values":
        return lambda contact: list(map(contact.values.get, names))  # type: ignore[arg-type]  # text fields hold text
    if holder in {"customFields", "engagement"}:
        return _object_cells_reader(holder, names)
    if holder in _OWN:
        own = _OWN[holder]
        return lambda contact: [_cell(own(contact))]
    if holder == "addresses":
        return lambda contact: [_to_json(held) if (held := contact.values.get(holder)) else None]
    return lambda contact: [_cell(contact.values.get(holder))]


def _object_cells_reader(holder: str, names: list[str]) -> Callable[[Contact], list[Cell]]:
    none = [None] * len(names)

    def cells(contact: Contact) -> list[Cell]:
        held: Any = contact.values.get(holder)
        return list(map(held.get, names)) if held else list(none)

    return cells


def _cell(value: Any) -> Cell:
    if isinstance(value, list):
        return LIST_SEPARATOR.join(value) or None
    cell: Cell = value
    return cell


def _value_reader(key: str, names: list[str], columns: ExportColumns) -> Callable[[Contact], Any]:
    if key in _OWN:
        return _OWN[key]
    if key in LIST_FIELDS:
        return lambda contact: contact.values.get(key, [])
    if key in TEXT_FIELDS:
        return lambda contact: contact.values.get(key)
    return _object_reader(key, names, others=key == "customFields" and columns.custom_fields)


def _object_reader(key: str, names: list[str], *, others: bool) -> Callable[[Contact], dict[str, Any]]:
    def read(contact: Contact) -> dict[str, Any]:
        held: Any = contact.values.get(key)
        if not held:
            return {}
        found = {name: held[name] for name in names if name in held}
        if others:
            for name in sorted(held, key=_alphabetical):
                found[name] = held[name]
        return found

    return read

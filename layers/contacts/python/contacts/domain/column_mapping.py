"""Which column of a file goes into which field of a contact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contacts.domain.contact_fields import ID_TARGET, is_mapping_target
from contacts.domain.errors import FileRejected, InvalidRequest
from contacts.domain.formula_marks import unmark

#: The columns that a list of failed rows has after the file's own; they are passed over when it is imported again.
FAILURE_COLUMNS = ("row", "code", "error")
#: In such a list, the name of each column that holds what a ragged row has beyond the file's header.
OVERFLOW_COLUMN = "(beyond the header)"
#: The header is kept with the job, whose item DynamoDB limits to 400 KB.
MAX_HEADER_BYTES = 65_536
#: So is the mapping, and what is wrong with it: names that a header can have, and as much again for their targets.
MAX_MAPPING_BYTES = 2 * MAX_HEADER_BYTES
#: How much of a header a message shows.
_SHOWN_NAMES = 20
_SHOWN_CHARS = 64


@dataclass(frozen=True, slots=True)
class Column:
    """A mapped column: its place in a row, its name in the file, the field it sets or `id`."""

    index: int
    name: str
    target: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file's rows are to be read.

    Attributes:
        columns: the mapped columns; `email`, `id` or both are among their targets.
        header: the file's own columns, without `OVERFLOW_COLUMN` and `FAILURE_COLUMNS`.
        row_width: how many cells a row has to have.
        own_width: how many of them may be filled, where the file is a list of failed rows; else None.
    """

    columns: tuple[Column, ...]
    header: tuple[str, ...]
    row_width: int
    own_width: int | None = None


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse a mapping that could import nothing, before a job is made of it.

    Raises:
        InvalidRequest: no column is mapped to `email` or `id`; two columns are mapped to one target; it is too long to
            be kept with the job.
    """
    size = sum(_bytes(name) + _bytes(target) for name, target in mapping.items())
    if size > MAX_MAPPING_BYTES:
        raise InvalidRequest(
            f"fieldMapping has {size} bytes, at most {MAX_MAPPING_BYTES} are allowed",
            code="MAPPING_TOO_LONG",
            field="fieldMapping",
        )
    targets = Counter(mapping.values())
    if "email" not in targets and ID_TARGET not in targets:
        raise InvalidRequest(
            "fieldMapping must map one column to email or to id", code="MAPPING_WITHOUT_EMAIL", field="fieldMapping"
        )
    twice = sorted(target for target, count in targets.items() if count > 1)
    if twice:
        raise InvalidRequest(
            f"fieldMapping maps more than one column to {', '.join(twice)}",
            code="MAPPING_TARGET_TWICE",
            field="fieldMapping",
        )


def lay_out(header: Sequence[str], mapping: Mapping[str, str]) -> Layout:
    """Find the mapped columns in a file's header.

    Raises:
        FileRejected: a mapping target is unknown, the header is too long or names a column twice, or a mapped column
            is not in the file.
    """
    own, own_width = own_columns(header, mapping)
    # With a byte for each column, as its delimiter is one and a list's item in DynamoDB: empty names count too.
    size = sum(_bytes(name) + 1 for name in own)
    if size > MAX_HEADER_BYTES:
        raise FileRejected(
            f"the header has {size} bytes, at most {MAX_HEADER_BYTES} are allowed", code="HEADER_TOO_LONG"
        )
    unknown = sorted(target for target in mapping.values() if not is_mapping_target(target))
    if unknown:
        raise FileRejected(
            f"unknown mapping target: {', '.join(unknown)}", code="UNKNOWN_MAPPING_TARGET", field=unknown[0]
        )
    twice = sorted(name for name, count in Counter(own).items() if name and count > 1)
    if twice:
        raise FileRejected(f"the header names a column twice: {_names(twice)}", code="DUPLICATE_HEADER", field=twice[0])
    missing = sorted(name for name in mapping if not name.strip() or name.strip() not in own)
    if missing:
        raise FileRejected(
            f"the file has no column {_names(missing)}; it has {_names(own)}",
            code="MISSING_HEADER",
            field=missing[0],
        )
    columns = tuple(Column(own.index(name.strip()), name.strip(), target) for name, target in mapping.items())
    return Layout(columns, tuple(own), len(header), own_width)


def own_columns(header: Sequence[str], mapped: Iterable[str]) -> tuple[list[str], int | None]:
    """The file's own columns and, where it is a list of failed rows, how many they are.

    Args:
        header: a file's column names.
        mapped: the names that are mapped.
    """
    # In a list of failed rows the names are marked as the cells are.
    own = list(map(unmark, header[:-3]))
    # A file can have columns of these names itself; then the mapping may need them.
    own_ones_mapped = any(name.strip() in FAILURE_COLUMNS and name.strip() not in own for name in mapped)
    if tuple(header[-3:]) != FAILURE_COLUMNS or own_ones_mapped:
        return list(header), None
    while own and own[-1] == OVERFLOW_COLUMN:
        own.pop()
    return own, len(own)


def _names(names: Sequence[str]) -> str:
    """Column names for a message: the first twenty, none at length."""
    named = [name for name in names if name]
    shown = [name if len(name) <= _SHOWN_CHARS else name[:_SHOWN_CHARS] + "…" for name in named[:_SHOWN_NAMES]]
    return ", ".join([*shown, "…"] if len(named) > _SHOWN_NAMES else shown)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))

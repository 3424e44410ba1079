"""What the values of a JSON object become in a table: text, numbers as they are written, nested objects flattened."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Final, NoReturn

# A contact's own nesting is two levels; whoever sends more than this tries something.
MAX_DEPTH: Final = 20
# The longest number anybody means; a double has 17 significant digits, a 128-bit integer 39.
MAX_NUMBER_CHARS: Final = 64


class BadJsonValue(Exception):
    """A value that JSON's grammar, or this reader, does not allow; it becomes a FileRejected that names the row."""

    def __init__(self, message: str, *, code: str = "FILE_NOT_JSON", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field


class _Number(str):
    """A number as the file writes it, told apart from a string because an array shows it without quotation marks."""

    __slots__ = ()


def strict_decoder() -> json.JSONDecoder:
    """The standard library's scanner, without its leniency: no NaN, no key twice, numbers left as they are written."""
    return json.JSONDecoder(
        object_pairs_hook=_object_without_duplicates,
        parse_int=_number,
        parse_float=_number_with_fraction,
        parse_constant=_refuse_constant,
        strict=True,
    )


def _number(text: str) -> _Number:
    if len(text) > MAX_NUMBER_CHARS:
        raise BadJsonValue(f"a number has more than {MAX_NUMBER_CHARS} characters.", code="FILE_JSON_NUMBER_TOO_LONG")
    return _Number(text)


def _number_with_fraction(text: str) -> _Number:
    number = _number(text)
    # To most readers of JSON, 1e999 is Infinity, which JSON has not.
    if math.isinf(float(text)):
        raise BadJsonValue("a number is larger than a double can hold.", code="FILE_JSON_NUMBER_TOO_LARGE")
    return number


def _refuse_constant(_name: str) -> NoReturn:
    raise BadJsonValue("NaN and Infinity are not JSON.")


def _object_without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise duplicate_key(key)
            seen.add(key)
    return result


def duplicate_key(key: str, message: str = "an object has the same key twice.") -> BadJsonValue:
    return BadJsonValue(message, code="FILE_JSON_DUPLICATE_KEY", field=key[:100])


def flatten(record: dict[str, object], columns: frozenset[str] = frozenset()) -> dict[str, str]:
    """The object's cells by name: `{"a": {"b": 1.50}}` becomes `{"a.b": "1.50"}`, `{" a ": 1}` becomes `{"a": "1"}`.

    null is "", true and false are themselves, an array is its JSON text, and so is an object that `columns` asks for
    by name.

    Raises:
        BadJsonValue: nested more than `MAX_DEPTH` levels, or two values come to the same name.
    """
    cells: dict[str, str] = {}
    for path, text in _cells(record, "", columns, depth=1):
        name = path.strip()
        if name in cells:
            raise duplicate_key(name, "an object has two keys that come to the same name, blanks around it aside.")
        cells[name] = text
    return cells


def _cells(record: dict[str, object], prefix: str, columns: frozenset[str], *, depth: int) -> Iterator[tuple[str, str]]:
    _refuse_too_deep(depth)
    for key, value in record.items():
        name = prefix + key
        if not isinstance(value, dict):
            yield name, _cell_text(value, depth)
            continue
        if name.strip() in columns:
            yield name, _json_text(value, depth)
        yield from _cells(value, f"{name}.", columns, depth=depth + 1)


def _cell_text(value: object, depth: int) -> str:
    if isinstance(value, str):
        return str(value)
    return "" if value is None else _json_text(value, depth)


def _json_text(value: object, depth: int) -> str:
    _refuse_too_deep(depth)
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_json_text(item, depth + 1) for item in value) + "]"
    if isinstance(value, dict):
        members = (
            f"{json.dumps(key, ensure_ascii=False)}: {_json_text(item, depth + 1)}" for key, item in value.items()
        )
        return "{" + ", ".join(members) + "}"
    return json.dumps(value, ensure_ascii=False)


def _refuse_too_deep(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise too_deep()


def too_deep() -> BadJsonValue:
    return BadJsonValue(f"it is nested more than {MAX_DEPTH} levels.", code="FILE_JSON_TOO_DEEP")

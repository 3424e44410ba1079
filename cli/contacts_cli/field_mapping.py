"""Which column of a file becomes which field of a contact."""

from __future__ import annotations

import codecs
import csv
import io
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from contacts_cli.failures import CommandFailed, ExitCode

_FIELDS = ("id", "email", "firstName", "lastName", "company", "title", "phone", "notes")
_CUSTOM_FIELD = "customFields."
TARGETS = f"{' '.join(_FIELDS)} {_CUSTOM_FIELD}<name>"

#: Column names, in lower case and letters only, whose meaning nobody doubts. Only ever suggested, never assumed.
_SUGGESTED_TARGETS = {
    "email": "email",
    "emailaddress": "email",
    "firstname": "firstName",
    "givenname": "firstName",
    "lastname": "lastName",
    "surname": "lastName",
    "familyname": "lastName",
    "company": "company",
    "title": "title",
    "jobtitle": "title",
    "phone": "phone",
    "phonenumber": "phone",
    "notes": "notes",
}

_PEEKED_BYTES = 65_536


def parse_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """`["E-mail=email"]` -> `{"E-mail": "email"}`. A column may hold a `=`; a target never does. Neither has
    spaces around it, as the service reads them.

    Raises CommandFailed: a pair without column or target, a target that is none, or a column named twice.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        column, separator, target = (part.strip() for part in pair.rpartition("="))
        if not separator or not column or not target:
            raise CommandFailed(f'--map "{pair}" is not "COLUMN=TARGET"', ExitCode.USAGE, hint=f"targets: {TARGETS}")
        if target not in _FIELDS and not _is_custom_field(target):
            raise CommandFailed(
                f'--map "{pair}": there is no target "{target}"', ExitCode.USAGE, hint=f"targets: {TARGETS}"
            )
        if column in mapping:
            raise CommandFailed(f'--map names the column "{column}" twice', ExitCode.USAGE)
        mapping[column] = target
    return mapping


def _is_custom_field(target: str) -> bool:
    return target.startswith(_CUSTOM_FIELD) and target != _CUSTOM_FIELD


def missing_mapping(path: Path) -> CommandFailed:
    """What to say where there is no --map: the file's columns, where they can be read, and a start."""
    columns = read_csv_columns(path)
    lines = ['say which column is which field: --map "COLUMN=TARGET", once for each']
    if columns:
        lines.append(f"{path.name} has: {', '.join(columns)}")
    if suggested := suggest_mapping(columns):
        options = " ".join(f"--map {shlex.quote(f'{column}={target}')}" for column, target in suggested.items())
        lines.append(f"for example: {options}")
    lines.append(f"targets: {TARGETS}")
    return CommandFailed("\n".join(lines), ExitCode.USAGE)


def suggest_mapping(columns: Sequence[str]) -> dict[str, str]:
    """The columns whose names leave no doubt, each target once."""
    mapping: dict[str, str] = {}
    for column in columns:
        target = _SUGGESTED_TARGETS.get("".join(filter(str.isalpha, column.lower())))
        if target and target not in mapping.values():
            mapping[column] = target
    return mapping


def read_csv_columns(path: Path) -> list[str]:
    """The first row of what looks like a CSV file, for a message to the user; empty where it doesn't.

    The service reads files far more carefully: nothing is imported by what this finds.
    """
    with path.open("rb") as file:
        head = file.read(_PEEKED_BYTES)
    text = _decode(head)
    if "\0" in text or text.lstrip().startswith(("{", "[", "PK\3\4")):
        return []
    lines = text.splitlines(keepends=True)
    delimiter = None
    if lines and lines[0].lower().startswith("sep="):
        delimiter = lines.pop(0).strip()[4:5]
    if not lines:
        return []
    delimiter = delimiter or max(",;\t|", key=lines[0].count)
    row = next(csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter), [])
    return [column.strip() for column in row if column.strip()]


def _decode(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", errors="replace")
    try:
        # Not final: the last character may be cut in half.
        return codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return head.decode("cp1252", errors="replace")

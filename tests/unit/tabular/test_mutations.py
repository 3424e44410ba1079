"""Damaged files: rows or `FileRejected`, and never another exception; nor more rows than the file could hold."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator

import pytest

from contacts.domain.errors import FileRejected
from contacts.domain.table import TableLimits
from tests.unit.tabular.uploads import read_all
from tests.unit.tabular.workbooks import parts, strings_xml, styles_xml, text_row, workbook

ROWS = "".join(
    f'<row r="{n}"><c r="A{n}" t="s"><v>{n % 2}</v></c><c r="B{n}" s="1"><v>4419{n}.5</v></c>'
    f'<c r="C{n}"><f>A1</f><v>{n}</v></c></row>'
    for n in range(2, 9)
)
CONTENT = parts(
    text_row("a", "b", "c") + ROWS,
    strings=strings_xml("<t>one</t>", "<r><t>t</t></r><r><t>wo</t></r>"),
    styles=styles_xml((0, None), (164, "yyyy-mm-dd")),
    before='<dimension ref="A1:C9"/>',
)
WORKBOOK = workbook(
    text_row("a", "b", "c") + ROWS,
    strings=CONTENT["xl/sharedStrings.xml"],
    styles=CONTENT["xl/styles.xml"],
    before='<dimension ref="A1:C9"/>',
)
FILES = {
    "a.csv": 'email,name,note\r\nzoë@example.com,"Smith, ""Z""",+44\r\nb@example.com,"two\nlines",007\r\n'.encode() * 3,
    "b.csv": "email;name\nzoë@example.com;Zoë\n".encode("utf-16"),
    "c.csv": "email\tname\nzoë@example.com\tZoë\n".encode("cp1252"),
    "a.json": b'[{"a": 1.5, "b": {"c": [true, null]}, "d": "\\u00e9\\ud83c\\udf89"}, {"a": -1e5, "d": "x"}]',
    "b.jsonl": '{"a": "é"}\n{"a": "b", "c": false}\n'.encode() * 3,
    "a.xlsx": WORKBOOK,
}
MUTATIONS = 400


def mutations(data: bytes, chance: random.Random, count: int) -> Iterator[bytes]:
    """Bytes changed, cut out, doubled, or the end cut off."""
    for _ in range(count):
        mutant = bytearray(data)
        for _ in range(chance.choice([1, 1, 2, 5])):
            start = chance.randrange(len(mutant) + 1)
            end = min(len(mutant), start + chance.choice([1, 1, 2, 8, 64]))
            match chance.randrange(5):
                case 0:
                    mutant[start:end] = chance.randbytes(end - start)
                case 1:
                    mutant[start:end] = bytes([chance.choice(b'\0\xff\xfe\xd8"\\,;\r\n{}[]<>&1-')]) * (end - start)
                case 2:
                    del mutant[start:end]
                case 3:
                    mutant[start:start] = mutant[start:end]
                case _:
                    del mutant[chance.randrange(len(mutant) + 1) :]
        yield bytes(mutant)


def read_or_reject(data: bytes, file_name: str) -> str:
    limits = TableLimits(max_rows=1000, max_cell_chars=10_000)
    try:
        header, *rows = read_all(data, file_name, columns=["a"], limits=limits)
    except FileRejected as error:
        return error.code
    assert all(isinstance(cell, str) for row in [header, *rows] for cell in row)
    assert sum(map(len, rows)) <= 100 * len(data)
    return "read"


@pytest.mark.parametrize("file_name", FILES)
def test_mutated_bytes(file_name: str) -> None:
    outcomes = {read_or_reject(data, file_name) for data in mutations(FILES[file_name], random.Random(1), MUTATIONS)}
    # Of so many, some are still readable and some are not; else this test would try nothing.
    assert "read" in outcomes
    assert len(outcomes) >= 3


@pytest.mark.parametrize("part", CONTENT)
def test_mutated_parts_of_a_workbook(part: str) -> None:
    """Within a sound archive, since a checksum keeps the mutants above from the XML."""
    outcomes = set()
    for mutant in mutations(CONTENT[part].encode(), random.Random(2), MUTATIONS // 4):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for name, content in CONTENT.items():
                archive.writestr(name, mutant if name == part else content)
        outcomes.add(read_or_reject(data.getvalue(), "a.xlsx"))
    assert "read" in outcomes
    assert len(outcomes) >= 2


@pytest.mark.parametrize("file_name", FILES)
def test_every_length(file_name: str) -> None:
    """A file cut anywhere never gives rows that the whole file does not have, but for its last."""
    whole = read_all(FILES[file_name], file_name, columns=["a"])
    for length in range(1, len(FILES[file_name])):
        try:
            rows = read_all(FILES[file_name][:length], file_name, columns=["a"])
        except FileRejected:
            continue
        assert len(rows) <= len(whole)
        if len(rows) > 1:
            assert rows[1:-1] == whole[1 : len(rows) - 1]

"""Files that this project did not write, each with the outcome that the set's INDEX.md asks for; the reading part."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from contacts.domain.errors import FileRejected
from contacts.tabular.open_table import open_table

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("CONTACTS_CORPUS") or REPOSITORY.parent / "shared" / "corpus")

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the third-party files are not at {CORPUS}")


def read(name: str, **options: str) -> list[list[str]]:
    """Header and rows of a file of the set."""
    path = CORPUS / name
    with path.open("rb") as file:
        table = open_table(
            file,
            size=path.stat().st_size,
            file_name=name,
            file_type=options.get("file_type"),
            columns=[],
            sheet=options.get("sheet"),
        )
        return [list(table.header), *table.rows()]


@pytest.mark.parametrize(
    "name",
    ["comma_in_quotes", "escaped_quotes", "newlines_crlf", "quotes_and_newlines", "utf8"],
)
def test_csv_spectrum_equals_its_oracle(name: str) -> None:
    # The set's CSV files have lost the CR of their CRLFs on the way; their oracles have not.
    oracle = json.loads((CORPUS / f"spectrum_{name}.json").read_text("utf-8").replace("\\r\\n", "\\n"))
    header, *rows = read(f"spectrum_{name}.csv")
    assert [dict(zip(header, row, strict=True)) for row in rows] == oracle


@pytest.mark.parametrize("name", ["comma_in_quotes", "escaped_quotes", "newlines_crlf", "quotes_and_newlines", "utf8"])
def test_json_spectrum(name: str) -> None:
    header, *rows = read(f"spectrum_{name}.json")
    assert [dict(zip(header, row, strict=True)) for row in rows] == json.loads(
        (CORPUS / f"spectrum_{name}.json").read_text("utf-8")
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("csvkit_test_utf8_bom.csv", [["foo", "bar", "baz"], ["1", "2", "3"], ["4", "5", "ʤ"]]),
        ("csvkit_test_utf16_little.csv", [["a", "b", "c"], ["1", "2", "3"], ["4", "5", "ʤ"]]),
        ("csvkit_test_latin1.csv", [["a", "b", "c"], ["1", "2", "3"], ["4", "5", "©"]]),
        ("csvkit_mac_newlines.csv", [["a", "b", "c"], ["1", "2", "3"], ["Once upon\ra time", "5", "6"]]),
        ("frictionless_leading-zeros.csv", [["value"], ["01"], ["002"], ["00003"]]),
        (
            "ghost_members-formula-like-values.csv",
            [
                ["email", "name", "note"],
                ["formula@example.com", "-5", "+44 123"],
                ["formula2@example.com", "=SUM(A1)", "@handle"],
            ],
        ),
        # A sheet without a heading, so its first row serves as one: the 1904 epoch is what matters.
        ("calamine_date_1904.xlsx", [["2021-01-01", "15"], ["2021-01-02", "16"], ["255:10:10", "17"]]),
        # Strict OOXML. The second row is wider than the first.
        ("poi_SampleSS.strict.xlsx", [["Test spreadsheet"], ["2nd row", "2nd row 2nd column"], ["This one is red"]]),
    ],
)
def test_read_as_it_is(name: str, expected: list[list[str]]) -> None:
    assert read(name) == expected


@pytest.mark.parametrize("name", ["notify_newline_windows.csv", "notify_tab_separated.tsv", "notify_excel_2007.xlsx"])
def test_three_contacts_with_their_phones(name: str) -> None:
    header, *rows = read(name)
    assert header == ["phone number", "name", "favourite colour", "fruit"]
    assert [row[0] for row in rows] == ["07739 468 050", "07527 125 974", "07512 058 823"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("poi_poc-xmlbomb.xlsx", "FILE_UNSAFE_XML"),
        ("poi_protected_passtika.xlsx", "FILE_PASSWORD_PROTECTED"),
        ("JSONTestSuite_n_structure_100000_opening_arrays.json", "FILE_NOT_JSON"),
        ("JSONTestSuite_n_number_NaN.json", "FILE_NOT_JSON"),
        ("blns.json", "FILE_NOT_JSON"),
    ],
)
def test_refused(name: str, code: str) -> None:
    with pytest.raises(FileRejected) as caught:
        read(name)
    assert caught.value.code == code


def test_naughty_strings_survive_as_values(tmp_path: Path) -> None:
    """The file itself is an array of strings, so they are put where a contact would have them."""
    strings = json.loads((CORPUS / "blns.json").read_text("utf-8"))
    assert len(strings) == 515
    path = tmp_path / "naughty.json"
    path.write_text(json.dumps([{"note": text} for text in strings]), "utf-8")
    with path.open("rb") as file:
        table = open_table(file, size=path.stat().st_size, file_name=path.name, file_type=None, columns=["note"])
        assert [row[0] for row in table.rows()] == strings

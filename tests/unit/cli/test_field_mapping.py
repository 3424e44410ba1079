"""Reading --map, and what is said where it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from contacts.domain.contact_fields import CUSTOM_FIELD_PREFIX, ID_TARGET, TEXT_FIELDS
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.field_mapping import TARGETS, missing_mapping, parse_mapping, read_csv_columns, suggest_mapping


@pytest.mark.parametrize(
    ("pairs", "mapping"),
    [
        ([], {}),
        (["E-mail=email"], {"E-mail": "email"}),
        (["a=b=email"], {"a=b": "email"}),
        (["=x=email"], {"=x": "email"}),
        ([" padded = email "], {"padded": "email"}),
        (["Id=id"], {"Id": "id"}),
        (["A=email", "B=customFields.zip code"], {"A": "email", "B": "customFields.zip code"}),
    ],
)
def test_pairs_are_split_at_the_last_sign(pairs: list[str], mapping: dict[str, str]) -> None:
    assert parse_mapping(pairs) == mapping


@pytest.mark.parametrize(
    "pair", ["Name=fistName", "E-mail=mail", "E-mail=Email", "Zip=customFields.", "Zip=customFields", "V=version"]
)
def test_a_target_that_is_none_is_refused_with_those_that_are(pair: str) -> None:
    with pytest.raises(CommandFailed) as refused:
        parse_mapping(["A=email", pair])
    assert refused.value.exit_code is ExitCode.USAGE
    assert f'"{pair.partition("=")[2]}"' in str(refused.value)
    assert TARGETS in str(refused.value)


def test_a_column_is_the_same_with_spaces_around_it() -> None:
    with pytest.raises(CommandFailed, match='the column "A" twice'):
        parse_mapping(["A=email", " A =phone"])


def test_the_targets_are_those_of_the_service() -> None:
    assert TARGETS.split() == [ID_TARGET, *TEXT_FIELDS, f"{CUSTOM_FIELD_PREFIX}<name>"]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (b"E-mail,Name\nx,y", ["E-mail", "Name"]),
        ("\ufeffE-mail;Näme\r\n".encode(), ["E-mail", "Näme"]),
        ("E-mail\tNäme\n".encode("utf-16"), ["E-mail", "Näme"]),
        ("E-mail|Näme\n".encode("cp1252"), ["E-mail", "Näme"]),
        (b'sep=;\r\nE-mail;"a,b,c"\r\n', ["E-mail", "a,b,c"]),
        (b'"two\nlines",b\n1,2\n', ["two\nlines", "b"]),
        (b"E-mail\n", ["E-mail"]),
        (b"", []),
        (b"PK\x03\x04 a workbook", []),
        (b'[{"email": "x"}]', []),
        (b"\x00\x01\x02", []),
        (("n" * 65_535 + "ä").encode(), ["n" * 65_535]),
    ],
)
def test_the_columns_of_a_csv_are_read_for_the_message(tmp_path: Path, content: bytes, columns: list[str]) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert read_csv_columns(path) == columns


def test_only_undoubted_names_are_suggested_and_a_target_once() -> None:
    columns = ["E-Mail Address", "email", "FIRST_NAME", "Surname", "Name", "Job title", "Mobile?"]
    assert suggest_mapping(columns) == {
        "E-Mail Address": "email",
        "FIRST_NAME": "firstName",
        "Surname": "lastName",
        "Job title": "title",
    }


def test_a_file_that_is_no_csv_still_gets_a_usable_message(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"PK\x03\x04")
    message = str(missing_mapping(path))
    assert "--map" in message
    assert "customFields.<name>" in message
    assert "book.xlsx has" not in message

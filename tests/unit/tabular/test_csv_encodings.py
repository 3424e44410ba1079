"""CSV and JSON: which encoding a file is in, and that no file is read in two."""

from __future__ import annotations

import codecs

import pytest

from contacts.tabular.file_type import HEAD_BYTES
from contacts.tabular.text_blocks import BLOCK_BYTES
from tests.unit.tabular.uploads import read_all, rejection

TEXT = "email,name\nzoë@example.com,Jürgen Œuvre — “ß”\nb@example.com,名前 🎉\n"
WESTERN = "email,name\nzoë@example.com,Jürgen Œuvre — “straße” €\n"
ROWS = [line.split(",") for line in TEXT.splitlines()]
PADDING = "p@example.com,Plain ASCII\n" * (BLOCK_BYTES // 20)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(TEXT.encode(), id="UTF-8"),
        pytest.param(codecs.BOM_UTF8 + TEXT.encode(), id="UTF-8 with mark"),
        pytest.param(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), id="UTF-16 LE"),
        pytest.param(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), id="UTF-16 BE"),
        pytest.param(TEXT.encode("utf-16-le"), id="UTF-16 LE without mark"),
        pytest.param(TEXT.encode("utf-16-be"), id="UTF-16 BE without mark"),
    ],
)
@pytest.mark.parametrize("at_most", [1, 2, 5, 1 << 20])
def test_unicode(data: bytes, at_most: int) -> None:
    assert read_all(data, at_most=at_most) == ROWS


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["Ā", "名前" * 40])
def test_utf16_without_mark_and_little_ascii(name: str, encoding: str) -> None:
    """U+0100 has its NUL on the other side; and ideographs have none."""
    text = f"email,name\nsomebody.or.other@example.com,{name}\n"
    assert read_all(text.encode(encoding))[1][1] == name


def test_nul_in_utf8_is_no_utf16() -> None:
    assert rejection(b"a,b\n1,\0\n").code == "FILE_NUL_CHARACTER"


@pytest.mark.parametrize("at_most", [1, 1 << 20])
@pytest.mark.parametrize("padding", ["", PADDING], ids=["at once", "after a block of ASCII"])
def test_windows_1252_where_utf8_is_impossible(padding: str, at_most: int) -> None:
    header, row = WESTERN.splitlines()
    data = f"{header}\n{padding}{row}\n".encode("cp1252")
    at_most = max(at_most, 1000) if padding else at_most
    rows = read_all(data, at_most=at_most)
    assert rows[0] == ["email", "name"]
    assert rows[-1] == row.split(",")
    assert not any("\ufffd" in cell for row in rows for cell in row)


@pytest.mark.parametrize("at_most", [1, 2, 3])
def test_letter_across_blocks(at_most: int) -> None:
    """The first letter beyond ASCII, four bytes long, behind what is looked at ahead, in pieces."""
    assert read_all(b"email,name\n" + b"x" * HEAD_BYTES + ",🎉\n".encode(), at_most=at_most)[1][1] == "🎉"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("a\né\n".encode() + b"\xe9\n", id="UTF-8, then Windows-1252"),
        pytest.param("a\né\n".encode() + PADDING.encode() + b"\xe9\n", id="the same, a block later"),
        pytest.param(b"a\n\xe9\n" + "é\n".encode(), id="Windows-1252, then UTF-8"),
        pytest.param(b"a\n\xe9\n" + PADDING.encode() + "é\n".encode(), id="the same, a block later"),
        pytest.param(codecs.BOM_UTF8 + b"a\n\xe9\n", id="a mark is a promise"),
        pytest.param(b"a\n\xe9\x81\n", id="a byte that Windows-1252 lacks"),
        pytest.param(codecs.BOM_UTF16_LE + "a\nb".encode("utf-16-le") + b"\0", id="half a UTF-16 character"),
        pytest.param(codecs.BOM_UTF16_LE + "a\n".encode("utf-16-le") + b"\0\xd8a\0", id="half a surrogate pair"),
        pytest.param("a\né".encode()[:-1] + b"\xc3\xa9\xc3", id="UTF-8 cut within a letter"),
        pytest.param(codecs.BOM_UTF32_LE + "a\nb\n".encode("utf-32-le"), id="UTF-32"),
    ],
)
@pytest.mark.parametrize("at_most", [2, 1 << 20])
def test_rejected(data: bytes, at_most: int) -> None:
    at_most = max(at_most, 1000) if len(data) > 1000 else at_most
    assert rejection(data, at_most=at_most).code == "FILE_ENCODING"


def test_mixture_across_blocks() -> None:
    """The two bytes of a UTF-8 letter, in a file known as Windows-1252, in two blocks."""
    data = b"a\n\xe9\n" + b"x" * HEAD_BYTES + "é\n".encode()
    assert rejection(data, at_most=1).code == "FILE_ENCODING"


def test_position_of_the_offending_byte() -> None:
    data = "a\né\n".encode() + b"bad: \xff\n"
    assert f"position {data.index(0xFF)} " in rejection(data).message


def test_message_holds_nothing_of_the_file() -> None:
    error = rejection("name\né".encode() + b"secret\xff\n")
    assert "secret" not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_json_has_no_windows_1252() -> None:
    assert rejection(b'[{"a": "\xe9"}]', "a.json").code == "FILE_ENCODING"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_json_in_unicode(encoding: str) -> None:
    assert read_all('[{"name": "Zoë 🎉"}]'.encode(encoding), "a.json") == [["name"], ["Zoë 🎉"]]

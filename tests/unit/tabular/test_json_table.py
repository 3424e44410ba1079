"""JSON: arrays of objects and JSON Lines, as text cells; and everything that is refused."""

from __future__ import annotations

import pytest

from contacts.domain.table import TableLimits
from contacts.tabular.json_values import MAX_DEPTH, MAX_NUMBER_CHARS
from contacts.tabular.text_blocks import BLOCK_BYTES, MAX_ROW_CHARS
from tests.unit.tabular.uploads import read_all, rejection


def cell(json_value: str) -> str:
    """What the value becomes as the one cell of a row."""
    return read_all(f'[{{"a": {json_value}}}]'.encode(), "a.json", columns=["a"])[1][0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"  as is "', "  as is "),
        ('""', ""),
        ("null", ""),
        ("true", "true"),
        ("false", "false"),
        ("1", "1"),
        ("-0", "-0"),
        ("1.50", "1.50"),
        ("1E+5", "1E+5"),
        ("1e308", "1e308"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("0.10000000000000000001", "0.10000000000000000001"),
        ("9" * MAX_NUMBER_CHARS, "9" * MAX_NUMBER_CHARS),
        ('"line\\nbreak"', "line\nbreak"),
        ('"\\ud83c\\udf89 \\u00e9"', "🎉 é"),
        ("[]", "[]"),
        ('[1.50, "x", null, true, ["é"], {"k": 1.0}]', '[1.50, "x", null, true, ["é"], {"k": 1.0}]'),
        ('{"b": 1.0, "c": {"d": "x"}}', '{"b": 1.0, "c": {"d": "x"}}'),
    ],
)
def test_values(value: str, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize("at_most", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        pytest.param('[{"a":"1"},{"a":"2"}]', [], [["a"], ["1"], ["2"]], id="array"),
        pytest.param(' [ {"a" : "1"} ,\n{"a":"2"}\n]\r\n ', [], [["a"], ["1"], ["2"]], id="blanks"),
        pytest.param('{"a":"1"}\n{"a":"2"}', [], [["a"], ["1"], ["2"]], id="lines"),
        pytest.param('{"a":"1"}\r\n\r\n{"a":"2"}\r\n', [], [["a"], ["1"], ["2"]], id="lines, CRLF and a blank one"),
        pytest.param('[{"b":"1","a":"2"}]', ["a", "z"], [["a", "z", "b"], ["2", "", "1"]], id="mapped columns first"),
        pytest.param('[{"a":"1"},{"b":"2"}]', ["a", "b"], [["a", "b"], ["1", ""], ["", "2"]], id="missing keys"),
        pytest.param('[{"a":"1"},{},{"a":"2"}]', [], [["a"], ["1"], [""], ["2"]], id="an empty object is a row"),
        pytest.param(
            '[{"e":"x","customFields":{"color":"red","n":{"m":1}}},{"customFields":{"color":null}}]',
            ["customFields.color"],
            [["customFields.color", "e", "customFields.n.m"], ["red", "x", "1"], ["", "", ""]],
            id="nested objects have dotted names",
        ),
        pytest.param("[]", ["a"], [["a"]], id="empty array"),
        pytest.param(
            '[{"E-mail ":"1"},{"E-mail":"2"},{"\\tE-mail":"3"}]',
            ["E-mail "],
            [["E-mail"], ["1"], ["2"], ["3"]],
            id="blanks around keys",
        ),
        pytest.param('[{" a":{"b ":"1"}}]', ["a.b"], [["a.b"], ["1"]], id="blanks around dotted names"),
        pytest.param(
            '[{" a ":{"b":1}}]', ["a"], [["a", "a .b"], ['{"b": 1}', "1"]], id="blanks around an object's key"
        ),
    ],
)
def test_tables(text: str, columns: list[str], expected: list[list[str]], at_most: int) -> None:
    assert read_all(text.encode(), "a.json", columns=columns, at_most=at_most) == expected


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        pytest.param('[{"a":NaN}]', "FILE_NOT_JSON", 1, id="NaN"),
        pytest.param('[{"a":1},{"a":-Infinity}]', "FILE_NOT_JSON", 2, id="Infinity"),
        pytest.param('[{"a":[Infinity]}]', "FILE_NOT_JSON", 1, id="Infinity in an array"),
        pytest.param('[{"a":1},{"a":1,"b":2,"a":3}]', "FILE_JSON_DUPLICATE_KEY", 2, id="key twice"),
        pytest.param('[{"a":{"b":1,"b":2}}]', "FILE_JSON_DUPLICATE_KEY", 1, id="key twice, deeper"),
        pytest.param('[{"a":"1"},{"a":"1"," a":"2"}]', "FILE_JSON_DUPLICATE_KEY", 2, id="key twice but for blanks"),
        pytest.param('[{"a":{"b":1},"a.b":2}]', "FILE_JSON_DUPLICATE_KEY", 1, id="name twice after flattening"),
        pytest.param('[{"a":' + "1" * (MAX_NUMBER_CHARS + 1) + "}]", "FILE_JSON_NUMBER_TOO_LONG", 1, id="huge integer"),
        pytest.param('[{"a":0.' + "1" * MAX_NUMBER_CHARS + "}]", "FILE_JSON_NUMBER_TOO_LONG", 1, id="huge fraction"),
        pytest.param('[{"a":1e308},{"a":-1e309}]', "FILE_JSON_NUMBER_TOO_LARGE", 2, id="huge exponent"),
        pytest.param('[{"a":1}, 2]', "FILE_NOT_JSON", 2, id="a number among objects"),
        pytest.param('[["a"]]', "FILE_NOT_JSON", 1, id="array of arrays"),
        pytest.param('[{"a":1},null]', "FILE_NOT_JSON", 2, id="null among objects"),
        pytest.param('[{"a":1},]', "FILE_NOT_JSON", 2, id="comma at the end"),
        pytest.param('[{"a":1} {"a":2}]', "FILE_NOT_JSON", 2, id="no comma"),
        pytest.param('[{"a":1}', "FILE_NOT_JSON", 2, id="cut after an object"),
        pytest.param('[{"a":1},', "FILE_NOT_JSON", 2, id="cut after a comma"),
        pytest.param('[{"a":1},{"a":"x', "FILE_NOT_JSON", 2, id="cut in a string"),
        pytest.param('[{"a":1},{"a"', "FILE_NOT_JSON", 2, id="cut in an object"),
        pytest.param("[", "FILE_NOT_JSON", 1, id="cut at once"),
        pytest.param('{"a":1}\n{"a":', "FILE_NOT_JSON", 2, id="lines cut"),
        pytest.param('[{"a":1}] x', "FILE_NOT_JSON", None, id="something after the array"),
        pytest.param('[{"a":1}][{"a":2}]', "FILE_NOT_JSON", None, id="two arrays"),
        pytest.param('{"a":1}{"a":2}', "FILE_NOT_JSON", 2, id="two objects on a line"),
        pytest.param('{"a":1}\n[2]', "FILE_NOT_JSON", 2, id="an array among lines"),
        pytest.param('{"a":\n1}', "FILE_NOT_JSON", 1, id="an object over lines"),
        pytest.param('{"contacts":[{"a":1}]}', "FILE_NOT_JSON", None, id="an array in an object"),
        pytest.param('"a"', "FILE_NOT_JSON", None, id="a string"),
        pytest.param("[{'a':1}]", "FILE_NOT_JSON", 1, id="single quotes"),
        pytest.param('[{"a":"x\ty"}]', "FILE_NOT_JSON", 1, id="control character in a string"),
        pytest.param('[{"a":01}]', "FILE_NOT_JSON", 1, id="leading zero"),
        pytest.param('[{"a":"\\ud800"}]', "FILE_NOT_JSON", 1, id="half a surrogate pair"),
        pytest.param('[{"\\udc00":1}]', "FILE_NOT_JSON", 1, id="half a surrogate pair in a key"),
        pytest.param('[{"a":["\\uDFFF"]}]', "FILE_NOT_JSON", 1, id="half a surrogate pair, deeper"),
    ],
)
@pytest.mark.parametrize("at_most", [3, 1 << 20])
def test_rejected(text: str, code: str, row: int | None, at_most: int) -> None:
    error = rejection(text.encode(), "a.json", file_type="json", columns=["a"], at_most=at_most)
    assert error.code == code
    assert row is None or f"Row {row}:" in error.message


def nested(levels: int, opening: str, closing: str) -> str:
    return "[" + opening * levels + "1" + closing * levels + "]"


@pytest.mark.parametrize("columns", [[], ["a"]])
def test_depth(columns: list[str]) -> None:
    fits, too_deep = (nested(levels, '{"a":', "}").encode() for levels in (MAX_DEPTH, MAX_DEPTH + 1))
    assert read_all(fits, "a.json", columns=columns)[1][-1] == "1"
    assert rejection(too_deep, "a.json", columns=columns).code == "FILE_JSON_TOO_DEEP"


@pytest.mark.parametrize("levels", [MAX_DEPTH, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_bottomless_nesting_is_no_recursion_error(opening: str, closing: str, levels: int) -> None:
    text = '[{"a": ' + opening * levels + "1" + closing * levels + "}]"
    assert rejection(text.encode(), "a.json").code == "FILE_JSON_TOO_DEEP"
    assert rejection(text[: len(text) // 2].encode(), "a.json").code in {"FILE_JSON_TOO_DEEP", "FILE_NOT_JSON"}


@pytest.mark.parametrize("size", [BLOCK_BYTES // 2, BLOCK_BYTES, 3 * BLOCK_BYTES])
def test_objects_across_blocks(size: int) -> None:
    values = [f"{n}" * size for n in range(4)]
    text = "[" + ",".join(f'{{"a":"{value}"}}' for value in values) + "]"
    rows = read_all(text.encode(), "a.json", limits=TableLimits(max_cell_chars=3 * BLOCK_BYTES))
    assert rows == [["a"], *([value] for value in values)]


@pytest.mark.parametrize(
    "block", ['"a rather long key of no use": "",', "x" * 100, "   "], ids=["keys", "a string", "blanks"]
)
def test_object_that_is_too_long(block: str) -> None:
    text = '[{"y":"' + ("" if block[0] == "x" else '",') + block * (MAX_ROW_CHARS // len(block) + BLOCK_BYTES)
    assert rejection(text.encode(), "a.json").code == "FILE_ROW_TOO_LONG"


def test_cell_that_is_too_long() -> None:
    error = rejection(b'[{"a":"12"},{"a":"123"}]', "a.json", limits=TableLimits(max_cell_chars=2))
    assert (error.code, error.field) == ("FILE_CELL_TOO_LONG", "max_cell_chars")
    assert "Row 2 " in error.message


def test_duplicate_key_is_named_apart_from_the_message() -> None:
    error = rejection(b'[{"name":1,"name":2}]', "a.json")
    assert (error.field, "name" in error.message) == ("name", False)


def test_message_holds_nothing_of_the_file() -> None:
    error = rejection(b'[{"a": "secret" oops}]', "a.json")
    assert "secret" not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__

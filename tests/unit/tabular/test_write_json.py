"""JSON and JSON Lines as they are written."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.tabular.write_json import write_json, write_jsonl
from tests.unit.tabular.uploads import read_all
from tests.unit.tabular.written_texts import naughty_strings, texts

HEADER = ["email", "name", "note"]
EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
ROWS: list[dict[str, Any]] = [
    {"email": "a@x.io", "tags": ["a", "b"], "customFields": {"plan": "pro", "seats": 5}},
    {"email": "b@x.io", "name": None},
    {},
]


def test_array() -> None:
    data = b"".join(write_json(iter(ROWS)))
    assert data == (
        b'[\n{"email":"a@x.io","tags":["a","b"],"customFields":{"plan":"pro","seats":5}},\n'
        b'{"email":"b@x.io","name":null},\n{}\n]\n'
    )
    assert json.loads(data) == ROWS


def test_lines() -> None:
    data = b"".join(write_jsonl(iter(ROWS)))
    assert [json.loads(line) for line in data.decode().split("\n")[:-1]] == ROWS
    assert data.endswith(b"\n")


def test_no_rows() -> None:
    assert json.loads(b"".join(write_json([]))) == []
    assert b"".join(write_jsonl([])) == b""


@pytest.mark.parametrize("writer", [write_json, write_jsonl])
def test_half_a_surrogate_pair(writer: Any) -> None:
    with pytest.raises(orjson.JSONEncodeError):
        list(writer([{"email": "\ud800"}]))


@EXAMPLES
@given(rows=st.lists(st.lists(texts, min_size=3, max_size=3), max_size=6), at_most=st.sampled_from([1, 5, 1 << 20]))
@pytest.mark.parametrize("writer", [write_json, write_jsonl])
def test_every_text_comes_back(writer: Any, rows: list[list[str]], at_most: int) -> None:
    objects = [dict(zip(HEADER, row, strict=True)) for row in rows]
    data = b"".join(writer(objects))
    if data:
        assert read_all(data, "a.json", columns=HEADER, at_most=at_most) == [HEADER, *rows]
    else:
        assert (writer, rows) == (write_jsonl, [])


@pytest.mark.parametrize("writer", [write_json, write_jsonl])
def test_naughty_strings(writer: Any) -> None:
    strings = naughty_strings()
    data = b"".join(writer({"email": text} for text in strings))
    assert read_all(data, "a.jsonl", columns=["email"]) == [["email"], *([text] for text in strings)]

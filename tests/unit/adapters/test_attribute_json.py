"""The JSON of attribute values is that which `json` makes of them, whatever stands in the texts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.adapters.dynamodb.attribute_json import texts_to_json, to_json

#: Quotes, commas and colons above all: what could look like the end of a text.
texts = st.lists(st.text(st.sampled_from('",:{}[]\\S ab\n\u2028é\U0001f600\ud800\0'), max_size=8), max_size=6)


@given(texts)
def test_texts(of: list[str]) -> None:
    assert json.loads(texts_to_json(of)) == [{"S": text} for text in of]


@pytest.mark.parametrize("of", [[","], ["", ",", ""], ['a",', "b"], ["a", '","'], ["\\", '"'], ['"},{"S":"']])
def test_texts_that_look_like_what_is_between_texts(of: list[str]) -> None:
    assert json.loads(texts_to_json(of)) == [{"S": text} for text in of]


@given(texts)
def test_values(of: list[str]) -> None:
    assert json.loads(to_json({"L": of})) == {"L": of}


def test_nothing_but_json_is_taken() -> None:
    with pytest.raises(TypeError):
        to_json(b"bytes")

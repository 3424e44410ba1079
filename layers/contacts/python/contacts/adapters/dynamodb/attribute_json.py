"""The JSON of attribute values, made without an object for each of them where it can be."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import orjson

_BETWEEN_TEXTS = b'"},{"S":"'


def to_json(value: Any) -> bytes:
    """Any JSON value. orjson refuses half surrogate pairs, which some texts have and DynamoDB answers for itself."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value).encode()


def texts_to_json(texts: Collection[str]) -> bytes:
    """The JSON of `[{"S": text}, ...]`.

    From that of `["...", ...]`, by one call for all: as long as nothing is escaped, the first quote after the one that
    begins a text ends it, so behind that first one what stands between two texts is found nowhere else.
    """
    try:
        body = orjson.dumps([*texts])
    except orjson.JSONEncodeError:
        body = b"\\"
    if not texts or b"\\" in body:
        return to_json([{"S": text} for text in texts])
    return b'[{"S":"%b}]' % body[2:-1].replace(b'","', _BETWEEN_TEXTS)

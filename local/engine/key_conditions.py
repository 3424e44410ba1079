"""Query: a plain key condition is read once, not anew for each item of the partition.

Without it a query for one contact takes half a second in a tenant of 20,000 on the engine, where DynamoDB takes
milliseconds, and the clean-up of contacts that have twins outlasts its worker.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

_SLOT = "KeyConditionExpression"
_plain = re.compile(r"\s*(\w+) = (:\w+)(?: AND begins_with\((\w+), (:\w+)\))?\s*").fullmatch
_Values = Mapping[str, Any]


def comparing_texts(original: Callable[..., bool]) -> Callable[..., bool]:
    """The engine's evaluation of conditions, which it still does itself for all but the product's two forms of key
    conditions on texts, and for the first item that meets one of these: so what DynamoDB refuses is refused."""
    sound: dict[str, re.Match[str]] = {}

    def evaluate(
        expression: str, item: _Values, values: _Values, names: _Values, slot: str = "ConditionExpression"
    ) -> bool:
        found = sound.get(expression) if slot == _SLOT else None
        if found is None:
            holds = original(expression, item, values, names, slot=slot)
            if slot == _SLOT and (plain := _plain(expression)):
                sound[expression] = plain
            return holds
        key, value, sort, prefix = found.groups()
        wanted, start = values[value], values[prefix] if prefix else {"S": ""}
        if "S" not in wanted or "S" not in start:
            return original(expression, item, values, names, slot=slot)
        return item.get(key) == wanted and (not sort or item.get(sort, {}).get("S", "").startswith(start["S"]))

    return evaluate

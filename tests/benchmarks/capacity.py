"""What DynamoDB charges, from the sizes of items, and list prices of what an import asks of AWS.

Sources: "Item sizes and formats", "Capacity unit consumption" and "Managing write throughput for a GSI" in the
DynamoDB developer guide. A write costs a unit for each KB of the larger of both images, a strongly consistent read one
for each 4 KB, an eventually consistent one half of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

Item = Mapping[str, Mapping[str, Any]]

#: On-demand list prices in US dollars, us-east-1 (N. Virginia), for the standard classes; the date is DynamoDB's.
PRICE_REGION = "us-east-1, list price since 2024-11-01"
PRICES = {
    "write unit": 0.625 / 1_000_000,
    "read unit": 0.125 / 1_000_000,
    "S3 PUT, POST or LIST": 0.005 / 1_000,
    "S3 GET or HEAD": 0.0004 / 1_000,
    "event": 1.00 / 1_000_000,
    "SQS request": 0.40 / 1_000_000,
    "Lambda GB-second (arm64)": 0.0000133334,
}
#: "At 1,769 MB, a function has the equivalent of one vCPU"; below that, time grows as memory shrinks.
_GIGABYTES_A_PROCESSOR = 1_769 / 1_024


def lambda_price(cpu_seconds: float) -> float:
    """Dollars for so much work of one processor like this machine's, no time spent waiting."""
    return cpu_seconds * _GIGABYTES_A_PROCESSOR * PRICES["Lambda GB-second (arm64)"]


def item_size(item: Item) -> int:
    """Bytes, names of attributes included."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def write_units(size: int) -> int:
    return max(1, ceil(size / 1_024))


def read_units(size: int, *, consistent: bool) -> float:
    return max(1, ceil(size / 4_096)) * (1 if consistent else 0.5)


@dataclass(frozen=True)
class Index:
    """A global secondary index: its key attributes, and what it holds beside them and the table's; None for all."""

    name: str
    keys: tuple[str, ...]
    projected: tuple[str, ...] | None

    @classmethod
    def from_template(cls, definition: Mapping[str, Any]) -> Index:
        projection = definition["Projection"]
        keys = tuple(part["AttributeName"] for part in definition["KeySchema"])
        everything = projection["ProjectionType"] == "ALL"
        return cls(definition["IndexName"], keys, None if everything else tuple(projection.get("NonKeyAttributes", ())))

    def write_units(self, before: Item | None, after: Item | None) -> int:
        """A changed key takes the old entry out and puts a new one in; an entry that stays the same costs nothing."""
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return 0
        if old is None or new is None:
            return write_units(item_size(old or new or {}))
        if any(old[key] != new[key] for key in self.keys):
            return write_units(item_size(old)) + write_units(item_size(new))
        return write_units(max(item_size(old), item_size(new)))

    def entry(self, item: Item | None) -> Item | None:
        """What the index holds of an item; None where the item lacks one of its keys."""
        if item is None or any(key not in item for key in self.keys):
            return None
        if self.projected is None:
            return item
        return {name: item[name] for name in ("pk", "sk", *self.keys, *self.projected) if name in item}


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            # About one byte for two significant digits, and one more.
            return ceil(len(content.strip("-").strip("0")) / 2) + 1
        case "B":
            return len(content) * 3 // 4 - content.count("=")
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _value_size(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(each) for name, each in content.items())
    raise NotImplementedError(f"attributes of type {kind}")

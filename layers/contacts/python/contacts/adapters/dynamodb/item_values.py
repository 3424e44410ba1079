"""Plain values as attributes of the jobs table, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]

_to_dynamodb = TypeSerializer().serialize
_from_dynamodb = TypeDeserializer().deserialize


def value_of(value: Any) -> dict[str, Any]:
    """A plain value as DynamoDB takes it."""
    return dict(_to_dynamodb(value))


def item_of(values: Mapping[str, Any]) -> Item:
    """Attributes of these values; None is left out."""
    return {name: value_of(value) for name, value in values.items() if value is not None}


def record_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `item_of`; numbers come as Decimal."""
    return {name: _from_dynamodb(value) for name, value in item.items()}

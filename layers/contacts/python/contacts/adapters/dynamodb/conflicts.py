"""Telling a refused condition from a conflict with somebody who writes the same item at the same moment.

Conflicts and throttling pass; a refused condition stays. botocore retries throttling of whole calls itself, for a
while, but neither a transaction's cancellation nor `TransactionConflictException`.
Source: "TransactWriteItems" and "Error handling with DynamoDB" in the DynamoDB developer guide.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

CONDITION_REFUSED = "ConditionalCheckFailed"

_PASSING_REASONS = frozenset({"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_PASSING_CODES = frozenset(
    {
        "TransactionConflictException",
        "TransactionInProgressException",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
    }
)


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def is_condition_refused(error: Exception) -> bool:
    """Whether a single write's condition, or one condition of a transaction, did not hold."""
    if not isinstance(error, ClientError):
        return False
    return code_of(error) == "ConditionalCheckFailedException" or CONDITION_REFUSED in cancellation_reasons(error)


def is_passing(error: Exception) -> bool:
    """Whether the same call can succeed in a moment, with nothing written so far."""
    if not isinstance(error, ClientError):
        return False
    reasons = cancellation_reasons(error)
    return code_of(error) in _PASSING_CODES or (bool(reasons) and set(reasons) <= _PASSING_REASONS)


def cancellation_reasons(error: ClientError) -> list[str]:
    """The codes of a cancelled transaction, one an item in the request's order, "None" for items not at fault."""
    if code_of(error) != "TransactionCanceledException":
        return []
    return [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]


def refused_item(error: ClientError) -> dict[str, Any]:
    """The item that a refused single write found, where it asked for ALL_OLD; empty where there is none."""
    item: dict[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
    return item

"""When a request may be sent again, and how long to wait before."""

from __future__ import annotations

from enum import Enum

from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.parsers import ResponseParserError

from contacts.adapters.backoff import Backoff

#: Answers that say: nothing happened, come back later. For requests, single statements and transactions alike.
BUSY_CODES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
#: Answers that leave it open whether the write happened.
LOST_CODES = frozenset({"InternalServerError", "InternalServerErrorException", "ServiceUnavailable"})

_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError)
_ANSWER_LOST = (HTTPClientError, IncompleteReadError, ChecksumError, ResponseParserError)


class Trouble(Enum):
    """What an error of a write request means."""

    BUSY = "busy"
    """Nothing happened: send it again after a pause."""
    LOST = "lost"
    """The answer is lost: it may have happened."""


def trouble_of(error: BotoCoreError | ClientError | ResponseParserError) -> Trouble | None:
    """What this error of a write request means; None for one that no second try can help."""
    if isinstance(error, ClientError):
        if error.response.get("Error", {}).get("Code") in BUSY_CODES:
            return Trouble.BUSY
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Trouble.LOST if status >= 500 else None
    if isinstance(error, _NEVER_SENT):
        return Trouble.BUSY
    return Trouble.LOST if isinstance(error, _ANSWER_LOST) else None


class StillBusyError(Exception):
    """The table was still throttling, or others still in the way, when the time for trying was over."""


class Patience:
    """The pauses of one call of the store, which together with its requests end at a deadline."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._deadline = backoff.monotonic() + backoff.deadline_seconds
        self._tries = 0

    def pause(self) -> None:
        """Wait before the next try, longer each time.

        Raises:
            StillBusyError: the deadline has passed.
        """
        if self._backoff.monotonic() >= self._deadline:
            raise StillBusyError("the table did not take all requests in time")
        self._backoff.sleep(self._backoff.pause(self._tries))
        self._tries += 1

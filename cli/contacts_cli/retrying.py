"""Sending a request until it is answered, or it is clear that it won't be."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

#: Answers that say "not now": sent again after a while.
RETRIED_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `attempts` sendings; waits (seconds) double from `first_wait` up to `longest_wait`, with full jitter."""

    attempts: int = 6
    first_wait: float = 0.25
    longest_wait: float = 10.0
    retry_refused_connections: bool = True
    """False for the local stack: nothing is listening, and nothing will be in a moment."""

    def wait(self, attempt: int) -> float:
        limit = min(self.longest_wait, self.first_wait * 2**attempt)
        return random.uniform(0, limit)  # noqa: S311 - spreads retries, hides nothing


def send_with_retries(
    client: httpx.Client, request: httpx.Request, *, policy: RetryPolicy, sleep: Callable[[float], None]
) -> httpx.Response:
    """Send `request`, which must be safe to send twice, again after lost connections and answers that say "not now".

    A Retry-After is waited for, up to `policy.longest_wait`; a longer one ends the retries and is handed back.
    Raises httpx.TransportError where the last attempt got no answer.
    """
    for attempt in range(policy.attempts):
        last = attempt == policy.attempts - 1
        try:
            response = client.send(request)
        except httpx.TransportError as error:
            if last or not _is_retried(error, policy):
                raise
            sleep(policy.wait(attempt))
            continue
        if last or response.status_code not in RETRIED_STATUSES:
            return response
        wait = retry_after(response)
        if wait is not None and wait > policy.longest_wait:
            return response
        sleep(policy.wait(attempt) if wait is None else wait)
    raise AssertionError("a policy has at least one attempt")


def _is_retried(error: httpx.TransportError, policy: RetryPolicy) -> bool:
    if isinstance(error, httpx.ConnectError):
        return policy.retry_refused_connections
    return isinstance(error, httpx.TimeoutException | httpx.NetworkError | httpx.RemoteProtocolError)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the Retry-After header asks for (RFC 9110, section 10.2.3), or None."""
    header = response.headers.get("Retry-After", "").strip()
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())

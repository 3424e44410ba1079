"""Which requests are sent again, and how long that waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from contacts_cli.retrying import RetryPolicy, retry_after, send_with_retries
from tests.unit.cli.fake_api import FakeApi


def _send(
    replies: list[httpx.Response | Exception], policy: RetryPolicy | None = None
) -> tuple[httpx.Response, list[float], int]:
    api, waits = FakeApi(replies=list(replies)), []
    with httpx.Client(transport=api) as client:
        request = client.build_request("GET", "https://files.example.com/x")
        response = send_with_retries(client, request, policy=policy or RetryPolicy(), sleep=waits.append)
    return response, waits, len(api.requests)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_not_now_is_asked_again(status: int) -> None:
    response, waits, sent = _send([httpx.Response(status)])
    assert (response.status_code, len(waits), sent) == (200, 1, 2)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 422, 500])
def test_what_asking_again_does_not_change_is_not_asked_again(status: int) -> None:
    response, waits, sent = _send([httpx.Response(status)])
    assert (response.status_code, waits, sent) == (status, [], 1)


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.WriteError("broken pipe"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("closed without an answer"),
    ],
)
def test_a_broken_connection_is_tried_again(trouble: Exception) -> None:
    assert _send([trouble])[2] == 2


def test_a_request_that_can_not_work_is_not_tried_again() -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        _send([httpx.UnsupportedProtocol("ftp")])


def test_it_ends_after_so_many_attempts() -> None:
    response, waits, sent = _send([httpx.Response(503)] * 9, RetryPolicy(attempts=4))
    assert (response.status_code, len(waits), sent) == (503, 3, 4)
    with pytest.raises(httpx.ReadError):
        _send([httpx.ReadError("reset")] * 9, RetryPolicy(attempts=4))


def test_waits_double_up_to_the_longest() -> None:
    policy = RetryPolicy(first_wait=1.0, longest_wait=3.0)
    most = [max(policy.wait(attempt) for _ in range(300)) for attempt in range(4)]
    assert all(limit * 0.8 < seen <= limit for seen, limit in zip(most, (1.0, 2.0, 3.0, 3.0), strict=True))


def test_retry_after_is_honoured_up_to_the_longest_wait() -> None:
    assert _send([httpx.Response(429, headers={"Retry-After": "7"})])[1] == [7.0]
    response, waits, sent = _send([httpx.Response(429, headers={"Retry-After": "3600"})])
    assert (response.status_code, waits, sent) == (429, [], 1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0.0), (" 12 ", 12.0), ("", None), ("soon", None), ("-1", None), ("1.5", None), ("²", None)],
)
def test_retry_after_in_seconds(header: str, seconds: float | None) -> None:
    response = httpx.Response(503, headers={"Retry-After": header.encode()})
    assert retry_after(response) == seconds


def test_retry_after_as_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=60)
    response = httpx.Response(503, headers={"Retry-After": format_datetime(later, usegmt=True)})
    assert retry_after(response) == pytest.approx(60, abs=5)
    past = httpx.Response(503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    assert retry_after(past) == 0.0

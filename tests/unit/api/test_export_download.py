"""Links to an export's file: when there is one, for how long, and who is on record for it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.api.api_client import Api
from tests.unit.api.exports import audit, clean_up, completed, download, failed, started


def test_a_link_for_five_minutes_under_a_name_that_says_what_it_is(api: Api) -> None:
    job = completed(api, format="xlsx", filters={"field": "email", "op": "exists"})
    api.clock.advance(hours=1)
    reply = download(api, job)
    assert reply.status == 200
    assert set(reply.json) == {"downloadUrl", "expiresAt"}
    assert reply.json["expiresAt"] == "2026-01-01T01:05:00.000Z"
    link = urlsplit(reply.json["downloadUrl"])
    assert link.path == f"/exports/a/{job}/attempt-0001/contacts.xlsx"
    assert parse_qs(link.query) == {"seconds": ["300"], "fileName": ["contacts-filtered-2026-01-01-0000.xlsx"]}


def test_not_ready_while_it_waits_and_runs(api: Api) -> None:
    job = started(api)
    for _ in range(2):
        reply = download(api, job)
        assert (reply.status, reply.error["code"]) == (400, "EXPORT_NOT_READY")
        api.exports.begin_attempt(job, api.clock())


def test_a_failed_one_has_none(api: Api) -> None:
    reply = download(api, failed(api))
    assert (reply.status, reply.error["code"]) == (400, "EXPORT_FAILED")


@pytest.mark.parametrize("make", [completed, failed])
def test_gone_from_expiry_until_the_clean_up_then_not_found(api: Api, make: Callable[[Api], str]) -> None:
    job = make(api)
    api.clock.advance(days=6, hours=23, minutes=59)
    assert download(api, job).status == (200 if make is completed else 400)
    api.clock.advance(minutes=1)
    reply = download(api, job)
    assert (reply.status, reply.error["code"]) == (410, "EXPORT_EXPIRED")
    clean_up(api)
    reply = download(api, job)
    assert (reply.status, reply.error["code"]) == (404, "JOB_NOT_FOUND")


def test_an_expired_one_is_gone_though_it_still_runs(api: Api) -> None:
    job = started(api)
    api.clock.advance(days=7)
    assert download(api, job).status == 410


def test_reading_writing_and_administrating_are_no_right_to_it(api: Api) -> None:
    reply = download(api, completed(api), scope="contacts:read contacts:write contacts:admin")
    assert (reply.status, reply.error["code"]) == (403, "SCOPE_MISSING")


def test_no_link_without_a_record_of_it(api: Api) -> None:
    job = completed(api)
    api.audit_log.put = lambda _: 1 / 0  # type: ignore[method-assign, assignment]
    reply = download(api, job)
    assert reply.status == 500
    assert "exports/" not in reply.text


def test_every_link_is_on_record_for_whom_it_was_made(api: Api) -> None:
    job = completed(api)
    for user in ("bob", "cleo", "bob"):
        api.clock.advance(seconds=1)
        assert download(api, job, user=user).status == 200
    records = [record for record in audit(api)["items"] if record["action"] == "download"]
    assert [record["user"] for record in records] == ["bob", "cleo", "bob"]


def test_a_link_that_was_refused_is_not_on_record(api: Api) -> None:
    download(api, started(api))
    download(api, failed(api))
    download(api, completed(api), tenant="b")
    for tenant in ("a", "b"):
        assert {record["action"] for record in audit(api, tenant=tenant)["items"]} <= {"export"}

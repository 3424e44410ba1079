"""Bulk jobs that a crash left behind, mended by the function that the clock starts."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.e2e import bulk_jobs as bulk
from tests.e2e.bulk_internals import REMOVED, Internals, hours_ago
from tests.e2e.http_client import Api


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


@pytest.fixture
def internals(stack: dict[str, Any]) -> Internals:
    return Internals(stack)


@pytest.fixture(scope="module")
def model(stack: dict[str, Any]) -> dict[str, Any]:
    """A job of two slices, to make others of."""
    return bulk.create(Api.of(stack, "a-user"), bulk.people(510, f"d{uuid.uuid4().hex}.example"))


@pytest.mark.parametrize("sendings", [0, 1])
def test_slices_that_were_never_sent_or_got_lost_are_sent_again(
    api: Api, internals: Internals, model: dict[str, Any], sendings: int
) -> None:
    left = internals.copy_as_if_never_worked_on(model["jobId"], sendings=sendings)
    internals.sweep()
    job = bulk.ended(api, bulk.CREATE, left)
    assert (job["status"], bulk.counts(job)) == ("COMPLETED", {"success": 510})


def test_slices_that_were_sent_too_often_are_closed_from_what_is_there(
    api: Api, internals: Internals, model: dict[str, Any]
) -> None:
    left = internals.copy_as_if_never_worked_on(model["jobId"], sendings=3)
    internals.sweep()
    job = bulk.ended(api, bulk.CREATE, left)
    assert (job["status"], bulk.counts(job)) == ("FAILED", {"failure": 510})
    assert {error["code"] for error in job["errors"]} == {"NOT_CREATED"}


def test_a_job_that_nobody_closed_after_its_last_slice_is_closed(
    api: Api, internals: Internals, model: dict[str, Any]
) -> None:
    internals.change_job(
        model["jobId"], status="PROCESSING", openKey="open", completedAt=REMOVED, changedAt=hours_ago(1)
    )
    internals.sweep()
    assert bulk.ended(api, bulk.CREATE, model["jobId"]) == model

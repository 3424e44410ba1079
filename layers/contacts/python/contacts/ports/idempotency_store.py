"""Idempotency keys and what stands behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyClaim:
    """What stands behind an Idempotency-Key: the body it came with, and the seed from which everything is named.

    Attributes:
        fingerprint: SHA-256 of route and body.
        tenant: whose key it is.
        job_id: the job that the operation makes or changes, known before there is one; None where it is about no job.
        seed: random, made by the first to claim the key; whoever comes second works with the same seed, and so makes
            the same things.
        answer: what was answered, None while the first is still at work or has died.
    """

    fingerprint: str
    seed: str
    tenant: str
    job_id: str | None = None
    answer: Mapping[str, Any] | None = None


class IdempotencyStore(Protocol):
    """Idempotency keys for 24 hours: from the claim, and on from the last change of the job that it is about, where
    the tenant has such a job (specification, "Current cache TTL for job state and idempotency mapping"). While that
    job has not ended, or is looked after by the sweeper otherwise, its key is kept however long that takes."""

    def claim(self, key: str, claim: IdempotencyClaim) -> IdempotencyClaim:
        """Claim `key`, or get the claim that stands there already; atomic."""
        ...

    def store_answer(self, key: str, answer: Mapping[str, Any]) -> None:
        """Keep the answer to a claim, unless there is one. One too large to be kept is not: then the operation runs
        again, and comes to the same."""
        ...

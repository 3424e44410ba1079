"""Answer a request that carries an Idempotency-Key: the same request, the same things made, the same answer.

Powertools' idempotency is not used here. It answers the second of two simultaneous requests with an error, and after a
crash it runs the operation again under fresh ids, so that one key can make two jobs. Here a key stands for a seed from
which the operation takes every name: it runs as often as it must and makes its things once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from contacts.domain.errors import IdempotencyKeyReused
from contacts.ports import IdempotencyClaim, IdempotencyStore


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: plain data, so that it can be kept."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """A request with an Idempotency-Key. Keys belong to a tenant, a user and a route."""

    tenant: str
    user: str
    route: str
    key: str
    body: Any
    """What was sent, path and query parameters included, as plain data: its formatting does not matter."""

    @property
    def claim_key(self) -> str:
        return _digest([self.tenant, self.user, self.route, self.key])

    @property
    def fingerprint(self) -> str:
        return _digest([self.route, self.body])


class DoOnce:
    def __init__(self, *, store: IdempotencyStore) -> None:
        self._store = store

    def __call__(
        self,
        request: KeyedRequest,
        fresh_seed: str,
        operation: Callable[[str], Answer],
        *,
        job_id: Callable[[str], str] | None = None,
    ) -> tuple[Answer, bool]:
        """Carry the operation out, unless its answer stands already; the answer, and whether it is such a replay.

        The operation takes a seed. Run again with the same seed it must find what it made before, and go on from
        there: it runs again where an earlier request with the key is still at work or died on the way.

        A refusal is not kept, because what stood against the request may be gone when it comes again. The key stays
        bound to its body all the same.

        `job_id` says which job the operation makes or changes with a seed: the key is kept for 24 hours from the last
        change of that job. It is asked before the operation runs, so that a crash in it loses nothing.

        Raises:
            IdempotencyKeyReused: the key came with another body, and is kept still.
        """
        claim = IdempotencyClaim(
            fingerprint=request.fingerprint,
            seed=fresh_seed,
            tenant=request.tenant,
            job_id=job_id(fresh_seed) if job_id else None,
        )
        standing = self._store.claim(request.claim_key, claim)
        if standing.fingerprint != claim.fingerprint:
            raise IdempotencyKeyReused(
                "this Idempotency-Key was used with another request; choose a new one", field="Idempotency-Key"
            )
        if standing.answer is not None:
            return Answer(**standing.answer), True
        answer = operation(standing.seed)
        self._store.store_answer(
            request.claim_key, {"status": answer.status, "body": answer.body, "headers": answer.headers}
        )
        return answer, False


def _digest(parts: Any) -> str:
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()

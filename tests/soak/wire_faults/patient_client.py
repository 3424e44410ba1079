"""A client as a good one is: sends again what had no good answer, under the same key, and looks what came of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.http_client import Api, send_form
from tests.soak.wire_faults.ledger import KeyedAnswer, Ledger

_TRIES = 60
_OPEN = {"pending", "processing", "QUEUED", "PROCESSING"}


class GaveUp(Exception):
    """A request had no good answer though it was sent again and again, or a job did not end."""


@dataclass(frozen=True)
class PatientClient:
    """One user of one tenant."""

    tenant: str
    api: Api
    ledger: Ledger
    patience_seconds: float

    def send(self, method: str, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        """The first answer below 500.

        Raises:
            GaveUp: there is none.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        for attempt in range(_TRIES):
            try:
                answer = self.api.client.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                pass
            else:
                if answer.status_code < 500:
                    return answer
            time.sleep(min(0.05 * 2**attempt, 2))
        self.ledger.unanswered.append(f"{self.tenant} {method} {path}")
        raise GaveUp(f"{method} {path}")

    def post(self, path: str, body: Any, thing: str, *, twice: bool = False) -> dict[str, Any]:
        """What a POST under a fresh key answers; the ledger notes which `thing` (a field of the answer) it led to.

        With `twice` it is sent once more though it was answered, as a client does that died before it noted it.
        """
        key = uuid.uuid4().hex
        for _ in range(1 + twice):
            answer = self.send("POST", path, body, key)
            if answer.status_code not in {201, 202}:
                raise AssertionError(f"POST {path}: {answer.status_code} {answer.text[:300]}")
            self.ledger.answers.append(KeyedAnswer(self.tenant, key, str(answer.json()[thing])))
        return dict(answer.json())

    def get(self, path: str) -> dict[str, Any]:
        answer = self.send("GET", path)
        if answer.status_code != 200:
            raise AssertionError(f"GET {path}: {answer.status_code} {answer.text[:300]}")
        return dict(answer.json())

    def upload(self, name: str, content: bytes) -> str:
        """A file's `fileUrl`, once it is there."""
        made = self.post("/api/contacts/import/upload", {"fileName": name}, "fileUrl")
        stored = send_form(made["upload"], name, content)
        assert stored.status_code in {200, 201, 204}, stored.text
        return str(made["fileUrl"])

    def ended(self, path: str) -> dict[str, Any]:
        """A job once it has ended, whatever its end."""
        return self.wait(path, lambda job: job["status"] not in _OPEN)

    def rollback_ended(self, job_id: str) -> dict[str, Any]:
        """An import once its latest rollback has ended."""
        return self.wait(f"/api/contacts/import/{job_id}", lambda job: job["rollback"]["status"] != "running")

    def wait(self, path: str, is_over: Any) -> dict[str, Any]:
        deadline = time.monotonic() + self.patience_seconds
        while not is_over(job := self.get(path)):
            if time.monotonic() > deadline:
                self.ledger.unanswered.append(f"{self.tenant} waited for {path}: {job['status']}")
                raise GaveUp(f"{path} does not end")
            time.sleep(0.25)
        return job

    def pages(self, path: str) -> list[dict[str, Any]]:
        """All items of a list."""
        found, cursor = [], ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            found += page["items"]
            if not page["nextCursor"]:
                return found
            cursor = f"&cursor={page['nextCursor']}"

    def edit(self, contact_id: str, changes: Mapping[str, Any]) -> None:
        answer = self.send("PATCH", f"/api/contacts/{contact_id}", dict(changes))
        if answer.status_code != 200:
            raise AssertionError(f"PATCH: {answer.status_code} {answer.text[:300]}")

    def delete(self, contact_id: str) -> None:
        answer = self.send("DELETE", f"/api/contacts/{contact_id}")
        # A second try finds that the first one did it.
        if answer.status_code not in {204, 404}:
            raise AssertionError(f"DELETE: {answer.status_code} {answer.text[:300]}")

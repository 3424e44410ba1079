"""A small stand-in for the API and its storage, behind an httpx transport."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

API = "https://api.example.com"
STORAGE = "https://files.example.com"
TOKEN = "token-of-user-1"
MAX_BYTES = 10_000_000
DOWNLOADED = b"row,code\r\n2,X\r\n"


def job(job_id: str = "job-1", **changes: Any) -> dict[str, Any]:
    """An import job as the API answers it."""
    return {
        "jobId": job_id,
        "fileName": "people.csv",
        "status": "completed",
        "totalRows": 3,
        "processedRows": 3,
        "importedCount": 2,
        "createdCount": 2,
        "updatedCount": 0,
        "skippedCount": 1,
        "errorCount": 1,
        "errors": [{"row": 2, "field": "email", "value": "nope", "code": "EMAIL_INVALID", "error": "No e-mail."}],
        "startedAt": "2026-01-02T03:04:05Z",
        "completedAt": "2026-01-02T03:04:07Z",
        "createdAt": "2026-01-02T03:04:04Z",
        **changes,
    }


def rollback(**changes: Any) -> dict[str, Any]:
    """The `rollback` of a job."""
    return {
        "status": "completed",
        "dryRun": False,
        "onConflict": "keep",
        "processed": 2,
        "deleted": 2,
        "restored": 0,
        "kept": 0,
        "unchanged": 0,
        "errors": 0,
        "startedAt": "2026-01-02T03:05:00Z",
        "endedAt": "2026-01-02T03:05:02Z",
        **changes,
    }


def export(job_id: str = "job-1", **changes: Any) -> dict[str, Any]:
    """An export job as the API answers it, as far as the command line looks; its file is `DOWNLOADED`."""
    return {
        "jobId": job_id,
        "exportType": "full",
        "fileFormat": "csv",
        "status": "completed",
        "totalContacts": 1_234,
        "processedContacts": 1_234,
        "fileSize": len(DOWNLOADED),
        "sha256": hashlib.sha256(DOWNLOADED).hexdigest(),
        "error": None,
        "startedAt": "2026-01-02T03:04:05Z",
        "completedAt": "2026-01-02T03:04:07Z",
        "createdAt": "2026-01-02T03:04:04Z",
        "expiresAt": "2026-01-09T03:04:04Z",
        **changes,
    }


#: Longer than a line of the console: it must never be cut.
TRACKING_KEY = "bcc:j:0b0f3a52-7a67-4b5c-9d33-0c1f5d7c9a10:s:ios-simulator:r:run-2026-01-31"


def bulk_create_job(**changes: Any) -> dict[str, Any]:
    """A bulk create job as the API answers it."""
    return {
        "jobId": "job-1",
        "trackingKey": TRACKING_KEY,
        "clientSource": "ios",
        "clientReferenceId": "run 7",
        "status": "COMPLETED",
        "totalCount": 3,
        "processedCount": 3,
        "successCount": 2,
        "failureCount": 0,
        "skippedCount": 1,
        "contactIds": ["c1", "c2"],
        "errors": [],
        **changes,
    }


def bulk_delete_job(**changes: Any) -> dict[str, Any]:
    """A bulk delete job as the API answers it."""
    return {
        "jobId": "job-1",
        "bulkCreateJobId": "job-0",
        "trackingKey": TRACKING_KEY,
        "dryRun": False,
        "status": "COMPLETED",
        "totalCount": 3,
        "processedCount": 3,
        "deletedCount": 3,
        "notFoundCount": 0,
        "forbiddenCount": 0,
        "failedCount": 0,
        "candidateContactIds": ["c1", "c2", "c3"],
        "deletedContactIds": ["c1", "c2", "c3"],
        "errors": [],
        **changes,
    }


def error(status: int, code: str, message: str, **more: Any) -> httpx.Response:
    """A refusal in the API's one shape."""
    return httpx.Response(status, json={"error": {"code": code, "message": message, **more}})


_JOBS: dict[str, Callable[[], dict[str, Any]]] = {
    "import": job,
    "bulk-create": bulk_create_job,
    "bulk-delete": bulk_delete_job,
    "export": export,
}
Reply = httpx.Response | Exception | Callable[[], httpx.Response]


@dataclass
class FakeApi(httpx.BaseTransport):
    """Answers like the API. `replies` come first, in order; an exception is a connection that breaks *after* the
    request was served, so that its answer is lost.
    """

    replies: list[Reply] = field(default_factory=list)
    polls: list[httpx.Response] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    chunk_sizes: list[int] = field(default_factory=list)
    started: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Idempotency-Key -> body of the job it started."""
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    """What the rollback, or the clean-up, did with each contact."""
    kind: str | None = None
    """The kind that all jobs are of, None for that of the route."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        chunks = list(request.stream)
        self.requests.append(request)
        self.chunk_sizes += [len(chunk) for chunk in chunks]
        self.bodies.append(b"".join(chunks))
        served = self._serve(request, self.bodies[-1])
        if self.replies:
            reply = self.replies.pop(0)
            if isinstance(reply, Exception):
                raise reply
            return reply() if callable(reply) else reply
        return served

    def sent(self, method: str, path: str) -> list[httpx.Request]:
        """The requests to one path of the API or of storage."""
        return [r for r in self.requests if r.method == method and r.url.path == path]

    def _serve(self, request: httpx.Request, body: bytes) -> httpx.Response:
        if request.url.host == "files.example.com":
            return httpx.Response(204) if request.method == "POST" else httpx.Response(200, content=DOWNLOADED)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return httpx.Response(401, json={"message": "Unauthorized"})
        return self._post(request, body) if request.method == "POST" else self._get(request)

    def _post(self, request: httpx.Request, body: bytes) -> httpx.Response:
        if request.url.path == "/api/contacts/import/upload":
            upload = {"url": f"{STORAGE}/bucket", "fields": {"key": "uploads/a/1", "policy": "p"}}
            answer = {"fileUrl": "https://bucket/uploads/a/1", "upload": upload, "maxBytes": MAX_BYTES}
            return httpx.Response(201, json=answer)
        key = request.headers["Idempotency-Key"]
        self.started.setdefault(key, json.loads(body))
        if request.url.path == "/api/collections":
            return httpx.Response(201, json={"id": "collection-1", **json.loads(body)})
        if request.url.path.endswith("/rollback"):
            return httpx.Response(202, json={"success": True, "jobId": "job-1", "status": "rolling_back"})
        if "/bulk-" in request.url.path:
            made = bulk_create_job() if request.url.path.endswith("/bulk-create") else bulk_delete_job()
            lists = {"contactIds", "candidateContactIds", "deletedContactIds", "errors"}
            start = {name: value for name, value in made.items() if name not in lists} | {"status": "QUEUED"}
            return httpx.Response(202, json=start)
        return httpx.Response(202, json={"jobId": f"job-{list(self.started).index(key) + 1}", "status": "pending"})

    def _get(self, request: httpx.Request) -> httpx.Response:
        if self.kind not in (None, "import") and request.url.path.startswith("/api/contacts/import/"):
            return error(404, "JOB_NOT_FOUND", "There is no such job.")
        if request.url.path.endswith("/download"):
            return httpx.Response(200, json={"downloadUrl": f"{STORAGE}/signed?secret=1"})
        shown = re.fullmatch(r"/api/contacts/(import|bulk-create|bulk-delete|export)/[^/]+", request.url.path)
        if shown is None:
            return self._page(request)
        if self.kind not in (None, shown[1]):
            return error(404, "JOB_NOT_FOUND", "There is no such job.")
        return self.polls.pop(0) if self.polls else httpx.Response(200, json=_JOBS[shown[1]]())

    def _page(self, request: httpx.Request) -> httpx.Response:
        """Five items in pages of at most two; what a rollback or a clean-up did in pages of ten."""
        first = int(request.url.params.get("cursor", "0"))
        if request.url.path.endswith(("/rollback", "/items")):
            end = first + 10
            next_cursor = str(end) if end < len(self.outcomes) else None
            return httpx.Response(200, json={"items": self.outcomes[first:end], "nextCursor": next_cursor})
        end = first + min(2, int(request.url.params.get("limit", "2")))
        make: Callable[[int], dict[str, Any]] = (
            (lambda n: job(f"job-{n}"))
            if request.url.path.endswith("/api/jobs")
            else (lambda n: {"id": f"collection-{n}", "name": f"Fair {n}"})
            if request.url.path.endswith("/api/collections")
            else (lambda n: job()["errors"][0] | {"row": n})
        )
        items = [make(number) for number in range(first, min(end, 5))]
        return httpx.Response(200, json={"items": items, "nextCursor": str(end) if end < 5 else None})


def multipart_parts(body: bytes, content_type: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of each part, in order."""
    boundary = content_type.partition("boundary=")[2].encode()
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        assert name is not None
        yield name[1].decode(), content.removesuffix(b"\r\n")

"""Drives the API functions with API Gateway events (HTTP API, payload 2.0) against in-memory ports."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from contacts.runtime.bulk_steps import bulk_workers
from contacts.runtime.settings import Settings
from contacts.runtime.wiring import Wiring
from tests.support.fake_clock import FakeClock
from tests.support.memory_audit_log import MemoryAuditLog
from tests.support.memory_bulk_job_store import MemoryBulkJobStore
from tests.support.memory_closing_tries import MemoryClosingTriesStore
from tests.support.memory_collection_store import MemoryCollectionStore
from tests.support.memory_contact_outbox import MemoryContactOutbox
from tests.support.memory_contact_store import MemoryContactStore
from tests.support.memory_events import MemoryEvents
from tests.support.memory_export_job_store import MemoryExportJobStore
from tests.support.memory_files import MemoryFiles
from tests.support.memory_idempotency_store import MemoryIdempotencyStore
from tests.support.memory_job_store import MemoryJobStore
from tests.support.memory_jobs_table import MemoryJobsTable
from tests.support.memory_links import MemoryLinks
from tests.support.memory_runner import MemoryRunner
from tests.support.memory_segment_store import MemorySegmentStore
from tests.support.memory_slice_queue import MemorySliceQueue

ROOT = Path(__file__).resolve().parents[3]
MAX_FILE_BYTES = 1_000
READ_AND_WRITE = "contacts:read contacts:write"

#: Which function template.yaml gives each route to; test_openapi.py compares them with the template.
ROUTES = {
    "POST /api/contacts/import/upload": "imports_api",
    "POST /api/contacts/import": "imports_api",
    "GET /api/contacts/import/{jobId}": "imports_api",
    "GET /api/contacts/import/{jobId}/errors": "imports_api",
    "GET /api/contacts/import/{jobId}/errors/download": "imports_api",
    "GET /api/contacts/import/{jobId}/results/download": "imports_api",
    "POST /api/contacts/import/{jobId}/rollback": "rollback_api",
    "GET /api/contacts/import/{jobId}/rollback": "rollback_api",
    "GET /api/contacts/import/{jobId}/rollback/download": "rollback_api",
    "POST /api/contacts/bulk-create": "bulk_create_api",
    "GET /api/contacts/bulk-create/{jobId}": "bulk_create_api",
    "GET /api/contacts/bulk-create/{jobId}/items": "bulk_create_api",
    "POST /api/contacts/bulk-create/{jobId}/collection": "bulk_create_api",
    "POST /api/contacts/bulk-delete": "bulk_delete_api",
    "GET /api/contacts/bulk-delete/{jobId}": "bulk_delete_api",
    "GET /api/contacts/bulk-delete/{jobId}/items": "bulk_delete_api",
    "POST /api/collections": "collections_api",
    "GET /api/collections": "collections_api",
    "GET /api/collections/{id}": "collections_api",
    "GET /api/collections/{id}/items": "collections_api",
    "PUT /api/collections/{id}/editors": "collections_api",
    "POST /api/contacts/export": "exports_api",
    "GET /api/contacts/export/audit": "exports_api",
    "GET /api/contacts/export/{jobId}": "exports_api",
    "GET /api/contacts/export/{jobId}/download": "exports_api",
    "POST /api/contacts": "contacts_api",
    "GET /api/contacts": "contacts_api",
    "GET /api/contacts/{id}": "contacts_api",
    "PATCH /api/contacts/{id}": "contacts_api",
    "DELETE /api/contacts/{id}": "contacts_api",
    "GET /api/segments": "contacts_api",
    "GET /api/segments/{id}": "contacts_api",
    "GET /api/jobs": "jobs_api",
}


@cache
def load_function(name: str) -> ModuleType:
    """The module of a function's handler, once for all tests."""
    spec = importlib.util.spec_from_file_location(f"{name}_handler_under_test", ROOT / f"functions/{name}/handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        assert list(self.json) == ["error"]
        return self.json["error"]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


def lambda_context() -> SimpleNamespace:
    return SimpleNamespace(
        function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn:aws:lambda:x", aws_request_id="lambda-1"
    )


@dataclass
class Api:
    """The API of one test. Its ports are there to be filled and looked into."""

    clock: FakeClock = field(default_factory=FakeClock)
    environment: dict[str, str] = field(
        default_factory=lambda: {
            "MAX_FILE_BYTES": str(MAX_FILE_BYTES),
            "ROLLBACK_DAYS": "30",
            "TENANT_SLICES_IN_FLIGHT": "2",
        }
    )

    def __post_init__(self) -> None:
        self.contacts = MemoryContactStore()
        table = MemoryJobsTable(clock=self.clock)
        self.jobs = MemoryJobStore(table=table)
        self.bulk_jobs = MemoryBulkJobStore(table=table)
        self.exports = MemoryExportJobStore(table=table)
        self.audit_log = MemoryAuditLog(clock=self.clock)
        self.slice_queue = MemorySliceQueue()
        self.closing_tries = MemoryClosingTriesStore()
        self.collections = MemoryCollectionStore()
        self.events = MemoryEvents()
        self.outbox = MemoryContactOutbox(clock=self.clock)
        self.segments = MemorySegmentStore()
        self.idempotency = MemoryIdempotencyStore(clock=self.clock, table=table)
        self.files = MemoryFiles()
        self.links = MemoryLinks(clock=self.clock)
        self.runner = MemoryRunner()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: str | bytes | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        tenant: str = "a",
        user: str = "ada",
        scope: Any = READ_AND_WRITE,
        claims: Mapping[str, Any] | None = None,
    ) -> Reply:
        """One request.

        `raw` is a body as it stands; bytes travel as base64, as they do where the content type is no text. `claims`
        replaces all that `tenant`, `user` and `scope` would put into the token.
        """
        text = json.dumps(body) if raw is None and body is not None else raw
        token = claims if claims is not None else {"custom:tenant_id": tenant, "sub": user, "scope": scope}
        route = next((route for route in ROUTES if _fits(route, method, path)), f"{method} {path}")
        strings = {name: str(value) for name, value in (query or {}).items()}
        event = {
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": urlencode(strings),
            "queryStringParameters": strings or None,
            "headers": {"content-type": "application/json", **{k.lower(): v for k, v in (headers or {}).items()}},
            "requestContext": {
                "authorizer": {"jwt": {"claims": dict(token), "scopes": None}},
                "http": {"method": method, "path": path},
                "requestId": "request-1",
                "stage": "$default",
            },
            "body": base64.b64encode(text).decode() if isinstance(text, bytes) else text,
            "isBase64Encoded": isinstance(text, bytes),
        }
        module = load_function(ROUTES.get(route, "contacts_api"))
        module.api.wiring = self.wiring()
        answer = module.handler(event, lambda_context())
        assert answer["isBase64Encoded"] is False
        return Reply(answer["statusCode"], answer.get("headers", {}), answer["body"])

    def wiring(self) -> Wiring:
        return Wiring(
            Settings(self.environment),
            clock=self.clock,
            contacts=self.contacts,
            jobs=self.jobs,
            bulk_jobs=self.bulk_jobs,
            exports=self.exports,
            audit_log=self.audit_log,
            export_runner=self.runner,
            slice_queue=self.slice_queue,
            closing_tries=self.closing_tries,
            collections=self.collections,
            events=self.events,
            outbox=self.outbox,
            segments=self.segments,
            idempotency=self.idempotency,
            files=self.files,
            links=self.links,
            runner=self.runner,
        )

    def uploaded(self, content: bytes = b"email\nada@example.com\n", *, tenant: str = "a") -> str:
        """The address of a file that was uploaded as the API says."""
        answer = self.send("POST", "/api/contacts/import/upload", {"fileName": "people.csv"}, tenant=tenant).json
        self.files.put(answer["upload"]["fields"]["key"], content)
        return str(answer["fileUrl"])

    def import_body(self, **changes: Any) -> dict[str, Any]:
        body = {"fileName": "people.csv", "fileUrl": changes.pop("fileUrl", None) or self.uploaded()}
        return {**body, "fieldMapping": {"E-mail": "email"}, "options": {}, **changes}

    def started(self, **options: Any) -> str:
        """The id of an import that has just been accepted."""
        return str(self.send("POST", "/api/contacts/import", self.import_body(options=options)).json["jobId"])

    def work(self, slices: int | None = None) -> None:
        """Let the workers carry out so many slices of bulk jobs, None for all."""
        workers = bulk_workers(self.wiring(), self.on_error)
        while self.slice_queue.messages and slices != 0:
            kind, job_id, slice_ = self.slice_queue.messages.pop(0)
            workers[kind](job_id, slice_)
            slices = None if slices is None else slices - 1

    def close(self, job_id: str, slice_: int = 0) -> None:
        """Give a slice up that no worker could end, as the consumer of the dead letters does."""
        for worker in bulk_workers(self.wiring(), self.on_error).values():
            worker.close(job_id, slice_)

    def on_error(self, job_id: str, error: Exception) -> None:
        """Workers tell of trouble that a job ends in spite of; here no job may have any."""
        raise AssertionError(job_id) from error

    def created(self, tenant: str = "a", **fields: Any) -> dict[str, Any]:
        """A contact, as it was answered when it was made."""
        reply = self.send("POST", "/api/contacts", fields, tenant=tenant, query={"allowDuplicate": "true"})
        assert reply.status == 201, reply.text
        answer: dict[str, Any] = reply.json
        return answer

    def all_items(self, path: str, **query: Any) -> list[Any]:
        """The items of all pages of a list."""
        items: list[Any] = []
        while True:
            page = self.send("GET", path, query=query).json
            items += page["items"]
            if page["nextCursor"] is None:
                return items
            query["cursor"] = page["nextCursor"]


def _fits(route: str, method: str, path: str) -> bool:
    verb, _, template = route.partition(" ")
    return verb == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path) is not None

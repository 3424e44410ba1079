"""Exports over HTTP, as the tests of this folder start, write and read them."""

from __future__ import annotations

from typing import Any

from contacts.domain.errors import Problem
from contacts.runtime import export_use_cases as use_cases
from contacts.runtime.exporting import write_export
from tests.unit.api.api_client import Api, Reply

EXPORTS = "/api/contacts/export"
AUDIT = f"{EXPORTS}/audit"
EXPORTER = "contacts:export"
READER = "contacts:read"
ADMIN = "contacts:admin"


def start(api: Api, headers: dict[str, str] | None = None, **body: Any) -> Reply:
    """The answer to a start; CSV if `format` is not given. Who asks may do nothing but export."""
    return api.send("POST", EXPORTS, {"format": "csv", **body}, headers=headers, scope=EXPORTER)


def started(api: Api, **body: Any) -> str:
    """The id of an export that has just been accepted."""
    reply = start(api, **body)
    assert reply.status == 202, reply.text
    return str(reply.json["jobId"])


def completed(api: Api, **body: Any) -> str:
    """The id of an export whose file is written."""
    job = started(api, **body)
    assert write_export(api.wiring())(job)
    return job


def failed(api: Api) -> str:
    """The id of an export that ended without a file."""
    job = started(api)
    assert api.exports.fail_export(job, Problem("SEGMENT_NOT_FOUND", "there is no segment of this id"), api.clock())
    return job


def show(api: Api, job: str) -> Reply:
    return api.send("GET", f"{EXPORTS}/{job}", scope=READER)


def download(api: Api, job: str, **sending: Any) -> Reply:
    return api.send("GET", f"{EXPORTS}/{job}/download", **{"scope": EXPORTER, **sending})


def audit(api: Api, **sending: Any) -> Any:
    """A page of the audit records."""
    reply = api.send("GET", AUDIT, **{"scope": ADMIN, **sending})
    assert reply.status == 200, reply.text
    return reply.json


def clean_up(api: Api) -> None:
    """The daily clean-up, at the time that the clock shows."""
    report = use_cases.clean_up_exports(api.wiring(), api.on_error)()
    assert report.failed == []

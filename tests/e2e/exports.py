"""Exports as a client drives them, over HTTP, and their files as other people's programs read them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pandas
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from tests.e2e.http_client import PATIENCE_SECONDS, Api, fetch

EXPORTS = "/api/contacts/export"
OPEN = {"pending", "processing"}
FORMATS = ("csv", "xlsx", "json", "jsonl")


@dataclass(frozen=True)
class Exported:
    """A completed export and its file, downloaded."""

    job: dict[str, Any]
    content: bytes
    headers: Mapping[str, str]


def start(api: Api, **body: Any) -> str:
    """Start an export that is accepted; its job's id."""
    answer = api.post(EXPORTS, body)
    assert answer.status_code == 202, answer.text
    job_id = str(answer.json()["jobId"])
    assert answer.json() == {"jobId": job_id, "status": "pending"}
    assert answer.headers["location"] == f"{EXPORTS}/{job_id}"
    return job_id


def show(api: Api, job_id: str) -> dict[str, Any]:
    """The job as it stands; while it runs it says when to ask again."""
    answer = api.get(f"{EXPORTS}/{job_id}")
    assert answer.status_code == 200, answer.text
    job = dict(answer.json())
    assert ("retry-after" in answer.headers) == (job["status"] in OPEN)
    return job


def ended(api: Api, job_id: str) -> dict[str, Any]:
    """The job once it has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (job := show(api, job_id))["status"] in OPEN:
        assert time.monotonic() < deadline, f"still {job['status']}: {job['processedContacts']} contacts"
        time.sleep(0.05)
    return job


def link(api: Api, job_id: str) -> httpx.Response:
    return api.get(f"{EXPORTS}/{job_id}/download")


def follow(answer: httpx.Response) -> httpx.Response:
    """What is behind a link, as somebody gets it who has the link and no token."""
    assert answer.status_code == 200, answer.text
    return fetch(answer.json()["downloadUrl"])


def export(api: Api, **body: Any) -> Exported:
    """Run an export that completes, and download its file."""
    job = ended(api, start(api, **body))
    assert (job["status"], job["error"]) == ("completed", None), job
    return download(api, job)


def download(api: Api, job: dict[str, Any]) -> Exported:
    """The file of a completed export, which is as the job says."""
    file = follow(link(api, job["jobId"]))
    assert file.status_code == 200, file.text
    assert len(file.content) == job["fileSize"]
    assert hashlib.sha256(file.content).hexdigest() == job["sha256"]
    return Exported(job, file.content, file.headers)


def tagged(tag: str) -> dict[str, Any]:
    """The filter for the contacts with this tag."""
    return {"field": "tags", "op": "hasAny", "value": [tag]}


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def csv_rows_by_pandas(content: bytes) -> list[list[str]]:
    frame = pandas.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return [list(frame.columns), *frame.to_numpy().tolist()]


def xlsx_rows(content: bytes) -> list[list[str]]:
    """By openpyxl, which tells formulas from texts: there must be none."""
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    for row in sheet.iter_rows():
        for cell in row:
            assert cell.data_type in {"s", "inlineStr", "n"}, (cell.coordinate, cell.data_type)
    assert sheet.freeze_panes == "A2"
    return [["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def xlsx_rows_by_calamine(content: bytes) -> list[list[str]]:
    return [[str(value) for value in row] for row in _calamine(content).to_python(skip_empty_area=False)]


def objects(content: bytes, format_: str) -> list[dict[str, Any]]:
    """The objects of a JSON or JSON Lines file."""
    text = content.decode("utf-8")
    return [json.loads(line) for line in text.splitlines()] if format_ == "jsonl" else list(json.loads(text))


def _calamine(content: bytes) -> Any:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)

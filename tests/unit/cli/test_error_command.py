"""`contacts errors` of jobs that are no imports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import FakeApi, bulk_create_job, bulk_delete_job, export

CREATE_ERRORS = [{"index": n, "field": None, "code": "INVALID_VALUE", "message": f"no e-mail {n}"} for n in range(30)]
DELETE_ERRORS = [{"contactId": "c7", "code": "NOT_DELETED", "message": "the contact was not deleted"}]


@pytest.mark.parametrize(
    ("kind", "shown", "expected"),
    [
        ("bulk-create", bulk_create_job(errors=CREATE_ERRORS[:2]), ["#0", "#1", "INVALID_VALUE", "no e-mail 1"]),
        ("bulk-delete", bulk_delete_job(errors=DELETE_ERRORS), ["c7", "NOT_DELETED", "the contact was not deleted"]),
        ("export", export(error={"code": "EXPORT_FAILED", "message": "gone"}), ["EXPORT_FAILED", "gone"]),
    ],
)
def test_what_failed_is_shown_whatever_the_job(
    run: Run, api: FakeApi, kind: str, shown: dict[str, Any], expected: list[str]
) -> None:
    api.kind, api.polls = kind, [httpx.Response(200, json=shown)]
    ended = run("errors", "job-1")
    assert (ended.code, ended.err) == (0, "")
    assert all(text in ended.out for text in expected)


@pytest.mark.parametrize(("arguments", "number"), [([], 20), (["--limit", "2"], 2), (["--all"], 30)])
def test_no_more_than_asked_for(run: Run, api: FakeApi, arguments: list[str], number: int) -> None:
    api.kind, api.polls = "bulk-create", [httpx.Response(200, json=bulk_create_job(errors=CREATE_ERRORS))]
    ended = run("errors", "job-1", *arguments, "--json")
    assert len(json.loads(ended.out)["items"]) == number
    assert ("there are more" in ended.err) is (number < 30)


@pytest.mark.parametrize("kind", ["bulk-create", "bulk-delete", "export"])
def test_a_job_without_errors_says_so(run: Run, api: FakeApi, kind: str) -> None:
    api.kind = kind
    assert (run("errors", "job-1").err, run("errors", "job-1", "--all").code) == ("no errors\n", 0)


def test_only_an_imports_failed_rows_can_be_saved(run: Run, api: FakeApi, tmp_path: Path) -> None:
    api.kind = "bulk-create"
    ended = run("errors", "job-1", "--download", str(tmp_path / "out.csv"))
    assert ended.code == 2
    assert "only an import's failed rows can be saved" in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("download", [[], ["--download", "out.csv"]])
def test_an_unknown_job_is_not_found(run: Run, api: FakeApi, download: list[str]) -> None:
    api.kind = "none"
    assert run("errors", "job-9", *download).code == 5

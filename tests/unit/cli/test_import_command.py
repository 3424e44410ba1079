"""`contacts import`: what it sends, what it prints, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import MAX_BYTES, FakeApi, error, job, multipart_parts

MAP = ("--map", "E-mail=email")
LOST = httpx.ReadError("connection reset")


def test_sends_the_file_and_the_import_and_prints_the_id_alone(run: Run, api: FakeApi, people: Path) -> None:
    ended = run("import", str(people), *MAP, "--map", "Zip=customFields.zip")

    assert (ended.code, ended.out) == (0, "job-1\n")
    assert "contacts job job-1 --watch" in ended.err
    (body,) = api.started.values()
    assert body == {
        "fileName": "people.csv",
        "fileUrl": "https://bucket/uploads/a/1",
        "fieldMapping": {"E-mail": "email", "Zip": "customFields.zip"},
        "options": {
            "duplicateStrategy": "skip",
            "validateEmail": True,
            "validatePhone": False,
            "blankValues": "ignore",
            "unescapeFormulas": True,
        },
    }


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--on-duplicate", "update"], {"duplicateStrategy": "update"}),
        (["--on-duplicate", "create"], {"duplicateStrategy": "create"}),
        (["--tag", "a", "--tag", "b"], {"tags": ["a", "b"]}),
        (["--segment", "Fair 2026"], {"segmentName": "Fair 2026"}),
        (["--no-validate-email", "--validate-phone"], {"validateEmail": False, "validatePhone": True}),
        (["--blank-values", "clear"], {"blankValues": "clear"}),
        (["--sheet", "People"], {"sheet": "People"}),
        (["--keep-formula-marks"], {"unescapeFormulas": False}),
        (["--file-type", "xlsx"], {"fileType": "xlsx"}),
    ],
)
def test_passes_options_on(
    run: Run, api: FakeApi, people: Path, arguments: list[str], options: dict[str, object]
) -> None:
    assert run("import", str(people), *MAP, *arguments).code == 0
    (body,) = api.started.values()
    assert body["options"] | options == body["options"]


def test_storage_gets_the_signed_fields_first_then_the_file_and_never_the_token(
    run: Run, api: FakeApi, people: Path
) -> None:
    run("import", str(people), *MAP)
    (request,) = api.sent("POST", "/bucket")
    body = api.bodies[api.requests.index(request)]
    parts = list(multipart_parts(body, request.headers["Content-Type"]))
    assert parts == [("key", b"uploads/a/1"), ("policy", b"p"), ("file", people.read_bytes())]
    assert "Authorization" not in request.headers
    # S3 refuses a POST of unknown length.
    assert request.headers["Content-Length"] == str(len(body))


def test_the_file_is_streamed(run: Run, api: FakeApi, tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_bytes(b"E-mail\n" + b"x" * 5_000_000)
    assert run("import", str(big), *MAP).code == 0
    assert sum(api.chunk_sizes) > 5_000_000
    assert max(api.chunk_sizes) <= 1_000_000


@pytest.mark.parametrize("lost", range(3), ids=["upload address", "transfer", "start"])
def test_a_lost_answer_is_asked_for_again_and_starts_no_second_job(
    run: Run, api: FakeApi, people: Path, lost: int
) -> None:
    def served(number: int) -> httpx.Response:
        upload = {"url": "https://files.example.com/bucket", "fields": {"key": "uploads/a/1"}}
        return [
            httpx.Response(201, json={"fileUrl": "u", "upload": upload, "maxBytes": MAX_BYTES}),
            httpx.Response(204),
        ][number]

    api.replies = [*(served(number) for number in range(lost)), LOST]
    assert run("import", str(people), *MAP).code == 0
    assert len(api.requests) == 4
    assert len(api.started) == 1
    posts = [r for r in api.requests if r.url.path.startswith("/api")]
    assert len({r.headers["Idempotency-Key"] for r in posts}) == 1
    if lost == 1:
        assert api.bodies[1].count(people.read_bytes()) == api.bodies[2].count(people.read_bytes()) == 1


def test_two_runs_have_two_keys(run: Run, api: FakeApi, people: Path) -> None:
    run("import", str(people), *MAP)
    run("import", str(people), *MAP)
    assert len(api.started) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--map", "E-mail"], "COLUMN=TARGET"),
        (["--map", "=email"], "COLUMN=TARGET"),
        (["--map", "E-mail="], "COLUMN=TARGET"),
        (["--map", "A=email", "--map", "A=phone"], 'the column "A" twice'),
        ([*MAP, "--map", "Name=fistName"], 'no target "fistName"; targets: id email firstName'),
        ([*MAP, "--strict"], "--strict needs --watch"),
        ([*MAP, "--on-duplicate", "merge"], "merge"),
        ([], "people.csv has: E-mail, First name, Zip"),
        ([], "for example: --map E-mail=email --map 'First name=firstName'"),
    ],
)
def test_wrong_usage_says_what_is_wrong_and_sends_nothing(
    run: Run, api: FakeApi, people: Path, arguments: list[str], said: str
) -> None:
    ended = run("import", str(people), *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert api.requests == []


@pytest.mark.parametrize(("size", "said"), [(0, "empty"), (MAX_BYTES + 1, "10,000,001 bytes")])
def test_a_file_that_storage_would_refuse_is_not_sent(
    run: Run, api: FakeApi, tmp_path: Path, size: int, said: str
) -> None:
    path = tmp_path / "file.csv"
    with path.open("wb") as file:
        file.truncate(size)
    ended = run("import", str(path), *MAP)
    assert ended.code == 2
    assert said in ended.err
    assert api.sent("POST", "/bucket") == []


def test_a_missing_file_is_wrong_usage(run: Run) -> None:
    assert run("import", "nowhere.csv", *MAP).code == 2


def test_storage_refusing_is_one_line_without_the_signed_address(run: Run, api: FakeApi, people: Path) -> None:
    upload = {"url": "https://files.example.com/bucket", "fields": {"key": "secret"}}
    api.replies = [
        httpx.Response(201, json={"fileUrl": "u", "upload": upload, "maxBytes": MAX_BYTES}),
        httpx.Response(403, text="<Error><Code>AccessDenied</Code><Message>Policy expired</Message></Error>"),
    ]
    ended = run("import", str(people), *MAP)
    assert (ended.code, ended.err) == (4, "contacts: storage refused the upload: 403 AccessDenied\n")
    assert api.started == {}


def test_watch_polls_as_the_api_asks_and_sums_up(run: Run, api: FakeApi, people: Path) -> None:
    api.polls = [
        httpx.Response(200, json=job(status="pending", totalRows=None), headers={"Retry-After": "3"}),
        httpx.Response(200, json=job(status="processing", processedRows=1), headers={"Retry-After": "2"}),
    ]
    ended = run("import", str(people), *MAP, "--watch")
    assert ended.waits == [3.0, 2.0]
    assert ended.code == 0
    for shown in ("job-1 completed in 2.0 s (2 rows/s)", "2 created, 0 updated", "1 of them in error", "No e-mail."):
        assert shown in ended.out
    assert "contacts errors job-1 --download FILE" in ended.err


@pytest.mark.parametrize(
    ("state", "arguments", "code"),
    [
        ({}, [], 0),
        ({}, ["--strict"], 3),
        ({"errorCount": 0, "errors": []}, ["--strict"], 0),
        ({"status": "failed"}, [], 1),
        ({"status": "failed"}, ["--strict"], 1),
        ({"status": "rolled_back"}, [], 0),
    ],
)
def test_the_exit_code_tells_how_the_job_ended(
    *, run: Run, api: FakeApi, people: Path, state: dict[str, object], arguments: list[str], code: int
) -> None:
    api.polls = [httpx.Response(200, json=job(**state))]
    assert run("import", str(people), *MAP, "--watch", *arguments).code == code


def test_a_file_that_failed_as_a_whole_says_why(run: Run, api: FakeApi, people: Path) -> None:
    why = {"row": 0, "field": None, "value": None, "code": "FILE_EMPTY", "error": "The file is empty."}
    api.polls = [httpx.Response(200, json=job(status="failed", errors=[why], errorCount=0, processedRows=0))]
    ended = run("import", str(people), *MAP, "--watch")
    assert ended.code == 1
    assert "FILE_EMPTY: The file is empty." in ended.out
    assert "Imported" not in ended.out


def test_ctrl_c_while_watching_says_that_the_job_goes_on(run: Run, api: FakeApi, people: Path) -> None:
    api.polls = [httpx.Response(200, json=job(status="processing"))]
    ended = run("import", str(people), *MAP, "--watch", interrupt_at=0)
    assert ended.code == 130
    assert "the job goes on; look at it with: contacts job job-1 --watch" in ended.err


def test_losing_the_api_while_watching_says_that_the_job_goes_on(run: Run, api: FakeApi, people: Path) -> None:
    api.polls = [httpx.Response(500)]
    ended = run("import", str(people), *MAP, "--watch")
    assert ended.code == 6
    assert "the job goes on" in ended.err


@pytest.mark.parametrize("arguments", [[], ["--watch"]])
def test_json_is_the_whole_of_stdout(run: Run, people: Path, arguments: list[str]) -> None:
    ended = run("import", str(people), *MAP, "--json", *arguments)
    assert json.loads(ended.out)["jobId"] == "job-1"


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 2), (401, 4), (403, 4), (404, 5), (409, 7), (412, 7), (413, 2), (422, 2), (500, 6), (302, 6)],
)
def test_a_refusal_is_one_line_with_code_message_and_field(
    run: Run, api: FakeApi, people: Path, status: int, code: int
) -> None:
    api.replies = [error(status, "SOME_CODE", "Something [is] wrong.", field="fieldMapping")]
    ended = run("import", str(people), *MAP)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err == "contacts: SOME_CODE: Something [is] wrong. (field: fieldMapping)\n"


def test_several_problems_are_a_line_each(run: Run, api: FakeApi, people: Path) -> None:
    problems = [{"code": "A", "message": "One.", "field": "x"}, {"code": "B", "message": "Two."}]
    api.replies = [error(400, "INVALID_REQUEST", "Several.", problems=problems)]
    assert run("import", str(people), *MAP).err == "contacts: A: One. (field: x)\nB: Two.\n"

"""Importing files over HTTP, on the whole local stack."""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.sample_file import FIELD_MAPPING, write_sample_file
from tests.e2e.event_bus import listening
from tests.e2e.http_client import Api, assert_counts_add_up, csv_file, send_form

MAPPING = {"E-mail": "email", "Name": "firstName"}


@pytest.fixture(scope="module")
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


@pytest.fixture
def domain() -> str:
    """An e-mail domain that no other test uses: the tests of a run share one tenant."""
    return f"d{uuid.uuid4().hex[:12]}.example"


def test_an_import_creates_contacts_and_tells_what_became_of_every_row(api: Api, domain: str) -> None:
    content = csv_file(
        ("E-mail", "Name", "Phone", "Zip", "Note"),
        (f" Ann@{domain} ", "Änn", "+44 20 7946 0018", "01234", "two\r\nlines"),
        ("no-address", "Bob", "", "", ""),
        (f"ann@{domain}", "Ann again", "", "", ""),
        ("", "Nobody", "", "", ""),
        (f"cid@{domain}", "Cid", "007", "00003", "-5"),
    )
    mapping = {**MAPPING, "Phone": "phone", "Zip": "customFields.zip", "Note": "notes"}
    started = api.start_import("people.csv", content, mapping, {"tags": ["fair"], "segmentName": f"Fair {domain}"})
    assert started.status_code == 202
    result = started.json()
    assert (result["totalRows"], result["imported"], result["created"], result["updated"]) == (0, 0, 0, 0)
    assert (result["skipped"], result["errors"], result["status"]) == (0, [], "pending")
    assert started.headers["location"].endswith(f"/api/contacts/import/{result['jobId']}")

    job = api.wait(result["jobId"])

    assert job["status"] == "completed"
    assert_counts_add_up(job)
    assert [job[name] for name in ("totalRows", "createdCount", "updatedCount", "skippedCount", "errorCount")] == [
        5,
        2,
        0,
        3,
        2,
    ]
    assert [(error["row"], error["field"], error["code"]) for error in job["errors"]] == [
        (2, "E-mail", "EMAIL_INVALID"),
        (4, "E-mail", "EMAIL_REQUIRED"),
    ]
    (ann,) = api.contacts(email=f"ANN@{domain}")
    assert ann["email"] == f"Ann@{domain}"
    assert (ann["firstName"], ann["phone"], ann["notes"]) == ("Änn", "+44 20 7946 0018", "two\r\nlines")
    assert (ann["customFields"], ann["tags"]) == ({"zip": "01234"}, ["fair"])
    (cid,) = api.contacts(email=f"cid@{domain}")
    assert (cid["phone"], cid["customFields"]["zip"], cid["notes"]) == ("007", "00003", "-5")

    results = api.download(f"/api/contacts/import/{job['jobId']}/results/download")
    assert [(row["row"], row["outcome"], row["reason"]) for row in results] == [
        ("1", "created", ""),
        ("2", "error", "EMAIL_INVALID"),
        ("3", "skipped", "DUPLICATE_IN_FILE"),
        ("4", "error", "EMAIL_REQUIRED"),
        ("5", "created", ""),
    ]
    assert results[0]["contactId"] == results[2]["contactId"] == ann["id"]
    (segment,) = [each for each in api.pages("/api/segments") if each["name"] == f"Fair {domain}"]
    members = {contact["email"] for contact in api.contacts(segmentId=segment["id"])}
    assert members == {f"Ann@{domain}", f"cid@{domain}"}


def test_failed_rows_come_back_in_the_files_own_columns_and_can_be_imported_again(api: Api, domain: str) -> None:
    content = csv_file(
        ("Name", "E-mail"), ("Ann", f"ann@{domain}"), ("Bob", "bob"), ("Cid", "cid", "too", "many"), ("Dan", "")
    )
    job = api.run_import("people.csv", content, MAPPING)
    failed = api.download(f"/api/contacts/import/{job['jobId']}/errors/download")
    assert [(row["Name"], row["row"], row["code"]) for row in failed] == [
        ("Bob", "2", "EMAIL_INVALID"),
        ("Cid", "3", "RAGGED_ROW"),
        ("Dan", "4", "EMAIL_REQUIRED"),
    ]
    again = api.download_bytes(f"/api/contacts/import/{job['jobId']}/errors/download").decode()
    corrected = again.replace("Bob,bob", f"Bob,bob@{domain}").replace("Dan,", f"Dan,dan@{domain}")

    second = api.run_import("corrected.csv", corrected.encode(), MAPPING)

    assert (second["createdCount"], second["errorCount"]) == (2, 1)
    assert second["errors"][0]["code"] == "RAGGED_ROW"
    assert len(api.contacts(email=f"bob@{domain}")) == 1


@pytest.mark.parametrize(
    ("strategy", "counts", "names"),
    [
        ("skip", {"created": 1, "updated": 0, "skipped": 3}, {"Old"}),
        ("update", {"created": 1, "updated": 3, "skipped": 0}, {"Third"}),
        ("create", {"created": 4, "updated": 0, "skipped": 0}, {"Old", "First", "Third", ""}),
    ],
)
def test_strategies_for_an_e_mail_that_exists(
    api: Api, domain: str, strategy: str, counts: dict[str, int], names: set[str]
) -> None:
    api.run_import("before.csv", csv_file(("E-mail", "Name"), (f"ann@{domain}", "Old")), MAPPING)
    rows = [(f"Ann@{domain}", "First"), (f"ann@{domain}", ""), (f"ann@{domain}", "Third"), (f"new@{domain}", "New")]

    job = api.run_import(
        "after.csv", csv_file(("E-mail", "Name"), *rows), MAPPING, {"duplicateStrategy": strategy, "tags": ["after"]}
    )

    assert_counts_add_up(job)
    assert {name: job[f"{name}Count"] for name in counts} == counts
    anns = api.contacts(email=f"ann@{domain}")
    assert {ann.get("firstName") or "" for ann in anns} == names
    # Tags touch imported contacts only.
    assert (
        Counter(tuple(ann["tags"]) for ann in anns)
        == {
            "skip": {(): 1},
            "update": {("after",): 1},
            "create": {(): 1, ("after",): 3},
        }[strategy]
    )


def test_the_same_update_again_counts_as_updated_and_writes_nothing(api: Api, domain: str) -> None:
    content = csv_file(("E-mail", "Name"), (f"ann@{domain}", "Ann"), (f"bob@{domain}", "Bob"))
    options = {"duplicateStrategy": "update", "segmentName": f"S {domain}"}
    api.run_import("people.csv", content, MAPPING, options)
    before = api.contacts(email=f"ann@{domain}")
    job = api.run_import("people.csv", content, MAPPING, options)
    assert (job["updatedCount"], job["importedCount"], job["skippedCount"]) == (2, 2, 0)
    assert api.contacts(email=f"ann@{domain}") == before


@pytest.mark.parametrize(("blank", "company"), [("ignore", "Acme"), ("clear", None)])
def test_an_empty_cell_clears_a_value_only_where_asked(api: Api, domain: str, blank: str, company: str | None) -> None:
    mapping = {**MAPPING, "Company": "company"}
    api.run_import("one.csv", csv_file(("E-mail", "Name", "Company"), (f"a@{domain}", "A", "Acme")), mapping)
    second = csv_file(("E-mail", "Name", "Company"), (f"a@{domain}", "B", "  "))
    api.run_import("two.csv", second, mapping, {"duplicateStrategy": "update", "blankValues": blank})
    (contact,) = api.contacts(email=f"a@{domain}")
    assert (contact["firstName"], contact.get("company")) == ("B", company)


@pytest.mark.parametrize(
    ("content", "mapping", "code", "names"),
    [
        (csv_file(("Mail", "Name"), ("a@b.example", "A")), MAPPING, "MISSING_HEADER", "E-mail"),
        (csv_file(("E-mail", "Name", "Name"), ("a@b.example", "A", "B")), MAPPING, "DUPLICATE_HEADER", "Name"),
        (
            csv_file(
                ("E-mail", "Name"),
            ),
            {**MAPPING, "Name": "tenantId"},
            "UNKNOWN_MAPPING_TARGET",
            "tenantId",
        ),
        (b'E-mail,Name\na@b.example,"A\nb@b.example,B\n', MAPPING, "FILE_UNTERMINATED_QUOTE", "Row 1"),
    ],
)
def test_a_file_that_can_not_be_imported_fails_with_one_error_that_names_the_reason(
    api: Api, content: bytes, mapping: dict[str, str], code: str, names: str
) -> None:
    job = api.run_import("broken.csv", content, mapping)
    assert job["status"] == "failed"
    assert len(job["errors"]) == 1
    error = job["errors"][0]
    assert (error["row"], error["code"]) == (0, code)
    assert names in error["error"]
    assert (job["createdCount"], job["processedRows"], job["totalRows"]) == (0, 0, 0)


def test_storage_takes_no_empty_file(api: Api) -> None:
    form = api.post("/api/contacts/import/upload", {"fileName": "empty.csv"}).json()["upload"]
    stored = send_form(form, "empty.csv", b"")
    assert (stored.status_code, "EntityTooSmall" in stored.text) == (400, True), stored.text


def test_a_header_alone_completes_with_no_rows(api: Api) -> None:
    job = api.run_import("header.csv", csv_file(("E-mail", "Name")), MAPPING)
    assert (job["status"], job["totalRows"], job["errors"]) == ("completed", 0, [])


@pytest.mark.skipif(not os.environ.get("SOAK"), reason="takes long; `make soak-data` runs it")
def test_the_sample_of_ten_thousand_rows(stack: dict[str, Any], tmp_path: Path) -> None:
    api = Api.of(stack, "b-admin")
    sample = write_sample_file(tmp_path / "sample.csv")
    content = (tmp_path / "sample.csv").read_bytes()
    started = api.start_import("sample.csv", content, FIELD_MAPPING, {"segmentName": "Sample"})
    job_id = started.json()["jobId"]
    seen = set()
    while (job := api.job(job_id))["status"] in {"pending", "processing"}:
        seen.add(job["processedRows"])
    assert_counts_add_up(job)
    assert (job["totalRows"], job["createdCount"]) == (sample.rows, sample.created)
    assert (job["skippedCount"], job["errorCount"]) == (sample.skipped, sample.errors)
    assert len(seen) > 3, "progress moves while the import runs"
    errors = list(api.pages(f"/api/contacts/import/{job_id}/errors"))
    assert len(errors) == job["errorCount"]
    assert [error["row"] for error in errors] == sorted(error["row"] for error in errors)
    assert job["errors"] == errors[:100]
    again = api.run_import("sample.csv", content, FIELD_MAPPING)
    assert (again["createdCount"], again["errorCount"]) == (0, job["errorCount"])


def test_two_imports_at_once_make_each_e_mail_once(api: Api, domain: str) -> None:
    content = csv_file(("E-mail", "Name"), *((f"p{n}@{domain}", f"P{n}") for n in range(1_500)))
    with ThreadPoolExecutor(2) as threads:
        jobs = list(threads.map(lambda name: api.run_import(name, content, MAPPING), ["one.csv", "two.csv"]))
    assert sum(job["createdCount"] for job in jobs) == 1_500
    assert sum(job["skippedCount"] for job in jobs) == 1_500
    assert all(len(api.contacts(email=f"p{n}@{domain}")) == 1 for n in range(0, 1_500, 250))


def test_the_same_idempotency_key_starts_one_job(api: Api, domain: str) -> None:
    url = api.upload("people.csv", csv_file(("E-mail", "Name"), (f"ann@{domain}", "Ann")))
    body = {"fileName": "people.csv", "fileUrl": url, "fieldMapping": MAPPING, "options": {}}
    key = uuid.uuid4().hex
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: api.post("/api/contacts/import", body, Idempotency_Key=key), range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["jobId"] for answer in answers}) == 1
    other = api.post("/api/contacts/import", {**body, "fileName": "other.csv"}, Idempotency_Key=key)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_jobs_are_listed_newest_first(api: Api, domain: str) -> None:
    ids = [
        api.run_import(f"{n}.csv", csv_file(("E-mail",), (f"a{n}@{domain}",)), {"E-mail": "email"})["jobId"]
        for n in range(3)
    ]
    listed = [job["jobId"] for job in api.pages("/api/jobs", limit=2, type="import", status="completed")]
    assert [job for job in listed if job in ids] == ids[::-1]


def test_the_end_of_an_import_reaches_event_bridge_without_personal_data(
    stack: dict[str, Any], api: Api, domain: str
) -> None:
    with listening(stack) as bus:
        good = api.run_import("p.csv", csv_file(("E-mail", "Name"), (f"ann@{domain}", "Ann"), ("nope", "Bob")), MAPPING)
        bad = api.run_import("p.csv", csv_file(("Mail",), (f"ann@{domain}",)), MAPPING)
        told = bus.wait_for("ContactsImportCompleted", jobId=good["jobId"])
        bus.wait_for("ContactsImportFailed", jobId=bad["jobId"])
    assert told["detail"]["createdCount"] == 1
    assert not [text for text in map(json.dumps, bus.events) if domain in text or "nope" in text]

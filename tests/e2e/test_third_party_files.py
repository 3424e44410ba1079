"""Every file of the third-party set through the whole service, with the outcome that its index asks for."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.e2e.http_client import Api, assert_counts_add_up
from tests.support.third_party_files import third_party_file

#: Files that complete: name, mapping, and what the contacts must hold. Most have no e-mails, so another column serves
#: as one, unchecked; its values come back byte for byte all the same.
READABLE: list[tuple[str, dict[str, str], list[dict[str, str]]]] = [
    ("csvkit_test_utf8_bom.csv", {"foo": "email", "baz": "notes"}, [{"email": "1"}, {"email": "4", "notes": "ʤ"}]),
    ("csvkit_test_utf16_little.csv", {"a": "email", "c": "notes"}, [{"email": "1"}, {"email": "4", "notes": "ʤ"}]),
    ("csvkit_test_latin1.csv", {"a": "email", "c": "notes"}, [{"email": "1"}, {"email": "4", "notes": "©"}]),
    ("csvkit_mac_newlines.csv", {"a": "email", "b": "notes"}, [{"email": "1"}, {"email": "Once upon\ra time"}]),
    ("frictionless_leading-zeros.csv", {"value": "email"}, [{"email": "01"}, {"email": "002"}, {"email": "00003"}]),
    (
        "notify_newline_windows.csv",
        {"phone number": "email", "name": "firstName"},
        [
            {"email": "07739 468 050", "firstName": "Pete"},
            {"email": "07527 125 974", "firstName": "Not Pete"},
            {"email": "07512 058 823", "firstName": "Still Not Pete"},
        ],
    ),
    (
        "notify_tab_separated.tsv",
        {"phone number": "email", "fruit": "notes"},
        [
            {"email": "07739 468 050", "notes": "tomato"},
            {"email": "07527 125 974", "notes": "Avacado"},
            {"email": "07512 058 823", "notes": "Pear"},
        ],
    ),
    (
        "notify_excel_2007.xlsx",
        {"phone number": "email", "favourite colour": "notes"},
        [
            {"email": "07739 468 050", "notes": "Coral"},
            {"email": "07527 125 974", "notes": "Magenta"},
            {"email": "07512 058 823", "notes": "Crimson"},
        ],
    ),
    (
        "ghost_members-formula-like-values.csv",
        {"email": "email", "name": "firstName", "note": "notes"},
        [
            {"email": "formula@example.com", "firstName": "-5", "notes": "+44 123"},
            {"email": "formula2@example.com", "firstName": "=SUM(A1)", "notes": "@handle"},
        ],
    ),
    # The first row is the header: a date of the 1904 epoch has to be known to find the column at all.
    ("calamine_date_1904.xlsx", {"2021-01-01": "email", "15": "notes"}, [{"email": "2021-01-02", "notes": "16"}]),
]
#: Files that are refused, with the code of the job's one error.
REFUSED = [
    ("poi_poc-xmlbomb.xlsx", "FILE_UNSAFE_XML"),
    ("poi_protected_passtika.xlsx", "FILE_PASSWORD_PROTECTED"),
    ("JSONTestSuite_n_structure_100000_opening_arrays.json", "FILE_NOT_JSON"),
    ("JSONTestSuite_n_number_NaN.json", "FILE_NOT_JSON"),
]
SPECTRUM = [
    ("spectrum_comma_in_quotes", {"zip": "email", "address": "notes", "city": "title", "first": "firstName"}),
    ("spectrum_escaped_quotes", {"a": "email", "b": "notes"}),
    ("spectrum_newlines_crlf", {"b": "email", "a": "notes", "c": "title"}),
    ("spectrum_quotes_and_newlines", {"a": "email", "b": "notes"}),
    ("spectrum_utf8", {"a": "email", "b": "notes", "c": "title"}),
]
UNCHECKED = {"duplicateStrategy": "create", "validateEmail": False}


@pytest.fixture(scope="module")
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


def imported(api: Api, name: str, mapping: dict[str, str]) -> list[dict[str, Any]]:
    """The contacts that the file's rows became, in the order of the rows."""
    job = api.run_import(name, third_party_file(name), mapping, UNCHECKED)
    assert (job["status"], job["errors"]) == ("completed", []), job
    assert_counts_add_up(job)
    rows = api.download(f"/api/contacts/import/{job['jobId']}/results/download")
    return [api.get(f"/api/contacts/{row['contactId']}").json() for row in rows]


@pytest.mark.parametrize(("name", "mapping", "expected"), READABLE, ids=[name for name, *_ in READABLE])
def test_readable_files(api: Api, name: str, mapping: dict[str, str], expected: list[dict[str, str]]) -> None:
    contacts = imported(api, name, mapping)
    assert len(contacts) >= len(expected)
    for contact, values in zip(contacts, expected, strict=False):
        assert {field: contact[field] for field in values} == values


@pytest.mark.parametrize(("name", "mapping"), SPECTRUM, ids=[name for name, _ in SPECTRUM])
def test_files_with_an_oracle(api: Api, name: str, mapping: dict[str, str]) -> None:
    contacts = imported(api, f"{name}.csv", mapping)
    oracle = json.loads(third_party_file(f"{name}.json"))
    expected = [{target: row[column] for column, target in mapping.items()} for row in oracle]
    # The copy of the CRLF file has lost its CRs to a version control system; its oracle has not.
    actual = [{target: contact[target] for target in mapping.values()} for contact in contacts]
    if name == "spectrum_newlines_crlf":
        expected = [{field: value.replace("\r\n", "\n") for field, value in row.items()} for row in expected]
    assert actual == expected


def test_a_strict_ooxml_workbook_is_read_and_never_taken_for_an_empty_one(api: Api) -> None:
    mapping = {"Test spreadsheet": "email"}
    job = api.run_import("strict.xlsx", third_party_file("poi_SampleSS.strict.xlsx"), mapping, UNCHECKED)
    assert_counts_add_up(job)
    # Its second row has a cell more than the header.
    assert (job["status"], job["errors"][0]["code"]) == ("completed", "RAGGED_ROW")
    results = api.download(f"/api/contacts/import/{job['jobId']}/results/download")
    created = [api.get(f"/api/contacts/{row['contactId']}").json() for row in results if row["contactId"]]
    assert created[0]["email"] == "This one is red"


@pytest.mark.parametrize(("name", "code"), REFUSED, ids=[name for name, _ in REFUSED])
def test_refused_files(api: Api, name: str, code: str) -> None:
    job = api.run_import(name, third_party_file(name), {"a": "email"}, UNCHECKED)
    assert job["status"] == "failed", job
    assert [(error["row"], error["code"]) for error in job["errors"]] == [(0, code)]


@pytest.mark.skipif(not os.environ.get("SOAK"), reason="takes long; `make soak-data` runs it")
def test_naughty_strings_come_back_unchanged_or_are_refused_with_a_reason(api: Api) -> None:
    strings = json.loads(third_party_file("blns.json"))
    rows = [{"mail": f"naughty{number}@blns.example", "text": text} for number, text in enumerate(strings)]
    job = api.run_import(
        "blns.json", json.dumps(rows).encode(), {"mail": "email", "text": "customFields.text"}, {"tags": ["blns"]}
    )
    assert job["status"] == "completed"
    assert_counts_add_up(job)
    results = api.download(f"/api/contacts/import/{job['jobId']}/results/download")
    assert len(results) == len(strings)
    for text, result in zip(strings, results, strict=True):
        assert result["outcome"] == "created" or result["reason"], result
        if result["outcome"] == "created":
            contact = api.get(f"/api/contacts/{result['contactId']}").json()
            assert contact["customFields"] == ({"text": text} if text.strip() else {}), ascii(text)

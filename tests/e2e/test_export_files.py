"""Files of exports in every format, opened with programs that are not ours."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from tests.e2e import exports
from tests.e2e.http_client import Api, csv_file
from tests.e2e.imported_contacts import created

COLUMNS = ["lastName", "firstName", "phone", "company", "notes", "email"]
#: By company, which stays as it is in every format.
PEOPLE = {
    "unicode": {"firstName": "Zoë 李 👩\u200d💻", "lastName": "Ünal-Öztürk", "notes": "\u202eright to left"},
    "formulas": {"firstName": "=1+1", "lastName": "@SUM(A1)", "notes": "-2+3", "phone": "+1+cmd|'/C calc'!A0"},
    "marked already": {"firstName": "'=1+1", "lastName": "''@x", "notes": "'tis fine"},
    "phones": {"phone": "+44 (0)20 7946-0958", "notes": "-273.15", "lastName": "- 1 ("},
    "zeros": {"phone": "0049", "firstName": "007", "notes": "1e5", "lastName": "00"},
    "lines": {"notes": 'one\ntwo "quoted", and, commas;\n\tthree', "firstName": "TRUE", "lastName": "2026-01-02"},
    "nothing": {},
}
IMPORTED = {"unicode", "formulas", "zeros", "lines"}


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-admin")


@pytest.fixture
def tag(api: Api) -> str:
    """On the people, of whom some were imported and the others created one by one."""
    tag = f"t{uuid.uuid4().hex}"
    people = {
        company: {"company": company, "email": f"{n}@{tag}.example", **values}
        for n, (company, values) in enumerate(PEOPLE.items())
    }
    for company in people.keys() - IMPORTED:
        created(api, tags=[tag], **people[company])
    header = ("email", "company", "firstName", "lastName", "phone", "notes")
    rows = [tuple(people[company].get(name, "") for name in header) for company in sorted(IMPORTED)]
    job = api.run_import("p.csv", csv_file(header, *rows), {name: name for name in header}, {"tags": [tag]})
    assert (job["status"], job["createdCount"]) == ("completed", len(IMPORTED)), job
    return tag


def marked(value: str) -> str:
    """The rule for CSV, as issue 5 words it."""
    rest = value.lstrip("'")
    dangerous = rest[:1] in {*"=+-@\t\r"} and not re.fullmatch(r"[+-][0-9 ().\-]*", rest)
    return f"'{value}" if dangerous else value


def expected(tag: str) -> dict[str, list[str]]:
    """The rows by company, as the contacts hold them."""
    return {
        company: [{"company": company, "email": f"{n}@{tag}.example", **values}.get(name, "") for name in COLUMNS]
        for n, (company, values) in enumerate(PEOPLE.items())
    }


def by_company(rows: list[list[str]]) -> dict[str, list[str]]:
    header, *people = rows
    assert header == COLUMNS, "the columns come in the order in which they were selected"
    assert len(people) == len(PEOPLE)
    return {row[COLUMNS.index("company")]: row for row in people}


def test_csv_is_inert_and_says_what_the_contacts_say(api: Api, tag: str) -> None:
    got = exports.export(api, format="csv", filters=exports.tagged(tag), selectedFields=COLUMNS)
    rows = exports.csv_rows(got.content)
    assert by_company(rows) == {company: [marked(v) for v in row] for company, row in expected(tag).items()}
    assert exports.csv_rows_by_pandas(got.content) == rows
    assert by_company(rows)["formulas"][:4] == ["'@SUM(A1)", "'=1+1", "'+1+cmd|'/C calc'!A0", "formulas"]
    assert by_company(rows)["phones"][2] == "+44 (0)20 7946-0958"
    assert not got.content.startswith(b"\xef\xbb\xbf")
    assert got.headers["content-type"] == "text/csv; charset=utf-8"

    for_excel = exports.export(
        api, format="csv", filters=exports.tagged(tag), selectedFields=COLUMNS, byteOrderMark=True
    )
    assert for_excel.content.startswith(b"\xef\xbb\xbf")
    assert by_company(exports.csv_rows(for_excel.content)) == by_company(rows)


def test_xlsx_holds_texts_and_no_formula(api: Api, tag: str) -> None:
    got = exports.export(api, format="xlsx", filters=exports.tagged(tag), selectedFields=COLUMNS)
    rows = exports.xlsx_rows(got.content)
    assert by_company(rows) == expected(tag)
    assert exports.xlsx_rows_by_calamine(got.content) == rows


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_json_holds_the_contacts_as_the_api_shows_them(api: Api, tag: str, format_: str) -> None:
    got = exports.export(api, format=format_, filters=exports.tagged(tag), selectedFields=[*COLUMNS, "id", "tags"])
    found = exports.objects(got.content, format_)
    assert [list(each) for each in found] == [[*COLUMNS, "id", "tags"]] * len(PEOPLE)
    shown = {each["id"]: each for each in found}
    for row in expected(tag).values():
        (contact,) = api.contacts(email=row[-1])
        assert shown[contact["id"]] == {name: contact[name] for name in [*COLUMNS, "id", "tags"]}


def test_custom_fields_engagement_and_lists_get_columns_of_their_own(api: Api) -> None:
    tag = f"t{uuid.uuid4().hex}"
    engagement = {"emailsSent": 12, "opens": 3, "clicks": 1, "lastEngagedAt": "2026-01-02T03:04:05Z"}
    full = created(
        api, firstName="Full", tags=[tag, "second"], phones=["1", "+2"], customFields={"b": "=2", "A b": "0"}
    )
    answer = api.client.patch(f"/api/contacts/{full['id']}", json={"engagement": engagement})
    assert answer.status_code == 200, answer.text
    bare = created(api, firstName="Bare", tags=[tag], customFields={"C": "c"})
    wanted = {
        "filters": exports.tagged(tag),
        "selectedFields": ["id", "customFields.b", "phones", "tags", "engagement.opens"],
        "includeCustomFields": True,
        "includeEngagementMetrics": True,
    }
    columns = ["id", "customFields.b", "phones", "tags", "engagement.opens"]
    columns += ["engagement.emailsSent", "engagement.clicks", "engagement.lastEngagedAt"]
    columns += ["customFields.A b", "customFields.C"]
    rows = {
        full["id"]: ["=2", "1; +2", f"{tag}; second", "3", "12", "1", "2026-01-02T03:04:05Z", "0", ""],
        bare["id"]: ["", "", tag, "", "", "", "", "", "c"],
    }
    header, *found = exports.xlsx_rows(exports.export(api, format="xlsx", **wanted).content)
    assert (header, {row[0]: row[1:] for row in found}) == (columns, rows)
    header, *found = exports.csv_rows(exports.export(api, format="csv", **wanted).content)
    assert (header, {row[0]: row[1:] for row in found}) == (
        columns,
        {id_: [marked(value) for value in row] for id_, row in rows.items()},
    )
    found_objects = exports.objects(exports.export(api, format="json", **wanted).content, "json")
    by_id = {each["id"]: each for each in found_objects}
    assert by_id[full["id"]]["customFields"] == {"b": "=2", "A b": "0"}
    assert by_id[full["id"]]["engagement"] == engagement
    assert by_id[bare["id"]] == {
        "id": bare["id"],
        "customFields": {"C": "c"},
        "phones": [],
        "tags": [tag],
        "engagement": {},
    }


def test_nothing_to_export_gives_a_file_that_says_so(api: Api) -> None:
    nobody = exports.tagged(f"t{uuid.uuid4().hex}")
    found = {format_: exports.export(api, format=format_, filters=nobody) for format_ in exports.FORMATS}
    assert {each.job["totalContacts"] for each in found.values()} == {0}
    defaults = [["email", "firstName", "lastName", "company", "phone"]]
    assert exports.csv_rows(found["csv"].content) == exports.xlsx_rows(found["xlsx"].content) == defaults
    assert exports.objects(found["json"].content, "json") == exports.objects(found["jsonl"].content, "jsonl") == []

"""`contacts items`: what became of each contact of a bulk job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import FakeApi

DELETED = [
    {"contactId": f"c{n}", "outcome": "deleted", "edited": n == 1, "code": "NOT_DELETED" if n == 2 else None}
    for n in range(30)
]
CREATED = [
    {
        "index": n,
        "clientContactId": None,
        "outcome": "created",
        "contactId": f"c{n}",
        "duplicateOf": None,
        "code": "DUPLICATE_IN_REQUEST" if n == 2 else None,
    }
    for n in range(30)
]


@pytest.mark.parametrize(
    ("kind", "items", "expected"),
    [
        ("bulk-create", CREATED, [["#0", "created", "c0"], ["#2", "created", "c2", "DUPLICATE_IN_REQUEST"]]),
        (
            "bulk-delete",
            DELETED,
            [
                ["c0", "deleted"],
                ["c1", "deleted", "edited", "after", "its", "creation"],
                ["c2", "deleted", "NOT_DELETED"],
            ],
        ),
    ],
)
def test_each_contact_is_a_line(
    run: Run, api: FakeApi, kind: str, items: list[dict[str, Any]], expected: list[list[str]]
) -> None:
    api.kind, api.outcomes = kind, items
    ended = run("items", "job-1")
    lines = [line.split() for line in ended.out.splitlines()[1:]]
    assert all(line in lines for line in expected)
    assert len(lines) == 20
    assert "there are more than these 20: --limit or --all" in ended.err
    every = run("items", "job-1", "--all", "--json")
    assert json.loads(every.out) == {"items": items, "nextCursor": None}
    assert every.err == ""


def test_none_are_said_not_drawn(run: Run, api: FakeApi) -> None:
    api.kind = "bulk-delete"
    assert run("items", "job-1").err == "no items\n"

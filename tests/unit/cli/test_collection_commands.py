"""`contacts collections list`, `create` and `items`."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import FakeApi, error


def test_a_list_follows_the_cursor_as_far_as_asked(run: Run) -> None:
    ended = run("collections", "list", "--limit", "3")
    assert [line.split(maxsplit=1) for line in ended.out.splitlines()[1:]] == [
        [f"collection-{n}", f"Fair {n}"] for n in range(3)
    ]
    assert "there are more than these 3" in ended.err
    every = run("collections", "list", "--all", "--json")
    assert len(json.loads(every.out)["items"]) == 5
    assert every.err == ""


def test_a_new_ones_id_is_all_that_is_printed(run: Run, api: FakeApi) -> None:
    ended = run("collections", "create", "Fair 2026", "--editor", "bob", "--editor", "eve")
    assert (ended.code, ended.out) == (0, "collection-1\n")
    (sent,) = api.sent("POST", "/api/collections")
    assert json.loads(sent.content) == {"name": "Fair 2026", "editors": ["bob", "eve"]}
    assert sent.headers["Idempotency-Key"]


def test_items_are_contacts(run: Run, api: FakeApi) -> None:
    api.outcomes = [
        {"id": "c1", "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace"},
        {"id": "c2", "email": None, "firstName": None, "lastName": "Hopper"},
    ]
    ended = run("collections", "items", "fair/1")
    assert [line.split() for line in ended.out.splitlines()[1:]] == [
        ["c1", "ada@example.com", "Ada", "Lovelace"],
        ["c2", "Hopper"],
    ]
    assert api.requests[0].url.raw_path.startswith(b"/api/collections/fair%2F1/items")


@pytest.mark.parametrize("command", [["list"], ["items", "fair"]])
def test_nothing_is_said_not_drawn(run: Run, api: FakeApi, command: list[str]) -> None:
    api.replies = [httpx.Response(200, json={"items": [], "nextCursor": None})]
    assert run("collections", *command).err == "nothing there\n"


def test_one_that_is_not_there(run: Run, api: FakeApi) -> None:
    api.replies = [error(404, "COLLECTION_NOT_FOUND", "there is no collection of this id")]
    assert run("collections", "items", "fair").code == 5


def test_names_can_not_steer_the_terminal(run: Run, api: FakeApi) -> None:
    items = [{"id": "c", "name": "\x1b[2J[red]x"}]
    api.replies = [httpx.Response(200, json={"items": items, "nextCursor": None})]
    out = run("collections", "list").out
    assert "\x1b" not in out
    assert "[red]" in out

"""Which API a command talks to, and what it says where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from contacts_cli.connection import is_loopback
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import API, TOKEN, FakeApi, bulk_delete_job, error, job

STACK = {"apiUrl": "http://127.0.0.1:4566", "tokens": {"a-user": TOKEN, "a-admin": "admin-token"}}


def _write_stack(folder: Path, stack: object = STACK) -> None:
    folder.mkdir(parents=True)
    (folder / "stack.json").write_text(stack if isinstance(stack, str) else json.dumps(stack))


class _NobodyListens(httpx.BaseTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused")


def test_the_local_stack_is_found_from_a_folder_below(
    run: Run, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_stack(tmp_path / ".local")
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert run("jobs", connected=False).code == 0
    assert str(api.requests[0].url).startswith("http://127.0.0.1:4566/api/jobs")


def test_its_directory_can_be_named(run: Run, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write_stack(tmp_path / ".local", {**STACK, "apiUrl": "http://127.0.0.1:1"})
    _write_stack(tmp_path / "other")
    monkeypatch.setenv("CONTACTS_LOCAL_DIR", str(tmp_path / "other"))
    run("jobs", connected=False)
    assert api.requests[0].url.port == 4566


def test_as_chooses_the_token(run: Run, api: FakeApi, tmp_path: Path) -> None:
    _write_stack(tmp_path / ".local")
    assert run("jobs", "--as", "a-admin", connected=False).code == 4  # the fake API knows a-user's alone
    assert api.requests[0].headers["Authorization"] == "Bearer admin-token"
    ended = run("jobs", "--as", "nobody", connected=False)
    assert ended.code == 2
    assert "a-user, a-admin" in ended.err


def test_a_url_goes_before_the_local_stack_and_the_profile_before_the_url(
    run: Run, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_stack(tmp_path / ".local")
    monkeypatch.setenv("CONTACTS_URL", API + "/")
    monkeypatch.setenv("CONTACTS_TOKEN", TOKEN)
    for arguments in ([], ["--url", "https://other.example.com/v1"], ["--profile", "local", "--as", "a-admin"]):
        run("jobs", "--limit", "1", *arguments, connected=False)
    assert [request.headers["Authorization"] for request in api.requests] == [
        f"Bearer {t}" for t in (TOKEN, TOKEN, "admin-token")
    ]
    sent = [str(request.url).partition("?")[0] for request in api.requests]
    assert sent == [f"{API}/api/jobs", "https://other.example.com/v1/api/jobs", "http://127.0.0.1:4566/api/jobs"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", API], "go together"),
        (["--token", "t"], "go together"),
        (["--url", "api.example.com", "--token", "t"], "not an http(s) address"),
        (["--url", "ftp://api.example.com", "--token", "t"], "not an http(s) address"),
        (["--url", "https://", "--token", "t"], "not an http(s) address"),
        (["--url", "https://a:b:c", "--token", "t"], "not an http(s) address"),
        (["--profile", "cloud"], "cloud"),
    ],
)
def test_half_a_connection_is_wrong_usage(run: Run, api: FakeApi, arguments: list[str], said: str) -> None:
    ended = run("jobs", *arguments, connected=False)
    assert ended.code == 2
    assert said in ended.err
    assert api.requests == []


def test_no_stack_file_says_how_to_start_one(run: Run) -> None:
    ended = run("jobs", connected=False)
    assert (ended.code, ended.err.count("\n")) == (6, 1)
    assert "make up" in ended.err


def test_a_stopped_stack_says_so_at_once(run: Run, tmp_path: Path) -> None:
    _write_stack(tmp_path / ".local")
    ended = run("jobs", connected=False, transport=_NobodyListens())
    assert ended.code == 6
    assert ended.err == "contacts: the local stack is not running; start it with `make up`\n"
    assert ended.waits == []


def test_another_api_that_refuses_connections_is_tried_again_then_given_up(run: Run) -> None:
    ended = run("jobs", transport=_NobodyListens())
    assert ended.code == 6
    assert f"{API} can't be reached" in ended.err
    assert len(ended.waits) == 5


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"apiUrl": "x"}', '{"tokens": {}}'])
def test_a_damaged_stack_file_is_one_line(run: Run, tmp_path: Path, content: str) -> None:
    _write_stack(tmp_path / ".local", content)
    ended = run("jobs", connected=False)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "stack.json" in ended.err


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(200, json=[1])])
def test_a_url_of_something_else_is_not_taken_for_the_api(run: Run, api: FakeApi, answer: httpx.Response) -> None:
    api.replies = [answer]
    ended = run("jobs")
    assert ended.code == 6
    assert "does not answer as this API does" in ended.err


@pytest.mark.parametrize("answer", [httpx.Response(500, text="<html>"), httpx.Response(500, json={"error": "boom"})])
def test_an_error_in_another_shape_is_still_one_line(run: Run, api: FakeApi, answer: httpx.Response) -> None:
    api.replies = [answer]
    assert run("jobs").err == "contacts: the API answered 500 Internal Server Error\n"


def test_the_gateways_own_refusal_is_shown(run: Run, api: FakeApi) -> None:
    ended = run("jobs", "--token", "wrong")
    assert (ended.code, ended.err) == (4, "contacts: the API answered 401 Unauthorized\n")


def test_an_expired_token_of_the_local_stack_says_how_to_get_another(run: Run, tmp_path: Path) -> None:
    _write_stack(tmp_path / ".local", {**STACK, "tokens": {"a-user": "expired"}})
    assert "12 hours" in run("jobs", connected=False).err


def test_help_tells_where_the_local_stack_is_looked_for(run: Run) -> None:
    told = " ".join(run("jobs", "--help", connected=False).out.split())
    assert "found by .local/stack.json here or above, or by stack.json in CONTACTS_LOCAL_DIR" in told


@pytest.mark.parametrize("end", ["\n", "\r\n", " "])
@pytest.mark.parametrize("by_option", [False, True])
def test_a_token_may_come_from_a_file_with_an_end_of_line(
    run: Run, api: FakeApi, monkeypatch: pytest.MonkeyPatch, *, end: str, by_option: bool
) -> None:
    monkeypatch.setenv("CONTACTS_URL", API + end)
    monkeypatch.setenv("CONTACTS_TOKEN", "another" if by_option else TOKEN + end)
    arguments = ["--token", TOKEN + end] if by_option else []
    assert run("jobs", *arguments, connected=False).code == 0
    assert api.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("token", ["", " \r\n", "se\ncret", "s\u00e9cret", "se\u2028cret", "se\x00cret"])
def test_what_no_header_can_carry_is_refused_and_never_shown(run: Run, api: FakeApi, token: str) -> None:
    ended = run("jobs", "--token", token)
    assert (ended.code, ended.err.count("\n"), api.requests) == (2, 1, [])
    assert "--token (or CONTACTS_TOKEN)" in ended.err
    assert "cret" not in ended.err


def test_next_commands_go_to_the_same_local_stack_as_the_same_user(
    run: Run, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_stack(tmp_path / ".local", {**STACK, "tokens": {"a-user": TOKEN, "a-admin": TOKEN}})
    follow = "contacts job job-1 --watch"
    for arguments, told in (([], ""), (["--as", "a-user"], ""), (["--as", "a-admin"], " --as a-admin")):
        api.polls = [httpx.Response(200, json=job(status="processing"))]
        assert f": {follow}{told}\n" in run("job", "job-1", *arguments, connected=False).err
    monkeypatch.setenv("CONTACTS_URL", API)
    api.polls = [httpx.Response(200, json=job(status="processing"))]
    ended = run("job", "job-1", "--profile", "local", "--as", "a-admin", connected=False)
    assert f": {follow} --profile local --as a-admin\n" in ended.err


@pytest.mark.parametrize(
    ("environment", "arguments", "told"),
    [
        ({"CONTACTS_URL": API, "CONTACTS_TOKEN": TOKEN}, [], ""),
        ({"CONTACTS_URL": API, "CONTACTS_TOKEN": TOKEN}, ["--url", f"{API}:443"], f" --url {API}:443"),
        ({"CONTACTS_URL": API, "CONTACTS_TOKEN": "old"}, ["--token", TOKEN], " --token JWT"),
        ({}, ["--url", API, "--token", TOKEN], f" --url {API} --token JWT"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ["import", "people.csv", "--map", "E-mail=email"],
        ["bulk-create", "people.json"],
        ["bulk-create", "people.json", "--watch"],
        ["bulk-delete", "--job", "j"],
        ["bulk-delete", "--job", "j", "--dry-run", "--watch"],
        ["rollback", "job-1"],
        ["export", "--format", "csv"],
        ["export", "--format", "csv", "--watch"],
        ["job", "job-1"],
    ],
    ids=" ".join,
)
def test_next_commands_go_to_the_same_api_and_never_show_the_token(
    *,
    run: Run,
    api: FakeApi,
    people: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: list[str],
    told: str,
    command: list[str],
) -> None:
    people.with_suffix(".json").write_text("[]")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if "--dry-run" in command:
        api.polls = [httpx.Response(200, json=bulk_delete_job(dryRun=True))]
    err = run(*command, *arguments, connected=False).err
    commands = [line for line in err.splitlines() if ": contacts " in line]
    assert commands
    assert all(line.endswith(told) and (told or "--url" not in line) for line in commands)
    assert TOKEN not in err


@pytest.mark.parametrize("interrupt_at", [0, -1], ids=["interrupted", "lost"])
def test_so_do_those_that_are_told_where_watching_ends_early(run: Run, api: FakeApi, interrupt_at: int) -> None:
    api.polls = [httpx.Response(200, json=job(status="processing")), httpx.Response(500)]
    err = run("job", "job-1", "--watch", "--url", f"{API}:443", interrupt_at=interrupt_at).err
    assert f"contacts job job-1 --watch --url {API}:443\n" in err


@pytest.mark.parametrize(("code", "hinted"), [("SCOPE_MISSING", True), ("JOB_FORBIDDEN", False)])
@pytest.mark.parametrize("local", [False, True])
def test_a_missing_scope_names_a_local_user_who_has_it(
    *, run: Run, api: FakeApi, tmp_path: Path, code: str, hinted: bool, local: bool
) -> None:
    _write_stack(tmp_path / ".local")
    api.replies = [error(403, code, "No.")]
    ended = run("export", "--format", "csv", connected=not local)
    assert ended.code == 4
    assert ("--as a-admin" in ended.err) is (hinted and local)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://localhost", True),
        ("http://[::1]:1", True),
        ("https://api.example.com", False),
        ("http://10.0.0.1", False),
        ("http://127.0.0.1.example.com", False),
    ],
)
def test_loopback_is_told_by_the_address(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback

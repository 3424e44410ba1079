"""The `contacts` command and the demo as a user runs them: processes of their own, the real stack, over HTTP."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.settings import ROOT, Settings
from local.stack import StackError, clean, read_stack
from tests.e2e.http_client import Api

_PYTHONPATH = os.pathsep.join(str(ROOT / folder) for folder in ("cli", "."))
_MAP = ("--map", "E-mail=email", "--map", "Phone=phone", "--map", "Zip=customFields.zip")
_SECONDS = 120

Contacts = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def contacts(stack: dict[str, Any], tmp_path: Path) -> Contacts:
    """Runs `contacts ...` in a folder whose .local/stack.json is the stack's, as after `make up`."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(stack))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONTACTS_")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "contacts_cli.main", *arguments],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": _PYTHONPATH},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    return run


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two good rows, one bad, one duplicate; no other test has these e-mails."""
    domain = f"{uuid.uuid4().hex}.example.com"
    path = tmp_path / "people.csv"
    rows = [
        ["E-mail", "Phone", "Zip"],
        [f"ada@{domain}", "+1 202-555-0100", "01234"],
        [f"no e-mail at {domain}", "0202", "00001"],
        [f"bob@{domain}", "02025550101", "99999"],
        [f" ADA@{domain} ", "1", "1"],
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def _import(contacts: Contacts, path: Path, *options: str) -> dict[str, Any]:
    done = contacts("import", str(path), *_MAP, "--watch", "--json", *options)
    assert done.returncode in (0, 1), done.stderr
    job: dict[str, Any] = json.loads(done.stdout)
    return job


def test_a_file_goes_in_its_bad_row_comes_out_corrected_and_goes_in_again(
    contacts: Contacts, people: Path, tmp_path: Path
) -> None:
    job = _import(contacts, people, "--tag", "fair")
    counted = {name: job[name] for name in ("totalRows", "createdCount", "skippedCount", "errorCount")}
    assert counted == {"totalRows": 4, "createdCount": 2, "skippedCount": 2, "errorCount": 1}

    (error,) = json.loads(contacts("errors", job["jobId"], "--json").stdout)["items"]
    assert error["row"] == 2

    failed = tmp_path / "failed.csv"
    assert contacts("errors", job["jobId"], "--download", str(failed)).returncode == 0
    failed.write_text(failed.read_text("utf-8-sig").replace("no e-mail at ", "carl@"), "utf-8")
    again = _import(contacts, failed)
    assert (again["totalRows"], again["createdCount"], again["errorCount"]) == (1, 1, 0)

    results = tmp_path / "results.csv"
    assert contacts("results", job["jobId"], "--download", str(results)).returncode == 0
    with results.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))[1:]
    assert [(line[0], line[2]) for line in lines] == [
        ("1", "created"),
        ("2", "error"),
        ("3", "created"),
        ("4", "skipped"),
    ]


def test_jobs_are_listed_newest_first_and_shown(contacts: Contacts, people: Path) -> None:
    first, second = _import(contacts, people), _import(contacts, people)
    listed = [job["jobId"] for job in json.loads(contacts("jobs", "--all", "--json").stdout)["items"]]
    assert listed.index(second["jobId"]) < listed.index(first["jobId"])
    shown = contacts("job", first["jobId"])
    assert shown.returncode == 0
    assert "2 created, 0 updated" in shown.stdout


def test_contacts_go_out_verified_and_come_back_in_unchanged(
    stack: dict[str, Any], contacts: Contacts, people: Path, tmp_path: Path
) -> None:
    _import(contacts, people)
    domain = people.read_text("utf-8").split("ada@")[1].split(",")[0]
    (tmp_path / "filter.json").write_text(json.dumps({"field": "email", "op": "contains", "value": f"@{domain}"}))
    options = ("--format", "csv", "--fields", "id,email,phone", "--custom-fields", "--filter", "@filter.json")
    done = contacts("export", *options, "--out", "out.csv", "--as", "a-admin")
    assert done.returncode == 0, done.stderr
    assert "checksum verified" in done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["id", "email", "phone", "customFields.zip"]
    assert sorted(row[1:] for row in rows) == [
        [f"ada@{domain}", "+1 202-555-0100", "01234"],
        [f"bob@{domain}", "02025550101", "99999"],
    ]

    api = Api.of(stack, "a-user")
    before = [api.contacts(email=row[1]) for row in rows]
    mapping = [argument for name in header for argument in ("--map", f"{name}={name}")]
    again = contacts("import", "out.csv", *mapping, "--on-duplicate", "update", "--watch", "--json")
    counted = json.loads(again.stdout)
    assert (counted["createdCount"], counted["updatedCount"]) == (0, 2)
    assert [api.contacts(email=row[1]) for row in rows] == before


def test_exit_codes_tell_a_script_what_happened(contacts: Contacts, people: Path) -> None:
    job_id = _import(contacts, people)["jobId"]
    cases: dict[int, tuple[str, ...]] = {
        1: ("import", str(people), "--map", "No such column=email", "--watch"),
        2: ("import", str(people), "--map", "Phone=phone"),
        3: ("import", str(people), *_MAP, "--watch", "--strict"),
        4: ("import", str(people), *_MAP, "--as", "a-readonly"),
        5: ("job", str(uuid.uuid4())),
    }
    ended = {code: contacts(*arguments) for code, arguments in cases.items()}
    assert {code: done.returncode for code, done in ended.items()} == {code: code for code in cases}
    assert contacts("job", job_id, "--as", "b-admin").returncode == 4
    assert all("Traceback" not in done.stderr for done in ended.values())


def test_a_rollback_is_looked_at_first_and_keeps_what_was_edited(
    stack: dict[str, Any], contacts: Contacts, people: Path, tmp_path: Path
) -> None:
    job_id = _import(contacts, people)["jobId"]
    api = Api.of(stack, "a-user")
    mails = [row[0] for row in csv.reader(people.read_text("utf-8").splitlines())]
    (ada,) = api.contacts(email=mails[1])
    assert api.client.patch(f"/api/contacts/{ada['id']}", json={"title": "CTO"}).status_code == 200

    looked = contacts("rollback", job_id, "--dry-run", "--watch")
    assert looked.returncode == 0, looked.stderr
    assert "Would be kept" in looked.stdout
    assert len(api.contacts(email=mails[3])) == 1
    assert contacts("rollback", job_id, "--abort-on-conflict", "--watch").returncode == 7

    done = contacts("rollback", job_id, "--watch")
    assert done.returncode == 0, done.stderr
    assert ada["id"] in done.stdout
    assert api.contacts(email=mails[3]) == []
    (kept,) = api.contacts(email=mails[1])
    assert kept["title"] == "CTO"

    saved = tmp_path / "rollback.csv"
    assert contacts("results", job_id, "--rollback", "--download", str(saved)).returncode == 0
    with saved.open(encoding="utf-8", newline="") as file:
        assert {row["action"] for row in csv.DictReader(file)} == {"kept", "deleted"}
    assert contacts("rollback", job_id).returncode == 7
    assert contacts("rollback", job_id, "--as", "a-readonly").returncode == 4


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        environment = os.environ | {"CONTACTS_LOCAL_DIR": str(tmp_path), "PYTHONPATH": _PYTHONPATH, "COLUMNS": "80"}
        process = subprocess.Popen(
            [sys.executable, "-m", "local", "demo"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # Who was started in the background passes on that interrupts are to be ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        )
        started.append(process)
        return process

    yield start
    for process in started:  # its stack ends with it
        process.kill()
        process.communicate()


def _is_stopped(directory: Path) -> bool:
    settings = Settings(port=0, directory=directory / "demo", template=ROOT / "template.yaml")
    try:
        read_stack(settings)
    except StackError:
        return True
    return False


def test_the_demo_stops_its_stack_when_interrupted_and_imports_as_promised_the_next_time(
    demo: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    interrupted = demo()
    assert interrupted.stdout is not None
    for line in interrupted.stdout:
        if line.startswith("[3/6]"):
            break
    interrupted.send_signal(signal.SIGINT)
    interrupted.communicate(timeout=_SECONDS)
    assert interrupted.returncode == 130
    assert _is_stopped(tmp_path)

    leftover = tmp_path / "demo" / "state" / "leftover"
    leftover.parent.mkdir(exist_ok=True)
    leftover.touch()
    process = demo()
    printed, _nothing = process.communicate(timeout=_SECONDS)
    assert process.returncode == 0, printed
    assert "9,000 created, 0 updated" in printed
    assert "300 of them in error" in printed
    rolled_back = printed[printed.index("[6/6]") :]
    assert re.search(r"Deleted +8,999\b", rolled_back)
    assert re.search(r"Kept +1\b", rolled_back)
    assert "called back, wants a quote" in rolled_back
    assert _is_stopped(tmp_path)
    # What an earlier run left would be met as duplicates.
    assert not leftover.exists()
    assert clean(Settings(port=0, directory=tmp_path, template=ROOT / "template.yaml"))
    assert not tmp_path.exists()

"""Up, down, up again: what survives, what is refused, and in which words."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.ephemeral import free_port
from local.settings import ROOT
from tests.unit.local.conftest import SAMPLE_TEMPLATE, clients_of


@dataclass
class LocalCommand:
    """``python -m local`` for a stack of its own."""

    directory: Path
    template: Path = SAMPLE_TEMPLATE
    port: int = field(default_factory=free_port)

    def __call__(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        own = {
            "PORT": str(self.port),
            "CONTACTS_LOCAL_DIR": str(self.directory),
            "CONTACTS_LOCAL_TEMPLATE": str(self.template),
            "CONTACTS_LOCAL_OWNER_PID": str(os.getpid()),
        }
        return subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            cwd=ROOT,
            env={**os.environ, **own, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def stack(self) -> dict[str, Any]:
        stack: dict[str, Any] = json.loads((self.directory / "stack.json").read_text())
        return stack


ODD_SHELL = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://192.0.2.1",
    "HTTP_PROXY": "http://192.0.2.1",
    "LOG_LEVEL": "DEBUG",
}


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalCommand]:
    command = LocalCommand(tmp_path / "stack")
    yield command
    if (command.directory / "engine.lock").exists():
        command("down")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCommand]:
    command = LocalCommand(tmp_path_factory.mktemp("running") / "stack")
    up = command("up", **ODD_SHELL)
    assert up.returncode == 0, up.stderr
    yield command
    command("down")


def test_up_twice_says_so_and_state_survives_down_and_up_until_clean(local: LocalCommand) -> None:
    first = local("up")
    assert first.returncode == 0, first.stderr
    stack = local.stack()
    assert f"curl -H 'Authorization: Bearer {stack['tokens']['a-admin']}' {stack['apiUrl']}/api/jobs" in first.stdout
    again = local("up")
    assert (again.returncode, "is running already" in again.stdout) == (0, True)

    resources, aws = stack["resources"], clients_of(stack)
    item = {"pk": {"S": "kept"}, "sk": {"S": "1"}, "colour": {"S": "red"}}
    aws("dynamodb").put_item(TableName=resources["Table"], Item=item)
    place = {"Bucket": resources["Bucket"], "Key": "allowed/kept"}
    version = aws("s3").put_object(**place, Body=b"one")["VersionId"]
    aws("s3").put_object(**place, Body=b"two")

    assert local("down").returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(stack["apiUrl"])
    assert local("up").returncode == 0
    assert local.stack()["resources"] == resources
    aws = clients_of(local.stack())
    red = {":v": {"S": "red"}}
    found = aws("dynamodb").query(
        TableName=resources["Table"],
        IndexName="byColour",
        KeyConditionExpression="colour = :v",
        ExpressionAttributeValues=red,
    )
    assert found["Count"] == 1
    assert aws("s3").get_object(**place)["Body"].read() == b"two"
    assert aws("s3").get_object(**place, VersionId=version)["Body"].read() == b"one"
    assert httpx.get(f"{stack['apiUrl']}/open", timeout=30).status_code == 200
    assert aws("events").describe_rule(Name=resources["WorkerFunctionClock"])["State"] == "ENABLED"
    assert aws("stepfunctions").describe_state_machine(stateMachineArn=resources["Machine"])["status"] == "ACTIVE"

    assert local("clean").returncode == 0
    assert not local.directory.exists()
    assert local("clean").stdout == f"There is no local stack in {local.directory}.\n"


@pytest.mark.parametrize("last", ["down", "clean"])
def test_the_demos_stack_started_by_itself_is_stopped_with_the_others(local: LocalCommand, last: str) -> None:
    demo = {"CONTACTS_LOCAL_DIR": str(local.directory / "demo")}
    assert local("up", **demo).returncode == 0
    api = json.loads((local.directory / "demo" / "stack.json").read_text())["apiUrl"]
    assert local(last).returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(api)
    assert local.directory.exists() == (last == "down")
    assert "was not running" in local("down").stdout


def test_a_folder_with_other_things_is_refused_and_clean_says_what_it_kept(local: LocalCommand) -> None:
    local.directory.mkdir()
    notes = local.directory / "notes.txt"
    notes.touch()
    refused = local("up")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "notes.txt" in refused.stderr
    notes.unlink()
    assert local("up").returncode == 0
    notes.touch()
    cleaned = local("clean")
    assert cleaned.stdout.endswith(f"What it did not write is still in {local.directory}: notes.txt\n")
    assert list(local.directory.iterdir()) == [notes]


def test_a_busy_port_is_one_line(local: LocalCommand) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", local.port))
        other.listen()
        result = local("up")
    assert result.returncode == 1
    assert result.stderr == f"local: port {local.port} is busy; choose another with PORT=\n"


def test_a_stack_that_was_killed_before_it_saved_says_how_to_start_anew(local: LocalCommand) -> None:
    assert local("up").returncode == 0
    pid = int((local.directory / "engine.lock").read_text())
    os.kill(pid, signal.SIGKILL)
    while "is running" in local("status").stdout:
        pass
    again = local("up")
    assert (again.returncode, again.stderr) == (
        1,
        "local: the stack was killed before it had saved what it holds; `make clean` starts anew\n",
    )
    assert local("clean").returncode == 0
    assert local("up").returncode == 0


def test_changed_code_layers_and_template_are_picked_up(local: LocalCommand, tmp_path: Path) -> None:
    shutil.copytree(SAMPLE_TEMPLATE.parent, tmp_path / "app")
    local.template = tmp_path / "app" / "template.yaml"
    assert local("up").returncode == 0
    stack = local.stack()
    headers = {"Authorization": f"Bearer {stack['tokens']['a-admin']}"}

    def environment() -> dict[str, str]:
        answer = httpx.post(f"{stack['apiUrl']}/api/do", headers=headers, json={"call": "environment"}, timeout=30)
        found: dict[str, str] = answer.json()
        return found

    assert environment()["shared"] == "from the layer"
    _edit(tmp_path / "app" / "layer" / "shared.py", "from the layer", "from the new layer")
    _edit(tmp_path / "app" / "functions" / "api" / "handler.py", '"route": event', '"new": True, "route": event')
    _edit(local.template, "        BUS: !Ref Bus\n", "        BUS: !Ref Bus\n        ADDED: yes, indeed\n")
    updated = local("up")
    assert (updated.returncode, "is updated" in updated.stdout) == (0, True), updated.stderr
    found = environment()
    assert (found["shared"], found["ADDED"]) == ("from the new layer", "yes, indeed")
    assert httpx.get(f"{stack['apiUrl']}/open", timeout=30).json()["new"] is True
    assert local.stack()["resources"]["Table"] == stack["resources"]["Table"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("BillingMode: PAY_PER_REQUEST", "TableClass: STANDARD"), "Table.TableClass (AWS::DynamoDB::Table)"),
        (("CodeUri: functions/api", "CodeUri: functions/gone"), "ApiFunction: there is no folder functions/gone"),
        (("  JwtIssuer: { Type: String }", "  JwtIssuer: { Type: String"), "template.yaml can't be read"),
    ],
)
def test_what_can_not_be_deployed_in_full_is_refused_in_one_line(
    local: LocalCommand, tmp_path: Path, edit: tuple[str, str], message: str
) -> None:
    shutil.copytree(SAMPLE_TEMPLATE.parent, tmp_path / "app")
    local.template = tmp_path / "app" / "template.yaml"
    _edit(local.template, *edit)
    result = local("up")
    assert result.returncode == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (local.directory / "engine.lock").exists()


class TestRunning:
    """One stack, brought up from a shell that is set up for something else."""

    def test_the_operators_environment_changes_nothing(self, running: LocalCommand) -> None:
        stack = running.stack()
        headers = {"Authorization": f"Bearer {stack['tokens']['a-admin']}"}
        found = httpx.post(
            f"{stack['apiUrl']}/api/do", headers=headers, json={"call": "environment"}, timeout=30
        ).json()
        assert found["AWS_ENDPOINT_URL"] == stack["awsEndpoint"]
        assert not {"AWS_PROFILE", "LOG_LEVEL", "HTTP_PROXY"} & found.keys()

    def test_only_loopback_is_listened_on(self, running: LocalCommand) -> None:
        pid = int((running.directory / "engine.lock").read_text())
        assert _listening_addresses(pid) == {("127.0.0.1", running.port)}

    def test_another_port_is_not_taken_for_another_stack(self, running: LocalCommand) -> None:
        result = running("up", PORT=str(free_port()))
        assert (result.returncode, f"on port {running.port}" in result.stderr) == (1, True)
        anywhere = running("up", PORT="")
        assert (anywhere.returncode, running.stack()["apiUrl"] in anywhere.stdout) == (0, True)

    def test_invoke_prints_the_answer_and_fails_with_the_function(self, running: LocalCommand, tmp_path: Path) -> None:
        event = tmp_path / "event.json"
        event.write_text('{"part": 7, "fail": ""}')
        good = running("invoke", "step", str(event))
        assert (good.returncode, json.loads(good.stdout), "part 7" in good.stderr) == (0, {"outcome": "done"}, True)
        event.write_text('{"part": 7, "fail": "NotToday"}')
        bad = running("invoke", "StepFunction", str(event))
        assert (bad.returncode, json.loads(bad.stdout)["errorType"]) == (1, "NotToday")
        assert "there is no function other" in running("invoke", "other", str(event)).stderr


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _listening_addresses(pid: int) -> set[tuple[str, int]]:
    """Every TCP address that a process of the engine's session listens on (Linux alone tells)."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("needs /proc/net/tcp, which only Linux has")
    sockets = {
        os.readlink(link)
        for process in _session(pid)
        for link in Path(f"/proc/{process}/fd").iterdir()
        if link.is_symlink() and os.path.lexists(link)
    }
    found = set()
    for table, decode in (("tcp", _ipv4), ("tcp6", str)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            host, port = columns[1].split(":")
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in sockets:
                found.add((decode(host), int(port, 16)))
    return found


def _session(pid: int) -> list[int]:
    session = os.getsid(pid)
    processes = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]

    def in_session(process: int) -> bool:
        try:
            return os.getsid(process) == session
        except ProcessLookupError:
            return False

    return [process for process in processes if in_session(process)]


_ipv4: Callable[[str], str] = lambda text: socket.inet_ntoa(bytes.fromhex(text)[::-1])  # noqa: E731

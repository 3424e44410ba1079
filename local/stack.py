"""The life of a local stack: up, down, status, clean."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from local.deployment import Deployment, Plan, deploy, plan
from local.engine.version import require_adapted_version
from local.issuer import Issuer
from local.settings import ACCESS_KEY_ID, HOST, REGION, ROOT, SECRET_ACCESS_KEY, STATUS_PATH, Settings
from local.stack_directory import UP_LOCK, claim, is_claimed, remove_if_empty, remove_own

_START_SECONDS = 30.0
_SAVE_SECONDS = 120.0


class StackError(Exception):
    """The stack can't do what was asked, in one line."""


@dataclass(frozen=True)
class Up:
    """What ``up`` did and where the stack is."""

    started: bool
    changed: bool
    stack: dict[str, Any]


def up(settings: Settings) -> Up:
    """Start the engine where it does not run, deploy the template where it changed, write ``stack.json``.

    Raises:
        StackError: the port is taken, the engine does not start, or runs elsewhere.
        ForeignDirectoryError: the folder holds things that are no stack's.
        DeploymentError, and what ``plan`` raises.
    """
    require_adapted_version()
    claim(settings.directory)
    with _only_one(settings):
        running = _running_pid(settings)
        planned = plan(settings)
        if running is None:
            _start(settings)
        elif (port := _recorded_port(settings)) != settings.port:
            if settings.port_chosen:
                raise StackError(f"the stack is running already, on port {port}; `make down` stops it")
            settings = replace(settings, port=port)
            planned = plan(settings)
        try:
            deployment = deploy(settings, planned)
        except BaseException:
            if running is None:  # leave no engine behind that nobody knows of
                down(settings)
            raise
        stack = _describe(settings, planned, deployment)
        _write_stack_file(settings, stack)
    return Up(started=running is None, changed=deployment.changed, stack=stack)


def down(settings: Settings) -> bool:
    """Stop the engine, which saves its state first; False where it did not run.

    Raises:
        StackError: it does not end in two minutes.
    """
    pid = _running_pid(settings)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _SAVE_SECONDS
    while _running_pid(settings) == pid:
        if time.monotonic() > deadline:
            raise StackError(f"the engine (process {pid}) does not stop; see {settings.log_file}")
        time.sleep(0.05)
    return True


def with_demo(settings: Settings) -> Iterator[Settings]:
    """The stacks in this folder, the innermost first: the demo's, which may run by itself, then this one."""
    if settings.demo_directory.is_dir():
        yield from with_demo(replace(settings, directory=settings.demo_directory))
    yield settings


def clean(settings: Settings) -> bool:
    """Stop the stacks of this folder and forget everything they held; nothing that they did not write is removed.

    Returns:
        Whether there was any.

    Raises:
        StackError: one does not stop.
    """
    found = False
    for stack in list(with_demo(settings)):
        down(stack)
        found |= is_claimed(stack.directory)
        remove_own(stack.directory)
        if found:
            remove_if_empty(stack.directory)
    return found


def read_stack(settings: Settings) -> dict[str, Any]:
    """``stack.json`` of the running stack.

    Raises:
        StackError: it does not run.
    """
    if _running_pid(settings) is None or not settings.stack_file.exists():
        raise StackError("the stack is not running; `make up` starts it")
    stack: dict[str, Any] = json.loads(settings.stack_file.read_text("utf-8"))
    return stack


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """One ``up`` at a time for a directory: the second waits, then finds the stack running."""
    with (settings.directory / UP_LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _running_pid(settings: Settings) -> int | None:
    """The engine's process: who holds the lock is alive, whatever became of files."""
    try:
        lock = (settings.directory / "engine.lock").open("r+")
    except (FileNotFoundError, NotADirectoryError):
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = lock.read()
            return int(text) if text else None
        return None


def _start(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, settings.port))
        except OSError as error:
            raise StackError(f"port {settings.port} is busy; choose another with PORT=") from error
    with settings.log_file.open("w") as log:
        engine = subprocess.Popen(
            [sys.executable, "-m", "local.engine.server"],
            cwd=ROOT,
            env=_engine_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(settings, engine.pid):
        if engine.poll() is not None or time.monotonic() > deadline:
            raise StackError(f"the engine did not start; see {settings.log_file}")
        time.sleep(0.05)


def _engine_environment(settings: Settings) -> dict[str, str]:
    """All the engine is told; of the operator's environment only what a process needs to run at all."""
    directory = settings.directory
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL") if name in os.environ},
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(settings.port),
        "IOT_MTLS_ENABLED": "0",
        "LOCAL_DIR": str(directory),
        "LOCAL_FUNCTIONS_ENDPOINT": settings.functions_endpoint or settings.endpoint,
        "LOCAL_UNPACKED_DIR": str(directory / "unpacked"),
        "MINISTACK_REGION": REGION,
        "NO_PROXY": "*",
        "PERSIST_STATE": "1" if settings.keeps_state else "0",
        "S3_DATA_DIR": str(directory / "objects"),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(directory / "state"),
    }
    if settings.owner_pid is not None:
        environment["LOCAL_OWNER_PID"] = str(settings.owner_pid)
    return environment


def _answers(settings: Settings, pid: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(settings.endpoint + STATUS_PATH, timeout=1) as response:
            return bool(json.load(response)["pid"] == pid)
    except (urllib.error.URLError, OSError):
        return False


def _recorded_port(settings: Settings) -> int:
    stack = json.loads(settings.stack_file.read_text("utf-8")) if settings.stack_file.exists() else {}
    return int(str(stack.get("awsEndpoint", f":{settings.port}")).rsplit(":", 1)[1])


def _describe(settings: Settings, planned: Plan, deployment: Deployment) -> dict[str, Any]:
    issuer = Issuer.at(settings.endpoint, settings.directory / "issuer.pem")
    return {
        "apiUrl": settings.endpoint,
        "awsEndpoint": settings.endpoint,
        "region": REGION,
        "accessKeyId": ACCESS_KEY_ID,
        "secretAccessKey": SECRET_ACCESS_KEY,
        "tokens": issuer.tokens(
            tenant_claim=planned.parameters.get("TenantClaim", "custom:tenant_id"),
            scope_claim=planned.parameters.get("ScopeClaim", "scope"),
        ),
        "resources": deployment.resources,
    }


def _write_stack_file(settings: Settings, stack: dict[str, Any]) -> None:
    partial = settings.stack_file.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(stack, indent=2) + "\n", "utf-8")
    partial.replace(settings.stack_file)

"""Where a local stack lives and listens; several live side by side when these differ."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.stack_directory import DEMO

ROOT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
HOST = "127.0.0.1"
ACCESS_KEY_ID = SECRET_ACCESS_KEY = "test"  # noqa: S105 - the engine's administrator; listens on loopback alone
STACK_NAME = "bulk-contacts"
DEFAULT_PORT = 4566
STATUS_PATH = "/_local/status"
"""Answers which process serves, so that nobody takes a stranger on the same port for the stack."""


class SettingsError(Exception):
    """An environment variable holds what it cannot."""


@dataclass(frozen=True)
class Settings:
    """One local stack."""

    port: int
    directory: Path
    """State, log and ``stack.json``; see `local.stack_directory` for what in it is the stack's."""
    template: Path
    port_chosen: bool = True
    """Whether somebody asked for this port; else a running stack's own port is as good."""
    owner_pid: int | None = None
    """The stack ends with this process, where there is one."""
    keeps_state: bool = True
    """Whether what it holds is there again after `down` and `up`."""
    functions_endpoint: str | None = None
    """Where functions reach the AWS services, if not at `endpoint` itself: at a proxy in front of it."""

    @property
    def endpoint(self) -> str:
        """The address of the API, the AWS services and the issuer."""
        return f"http://{HOST}:{self.port}"

    @property
    def demo_directory(self) -> Path:
        """Where the demo has its own stack, so that it neither meets nor leaves contacts in this one."""
        return self.directory / DEMO

    @property
    def stack_file(self) -> Path:
        """What clients of the stack read."""
        return self.directory / "stack.json"

    @property
    def log_file(self) -> Path:
        """The engine's log."""
        return self.directory / "engine.log"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from PORT, CONTACTS_LOCAL_DIR, CONTACTS_LOCAL_TEMPLATE, CONTACTS_LOCAL_OWNER_PID and
    CONTACTS_LOCAL_FUNCTIONS_ENDPOINT, all optional.

    A relative path counts from the current folder.

    Raises:
        SettingsError: PORT is no port number.
    """
    port = environment.get("PORT") or str(DEFAULT_PORT)
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingsError(f"PORT must be a number from 1 to 65535, not {port!r}")
    owner = environment.get("CONTACTS_LOCAL_OWNER_PID")
    return Settings(
        port=int(port),
        directory=Path(environment.get("CONTACTS_LOCAL_DIR") or ROOT / ".local").resolve(),
        port_chosen=bool(environment.get("PORT")),
        template=Path(environment.get("CONTACTS_LOCAL_TEMPLATE") or ROOT / "template.yaml").resolve(),
        owner_pid=int(owner) if owner else None,
        functions_endpoint=environment.get("CONTACTS_LOCAL_FUNCTIONS_ENDPOINT") or None,
    )

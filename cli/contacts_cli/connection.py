"""Which API to talk to, as whom: any URL and token, or the local stack."""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from contacts_cli.failures import CommandFailed, ExitCode


class Profile(StrEnum):
    """Ready-made connections."""

    LOCAL = "local"


UrlOption = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", envvar="CONTACTS_URL", help="Base of the API, without /api."),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="JWT",
        envvar="CONTACTS_TOKEN",
        help="Token to send. The environment keeps it out of the list of processes.",
    ),
]
ProfileOption = Annotated[
    Profile | None,
    typer.Option(
        "--profile",
        help="local: the stack that `make up` starts, found by .local/stack.json here or above. "
        "The default where neither a URL nor a token is given.",
    ),
]
AsOption = Annotated[
    str,
    typer.Option("--as", help="Whose token of the local stack to use.", metavar="WHO"),
]
DEFAULT_LOCAL_USER = "a-user"


@dataclass(frozen=True, slots=True)
class Connection:
    """An API's base URL and the token to send."""

    url: str
    token: str = field(repr=False)
    is_local_stack: bool = False

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.url)


def is_loopback(url: str) -> bool:
    """Whether a URL is this machine's own: no proxy can reach that."""
    host = httpx.URL(url).host
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resolve_connection(
    url: str | None, token: str | None, profile: Profile | None, acting_as: str = DEFAULT_LOCAL_USER
) -> Connection:
    """The connection that the options and the environment ask for.

    The local profile goes with the stack's own tokens: one that was meant for elsewhere stays at home.
    Raises CommandFailed: wrong usage, or no local stack is running.
    """
    if profile is Profile.LOCAL or (url is None and token is None):
        return _local_connection(acting_as)
    if url is None or token is None:
        raise CommandFailed("--url and --token (or CONTACTS_URL and CONTACTS_TOKEN) go together", ExitCode.USAGE)
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise CommandFailed(f"--url is not an http(s) address: {url}", ExitCode.USAGE)
    return Connection(url.rstrip("/"), token)


def _local_connection(acting_as: str) -> Connection:
    stack = _read_stack_file(_find_stack_file())
    tokens = stack["tokens"]
    if acting_as not in tokens:
        raise CommandFailed(f"the local stack has no token {acting_as}; it has: {', '.join(tokens)}", ExitCode.USAGE)
    return Connection(str(stack["apiUrl"]).rstrip("/"), tokens[acting_as], is_local_stack=True)


def _find_stack_file() -> Path:
    if named := os.environ.get("CONTACTS_LOCAL_DIR"):
        candidates = [Path(named) / "stack.json"]
    else:
        here = Path.cwd()
        candidates = [folder / ".local" / "stack.json" for folder in (here, *here.parents)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise CommandFailed(
        "no local stack is running", ExitCode.UNREACHABLE, hint="start it with `make up`, or give --url and --token"
    )


def _read_stack_file(path: Path) -> dict[str, Any]:
    try:
        stack = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandFailed(
            f"{path} can't be read: {error}", ExitCode.USAGE, hint="`make up` writes it anew"
        ) from error
    if not isinstance(stack, dict) or not isinstance(stack.get("tokens"), dict) or "apiUrl" not in stack:
        raise CommandFailed(f"{path} names no apiUrl and tokens", ExitCode.USAGE, hint="`make up` writes it anew")
    return stack

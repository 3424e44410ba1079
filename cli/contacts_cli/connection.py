"""Which API to talk to, as whom: any URL and token, or the local stack."""

from __future__ import annotations

import ipaddress
import json
import os
import shlex
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
        help="local: the stack that `make up` starts, found by .local/stack.json here or above, or by stack.json in "
        "CONTACTS_LOCAL_DIR. The default where neither a URL nor a token is given.",
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
    options: str = ""
    """What a next command needs on its line to talk to the same API as the same user; never the token itself."""

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
        chosen = "" if url is None and token is None else " --profile local"
        return _local_connection(acting_as, chosen)
    if url is None or token is None:
        raise CommandFailed("--url and --token (or CONTACTS_URL and CONTACTS_TOKEN) go together", ExitCode.USAGE)
    url, token = url.strip(), _checked(token)
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise CommandFailed(f"--url is not an http(s) address: {url}", ExitCode.USAGE)
    return Connection(url.rstrip("/"), token, options=_given(url, token))


def _checked(token: str) -> str:
    """The token without what a file or a shell puts around it. A message never quotes it.

    Raises CommandFailed: there is nothing, or something that no header can carry.
    """
    token = token.strip()
    if not token:
        raise CommandFailed("--token (or CONTACTS_TOKEN) is empty", ExitCode.USAGE)
    if not (token.isascii() and token.isprintable()):
        raise CommandFailed("--token (or CONTACTS_TOKEN) holds characters that no token has", ExitCode.USAGE)
    return token


def _given(url: str, token: str) -> str:
    """The options that the environment doesn't give to the next command anyway."""
    of_environment = {name: os.environ.get(name, "").strip() for name in ("CONTACTS_URL", "CONTACTS_TOKEN")}
    options = "" if url == of_environment["CONTACTS_URL"] else f" --url {shlex.quote(url)}"
    return options if token == of_environment["CONTACTS_TOKEN"] else f"{options} --token JWT"


def _local_connection(acting_as: str, chosen: str) -> Connection:
    stack = _read_stack_file(_find_stack_file())
    tokens = stack["tokens"]
    if acting_as not in tokens:
        raise CommandFailed(f"the local stack has no token {acting_as}; it has: {', '.join(tokens)}", ExitCode.USAGE)
    user = "" if acting_as == DEFAULT_LOCAL_USER else f" --as {shlex.quote(acting_as)}"
    return Connection(str(stack["apiUrl"]).rstrip("/"), tokens[acting_as], is_local_stack=True, options=chosen + user)


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

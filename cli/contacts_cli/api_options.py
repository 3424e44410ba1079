"""The options that every command has which talks to the API: to which one, and as whom."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import typer

from contacts_cli.api_client import ContactsApi
from contacts_cli.connection import (
    DEFAULT_LOCAL_USER,
    AsOption,
    ProfileOption,
    TokenOption,
    UrlOption,
    resolve_connection,
)
from contacts_cli.session import Session

OpenApi = Callable[[], ContactsApi]


def _open(
    session: Session,
    *,
    url: UrlOption = None,
    token: TokenOption = None,
    profile: ProfileOption = None,
    acting_as: AsOption = DEFAULT_LOCAL_USER,
) -> ContactsApi:
    return ContactsApi(resolve_connection(url, token, profile, acting_as), session)


_OPTIONS = [*inspect.signature(_open, eval_str=True).parameters.values()][1:]


def with_api_options(command: Callable[..., None]) -> Callable[..., None]:
    """`command`, which takes `open_api` by name, as a command with --url, --token, --profile and --as after its own
    options. `open_api()` opens the API that these mean, or raises CommandFailed; until then nothing is looked up."""

    @functools.wraps(command)
    def run(context: typer.Context, **given: Any) -> None:
        chosen = {option.name: given.pop(option.name) for option in _OPTIONS}
        command(context, open_api=functools.partial(_open, context.obj, **chosen), **given)

    signature = inspect.signature(command, eval_str=True)
    own = [parameter for parameter in signature.parameters.values() if parameter.name != "open_api"]
    # What typer reads options from.
    vars(run)["__signature__"] = signature.replace(parameters=[*own, *_OPTIONS])
    return run

"""``python -m local up|down|status|invoke|clean|demo``: the local stack from the command line."""

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from local.build import BuildError
from local.deployment import DeploymentError
from local.engine.version import EngineVersionError
from local.expansion import ParameterError
from local.http_api import UnsupportedApiError
from local.invocation import invoke as invoke_function
from local.losses import UnknownToEngineError
from local.settings import ROOT, SettingsError, from_environment
from local.stack import StackError, read_stack, with_demo
from local.stack import clean as clean_stack
from local.stack import down as stop_stack
from local.stack import up as start_stack
from local.stack_directory import ForeignDirectoryError

_EXPECTED = (
    BuildError,
    DeploymentError,
    EngineVersionError,
    ForeignDirectoryError,
    ParameterError,
    SettingsError,
    StackError,
    UnknownToEngineError,
    UnsupportedApiError,
)

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def up() -> None:
    """Start the stack in the background; update it where the template or code changed."""
    started = time.monotonic()
    result = start_stack(from_environment())
    verb = "is up" if result.started else "was running and is updated" if result.changed else "is running already"
    url, token = result.stack["apiUrl"], result.stack["tokens"]["a-admin"]
    typer.echo(f"The stack {verb} ({time.monotonic() - started:.1f} s): {url}")
    typer.echo(f"Addresses, tokens and names: {from_environment().stack_file}")
    typer.echo("Try it:\n")
    typer.echo(f"curl -H 'Authorization: Bearer {token}' {url}/api/jobs\n")


@app.command()
def down() -> None:
    """Stop the stack, and that of the demo; what they hold is there again after the next `up`."""
    stopped = [stack.directory for stack in with_demo(from_environment()) if stop_stack(stack)]
    for directory in stopped:
        typer.echo(f"The stack in {directory} is stopped.")
    if not stopped:
        typer.echo("The stack was not running.")


@app.command()
def status() -> None:
    """Say where the stack is; fails where it does not run."""
    stack = read_stack(from_environment())
    typer.echo(f"The stack is running: {stack['apiUrl']}")


@app.command()
def clean() -> None:
    """Stop the stack, and that of the demo, and forget all they held."""
    settings = from_environment()
    if not clean_stack(settings):
        typer.echo(f"There is no local stack in {settings.directory}.")
        return
    typer.echo("The local stack and its data are gone.")
    if settings.directory.exists():
        kept = ", ".join(sorted(path.name for path in settings.directory.iterdir()))
        typer.echo(f"What it did not write is still in {settings.directory}: {kept}")


@app.command()
def invoke(
    function: Annotated[str, typer.Argument(help="The function's folder or logical id.")],
    event: Annotated[Path, typer.Argument(help="A JSON file.")],
) -> None:
    """Run one function on the running stack; prints its answer, its log goes to stderr."""
    outcome = invoke_function(from_environment(), function, event)
    typer.echo(outcome.log, err=True)
    typer.echo(json.dumps(outcome.payload, indent=2, ensure_ascii=False))
    raise typer.Exit(1 if outcome.failed else 0)


@app.command()
def demo() -> None:
    """Import a sample file end to end, on a stack of its own."""
    if not (ROOT / "local" / "demo.py").exists():
        raise StackError("the demo is not written yet")
    importlib.import_module("local.demo").main()


def main() -> None:
    """Run a command; what a user can put right is one line and exit code 1."""
    _forget_aws_configuration()
    try:
        app()
    except _EXPECTED as error:
        typer.echo(f"local: {error}", err=True)
        sys.exit(1)


def _forget_aws_configuration() -> None:
    """Nothing here may reach a real account or its proxy, whatever the operator's shell is set up for."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "*"}


if __name__ == "__main__":
    main()

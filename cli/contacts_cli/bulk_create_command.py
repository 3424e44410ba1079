"""`contacts bulk-create`."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Annotated

import typer

from contacts_cli.api_client import Json
from contacts_cli.api_options import OpenApi, with_api_options
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.job_views import job_summary
from contacts_cli.job_watch import exit_code_of, watch_job
from contacts_cli.next_steps import say_what_next
from contacts_cli.session import Session


def _check_key(key: str | None) -> str | None:
    if key is not None and not (key and key.isascii() and key.isprintable()):
        raise typer.BadParameter("one or more printable ASCII characters, as a header takes them")
    return key


KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="Idempotency key: the same command with it again starts no second job.",
        callback=_check_key,
    ),
]


@with_api_options
def bulk_create(
    context: typer.Context,
    *,
    open_api: OpenApi,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            readable=True,
            help='A JSON array of contacts, or {"contacts": [...]}.',
        ),
    ],
    collection: Annotated[
        str | None, typer.Option(metavar="ID", help="Collection to put the created contacts into.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Where they come from; part of the tracking key.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What you call this run; part of the tracking key.")
    ] = None,
    key: KeyOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Wait for the end, with a progress bar.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="With --watch: exit with 3 where contacts failed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the job as JSON.")] = False,
) -> None:
    """Create up to 5,000 contacts at once.

    Prints the job's id, or with --watch, what came of it. Keep the tracking key: by it the contacts can be found, and
    deleted again, for good.
    """
    session: Session = context.obj
    if strict and not watch:
        raise CommandFailed("--strict needs --watch: a job that only starts has no failures yet", ExitCode.USAGE)
    options = {"collectionId": collection, "clientSource": source, "clientReferenceId": reference}
    body = _read_body(file) | {name: value for name, value in options.items() if value is not None}
    with open_api() as api:
        started = api.start_bulk_create(body, idempotency_key=key or str(uuid.uuid4()))
        job_id = str(started["jobId"])
        if not watch:
            if as_json:
                session.print_json(started)
            else:
                session.out.print(job_id, markup=False, emoji=False, soft_wrap=True)
                session.say(f"tracking key: {started['trackingKey']}")
                session.say(f"follow it: {api.again(f'contacts job {job_id} --watch')}", style="dim")
            return
        job = watch_job(api, job_id, session, get=api.get_bulk_create)
    if as_json:
        session.print_json(job)
    else:
        session.show(job_summary(job))
        say_what_next(job, api, session)
    raise typer.Exit(exit_code_of(job, strict=strict))


def _read_body(path: Path) -> Json:
    """What the file asks for; the API checks the contacts.

    Raises:
        CommandFailed: the file can't be read, or holds neither a list nor an object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandFailed(f"{path} can't be read: {error.strerror}", ExitCode.USAGE) from error
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{path} is no text in UTF-8", ExitCode.USAGE) from error
    except (ValueError, RecursionError) as error:
        place = f": line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CommandFailed(f"{path} is no valid JSON{place}", ExitCode.USAGE) from error
    if isinstance(content, list):
        return {"contacts": content}
    if isinstance(content, dict) and isinstance(content.get("contacts"), list):
        return content
    raise CommandFailed(f'{path} holds no list of contacts, and no {{"contacts": [...]}}', ExitCode.USAGE)

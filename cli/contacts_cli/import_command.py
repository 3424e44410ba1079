"""`contacts import`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from contacts_cli.api_options import OpenApi, with_api_options
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.field_mapping import TARGETS, missing_mapping, parse_mapping
from contacts_cli.import_run import run_import
from contacts_cli.job_views import job_summary
from contacts_cli.job_watch import exit_code_of, watch_job
from contacts_cli.next_steps import say_what_next
from contacts_cli.session import Session


class DuplicateStrategy(StrEnum):
    """What to do with a row about a contact that is there, by its id or its e-mail."""

    SKIP = "skip"
    UPDATE = "update"
    CREATE = "create"


class BlankValues(StrEnum):
    """What an empty cell means."""

    IGNORE = "ignore"
    CLEAR = "clear"


class FileType(StrEnum):
    """The formats that can be imported."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


@with_api_options
def import_file(
    context: typer.Context,
    *,
    open_api: OpenApi,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="CSV, XLSX or JSON.")
    ],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=TARGET", help=f"Which column is which field; repeatable. Targets: {TARGETS}"
        ),
    ] = None,
    on_duplicate: Annotated[
        DuplicateStrategy,
        typer.Option(help="What to do with a row about a contact that is there, by its id or its e-mail."),
    ] = DuplicateStrategy.SKIP,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Tag to add to every imported contact; repeatable.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option(metavar="NAME", help="Segment to put the imported contacts in; made if need be.")
    ] = None,
    validate_email: Annotated[bool, typer.Option(help="Whether what is no e-mail address is a row error.")] = True,
    validate_phone: Annotated[bool, typer.Option(help="Whether an impossible phone number is a row error.")] = False,
    blank_values: Annotated[
        BlankValues, typer.Option(help="Whether an empty cell means nothing, or empties the field.")
    ] = BlankValues.IGNORE,
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Sheet of a workbook; else the first visible one.")
    ] = None,
    unescape_formulas: Annotated[
        bool,
        typer.Option(
            "--unescape-formulas/--keep-formula-marks",
            help="Whether a CSV value loses each ' that an export puts before what could be a formula.",
        ),
    ] = True,
    file_type: Annotated[FileType | None, typer.Option(help="Else told by the name and the content.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Wait for the end, with a progress bar.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="With --watch: exit with 3 where rows were in error.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the job as JSON.")] = False,
) -> None:
    """Import a file of contacts.

    Prints the job's id, or with --watch, what came of it. An example:

    \b
    contacts import people.csv --map "E-mail=email" --map "First name=firstName" \\
        --on-duplicate update --tag fair --watch
    """
    session: Session = context.obj
    if strict and not watch:
        raise CommandFailed("--strict needs --watch: a job that only starts has no row errors yet", ExitCode.USAGE)
    field_mapping = parse_mapping(mapping or [])
    if not field_mapping:
        raise missing_mapping(file)
    options = {
        "fileType": file_type,
        "duplicateStrategy": on_duplicate,
        "tags": tag or None,
        "segmentName": segment,
        "validateEmail": validate_email,
        "validatePhone": validate_phone,
        "blankValues": blank_values,
        "sheet": sheet,
        "unescapeFormulas": unescape_formulas,
    }
    with open_api() as api:
        started = run_import(api, file, field_mapping=field_mapping, options=options, session=session)
        job_id = str(started["jobId"])
        if not watch:
            if as_json:
                session.print_json(started)
            else:
                session.out.print(job_id, markup=False, emoji=False, soft_wrap=True)
                session.say(f"follow it: {api.again(f'contacts job {job_id} --watch')}", style="dim")
            return
        job = watch_job(api, job_id, session)
    if as_json:
        session.print_json(job)
    else:
        session.show(job_summary(job))
        say_what_next(job, api, session)
    raise typer.Exit(exit_code_of(job, strict=strict))

"""`contacts export` and `contacts download`."""

from __future__ import annotations

import uuid
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from contacts_cli.api_client import ContactsApi, Json
from contacts_cli.api_options import OpenApi, with_api_options
from contacts_cli.export_filter import parse_filter
from contacts_cli.export_run import finish_export
from contacts_cli.export_views import export_summary
from contacts_cli.failures import ExitCode
from contacts_cli.file_transfer import check_target
from contacts_cli.job_commands import ForceOption
from contacts_cli.next_steps import say_what_next
from contacts_cli.session import Session


class ExportFormat(StrEnum):
    """The formats that can be exported to."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    JSONL = "jsonl"


JsonOption = Annotated[bool, typer.Option("--json", help="Print the job as JSON.")]


@with_api_options
def export_contacts(
    context: typer.Context,
    *,
    open_api: OpenApi,
    file_format: Annotated[ExportFormat, typer.Option("--format", help="What file to write.")],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", dir_okay=False, help="Wait for the end, then save the file here and verify its checksum."
        ),
    ] = None,
    filter_: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="JSON|@FILE",
            help="Only contacts that this means, such as "
            '\'{"field": "company", "op": "equals", "value": "Acme"}\'; or a file that holds it.',
        ),
    ] = None,
    segment: Annotated[str | None, typer.Option(metavar="ID", help="Only contacts that are in this segment.")] = None,
    collection: Annotated[
        str | None, typer.Option(metavar="ID", help="Only contacts that are in this collection.")
    ] = None,
    fields: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Columns in this order; else the default ones.")
    ] = None,
    custom_fields: Annotated[
        bool, typer.Option("--custom-fields", help="Add a column for each custom field that occurs.")
    ] = False,
    engagement: Annotated[bool, typer.Option("--engagement", help="Add the engagement metrics.")] = False,
    byte_order_mark: Annotated[
        bool, typer.Option("--bom", help="Begin a CSV file with a byte order mark, by which Excel knows UTF-8.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Wait for the end, with a progress bar; --out does so too.")
    ] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Export contacts to a file. Needs the scope contacts:export.

    Prints the job's id, or with --watch or --out, what came of it. An example:

    \b
    contacts export --format csv --fields id,email,phone --custom-fields \\
        --filter '{"field": "tags", "op": "hasAny", "value": ["fair"]}' --out fair.csv
    """
    session: Session = context.obj
    if out is not None:
        check_target(out, overwrite=force)
    options: dict[str, Any] = {
        "filters": None if filter_ is None else parse_filter(filter_),
        "segmentId": segment,
        "collectionId": collection,
        "selectedFields": None if fields is None else [name.strip() for name in fields.split(",")],
        "includeCustomFields": custom_fields or None,
        "includeEngagementMetrics": engagement or None,
        "byteOrderMark": byte_order_mark or None,
    }
    body = {"format": file_format, **{name: value for name, value in options.items() if value is not None}}
    with open_api() as api:
        started = api.start_export(body, idempotency_key=str(uuid.uuid4()))
        job_id = str(started["jobId"])
        if out is None and not watch:
            if as_json:
                session.print_json(started)
            else:
                session.out.print(job_id, markup=False, emoji=False, soft_wrap=True)
                session.say(f"get its file: {api.again(f'contacts download {job_id} --out FILE')}", style="dim")
            return
        job = finish_export(api, job_id, out, overwrite=force, session=session)
    _tell(job, api, out, as_json=as_json, session=session)


@with_api_options
def download_export(
    context: typer.Context,
    *,
    open_api: OpenApi,
    job_id: Annotated[str, typer.Argument(metavar="ID", help="The id of the export.")],
    out: Annotated[Path, typer.Option(metavar="FILE", dir_okay=False, help="Where to save the file.")],
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Save the file of an export, once it is there, and verify its checksum. Needs the scope contacts:export."""
    session: Session = context.obj
    check_target(out, overwrite=force)
    with open_api() as api:
        job = finish_export(api, job_id, out, overwrite=force, session=session)
    _tell(job, api, out, as_json=as_json, session=session)


def _tell(job: Json, api: ContactsApi, out: Path | None, *, as_json: bool, session: Session) -> None:
    """Say what came of the export, and end the command accordingly."""
    completed = job["status"] == "completed"
    if as_json:
        session.print_json(job)
    else:
        session.show(export_summary(job))
        if completed and out is None:
            say_what_next(job, api, session)
    if completed and out is not None:
        session.say(f"saved {out} ({job['fileSize']:,} bytes, checksum verified)")
    raise typer.Exit(ExitCode.DONE if completed else ExitCode.JOB_FAILED)

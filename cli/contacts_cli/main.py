"""The `contacts` command."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from contacts_cli.bulk_create_command import bulk_create
from contacts_cli.bulk_delete_command import bulk_delete
from contacts_cli.collection_commands import collections
from contacts_cli.error_commands import list_errors
from contacts_cli.export_commands import download_export, export_contacts
from contacts_cli.failures import EXIT_CODES_HELP, CommandFailed, ExitCode
from contacts_cli.import_command import import_file
from contacts_cli.item_commands import list_items
from contacts_cli.job_commands import list_jobs, save_results, show_job
from contacts_cli.rollback_command import roll_back
from contacts_cli.session import Session


class _Commands(TyperGroup):
    """The commands, whose refusals of a value say what is wrong with it and not how typer found out."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as refusal:
            refusal.message = refusal.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES_HELP,
)
app.command("import", epilog=EXIT_CODES_HELP)(import_file)
app.command("rollback", epilog=EXIT_CODES_HELP)(roll_back)
app.command("bulk-create", epilog=EXIT_CODES_HELP)(bulk_create)
app.command("bulk-delete", epilog=EXIT_CODES_HELP)(bulk_delete)
app.command("export", epilog=EXIT_CODES_HELP)(export_contacts)
app.command("download", epilog=EXIT_CODES_HELP)(download_export)
app.command("jobs")(list_jobs)
app.command("job")(show_job)
app.command("errors")(list_errors)
app.command("results")(save_results)
app.command("items")(list_items)
app.add_typer(collections, name="collections")


def _print_version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        context.obj.out.print(version("bulk-contacts"))
        raise typer.Exit


@app.callback()
def contacts(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Bring contacts in, in bulk, see what came of it, undo it, and take them out again.

    Talks to the stack of `make up`, or to any URL and token (--url, --token; CONTACTS_URL, CONTACTS_TOKEN).
    """


def main(arguments: Sequence[str] | None = None, *, session: Session | None = None) -> None:
    """Run one command and exit with its code. `arguments` default to the command line's."""
    session = session or Session()
    try:
        app(args=arguments, obj=session, prog_name="contacts")
    except CommandFailed as failure:
        session.say(f"contacts: {failure}", style="red")
        raise SystemExit(int(failure.exit_code)) from None
    except OSError as error:
        # Most of all where the results can't be written: the disk is full, or what reads them is gone.
        with contextlib.suppress(OSError):
            session.say(f"contacts: {error.filename or 'the output'}: {error.strerror or error}", style="red")
        _give_up_stdout()
        raise SystemExit(int(ExitCode.USAGE)) from None


def _give_up_stdout() -> None:
    """What Python still holds back for stdout goes nowhere, or it would fail once more at the very end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

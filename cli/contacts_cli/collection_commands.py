"""`contacts collections list`, `create` and `items`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from contacts_cli.api_client import Json
from contacts_cli.api_options import OpenApi, with_api_options
from contacts_cli.formatting import plain, plain_table, uncut
from contacts_cli.pages import AllOption, JsonOption, LimitOption, collect, show_page
from contacts_cli.session import Session

collections = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make and show collections of contacts.")


@collections.command("list")
@with_api_options
def list_collections(
    context: typer.Context,
    *,
    open_api: OpenApi,
    limit: LimitOption = 20,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the tenant's collections."""
    session: Session = context.obj
    with open_api() as api:
        found = collect(lambda size, cursor: api.list_collections(limit=size, cursor=cursor), None if every else limit)
    show_page(found, _collections_table, session, as_json=as_json, nothing="nothing there")


@collections.command("create")
@with_api_options
def create_collection(
    context: typer.Context,
    *,
    open_api: OpenApi,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    editor: Annotated[
        list[str] | None,
        typer.Option(metavar="USER", help="A user who may change its items, as tokens name them; can be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a collection, and print its id: that is what `contacts bulk-create --collection` takes."""
    session: Session = context.obj
    with open_api() as api:
        made = api.create_collection({"name": name, "editors": editor or []}, idempotency_key=str(uuid.uuid4()))
    if as_json:
        session.print_json(made)
    else:
        session.out.print(made["id"], markup=False, emoji=False, soft_wrap=True)


@collections.command("items")
@with_api_options
def list_items(
    context: typer.Context,
    *,
    open_api: OpenApi,
    collection: Annotated[str, typer.Argument(metavar="ID", help="The collection's id.")],
    limit: LimitOption = 20,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the contacts of a collection."""
    session: Session = context.obj
    with open_api() as api:
        found = collect(
            lambda size, cursor: api.list_collection_items(collection, limit=size, cursor=cursor),
            None if every else limit,
        )
    show_page(found, _contacts_table, session, as_json=as_json, nothing="nothing there")


def _collections_table(items: Iterable[Json]) -> Table:
    table = plain_table()
    table.add_column("Collection", no_wrap=True)
    table.add_column("Name", ratio=1)
    for item in items:
        table.add_row(plain(item["id"], limit=200), plain(item["name"]))
    return uncut(table)


def _contacts_table(items: Iterable[Json]) -> Table:
    table = plain_table()
    table.add_column("Contact", no_wrap=True)
    table.add_column("E-mail", ratio=1)
    table.add_column("Name", ratio=1)
    for item in items:
        name = " ".join(part for part in (item.get("firstName"), item.get("lastName")) if part)
        table.add_row(plain(item["id"], limit=200), plain(item.get("email")), plain(name))
    return uncut(table)

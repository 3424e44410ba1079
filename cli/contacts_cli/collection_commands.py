"""`contacts collections list`, `create` and `items`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Annotated

import typer
from rich.table import Table

from contacts_cli.api_client import ContactsApi, Json
from contacts_cli.connection import (
    DEFAULT_LOCAL_USER,
    AsOption,
    ProfileOption,
    TokenOption,
    UrlOption,
    resolve_connection,
)
from contacts_cli.formatting import plain, plain_table, uncut
from contacts_cli.pages import AllOption, JsonOption, LimitOption, collect
from contacts_cli.session import Session

collections = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make and show collections of contacts.")


@collections.command("list")
def list_collections(
    context: typer.Context,
    *,
    limit: LimitOption = 20,
    every: AllOption = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    profile: ProfileOption = None,
    acting_as: AsOption = DEFAULT_LOCAL_USER,
) -> None:
    """List the tenant's collections."""
    session: Session = context.obj
    with ContactsApi(resolve_connection(url, token, profile, acting_as), session) as api:
        found = collect(lambda size, cursor: api.list_collections(limit=size, cursor=cursor), None if every else limit)
    _show(found, _collections_table, limit, session, as_json=as_json)


@collections.command("create")
def create_collection(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    editor: Annotated[
        list[str] | None,
        typer.Option(metavar="USER", help="A user who may change its items, as tokens name them; can be repeated."),
    ] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    profile: ProfileOption = None,
    acting_as: AsOption = DEFAULT_LOCAL_USER,
) -> None:
    """Make a collection, and print its id: that is what `contacts bulk-create --collection` takes."""
    session: Session = context.obj
    with ContactsApi(resolve_connection(url, token, profile, acting_as), session) as api:
        made = api.create_collection({"name": name, "editors": editor or []}, idempotency_key=str(uuid.uuid4()))
    if as_json:
        session.print_json(made)
    else:
        session.out.print(made["id"], markup=False, emoji=False, soft_wrap=True)


@collections.command("items")
def list_items(
    context: typer.Context,
    *,
    collection: Annotated[str, typer.Argument(metavar="ID", help="The collection's id.")],
    limit: LimitOption = 20,
    every: AllOption = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    profile: ProfileOption = None,
    acting_as: AsOption = DEFAULT_LOCAL_USER,
) -> None:
    """List the contacts of a collection."""
    session: Session = context.obj
    with ContactsApi(resolve_connection(url, token, profile, acting_as), session) as api:
        found = collect(
            lambda size, cursor: api.list_collection_items(collection, limit=size, cursor=cursor),
            None if every else limit,
        )
    _show(found, _contacts_table, limit, session, as_json=as_json)


def _show(
    found: Json, table: Callable[[Iterable[Json]], Table], limit: int, session: Session, *, as_json: bool
) -> None:
    if as_json:
        session.print_json(found)
    elif found["items"]:
        session.show(table(found["items"]))
    else:
        session.say("nothing there")
    if found["nextCursor"]:
        session.say(f"there are more than these {limit}: --limit or --all", style="dim")


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

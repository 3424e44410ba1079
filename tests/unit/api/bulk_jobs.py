"""Bulk jobs over HTTP, as the tests of this folder start and read them."""

from __future__ import annotations

from typing import Any

from tests.unit.api.api_client import READ_AND_WRITE, Api, Reply

CREATE = "/api/contacts/bulk-create"
DELETE = "/api/contacts/bulk-delete"
COLLECTIONS = "/api/collections"
ADMIN = f"{READ_AND_WRITE} contacts:admin"


def person(number: int, **more: Any) -> dict[str, Any]:
    """A contact of a request, unlike all others."""
    return {"email": f"person{number}@example.com", "firstName": f"Person {number}", **more}


def start(api: Api, contacts: list[Any], **more: Any) -> dict[str, Any]:
    """The answer to a start; keywords that `Api.send` has go there, all others into the body."""
    sending = {name: more.pop(name) for name in ("tenant", "user", "scope", "headers") if name in more}
    reply = api.send("POST", CREATE, {"contacts": contacts, **more}, **sending)
    assert reply.status == 202, reply.text
    answer: dict[str, Any] = reply.json
    return answer


def done(api: Api, contacts: list[Any], **more: Any) -> dict[str, Any]:
    """A create job that has ended, as its own route shows it."""
    started = start(api, contacts, **more)
    api.work()
    who = {name: more[name] for name in ("tenant", "user", "scope") if name in more}
    shown: dict[str, Any] = api.send("GET", f"{CREATE}/{started['jobId']}", **who).json
    return shown


def clean_up(api: Api, **body: Any) -> Reply:
    """The answer to the start of a clean-up; see `start`."""
    sending = {name: body.pop(name) for name in ("tenant", "user", "scope", "headers") if name in body}
    return api.send("POST", DELETE, body, **sending)


def cleaned_up(api: Api, **body: Any) -> dict[str, Any]:
    """A delete job that has ended, as its own route shows it."""
    who = {name: body[name] for name in ("tenant", "user", "scope") if name in body}
    reply = clean_up(api, **body)
    assert reply.status == 202, reply.text
    api.work()
    shown: dict[str, Any] = api.send("GET", f"{DELETE}/{reply.json['jobId']}", **who).json
    return shown


def all_items(api: Api, path: str, limit: int = 200, **sending: Any) -> list[dict[str, Any]]:
    """The items of all pages, as somebody else than Ada sees them."""
    items: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        page = api.send("GET", path, query=query, **sending).json
        items += page["items"]
        if page["nextCursor"] is None:
            return items
        query["cursor"] = page["nextCursor"]

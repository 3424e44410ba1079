"""What people ask of single contacts; and what a client does that repeats a request until it is answered."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from contacts.domain.contact import Contact
from contacts.domain.errors import InvalidRequest, NotFound, StaleVersion
from contacts.usecases.do_once import KeyedRequest
from contacts.usecases.write_contact import EmailTaken
from tests.support.whole_model import email_of
from tests.support.whole_surface import TENANTS, USERS, Surface

EMAILS = ("a@x.io", "A@x.io", "b@x.io", "c@x.io", "d@x.io")
TEXTS = ("v", "w", "=1+1", "+49 30 123", "-5 of them", "a\nb", "007")
#: What only an export marks: a person's own file would lose the quote.
QUOTED = ("'=1+1", "''@x")


def keyed_start(surface: Surface, rng: random.Random, tenant: str, what: str, start: Callable[[str], Any]) -> str:
    """A POST with a key that its client repeats until it is answered; returns the job's or contact's id."""
    key = f"key{len(surface.requests)}"
    request = KeyedRequest(tenant=tenant, user=USERS[0], route=what, key=key, body={"number": key})
    ask = partial(surface.world.keyed, request, start, answer=lambda made: {"id": made.id})
    body, _ = surface.insist(rng, ask)
    surface.requests.append((request, start, body["id"], surface.world.clock_at_rest()))
    return str(body["id"])


def create_contact(surface: Surface, rng: random.Random) -> None:
    tenant = rng.choice(TENANTS)
    fields: dict[str, Any] = {"firstName": rng.choice((*TEXTS, *QUOTED))}
    if rng.random() < 0.8:
        fields["email"] = rng.choice(EMAILS)
    allow = rng.random() < 0.5
    held = {email_of(each) for each in surface.world.everybody(tenant).values()}
    taken = "email" in fields and fields["email"].lower() in held and not allow

    def explain(owner: str, before: Contact | None, after: Contact | None) -> None:
        assert (owner, before, taken) == (tenant, None, False)
        assert after is not None
        assert after.values == fields
        assert after.created_by.job.startswith("api:")

    start = partial(surface.world.create_contact, tenant, fields, allow_duplicate=allow)
    with surface.watch(explain):
        try:
            id_ = keyed_start(surface, rng, tenant, "POST /contacts", start)
        except EmailTaken:
            assert taken
            return
    assert not taken
    assert id_ in surface.world.everybody(tenant)


def pick(surface: Surface, rng: random.Random) -> tuple[str, Contact | None]:
    """Somebody; more often than not one of those who changed last."""
    tenant = rng.choice(TENANTS)
    id_ = None
    if surface.touched and rng.random() < 0.6:
        tenant, id_ = rng.choice(surface.touched)
    everybody = surface.world.everybody(tenant)
    if not everybody:
        return tenant, None
    return tenant, everybody[id_ if id_ in everybody else rng.choice(sorted(everybody))]


def edit(surface: Surface, rng: random.Random) -> None:
    """Also clears, and expects a version, sometimes that of long ago."""
    name = rng.choice(("firstName", "notes", "title", "tags", "customFields"))
    text = rng.choice((*TEXTS, *QUOTED))
    value: Any = {"tags": [text], "customFields": {rng.choice("ab"): text}}.get(name, text)
    change(surface, rng, {name: value if rng.random() < 0.75 else None})


def move(surface: Surface, rng: random.Random) -> None:
    change(surface, rng, {"email": rng.choice((*EMAILS, "moved@x.io", None))})


def change(surface: Surface, rng: random.Random, changes: Mapping[str, Any]) -> None:
    tenant, contact = pick(surface, rng)
    if contact is None:
        return
    version = rng.choice((None, None, contact.version, contact.version - 1))
    expected = {**contact.values, **changes}
    if isinstance(changes.get("customFields"), dict):
        expected["customFields"] = {**contact.values.get("customFields", {}), **changes["customFields"]}
    expected = {name: value for name, value in expected.items() if value is not None}
    email = str(expected.get("email", "")).lower()
    others = {email_of(each) for each in surface.world.everybody(tenant).values() if each.id != contact.id}
    taken = email not in {"", email_of(contact)} and email in others
    refused = StaleVersion if version == contact.version - 1 else InvalidRequest if not expected else None
    refused = refused or (EmailTaken if taken else None)

    def explain(owner: str, before: Contact | None, after: Contact | None) -> None:
        assert (owner, before, refused) == (tenant, contact, None)
        assert after is not None
        assert (after.values, after.segments) == (expected, contact.segments)

    update = partial(surface.world.update_contact, tenant, contact.id, changes)
    with surface.watch(explain):
        try:
            done, _ = surface.attempt(rng, partial(update, version))
            if not done:
                # Whoever expected a version can't tell an own write from others': without one it is a repetition.
                update(None if refused is not StaleVersion else version)
        except (EmailTaken, InvalidRequest, StaleVersion) as refusal:
            assert type(refusal) is refused, refusal  # noqa: PT017 - which one is what the model says
            return
    assert refused is None
    assert surface.world.get_contact(tenant, contact.id).values == expected


def remove(surface: Surface, rng: random.Random) -> None:
    tenant, contact = pick(surface, rng)
    if contact is None:
        return

    def explain(owner: str, before: Contact | None, after: Contact | None) -> None:
        assert (owner, before, after) == (tenant, contact, None)

    delete = partial(surface.world.delete_contact, tenant, contact.id)
    with surface.watch(explain):
        done, _ = surface.attempt(rng, delete)
        if not done:
            try:
                delete()
            except NotFound:
                surface.tally["deleted before the answer"] += 1
    assert contact.id not in surface.world.everybody(tenant)

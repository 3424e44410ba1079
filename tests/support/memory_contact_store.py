"""A `ContactStore` in dictionaries: the same promises as the one on DynamoDB, kept in the plainest way.

Who holds an e-mail is a dictionary of its own; all else is the contacts themselves. One lock makes every write whole.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from contacts.adapters.dynamodb.contact_checks import check_write, new_place
from contacts.adapters.dynamodb.contact_keys import TenantKeys, normalised_email
from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, Settlement, Update, WriteResult
from contacts.domain.paging import Page
from contacts.ports import Addressing


class Lost(Enum):
    """How the answer to a write gets lost."""

    BEFORE = "before it is done"
    AFTER = "after it is done"


@dataclass
class _Tenant:
    contacts: dict[str, Contact] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    """Normalised e-mail -> id of the contact that holds it."""
    gone: dict[str, frozenset[Mark]] = field(default_factory=dict)
    """Id -> marks of a contact that was deleted."""


class MemoryContactStore:
    """`lose_answer`, where a test sets it, says of each write whether its answer gets lost, and when."""

    def __init__(self, *, lose_answer: Callable[[ContactWrite], Lost | None] = lambda _: None) -> None:
        self.lose_answer = lose_answer
        self._lock = threading.RLock()
        self._tenants: dict[str, _Tenant] = {}

    def addressing(self, tenant: str) -> Addressing:
        return _keys(tenant)

    def find_by_emails(self, tenant: str, emails: Collection[str]) -> dict[str, Contact]:
        with self._lock:
            of = self._tenant(tenant)
            return {email: of.contacts[of.holders[email]] for email in emails if email in of.holders}

    def find_all_by_email(self, tenant: str, email: str) -> list[Contact]:
        with self._lock:
            of = self._tenant(tenant)
            found = [each for each in of.contacts.values() if normalised_email(each) == email]
            holder = of.holders.get(email)
            return sorted(found, key=lambda each: (each.id != holder, each.created_at, each.id))

    def find_by_ids(self, tenant: str, ids: Collection[str]) -> dict[str, Contact]:
        with self._lock:
            contacts = self._tenant(tenant).contacts
            return {each: contacts[each] for each in ids if each in contacts}

    def find_ids_by_external_source(
        self, tenant: str, source: str, *, after: str | None = None, limit: int | None = None
    ) -> Iterator[str]:
        with self._lock:
            contacts = self._tenant(tenant).contacts.values()
            ids = sorted(each.id for each in contacts if each.external_source == source and each.id > (after or ""))
            return iter(ids[:limit])

    def write(self, tenant: str, writes: Sequence[ContactWrite]) -> list[WriteResult]:
        with self._lock:
            for write in writes:
                check_write(_keys(tenant), write)
                if isinstance(write, Insert):
                    new_place(_keys(tenant), write.after)
            return [self._write(self._tenant(tenant), write) for write in writes]

    def settle(self, tenant: str, writes: Sequence[ContactWrite]) -> list[Settlement]:
        with self._lock:
            return [_settle(self._tenant(tenant), write) for write in writes]

    def list_contacts(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Contact]:
        with self._lock:
            contacts = self._tenant(tenant).contacts
            ids = sorted(each for each in contacts if position is None or each > position)
            return Page([contacts[each] for each in ids[:limit]], ids[limit - 1] if len(ids) > limit else None)

    def scan(self, tenant: str, *, readers: int = 4) -> Generator[Contact, None, None]:
        with self._lock:
            ids = list(self._tenant(tenant).contacts)
        for each in ids:
            with self._lock:
                contact = self._tenant(tenant).contacts.get(each)
            if contact is not None:
                yield contact

    def _tenant(self, tenant: str) -> _Tenant:
        return self._tenants.setdefault(tenant, _Tenant())

    def _write(self, of: _Tenant, write: ContactWrite) -> WriteResult:
        lost = self.lose_answer(write)
        if lost is Lost.BEFORE:
            return WriteResult.UNKNOWN
        done = _try(of, write)
        if lost is Lost.AFTER:
            return WriteResult.UNKNOWN
        return WriteResult.WRITTEN if done else WriteResult.REFUSED


def _keys(tenant: str) -> TenantKeys:
    return TenantKeys(tenant, salt=hashlib.sha256(tenant.encode()).digest(), shards=8)


def _try(of: _Tenant, write: ContactWrite) -> bool:
    if _stands_in_the_way(of, write):
        return False
    match write:
        case Insert():
            _take_place(of, write.after)
        case InsertTwin():
            of.contacts[write.after.id] = write.after
        case Update() if normalised_email(write.before) == normalised_email(write.after):
            of.contacts[write.after.id] = write.after
        case Update():
            _take_away(of, write.before)
            _take_place(of, write.after)
        case Delete():
            _take_away(of, write.before)
            of.gone[write.before.id] = frozenset({write.before.created_by, *write.before.written_by})
    return True


def _stands_in_the_way(of: _Tenant, write: ContactWrite) -> bool:
    if isinstance(write, Insert | InsertTwin):
        is_held = normalised_email(write.after) in of.holders
        return write.after.id in of.contacts or write.after.id in of.gone or is_held != isinstance(write, InsertTwin)
    stored = of.contacts.get(write.before.id)
    return stored is None or stored.version != write.before.version or _is_taken(of, write)


def _is_taken(of: _Tenant, write: Update | Delete) -> bool:
    """Whether an update is to a new e-mail that another contact holds."""
    if isinstance(write, Delete):
        return False
    email = normalised_email(write.after)
    return email != normalised_email(write.before) and email in of.holders


def _take_place(of: _Tenant, after: Contact) -> None:
    of.contacts[after.id] = after
    email = normalised_email(after)
    if email is not None:
        of.holders[email] = after.id


def _take_away(of: _Tenant, before: Contact) -> None:
    """Take a contact out; the oldest of its twins inherits its e-mail."""
    del of.contacts[before.id]
    email = normalised_email(before)
    if email is None or of.holders[email] != before.id:
        return
    del of.holders[email]
    heirs = [each for each in of.contacts.values() if normalised_email(each) == email]
    if heirs:
        of.holders[email] = min(heirs, key=lambda each: (each.created_at, each.id)).id


def _settle(of: _Tenant, write: ContactWrite) -> Settlement:
    if isinstance(write, Insert | InsertTwin):
        if write.after.id in of.contacts or write.after.id in of.gone:
            return Settlement.DONE
    else:
        stored = of.contacts.get(write.before.id)
        if isinstance(write, Delete) and stored is None:
            return Settlement.DONE
        if isinstance(write, Update) and _is_done(write, stored, of.gone.get(write.before.id, frozenset())):
            return Settlement.DONE
    return Settlement.OVERTAKEN if _stands_in_the_way(of, write) else Settlement.OPEN


def _is_done(write: Update, stored: Contact | None, marks_of_gone: frozenset[Mark]) -> bool:
    mark = None if write.mark is None or write.before.bears(write.mark) else write.mark
    if stored is None:
        return mark is not None and mark in marks_of_gone
    if mark is not None:
        return stored.bears(mark)
    return (stored.version, stored.values) == (write.after.version, write.after.values)

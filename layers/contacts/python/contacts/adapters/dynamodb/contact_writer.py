"""Carries writes of contacts out by the cheapest way that keeps them whole.

An insert, an update in place and the deletion of an old contact are single statements; a twin and the deletion of a
young contact are small transactions. Both are sent without a look, to where the contact should live, for one contact of
an e-mail. What is refused there may only live elsewhere (a twin) or have twins, so the rest, and every change of an
e-mail, is located first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from contacts.adapters.dynamodb.contact_batches import run_statements
from contacts.adapters.dynamodb.contact_checks import check_write, new_place
from contacts.adapters.dynamodb.contact_items import (
    TRACE_SECONDS,
    Item,
    changed_attributes,
    contact_attributes,
    trace_item,
)
from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys, normalised_email
from contacts.adapters.dynamodb.contact_moves import (
    Stored,
    changes_place,
    deletion_unit,
    move_unit,
    twin_unit,
    young_deletion_unit,
)
from contacts.adapters.dynamodb.contact_reads import ContactReader
from contacts.adapters.dynamodb.contact_retries import Patience
from contacts.adapters.dynamodb.contact_statements import (
    Statement,
    delete_statement,
    insert_statement,
    update_statement,
)
from contacts.adapters.dynamodb.contact_transactions import Unit, run_units
from contacts.adapters.dynamodb.expiry import epoch_seconds
from contacts.domain.contact import Contact
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, Update, WriteResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: A look costs a query for each contact that has twins. So a worker whose time is over has always written something.
_LOCATED_AT_ONCE = 25

Change: TypeAlias = Update | Delete
#: What one statement can do.
Single: TypeAlias = Insert | Change


@dataclass(slots=True)
class _Sorted:
    """Numbers of writes with what is to be done for each: a statement at its place, a transaction, a look before.
    `tried` are the places that changes are sent to without a look."""

    in_place: dict[int, tuple[Key, Single]] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)
    to_locate: dict[int, Change] = field(default_factory=dict)
    tried: set[Key] = field(default_factory=set)


class ContactWriter:
    """One call of the store's `write`."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        keys: TenantKeys,
        reader: ContactReader,
        patience: Patience,
        now_seconds: int,
    ) -> None:
        self._client = client
        self._table = table
        self._keys = keys
        self._reader = reader
        self._patience = patience
        self._now = now_seconds

    def write(self, writes: Sequence[ContactWrite]) -> list[WriteResult]:
        """See `ports.ContactStore.write`."""
        plan = _Sorted()
        for number, write in enumerate(writes):
            check_write(self._keys, write)
            self._sort(number, write, plan)
        results = self._send(plan)
        for number, result in results.items():
            write = writes[number]
            if result is WriteResult.REFUSED and isinstance(write, Update | Delete):
                plan.to_locate[number] = write
        located = iter(plan.to_locate.items())
        while some := dict(islice(located, _LOCATED_AT_ONCE)):
            results.update(self._write_located(some))
        return [results[number] for number in range(len(writes))]

    def _sort(self, number: int, write: ContactWrite, plan: _Sorted) -> None:
        match write:
            case Insert():
                plan.in_place[number] = new_place(self._keys, write.after), write
            case InsertTwin():
                plan.units[number] = twin_unit(self._keys, write.after)
            case _:
                self._sort_change(number, write, plan)

    def _sort_change(self, number: int, change: Change, plan: _Sorted) -> None:
        keys, before = self._keys, change.before
        place = keys.place(before)
        moves = isinstance(change, Update) and changes_place(before, change.after)
        if moves or place in plan.tried:
            # Of those that have one e-mail, only one lives there: to try it with each would be a request for each.
            plan.to_locate[number] = change
            return
        plan.tried.add(place)
        trace = self._trace(before) if isinstance(change, Delete) else None
        if trace is not None:
            plan.units[number] = young_deletion_unit(keys, before, trace)
        elif isinstance(change, Update) or place in (keys.home(before.id), keys.own(before.id)):
            plan.in_place[number] = place, change
        else:
            plan.to_locate[number] = change  # with its forward

    def _send(self, plan: _Sorted) -> dict[int, WriteResult]:
        statements = (self._statement(key, write) for key, write in plan.in_place.values())
        sent = run_statements(self._client, statements, self._patience)
        results = dict(zip(plan.in_place, sent, strict=True))
        carried_out = run_units(self._client, self._table, list(plan.units.values()), self._patience)
        results.update(zip(plan.units, carried_out, strict=True))
        return results

    def _write_located(self, changes: Mapping[int, Change]) -> dict[int, WriteResult]:
        """Look where each contact lives and whether it has twins, and write under the condition that both stay so;
        again, as long as that is all that changes."""
        results: dict[int, WriteResult] = {}
        waiting = dict(changes)
        while waiting:
            found = self._reader.contacts(self._keys, {change.before.id for change in waiting.values()})
            taken = self._reader.taken(self._keys, [each for each in waiting.values() if isinstance(each, Update)])
            plan = _Sorted()
            for number, change in waiting.items():
                stored = found.get(change.before.id)
                if stored is None or stored.contact.version != change.before.version or change.before.id in taken:
                    results[number] = WriteResult.REFUSED
                else:
                    self._sort_located(number, change, stored, plan)
            sent = self._send(plan)
            results.update((number, result) for number, result in sent.items() if result is not WriteResult.REFUSED)
            waiting = {number: change for number, change in waiting.items() if number not in results}
            if waiting:
                self._patience.pause()
        return results

    def _sort_located(self, number: int, change: Change, stored: Stored, plan: _Sorted) -> None:
        if isinstance(change, Delete):
            unit = deletion_unit(self._keys, stored, self._heirs(stored), self._trace(stored.contact), self._now)
            plan.units[number] = unit
        elif not changes_place(change.before, change.after) or self._keys.place(change.after) == stored.key:
            # In place: a twin, also one that loses its e-mail and stays where it is.
            plan.in_place[number] = stored.key, change
        else:
            plan.units[number] = move_unit(self._keys, stored, self._heirs(stored), change.after, self._now)

    def _heirs(self, stored: Stored) -> list[Stored]:
        email = normalised_email(stored.contact)
        if email is None or not stored.has_twins:
            return []
        return [each for each in self._reader.with_email(self._keys, email) if each.key != stored.key]

    def _statement(self, key: Key, write: Single) -> Statement:
        # Before the others, whose patterns take longer: most are inserts.
        if isinstance(write, Insert):
            return insert_statement(self._table, key, *contact_attributes(self._keys, key, write.after))
        match write:
            case Update(before, after):
                return update_statement(self._table, key, before, *changed_attributes(self._keys, before, after))
            case Delete(before):
                return delete_statement(self._table, key, before)

    def _trace(self, contact: Contact) -> Item | None:
        """The trace that a contact leaves, None for one that no job can come back for."""
        if epoch_seconds(contact.updated_at) < self._now - TRACE_SECONDS:
            return None
        return trace_item(self._keys.own(contact.id), contact, self._now)

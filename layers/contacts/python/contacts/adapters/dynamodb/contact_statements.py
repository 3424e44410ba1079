"""Single writes of contacts as PartiQL statements, each with its own condition and at the price of one write unit.

Texts hold names of attributes out of our own code alone; every value, custom fields with their names included, is a
parameter. DynamoDB parses a text once more for each statement, and so do we: texts are kept by the names they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from contacts.adapters.dynamodb.attribute_json import texts_to_json, to_json
from contacts.adapters.dynamodb.contact_items import Attribute, Item
from contacts.adapters.dynamodb.contact_keys import Key
from contacts.domain.contact import Contact


class Statement(NamedTuple):
    """One conditional write. `parameters` is a JSON array of attribute values.

    `returns_item` marks a DELETE: where there is no item, it succeeds and deletes nothing (the Developer Guide's
    "PartiQL delete statements"), so only the item that it returns proves that it did something.
    """

    key: Key
    text: str
    parameters: bytes
    returns_item: bool = False

    def to_json(self) -> bytes:
        """As an entry of a batch."""
        return b'{"Statement":%b,"Parameters":%b}' % (_text_json(self.text), self.parameters)


def insert_statement(table: str, key: Key, texts: Mapping[str, str], others: Item) -> Statement:
    """Refused with DuplicateItem where there is an item already. The attributes are those of `contact_attributes`."""
    parameters = b"%b,%b" % (texts_to_json(texts.values())[:-1], to_json([*others.values()])[1:])
    return Statement(key, _insert_text(table, (*texts, *others)), parameters)


def update_statement(table: str, key: Key, before: Contact, to_set: Item, removed: Sequence[str]) -> Statement:
    """Refused where `before`, in this version, does not live at `key`."""
    text = _update_text(table, tuple(to_set), tuple(removed))
    return Statement(key, text, to_json([*to_set.values(), *_where_parameters(key, before)]))


def delete_statement(table: str, key: Key, before: Contact) -> Statement:
    """Refused where `before`, in this version and without twins, does not live at `key`."""
    return Statement(key, _delete_text(table), to_json(_where_parameters(key, before)), returns_item=True)


def _where_parameters(key: Key, before: Contact) -> list[Attribute]:
    return [{"S": key.pk}, {"S": key.sk}, {"N": str(before.version)}, {"S": before.id}]


# The id is compared too: another contact of the same version may have taken the slot.
_WHERE = 'WHERE "pk" = ? AND "sk" = ? AND "version" = ? AND "id" = ?'


@lru_cache(maxsize=1024)
def _text_json(text: str) -> bytes:
    return to_json(text)


@lru_cache(maxsize=1024)
def _insert_text(table: str, names: tuple[str, ...]) -> str:
    pairs = ", ".join(f"'{name}': ?" for name in names)
    return f'INSERT INTO "{table}" VALUE {{{pairs}}}'


@lru_cache(maxsize=1024)
def _update_text(table: str, to_set: tuple[str, ...], removed: tuple[str, ...]) -> str:
    changes = [*(f'SET "{name}" = ?' for name in to_set), *(f'REMOVE "{name}"' for name in removed)]
    return f'UPDATE "{table}" {" ".join(changes)} {_WHERE}'


@lru_cache(maxsize=8)
def _delete_text(table: str) -> str:
    return f'DELETE FROM "{table}" {_WHERE} AND "twins" IS MISSING RETURNING ALL OLD *'  # noqa: S608

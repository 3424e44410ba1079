"""Contacts kept on disk between two looks at them, at constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, Any

import orjson

from contacts.domain.contact import Contact, contact_from_record, contact_to_record


class ContactSpool:
    """Takes contacts in once, tells the names of all their custom fields, and gives them out again in their order."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.custom_names: set[str] = set()

    def fill(self, contacts: Iterable[Contact]) -> None:
        """Keep these contacts."""
        for contact in contacts:
            custom: Any = contact.values.get("customFields", ())
            self.custom_names.update(custom)
            self._file.write(orjson.dumps(contact_to_record(contact)) + b"\n")

    def contacts(self) -> Iterator[Contact]:
        """All that were kept."""
        self._file.seek(0)
        for line in self._file:
            yield contact_from_record(orjson.loads(line))

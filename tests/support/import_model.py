"""An import as the specification's loop does it: one row after the other, in plain Python, with our rules.

Contacts are known here by who made them, (job, row), because ids are the contact store's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contacts.domain.import_job import ImportOptions

MAX_BYTES = 65_536
MAX_TAGS = 100


@dataclass
class ModelContact:
    made_by: tuple[str, int]
    email: str
    values: dict[str, Any]
    in_segment: bool = False
    version: int = 1


@dataclass
class ModelImport:
    """`contacts` in the order in which they came to be: of those with one e-mail the first is its holder."""

    contacts: list[ModelContact]
    options: ImportOptions
    mapping: Mapping[str, str]
    outcomes: dict[int, tuple[str, tuple[str, int] | None, str]] = field(default_factory=dict)
    """Row -> (outcome, maker of the contact concerned, reason)."""

    def run(self, job: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        before = {contact.made_by: replace(contact) for contact in self.contacts}
        for number, cells in enumerate(rows, start=1):
            self.outcomes[number] = self._row((job, number), header, cells)
        for contact in self.contacts:
            old = before.get(contact.made_by)
            changed = old and (contact.values, contact.in_segment) != (old.values, old.in_segment)
            # However many rows a contact has, it is written once; and not at all where nothing changes.
            contact.version = (old.version if old else 1) + bool(changed)

    def _row(
        self, maker: tuple[str, int], header: Sequence[str], cells: Sequence[str]
    ) -> tuple[str, tuple[str, int] | None, str]:
        if len(cells) != len(header):
            return "error", None, "RAGGED_ROW"
        data = {target: cells[header.index(name)] for name, target in self.mapping.items()}
        data["email"] = data["email"].strip()
        code = self._invalid(data)
        if code:
            return "error", None, code
        email = data["email"].lower()
        holder = next((contact for contact in self.contacts if contact.email == email), None)
        strategy = self.options.duplicate_strategy
        if holder and strategy == "skip":
            in_file = holder.made_by[0] == maker[0]
            return "skipped", holder.made_by, "DUPLICATE_IN_FILE" if in_file else "DUPLICATE"
        target = holder if strategy == "update" else None
        values = self._merge(target.values if target else {}, data)
        code = _beyond_limits(values)
        if code:
            return "error", None, code
        joins = self.options.segment_name is not None
        if target:
            target.values, target.in_segment = values, target.in_segment or joins
            return "updated", target.made_by, ""
        self.contacts.append(ModelContact(maker, email, values, joins))
        return "created", maker, ""

    def _invalid(self, data: Mapping[str, str]) -> str:
        if not data["email"]:
            return "EMAIL_REQUIRED"
        if self.options.validate_email and not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", data["email"]):
            return "EMAIL_INVALID"
        if any(len(data[name]) > 1_024 and data[name].strip() for name in ("firstName", "phone")):
            return "VALUE_TOO_LONG"
        if self.options.validate_phone and data["phone"].strip() and not data["phone"].isdigit():
            return "PHONE_INVALID"
        return ""

    def _merge(self, values: Mapping[str, Any], data: Mapping[str, str]) -> dict[str, Any]:
        flat = {name: value for name, value in values.items() if name != "customFields"}
        flat |= {f"customFields.{name}": value for name, value in values.get("customFields", {}).items()}
        for target, value in data.items():
            if value.strip():
                flat[target] = value
            elif self.options.blank_values == "clear":
                flat.pop(target, None)
        tags = [*flat.get("tags", ())]
        tags += [tag for tag in self.options.tags if tag not in tags]
        merged = {name: value for name, value in flat.items() if "." not in name}
        custom = {name.partition(".")[2]: value for name, value in flat.items() if "." in name}
        return merged | ({"customFields": custom} if custom else {}) | ({"tags": tags} if tags else {})


def _beyond_limits(values: Mapping[str, Any]) -> str:
    if len(values.get("tags", ())) > MAX_TAGS:
        return "TOO_MANY_TAGS"
    # Files of the tests stay well away from the limit on either side, so that names and quotes don't matter.
    return "CONTACT_TOO_LARGE" if len(repr(values).encode()) > MAX_BYTES else ""

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
    """`email` is in lower case, and empty for none."""

    made_by: tuple[str, int]
    email: str
    values: dict[str, Any]
    in_segment: bool = False
    version: int = 1


@dataclass
class ModelImport:
    """`contacts` in the order in which they came to be: of those with one e-mail the first is its holder.

    `ids` are the makers by the ids of their contacts.
    """

    contacts: list[ModelContact]
    options: ImportOptions
    mapping: Mapping[str, str]
    ids: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    outcomes: dict[int, tuple[str, tuple[str, int] | None, str]] = field(default_factory=dict)
    """Row -> (outcome, maker of the contact concerned, reason)."""

    def run(self, job: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        before = {contact.made_by: replace(contact) for contact in self.contacts}
        self._own_email = {contact.made_by: contact.email for contact in self.contacts}
        # Who goes by an e-mail in this file: its holder, or whom a row has given it. Nobody loses one by another row.
        self._goes_by: dict[str, ModelContact] = {}
        for contact in self.contacts:
            self._goes_by.setdefault(contact.email, contact)
        self._goes_by.pop("", None)
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
        given_id = data.pop("id", "").strip()
        code = self._invalid(data, given_id)
        return ("error", None, code) if code else self._apply(maker, given_id, data)

    def _apply(
        self, maker: tuple[str, int], given_id: str, data: Mapping[str, str]
    ) -> tuple[str, tuple[str, int] | None, str]:
        email = data["email"].lower()
        named = next((each for each in self.contacts if each.made_by == self.ids.get(given_id)), None)
        if not email and not named:
            return "error", None, "EMAIL_REQUIRED"
        found = named or self._goes_by.get(email)
        strategy = self.options.duplicate_strategy
        if found and strategy == "skip":
            in_file = found.made_by[0] == maker[0]
            return "skipped", found.made_by, "DUPLICATE_IN_FILE" if in_file else "DUPLICATE"
        target = found if strategy == "update" else None
        values = self._merge(target.values if target else {}, data)
        code = "EMAIL_TAKEN" if target and self._is_taken(email, target) else _beyond_limits(values)
        if code:
            return "error", None, code
        joins = self.options.segment_name is not None
        if target:
            target.values, target.in_segment = values, target.in_segment or joins
            target.email = values.get("email", "").lower()
            outcome = "updated"
        else:
            target, outcome = ModelContact(maker, email, values, joins), "created"
            self.contacts.append(target)
        if email and email != self._own_email.get(target.made_by):
            self._goes_by.setdefault(email, target)
        return outcome, target.made_by, ""

    def _is_taken(self, email: str, target: ModelContact) -> bool:
        is_own = not email or email == self._own_email.get(target.made_by)
        return not is_own and self._goes_by.get(email, target) is not target

    def _invalid(self, data: Mapping[str, str], given_id: str) -> str:
        if not data["email"]:
            if not re.fullmatch("[a-z2-7]{36}", given_id):
                return "EMAIL_REQUIRED"
        elif self.options.validate_email and not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", data["email"]):
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
    if not values:
        return "CONTACT_EMPTY"
    if len(values.get("tags", ())) > MAX_TAGS:
        return "TOO_MANY_TAGS"
    # Files of the tests stay well away from the limit on either side, so that names and quotes don't matter.
    return "CONTACT_TOO_LARGE" if len(repr(values).encode()) > MAX_BYTES else ""

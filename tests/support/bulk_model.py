"""Bulk jobs, people's edits and clean-ups in plain Python, written from the specification's words and nothing else.

What is created follows from a request alone. What a clean-up does with a contact follows from how things stood when it
began; where somebody else takes the contact away while it runs, there are two right answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


def expected_outcomes(emails: Sequence[str | None]) -> list[tuple[str, int | None]]:
    """For each entry (see `entries_of`) its outcome, and the index of the entry that it repeats."""
    first: dict[str, int] = {}
    outcomes: list[tuple[str, int | None]] = []
    for index, email in enumerate(emails):
        if email is not None and "!" in email:
            outcomes.append(("error", None))
        elif email is not None and first.setdefault(email.strip().lower(), index) != index:
            outcomes.append(("skipped", first[email.strip().lower()]))
        else:
            outcomes.append(("created", None))
    return outcomes


def expected_status(outcomes: Sequence[str]) -> str:
    if "error" not in outcomes:
        return "COMPLETED"
    good = {"created", "deleted", "candidate"}
    return "PARTIAL" if good & set(outcomes) else "FAILED"


@dataclass
class ModelCleanUp:
    """For each contact the outcomes that are right, and whether it may be marked as edited or not."""

    tenant: str
    dry_run: bool
    outcomes: dict[str, set[str]]
    edited: dict[str, set[bool]]
    is_open: bool = True


@dataclass
class BulkModel:
    """Contacts by their ids, per tenant: the key of the job that made each; who is gone; who was edited."""

    sources: dict[str, dict[str, str | None]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)
    clean_ups: dict[str, ModelCleanUp] = field(default_factory=dict)

    def made(self, tenant: str, contact_id: str, source: str | None) -> None:
        self.sources.setdefault(tenant, {})[contact_id] = source

    def edit(self, contact_id: str) -> None:
        self.edited.add(contact_id)
        for clean_up in self._running(contact_id):
            clean_up.edited[contact_id].add(True)

    def delete(self, contact_id: str) -> None:
        """A person deletes it."""
        self.gone.add(contact_id)
        for clean_up in self._running(contact_id):
            clean_up.outcomes[contact_id].add("notFound")

    def start_clean_up(self, job_id: str, tenant: str, key: str, ids: Sequence[str], *, dry_run: bool) -> None:
        others = [each for each in self.clean_ups.values() if each.is_open and not each.dry_run]
        clean_up = ModelCleanUp(tenant, dry_run, {}, {})
        for contact_id in ids:
            clean_up.outcomes[contact_id] = {self._outcome(tenant, key, contact_id, dry_run=dry_run)}
            clean_up.edited[contact_id] = {contact_id in self.edited}
            contested = [other for other in others if "deleted" in other.outcomes.get(contact_id, ())]
            if contested:
                clean_up.outcomes[contact_id].add("notFound")
        if not dry_run:
            for contact_id, outcomes in clean_up.outcomes.items():
                for other in self._running(contact_id) if "deleted" in outcomes else ():
                    other.outcomes[contact_id].add("notFound")
        self.clean_ups[job_id] = clean_up

    def end_clean_up(self, job_id: str, found: Mapping[str, str]) -> None:
        """A clean-up says what became of each contact; from now on that is so."""
        clean_up = self.clean_ups[job_id]
        clean_up.is_open = False
        self.gone |= {contact_id for contact_id, outcome in found.items() if outcome == "deleted"}

    def there(self, tenant: str) -> set[str]:
        return self.sources.get(tenant, {}).keys() - self.gone

    def _outcome(self, tenant: str, key: str, contact_id: str, *, dry_run: bool) -> str:
        if contact_id not in self.there(tenant):
            return "notFound"
        if self.sources[tenant][contact_id] != key:
            return "forbidden"
        return "candidate" if dry_run else "deleted"

    def _running(self, contact_id: str) -> list[ModelCleanUp]:
        return [each for each in self.clean_ups.values() if each.is_open and contact_id in each.outcomes]

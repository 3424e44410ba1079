"""Imports, edits and rollbacks in plain Python, written from the specification's words and nothing else.

Contacts are known by who made them, (job, row). What a contact holds is a dictionary from a place, such as
`("tags", "vip")`, to a value. One segment exists, or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from contacts.domain.import_job import ImportOptions
from tests.support.import_model import ModelContact, ModelImport

Maker = tuple[str, int]
Place = tuple[str, str]
Counts = Counter[str]
#: What becomes of a contact, and the values that it gets.
Verdict = tuple[str, Mapping[str, Any] | None]
EMAIL: Place = ("email", "")


def places(values: Mapping[str, Any]) -> dict[Place, Any]:
    """Values by the places at which they are undone one by one."""
    found: dict[Place, Any] = {}
    for name, value in values.items():
        if name == "tags":
            found |= {("tags", tag): True for tag in value}
        elif name == "customFields":
            found |= {("customFields", key): each for key, each in value.items()}
        else:
            found[name, ""] = value
    return found


def values_at(found: Mapping[Place, Any]) -> dict[str, Any]:
    """The inverse of `places`; tags come sorted."""
    values: dict[str, Any] = {}
    for (name, item), value in sorted(found.items()):
        if name == "tags":
            values.setdefault("tags", []).append(item)
        elif name == "customFields":
            values.setdefault("customFields", {})[item] = value
        else:
            values[name] = value
    return values


@dataclass
class ModelJob:
    """What an import did: maker -> (row, the contact before or None, the contact after)."""

    segment: bool
    done: dict[Maker, tuple[int, ModelContact | None, ModelContact]]
    joined: list[Maker]
    rolled_back: bool = False


@dataclass
class RollbackModel:
    """`age` says which of two contacts is older; only the contact store knows, where one millisecond made both."""

    mapping: Mapping[str, str]
    age: Callable[[Maker], Any]
    contacts: dict[Maker, ModelContact] = field(default_factory=dict)
    holders: dict[str, Maker] = field(default_factory=dict)
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    segment_made_by: str | None = None

    def run_import(
        self, job: str, options: ImportOptions, header: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> None:
        before = deepcopy(self.contacts)
        first = [self.contacts[maker] for maker in self.holders.values()]
        rest = [contact for maker, contact in self.contacts.items() if maker not in self.holders.values()]
        loop = ModelImport([*first, *rest], options, self.mapping)
        loop.run(job, header, rows)
        self.contacts = {contact.made_by: contact for contact in loop.contacts}
        for contact in loop.contacts:
            if contact.email:
                self.holders.setdefault(contact.email, contact.made_by)
        done = {}
        for number, (outcome, maker, _) in loop.outcomes.items():
            if outcome in {"created", "updated"} and maker is not None and maker not in done:
                old, new = before.get(maker), self.contacts[maker]
                if old is None or (old.values, old.in_segment) != (new.values, new.in_segment):
                    done[maker] = number, old, deepcopy(new)
        joined = [maker for maker, (_, old, new) in done.items() if new.in_segment and not (old and old.in_segment)]
        self.jobs[job] = ModelJob(options.segment_name is not None, done, joined)
        if options.segment_name is not None and self.segment_made_by is None:
            self.segment_made_by = job

    def take_import(
        self, job: str, rows: Mapping[Maker, int], now: Sequence[ModelContact], holders: dict[str, Maker]
    ) -> None:
        """Take it from what is there now what an import did to the contacts of these rows; nobody else did anything."""
        before, self.contacts = self.contacts, {contact.made_by: contact for contact in now}
        self.holders = holders
        done = {maker: (row, before.get(maker), deepcopy(self.contacts[maker])) for maker, row in rows.items()}
        self.jobs[job] = ModelJob(False, done, [])

    def add(self, maker: Maker, values: Mapping[str, Any]) -> None:
        """Somebody makes a contact: a twin where the e-mail is held."""
        contact = ModelContact(maker, values["email"].lower(), dict(values))
        self.contacts[maker] = contact
        self.holders.setdefault(contact.email, maker)

    def set_values(self, maker: Maker, values: Mapping[str, Any]) -> None:
        contact = self.contacts[maker]
        email = values.get("email", "").lower()
        if email != contact.email:
            self._leave(contact)
            contact.email = email
            if email:
                self.holders[email] = maker
        contact.values = dict(values)

    def delete(self, maker: Maker) -> None:
        self._leave(self.contacts.pop(maker))

    def is_taken(self, email: str, maker: Maker) -> bool:
        """Whether another contact stands in the way of this one's change to `email`."""
        return self.contacts[maker].email != email and self.holders.get(email, maker) != maker

    def members(self) -> list[Maker]:
        """Whom the segment's lists name."""
        return sorted(maker for job in self.jobs.values() for maker in job.joined)

    def roll_back(self, job: str, on_conflict: str, *, dry_run: bool) -> Counts:
        """Roll back; returns contacts by what became of them."""
        if on_conflict == "abort":
            counts = self._foreseen(job, "keep")
            if dry_run or counts["kept"]:
                return counts
        if dry_run:
            return self._foreseen(job, on_conflict)
        counts = Counter()
        force = on_conflict == "force"
        late: list[Maker] = []
        for maker in sorted(self.jobs[job].done, key=lambda maker: self.jobs[job].done[maker][0]):
            verdict = self._judged(job, force, maker)
            if self._gets(maker, verdict) is None:
                counts[verdict[0]] += 1
                self._carry_out(job, maker, verdict)
            else:
                late.append(maker)
        counts += self._roll_back_late(job, force, late)
        self.jobs[job].joined.clear()
        self.jobs[job].rolled_back = True
        is_in = [maker in self.contacts and self.contacts[maker].in_segment for maker in self.members()]
        if self.segment_made_by == job and self.jobs[job].segment and not any(is_in):
            self.segment_made_by = None
        return counts

    def _roll_back_late(self, job: str, force: bool, late: list[Maker]) -> Counts:
        """Those whose e-mail changes come last. In each round the earlier row is served first; who wants what another
        holds that comes itself waits for it, unless all that are left wait."""
        counts: Counts = Counter()
        while late:
            holders, served = dict(self.holders), []
            for maker in late:
                verdict = self._judged(job, force, maker)
                email = self._gets(maker, verdict)
                holder = holders.get(email) if email else None
                if email and (holder in late or email in [each for _, each, _ in served]):
                    continue
                served.append((maker, email, self._judged(job, force, maker, taken=holder is not None)))
            served = served or [(maker, "", self._judged(job, force, maker, taken=True)) for maker in late]
            for maker, _, verdict in served:
                late.remove(maker)
                counts[verdict[0]] += 1
                self._carry_out(job, maker, verdict)
        return counts

    def _foreseen(self, job: str, on_conflict: str) -> Counts:
        copied = replace(self, contacts=deepcopy(self.contacts), holders=dict(self.holders), jobs=deepcopy(self.jobs))
        return copied.roll_back(job, on_conflict, dry_run=False)

    def _carry_out(self, job: str, maker: Maker, verdict: Verdict) -> None:
        action, values = verdict
        if values is not None:
            self.set_values(maker, values)
        if action == "deleted":
            self.delete(maker)
        elif maker in self.contacts and maker in self.jobs[job].joined:
            self.contacts[maker].in_segment = False

    def _gets(self, maker: Maker, verdict: Verdict) -> str | None:
        """The e-mail that the contact would have instead of the one that it has; None where it stays."""
        _, values = verdict
        email = None if values is None else values.get("email", "").lower()
        return None if email is None or email == self.contacts[maker].email else email

    def _judged(self, job: str, force: bool, maker: Maker, *, taken: bool = False) -> Verdict:
        """What becomes of the contact, and the values that it gets. `taken` says that its old e-mail is away."""
        _, before, after = self.jobs[job].done[maker]
        now = self.contacts.get(maker)
        if now is None:
            return "unchanged", None
        if before is None:
            touched = (places(now.values), now.in_segment) != (places(after.values), after.in_segment)
            return ("kept", None) if touched and not force else ("deleted", None)
        return self._judged_update(before, after, now, force, joined=maker in self.jobs[job].joined, taken=taken)

    def _judged_update(
        self, before: ModelContact, after: ModelContact, now: ModelContact, force: bool, *, joined: bool, taken: bool
    ) -> Verdict:
        old, left, there = places(before.values), places(after.values), places(now.values)
        goal = dict(there)
        stays = False
        for place in old.keys() | left.keys() | there.keys():
            is_ours = old.get(place) != left.get(place)
            if there.get(place) == old.get(place) or not (is_ours or force):
                continue
            edited = there.get(place) != left.get(place)
            if (edited and not force) or (taken and place == EMAIL and place in old):
                stays = True
            elif place in old:
                goal[place] = old[place]
            else:
                del goal[place]
        if not goal:
            # Nobody is left with nothing: what was there stays.
            goal, stays = dict(there), True
        values = values_at(goal) if goal != there else None
        if stays:
            return "kept", values
        return ("restored" if values is not None or (joined and now.in_segment) else "unchanged"), values

    def _leave(self, contact: ModelContact) -> None:
        """A contact gives its e-mail up; the oldest of its twins inherits it."""
        if self.holders.get(contact.email) != contact.made_by:
            return
        del self.holders[contact.email]
        heirs = [
            each.made_by
            for each in self.contacts.values()
            if each.email == contact.email and each.made_by != contact.made_by
        ]
        if heirs:
            self.holders[contact.email] = min(heirs, key=self.age)

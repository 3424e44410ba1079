"""Invariants 1, 5 and 6 on the contacts table."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from tests.soak.wire_faults.findings import Findings, Invariant
from tests.soak.wire_faults.ledger import Ledger
from tests.soak.wire_faults.stored_jobs import Item, StoredJobs, contact_tenant, creator, is_contact

#: Sort keys of this length are slots, of which each e-mail has one.
_SLOT_CHARS = 20


def check_contacts(jobs: StoredJobs, ledger: Ledger, findings: Findings) -> None:
    contacts = [item for item in jobs.state.contacts_table if is_contact(item)]
    _each_is_there_once(contacts, findings)
    _emails_have_one_holder(contacts, ledger, findings)
    _each_can_be_found(contacts, jobs, findings)
    _each_has_the_tenant_of_its_job(contacts, jobs, findings)
    _what_clients_know_is_so(contacts, ledger, findings)


def _each_is_there_once(contacts: list[Item], findings: Findings) -> None:
    for name in ("id", "createdBy"):
        for value, number in Counter(item[name] for item in contacts).items():
            findings.check(Invariant.NO_CONTACT_TWICE, number == 1, f"{number} contacts have the {name} {value}")


def _emails_have_one_holder(contacts: list[Item], ledger: Ledger, findings: Findings) -> None:
    doubling = {job.job_id for job in ledger.jobs if job.may_double}
    doubled = set(ledger.doubled)
    by_email: dict[tuple[str, str], list[Item]] = defaultdict(list)
    by_slot: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in contacts:
        if item.get("email"):
            by_email[contact_tenant(item), item["email"].strip().lower()].append(item)
            if len(item["sk"]) == _SLOT_CHARS:
                by_slot[item["pk"], item["sk"]].add(item["email"].strip().lower())
    for (tenant, email), same in by_email.items():
        holders = [item for item in same if len(item["sk"]) == _SLOT_CHARS]
        unasked = [
            item for item in same if creator(item) not in doubling and (contact_tenant(item), item["id"]) not in doubled
        ]
        findings.check(Invariant.NO_CONTACT_TWICE, len(holders) == 1, f"{tenant}: {len(holders)} hold {email}")
        findings.check(
            Invariant.NO_CONTACT_TWICE,
            len(unasked) <= 1,
            f"{tenant}: {email} has {[item['id'] for item in unasked]}, and nobody asked for twins",
        )
    for place, emails in by_slot.items():
        findings.check(Invariant.NO_CONTACT_TWICE, len(emails) == 1, f"slot {place} holds {emails}")


def _each_can_be_found(contacts: list[Item], jobs: StoredJobs, findings: Findings) -> None:
    """By its id: it lies in the slot that the id begins with, at the id, or where a forward at the id says."""
    forwards = {
        (contact_tenant(item), item["sk"]): (item["movedToPk"], item["movedToSk"])
        for item in jobs.state.contacts_table
        if "movedToPk" in item
    }
    for item in contacts:
        id_, place = item["id"], item["sk"]
        found = place in {id_, id_[:_SLOT_CHARS]} or forwards.get((contact_tenant(item), id_)) == (item["pk"], place)
        findings.check(Invariant.NO_CONTACT_TWICE, found, f"contact {id_} lies at {place}, and nothing leads there")


def _each_has_the_tenant_of_its_job(contacts: list[Item], jobs: StoredJobs, findings: Findings) -> None:
    for item in contacts:
        of_job = jobs.tenant(creator(item))
        whole = of_job in {None, contact_tenant(item)}
        findings.check(
            Invariant.TENANTS_ARE_APART, whole, f"{contact_tenant(item)} has {item['id']} of a job of {of_job}"
        )


def _what_clients_know_is_so(contacts: list[Item], ledger: Ledger, findings: Findings) -> None:
    there: dict[tuple[str, str], Item] = {(contact_tenant(item), item["id"]): item for item in contacts}
    for known in ledger.contacts:
        item = there.get((known.tenant, known.contact_id))
        name = f"{known.tenant}: contact {known.contact_id} ({known.why})"
        if known.exists is not None:
            findings.check(
                Invariant.ROLLBACK_KEEPS_EDITS,
                (item is not None) is known.exists,
                f"{name} is {'gone' if item is None else 'there'}",
            )
        if item is not None:
            _values_are(item, known.values, name, findings)


def _values_are(item: Item, values: dict[str, Any], name: str, findings: Findings) -> None:
    for field, value in values.items():
        findings.check(
            Invariant.ROLLBACK_KEEPS_EDITS,
            item.get(field) == value,
            f"{name} has {field} {item.get(field)!r}, not {value!r}",
        )

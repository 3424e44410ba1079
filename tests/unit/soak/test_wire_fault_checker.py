"""The checker of the soak notices each kind of damage, and nothing where all is well."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from local.settings import ROOT
from tests.soak.wire_faults.findings import Invariant
from tests.soak.wire_faults.invariant_checks import check_invariants
from tests.soak.wire_faults.ledger import KeyedAnswer, KnownContact, Ledger, SentJob
from tests.soak.wire_faults.stored_state import StoredState
from tests.unit.soak.healthy_state import (
    CREATE,
    DELETE,
    EXPORT,
    IMPORT,
    OTHER,
    TENANT,
    contact,
    healthy,
    id_of,
    import_counts,
    slot,
)

_Damage = Callable[[StoredState, Ledger], object]
_RESULTS = f"results/{TENANT}/{IMPORT}/results.csv"
_ROLLBACK = f"results/{TENANT}/{IMPORT}/rollback-0001/outcomes.jsonl"
_CREATED = f"bulk/{TENANT}/{CREATE}/outcomes/slice-00000.json"
_EXPORTED = f"exports/{TENANT}/{EXPORT}/attempt-0001/contacts.json"
_1, _2, _3, _4, _5, _6, _7 = Invariant


def _item(state: StoredState, pk: str, sk: str = "JOB") -> dict[str, Any]:
    return next(item for item in state.jobs_table if (item["pk"], item["sk"]) == (pk, sk))


def _job(state: StoredState, job_id: str, **changes: Any) -> None:
    _item(state, f"JOB#{job_id}").update(changes)


def _put(state: StoredState, *contacts: dict[str, Any]) -> None:
    state.contacts_table.extend(contacts)


def _replace(state: StoredState, key: str, old: str, new: str) -> None:
    body = state.objects[key].decode()
    assert old in body
    state.objects[key] = body.replace(old, new).encode()


def _known(ledger: Ledger, **fields: Any) -> None:
    ledger.contacts.append(KnownContact(**{"tenant": TENANT, "exists": True, **fields}))


_DAMAGES: dict[str, tuple[Invariant, _Damage]] = {
    "a contact under its id twice": (
        _1,
        lambda s, _: _put(s, contact("zed", "api:9", 0, id=id_of("bob"), pk=f"{TENANT}#00")),
    ),
    "two contacts of one row": (_1, lambda s, _: _put(s, contact("zed", IMPORT, 2))),
    "two holders of an e-mail": (
        _1,
        lambda s, _: _put(s, contact("zed", "api:9", 0, email="BOB@m-north.example")),
    ),
    "a twin that nobody asked for": (
        _1,
        lambda s, _: _put(s, contact("bob", "api:9", 0, id=slot("bob") + "u" * 16, sk=slot("bob") + "u" * 16)),
    ),
    "a twin without a holder": (
        _1,
        lambda s, _: _put(s, contact("zed", CREATE, 9, sk=id_of("zed"))),
    ),
    "two e-mails in one slot": (
        _1,
        lambda s, _: _put(s, contact("zed", "api:9", 0, sk=slot("bob"))),
    ),
    "a moved contact that nothing leads to": (
        _1,
        lambda s, _: s.contacts_table.remove(next(item for item in s.contacts_table if "movedToPk" in item)),
    ),
    "a contact twice in an export": (_1, lambda s, _: _export_again(s, [id_of("kim"), id_of("kim")])),
    "two jobs of one key": (_2, lambda _, ledger: ledger.answers.append(KeyedAnswer(TENANT, "k1", "job-2"))),
    "a job that nobody asked for": (_2, lambda _, ledger: ledger.jobs.pop()),
    "a job that was promised and is not there": (
        _2,
        lambda _, ledger: ledger.jobs.append(SentJob(TENANT, "import", "lost")),
    ),
    "an import that counts one too many": (_3, lambda s, _: _job(s, IMPORT, createdCount=3)),
    "an import whose parts count otherwise": (
        _3,
        lambda s, _: _item(s, f"JOB#{IMPORT}", "PART#00000").update(import_counts(1, 1, 1, 0)),
    ),
    "an import whose results list otherwise": (
        _3,
        lambda s, _: _replace(s, _RESULTS, "created,\n2", "updated,\n2"),
    ),
    "a contact that the import does not report": (_3, lambda s, _: _put(s, contact("zed", IMPORT, 3))),
    "a reported contact that is not there": (_3, lambda s, _: _lose(s, "bob")),
    "a bulk contact that is not there": (_3, lambda s, _: _lose(s, "kim")),
    "a rollback that counts otherwise": (_3, lambda s, _: _job(s, IMPORT, rollbackKeptCount=2)),
    "a rollback without a list": (_3, lambda s, _: s.objects.pop(_ROLLBACK)),
    "an import that was never staged and wrote": (_3, lambda s, _: _item(s, f"JOB#{IMPORT}").pop("staged")),
    "a bulk create that counts one too many": (_3, lambda s, _: _job(s, CREATE, succeededCount=3)),
    "a contact that the bulk create does not report": (_3, lambda s, _: _put(s, contact("zed", CREATE, 9))),
    "a deleted contact that is there": (_3, lambda s, _: _put(s, contact("lee", CREATE, 2))),
    "an export that counts one too many": (_3, lambda s, _: _job(s, EXPORT, totalContacts=3)),
    "a file cut short": (_3, lambda s, _: s.objects.update({_EXPORTED: s.objects[_EXPORTED][:-1]})),
    "a job that is still at work": (_4, lambda s, _: _job(s, CREATE, status="PROCESSING")),
    "a job that was never announced": (_4, lambda s, _: _job(s, EXPORT, openKey="open")),
    "a rollback that does not end": (_4, lambda s, _: _job(s, IMPORT, rollbackStatus="running")),
    "a slice that waits": (
        _4,
        lambda s, _: s.jobs_table.append({"pk": f"LINE#{TENANT}", "sk": "1", "jobId": CREATE}),
    ),
    "a message that is left": (_4, lambda s, _: s.messages.update({"slices": 1})),
    "an edit that a rollback took along": (
        _5,
        lambda s, _: next(item for item in s.contacts_table if "title" in item).update(title="before"),
    ),
    "an edited contact that is gone": (_5, lambda _, ledger: _known(ledger, contact_id=id_of("sam"))),
    "a contact of a rolled back import that is there": (_5, lambda s, _: _put(s, contact("ann", IMPORT, 1))),
    "a kept edit that is not listed": (_5, lambda s, _: _replace(s, _ROLLBACK, '["title"]', "[]")),
    "a contact of another tenant's job": (_6, lambda s, _: _put(s, contact("zed", IMPORT, 3, OTHER))),
    "another tenant's value in a contact": (_6, lambda s, _: _put(s, contact("zed", "api:9", 0, notes="m-south"))),
    "another tenant's value in a job": (_6, lambda s, _: _job(s, CREATE, clientReferenceId="m-south")),
    "another tenant's row in a file": (
        _6,
        lambda s, _: s.objects.update({f"uploads/{TENANT}/u2": b"x@m-south.example"}),
    ),
    "an object of another tenant's job": (
        _6,
        lambda s, _: s.objects.update({f"undo/{OTHER}/{IMPORT}/part-00000/round-000.json": b"[]"}),
    ),
    "a partition of nobody": (_6, lambda s, _: _put(s, contact("zed", "api:9", 0, pk="nobody#00"))),
    "a row without an outcome": (_7, lambda s, _: _replace(s, _RESULTS, "\n4,,error,EMAIL_INVALID", "")),
    "a row with two": (_7, lambda s, _: _replace(s, _RESULTS, "\n4,", "\n3,,error,X\n4,")),
    "a row that was never read": (
        _7,
        lambda _, ledger: ledger.jobs.__setitem__(0, SentJob(TENANT, "import", IMPORT, 5)),
    ),
    "a row that came to something else": (_7, lambda _, ledger: ledger.outcomes[IMPORT].update({3: "created"})),
    "an entry without an outcome": (_7, lambda s, _: _drop_an_entry(s)),
    "a candidate without an outcome": (_7, lambda s, _: _job(s, DELETE, total=2)),
}


def _lose(state: StoredState, name: str) -> None:
    state.contacts_table[:] = [item for item in state.contacts_table if item["sk"] != slot(name)]


def _export_again(state: StoredState, ids: list[str]) -> None:
    content = json.dumps([{"id": each} for each in ids]).encode()
    state.objects[_EXPORTED] = content
    file = {"key": _EXPORTED, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    _job(state, EXPORT, file=file, totalContacts=len(ids))


def _drop_an_entry(state: StoredState) -> None:
    stored = json.loads(state.objects[_CREATED])
    state.objects[_CREATED] = json.dumps({"items": stored["items"][:-1]}).encode()


def test_a_healthy_state_has_no_violation() -> None:
    state, ledger = healthy()
    findings = check_invariants(state, ledger)
    assert findings.violations == []
    assert set(findings.checks) == set(Invariant), "each invariant was checked"


@pytest.mark.parametrize("name", _DAMAGES)
def test_each_damage_is_noticed(name: str) -> None:
    invariant, damage = _DAMAGES[name]
    state, ledger = healthy()
    damage(state, ledger)
    found = check_invariants(state, ledger)
    assert invariant in found.broken(), found.violations


def test_the_checker_shares_nothing_with_the_product() -> None:
    program = "import sys, tests.soak.wire_faults.invariant_checks; print('contacts' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"

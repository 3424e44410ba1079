"""Several tenants, each with a few users who do one thing after the other, all at once."""

from __future__ import annotations

import threading
import traceback
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.e2e.minted_tokens import Mint
from tests.soak.wire_faults.import_scenes import import_edit_roll_back, rival_imports
from tests.soak.wire_faults.ledger import Ledger
from tests.soak.wire_faults.other_scenes import bulk_create_and_delete, export_all, single_contacts
from tests.soak.wire_faults.patient_client import GaveUp, PatientClient
from tests.soak.wire_faults.soak_stack import SoakStack

Scene = Callable[[PatientClient, Random, str, int], None]

SCENES: dict[str, Scene] = {
    "import, edit, roll back": import_edit_roll_back,
    "rival imports": rival_imports,
    "bulk create and delete": bulk_create_and_delete,
    "export": export_all,
    "single contacts": single_contacts,
}
_WEIGHTS = (4, 1, 3, 2, 2)


@dataclass
class TenantsAtWork:
    """Users in threads; each has its own chance, its own e-mails, and the ledger in common.

    Attributes:
        size: about how many rows a file has.
        played: how many scenes were played to their end, by name; `given up` are those of which a job did not end.
        surprises: answers that no client may get, in full.
    """

    stack: SoakStack
    seed: int
    size: int
    patience_seconds: float
    ledger: Ledger = field(default_factory=Ledger)
    played: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)

    def work(self, tenants: int, users: int, go_on: Callable[[], bool], each: tuple[str, ...] = ()) -> None:
        """Play scenes while `go_on` says so; those of `each` first, one user each. Returns when all have ended."""
        mint = Mint.of(self.stack.stack, self.stack.directory)
        run = uuid.uuid4().hex[:6]
        names = [f"tenant {number}/{run}" for number in range(tenants)]
        self.ledger.markers |= {name: f"m{number}x{run}" for number, name in enumerate(names)}
        threads = []
        for number in range(tenants * users):
            tenant = names[number % tenants]
            api = mint.caller(tenant, f"user-{number}")
            client = PatientClient(tenant, api, self.ledger, self.patience_seconds)
            first = each[number : number + 1]
            threads.append(threading.Thread(target=self._user, args=(client, number, go_on, first), daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _user(self, client: PatientClient, number: int, go_on: Callable[[], bool], first: tuple[str, ...]) -> None:
        random = Random(f"{self.seed}-{number}")
        scene, todo = 0, list(first)
        while todo or (go_on() and not self.surprises):
            name = todo.pop(0) if todo else random.choices(list(SCENES), _WEIGHTS)[0]
            scene += 1
            try:
                SCENES[name](client, random, f"u{number}s{scene}", random.randint(self.size // 2, self.size))
            except GaveUp:
                self.played["given up"] += 1
            except Exception:  # noqa: BLE001 - told at the end, and then the run has failed
                self.surprises.append(f"{name}:\n{traceback.format_exc()}")
            else:
                self.played[name] += 1

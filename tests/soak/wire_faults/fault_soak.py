"""One soak: tenants at work while faults are fired, then quiet, then the checker."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from tests.soak.wire_faults.findings import Findings
from tests.soak.wire_faults.invariant_checks import check_invariants
from tests.soak.wire_faults.operator_at_work import OperatorAtWork
from tests.soak.wire_faults.soak_stack import SoakStack
from tests.soak.wire_faults.stored_jobs import StoredJobs
from tests.soak.wire_faults.stored_state import read_state
from tests.soak.wire_faults.tenants_at_work import TenantsAtWork

#: For a job among faults, and for all that is open once there are none any more.
_PATIENCE_SECONDS = 900.0


@dataclass(frozen=True)
class SoakResult:
    """What came of it.

    Attributes:
        faults: by service, operation and kind.
        failures: of functions, which ran out of retries or of time, by name.
        jobs: by kind and status; those of rollbacks as kind `rollback`.
        doomed: how many jobs no worker could end, by the reason.
        reconciled: parts and slices that were closed from their plans, because nobody could end them.
        open_: what was still open when patience ended.
    """

    wanted: int
    seed: int
    seconds: float
    calls: dict[str, int]
    faults: Counter[tuple[str, str, str]]
    failures: Counter[str]
    jobs: Counter[tuple[str, str]]
    doomed: dict[str, int]
    reconciled: int
    tenants: TenantsAtWork
    sweeps: tuple[int, int]
    open_: list[str]
    findings: Findings

    @property
    def is_good(self) -> bool:
        """Enough faults, no violation, no answer that nobody may get."""
        enough = self.faults.total() >= self.wanted
        return enough and not (self.findings.violations or self.open_ or self.tenants.surprises)


def soak(
    stack: SoakStack,
    *,
    faults: int,
    rate: float,
    storm_rate: float,
    tenants: int,
    users: int,
    size: int,
    seed: int,
    each: tuple[str, ...] = (),
    doom_one_in: int = 0,
    patience_seconds: float = _PATIENCE_SECONDS,
) -> SoakResult:
    """Fire at least so many faults; `each` names scenes that are played whatever the number, `doom_one_in` how many
    jobs there are to one that no worker can end."""
    began = time.monotonic()
    at_work = TenantsAtWork(stack, seed, size, patience_seconds)
    operator = OperatorAtWork(stack)
    operator.start()
    stack.set_fault_rate(rate, storm_rate, doom_one_in)
    at_work.work(tenants, users, lambda: stack.faults()[1].total() < faults, each)
    stack.set_fault_rate(0, 0)
    operator.stop()
    left = operator.until_nothing_is_open(patience_seconds)
    state = read_state(stack)

    calls, fired = stack.faults()
    return SoakResult(
        wanted=faults,
        seed=seed,
        seconds=time.monotonic() - began,
        calls=calls,
        faults=fired,
        failures=stack.failures(),
        doomed=stack.doomed_jobs(),
        reconciled=sum(item.get("reconciled", False) for item in state.jobs_table),
        jobs=_ends(StoredJobs.of(state)),
        tenants=at_work,
        sweeps=(operator.sweeps, operator.failed_sweeps),
        open_=left,
        findings=check_invariants(state, at_work.ledger),
    )


def _ends(jobs: StoredJobs) -> Counter[tuple[str, str]]:
    ends = Counter((str(job["kind"]), str(job["status"])) for job in jobs.jobs.values())
    rollbacks = (job for job in jobs.jobs.values() if "rollbackRun" in job)
    ends.update(("latest rollback", str(job["rollbackStatus"])) for job in rollbacks)
    return ends

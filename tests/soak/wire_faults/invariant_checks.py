"""The independent checker: every invariant that stored state can show, against what clients know."""

from __future__ import annotations

from tests.soak.wire_faults.bulk_and_export_checks import check_bulk_jobs, check_exports
from tests.soak.wire_faults.contact_checks import check_contacts
from tests.soak.wire_faults.findings import Findings
from tests.soak.wire_faults.import_checks import check_imports
from tests.soak.wire_faults.job_checks import check_ends, check_keys, check_tenants
from tests.soak.wire_faults.ledger import Ledger
from tests.soak.wire_faults.stored_jobs import StoredJobs
from tests.soak.wire_faults.stored_state import StoredState


def check_invariants(state: StoredState, ledger: Ledger) -> Findings:
    """Imports nothing of the product: what it knows of shapes is in docs/architecture.md."""
    findings = Findings()
    jobs = StoredJobs.of(state)
    check_keys(jobs, ledger, findings)
    check_ends(jobs, findings)
    check_tenants(jobs, ledger, findings)
    check_contacts(jobs, ledger, findings)
    check_imports(jobs, ledger, findings)
    check_bulk_jobs(jobs, ledger, findings)
    check_exports(jobs, findings)
    return findings

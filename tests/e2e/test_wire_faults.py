"""A short `make soak-faults`, on a stack of its own: imports, a rollback, bulk jobs, exports and edits of two tenants,
one in ten reads of their functions failing in some way, and one in five writes, and then the checker."""

from __future__ import annotations

from pathlib import Path

from tests.soak.wire_faults.fault_soak import soak
from tests.soak.wire_faults.soak_stack import soak_stack

_ONE_OF_EACH = ("import, edit, roll back", "bulk create and delete", "export", "single contacts")


def test_nothing_is_lost_or_doubled_among_faults_on_the_wire(tmp_path: Path) -> None:
    with soak_stack(tmp_path / "stack", seed=20) as stack:
        result = soak(
            stack,
            faults=20,  # beside each scene once, and as many more as it takes
            rate=0.1,
            storm_rate=0.1,
            tenants=2,
            users=2,
            size=16,
            seed=20,
            each=_ONE_OF_EACH,
            patience_seconds=120,
        )
    assert result.tenants.surprises == []
    assert result.open_ == []
    assert result.findings.violations == []
    assert result.faults.total() >= result.wanted

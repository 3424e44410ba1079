"""What a check of the invariants counted and found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum


class Invariant(IntEnum):
    """Those of DESIGN.md, section 5, that stored state can show to be broken."""

    NO_CONTACT_TWICE = 1
    ONE_KEY_ONE_JOB = 2
    COUNTS_ARE_WHAT_WAS_WRITTEN = 3
    EVERY_JOB_ENDS = 4
    ROLLBACK_KEEPS_EDITS = 5
    TENANTS_ARE_APART = 6
    EVERY_ROW_HAS_AN_OUTCOME = 7


@dataclass
class Findings:
    """Checks made, by invariant, and violations, each in one line."""

    checks: Counter[Invariant] = field(default_factory=Counter)
    violations: list[tuple[Invariant, str]] = field(default_factory=list)

    def check(self, invariant: Invariant, holds: object, violation: str) -> None:
        """Count one check; note the violation where it does not hold."""
        self.checks[invariant] += 1
        if not holds:
            self.violations.append((invariant, violation))

    def broken(self) -> set[Invariant]:
        return {invariant for invariant, _ in self.violations}

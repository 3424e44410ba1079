"""All guards, by their invariants."""

from __future__ import annotations

from tests.soak.guards_bad_input import BAD_INPUT_LOSES_NOTHING
from tests.soak.guards_contacts import NO_CONTACT_TWICE
from tests.soak.guards_counts import COUNTS_ARE_WHAT_WAS_WRITTEN
from tests.soak.guards_idempotency import SAME_KEY_SAME_JOB
from tests.soak.guards_job_ends import JOBS_END
from tests.soak.guards_personal_data import NOTHING_PERSONAL_LEAVES
from tests.soak.guards_rollbacks import LATER_EDITS_STAY
from tests.soak.guards_round_trips import NOTHING_CHANGES_ON_THE_WAY
from tests.soak.guards_row_outcomes import EVERY_ROW_HAS_AN_OUTCOME
from tests.soak.guards_tenants import TENANTS_ARE_APART

GUARDS = (
    *NO_CONTACT_TWICE,
    *SAME_KEY_SAME_JOB,
    *COUNTS_ARE_WHAT_WAS_WRITTEN,
    *JOBS_END,
    *LATER_EDITS_STAY,
    *TENANTS_ARE_APART,
    *EVERY_ROW_HAS_AN_OUTCOME,
    *NOTHING_CHANGES_ON_THE_WAY,
    *BAD_INPUT_LOSES_NOTHING,
    *NOTHING_PERSONAL_LEAVES,
)

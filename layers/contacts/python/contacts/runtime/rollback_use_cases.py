"""The use cases behind the HTTP API of rollbacks, each with the ports that it asks for."""

from __future__ import annotations

from contacts.runtime.wiring import Wiring
from contacts.usecases.link_rollback_outcomes import LinkRollbackOutcomes
from contacts.usecases.list_rollback_outcomes import ListRollbackOutcomes
from contacts.usecases.start_rollback import StartRollback


def start_rollback(wiring: Wiring) -> StartRollback:
    return StartRollback(
        jobs=wiring.jobs, runner=wiring.runner, clock=wiring.clock, rollback_days=wiring.settings.rollback_days
    )


def list_rollback_outcomes(wiring: Wiring) -> ListRollbackOutcomes:
    return ListRollbackOutcomes(jobs=wiring.jobs, files=wiring.files)


def link_rollback_outcomes(wiring: Wiring) -> LinkRollbackOutcomes:
    return LinkRollbackOutcomes(jobs=wiring.jobs, files=wiring.files, links=wiring.links, clock=wiring.clock)

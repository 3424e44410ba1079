"""What the sweeper's function hands in, answers and tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from contacts.runtime.function_failures import TellingError
from contacts.usecases.sweep_jobs import Mended, SweepReport

from .test_export_functions import function, metered

__all__ = ["metered"]

CONTEXT: Any = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=1,
    invoked_function_arn="arn",
    aws_request_id="r",
    get_remaining_time_in_millis=lambda: 61_500,
)

Sweeping = Callable[[SweepReport], Any]


@pytest.fixture
def sweeping(monkeypatch: pytest.MonkeyPatch) -> Sweeping:
    """Calls the function with a sweep that reports this."""

    def call(report: SweepReport) -> Any:
        module = function("sweep_jobs")
        nothing = SimpleNamespace(announced=0, failed=[])

        def sweep_jobs(_wiring: Any, _on_error: Any, *, time_left: Callable[[], timedelta]) -> Any:
            assert time_left() == timedelta(seconds=61.5), "what Lambda leaves it"
            return lambda: report

        monkeypatch.setattr(module, "sweep_jobs", sweep_jobs)
        monkeypatch.setattr(module, "announce_overdue_contacts", lambda _wiring, _on_error: lambda: nothing)
        return module.handler({}, CONTEXT)

    return call


def test_it_answers_what_it_did_and_counts_what_it_did_not_come_to(
    sweeping: Sweeping,
    metered: Callable[[], dict[str, float]],
) -> None:
    assert sweeping(SweepReport(Counter({Mended.CLOSED: 2}), [], 3)) == {"started": 0, "closed": 2, "announced": 0}
    sent = metered()
    assert (sent["jobs_closed"], sent["jobs_left"]) == (2, 3)


@pytest.mark.usefixtures("metered")
def test_it_fails_where_a_job_could_not_be_mended(sweeping: Sweeping) -> None:
    with pytest.raises(TellingError, match="1 jobs could not be mended: job-1"):
        sweeping(SweepReport(failed=["job-1"]))

"""Every few minutes: mend jobs that a crash left behind, and announce contacts whose event it swallowed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.runtime.bulk_messages import log_job_trouble
from contacts.runtime.exception_report import report_exception
from contacts.runtime.function_failures import TellingError, without_messages
from contacts.runtime.sweeping import announce_overdue_contacts, sweep_jobs
from contacts.runtime.telemetry import logger, metrics, tracer
from contacts.runtime.wiring import Wiring
from contacts.usecases.sweep_jobs import Mended

wiring = Wiring()


class SweepError(TellingError):
    """Some jobs could not be mended, or contacts not announced; the next sweep tries again."""


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@metrics.log_metrics
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    def time_left() -> timedelta:
        return timedelta(milliseconds=context.get_remaining_time_in_millis())

    # Before the jobs, one of which may need all of the time.
    overdue = announce_overdue_contacts(wiring, log_contact_trouble)()
    metrics.add_metric(name="contacts_announced_late", unit=MetricUnit.Count, value=overdue.announced)
    report = sweep_jobs(wiring, log_job_trouble, time_left=time_left)()
    counts = {what.value: report.counts[what] for what in Mended}
    for name, count in counts.items():
        metrics.add_metric(name=f"jobs_{name}", unit=MetricUnit.Count, value=count)
    metrics.add_metric(name="jobs_left", unit=MetricUnit.Count, value=report.left)
    logger.info("swept", extra={**counts, "left": report.left})
    if report.failed:
        raise SweepError(f"{len(report.failed)} jobs could not be mended: {', '.join(report.failed[:20])}")
    if overdue.failed:
        raise SweepError("some contacts could not be announced")
    return counts


def log_contact_trouble(contact_id: str, error: Exception) -> None:
    logger.error("trouble with an announcement", extra={"contact_id": contact_id, "error": report_exception(error)})

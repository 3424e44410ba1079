"""Tell of bulk jobs that were accepted and not sent to the workers; the sweeper sends them."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from contacts.runtime.exception_report import report_exception

logger = Logger()


def tell_undispatched(job_id: str, error: Exception) -> None:
    """Log it, and count it as the metric `jobs_not_dispatched`."""
    logger.error("a job waits for the sweeper", extra={"job_id": job_id, "error": report_exception(error)})
    # Only where there is trouble: an API function's start must not pay for this import.
    from aws_lambda_powertools.metrics import MetricUnit, single_metric  # noqa: PLC0415

    with single_metric(name="jobs_not_dispatched", unit=MetricUnit.Count, value=1):
        pass

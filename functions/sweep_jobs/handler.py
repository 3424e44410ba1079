"""Every few minutes: mend jobs that a crash left behind."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.runtime.bulk_messages import log_job_trouble
from contacts.runtime.function_failures import TellingError, without_messages
from contacts.runtime.sweeping import sweep_jobs
from contacts.runtime.telemetry import logger, metrics, tracer
from contacts.runtime.wiring import Wiring
from contacts.usecases.sweep_jobs import Mended

wiring = Wiring()


class SweepError(TellingError):
    """Some jobs could not be mended; the next sweep tries again."""


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@metrics.log_metrics
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    report = sweep_jobs(wiring, log_job_trouble)()
    counts = {what.value: report.counts[what] for what in Mended}
    for name, count in counts.items():
        metrics.add_metric(name=f"jobs_{name}", unit=MetricUnit.Count, value=count)
    logger.info("swept", extra=counts)
    if report.failed:
        raise SweepError(f"{len(report.failed)} jobs could not be mended: {', '.join(report.failed[:20])}")
    return counts

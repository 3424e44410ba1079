"""Every day: remove exports whose time is over, files first; or only look, where the event says `dryRun`."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.steps import CleanUpExportsInput, CleanUpExportsOutput
from contacts.runtime.bulk_messages import log_job_trouble
from contacts.runtime.export_use_cases import clean_up_exports
from contacts.runtime.function_failures import TellingError, without_messages
from contacts.runtime.telemetry import logger, metrics, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


class CleanUpError(TellingError):
    """Some exports could not be removed; the next clean-up tries again."""


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@metrics.log_metrics
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, object]:
    # A misspelt `dryRun` is refused: it must not delete.
    dry_run = CleanUpExportsInput.model_validate(event).dry_run
    report = clean_up_exports(wiring, log_job_trouble)(dry_run=dry_run)
    done = CleanUpExportsOutput(
        dry_run=dry_run, exports=report.jobs, files=report.files, running=report.running, failures=len(report.failed)
    )
    logger.info("looked for expired exports" if dry_run else "cleaned up", extra={"report": done.to_event()})
    metrics.add_metric(name="exports_overdue", unit=MetricUnit.Count, value=done.running)
    if not dry_run:
        metrics.add_metric(name="exports_removed", unit=MetricUnit.Count, value=done.exports)
        metrics.add_metric(name="files_removed", unit=MetricUnit.Count, value=done.files)
        metrics.add_metric(name="failures", unit=MetricUnit.Count, value=done.failures)
    if report.failed:
        raise CleanUpError(f"{done.failures} exports could not be removed: {', '.join(report.failed[:20])}")
    return done.to_event()

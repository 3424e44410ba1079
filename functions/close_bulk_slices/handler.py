"""Bulk jobs, for slices whose messages ended in the dead-letter queue: close them from their plans and the table."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.runtime.bulk_messages import log_job_trouble, work_slices
from contacts.runtime.bulk_steps import bulk_workers
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return work_slices(event, context, _close, is_last_stop=True)


def _close(job_id: str, slice_: int) -> bool:
    """Both queues share their dead letters; to a worker of the other kind the job is none, and it does nothing."""
    workers = bulk_workers(wiring, log_job_trouble).values()
    return any(worker.close(job_id, slice_) for worker in workers)

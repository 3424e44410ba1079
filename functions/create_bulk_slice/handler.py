"""Bulk create, once a slice: create its contacts."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.runtime.bulk_messages import log_job_trouble, work_slices
from contacts.runtime.bulk_steps import create_bulk_slice
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return work_slices(event, context, create_bulk_slice(wiring, log_job_trouble))

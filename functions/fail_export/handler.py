"""Export, the way out when no try could write the file: end the job as failed and remove what the tries left."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.steps import FailExportInput
from contacts.runtime.export_use_cases import fail_export
from contacts.runtime.function_failures import without_messages
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    step = FailExportInput.model_validate(event)
    logger.append_keys(job_id=step.job_id)
    failed = fail_export(wiring)(step.job_id)
    logger.warning("export failed" if failed else "the job has ended otherwise, or never was")

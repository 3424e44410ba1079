"""Import step 3: account for every row, close the job, announce it. Also the way out when a step failed for good."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.steps import FinishImportInput
from contacts.runtime.function_failures import without_messages
from contacts.runtime.import_steps import finish_import
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    step = FinishImportInput.model_validate(event)
    logger.append_keys(job_id=step.job_id)
    if step.cause:
        logger.warning("the execution came off its way", extra={"cause": step.cause})
    finish_import(wiring)(step.job_id)
    logger.info("import finished")

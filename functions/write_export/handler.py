"""Export step 1: write the file and end the job."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.steps import WriteExportInput
from contacts.runtime.exporting import write_export
from contacts.runtime.function_failures import without_messages
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    step = WriteExportInput.model_validate(event)
    logger.append_keys(job_id=step.job_id)
    written = write_export(wiring)(step.job_id)
    logger.info("export written" if written else "no file of this try; the job says why")

"""Import step 2, once a part: write the part's contacts."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.steps import ApplyImportPartInput, ApplyImportPartOutput
from contacts.runtime.function_failures import without_messages
from contacts.runtime.import_steps import apply_import_part
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, object]:
    step = ApplyImportPartInput.model_validate(event)
    logger.append_keys(job_id=step.job_id, part=step.part)
    applied = apply_import_part(wiring)(step.job_id, step.part)
    logger.info("part applied" if applied else "nothing left to do for this part")
    return ApplyImportPartOutput().to_event()

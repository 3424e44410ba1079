"""Rollback step 3: end a pass and say what comes next. Also the way out when a step failed for good."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.steps import FinishRollbackInput, FinishRollbackOutput
from contacts.domain.rollback import RollbackMode
from contacts.runtime.function_failures import without_messages
from contacts.runtime.import_steps import finish_rollback
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, object]:
    step = FinishRollbackInput.model_validate(event)
    logger.append_keys(job_id=step.job_id, run=step.run)
    finish = finish_rollback(wiring)
    if step.cause:
        logger.warning("the execution came off its way", extra={"cause": step.cause})
    mode = RollbackMode(step.mode) if step.mode else None
    after = finish(step.job_id, step.run, mode, broken_off=step.cause is not None)
    return FinishRollbackOutput(next=after.value).to_event()

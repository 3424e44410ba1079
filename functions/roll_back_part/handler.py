"""Rollback step 2, once a part and pass: take the part back, or look what taking it back would do."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.steps import RollBackPartInput, RollBackPartOutput
from contacts.domain.rollback import RollbackMode
from contacts.runtime.function_failures import without_messages
from contacts.runtime.import_steps import roll_back_part
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, object]:
    step = RollBackPartInput.model_validate(event)
    logger.append_keys(job_id=step.job_id, run=step.run, mode=step.mode, part=step.part)
    done = roll_back_part(wiring)(step.job_id, step.run, RollbackMode(step.mode), step.part)
    logger.info("part done" if done else "nothing left to do for this part")
    return RollBackPartOutput().to_event()

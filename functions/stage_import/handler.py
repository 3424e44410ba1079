"""Import step 1: read the file, judge its rows, route them into parts."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.steps import Manifest, StageImportInput, StageImportOutput
from contacts.domain.object_keys import manifest_key
from contacts.runtime.function_failures import without_messages
from contacts.runtime.staging import stage_import
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, object]:
    step = StageImportInput.model_validate(event)
    logger.append_keys(job_id=step.job_id)
    staging = stage_import(wiring)(step.job_id)
    logger.info("staged", extra={"decision": staging.decision})
    manifest = Manifest(bucket=wiring.settings.files_bucket, key=manifest_key(staging.tenant, step.job_id))
    return StageImportOutput(job_id=step.job_id, decision=staging.decision.value, manifest=manifest).to_event()

"""Rollback step 1: find the parts to go through, and how long to wait before the first."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.steps import Manifest, PrepareRollbackInput, PrepareRollbackOutput
from contacts.runtime.function_failures import without_messages
from contacts.runtime.import_steps import prepare_rollback
from contacts.runtime.telemetry import logger, tracer
from contacts.runtime.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@without_messages
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, object]:
    step = PrepareRollbackInput.model_validate(event)
    logger.append_keys(job_id=step.job_id, run=step.run)
    prepared = prepare_rollback(wiring)(step.job_id, step.run)
    manifest = Manifest(bucket=wiring.settings.files_bucket, key=prepared.manifest_key)
    return PrepareRollbackOutput(
        job_id=step.job_id,
        run=step.run,
        mode=prepared.mode.value if prepared.mode else "none",
        wait_seconds=prepared.wait_seconds,
        manifest=manifest,
    ).to_event()

"""What the workers of bulk jobs do around the messages that name their slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from contacts.contracts.slice_message import SliceMessage
from contacts.runtime.exception_report import report_exception
from contacts.runtime.telemetry import logger
from contacts.usecases.unit_of_work import UnitStillWrittenError


class SlicesFailedError(Exception):
    """None of an invocation's slices came to its end; their messages come again."""


def work_slices(
    event: dict[str, Any], context: LambdaContext, work: Callable[[str, int], bool], *, is_last_stop: bool = False
) -> PartialItemFailureResponse:
    """Call `work` with job and slice of every message, and answer which messages failed and are to come again.

    A message that names no slice fails, too, unless there is nowhere for it to go: at the last stop it is told of, and
    dropped, because it would come again for weeks. One that has to wait comes again like one that failed, and is no
    trouble.

    Raises:
        SlicesFailedError: all of them failed. Lambda then counts an error, which an answer does not make it do.
    """

    waiting: list[SliceMessage] = []

    def handle(record: SQSRecord) -> None:
        logger.append_keys(message_id=record.message_id, job_id=None, slice=None)
        try:
            message = SliceMessage.model_validate_json(record.body)
        except ValidationError as error:
            logger.error("a message names no slice", extra={"error": report_exception(error)})
            if is_last_stop:
                return
            raise
        logger.append_keys(job_id=message.job_id, slice=message.slice)
        try:
            fresh = work(message.job_id, message.slice)
        except UnitStillWrittenError:
            logger.info("a worker may still be at this slice")
            waiting.append(message)
            raise
        except Exception as error:
            logger.error("a slice failed", extra={"error": report_exception(error)})
            raise
        logger.info("slice done" if fresh else "nothing left to do for this slice")

    # Powertools' own error for this case quotes every exception's message, and Lambda would log that.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event=event, record_handler=handle, processor=processor, context=context)
    failed = len(answer["batchItemFailures"])
    if failed == len(event["Records"]) > len(waiting):
        raise SlicesFailedError(f"{failed} slices failed")
    return answer


def log_job_trouble(job_id: str, error: Exception) -> None:
    """Tell of trouble that a bulk job ends, or waits for the next sweep, in spite of."""
    logger.error("trouble with a job", extra={"job_id": job_id, "error": report_exception(error)})

"""What a function that no client waits for lets out when it fails.

Lambda logs the message of an exception that leaves a function, and a state machine keeps it in its history. Messages
quote what services and validators were given, so none of them gets that far.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from contacts.runtime.exception_report import report_exception
from contacts.runtime.telemetry import logger

_PLACES_TOLD = 5

Answer = TypeVar("Answer")
Handler = Callable[[dict[str, Any], LambdaContext], Answer]


class TellingError(Exception):
    """An exception whose message holds ids and counts alone, and may be read by operators."""


class FunctionFailedError(Exception):
    """A function failed. The message names the type of the exception, and of a wrong event the fields; the log says
    where it was raised."""


def without_messages(handler: Handler[Answer]) -> Handler[Answer]:
    """A handler out of which every exception but a `TellingError` comes as a `FunctionFailedError`."""

    @wraps(handler)
    def handle(event: dict[str, Any], context: LambdaContext) -> Answer:
        try:
            return handler(event, context)
        except TellingError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its message stays here
            logger.error("the function failed", extra={"error": report_exception(error)})
            failure = FunctionFailedError(_kind_of(error))
        # Outside of the handling, so that the exception is not even its context: tracebacks show that, too.
        raise failure

    return handle


def _kind_of(error: Exception) -> str:
    """The exception's type; of an event that is not as it should be also where, and which rule it breaks."""
    name = type(error).__name__
    if not isinstance(error, ValidationError):
        return name
    violations = error.errors(include_url=False, include_context=False, include_input=False)
    places = [f"{'.'.join(map(str, each['loc']))} ({each['type']})" for each in violations[:_PLACES_TOLD]]
    return f"{name}: {', '.join(places)}"

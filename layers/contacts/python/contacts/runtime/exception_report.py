"""What may be logged of an exception. Its message may not: services and validators quote what they were given."""

from __future__ import annotations

import traceback
from typing import Any

_FRAMES_SHOWN = 12


def report_exception(error: BaseException) -> dict[str, Any]:
    """The exception's type, where it was raised, what caused it, and for a refusal by AWS its code and operation."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_SHOWN:]
    report: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "raisedAt": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        report["awsCode"] = response.get("Error", {}).get("Code")
        report["awsOperation"] = getattr(error, "operation_name", None)
        report["awsRequestId"] = response.get("ResponseMetadata", {}).get("RequestId")
    cause = error.__cause__ or error.__context__
    if cause is not None:
        report["causedBy"] = report_exception(cause)
    return report

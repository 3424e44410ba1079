"""Runs one function of the running stack with an event file, as ``sam local invoke`` would."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.deployment import aws_session, read_template
from local.settings import Settings
from local.stack import StackError, read_stack


@dataclass(frozen=True)
class Invocation:
    """What a function answered."""

    payload: Any
    log: str
    failed: bool


def invoke(settings: Settings, function: str, event_file: Path) -> Invocation:
    """Invoke a function by its folder's name (``imports_api``) or its logical id (``ImportsApiFunction``).

    Raises:
        StackError: the stack does not run, there is no such function, or the event is not a JSON file.
    """
    stack = read_stack(settings)
    logical_id = _logical_id(settings, function)
    try:
        event = json.loads(event_file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StackError(f"{event_file} is not a readable JSON file: {error}") from error
    client = aws_session().client("lambda", endpoint_url=stack["awsEndpoint"])
    answer = client.invoke(
        FunctionName=stack["resources"][logical_id], Payload=json.dumps(event).encode(), LogType="Tail"
    )
    return Invocation(
        payload=json.loads(answer["Payload"].read() or "null"),
        log=base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace"),
        failed="FunctionError" in answer,
    )


def _logical_id(settings: Settings, function: str) -> str:
    functions: dict[str, str] = {
        name: str((item.get("Properties") or {}).get("CodeUri", ""))
        for name, item in read_template(settings)["Resources"].items()
        if item["Type"] == "AWS::Serverless::Function"
    }
    for name, uri in functions.items():
        if function in (name, Path(uri).name):
            return name
    known = ", ".join(sorted(Path(uri).name for uri in functions.values()))
    raise StackError(f"there is no function {function}; there are {known}")

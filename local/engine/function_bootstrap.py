"""The program each function process runs: what the Lambda Python runtime does, over two pipes.

Started by ``function_process.FunctionProcess`` as a plain script, so it imports nothing of this project. Requests
arrive as JSON lines on stdin, answers leave as JSON lines on the original stdout; whatever the function prints goes to
stderr, where a marker line ends an invocation's log (so that nobody has to wait and see whether more is coming).
"""

import importlib
import importlib.abc
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any


class NotOnLambda(importlib.abc.MetaPathFinder):
    """Hides what the developer's virtual environment has and the deployed function has not."""

    def __init__(self, hidden: frozenset[str]) -> None:
        self._hidden = hidden

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in self._hidden:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def failure(error: BaseException, request_id: str = "") -> dict[str, Any]:
    """The error payload of the Lambda Python runtime: ``errorType`` is the bare name of the class."""
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(traceback.extract_tb(error.__traceback__)[1:]),
    }


def import_handler(path: str) -> tuple[Callable[[Any, Any], Any] | None, dict[str, Any] | None]:
    """The function that ``Handler`` names, or the runtime's error payload saying why there is none."""
    module_name, _, function_name = path.replace("/", ".").rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        return None, {**failure(error), "errorMessage": message, "errorType": "Runtime.ImportModuleError"}
    except Exception as error:  # noqa: BLE001 - the runtime reports whatever a module raises
        return None, failure(error)
    handler = getattr(module, function_name, None)
    if handler is None:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        return None, {**failure(AttributeError(message)), "errorType": "Runtime.HandlerNotFound"}
    return handler, None


def context_of(invocation: dict[str, Any]) -> SimpleNamespace:
    """The context object of one invocation."""
    deadline = time.monotonic() + float(invocation["timeoutSeconds"])
    return SimpleNamespace(
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        function_version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        invoked_function_arn=invocation["functionArn"],
        memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        aws_request_id=invocation["requestId"],
        log_group_name=os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        identity=None,
        client_context=None,
        get_remaining_time_in_millis=lambda: max(0, int((deadline - time.monotonic()) * 1000)),
    )


def run(handler: Callable[[Any, Any], Any], invocation: dict[str, Any]) -> str:
    """One invocation: the line that answers it."""
    request_id = invocation["requestId"]
    if invocation["traceId"]:
        os.environ["_X_AMZN_TRACE_ID"] = invocation["traceId"]
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        result = handler(invocation["event"], context_of(invocation))
    except Exception as error:  # noqa: BLE001 - a function may raise anything; the runtime reports it
        traceback.print_exc()
        return json.dumps({"error": failure(error, request_id)})
    try:
        return json.dumps({"result": result})
    except (TypeError, ValueError) as error:
        payload = {**failure(error, request_id), "errorType": "Runtime.MarshalError"}
        return json.dumps({"error": {**payload, "errorMessage": f"Unable to marshal response: {error}"}})


def serve() -> None:
    """Read the set-up line, import the handler, then answer invocations until stdin ends."""
    # The function must neither read our requests nor write into our answers.
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]

    setup = json.loads(requests.readline())
    # The order of the Lambda runtime: the function's code, then its layers, then what the runtime carries.
    sys.path[:0] = [setup["codeDir"], *setup["layerDirs"]]
    sys.meta_path.insert(0, NotOnLambda(frozenset(setup["hidden"])))
    handler, broken = import_handler(setup["handler"])

    for line in requests:
        invocation = json.loads(line)
        answer = json.dumps({"error": broken}) if handler is None else run(handler, invocation)
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(2, f"\n{setup['logEnd']}{invocation['requestId']}\n".encode())
        answers.write(answer + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()

"""The patches, all in one place: each replaces one function of the engine, and says what AWS does instead."""

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, TextIO

import ministack.app
import yaml
from ministack.core import iam_actions, lambda_runtime, persistence
from ministack.services import dynamodb, lambda_svc, stepfunctions
from ministack.services.cloudformation import provisioners

from local.engine import authorization, function_process, key_conditions, partiql_batches
from local.engine.version import require_adapted_version

_PAUSE_BEFORE_AN_EXECUTION = 0.15
_INTERNAL_ERROR = {
    "statusCode": 500,
    "headers": {"Content-Type": "application/json"},
    "body": '{"message":"Internal Server Error"}',
}


def apply() -> None:
    """Patch the engine; call once, before it serves.

    Raises:
        EngineVersionError: the engine is not the release the patches were written for.
    """
    require_adapted_version()

    # PartiQL is authorised statement by statement, a batch of messages as its single messages; loopback satisfies
    # aws:SecureTransport.
    _replace(iam_actions, "dynamodb_transaction_checks", authorization.with_partiql)
    _replace(iam_actions, "extract_iam_action", authorization.with_message_batches)
    _replace(ministack.app, "pin_request_origin", authorization.with_loopback_as_tls)

    # A batch of statements names each item once, and is parsed once.
    partiql_batches.apply(_replace)

    # A query takes no longer where its partition is large.
    _replace(dynamodb, "_evaluate_condition", key_conditions.comparing_texts)

    # Functions run in our processes: real error types, clean environments, no wait for logs.
    _replace(lambda_runtime, "_worker_class_for", lambda _: lambda _config: function_process.FunctionProcess)
    _replace(lambda_svc, "_execute_function_warm", lambda _: function_process.execute)

    # An execution starts at once.
    _replace(stepfunctions, "time", _without_the_pause_before_an_execution)

    # A task's time does not run while it waits for one of our few processes.
    _replace(stepfunctions, "_invoke_resource_with_timeout", _timed_by_the_function)

    # A function that raises is a plain 500 to an HTTP API's client; its message stays inside.
    _replace(lambda_svc, "lambda_execute_result_to_api_proxy_response", _as_http_api_answers)

    # How many batches of a queue are at work at once may be a parameter, which CloudFormation makes a number.
    _replace(lambda_svc, "_sqs_esm_concurrency", _with_numbers)

    # A state machine's definition may be YAML; AWS substitutes in the text, then parses.
    _replace(provisioners, "_sfn_definition", _parsed_definition)

    # The state is saved by the encoder in C, ten times as fast as the one that json.dump takes: `down` is quick.
    _replace(persistence, "json", lambda original: SimpleNamespace(**{**vars(original), "dump": _dump_at_once}))


def _dump_at_once(value: Any, file: TextIO, **options: Any) -> None:
    file.write(json.dumps(value, **options))


def _replace(module: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    setattr(module, name, wrap(getattr(module, name)))


def _as_http_api_answers(
    original: Callable[[Mapping[str, Any]], tuple[dict[str, Any], str | None]],
) -> Callable[[Mapping[str, Any]], tuple[dict[str, Any], str | None]]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html"""

    def answer(result: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
        return (dict(_INTERNAL_ERROR), None) if result.get("error") else original(result)

    return answer


def _without_the_pause_before_an_execution(original: Any) -> SimpleNamespace:
    """The module as the engine uses it, which sleeps so long before every execution, and else as definitions say."""

    def sleep(seconds: float) -> None:
        if seconds != _PAUSE_BEFORE_AN_EXECUTION:
            original.sleep(seconds)

    return SimpleNamespace(**{**vars(original), "sleep": sleep})


def _timed_by_the_function(original: Callable[[str, Any, float], Any]) -> Callable[[str, Any, float], Any]:
    """Lambda starts a function at once, so a task's time-out never comes before the function's own, which is shorter;
    here a thousand parts wait in line, and the engine would call those again that wait for long."""

    def invoke(resource: str, parameters: Any, timeout: float) -> Any:
        if ":lambda:" in resource:
            return stepfunctions._invoke_resource(resource, parameters)
        return original(resource, parameters, timeout)

    return invoke


def _with_numbers(original: Callable[..., int]) -> Callable[..., int]:
    """The engine compares the text that a parameter's value is with a number, and no queue at all is read any more."""

    def concurrency(mapping: Mapping[str, Any], *rest: Any) -> int:
        scaling = {name: int(value) for name, value in (mapping.get("ScalingConfig") or {}).items()}
        return original({**mapping, "ScalingConfig": scaling}, *rest)

    return concurrency


def _parsed_definition(original: Callable[[Mapping[str, Any]], str]) -> Callable[[Mapping[str, Any]], str]:
    def definition(properties: Mapping[str, Any]) -> str:
        return json.dumps(yaml.safe_load(original(properties)))

    return definition

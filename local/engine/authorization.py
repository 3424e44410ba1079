"""IAM as AWS applies it where the engine does not: PartiQL, batches of messages, TLS-only policies on loopback.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
"""

import json
import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

Check = tuple[str, str]
"""An IAM action and the ARN it is asked for."""

_NAME = r'(?:"(?P<{0}quoted>[^"]+)"|(?P<{0}bare>[A-Za-z0-9_.-]+?))'
_TARGET = re.compile(
    r"^\s*(?:(?P<insert>INSERT\s+INTO)|(?P<update>UPDATE)|(?P<delete>DELETE\s+FROM)|(?P<select>SELECT\b.*?\bFROM))\s+"
    + _NAME.format("table_")
    + r'(?:\."(?P<index>[^"]+)")?(?=\s|$|;)',
    re.IGNORECASE | re.DOTALL,
)
_ACTIONS = {
    "insert": "dynamodb:PartiQLInsert",
    "update": "dynamodb:PartiQLUpdate",
    "delete": "dynamodb:PartiQLDelete",
    "select": "dynamodb:PartiQLSelect",
}
_STATEMENT_LISTS = {
    "dynamodb:BatchExecuteStatement": "Statements",
    "dynamodb:ExecuteTransaction": "TransactStatements",
}


def partiql_checks(iam_action: str, body: bytes, region: str, account_id: str) -> list[Check]:
    """The checks AWS makes for a request of PartiQL statements: each statement's own action, on its own table.

    None for any other request. None, too, for a statement whose table cannot be told: the engine then asks for the
    request's own name as an action, which no policy of ours grants, so that what is not understood is refused.
    """
    statements = _statements(iam_action, body)
    checks: dict[Check, None] = {}
    for statement in statements:
        check = _check(statement, region, account_id)
        if check is None:
            return []
        checks[check] = None
    return list(checks)


def counts_as_tls(client_ip: str) -> bool:
    """Whether a connection is as private as TLS would make it: it never leaves the machine."""
    try:
        return ip_address(client_ip).is_loopback
    except ValueError:
        return False


def with_partiql(original: Callable[..., list[Check]]) -> Callable[..., list[Check]]:
    """The engine's per-item checks of a transaction, extended to PartiQL."""

    def checks(iam_action: str, body: bytes, region: str, account_id: str) -> list[Check]:
        return partiql_checks(iam_action, body, region, account_id) or original(iam_action, body, region, account_id)

    return checks


def with_message_batches(original: Callable[..., str | None]) -> Callable[..., str | None]:
    """The engine's name for what a request does; SQS knows no rights to batches of their own."""

    def action(*arguments: Any, **options: Any) -> str | None:
        found = original(*arguments, **options)
        return found.removesuffix("Batch") if found and found.startswith("sqs:") else found

    return action


def with_loopback_as_tls(original: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
    """The engine's note of where a request comes from, with ``aws:SecureTransport`` true on loopback."""

    def pin(source_ip: str, secure_transport: bool) -> None:
        original(source_ip, secure_transport or counts_as_tls(source_ip))

    return pin


def _statements(iam_action: str, body: bytes) -> list[str]:
    if iam_action != "dynamodb:ExecuteStatement" and iam_action not in _STATEMENT_LISTS:
        return []
    try:
        request: Any = json.loads(body)
    except ValueError:
        return []
    members = request.get(_STATEMENT_LISTS.get(iam_action, ""), [request])
    return [str(member.get("Statement", "")) for member in members]


def _check(statement: str, region: str, account_id: str) -> Check | None:
    match = _TARGET.match(statement)
    if match is None:
        return None
    table = match["table_quoted"] or match["table_bare"]
    index = f"/index/{match['index']}" if match["index"] else ""
    arn = table if table.startswith("arn:") else f"arn:aws:dynamodb:{region}:{account_id}:table/{table}"
    action = next(action for kind, action in _ACTIONS.items() if match[kind])
    return action, arn + index

"""HTTP: the API's description, and the answer to every route that does not exist."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()

#: How long browsers and proxies may keep the description, which changes with a deployment alone.
_CACHE = {"cache-control": "public, max-age=300"}


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    route = event["routeKey"]
    if route == "GET /openapi.json":
        answer = _answer(200, _read("openapi.json"), {"content-type": "application/json", **_CACHE})
    elif route == "GET /docs":
        page = _read("index.html")
        security = {"content-security-policy": _policy(page), "x-content-type-options": "nosniff"}
        answer = _answer(200, page, {"content-type": "text/html; charset=utf-8", **security, **_CACHE})
    elif event["requestContext"]["http"]["method"] == "OPTIONS":
        # A browser's preflight: the gateway adds the CORS headers, where the origin is allowed.
        answer = _answer(204, "", {})
    else:
        answer = _answer(404, json.dumps({"error": _no_such_route(event)}), {"content-type": "application/json"})
    logger.info("Answered", route=route, status=answer["statusCode"])
    return answer


def _answer(status: int, body: str, headers: dict[str, str]) -> dict[str, Any]:
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _no_such_route(event: dict[str, Any]) -> dict[str, str]:
    return {
        "code": "ROUTE_NOT_FOUND",
        "message": "there is no such route",
        "requestId": event["requestContext"].get("requestId", ""),
    }


@cache
def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


@cache
def _policy(page: str) -> str:
    """A Content-Security-Policy that lets the page run its own script and style, read its own origin, and no more."""
    script, style = (_hashes(tag, page) for tag in ("script", "style"))
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hashes(tag: str, page: str) -> str:
    contents = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in contents]
    return " ".join(f"'sha256-{digest}'" for digest in digests)

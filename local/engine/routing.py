"""What answers at the stack's own address: the template's HTTP API at the root, and the issuer of its tokens.

On AWS an HTTP API with a ``$default`` stage serves from the root of its host; so that links and ``Location`` headers
mean the same here, a request that is nobody else's (unsigned, no bucket's, not under the engine's own paths) is the
API's.
"""

import json
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from ministack.services import apigateway, s3

from local.issuer import DISCOVERY_PATH, JWKS_PATH, Issuer
from local.settings import STATUS_PATH

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_ENGINE_PATHS = ("/_", "/restapis/", "/health")
_LOOPBACK_HOST = re.compile(r"^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$")


def local_app(engine: App, issuer: Issuer, state_dir: Path) -> App:
    """The engine's ASGI application behind the stack's own routes."""
    pages: dict[str, Callable[[], dict[str, Any]]] = {
        DISCOVERY_PATH: issuer.discovery,
        JWKS_PATH: issuer.public_keys,
        STATUS_PATH: lambda: {"pid": os.getpid(), "stateDir": str(state_dir)},
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in pages:
            await _send_json(send, pages[scope["path"]]())
            return
        if scope["type"] == "http" and (api_id := _http_api()) and _is_for_the_api(scope):
            scope = _addressed_to(scope, f"{api_id}.execute-api.localhost:{os.environ['GATEWAY_PORT']}")
        await engine(scope, receive, send)

    return app


def _http_api() -> str | None:
    """The id of the stack's HTTP API; ``deploy`` refuses a template that has more than one."""
    return next((api_id for _, _, api_id in apigateway._apis._data), None)


def _is_for_the_api(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    path: str = scope["path"]
    return (
        _LOOPBACK_HOST.match(headers.get(b"host", b"").decode("latin-1")) is not None
        and not headers.get(b"authorization", b"").startswith(b"AWS")
        and b"x-amz-target" not in headers
        and not path.startswith(_ENGINE_PATHS)
        and not _is_a_bucket(path.split("/", 2)[1])
    )


def _is_a_bucket(name: str) -> bool:
    return bool(s3._bucket_owner_account(name) is not None)


def _addressed_to(scope: Scope, host: str) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [(b"host", host.encode("ascii")), *headers]}


async def _send_json(send: Send, page: dict[str, Any]) -> None:
    body = json.dumps(page).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

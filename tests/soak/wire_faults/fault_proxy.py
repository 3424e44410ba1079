"""A proxy before the local engine that plays the network's and the services' tricks on functions.

Our own, because what there is knows no more than whole requests: microburst 0.10 answers errors, resets, cuts and
delays by rule, but draws without a seed, and cannot fail a part of a batch within an answer of 200, replace the answer
to a write that was done, or leave out what it reports as unprocessed. HTTP itself is aiohttp's.

Only requests that a function has signed meet faults. Whoever follows a signed link, or posts a signed form, is a client
and passes. `GET /_faults` tells what was fired, `PUT /_faults` sets `rate`, `stormRate` and `doomOneIn`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import struct
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping

import aiohttp
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yarl import URL

from local.settings import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from tests.soak.wire_faults import fault_answers
from tests.soak.wire_faults.aws_calls import AwsCall
from tests.soak.wire_faults.doomed_jobs import DoomedJobs
from tests.soak.wire_faults.fault_answers import Answer
from tests.soak.wire_faults.fault_choice import DONE, Fault, FaultChoice
from tests.soak.wire_faults.partial_answers import take_part_out

CONTROL_PATH = "/_faults"
HOST = "127.0.0.1"
#: A little more than the read time-outs of `contacts.runtime.clients`.
HOLD_SECONDS = {"s3": 30.5}
HOLD_SECONDS_ELSEWHERE = 10.5
_MAX_BODY = 1 << 30
_SIGNATURE = {"authorization", "x-amz-date", "x-amz-security-token"}
_ERRORS = {
    Fault.THROTTLED: fault_answers.throttle,
    Fault.CONFLICT: fault_answers.conflict,
    Fault.SERVER_ERROR: fault_answers.server_error,
    Fault.SERVER_ERROR_DONE: fault_answers.server_error,
}
#: These belong to one connection (RFC 9110, section 7.6.1), or are of the body that is sent anew.
_OWN_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade"}


class FaultProxy:
    """One request at a time goes through `handle`, or does not."""

    def __init__(self, upstream: str, choice: FaultChoice) -> None:
        self._upstream = upstream
        self._choice = choice
        self._doomed = DoomedJobs(choice.seed)
        self._session: aiohttp.ClientSession | None = None

    def application(self) -> web.Application:
        application = web.Application(client_max_size=_MAX_BODY)
        application.cleanup_ctx.append(self._with_session)
        application.router.add_get(CONTROL_PATH, self._tell)
        application.router.add_put(CONTROL_PATH, self._set)
        application.router.add_route("*", "/{path:.*}", self.handle)
        return application

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        call = AwsCall.of(request.method, request.headers, request.query, body, request.raw_path)
        fault = None if call is None else self._fault(call)
        if call is None or fault is None:
            return _response(request, await self._forward(request, body))
        return await self._fire(request, call, fault)

    def _fault(self, call: AwsCall) -> Fault | None:
        drawn = self._choice.draw(call)
        return self._doomed.fault(call, self._choice.random) or drawn

    async def _fire(self, request: web.Request, call: AwsCall, fault: Fault) -> web.StreamResponse:
        if fault is Fault.PARTIAL:
            return _response(request, await self._part(request, call))
        self._choice.fire(call, fault)
        answer = await self._forward(request, call.body) if fault in DONE else Answer(200, b"")
        if fault in _ERRORS:
            return _response(request, _ERRORS[fault](call, self._choice.random))
        if fault in {Fault.HELD, Fault.HELD_DONE}:
            await asyncio.sleep(HOLD_SECONDS.get(call.service, HOLD_SECONDS_ELSEWHERE))
        if fault is Fault.TRUNCATED and len(answer.body) > 1:
            return await _cut_off(request, answer)
        _reset(request)
        return web.Response()

    async def _part(self, request: web.Request, call: AwsCall) -> Answer:
        """A batch without some of its members; whole where it has but one."""
        taken = take_part_out(call, self._choice.random)
        if taken is None:
            return await self._forward(request, call.body)
        body, amend = taken
        answer = await self._forward(request, body, _signed_anew(request, call, body))
        if answer.status != 200:
            return answer
        self._choice.fire(call, Fault.PARTIAL)
        # A checksum of the body would betray that it was changed.
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "x-amz-crc32"}
        return Answer(200, amend(answer.body), headers)

    async def _forward(self, request: web.Request, body: bytes, signature: Mapping[str, str] | None = None) -> Answer:
        assert self._session is not None
        # `Host` stays the proxy's: it is signed.
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        if signature is not None:
            headers = {name: value for name, value in headers.items() if name.lower() not in _SIGNATURE} | signature
        url = URL(self._upstream + request.raw_path, encoded=True)
        async with self._session.request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        ) as response:
            kept = {name: value for name, value in response.headers.items() if name.lower() not in _OWN_HEADERS}
            if request.method == "HEAD" and "Content-Length" in response.headers:
                kept["Content-Length"] = response.headers["Content-Length"]
            return Answer(response.status, await response.read(), kept)

    async def _with_session(self, _application: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            skip_auto_headers=["User-Agent", "Content-Type", "Accept", "Accept-Encoding"],
        ) as self._session:
            yield

    async def _tell(self, _request: web.Request) -> web.Response:
        fired = [[*what, number] for what, number in sorted(self._choice.fired.items())]
        doomed = dict(self._doomed.numbers())
        return web.json_response({"calls": dict(self._choice.calls), "fired": fired, "doomed": doomed})

    async def _set(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        self._choice.rate, self._choice.storm_rate = float(wanted["rate"]), float(wanted["stormRate"])
        self._doomed.one_in = int(wanted["doomOneIn"])
        return web.json_response(wanted)


def _signed_anew(request: web.Request, call: AwsCall, body: bytes) -> dict[str, str]:
    """The headers of a signature of the engine's administrator: the function's own is not good for another body."""
    wanted = AWSRequest(request.method, str(request.url), {"Host": request.host}, body)
    SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), call.service, REGION).add_auth(wanted)
    return {name: value for name, value in wanted.headers.items() if name.lower() in _SIGNATURE}


def _response(request: web.Request, answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


async def _cut_off(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Announce the whole body, send half of it, and hang up."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        await response.write(answer.body[: len(answer.body) // 2])
        await asyncio.sleep(0)
    if request.transport is not None:
        request.transport.close()
    return response


def _reset(request: web.Request) -> None:
    """Hang up as a machine does that has forgotten the connection: with RST."""
    transport = request.transport
    if transport is None:  # the client was faster
        return
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _serve(proxy: FaultProxy, port: int, until: Callable[[], object]) -> None:
    runner = web.AppRunner(proxy.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    print(f"listening on {port}", flush=True)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        until()
        loop.call_soon_threadsafe(stopped.set)

    threading.Thread(target=wait, daemon=True).start()
    await stopped.wait()
    await runner.cleanup()


def main() -> None:
    """Serve until standard input ends, so that no proxy outlives who started it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="the engine's address")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hold-weight", type=float, default=0.0)
    arguments = parser.parse_args()
    choice = FaultChoice(arguments.seed, hold_weight=arguments.hold_weight)
    asyncio.run(_serve(FaultProxy(arguments.upstream, choice), arguments.port, sys.stdin.read))


if __name__ == "__main__":
    main()

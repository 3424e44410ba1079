"""The proxy does what each fault's name says: to AWS, and to who asked."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from tests.soak.wire_faults import fault_proxy
from tests.soak.wire_faults.aws_calls import AwsCall
from tests.soak.wire_faults.fault_choice import DONE, Fault, FaultChoice
from tests.soak.wire_faults.fault_proxy import FaultProxy

_SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host",
    "X-Amz-Target": "DynamoDB_20120810.PutItem",
}
_ANSWER = b'{"Attributes": {"pk": {"S": "it was written"}}}'


class _Always(FaultChoice):
    """Draws one fault."""

    def __init__(self, fault: Fault | None) -> None:
        super().__init__(seed=1)
        self.fault = fault

    def draw(self, call: AwsCall) -> Fault | None:
        return self.fault


async def _ask(fault: Fault | None, headers: dict[str, str]) -> tuple[int, int | None, bytes, FaultChoice]:
    """How often AWS was asked, the status and the body that came back (None: no whole answer), what was counted."""
    asked: list[bytes] = []

    async def aws(request: web.Request) -> web.Response:
        asked.append(await request.read())
        assert request.raw_path == "/uploads/a%252Fb%20c?x=%2F"
        return web.Response(body=_ANSWER)

    upstream = web.Application()
    upstream.router.add_route("*", "/{path:.*}", aws)
    choice = _Always(fault)
    async with TestServer(upstream) as server:
        proxy = FaultProxy(f"http://127.0.0.1:{server.port}", choice)
        async with TestServer(proxy.application()) as front, aiohttp.ClientSession() as session:
            url = URL(f"http://127.0.0.1:{front.port}/uploads/a%252Fb%20c?x=%2F", encoded=True)
            try:
                # A POST, which this client never sends twice by itself.
                async with session.post(url, headers=headers, data=b"{}") as response:
                    return len(asked), response.status, await response.read(), choice
            except aiohttp.ClientError:
                return len(asked), None, b"", choice


def test_what_meets_no_fault_passes_unchanged() -> None:
    for fault, headers in ((None, _SIGNED), (Fault.RESET, {})):  # who follows a signed link has no signature
        asked, status, body, choice = asyncio.run(_ask(fault, headers))
        assert (asked, status, body) == (1, 200, _ANSWER)
        assert not choice.fired


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.PARTIAL}))
def test_each_fault_is_done_or_not_and_never_a_good_answer(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_proxy, "HOLD_SECONDS_ELSEWHERE", 0.01)
    asked, status, _, choice = asyncio.run(_ask(fault, _SIGNED))
    assert asked == (fault in DONE)
    assert status is None or status >= 400
    assert (status is None) is (fault not in fault_proxy._ERRORS)
    assert choice.fired == {("dynamodb", "PutItem", fault.value): 1}


@pytest.mark.parametrize(
    ("method", "headers", "query", "expected"),
    [
        ("POST", _SIGNED, {}, ("dynamodb", "PutItem")),
        ("GET", {"Authorization": "Bearer ey"}, {}, None),
        ("GET", {}, {"X-Amz-Signature": "ab"}, None),
        *(
            (method, {"Authorization": _SIGNED["Authorization"].replace("dynamodb", "s3")}, query, ("s3", operation))
            for method, query, operation in [
                ("GET", {}, "GetObject"),
                ("PUT", {}, "PutObject"),
                ("PUT", {"uploadId": "1", "partNumber": "1"}, "UploadPart"),
                ("POST", {"uploadId": "1"}, "CompleteMultipartUpload"),
                ("GET", {"list-type": "2"}, "ListObjectsV2"),
            ]
        ),
    ],
)
def test_a_request_is_told_by_its_signature_and_form(
    method: str, headers: dict[str, str], query: dict[str, str], expected: tuple[str, str] | None
) -> None:
    call = AwsCall.of(method, headers, query, b"")
    assert (call and (call.service, call.operation)) == expected

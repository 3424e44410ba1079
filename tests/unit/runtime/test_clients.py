"""What the clients tell AWS about themselves."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.session import Session

from contacts.runtime import clients


class Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.mark.parametrize("make", [clients.dynamodb, clients.dynamodb_sending_once, clients.s3])
def test_the_user_agent_is_botocores_own_as_it_was_at_the_start(make: Any) -> None:
    make.cache_clear()
    client: Any = make()
    sent: list[bytes] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.headers["User-Agent"])
        return AWSResponse(request.url, 200, {}, Raw(b""))

    client.meta.events.register("before-send", answer)
    if make is clients.s3:
        client.head_object(Bucket="bucket", Key="key")
    else:
        client.batch_execute_statement(Statements=[])
    make.cache_clear()

    (user_agent,) = sent
    # Powertools, where it is loaded, adds its name.
    assert user_agent.startswith(Session().user_agent().encode())

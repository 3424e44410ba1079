"""Reading an object over connections that really break: a small server stands in for S3."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from contacts.adapters.backoff import Backoff
from contacts.adapters.s3_files import S3Files
from tests.support.aws_clients import make_client

BODY = bytes(range(256)) * 4_000  # 1 MB, of which any two places differ
ETAG = '"tag"'


class BreakingServer(ThreadingHTTPServer):
    """Answers GetObject with the rest that was asked for, and hangs up after as many bytes as `hang_ups` says next."""

    def __init__(self, hang_ups: list[int], *, versioned: bool, ranges: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hang_ups = hang_ups
        self.versioned = versioned
        self.ranges = ranges
        self.etag = ETAG
        self.asked: list[tuple[str, str | None, str | None]] = []


class _Handler(BaseHTTPRequestHandler):
    server: BreakingServer

    def do_GET(self) -> None:
        wanted, if_match = self.headers.get("Range"), self.headers.get("If-Match")
        self.server.asked.append((self.path, wanted, if_match))
        if if_match not in {None, self.server.etag}:
            self.send_error(412)
            return
        ranged = re.fullmatch(r"bytes=(\d+)-", wanted or "") if self.server.ranges else None
        start = int(ranged[1]) if ranged else 0
        rest = BODY[start:]
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(len(rest)))
        self.send_header("ETag", self.server.etag)
        if self.server.versioned:
            self.send_header("x-amz-version-id", "v7")
        self.end_headers()
        sent = self.server.hang_ups.pop(0) if self.server.hang_ups else len(rest)
        self.wfile.write(rest[:sent])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nobody wants to read it."""


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Iterator[tuple[BreakingServer, S3Files]]:
    hang_ups, versioned, *ranges = request.param
    with BreakingServer(list(hang_ups), versioned=versioned, ranges=not ranges or ranges[0]) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        client = make_client("s3", f"http://127.0.0.1:{server.server_port}")
        yield server, S3Files(client=client, bucket="bucket", backoff=Backoff(sleep=lambda _: None))
        server.shutdown()


@pytest.mark.parametrize(
    "serve",
    [
        ([], True),
        ([10], True),
        ([400_000, 0, 0, 0, 1, 0, 0, 0, 300_000], True),
        ([400_000, 5], False),
        # A server may answer with the whole object (RFC 9110, section 14.2).
        ([400_000, 300_000, 600_000], True, False),
    ],
    indirect=True,
    ids=["whole", "early", "often", "unversioned", "no ranges"],
)
def test_the_object_is_read_whole_whatever_breaks(serve: tuple[BreakingServer, S3Files]) -> None:
    server, files = serve
    breaks = len(server.hang_ups)
    with files.open("key") as stream:
        assert stream.read() == BODY
    assert len(server.asked) == breaks + 1


@pytest.mark.parametrize("serve", [([400_000], True)], indirect=True)
def test_the_rest_is_asked_for_of_the_same_version(serve: tuple[BreakingServer, S3Files]) -> None:
    server, files = serve
    with files.open("key") as stream:
        stream.read()
    (first, *_), (path, wanted, if_match) = server.asked
    assert "versionId" not in first
    assert "versionId=v7" in path
    assert if_match == ETAG
    assert 0 < int(wanted.removeprefix("bytes=").removesuffix("-")) <= 400_000


@pytest.mark.parametrize("serve", [([400_000], False)], indirect=True)
def test_an_object_that_was_replaced_meanwhile_is_never_mixed(serve: tuple[BreakingServer, S3Files]) -> None:
    server, files = serve
    with files.open("key") as stream:
        stream.read(10)
        server.etag = '"other"'
        with pytest.raises(ClientError, match="412"):
            stream.read()


@pytest.mark.parametrize("serve", [([10, 0, 0, 0, 0, 0, 0, 0, 0], True)], indirect=True)
def test_a_connection_that_only_breaks_is_given_up(serve: tuple[BreakingServer, S3Files]) -> None:
    server, files = serve
    with files.open("key") as stream, pytest.raises((HTTPClientError, IncompleteReadError)):
        stream.read()
    assert server.hang_ups, "it did not wait for a better day"

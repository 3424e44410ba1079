"""What every `FileStore` does: the in-memory one and S3's, on moto and on the local engine."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.s3_files import S3Files
from contacts.ports import FileInfo, FileStore, NotDeleted
from tests.support.aws_clients import ENGINES, REGION, client_of
from tests.support.client_wrappers import FailsFirst, client_error
from tests.support.memory_files import MemoryFiles

MB = 1024 * 1024


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[tuple[Any, str]]:
    with client_of(request.param, "s3") as client:
        yield client, _bucket(client)


@pytest.fixture(scope="module", params=["memory", *ENGINES])
def memory_or_engine(request: pytest.FixtureRequest) -> Iterator[tuple[Any, str] | None]:
    if request.param == "memory":
        yield None
    else:
        with client_of(request.param, "s3") as client:
            yield client, _bucket(client)


@pytest.fixture
def files(memory_or_engine: tuple[Any, str] | None) -> FileStore:
    if memory_or_engine is None:
        return MemoryFiles()
    client, bucket = memory_or_engine
    return S3Files(client=client, bucket=bucket)


@pytest.fixture
def key() -> str:
    """A key of the test's own: all tests of an engine share one bucket. With what has to be quoted on the way."""
    return f"uploads/a%2Fb é+&=?#/{uuid.uuid4()}"


def _bucket(client: Any, *, versioned: bool = True) -> str:
    name = f"files-{uuid.uuid4()}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if versioned:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


class TestObjects:
    @pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)) * 4096], ids=["empty", "byte", "megabyte"])
    def test_an_object_comes_back_as_it_went_in(self, files: FileStore, key: str, body: bytes) -> None:
        files.put(key, body)
        assert files.get(key) == body
        info = files.info(key)
        assert info is not None
        assert info.size == len(body)

    def test_what_is_not_there_is_none(self, files: FileStore, key: str) -> None:
        assert files.get(key) is None
        assert files.info(key) is None

    def test_each_put_makes_a_version(self, files: FileStore, key: str) -> None:
        files.put(key, b"one")
        first = files.info(key)
        files.put(key, b"other")
        second = files.info(key)
        assert first is not None
        assert second is not None
        assert first.version != second.version
        assert (first.size, second.size) == (3, 5)

    def test_put_if_absent_stores_the_first(self, files: FileStore, key: str) -> None:
        assert files.put_if_absent(key, b"one")
        assert not files.put_if_absent(key, b"two")
        assert files.get(key) == b"one"

    def test_of_many_puts_if_absent_one_stores(self, files: FileStore, key: str) -> None:
        bodies = [str(number).encode() for number in range(16)]
        with ThreadPoolExecutor(8) as pool:
            stored = list(pool.map(lambda body: files.put_if_absent(key, body), bodies))
        assert [files.get(key)] == [body for body, did in zip(bodies, stored, strict=True) if did]


class TestRanges:
    BODY = b"0123456789"

    @pytest.mark.parametrize(
        ("start", "length", "expected"),
        [
            (0, 4, b"0123"),
            (4, 4, b"4567"),
            (8, 4, b"89"),
            (9, 1, b"9"),
            (10, 1, b""),
            (1_000, 5, b""),
            (0, 0, b""),
            (0, 10, BODY),
        ],
    )
    def test_a_range_is_cut_from_the_object(
        self, files: FileStore, key: str, start: int, length: int, expected: bytes
    ) -> None:
        files.put(key, self.BODY)
        assert files.get_range(key, start, length) == expected

    def test_a_range_of_nothing_is_empty(self, files: FileStore, key: str) -> None:
        assert files.get_range(key, 0, 5) == b""
        files.put(key, b"")
        assert files.get_range(key, 0, 5) == b""


class TestStreams:
    def test_a_stream_reads_from_front_to_back(self, files: FileStore, key: str) -> None:
        body = bytes(range(256)) * 4096
        files.put(key, body)
        with files.open(key) as stream:
            pieces = [stream.read(1), stream.read(65_537), stream.read(300_000), stream.read()]
            assert [len(piece) for piece in pieces[:3]] == [1, 65_537, 300_000], "a short read is the end"
            assert stream.read(1) == b""
        assert b"".join(pieces) == body

    def test_a_stream_gives_lines(self, files: FileStore, key: str) -> None:
        files.put(key, b"one\ntwo\n\nthree")
        with files.open(key) as stream:
            assert list(stream) == [b"one\n", b"two\n", b"\n", b"three"]

    def test_an_empty_object_is_an_empty_stream(self, files: FileStore, key: str) -> None:
        files.put(key, b"")
        with files.open(key) as stream:
            assert stream.read(10) == b""

    def test_a_pinned_version_stays_what_it_was(self, files: FileStore, key: str) -> None:
        files.put(key, b"one")
        pinned = files.info(key)
        files.put(key, b"other")
        assert pinned is not None
        with files.open(key, pinned.version) as stream:
            assert stream.read() == b"one"
        with files.open(key) as stream:
            assert stream.read() == b"other"

    @pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
    def test_what_is_not_there_is_not_found(self, files: FileStore, key: str) -> None:
        with pytest.raises(FileNotFoundError):
            files.open(key)
        files.put(key, b"one")
        with pytest.raises(FileNotFoundError):
            files.open(key, str(uuid.uuid4()))


class TestPuttingStreams:
    @pytest.mark.parametrize("size", [0, 1, 8 * MB - 1, 8 * MB, 8 * MB + 1, 17 * MB])
    def test_a_stream_of_any_length_is_stored_whole(self, files: FileStore, key: str, size: int) -> None:
        body = (bytes(range(251)) * (size // 251 + 1))[:size]
        chunks = [body[:10], *(body[start : start + 700_001] for start in range(10, size, 700_001))]
        assert files.put_stream(key, iter(chunks)) == size
        assert files.get(key) == body

    def test_an_empty_chunk_is_not_the_end_not_even_between_parts(self, files: FileStore, key: str) -> None:
        assert files.put_stream(key, iter([b"a" * 8 * MB, b"", b"", b"b" * 8 * MB, b"", b"c"])) == 16 * MB + 1
        assert files.get(key) == b"a" * 8 * MB + b"b" * 8 * MB + b"c"

    @pytest.mark.parametrize("size", [100, 20 * MB], ids=["small", "multipart"])
    def test_a_stream_that_breaks_stores_nothing(self, files: FileStore, key: str, size: int) -> None:
        def chunks() -> Iterator[bytes]:
            for _ in range(0, size, 100_000):
                yield b"x" * 100_000
            raise ValueError("the source broke")

        with pytest.raises(ValueError, match="the source broke"):
            files.put_stream(key, chunks())
        assert files.info(key) is None


class TestListing:
    def test_keys_with_a_prefix_come_in_order(self, files: FileStore, key: str) -> None:
        names = [f"{key}/part-{number:05d}" for number in (3, 1, 10, 2)]
        for name in names:
            files.put(name, b"")
        files.put(f"{key}0", b"")
        assert list(files.list_keys(f"{key}/")) == sorted(names)
        assert list(files.list_keys(f"{key}/nothing")) == []

    def test_a_list_longer_than_one_answer_is_whole(self, files: FileStore, key: str) -> None:
        names = [f"{key}/{number:05d}" for number in range(1_002)]  # S3 lists a thousand at a time
        for name in names:
            files.put(name, b"")
        assert list(files.list_keys(f"{key}/")) == names


class TestDeleting:
    def test_objects_that_are_deleted_are_gone_and_others_stay(self, files: FileStore, key: str) -> None:
        for name in ("one", "two", "three"):
            files.put(f"{key}/{name}", name.encode())
        files.delete([f"{key}/one", f"{key}/two"])
        files.delete([f"{key}/two", f"{key}/never was"])
        assert list(files.list_keys(f"{key}/")) == [f"{key}/three"]
        assert files.get(f"{key}/one") is None
        assert files.info(f"{key}/one") is None
        with pytest.raises(FileNotFoundError):
            files.open(f"{key}/one")
        assert files.put_if_absent(f"{key}/one", b"new"), "its key is free again"

    def test_more_than_one_call_takes_are_all_deleted(self, files: FileStore, key: str) -> None:
        names = [f"{key}/{number:05d}" for number in range(1_002)]  # S3 deletes a thousand at a time
        for name in (names[0], names[999], names[1_000], names[1_001]):
            files.put(name, b"")
        files.delete(names)
        assert list(files.list_keys(f"{key}/")) == []

    def test_deleting_nothing_is_no_trouble(self, files: FileStore) -> None:
        files.delete([])


class KeepsObjects:
    """A client that deletes none but the last object of each call."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - the client's own
        *kept, gone = Delete["Objects"]
        self._client.delete_objects(Bucket=Bucket, Delete={**Delete, "Objects": [gone]})
        return {"Errors": [{"Key": each["Key"], "Code": "InternalError", "Message": "try again"} for each in kept]}


class TestS3:
    """What only S3 has: conflicts of writers, uploads in parts, buckets without versions."""

    def test_an_upload_in_parts_that_breaks_is_aborted(self, engine: tuple[Any, str], key: str) -> None:
        client, bucket = engine

        def chunks() -> Iterator[bytes]:
            yield from [b"x" * MB] * 20
            pending = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
            assert [upload["Key"] for upload in pending] == [key], "parts are sent while the source still runs"
            raise ValueError("the source broke")

        with pytest.raises(ValueError, match="the source broke"):
            S3Files(client=client, bucket=bucket).put_stream(key, chunks())
        assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []

    def test_a_conflict_with_another_writer_is_tried_again(self, engine: tuple[Any, str], key: str) -> None:
        client, bucket = engine
        conflict = client_error("ConditionalRequestConflict", status=409)
        wrapped = FailsFirst(client, "put_object", conflict, conflict)
        files = S3Files(client=wrapped, bucket=bucket, backoff=Backoff(sleep=lambda _: None))
        assert files.put_if_absent(key, b"one")
        assert len(wrapped.requests) == 3

    def test_a_bucket_without_versions_has_one_called_null(self, engine: tuple[Any, str], key: str) -> None:
        client, _ = engine
        files = S3Files(client=client, bucket=_bucket(client, versioned=False))
        files.put(key, b"one")
        assert files.info(key) == FileInfo(size=3, version="null")
        with files.open(key) as stream:
            assert stream.read() == b"one"

    def test_objects_that_s3_keeps_are_an_error_after_all_others_were_tried(
        self, engine: tuple[Any, str], key: str
    ) -> None:
        client, bucket = engine
        files = S3Files(client=client, bucket=bucket)
        for name in ("0", "999", "1000", "1001"):
            files.put(f"{key}/{name}", b"")
        wrapped = S3Files(client=KeepsObjects(client), bucket=bucket)
        with pytest.raises(NotDeleted, match="kept 1000 of 1002 objects: InternalError") as raised:
            wrapped.delete([f"{key}/{number}" for number in range(1_002)])
        assert key not in str(raised.value), "keys hold tenants"
        assert list(files.list_keys(f"{key}/")) == [f"{key}/0", f"{key}/1000"]

    @pytest.mark.parametrize("method", ["head_object", "get_object", "put_object", "delete_objects"])
    def test_trouble_is_never_taken_for_an_answer(self, engine: tuple[Any, str], key: str, method: str) -> None:
        client, bucket = engine
        calls = {
            "head_object": [lambda files: files.info(key)],
            "get_object": [
                lambda files: files.get(key),
                lambda files: files.get_range(key, 0, 1),
                lambda files: files.open(key),
            ],
            "put_object": [lambda files: files.put(key, b""), lambda files: files.put_if_absent(key, b"")],
            "delete_objects": [lambda files: files.delete([key])],
        }[method]
        for call in calls:
            denied = client_error("AccessDenied", status=403)
            with pytest.raises(ClientError, match="AccessDenied"):
                call(S3Files(client=FailsFirst(client, method, denied), bucket=bucket))

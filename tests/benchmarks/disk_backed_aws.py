"""Tables and a bucket that keep what they hold on disk, so that their memory is not taken for the measured code's.

They hold everything, however much: a run can be checked at its end. Of each table a cache of fixed size is in memory.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, unquote

from tests.benchmarks.capacity import Index
from tests.benchmarks.metered_dynamodb import Table
from tests.benchmarks.metered_s3 import MeteredS3, blocks_of

_CACHE_KILOBYTES = 4_096
_BLOCK_BYTES = 64 * 1024


class DiskTable(Table):
    """A table whose items are in an SQLite file. What its indexes point to stays in memory."""

    def __init__(self, path: Path, indexes: Sequence[Index] = ()) -> None:
        super().__init__(indexes)
        self.partitions = _Partitions(path)  # type: ignore[assignment]  # all that is asked of the mapping

    def __len__(self) -> int:
        return self.partitions.count_items()  # type: ignore[attr-defined, no-any-return]


class _Partitions(Mapping[str, MutableMapping[str, bytes]]):
    """As the dictionary of dictionaries of a `Table`: a partition that nobody has written to is empty."""

    def __init__(self, path: Path) -> None:
        # Several threads of one client may ask at once; SQLite serialises them.
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KILOBYTES}"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("CREATE TABLE item (pk TEXT, sk TEXT, body BLOB, PRIMARY KEY (pk, sk)) WITHOUT ROWID")

    def __getitem__(self, pk: str) -> _Partition:
        return _Partition(self._database, pk)

    def __iter__(self) -> Iterator[str]:
        return (pk for (pk,) in self._database.execute("SELECT DISTINCT pk FROM item"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def count_items(self) -> int:
        ((count,),) = self._database.execute("SELECT count(*) FROM item")
        return int(count)


class _Partition(MutableMapping[str, bytes]):
    def __init__(self, database: sqlite3.Connection, pk: str) -> None:
        self._database = database
        self._pk = pk

    def __getitem__(self, sk: str) -> bytes:
        found = self._database.execute("SELECT body FROM item WHERE pk = ? AND sk = ?", (self._pk, sk)).fetchone()
        if found is None:
            raise KeyError(sk)
        return bytes(found[0])

    def __setitem__(self, sk: str, body: bytes) -> None:
        self._database.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?)", (self._pk, sk, body))

    def __delitem__(self, sk: str) -> None:
        if not self._database.execute("DELETE FROM item WHERE pk = ? AND sk = ?", (self._pk, sk)).rowcount:
            raise KeyError(sk)

    def __iter__(self) -> Iterator[str]:
        return (sk for (sk,) in self._database.execute("SELECT sk FROM item WHERE pk = ?", (self._pk,)))

    def __len__(self) -> int:
        ((count,),) = self._database.execute("SELECT count(*) FROM item WHERE pk = ?", (self._pk,))
        return int(count)


class DiskS3(MeteredS3):
    """A bucket in a folder. Bodies go to it and come from it a block at a time."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.objects = DiskObjects(folder)  # type: ignore[assignment]  # all that is asked of the dictionary
        self._folder = folder

    def _put(self, key: str, request: Any) -> None:
        with path_of(self._folder, key).open("wb") as file:
            file.writelines(blocks_of(request))

    def _put_part(self, key: str, number: int, request: Any) -> None:
        # They come in their order, from one thread.
        with path_of(self._folder, key).open("wb" if number == 1 else "ab") as file:
            file.writelines(blocks_of(request))

    def _complete(self, key: str) -> None:
        self._uploads.pop(key)

    def _open(self, key: str) -> tuple[BinaryIO, int, int]:
        path = path_of(self._folder, key)
        if not path.exists():
            raise KeyError(key)
        crc = 0
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                crc = zlib.crc32(block, crc)
        return path.open("rb"), path.stat().st_size, crc


class DiskObjects(MutableMapping[str, bytes]):
    """The objects in a folder by their keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, key: str) -> bytes:
        try:
            return path_of(self._folder, key).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, body: bytes) -> None:
        path_of(self._folder, key).write_bytes(body)

    def __delitem__(self, key: str) -> None:
        try:
            path_of(self._folder, key).unlink()
        except FileNotFoundError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        return (unquote(path.name) for path in self._folder.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self._folder.iterdir())


def path_of(folder: Path, key: str) -> Path:
    """Where an object of a bucket in this folder is."""
    return folder / quote(key, safe="")

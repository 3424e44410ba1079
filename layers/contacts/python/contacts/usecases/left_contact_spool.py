"""Contacts that the parts of a rollback have left to its end, kept on disk until all is known about them."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

import orjson

from contacts.domain.plan import outcome_from_record
from contacts.domain.rows import RowOutcome
from contacts.domain.undoing import Undo, fold, undo_from_record, undo_to_record

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE written (contact TEXT, version INTEGER, undo BLOB);
CREATE TABLE undos (row INTEGER PRIMARY KEY, contact TEXT UNIQUE, undo BLOB, outcome BLOB);
CREATE TABLE gone (contact TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE places (email TEXT PRIMARY KEY, contact TEXT) WITHOUT ROWID;
"""


class LeftContactSpool:
    """What is to be undone of each contact, by its first row; which are settled; and what a look foresees.

    Any number of contacts at constant memory, in a file without a name: it goes with the process, however that ends.
    Compressed, because while it is sorted everything is there three times.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        self._database.close()

    def add_writes(self, undos: Iterable[Undo]) -> None:
        """Keep what one part did, write by write."""
        rows = ((undo.contact_id, undo.after.version, _packed(undo)) for undo in undos)
        self._database.executemany("INSERT INTO written VALUES (?, ?, ?)", rows)

    def fold_writes(self) -> None:
        """Take the writes of all parts to each contact as one, in the order in which they happened."""
        self._database.executemany("INSERT INTO undos VALUES (?, ?, ?, NULL)", self._folded())
        self._database.execute("DELETE FROM written")

    def _folded(self) -> Iterator[tuple[int, str, bytes]]:
        written = self._database.execute("SELECT contact, undo FROM written ORDER BY contact, version")
        for contact, group in groupby(written, key=lambda found: str(found[0])):
            undos = [_unpacked(body) for _, body in group]
            folded = undos[0]
            for undo in undos[1:]:
                folded = fold(folded, undo)
            yield folded.row, contact, _packed(folded)

    def unsettled(self, chunk: int, behind: int = 0) -> Iterator[list[Undo]]:
        """Those that have no outcome, in the order of the rows. A contact is always in the same chunk, of so many.

        Args:
            behind: leave out the chunk that has this row, and those before it.
        """
        position = -1
        query = """SELECT row, CASE WHEN outcome IS NULL THEN undo END FROM undos
                   WHERE row > ? ORDER BY row LIMIT ?"""
        while found := self._database.execute(query, (position, chunk)).fetchall():
            first, position = found[0][0], found[-1][0]
            undos = [_unpacked(body) for _, body in found if body is not None]
            if undos and first > behind:
                yield undos

    def of_rows(self, rows: Iterable[int]) -> list[Undo]:
        """What is to be undone at these rows; rows of which nothing is known are left out."""
        query = "SELECT undo FROM undos WHERE row = ?"
        found = (self._database.execute(query, (row,)).fetchone() for row in sorted(rows))
        return [_unpacked(each[0]) for each in found if each]

    def settle(self, outcomes: Iterable[RowOutcome]) -> None:
        """These are at their end."""
        rows = ((orjson.dumps(tuple(outcome)), outcome.row) for outcome in outcomes)
        self._database.executemany("UPDATE undos SET outcome = ? WHERE row = ?", rows)

    def outcomes(self, chunk: int) -> Iterator[list[RowOutcome]]:
        """All outcomes, in the order of the rows, in the same chunks."""
        found = self._database.execute("SELECT outcome FROM undos ORDER BY row")
        while rows := found.fetchmany(chunk):
            yield [outcome_from_record(orjson.loads(body)) for (body,) in rows]

    def unsettled_among(self, contacts: Collection[str]) -> set[str]:
        """Which of these contacts are here and have no outcome."""
        return self._among("SELECT 1 FROM undos WHERE contact = ? AND outcome IS NULL", contacts)

    def foresee_gone(self, contacts: Iterable[str]) -> None:
        """These contacts will be deleted, or give up the e-mail that they have."""
        self._database.executemany("INSERT OR IGNORE INTO gone VALUES (?)", ((contact,) for contact in contacts))

    def gone_among(self, contacts: Collection[str]) -> set[str]:
        return self._among("SELECT 1 FROM gone WHERE contact = ?", contacts)

    def foresee_place(self, email: str, contact: str) -> None:
        """This contact will get this e-mail, which is normalised."""
        self._database.execute("INSERT OR REPLACE INTO places VALUES (?, ?)", (email, contact))

    def foreseen_place(self, email: str) -> str | None:
        """Who will have this e-mail, of those that don't now."""
        found = self._database.execute("SELECT contact FROM places WHERE email = ?", (email,)).fetchone()
        return found[0] if found else None

    def _among(self, query: str, contacts: Collection[str]) -> set[str]:
        return {contact for contact in contacts if self._database.execute(query, (contact,)).fetchone()}


def _packed(undo: Undo) -> bytes:
    # With a small window: setting up a large one takes longer than compressing.
    compressor = zlib.compressobj(wbits=12, memLevel=5)
    return compressor.compress(orjson.dumps(undo_to_record(undo))) + compressor.flush()


def _unpacked(body: bytes) -> Undo:
    return undo_from_record(orjson.loads(zlib.decompress(body)))

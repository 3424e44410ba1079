"""The archive of a workbook: its parts by name, read within bounds whatever the archive declares of itself."""

from __future__ import annotations

import struct
import tempfile
import zipfile
import zlib
from typing import IO, BinaryIO, Final, cast

from contacts.domain.errors import FileRejected
from contacts.domain.table import TableLimits
from contacts.tabular.bounded_source import BoundedSource

# The largest single read of zipfile is the archive's directory, 20,000 entries at this size; workbooks have dozens.
_MAX_DIRECTORY_BYTES: Final = 1 << 20
# Real sheets shrink to a tenth or a thirtieth; Apache POI draws the line at a hundredth. Small parts are left alone.
_MAX_EXPANSION: Final = 200
_EXPANSION_JUDGED_FROM_BYTES: Final = 16 << 20
_READ_BYTES: Final = 1 << 16
_ENCRYPTED_FLAG: Final = 0x1
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ZIP_FAULTS: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError)


def broken_workbook(reason: str) -> FileRejected:
    return FileRejected(f"The workbook is damaged: {reason}", code="FILE_BROKEN_WORKBOOK")


def expands_too_much(reason: str) -> FileRejected:
    return FileRejected(
        f"The workbook expands too much: {reason}", code="FILE_EXPANDS_TOO_MUCH", field="max_expanded_bytes"
    )


class WorkbookPackage:
    """The parts of an uploaded workbook, from a copy on disk (in TMPDIR) that goes when this is closed.

    Raises:
        FileRejected: FILE_BROKEN_WORKBOOK, FILE_PASSWORD_PROTECTED, FILE_EXPANDS_TOO_MUCH.
    """

    def __init__(self, source: BoundedSource, limits: TableLimits) -> None:
        self._file = cast(BinaryIO, tempfile.TemporaryFile(prefix="contacts-workbook-"))  # noqa: SIM115 - see close()
        self._limits = limits
        try:
            while block := source.read(_READ_BYTES):
                self._file.write(block)
            self.size = self._file.tell()
            self._archive = self._open_archive()
            self._parts = self._named_parts()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return _normal(name) in self._parts

    def open(self, name: str, *, already_read: int = 0) -> PartReader:
        """The part, bounded by what is left of the limit after `already_read` bytes of other parts."""
        info = self._parts.get(_normal(name))
        if info is None:
            raise broken_workbook("a part is missing.")
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise FileRejected(
                "The workbook's archive is protected with a password. Save it without one and import it again.",
                code="FILE_PASSWORD_PROTECTED",
            )
        if info.compress_type not in _METHODS:
            raise broken_workbook("its archive is compressed in a way that workbooks don't use.")
        try:
            member = self._archive.open(info)
        except _ZIP_FAULTS as error:
            raise broken_workbook("its archive contradicts itself.") from error
        packed = min(info.compress_size, self.size)
        return PartReader(member, packed_bytes=packed, max_bytes=self._limits.max_expanded_bytes - already_read)

    def _open_archive(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(cast(IO[bytes], _BoundedFile(self._file)))
        except _ZIP_FAULTS as error:
            raise broken_workbook("its archive can't be opened. It may have been cut short.") from error

    def _named_parts(self) -> dict[str, zipfile.ZipInfo]:
        """The parts; names are compared without case, as [ECMA-376] part 2 demands, and \\ is forgiven."""
        parts: dict[str, zipfile.ZipInfo] = {}
        for info in self._archive.infolist():
            name = _normal(info.filename)
            if name in parts:
                raise broken_workbook("its archive has a part twice.")
            parts[name] = info
        return parts


class PartReader:
    """One part, expanded block by block, with its checksum checked at its end."""

    def __init__(self, member: IO[bytes], *, packed_bytes: int, max_bytes: int) -> None:
        self.bytes_read = 0
        self._member = member
        self._max_bytes = max_bytes
        self._suspicious_bytes = max(_EXPANSION_JUDGED_FROM_BYTES, packed_bytes * _MAX_EXPANSION)

    def read(self) -> bytes:
        """The next block; nothing at the end only."""
        try:
            block = self._member.read(_READ_BYTES)
        except _ZIP_FAULTS as error:
            raise broken_workbook("a part can't be unpacked.") from error
        self.bytes_read += len(block)
        if self.bytes_read > self._max_bytes:
            raise expands_too_much("its parts are larger than the limit.")
        if self.bytes_read > self._suspicious_bytes:
            raise expands_too_much(f"one part is over {_MAX_EXPANSION} times as large as it was packed.")
        return block

    def close(self) -> None:
        self._member.close()


class _BoundedFile:
    """What zipfile reads from: no read is large, whatever the archive's numbers say."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > _MAX_DIRECTORY_BYTES:
            raise expands_too_much("its archive has too many parts.")
        return self._file.read(_MAX_DIRECTORY_BYTES if size < 0 else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0 and offset < 0:
            # The system's own error would pass for trouble with the disk.
            raise zipfile.BadZipFile("an offset before the archive's start")
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


def _normal(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()

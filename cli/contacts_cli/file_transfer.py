"""Files to and from storage by signed addresses. The API's token never goes there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import httpx
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from contacts_cli.connection import is_loopback
from contacts_cli.failures import CommandFailed, ExitCode
from contacts_cli.retrying import RetryPolicy, send_with_retries
from contacts_cli.session import Session

#: Seconds without a byte before a transfer counts as broken.
TIMEOUT = httpx.Timeout(60.0, connect=10.0)

_ERROR_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")


def upload_file(path: Path, upload: dict[str, Any], *, max_bytes: int, session: Session) -> None:
    """Send a file by a presigned POST, as a stream: memory does not grow with the file.

    The same key takes it twice, so a broken transfer starts again. Raises CommandFailed: empty or above `max_bytes`
    (before anything is sent), or storage refuses it.
    """
    size = path.stat().st_size
    if size == 0:
        raise CommandFailed(f"{path.name} is empty", ExitCode.USAGE)
    if size > max_bytes:
        raise CommandFailed(f"{path.name} has {size:,} bytes; the API takes {max_bytes:,}", ExitCode.USAGE)
    url = str(upload["url"])
    with (
        _client(url, session) as client,
        _transfer_progress(session) as progress,
        progress.open(path, "rb", description="Uploading") as file,
    ):
        files = {"file": ("upload", file, "application/octet-stream")}
        request = client.build_request("POST", url, data=upload["fields"], files=files)
        try:
            response = send_with_retries(client, request, policy=RetryPolicy(), sleep=session.sleep)
        except httpx.TransportError as error:
            raise _broken("upload", error) from error
    if not response.is_success:
        raise _refused("upload", response)


class Fingerprint(NamedTuple):
    """By what a file is known to be whole: its size in bytes, and the SHA-256 of these in hexadecimal."""

    size: int
    sha256: str


def check_target(target: Path, *, overwrite: bool) -> None:
    """Raises CommandFailed: `target` is there already (unless `overwrite`), is a device, a pipe or a folder, or its own
    folder is not there."""
    try:
        if target.exists() and not target.is_file():
            raise CommandFailed(f"{target} is no regular file, and is not replaced", ExitCode.USAGE)
        if target.exists() and not overwrite:
            raise CommandFailed(f"{target} is there already", ExitCode.USAGE, hint="--force replaces it")
        if not _behind_links(target).parent.is_dir():
            raise CommandFailed(f"{target} can't be written: No such file or directory", ExitCode.USAGE)
    except OSError as error:
        raise CommandFailed(f"{target} can't be written: {error.strerror}", ExitCode.USAGE) from error


def _behind_links(target: Path) -> Path:
    """Where a file of that name is kept. A symbolic link stays one, and leads to what is written."""
    return Path(os.path.realpath(target))


def download_file(
    url: str, target: Path, *, overwrite: bool, session: Session, expected: Fingerprint | None = None
) -> None:
    """Fetch a signed link into `target`, which is there whole or not at all.

    Raises CommandFailed: the file is there already (unless `overwrite`), can't be written or fetched, or what came is
    not what is `expected`.
    """
    check_target(target, overwrite=overwrite)
    place = _behind_links(target)
    partial = place.with_name(f"{place.name}.part")
    try:
        with partial.open("wb") as file:
            _fetch(url, file, session)
        if expected is not None:
            _verify(partial, expected)
        partial.replace(place)
    except OSError as error:
        raise CommandFailed(f"{target} can't be written: {error.strerror}", ExitCode.USAGE) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _fetch(url: str, file: BinaryIO, session: Session) -> None:
    with _client(url, session) as client, _transfer_progress(session) as progress:
        try:
            with client.stream("GET", url) as response:
                if not response.is_success:
                    response.read()
                    raise _refused("download", response)
                length = response.headers.get("Content-Length")
                task = progress.add_task("Downloading", total=int(length) if length else None)
                for chunk in response.iter_bytes(65_536):
                    file.write(chunk)
                    progress.advance(task, len(chunk))
        except httpx.TransportError as error:
            raise _broken("download", error) from error


def _verify(path: Path, expected: Fingerprint) -> None:
    # What is on the disk is what counts, so it is read once more.
    size = path.stat().st_size
    if size != expected.size:
        raise CommandFailed(f"{size:,} bytes came, the file has {expected.size:,}", ExitCode.UNREACHABLE)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 != expected.sha256:
        raise CommandFailed(
            f"what came is not the file: its SHA-256 is {sha256}, not {expected.sha256}", ExitCode.UNREACHABLE
        )


def _client(url: str, session: Session) -> httpx.Client:
    return httpx.Client(
        timeout=TIMEOUT, transport=session.transport, trust_env=not is_loopback(url), follow_redirects=True
    )


def _transfer_progress(session: Session) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=session.err, transient=True, disable=not session.err.is_terminal)


def _refused(what: str, response: httpx.Response) -> CommandFailed:
    found = _ERROR_CODE.search(response.text)
    code = f" {found[1]}" if found else ""
    exit_code = {400: ExitCode.USAGE, 403: ExitCode.REFUSED}.get(response.status_code, ExitCode.UNREACHABLE)
    return CommandFailed(f"storage refused the {what}: {response.status_code}{code}", exit_code)


def _broken(what: str, error: httpx.TransportError) -> CommandFailed:
    # The message of httpx names the reason, never the signed address.
    return CommandFailed(f"the {what} broke off: {str(error) or type(error).__name__}", ExitCode.UNREACHABLE)

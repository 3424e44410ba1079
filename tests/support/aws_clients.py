"""boto3 clients for tests, of what stands in for AWS."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from tests.support.client_wrappers import OneAtATime
from tests.support.dynamodb_local import UnavailableError, dynamodb_local_endpoint

REGION = "eu-west-1"
#: Stand-ins for AWS: moto answers inside the process, ministack is a server, the one of the local stack.
ENGINES = ("moto", "ministack")
#: Where AWS's own runs, moto's tables have nothing to add.
DYNAMODB_ENGINES = ("ministack", "dynamodb-local") if shutil.which("java") else ENGINES


@contextmanager
def client_of(engine: str, service: str) -> Iterator[Any]:
    """A client of one of the engines; skips the test where it can't run.

    Everything on a server lasts as long as the test run, so names must be unique.
    """
    if engine == "ministack":
        yield make_client(service, ministack_endpoint())
    elif engine == "dynamodb-local":
        try:
            endpoint = dynamodb_local_endpoint()
        except UnavailableError as error:
            pytest.skip(f"no DynamoDB Local: {error}")
        yield make_client(service, endpoint)
    else:
        with mock_aws():
            # One at a time, since moto's transactions and conditions are not isolated.
            yield OneAtATime(make_client(service))


def make_client(service: str, endpoint: str | None = None) -> Any:
    """A client with credentials of its own, so that nobody's real ones are ever used."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(signature_version="s3v4" if service == "s3" else None, s3={"addressing_style": "path"}),
    )


@functools.cache
def ministack_endpoint() -> str:
    """The address of a ministack on loopback, started at first use and stopped with the test run."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={
            **os.environ,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "SERVICES": "dynamodb,s3,sqs,stepfunctions,events",
            "LOG_LEVEL": "ERROR",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(_stop, process)
    endpoint = f"http://127.0.0.1:{port}"
    _wait_for(f"{endpoint}/_ministack/health", process)
    return endpoint


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise RuntimeError("ministack did not start")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)

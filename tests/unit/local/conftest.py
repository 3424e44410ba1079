"""A running stack of the sample application, shared by the tests of this folder."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from local.ephemeral import ephemeral_stack
from local.settings import Settings
from local.stack import down

SAMPLE_TEMPLATE = Path(__file__).parent / "sample_app" / "template.yaml"
UNDER_XDIST = "PYTEST_XDIST_WORKER" in os.environ


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The sample stack's ``stack.json``."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if UNDER_XDIST else base) / "sample-stack"
    owner = os.getppid() if UNDER_XDIST else os.getpid()
    yield ephemeral_stack(directory, owner, SAMPLE_TEMPLATE)
    if not UNDER_XDIST:
        down(Settings(port=0, directory=directory, template=SAMPLE_TEMPLATE))


@pytest.fixture(scope="session")
def aws(sample: dict[str, Any]) -> Callable[[str], Any]:
    """boto3 clients of the administrator."""
    return clients_of(sample)


@pytest.fixture(scope="session")
def http(sample: dict[str, Any]) -> Iterator[httpx.Client]:
    """A client of the sample's API without a token."""
    with httpx.Client(base_url=sample["apiUrl"], timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def authorized(sample: dict[str, Any]) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {sample['tokens']['a-admin']}"}


@pytest.fixture(scope="session")
def in_function(http: httpx.Client, authorized: dict[str, str]) -> Callable[..., Any]:
    """Runs a boto3 call inside the sample's API function, with that function's role."""

    def run(service: str, call: str, **arguments: Any) -> Any:
        order = {"service": service, "call": call, "arguments": arguments}
        response = http.post("/api/do", headers=authorized, json=order)
        assert response.status_code == 200, response.text
        return json.loads(response.text)

    return run


def clients_of(stack: dict[str, Any]) -> Callable[[str], Any]:
    """boto3 clients from nothing but what ``stack.json`` says."""
    session = boto3.session.Session(
        aws_access_key_id=stack["accessKeyId"],
        aws_secret_access_key=stack["secretAccessKey"],
        region_name=stack["region"],
    )
    return lambda service: session.client(service, endpoint_url=stack["awsEndpoint"])

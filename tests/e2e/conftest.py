"""One local stack, from the unmodified template, for all end-to-end tests of a run; tenants for each file."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.ephemeral import ephemeral_stack
from local.issuer import CALLERS, Issuer
from local.settings import ROOT, Settings
from local.stack import down
from tests.e2e.minted_tokens import SCOPE_CLAIM, TENANT_CLAIM

UNDER_XDIST = "PYTEST_XDIST_WORKER" in os.environ


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives the whole stack."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def stack_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stack of this run keeps its state; xdist's workers share it."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if UNDER_XDIST else base) / "e2e-stack"


@pytest.fixture(scope="session")
def shared_stack(stack_directory: Path) -> Iterator[dict[str, Any]]:
    """What ``stack.json`` says of a stack with fresh state; it ends with the run."""
    yield ephemeral_stack(stack_directory, owner_pid=os.getppid() if UNDER_XDIST else os.getpid())
    if not UNDER_XDIST:
        down(Settings(port=0, directory=stack_directory, template=ROOT / "template.yaml"))


@pytest.fixture(scope="module")
def tenants() -> dict[str, str]:
    """The tenant of each caller of the stack. What one file leaves behind neither slows down nor disturbs another."""
    run = uuid.uuid4().hex
    return {user: f"{tenant}-{run}" for user, (tenant, _scopes) in CALLERS.items()}


@pytest.fixture(scope="module")
def stack(shared_stack: dict[str, Any], stack_directory: Path, tenants: dict[str, str]) -> dict[str, Any]:
    """The stack's ``stack.json``, its tokens being for the tenants of this file."""
    issuer = Issuer.at(str(shared_stack["awsEndpoint"]), stack_directory / "issuer.pem")
    tokens = {
        user: issuer.token(user, tenants[user], scopes, tenant_claim=TENANT_CLAIM, scope_claim=SCOPE_CLAIM)
        for user, (_tenant, scopes) in CALLERS.items()
    }
    return {**shared_stack, "tokens": tokens}

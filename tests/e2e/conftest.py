"""One local stack, from the unmodified template, for all end-to-end tests of a run."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.ephemeral import ephemeral_stack
from local.settings import ROOT, Settings
from local.stack import down

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
def stack(stack_directory: Path) -> Iterator[dict[str, Any]]:
    """What ``stack.json`` says of a stack with fresh state; it ends with the run."""
    yield ephemeral_stack(stack_directory, owner_pid=os.getppid() if UNDER_XDIST else os.getpid())
    if not UNDER_XDIST:
        down(Settings(port=0, directory=stack_directory, template=ROOT / "template.yaml"))

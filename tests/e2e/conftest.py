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
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What ``stack.json`` says of a stack with fresh state; xdist's workers share it, and it ends with the run."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if UNDER_XDIST else base) / "e2e-stack"
    yield ephemeral_stack(directory, owner_pid=os.getppid() if UNDER_XDIST else os.getpid())
    if not UNDER_XDIST:
        down(Settings(port=0, directory=directory, template=ROOT / "template.yaml"))

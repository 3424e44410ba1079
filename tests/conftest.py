"""What holds for all tests."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent
#: These wait for stacks more than they work: begun first, they leave the machine to the others meanwhile.
WAITING = (HERE / "e2e", HERE / "unit" / "local")

# No test asserts on wall time, not even through Hypothesis: what else the machine does must not matter.
settings.register_profile("on a busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("on a busy machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order of files, but for those that wait."""
    items.sort(key=lambda item: not any(folder in item.path.parents for folder in WAITING))

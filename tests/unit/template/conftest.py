from __future__ import annotations

from typing import Any

import pytest

from . import sam_template


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return sam_template.written()


@pytest.fixture(scope="session")
def cloudformation() -> dict[str, Any]:
    return sam_template.translated()

"""Where functions reach AWS: at the engine, or at a proxy in front of it; everybody else stays with the engine."""

from pathlib import Path

import pytest

from local.settings import from_environment
from local.stack import _engine_environment


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PORT": "4999"}, "http://127.0.0.1:4999"),
        ({"PORT": "4999", "CONTACTS_LOCAL_FUNCTIONS_ENDPOINT": "http://127.0.0.1:5000"}, "http://127.0.0.1:5000"),
    ],
)
def test_functions_are_told_the_proxy_and_clients_the_engine(environment: dict[str, str], expected: str) -> None:
    settings = from_environment({**environment, "CONTACTS_LOCAL_DIR": str(Path("nowhere"))})
    assert _engine_environment(settings)["LOCAL_FUNCTIONS_ENDPOINT"] == expected
    assert settings.endpoint == "http://127.0.0.1:4999"

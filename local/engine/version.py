"""The pin between the adapter and the engine it patches."""

from importlib.metadata import version

ENGINE = "ministack"
ADAPTED_VERSION = "1.5.33"
"""Every patch in this package was written against, and tested with, this release."""


class EngineVersionError(RuntimeError):
    """The installed engine is not the one the adapter was written for."""


def require_adapted_version() -> None:
    """Refuse to patch an engine whose internals nobody has looked at.

    Raises:
        EngineVersionError: the installed version differs from ``ADAPTED_VERSION``.
    """
    installed = version(ENGINE)
    if installed != ADAPTED_VERSION:
        raise EngineVersionError(
            f"{ENGINE} {installed} is installed, local/engine is written for {ADAPTED_VERSION}: "
            "review its patches, run the tests, then move ADAPTED_VERSION"
        )

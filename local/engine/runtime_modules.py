"""Which modules a function would find on Lambda, told apart from what the developer's environment happens to have."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

RUNTIME_DISTRIBUTIONS = ("boto3",)
"""What the managed Python runtime brings along (with its own requirements)."""

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA_MARKER = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def hidden_modules(code_dir: Path, layer_dirs: Iterable[Path]) -> frozenset[str]:
    """Top-level modules installed here that neither the runtime, the layers' requirements nor the code itself bring.

    A layer's requirements are read from the ``requirements.txt`` that ``sam build`` also reads and leaves beside the
    layer's code. Environment markers are not evaluated: that can only show a module too many, never hide a needed one.
    """
    roots = [code_dir, *layer_dirs]
    requirements = [*RUNTIME_DISTRIBUTIONS]
    own: set[str] = set()
    for root in roots:
        manifest = root / "requirements.txt"
        if manifest.is_file():
            requirements += [line.partition("#")[0] for line in manifest.read_text("utf-8").splitlines()]
        own |= {entry.name.partition(".")[0] for entry in root.iterdir()}
    allowed = _closure(requirements)
    return frozenset(
        module
        for module, distributions in _installed().items()
        if module not in own and not allowed & {_normalised(name) for name in distributions}
    )


def _closure(requirements: Iterable[str]) -> frozenset[str]:
    """The distributions that installing these requirement lines would bring."""
    found: set[tuple[str, str]] = set()
    todo = list(requirements)
    while todo:
        match = _REQUIREMENT.match(todo.pop())
        if match is None:
            continue
        name = _normalised(match[1])
        for extra in {"", *(part.strip() for part in (match[2] or "").split(",") if part.strip())}:
            if (name, extra) in found:
                continue
            found.add((name, extra))
            todo += [line for line in _requirements_of(name) if _wanted(line, extra)]
    return frozenset(name for name, _ in found)


def _wanted(requirement: str, extra: str) -> bool:
    marker = _EXTRA_MARKER.search(requirement)
    return (marker[1] if marker else "") == extra


@cache
def _requirements_of(distribution: str) -> tuple[str, ...]:
    try:
        return tuple(requires(distribution) or ())
    except PackageNotFoundError:
        return ()


@cache
def _installed() -> dict[str, tuple[str, ...]]:
    return {module: tuple(names) for module, names in packages_distributions().items()}


def _normalised(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()

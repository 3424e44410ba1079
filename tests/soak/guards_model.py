"""What a guard is: the few characters of the product that hold an invariant up, and the tests that say so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
#: Where the package `contacts` lies in the project.
_LAYER = "layers/contacts/python"


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard of an invariant.

    Attributes:
        invariant: its number in docs/architecture.md, "Invariants and where they are guarded".
        what: what the guard does, in a few words.
        file: where it stands: `contacts/...` in the package, anything else from the project's folder.
        source: the text to be taken out; it is in the file exactly once.
        replacement: what stands there without the guard.
        tests: ids of tests, from tests/ on, each of which has to fail then.
    """

    invariant: int
    what: str
    file: str
    source: str
    replacement: str
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The file, from the project's folder."""
        return Path(_LAYER, self.file) if self.file.startswith("contacts/") else Path(self.file)

    @property
    def test_ids(self) -> list[str]:
        """The tests as pytest takes them in the project's folder."""
        return [f"tests/{test}" for test in self.tests]

    def removed_from(self, text: str) -> str:
        """The file's text without the guard.

        Raises:
            ValueError: the text has the guard's source not exactly once.
        """
        found = text.count(self.source)
        if found != 1:
            raise ValueError(f"{self.file} has the guard's source {found} times: {self.source!r}")
        return text.replace(self.source, self.replacement)

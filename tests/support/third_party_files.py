"""The input files that this project did not write. They lie beside the checkout and are not part of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_FOLDER = Path(os.environ.get("CONTACTS_CORPUS") or Path(__file__).resolve().parents[3] / "shared" / "corpus")


def third_party_file(name: str) -> bytes:
    """The file's content; skips the test where the set is not there."""
    if not _FOLDER.is_dir():
        pytest.skip(f"the third-party files are not there ({_FOLDER}); CONTACTS_CORPUS can name their folder")
    return (_FOLDER / name).read_bytes()

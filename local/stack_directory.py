"""The folder of a local stack: which entries are the stack's, and that nobody else's are taken or removed."""

import os
import shutil
from pathlib import Path

UP_LOCK = "up.lock"
"""The first thing written and the last one removed: a folder that has it is a stack's."""
DEMO = "demo"
"""The folder, within a stack's, of the demo's own stack."""
DEMO_SAMPLE = "demo-sample.csv"

_OWN = (
    DEMO_SAMPLE,
    "engine.lock",
    "engine.log",
    "issuer.pem",
    "objects",
    "shared.lock",
    "stack.json",
    "stack.partial",
    "state",
    "unpacked",
    UP_LOCK,  # last: who is interrupted finds the rest again
)
_BEFORE_A_STACK = {DEMO, "cache", "shared.lock"}
"""What a folder may hold before its first stack: the demo's, what tests downloaded, the lock of `local.ephemeral`."""


class ForeignDirectoryError(Exception):
    """A folder that can't be a stack's, in one line."""


def claim(directory: Path) -> None:
    """Make the folder, or see that it is a stack's already, or free for one.

    Raises:
        ForeignDirectoryError: it holds other things, or can't be used at all.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        names = set(os.listdir(directory))
        foreign = sorted(names - _BEFORE_A_STACK) if UP_LOCK not in names else []
        if not foreign:
            (directory / UP_LOCK).touch()
    except OSError as error:
        raise ForeignDirectoryError(f"{directory} can't hold a local stack: {error.strerror}") from error
    if foreign:
        shown = ", ".join(foreign[:3]) + (", ..." if foreign[3:] else "")
        raise ForeignDirectoryError(
            f"{directory} holds what is no local stack's ({shown}); name a new or empty folder in CONTACTS_LOCAL_DIR"
        )


def is_claimed(directory: Path) -> bool:
    """Whether a stack lives or lived there."""
    return (directory / UP_LOCK).exists()


def remove_own(directory: Path) -> None:
    """Remove what a stack has written there; nothing where none ever lived."""
    if not is_claimed(directory):
        return
    for name in _OWN:
        path = directory / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def remove_if_empty(directory: Path) -> None:
    """Remove a folder that nothing is left in; one that is not there is as good."""
    if directory.is_dir() and not os.listdir(directory):
        directory.rmdir()

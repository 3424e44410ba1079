"""The filter of an export, as it is given on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from contacts_cli.api_client import Json
from contacts_cli.failures import CommandFailed, ExitCode


def parse_filter(given: str) -> Json:
    """`'{"field": ...}'`, or `@FILE` that holds such, as an object. What it means is for the API to judge.

    Raises CommandFailed: the file can't be read, or it is no JSON object.
    """
    text = _read(Path(given[1:])) if given.startswith("@") else given
    try:
        found = json.loads(text)
        # Numbers that are none, and halves of surrogate pairs, can be read but not sent.
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        where = f": line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CommandFailed(f"--filter is no valid JSON{where}", ExitCode.USAGE) from error
    if not isinstance(found, dict):
        raise CommandFailed("--filter must be a JSON object", ExitCode.USAGE)
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandFailed(f"{path} can't be read: {error.strerror}", ExitCode.USAGE) from error
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{path} can't be read: it is no text in UTF-8", ExitCode.USAGE) from error

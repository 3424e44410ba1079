"""Versions as entity tags (RFC 9110, section 8.8.3)."""

from __future__ import annotations

import re

from contacts.domain.errors import InvalidRequest

_parse = re.compile(r'(?:W/)?"(\d{1,15})"|(\d{1,15})', re.ASCII).fullmatch


def etag(version: int) -> str:
    """The tag of this version."""
    return f'"{version}"'


def expected_version(if_match: str | None) -> int | None:
    """The version that an If-Match header asks for, quoted, weak or bare; None for none and for `*`, which any fits.

    Raises:
        InvalidRequest: the header names no version, or several.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    found = _parse(if_match.strip())
    if found is None:
        raise InvalidRequest('If-Match takes one version, such as "3"', code="IF_MATCH_INVALID", field="If-Match")
    return int(found[1] or found[2])

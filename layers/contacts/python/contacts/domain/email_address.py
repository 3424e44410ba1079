"""E-mail addresses: how they are compared, and what counts as one."""

from __future__ import annotations

import re

#: RFC 5321, section 4.5.3.1.3: a path has at most 256 octets, two of them the brackets.
MAX_EMAIL_CHARS = 254

# The specification's own pattern (import service, validateContact).
_looks_like_an_email = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+").fullmatch


def normalise_email(email: str) -> str:
    """The form under which two e-mails are the same: without surrounding blanks, in lower case."""
    return email.strip().lower()


def is_email(text: str) -> bool:
    """Whether `text`, already without surrounding blanks, has the form of an e-mail address."""
    return len(text) <= MAX_EMAIL_CHARS and _looks_like_an_email(text) is not None

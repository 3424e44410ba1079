from __future__ import annotations

import pytest

from contacts.domain.email_address import is_email, normalise_email


@pytest.mark.parametrize(
    ("given", "same"), [(" Ann@X.IO\n", "ann@x.io"), ("ÉLAN@x.io", "élan@x.io"), ("a@x.io", "a@x.io")]
)
def test_emails_are_compared_without_blanks_and_case(given, same):
    assert normalise_email(given) == same


@pytest.mark.parametrize("text", ["a@b.c", "a+b.c@x-y.co.uk", "ü@ü.de", "o'neil@x.io", "a@" + "x" * 249 + ".io"])
def test_what_counts_as_an_email(text):
    assert is_email(text)


@pytest.mark.parametrize(
    "text", ["", "a", "a@b", "a@b.", "@b.c", "a@@b.c", "a b@b.c", "a@b.c\n", "a@" + "x" * 250 + ".io"]
)
def test_what_does_not(text):
    assert not is_email(text)

"""What a contact's id tells to those who do not look the contact up; see `ports.Addressing.contact_id`."""

from __future__ import annotations

import re

from contacts.domain.contact import ID_CHARS

is_contact_id = re.compile(rf"[a-z2-7]{{{ID_CHARS}}}").fullmatch
"""Whether a text from outside can be a contact's id at all."""

#: The characters of an id that hold its route: 35 bits in base 32 (RFC 4648, section 6), but for the last 3.
ROUTE_CHARS = 7
ROUTE_SHIFT = 3
#: From those digits to the ones that `int` reads.
_DIGITS = bytes.maketrans(b"abcdefghijklmnopqrstuvwxyz234567", b"0123456789abcdefghijklmnopqrstuv")


def route_of_id(contact_id: str) -> int:
    """`ports.Addressing.route` of the e-mail that the contact was made with, for the tenant whose id this is.

    A contact made without e-mail has a route too, nobody else's.
    """
    return base32_number(contact_id[:ROUTE_CHARS]) >> ROUTE_SHIFT


def base32_number(text: str) -> int:
    """The number whose base 32 digits (RFC 4648, section 6) these characters of an id are."""
    return int(text.encode().translate(_DIGITS), 32)

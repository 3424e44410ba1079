"""What a contact's id tells to those who do not look the contact up; see `ports.Addressing.contact_id`."""

from __future__ import annotations

import re
from base64 import b32decode

from contacts.domain.contact import ID_CHARS

is_contact_id = re.compile(rf"[a-z2-7]{{{ID_CHARS}}}").fullmatch
"""Whether a text from outside can be a contact's id at all."""

#: Characters of an id that hold its route: 40 bits in base 32, of which the first 32 are the route.
_ROUTE_CHARS = 8
_ROUTE_BYTES = 4


def route_of_id(contact_id: str) -> int:
    """`ports.Addressing.route` of the e-mail that the contact was made with, for the tenant whose id this is.

    A contact made without e-mail has a route too, nobody else's.
    """
    return int.from_bytes(b32decode(contact_id[:_ROUTE_CHARS].upper())[:_ROUTE_BYTES])

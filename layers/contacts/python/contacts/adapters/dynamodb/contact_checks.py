"""What every write has to fulfil before it is tried. Each is a fault of the caller, never of the data."""

from __future__ import annotations

from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys
from contacts.domain.contact import ID_CHARS, Contact
from contacts.domain.contact_fields import EDITABLE_FIELDS
from contacts.domain.contact_ids import is_contact_id
from contacts.domain.contact_write import ContactWrite, Delete, InsertTwin, Update

_FIELDS = frozenset(EDITABLE_FIELDS)


def check_write(keys: TenantKeys, write: ContactWrite) -> None:
    """Raises ValueError for a write that no store may carry out; of an `Insert`, `new_place` looks at the id."""
    if isinstance(write, Delete):
        return
    # Fields become names of attributes, in statements too: none but our own may get there.
    if not _FIELDS.issuperset(write.after.values):
        raise ValueError("a contact has a field that is not one of contact_fields.EDITABLE_FIELDS")
    if isinstance(write, Update):
        if (write.after.id, write.after.version) != (write.before.id, write.before.version + 1):
            raise ValueError("an update keeps the id and makes the version one greater")
    elif isinstance(write, InsertTwin):
        new_place(keys, write.after)


def new_place(keys: TenantKeys, contact: Contact) -> Key:
    """Where a new contact is to live.

    Its id has to begin with the slot of the e-mail: there the contact is looked up, and its twins are.

    Raises:
        ValueError: it does not.
    """
    place = keys.place(contact)
    # Without an e-mail the place is the id's own, which proves nothing.
    is_id = is_contact_id(contact.id) if len(place.sk) == ID_CHARS else len(contact.id) == ID_CHARS
    if not is_id or not contact.id.startswith(place.sk):
        raise ValueError("a new contact's id has to come from Addressing.contact_id for its e-mail")
    return place

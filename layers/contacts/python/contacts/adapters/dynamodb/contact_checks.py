"""What every write has to fulfil before it is tried. Each is a fault of the caller, never of the data."""

from __future__ import annotations

from contacts.adapters.dynamodb.contact_keys import TenantKeys, normalised_email
from contacts.domain.contact import Contact
from contacts.domain.contact_fields import EDITABLE_FIELDS
from contacts.domain.contact_ids import is_contact_id
from contacts.domain.contact_write import ContactWrite, Delete, Update

_FIELDS = frozenset(EDITABLE_FIELDS)


def check_write(keys: TenantKeys, write: ContactWrite) -> None:
    """Raises ValueError for a write that no store may carry out."""
    if isinstance(write, Delete):
        return
    # Fields become names of attributes, in statements too: none but our own may get there.
    if not _FIELDS.issuperset(write.after.values):
        raise ValueError("a contact has a field that is not one of contact_fields.EDITABLE_FIELDS")
    if isinstance(write, Update):
        if (write.after.id, write.after.version) != (write.before.id, write.before.version + 1):
            raise ValueError("an update keeps the id and makes the version one greater")
    elif not _is_id_for_email(keys, write.after):
        raise ValueError("a new contact's id has to come from Addressing.contact_id for its e-mail")


def _is_id_for_email(keys: TenantKeys, contact: Contact) -> bool:
    """The id has to begin with the slot of the e-mail: there the contact is looked up, and its twins are."""
    email = normalised_email(contact)
    return is_contact_id(contact.id) is not None and (email is None or contact.id.startswith(keys.slot(email)))

"""The fields of a contact, by their public names, and their limits.

The limits are ours. They keep a contact, with its before-image beside it, far below DynamoDB's 400 KB an item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from contacts.domain.contact import Values

#: Fields that hold one text, with the greatest number of characters each may have.
TEXT_FIELDS: Mapping[str, int] = {
    "email": 254,
    "firstName": 1_024,
    "lastName": 1_024,
    "company": 1_024,
    "title": 1_024,
    "phone": 1_024,
    "notes": 16_384,
}
#: Fields that hold a list or an object; a mapping sets custom fields one by one, as `customFields.<name>`.
LIST_FIELDS = ("emails", "phones", "addresses", "tags")
OBJECT_FIELDS = ("customFields", "engagement")
EDITABLE_FIELDS = (*TEXT_FIELDS, *LIST_FIELDS, *OBJECT_FIELDS)

#: As a mapping target it says which contact a row is about, and sets nothing.
ID_TARGET = "id"
CUSTOM_FIELD_PREFIX = "customFields."
#: Starts with a letter; letters, digits, blank, `_` and `-`; at most 64 characters. Ends with no blank: as the names of
#: columns, which lose theirs, two fields could not be told apart.
CUSTOM_FIELD_NAME_PATTERN = r"^[^\W\d_](?:[\w \-]{0,62}[\w\-])?$"
MAX_CUSTOM_FIELDS = 100
MAX_CUSTOM_FIELD_CHARS = 4_096
MAX_TAGS = 100
MAX_TAG_CHARS = 128
MAX_LIST_ITEMS = 50
MAX_CONTACT_BYTES = 65_536

is_custom_field_name = re.compile(CUSTOM_FIELD_NAME_PATTERN).fullmatch


def is_mapping_target(name: str) -> bool:
    """Whether a column can be mapped to `name`. `version`, timestamps and the like can't be set from outside."""
    if name.startswith(CUSTOM_FIELD_PREFIX):
        return is_custom_field_name(name.removeprefix(CUSTOM_FIELD_PREFIX)) is not None
    return name in TEXT_FIELDS or name == ID_TARGET


def max_chars(target: str) -> int:
    """The greatest number of characters that a value for this mapping target may have."""
    return TEXT_FIELDS.get(target, MAX_CUSTOM_FIELD_CHARS)


#: With so many characters in its values, each of four bytes, and with all the names that it may have, a contact is
#: still below its limit.
_PLAINLY_SMALL_CHARS = 8_192


def is_plainly_small(values: Values) -> bool:
    """Whether one look at all texts together shows that they are few and hold no NUL, as those of most contacts do.

    False says nothing. The numbers of tags and custom fields are within their limits.
    """
    try:
        texts = [
            value if type(value) is str else "".join(value if type(value) is list else value.values())  # type: ignore[union-attr,arg-type]
            for value in values.values()
        ]
    except (AttributeError, TypeError):
        return False  # lists of objects, and objects that hold more than texts
    text = "".join(texts)
    return len(text) <= _PLAINLY_SMALL_CHARS and "\0" not in text


def values_size(values: Values) -> int:
    """About how many bytes the values take, in UTF-8, names included."""
    return _size(values)


def has_nul(value: Any) -> bool:
    """Whether there is a NUL character in it. No contact may have one: a file of text that holds one can't be told
    from a binary file, so an export could not be imported again."""
    if isinstance(value, str):
        return "\0" in value
    # Loops here and in `_size`, and texts within them: all values of all rows come by, generators take twice as long.
    if isinstance(value, list | tuple):
        parts: Iterable[Any] = value
    elif _is_mapping(value):
        parts = value.values()
    else:
        return False
    for each in parts:  # noqa: SIM110
        if "\0" in each if type(each) is str else has_nul(each):
            return True
    return False


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    size = 0
    if isinstance(value, list | tuple):
        for item in value:
            size += 1 + (len(item) if type(item) is str and item.isascii() else _size(item))
    elif _is_mapping(value):
        for name, item in value.items():
            size += len(name) * 4 + (len(item) if type(item) is str and item.isascii() else _size(item))
    else:
        size = 8
    return size


def _is_mapping(value: Any) -> bool:
    # The exact type first: an abstract one is asked at several times the price.
    return type(value) is dict or isinstance(value, Mapping)

"""Phone numbers, judged by Google's libphonenumber."""

from __future__ import annotations

from contacts.domain.row_reading import PhoneCheck


def possible_phone_number(default_region: str) -> PhoneCheck:
    """A check whether a text has the form and the length of a phone number that can exist.

    Args:
        default_region: ISO 3166-1 code of the country that numbers without `+` belong to.
    """

    # The library's tables take some time to load; only imports that ask for the check pay for it.
    def is_phone(text: str) -> bool:
        import phonenumbers  # noqa: PLC0415

        try:
            return phonenumbers.is_possible_number(phonenumbers.parse(text, default_region))
        except phonenumbers.NumberParseException:
            return False

    return is_phone

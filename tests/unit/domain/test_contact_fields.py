from __future__ import annotations

import pytest

from contacts.domain.contact_fields import is_custom_field_name, is_mapping_target


@pytest.mark.parametrize("name", ["a", "Z", "é", "colour of eyes", "x-1_", "x_", "x-", "a" * 64, "a  b"])
def test_names_of_custom_fields(name):
    assert is_custom_field_name(name)
    assert is_mapping_target(f"customFields.{name}")


# A blank at the end would be lost in the header of a file, and two fields become one column.
@pytest.mark.parametrize("name", ["", " a", "a ", "a\n", "1", "_a", "-", "a.b", "a\tb", "=a", "a" * 65, "a" * 63 + " "])
def test_names_that_no_custom_field_has(name):
    assert not is_custom_field_name(name)
    assert not is_mapping_target(f"customFields.{name}")

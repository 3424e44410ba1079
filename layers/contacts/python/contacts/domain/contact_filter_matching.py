"""Whether a contact is among those that a filter means. Runs once for every contact of an export.

How values are compared:

- Text: without regard to case, surrounding blanks and how accents are encoded (canonical caseless matching, Unicode
  standard, D145). E-mails compare as they do where contacts are matched; `id` and `externalSource` exactly.
- Timestamps: as instants, strictly before or after. A date stands for the whole day in UTC: before it began, after it
  ended.
- A field without a value fulfils no condition but `exists: false`; so `not` holds of each of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from operator import eq, gt, lt
from typing import Any, TypeAlias
from unicodedata import normalize

from contacts.domain.contact import Contact
from contacts.domain.contact_filter import AllOf, AnyOf, Condition, ContactFilter, FilterOp, Not
from contacts.domain.contact_filter_conditions import FieldKind, day_or_instant, field_kind, instant
from contacts.domain.email_address import normalise_email

Matcher: TypeAlias = Callable[[Contact], bool]
_Reader: TypeAlias = Callable[[Contact], Any]
_Test: TypeAlias = Callable[[Any], bool]

_ONE_DAY = timedelta(days=1)

#: What a contact has beside its values.
_OWN: dict[str, _Reader] = {
    "id": lambda contact: contact.id,
    "externalSource": lambda contact: contact.external_source,
    "createdAt": lambda contact: contact.created_at,
    "updatedAt": lambda contact: contact.updated_at,
}


def contact_matcher(filter_: ContactFilter | None) -> Matcher:
    """A function that tells whether a contact is meant; None means every one."""
    match filter_:
        case None:
            return lambda _: True
        case AllOf(filters):
            return _all([contact_matcher(each) for each in filters])
        case AnyOf(filters):
            return _any([contact_matcher(each) for each in filters])
        case Not(negated):
            holds = contact_matcher(negated)
            return lambda contact: not holds(contact)
        case Condition():
            return _condition(filter_)


def fold(text: str) -> str:
    """The form under which two texts are the same."""
    if text.isascii():
        return text.strip().lower()
    return normalize("NFC", normalize("NFD", text.strip()).casefold())


def _all(matchers: list[Matcher]) -> Matcher:
    def matches(contact: Contact) -> bool:
        for holds in matchers:  # noqa: SIM110 - all() with a generator takes twice as long
            if not holds(contact):
                return False
        return True

    return matches


def _any(matchers: list[Matcher]) -> Matcher:
    def matches(contact: Contact) -> bool:
        for holds in matchers:  # noqa: SIM110 - any() with a generator takes twice as long
            if holds(contact):
                return True
        return False

    return matches


def _condition(condition: Condition) -> Matcher:
    read = _reader(condition.field)
    if condition.op is FilterOp.EXISTS:
        wanted = condition.value
        return lambda contact: (read(contact) is not None) is wanted
    test = _test(condition)

    def matches(contact: Contact) -> bool:
        value = read(contact)
        return value is not None and test(value)

    return matches


def _reader(field: str) -> _Reader:
    if field in _OWN:
        return _OWN[field]
    holder, _, name = field.partition(".")
    if not name:
        return lambda contact: contact.values.get(field)

    def read(contact: Contact) -> Any:
        held: Any = contact.values.get(holder)
        return None if held is None else held.get(name)

    return read


def _test(condition: Condition) -> _Test:
    kind = field_kind(condition.field)
    if kind is FieldKind.NUMBER:
        return _number_test(condition)
    if kind is FieldKind.TIMESTAMP:
        return _timestamp_test(condition)
    same = _sameness(condition.field)
    return _list_test(condition, same) if kind is FieldKind.TEXT_LIST else _text_test(condition, same)


def _sameness(field: str) -> Callable[[str], str]:
    """The form under which two values of the field are the same."""
    if field in {"email", "emails"}:
        return normalise_email
    return str if field in _OWN else fold


def _number_test(condition: Condition) -> _Test:
    wanted: Any = condition.value
    if condition.op is FilterOp.IN:
        return frozenset(wanted).__contains__
    compare = {FilterOp.EQUALS: eq, FilterOp.GREATER_THAN: gt, FilterOp.LESS_THAN: lt}[condition.op]
    return lambda value: bool(compare(value, wanted))


def _text_test(condition: Condition, same: Callable[[str], str]) -> _Test:
    if isinstance(condition.value, tuple):
        several = frozenset(same(str(each)) for each in condition.value)
        return lambda value: same(value) in several
    wanted = same(str(condition.value))
    if condition.op is FilterOp.EQUALS:
        return lambda value: same(value) == wanted
    if condition.op is FilterOp.CONTAINS:
        return lambda value: wanted in same(value)
    return lambda value: same(value).startswith(wanted)


def _list_test(condition: Condition, same: Callable[[str], str]) -> _Test:
    given = condition.value if isinstance(condition.value, tuple) else ()
    wanted = frozenset(same(str(each)) for each in given)
    if condition.op is FilterOp.HAS_ANY:
        return lambda values: not wanted.isdisjoint(map(same, values))
    return lambda values: wanted.issubset(map(same, values))


def _timestamp_test(condition: Condition) -> _Test:
    bound = day_or_instant(str(condition.value))
    if bound is None:
        raise ValueError("a filter's timestamp is none")  # it was checked when the job was started
    # Differences, and no sums: the day after 9999-12-31 can't be told.
    start, length = _span(bound)
    if condition.op is FilterOp.BEFORE:
        return lambda text: (at := instant(text)) is not None and at < start
    if length:
        return lambda text: (at := instant(text)) is not None and at - start >= length
    return lambda text: (at := instant(text)) is not None and at > start


def _span(bound: date | datetime) -> tuple[datetime, timedelta]:
    if isinstance(bound, datetime):
        return bound, timedelta()
    return datetime.combine(bound, time(), UTC), _ONE_DAY

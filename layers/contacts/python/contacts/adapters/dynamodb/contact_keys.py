"""Where a tenant's contacts live in the table, and how they are named.

Every place is a partition key `<tenant>#<shard>` and one of two sort keys: a *slot*, which only the holder of an
e-mail ever takes, or a contact's own *id*, which begins with the slot of the e-mail that it was made with. So what
belongs to one e-mail lies side by side in one partition.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import quote

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_ids import ROUTE_CHARS, ROUTE_SHIFT, base32_number
from contacts.domain.email_address import normalise_email

#: 100 bits: among a tenant's million e-mails the odds of two in one slot are below 1 in 10**18.
SLOT_CHARS = 20
#: 80 bits, of (job, row): has to be unique within one slot only.
TAIL_CHARS = 16

#: Base 32 (RFC 4648, section 6) in lower case.
_ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567"
#: A byte becomes a character and gives it five of its bits: one call for a name, where encoding whole bytes takes ten.
_CHARACTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
#: The same value as a digit that `int` reads.
_DIGITS = bytes(b"0123456789abcdefghijklmnopqrstuv"[byte % len(_ALPHABET)] for byte in range(256))

#: Of a tenant: those of a few parts of an import, in about 1 MB.
_HOLDERS_KEPT = 4_096
#: Tenants whose holders are kept. A process can serve any number of them in its life.
_TENANTS_KEPT = 16
_kept: deque[dict[str, Key]] = deque()


class Key(NamedTuple):
    """The primary key of one item."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """The keys of one tenant, from its settings; see `ports.Addressing`. E-mails come normalised.

    Attributes:
        tenant: the name as the token gives it, any text.
        salt: keeps slots, and with them ids, from telling who has which e-mail; at most 64 bytes.
        shards: over how many partitions the contacts are spread.
    """

    tenant: str
    salt: bytes
    shards: int
    partitions: tuple[str, ...] = field(init=False, repr=False)
    _holders: dict[str, Key] = field(init=False, repr=False, compare=False, default_factory=dict)
    """Places that were asked for last, by e-mail: a worker asks four times on the way of a contact."""

    def __post_init__(self) -> None:
        # Quoted, a tenant's name holds no `#`: no name can produce another tenant's key.
        quoted = quote(self.tenant, safe="")
        object.__setattr__(self, "partitions", tuple(f"{quoted}#{shard:02d}" for shard in range(self.shards)))

    def route(self, email: str) -> int:
        """As `route_of_id` reads it from the slot."""
        digest = _digest(self.salt, f"e:{email}")
        return int(digest[:ROUTE_CHARS].translate(_DIGITS), len(_ALPHABET)) >> ROUTE_SHIFT

    def contact_id(self, email: str | None, mark: Mark) -> str:
        slot = self.slot(email) if email is not None else self._name(f"r:{mark.job}:{mark.row}")
        return slot + self._name(f"t:{mark.job}:{mark.row}")[:TAIL_CHARS]

    def slot(self, email: str) -> str:
        """The sort key of whoever holds this e-mail."""
        return self.holder(email).sk

    def partition(self, slot: str) -> str:
        """The partition of a slot, and of all ids that begin with it.

        From the slot's last characters: its first ones come with `route`, and an import part, which holds the e-mails
        of some routes, must not meet one partition with all its writes.
        """
        return self.partitions[_shard(slot, self.shards)]

    def holder(self, email: str) -> Key:
        """The place of whoever holds this e-mail."""
        place = self._holders.get(email)
        if place is None:
            slot = self._name(f"e:{email}")
            if not self._holders:
                _make_room_for(self._holders)
            elif len(self._holders) >= _HOLDERS_KEPT:
                self._holders.clear()
            place = self._holders[email] = Key(self.partition(slot), slot)
        return place

    def home(self, contact_id: str) -> Key:
        """The slot that the id begins with: that of the contact's first e-mail."""
        return Key(self.partition(contact_id), contact_id[:SLOT_CHARS])

    def own(self, contact_id: str) -> Key:
        """The contact's own place: a twin, a contact without e-mail, a forward or a trace lies there."""
        return Key(self.partition(contact_id), contact_id)

    def place(self, contact: Contact) -> Key:
        """Where the contact lives if it is not a twin."""
        email = normalised_email(contact)
        return self.own(contact.id) if email is None else self.holder(email)

    def external_source(self, source: str) -> str:
        """The key of the index on `externalSource`."""
        return f"{quote(self.tenant, safe='')}#{source}"

    def _name(self, text: str) -> str:
        return _name(_digest(self.salt, text))


def settings_key(tenant: str) -> Key:
    """The item with a tenant's salt and number of shards. No shard is called `settings`."""
    return Key(f"{quote(tenant, safe='')}#settings", "settings")


def normalised_email(contact: Contact) -> str | None:
    """The contact's primary e-mail in the form in which it is compared."""
    email = contact.email
    return None if email is None else normalise_email(email)


def _make_room_for(holders: dict[str, Key]) -> None:
    """Among those that are kept; who has been there longest begins anew."""
    _kept.append(holders)
    if len(_kept) > _TENANTS_KEPT:
        _kept.popleft().clear()


def _shard(slot: str, shards: int) -> int:
    return base32_number(slot[SLOT_CHARS - 4 : SLOT_CHARS]) % shards


def _digest(salt: bytes, text: str) -> bytes:
    digest = _keyed(salt).copy()
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()


@lru_cache(maxsize=64)
def _keyed(salt: bytes) -> blake2b:
    """Copied for each text, it has worked the key in already."""
    return blake2b(digest_size=SLOT_CHARS, key=salt)


def _name(digest: bytes) -> str:
    """A character for each byte."""
    return digest.translate(_CHARACTERS).decode("ascii")

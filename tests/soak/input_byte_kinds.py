"""Kinds of damage to a run of bytes. Each takes a file and chance, and gives another file."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

Mutate = Callable[[bytes, random.Random], bytes]

#: No mutant is larger; what grows with the file has budgets of its own.
MAX_BYTES: Final = 1 << 20

_NUMBERS: Final = tuple(
    value.to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for value in (0, 1, (1 << 8 * size - 1) - 1, 1 << 8 * size - 1, (1 << 8 * size) - 1)
    for order in ("little", "big")
)
_SIGNATURES: Final = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-", b"\x1f\x8b", b"\x89PNG", b"<html>"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xc0\x80", b"\xed\xa0\x80"),
)
#: What has a meaning of its own in each format.
WORDS: Final[dict[str, tuple[bytes, ...]]] = {
    "csv": (
        *(b'"', b'""', b'"""', b'";"', b",", b";", b"\t", b"|", b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r\n", b"\0"),
        *(b"sep=,\n", b'sep=""\n', b"sep=\n", b"\x1a", b"\x85", "\u2028".encode(), "\u0085".encode(), b"=cmd|'/C'!A1"),
        *(b"E-mail", b'\n"', b'"\n', b"," * 1_100, b'"' * 1_001, b"\n" * 5_000, b"x" * 140_000),
    ),
    "json": (
        *(b"{", b"}", b"[", b"]", b'"', b"\\", b":", b",", b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0"),
        *(b"1" * 70, b"0" * 5_000, b"1E-400", b"\\u0000", b"\\ud800", b"\\udc00\\ud800", b'"E-mail": "twice@x.io",'),
        *(b"[" * 30, b'{"a":' * 30, b"[" * 100_000, b'{"a":' * 20_000, b"]" * 1_000, b"/* */", b"'", b"\n", b"\n\n"),
        *(b'"k": ' + b"[" * 25 + b"]" * 25 + b",", b'"x": "' + b"y" * 140_000 + b'",', b"\x0b", b"\xef\xbb\xbf"),
    ),
    "xml": (
        *(b"<", b">", b"&", b"/>", b"</row>", b"<row>", b"<c>", b"<v>", b"</v>", b"]]>", b"<![CDATA[", b"<!--", b"-->"),
        *(b"&#0;", b"&#xD800;", b"&#x10FFFF;", b"&lt;", b"&nbsp;", b"_x0000_", b"_xD800_", b"_x005F_", b"xml:space=''"),
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        *(b'<?xml version="1.0" encoding="utf-16"?>', b'<?xml version="1.1"?>', b"<?php ?>", b' xmlns="urn:x"'),
        *(b'<row r="1048577">', b'<row r="0">', b'<row r="-1">', b'<row r="9999999999999999999999">', b'<row r="2">'),
        *(b' r="A1"', b' r="XFE1"', b' r="ZZZZZZ99999999999"', b' r="A0"', b' r=""', b' t="s"', b' t="n"', b' t="b"'),
        *(b' t="e"', b' t="d"', b' t="str"', b' t="inlineStr"', b' s="1"', b' s="99999999"', b' s="-1"'),
        *(b"<v>99999999999999999999</v>", b"<v>-1</v>", b"<v>1e308</v>", b"<v>1e999</v>", b"<v>nan</v>", b"<v/>"),
        *(b"<v>2958466</v>", b"<v>60</v>", b"<v>0.999999999</v>", b"<f>1+1</f>", b"<f/>", b"<is><t>x</t></is>"),
        *(b"<a>" * 80, b"<si/>", b"<si><t>x</t></si>" * 50, b"<rPh><t>x</t></rPh>", b"<c/>" * 20_000, b"x" * 140_000),
        *(b"<row/>" * 20_000, b' state="hidden"', b' date1904="1"', b' Target="../../../etc/passwd"', b"a" * 1_100_000),
    ),
}

_VALUE: Final = re.compile(rb'"[^"]*"|[0-9]+|[A-Za-z_]+')
_VALUES: Final = (
    *(
        b"",
        b"0",
        b"-1",
        b"1",
        b"65536",
        b"2147483648",
        b"99999999999999999999",
        b"1e999",
        b"nan",
        b"0.1",
        b"\xff",
        b"\0",
    ),
    *(b"utf-7", b"utf-16", b"idna", b"hex", b"none such", b"true", b"null", b"[]", b"{}", b"s", b"str", b"A1", b"../x"),
)


def flip_bits(data: bytes, chance: random.Random) -> bytes:
    mutant = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        mutant[chance.randrange(len(mutant))] ^= 1 << chance.randrange(8)
    return bytes(mutant)


def insert_bytes(data: bytes, chance: random.Random) -> bytes:
    return _inserted(data, chance, chance.randbytes(chance.choice((1, 1, 2, 8, 64))))


def overwrite_bytes(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.randbytes(end - start) + data[end:]


def delete_bytes(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def lose_the_start(data: bytes, chance: random.Random) -> bytes:
    return data[chance.randrange(len(data) + 1) :]


def repeat_a_block(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance, longest=4_096)
    times = min(chance.choice((2, 2, 3, 50, 2_000)), 1 + (MAX_BYTES - len(data)) // max(1, end - start))
    return data[:start] + data[start:end] * times + data[end:]


def move_a_block(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance, longest=4_096)
    rest = data[:start] + data[end:]
    to = chance.randrange(len(rest) + 1)
    return rest[:to] + data[start:end] + rest[to:]


def put_magic_numbers(data: bytes, chance: random.Random) -> bytes:
    """Numbers at which counters turn over, and the first bytes of other formats; over others or between them."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        magic = chance.choice(_NUMBERS + _SIGNATURES)
        if chance.random() < 0.5:
            start = chance.choice((0, chance.randrange(len(data) + 1)))
            data = data[:start] + magic + data[start + len(magic) :]
        else:
            data = _inserted(data, chance, magic)
    return data


def replace_values(data: bytes, chance: random.Random) -> bytes:
    """A word, a number or a quoted value, once or everywhere, by another one of the file or by one that is trouble."""
    found = list(islice(_VALUE.finditer(data, chance.randrange(len(data))), 200))
    if not found:
        return data
    old, other = chance.choice(found), chance.choice(found)
    new = chance.choice((*_VALUES, other.group().strip(b'"')))
    if old.group().startswith(b'"'):
        new = b'"' + new + b'"'
    if chance.random() < 0.2:
        return data.replace(old.group(), new, (MAX_BYTES - len(data)) // (len(new) + 1))
    return data[: old.start()] + new + data[old.end() :]


def put_words(format_: str) -> Mutate:
    """What has a meaning in this format, where it has none or another one."""

    def put(data: bytes, chance: random.Random) -> bytes:
        for _ in range(chance.choice((1, 1, 2, 4))):
            word = chance.choice(WORDS[format_])
            if len(data) + len(word) <= 2 * MAX_BYTES:
                data = _inserted(data, chance, word)
        return data

    return put


def splice(others: Sequence[bytes]) -> Mutate:
    """The start of this file, and the end of another one, or a piece of the other one in this."""

    def splice_in(data: bytes, chance: random.Random) -> bytes:
        other = chance.choice(others)
        if chance.random() < 0.5:
            return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]
        start, end = _span(other, chance, longest=4_096)
        return _inserted(data, chance, other[start:end])

    return splice_in


def encode_anew(data: bytes, chance: random.Random) -> bytes:
    """As if the file were in one encoding and were saved in another; in part, or whole."""
    text = data.decode(chance.choice(("utf-8", "utf-8", "cp1252", "latin-1", "utf-16")), "replace")
    encoded = text.encode(chance.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252")), "replace")
    if chance.random() < 0.5:
        return encoded
    cut = chance.randrange(len(data) + 1)
    return data[:cut] + encoded[min(cut, len(encoded)) :]


#: What can happen to any file; `splice` and `put_words` have to know more of it.
BYTE_KINDS: Final[dict[str, Mutate]] = {
    "bits flipped": flip_bits,
    "bytes inserted": insert_bytes,
    "bytes overwritten": overwrite_bytes,
    "bytes deleted": delete_bytes,
    "cut short": truncate,
    "start lost": lose_the_start,
    "block repeated": repeat_a_block,
    "block moved": move_a_block,
    "magic numbers": put_magic_numbers,
    "values replaced": replace_values,
}


def _span(data: bytes, chance: random.Random, longest: int = 512) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    length = min(longest, chance.choice((1, 1, 2, 8, 64, 512, 4_096)))
    return start, min(len(data), start + length)


def _inserted(data: bytes, chance: random.Random, what: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + what + data[at:]

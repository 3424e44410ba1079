"""What a number in a cell stands for, as text: a plain number, or a date or time by its style."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from openpyxl.styles.numbers import BUILTIN_FORMATS, STRIP_RE, is_date_format, is_timedelta_format

_MILLISECONDS_A_DAY: Final = 86_400_000
# 9999-12-31 in the 1900 system; what is beyond has no date in Excel either.
_LAST_SERIAL: Final = 2_958_465
_DAYS_BETWEEN_EPOCHS: Final = 1_462
# East Asian date formats, which the standard numbers and leaves to the language: [ECMA-376] 18.8.30.
_EAST_ASIAN_DATES: Final = frozenset({*range(27, 37), *range(50, 59)})
_PLAIN_INTEGER: Final = re.compile(r"-?[1-9][0-9]*|[0-9]+", re.ASCII)
# Like JavaScript and like Excel's formula bar: in digits as long as one can read them.
_LARGEST_IN_DIGITS: Final = 1e21
_SMALLEST_IN_DIGITS: Final = 1e-10


@dataclass(frozen=True, slots=True)
class DateStyle:
    """What of a serial number a style shows. `elapsed` is hours beyond 24, such as [h]:mm."""

    day: bool
    clock: bool
    elapsed: bool = False


def date_style_of(number_format: int, code: str | None) -> DateStyle | None:
    """The date style of a number format, built in or with a code of its own; None for plain numbers."""
    if code is None:
        if number_format in _EAST_ASIAN_DATES:
            return DateStyle(day=True, clock=False)
        code = BUILTIN_FORMATS.get(number_format, "General")
    if not is_date_format(code):
        return None
    shown = STRIP_RE.sub("", code.split(";")[0]).lower()
    day, clock = re.search("[dy]", shown) is not None, re.search("[hs]", shown) is not None
    # A lone m is a month, with a clock around it minutes.
    return DateStyle(day=day or not clock, clock=clock, elapsed=not day and bool(is_timedelta_format(code)))


def number_text(text: str) -> str:
    """A number as Excel shows it in a wide cell, in the fewest digits that give the same double.

    Integers come through as they are written, so that none loses a digit. What is no finite number stays, too.
    """
    if _PLAIN_INTEGER.fullmatch(text):
        return text
    value = _double(text)
    if value is None:
        return text
    if value.is_integer() and abs(value) < _LARGEST_IN_DIGITS:
        # By way of its fewest digits: int(1.23456789012345E+18) ends in ...112, which nobody typed.
        return str(int(Decimal(repr(value))))
    mantissa, _, exponent = repr(value).partition("e-")
    if not exponent or abs(value) < _SMALLEST_IN_DIGITS:
        return repr(value).upper()
    return f"{value:.{len(mantissa.partition('.')[2]) + int(exponent)}f}"


def _double(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@lru_cache(maxsize=4096)
def date_text(text: str, style: DateStyle, *, epoch_1904: bool) -> str:
    """A serial number in ISO 8601: a day, a day and time where the style or the number has a time, or a time of day.

    An elapsed time is hours:minutes:seconds. What has no date in Excel (negative, beyond the year 9999) stays a number.
    """
    serial = _double(text)
    last_day = _LAST_SERIAL - (_DAYS_BETWEEN_EPOCHS if epoch_1904 else 0)
    if serial is None or not 0 <= serial <= last_day + 1:
        return number_text(text)
    days, milliseconds = divmod(round(serial * _MILLISECONDS_A_DAY), _MILLISECONDS_A_DAY)
    if days > last_day:
        return number_text(text)
    if style.elapsed:
        return _clock(days * _MILLISECONDS_A_DAY + milliseconds)
    if not style.day and days == 0:
        return _clock(milliseconds)
    day = _day(days, epoch_1904=epoch_1904)
    return f"{day}T{_clock(milliseconds)}" if style.clock or milliseconds else day


def _day(days: int, *, epoch_1904: bool) -> str:
    if epoch_1904:
        return (datetime(1904, 1, 1) + timedelta(days)).date().isoformat()  # noqa: DTZ001 - a calendar day has no zone
    # Lotus 1-2-3, and Excel after it, took 1900 for a leap year; day 0 is what Excel shows for 0.
    if days in (0, 60):
        return "1900-01-00" if days == 0 else "1900-02-29"
    return (datetime(1899, 12, 31 if days < 60 else 30) + timedelta(days)).date().isoformat()  # noqa: DTZ001


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{rest:03}" if rest else text

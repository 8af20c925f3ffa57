"""Numbers, times and units in words that a board can read."""

from __future__ import annotations

import math
import re

from cyclesim.names import displayed

NOTHING = 1e-4
"""A value that is a smaller share of the span looked at is told as 0."""

LITTLE = 0.01
"""Of a value that is a smaller share of the span looked at no per cent is told."""

_NO_UNIT = frozenset({"", "1", "dmnl", "dimensionless", "unitless", "fraction"})
_AFTER_THE_NOUN = re.compile(
    r"\s(?:of|across|over|per|until|as|for|in|that|which|who|on|to|with|without|at|by|from|before|after|"
    r"between|not|a|an)\s"
)
_PARTICIPLES = ("ed", "ing", "kept", "lost", "won")


def places(*values: float) -> int:
    """Return how many decimals give the largest of the values three digits."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0:
        return 0
    return max(0, min(8, 2 - math.floor(math.log10(largest) + 1e-9)))


def number(value: float, decimals: int | None = None) -> str:
    """Return a number with three digits or `decimals`, thousands apart by commas."""
    if not math.isfinite(value):
        return "no number"
    if value != 0 and not 1e-5 <= abs(value) < 1e12:
        return f"{value:.3g}"
    text = f"{value:,.{places(value) if decimals is None else decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def pair(first: float, second: float) -> tuple[str, str]:
    """Return two numbers with as many decimals as show that they differ."""
    fewest = places(first, second)
    for decimals in range(fewest, fewest + 4):
        texts = number(first, decimals), number(second, decimals)
        if texts[0] != texts[1]:
            return texts
    return number(first, fewest), number(second, fewest)


def as_told(value: float, span: float) -> float:
    """Return a value as it is told: 0 where it is nothing beside the `span` that is looked at."""
    return 0.0 if abs(value) < NOTHING * span else value


def exact_number(value: float) -> str:
    """Return a number as it was set, without digits that only rounding made."""
    return f"{value:,.10g}" if math.isfinite(value) else str(value)


def unit(units: str | None) -> str:
    """Return the unit as shown behind a number, empty where there is none."""
    text = displayed(units or "")
    return "" if text.casefold() in _NO_UNIT else text


def with_unit(text: str, units: str | None) -> str:
    """Return a number's text with its unit behind it: '24 customers/week', '1 point'."""
    first, slash, rest = unit(units).partition("/")
    noun = first.strip()
    noun = _singular(noun) if text.strip() in ("1", "-1") else _plural(noun)
    return f"{text} {noun}{slash}{rest}".strip()


def _singular(noun: str) -> str:
    if noun == "people":
        return "person"
    if len(noun) < 4 or not (noun.isascii() and noun.isalpha() and noun.islower()):
        return noun
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    if noun.endswith(("ches", "shes", "xes")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else noun


def _plural(noun: str) -> str:
    # Short or capital units are signs ('km', 'USD'), not words.
    if len(noun) < 4 or not (noun.isascii() and noun.isalpha() and noun.islower()):
        return noun
    if noun == "person":
        return "people"
    if noun.endswith(("s", "people", "staff")):
        return noun
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("x", "ch", "sh")) else "s")


def many(title: str) -> bool:
    """Return whether a title takes its verb in the plural: 'Customers', 'Weeks until a reply'."""
    words = _AFTER_THE_NOUN.split(title.strip(), maxsplit=1)[0].split()
    if not words:
        return False
    noun = words[0] if words[-1].endswith(_PARTICIPLES) else words[-1]
    if noun.lower() == "people":
        return True
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


def moment(time: float, time_units: str) -> str:
    """Return a time as it is said: 'week 26'."""
    name = displayed(time_units).lower() or "time"
    if name.endswith("s") and not name.endswith("ss"):
        name = name[:-1]
    return f"{name} {round(time, 6):g}"


def alike(value: float, base: float, span: float = 0.0, same: float = 0.005) -> bool:
    """Return whether two values differ by less than a share of the larger, or of the `span`.

    The span of all such values counts only where both are little beside it.
    """
    size = max(abs(base), abs(value))
    if size < LITTLE * span:
        size = span
    return value == base or abs(value - base) < same * size


def share(part: float) -> str:
    """Return a share as per cent with a sign, one decimal where it is small."""
    per_cent = 100 * part
    decimals = 0 if abs(per_cent) >= 9.95 else 1
    return f"{per_cent:+,.{decimals}f} %"


def compared(value: float, base: float, units: str | None, span: float = 0.0) -> str:
    """Return how a value lies to another: '42 % lower than', 'the same as'.

    No per cent is given of a base that is little beside the `span` of all such values, and two
    that are both little are the same where their difference is nothing beside it.
    """
    difference = value - base
    if alike(value, base, span):
        return "the same as"
    direction = "higher" if difference > 0 else "lower"
    little = abs(base) < LITTLE * span
    if little or base * value <= 0 or abs(difference) > 2 * abs(base):
        size = with_unit(number(abs(difference)), units)
        return f"{size} {direction} than"
    per_cent = 100 * abs(difference) / abs(base)
    return f"{per_cent:.{0 if per_cent >= 9.95 else 1}f} % {direction} than"

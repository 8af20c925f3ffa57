"""Numbers as a study writes them: decimals, and `6 %` for 0.06."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,6}))?\s*(%?)")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_WITH_UNIT = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))\s*[^\W\d].*", re.DOTALL)


class NotANumber(ValueError):
    """A text that is no number; `message` says so and `hint` what to write."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def number_of(text: str) -> float:
    """Return the number a text says. Raises NotANumber."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise NotANumber(f"'{shortened(text)}' is not a number", _advice(text.strip()))
    digits, exponent, percent = found.groups()
    # The shift is made in the text, so that 6 % is the double nearest to 0.06.
    value = float(f"{digits}e{int(exponent or 0) - (2 if percent else 0)}")
    if not math.isfinite(value):
        raise NotANumber(f"{shortened(text)} is too large for a number")
    return value


def _advice(text: str) -> str | None:
    if _GROUPED.fullmatch(text):
        return f"Write {text.replace(',', '')}."
    if _DECIMAL_COMMA.fullmatch(text):
        return f"Write {text.replace(',', '.')}."
    with_unit = _WITH_UNIT.fullmatch(text)
    if with_unit is not None:
        return f"Write {with_unit.group(1)} alone: a number is in the unit of what it stands for."
    return None


def shortened(text: str, most: int = 60) -> str:
    """Return a text on one line, its end cut off where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def as_written(value: float) -> str:
    """Return a number for a sentence, thousands set apart and no digit lost."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    size = abs(value)
    shown = f"{value:.12g}"
    if "e" in shown or size < 1000:
        return shown
    whole, _, rest = shown.partition(".")
    return f"{int(whole):,}.{rest}" if rest else f"{int(whole):,}"

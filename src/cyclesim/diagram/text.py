"""Labels on lines: how wide a text is about, and where it is broken."""

from __future__ import annotations

import textwrap
from functools import lru_cache

SIZE = 12.0
"""Height of letters in units of the picture."""

LINE = 14.5
"""Distance between two lines."""

_NARROW = frozenset("fijlrtI.,:;'|!()[] -")
_WIDE = frozenset("mwMW@%&")


@lru_cache(maxsize=4096)
def width_of(text: str) -> float:
    """Return about how wide a text is, on the wide side: a reader's own font draws it."""
    total = 0.0
    for letter in text:
        if letter in _NARROW:
            total += 0.38
        elif letter in _WIDE:
            total += 0.9
        elif ord(letter) > 0x2E80:  # letters of East Asia fill a square
            total += 1.05
        else:
            total += 0.72 if letter.isupper() else 0.615
    return total * SIZE


@lru_cache(maxsize=4096)
def wrapped(text: str, width: float) -> tuple[str, ...]:
    """Return a label's lines, of even length where it takes several; no word is cut off."""
    words = text.split() or [""]
    best = _filled(words, max(width, *(width_of(word) for word in words)))
    low = max(width_of(word) for word in words)
    high = max(low, width)
    while high - low > 2:  # the narrowest width that needs no more lines reads best
        middle = (low + high) / 2
        if len(_filled(words, middle)) > len(best):
            low = middle
        else:
            high = middle
    return tuple(_filled(words, high))


def _filled(words: list[str], width: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shortened(text: str, letters: int) -> str:
    """Return a text cut at a word, with an ellipsis where something is left out."""
    return textwrap.shorten(text, letters, placeholder=" …")

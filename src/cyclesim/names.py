"""Names as the modeller writes them, and the identifiers by which they are compared.

XMILE says two names are the same whatever their case, and whether blanks, line breaks or
underscores stand between their words (XMILE 1.0, section 3.2.2.1). `canonical` is that rule.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import NewType

Ident = NewType("Ident", str)
"""The canonical form of a name; two names with one `Ident` are one variable."""

_BLANKS = re.compile(r"[\s_]+")
_ESCAPED = re.compile(r'\\([nrt"\\])')


def unquoted(name: str) -> str:
    """Return `name` without enclosing double quotes."""
    stripped = name.strip()
    if len(stripped) >= 2 and stripped[0] == stripped[-1] == '"':
        return stripped[1:-1]
    return stripped


def displayed(name: str) -> str:
    """Return `name` as it is shown: as written, on one line and without quotes."""
    return " ".join(_ESCAPED.sub(_resolved, unquoted(name)).split())


def _resolved(escape: re.Match[str]) -> str:
    return " " if escape[1] in "nrt" else escape[1]


def canonical(name: str) -> Ident:
    """Return the identifier of `name`, equal for all spellings that XMILE holds equal."""
    text = unicodedata.normalize("NFC", displayed(name))
    while len(text) >= 2 and text[0] == text[-1] == '"':  # a shown name is found again
        text = text[1:-1].strip()
    return Ident(_BLANKS.sub("_", text).casefold())


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like `name`, or None where nothing is near."""
    by_ident = {canonical(candidate): candidate for candidate in candidates}
    found = difflib.get_close_matches(canonical(name), by_ident, n=1, cutoff=0.6)
    return by_ident[Ident(found[0])] if found else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """Return the sentence that offers the nearest candidate, or None."""
    found = nearest(name, candidates)
    return f"Did you mean '{found}'?" if found is not None else None

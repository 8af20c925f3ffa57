"""What a number of a model rests on, as its documentation says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from cyclesim.scenario.quantities import NotANumber, number_of

_BASIS = re.compile(r"\b(Source|Assumption|Definition):\s*")
_PLAUSIBLE = re.compile(r"^plausible\s+(from\s+\S+\s+to\s+\S*[^\s.;,])", re.IGNORECASE)

_ENDS = re.compile(r"plausible\s+from\s+(\S+(?:\s%)?)\s+to\s+(\S*[^\s.;,](?:\s%)?)", re.IGNORECASE)


class Basis(Enum):
    """Where a number comes from; the value is the word for it."""

    ASSUMPTION = "assumption"
    UNKNOWN = "nothing said"
    SOURCE = "source"
    DEFINITION = "definition"


@dataclass(frozen=True)
class Ground:
    """What a parameter is, and what its number rests on."""

    about: str
    basis: Basis
    words: str


def ground_of(doc: str | None) -> Ground:
    """Return what a doc says of a number: the last of Source, Assumption or Definition counts."""
    text = " ".join((doc or "").split())
    found = list(_BASIS.finditer(text))
    if not found:
        return Ground(text, Basis.UNKNOWN, "")
    last = found[-1]
    about, words = text[: last.start()].strip(), text[last.end() :].strip()
    basis = Basis(last.group(1).lower())
    if basis is Basis.ASSUMPTION:
        plausible = _PLAUSIBLE.match(words)
        if plausible:
            rest = words[plausible.end() :].lstrip(".;, ")
            words = f"plausible {plausible.group(1)}" + (f"; {rest}" if rest else "")
    return Ground(about, basis, words)


def plausible_range(doc: str | None) -> tuple[float, float] | None:
    """Return the range that a doc calls plausible, the smaller number first; None for none."""
    ground = ground_of(doc)
    found = _ENDS.match(ground.words) if ground.basis is Basis.ASSUMPTION else None
    if found is None:
        return None
    try:
        low, high = (number_of(end.replace(",", "")) for end in found.groups())
    except NotANumber:
        return None
    return (low, high) if low < high else None

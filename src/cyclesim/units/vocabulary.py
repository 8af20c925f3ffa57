"""What the unit words of one model mean: its own definitions, and words everyone uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cyclesim.units.algebra import DIMENSIONLESS, Unit
from cyclesim.units.text import UnitTextError, parse, without_range
from cyclesim.units.words import NUMBER, normal, spelled

_SWITCH = re.compile(r"(yes/no|on/off|true/false|n/a|[\d.\s/,|-]+|0 or 1|1 or 0)\Z", re.IGNORECASE)
"""Units of a switch: 0/1 is no unit over another."""

Definition = tuple[str, str | None, tuple[str, ...]]
"""A unit's name, what it is made of (None for a unit of its own), and other words for it."""


def is_blank(text: str | None) -> bool:
    """Return whether a unit text says nothing: an empty one, or a question mark."""
    return text is None or without_range(text) in ("", "?")


@dataclass
class Vocabulary:
    """The unit words of one model. A word seen first decides how its unit is shown."""

    same: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    spelling: dict[str, str] = field(default_factory=dict)
    known: dict[str, Unit] = field(default_factory=dict)

    @staticmethod
    def of(definitions: Iterable[Definition] = ()) -> Vocabulary:
        """Return the vocabulary of a model's unit definitions."""
        found = Vocabulary()
        for name, equation, aliases in definitions:
            keys = [found.key(word) for word in (name, *aliases)]
            target = NUMBER if NUMBER in keys else keys[0]
            for key in keys:
                if key != target:
                    found.same[key] = target
            if equation is not None and not is_blank(equation) and target != NUMBER:
                found.made[target] = equation
        return found

    def key(self, word: str) -> str:
        """Return what a word leads to."""
        found = normal(word)
        seen = {found}
        while found in self.same and self.same[found] not in seen:
            found = self.same[found]
            seen.add(found)
        return found

    def unit(self, text: str) -> Unit:
        """Return the unit of a text. Raises UnitTextError where it says none."""
        if text not in self.known:
            self.known[text] = self._read(text, frozenset())
        return self.known[text]

    def shown(self, unit: Unit) -> str:
        """Return a unit in the words of the model."""
        return unit.text(lambda name: self.spelling.get(name, name))

    def _read(self, text: str, within: frozenset[str]) -> Unit:
        whole = without_range(text)
        if not whole:
            raise UnitTextError("there is no unit")
        if _SWITCH.match(whole):
            return DIMENSIONLESS
        key = self.key(whole)
        if key in self.made or key == NUMBER or normal(whole) in self.same:
            return self._named(whole, within)
        return parse(whole, lambda name: self._named(name, within))

    def _named(self, name: str, within: frozenset[str]) -> Unit:
        key = self.key(name)
        if key == NUMBER:
            return DIMENSIONLESS
        if key in self.made and key not in within:
            return self._read(self.made[key], within | {key})
        self.spelling.setdefault(key, spelled(name))
        return Unit.named(key)

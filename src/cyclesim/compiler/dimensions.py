"""Subscripts into places: which element of a declared dimension a name stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cyclesim.compiler.terms import Box, Places, compact
from cyclesim.names import Ident, canonical
from cyclesim.project import Dimension


@dataclass(frozen=True)
class Dimensions:
    """The index sets of a model and how their elements stand for one another."""

    by_ident: Mapping[Ident, Dimension]
    elements: Mapping[Ident, tuple[Ident, ...]]
    order: Mapping[Ident, Mapping[Ident, int]]

    @staticmethod
    def of(dimensions: Iterable[Dimension]) -> Dimensions:
        """Return the index sets of a project."""
        by_ident = {dimension.ident: dimension for dimension in dimensions}
        elements = {i: tuple(map(canonical, d.elements)) for i, d in by_ident.items()}
        order = {i: {e: n for n, e in enumerate(names)} for i, names in elements.items()}
        return Dimensions(by_ident, elements, order)

    def __contains__(self, ident: Ident) -> bool:
        return ident in self.by_ident

    def shape(self, dimensions: Iterable[Ident]) -> tuple[int, ...]:
        """Return the number of elements of each dimension."""
        return tuple(len(self.elements[ident]) for ident in dimensions)

    def place(self, dimension: Ident, element: Ident) -> int | None:
        """Return the place of an element, None where the dimension has no such element."""
        return self.order[dimension].get(element)

    def places(self, dimension: Ident, elements: Iterable[Ident]) -> Places | None:
        """Return the places of elements by name, None where one is not there."""
        found = [self.order[dimension].get(element) for element in elements]
        known = [place for place in found if place is not None]
        return compact(known) if len(known) == len(found) else None

    def covered(self, dimension: Ident, subscript: Ident) -> Places | None:
        """Return the places that a subscript on the left side covers: elements or a subrange."""
        if subscript in self:
            return self.places(dimension, self.elements[subscript])
        return self.places(dimension, (subscript,))

    def translated(
        self, name: Ident, loop: Ident, elements: tuple[Ident, ...]
    ) -> tuple[Ident, ...] | None:
        """Return the element of `name` that stands for each element of a loop over `loop`.

        A mapping may be declared from either side; None where there is none.
        """
        forward = self._mapped(loop, name, elements)
        return forward if forward is not None else self._inverse(name, loop, elements)

    def _mapped(
        self, source: Ident, target: Ident, elements: tuple[Ident, ...]
    ) -> tuple[Ident, ...] | None:
        for mapping in self.by_ident[source].mappings:
            if mapping.target == target:
                pairs = dict(zip(self.elements[source], mapping.elements, strict=True))
                found = [pairs.get(element, ()) for element in elements]
                if all(len(each) == 1 for each in found):
                    return tuple(each[0] for each in found)
        return None

    def _inverse(
        self, source: Ident, target: Ident, elements: tuple[Ident, ...]
    ) -> tuple[Ident, ...] | None:
        for mapping in self.by_ident[source].mappings:
            if mapping.target == target:
                back: dict[Ident, Ident] = {}
                for own, theirs in zip(self.elements[source], mapping.elements, strict=True):
                    for each in theirs:
                        back.setdefault(each, own)
                found = [back.get(element) for element in elements]
                known = tuple(element for element in found if element is not None)
                if len(known) == len(elements):
                    return known
        return None


def boxes(whole: Box, excepts: Sequence[Box]) -> list[Box]:
    """Return boxes that together hold what is in `whole` and in none of `excepts`."""
    remaining = [whole]
    for hole in excepts:
        remaining = [piece for box in remaining for piece in _without(box, hole)]
    return remaining


def common(a: Box, b: Box) -> Box | None:
    """Return what two boxes of an array share, None where nothing."""
    shared = tuple(
        compact([place for place in own if place in other])
        for own, other in zip(a, b, strict=True)
    )  # fmt: skip
    return shared if all(shared) else None


def within(inner: Box, outer: Box) -> bool:
    """Return whether a box holds all of another."""
    return all(
        place in places for own, places in zip(inner, outer, strict=True) for place in own
    )  # fmt: skip


def _without(box: Box, hole: Box) -> list[Box]:
    pieces: list[Box] = []
    inner: list[Places] = []
    for axis, (places, taken) in enumerate(zip(box, hole, strict=True)):
        outside = [place for place in places if place not in taken]
        within = [place for place in places if place in taken]
        if outside:
            pieces.append((*inner, compact(outside), *box[axis + 1 :]))
        if not within:
            return pieces
        inner.append(compact(within))
    return pieces

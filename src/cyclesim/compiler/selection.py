"""What a name in a study, or on a command line, says: a variable, an element, or a slice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product

from cyclesim.compiler.dimensions import common
from cyclesim.compiler.flat import FlatModel, FlatVariable, Role, places_in
from cyclesim.compiler.parts import Piece, narrowed
from cyclesim.compiler.terms import Box, Literal, Places, at_turn, compact
from cyclesim.names import canonical, did_you_mean

_LISTED = 8


class NothingSelected(ValueError):
    """A name that says nothing in a model; `message` says why and `hint` what may be meant."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(f"{message}. {hint or ''}".strip())
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Selection:
    """A variable, or the part of an array that a name says.

    `variable` is that part seen by itself, under its own name: an element is a scalar. `box` says
    where it lies in `whole`.
    """

    whole: FlatVariable
    box: Box
    variable: FlatVariable

    @property
    def element(self) -> int | None:
        """Return the place of the one element of an array, None for a scalar or several."""
        if not self.whole.shape or self.variable.shape:
            return None
        return self.places[0]

    @property
    def places(self) -> list[int]:
        """Return where its elements lie among all of the array."""
        return places_in(self.whole.shape, self.box)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Return the part of an array that it is, () for the whole and for a scalar."""
        return () if self.variable is self.whole else (self.box,)

    def elements(self, most: int | None = None) -> tuple[Selection, ...]:
        """Return each element of an array, at `most` so many; a scalar itself."""
        if not self.variable.shape:
            return (self,)
        spots = islice(product(*self.box), most)
        return tuple(_element(self.whole, spot) for spot in spots)


def selected(flat: FlatModel, name: str) -> Selection:
    """Return what a name says, however it is spelt: `Name`, `Name[E1,E2]` or `Name[*,E2]`.

    Raises NothingSelected with the nearest name.
    """
    variable = flat.by_ident.get(canonical(name))
    if variable is not None and not variable.hidden:
        return Selection(variable, tuple(map(range, variable.shape)), variable)
    base, bracket, inner = name.strip().rpartition("[")
    variable = flat.by_ident.get(canonical(base))
    if variable is None or variable.hidden or not bracket:
        names = [known.name for known in flat.visible]
        hint = did_you_mean(name, names) or did_you_mean(base, names)
        raise NothingSelected(f"no variable is called '{name}'", hint)
    if not inner.endswith("]"):
        message = f"'{name}' has a bracket that is not closed"
        raise NothingSelected(message, f"Write {name.strip()}].")
    return _part(flat, variable, [each.strip() for each in inner[:-1].split(",")])


def number_of(variable: FlatVariable) -> float | None:
    """Return the number that a constant has, None for what is computed or has several."""
    numbers = {p.term.value if isinstance(p.term, Literal) else None for p in variable.pieces}
    return numbers.pop() if len(numbers) == 1 else None


def _part(flat: FlatModel, variable: FlatVariable, subscripts: list[str]) -> Selection:
    names = [d.name for i in variable.dimensions for d in flat.dimensions if d.ident == i]
    if not names:
        raise NothingSelected(f"'{variable.name}' is no array and has no elements")
    if len(subscripts) != len(names):
        has = "1 dimension" if len(names) == 1 else f"{len(names)} dimensions"
        given = f"{len(subscripts)} are" if len(subscripts) > 1 else "1 is"
        message = f"'{variable.name}' has {has}, and {given} named"
        raise NothingSelected(message, f"Write {variable.name}[{','.join(names)}].")
    box: list[Places] = []
    shown: list[str] = []
    for place, subscript in enumerate(subscripts):
        places, text = _places(flat, variable, place, subscript)
        box.append(places)
        shown.append(text)
    if all(text == "*" for text in shown):
        return Selection(variable, tuple(box), variable)
    if all(text in known for text, known in zip(shown, variable.elements, strict=True)):
        return _element(variable, tuple(places[0] for places in box))
    about = replace(variable.about, name=(name := f"{variable.name}[{','.join(shown)}]"),
                    ident=canonical(name))  # fmt: skip
    elements = tuple(
        tuple(known[place] for place in places)
        for known, places in zip(variable.elements, box, strict=True)
    )
    pieces = tuple(_pieces(variable, tuple(box)))
    seen = replace(variable, about=about, shape=tuple(map(len, box)), elements=elements)
    return Selection(variable, tuple(box), _seen(seen, pieces))


def _places(
    flat: FlatModel, variable: FlatVariable, place: int, subscript: str
) -> tuple[Places, str]:
    """Return the places of one subscript, and how it is shown."""
    known = variable.elements[place]
    if subscript == "*":
        return range(len(known)), "*"
    idents = [canonical(element) for element in known]
    ident = canonical(subscript)
    if ident in idents:
        found = idents.index(ident)
        return range(found, found + 1), known[found]
    for dimension in flat.dimensions:
        part = [canonical(element) for element in dimension.elements]
        if dimension.ident == ident and set(part) <= set(idents):
            whole = len(part) == len(idents)
            return compact([idents.index(each) for each in part]), "*" if whole else dimension.name
    listed = ", ".join(known[:_LISTED]) + (", ..." if len(known) > _LISTED else "")
    hint = did_you_mean(subscript, known) or f"Its elements are {listed}."
    raise NothingSelected(f"'{variable.name}' has no element '{subscript}'", hint)


def _element(variable: FlatVariable, spot: tuple[int, ...]) -> Selection:
    names = [known[place] for known, place in zip(variable.elements, spot, strict=True)]
    name = f"{variable.name}[{','.join(names)}]"
    about = replace(variable.about, name=name, ident=canonical(name), dimensions=())
    box = tuple(range(place, place + 1) for place in spot)
    pieces = tuple(
        Piece(at_turn(piece.term, dict.fromkeys(range(len(box)), 0)), (), piece.equation)
        for piece in _pieces(variable, box)
    )
    seen = replace(variable, about=about, shape=(), elements=())
    return Selection(variable, box, _seen(seen, pieces))


def _pieces(variable: FlatVariable, box: Box) -> Iterator[Piece]:
    """Yield the pieces of a variable within a box, their places counted within it."""
    turns = [{place: number for number, place in enumerate(places)} for places in box]
    for piece in variable.pieces:
        shared = common(piece.box, box)
        if shared is not None:
            inside = tuple(
                compact([turn[place] for place in places])
                for turn, places in zip(turns, shared, strict=True)
            )
            yield replace(narrowed(piece, shared), box=inside)


def _seen(variable: FlatVariable, pieces: tuple[Piece, ...]) -> FlatVariable:
    """Return part of a variable as a variable of these pieces."""
    numbers = all(isinstance(piece.term, Literal) for piece in pieces)
    role = Role.PARAMETER if numbers and variable.role is not Role.LEVEL else variable.role
    texts = dict.fromkeys(piece.equation for piece in pieces if piece.equation)
    equation = "; ".join(texts) or variable.equation
    return replace(variable, pieces=pieces, role=role, equation=equation)

"""Feedback loops worth a badge: those that the model's text names, or the shortest ones."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cyclesim.diagram.choice import condensed
from cyclesim.diagram.signs import joined, product
from cyclesim.diagram.structure import Form, Influence, Links, Structure, outgoing, sign_of, total
from cyclesim.names import Ident, canonical

_ROW = re.compile(r"^\s*\|\s*([RB]\d+)[:.]?\s+([^|]*?)\s*\|\s*([^|]+?)\s*\|", re.MULTILINE)
_ITEM = re.compile(r"^\s*[-*]\s+\*\*([RB]\d+)[:.]?\s+([^*]+?)\.?\*\*[:.]?\s*(.+)$", re.MULTILINE)
_ARROWS = re.compile(r"\s*(?:->|→|⟶)\s*")
_BRACKET = re.compile(r"\s*\([^)]*\)")

MOST_PARTS = 26
"""Variables of a loop picture unless loops are asked for by their marks."""

Named = tuple[str, str, tuple[Ident, ...]]
"""A loop as a text names it: mark, name, variables."""

_MOST_FOUND = 6
_CORE = 14


@dataclass(frozen=True)
class Loop:
    """A loop's mark, its name, and the variables it runs through, in order."""

    mark: str
    name: str
    around: tuple[Ident, ...]

    @property
    def pairs(self) -> tuple[tuple[Ident, Ident], ...]:
        """Return the links of the loop, the last back to the first."""
        return tuple(zip(self.around, (*self.around[1:], self.around[0]), strict=True))


@dataclass(frozen=True)
class Core:
    """The part of a model that a loop picture shows, and what is said of it."""

    loops: tuple[Loop, ...]
    links: Links
    notes: tuple[str, ...] = ()


def named_loops(text: str, structure: Structure) -> tuple[Named, ...]:
    """Return mark, name and variables of each loop that a text names.

    Read are rows of a table, `| R1 Name | A, B (down), C |`, and items of a list,
    `- **R1 Name.** A -> B falls -> C.`; words that are no variable are passed over.
    """
    found: dict[str, tuple[int, str, tuple[Ident, ...]]] = {}
    for pattern in (_ROW, _ITEM):
        for match in pattern.finditer(text):
            mark, name, chain = match.groups()
            steps = _ARROWS.split(chain) if _ARROWS.search(chain) else chain.split(",")
            idents = [ident for step in steps if (ident := _variable(step, structure)) is not None]
            around = tuple(dict.fromkeys(idents))
            if len(around) > 1:
                found.setdefault(mark, (match.start(), name, around))
    ordered = sorted(found.items(), key=lambda each: each[1][0])
    return tuple((mark, name, around) for mark, (_, name, around) in ordered)


def _variable(step: str, structure: Structure) -> Ident | None:
    """Return the variable that a step of a chain names, some words left off at its end."""
    words = _BRACKET.sub("", step).strip(" .;,:*`").split()
    while words:
        ident = canonical(" ".join(words))
        if ident in structure.parts and structure.parts[ident].form is not Form.CONSTANT:
            return ident
        words.pop()
    return None


def core_of_named(
    named: Sequence[Named],
    structure: Structure,
    wanted: Iterable[str] = (),
) -> Core:
    """Return the named loops that the model has, with their links.

    Unless loops are wanted by their marks, as many as an eye takes in, in their order.
    """
    moves = {pair: each for pair, each in structure.moves().items() if not each.initial}
    marks = set(wanted)
    loops: list[Loop] = []
    links: Links = {}
    strange: list[str] = []
    left: list[str] = []
    shown: set[Ident] = set()
    for mark, name, around in named:
        if marks and mark not in marks:
            continue
        if not marks and shown and len(shown | set(around)) > MOST_PARTS:
            left.append(mark)
            continue
        own = _closed(around, moves)
        if own is None:
            strange.append(f"{mark} is not shown: the model has no way round it as it is told.")
            continue
        loop = Loop(mark, name, around)
        turn = product(*(each.sign for each in own.values()))
        if turn != "?" and (turn == "+") != mark.startswith("R"):
            kind = "reinforcing" if turn == "+" else "balancing"
            strange.append(f"The links of {mark} as drawn make it {kind}.")
        loops.append(loop)
        shown |= set(around)
        for pair, each in own.items():
            links.setdefault(pair, each)
    if left:
        strange.append(f"Left out: {', '.join(left)}.")
    return Core(tuple(loops), links, tuple(strange))


def _closed(around: tuple[Ident, ...], moves: Links) -> Links | None:
    """Return the links of a loop, each through what lies between; None where one is missing."""
    found: Links = {}
    for source, target in Loop("", "", around).pairs:
        way = _direct(source, target, moves, set(around))
        if way is None:
            return None
        found[source, target] = way
    return found


def _direct(source: Ident, target: Ident, moves: Links, around: set[Ident]) -> Influence | None:
    """Return a link of a loop: the shortest ways, held against the sum of all at the start.

    Where the shortest differ, the sum decides; where it goes against them, the sign is `?`.
    """
    found = shortest(source, target, moves, around)
    at_once = {p: e for p, e in moves.items() if p[1] == target or not math.isnan(e.slope)}
    slope = total(source, target, outgoing(at_once), around | {source})
    if found is None or not slope or math.isnan(slope):
        return found
    summed = sign_of(slope)
    return replace(found, sign=joined({found.sign, summed} - {"?"}), slope=slope)


def shortest(source: Ident, target: Ident, links: Links, avoid: set[Ident]) -> Influence | None:
    """Return how one variable moves another by the shortest ways that avoid some others."""
    out: dict[Ident, list[tuple[Ident, Influence]]] = {}
    for (start, end), each in links.items():
        out.setdefault(start, []).append((end, each))
    front: dict[Ident, set[Influence]] = {source: {Influence("+")}}
    seen = {source}
    while front:
        after: dict[Ident, set[Influence]] = {}
        for node, ways in front.items():
            for end, each in out.get(node, ()):
                if end == target or (end not in seen and end not in avoid):
                    after.setdefault(end, set()).update(
                        Influence(product(way.sign, each.sign), way.delayed or each.delayed)
                        for way in ways
                    )
        if target in after:
            ways = after[target]
            return Influence(joined(w.sign for w in ways), all(w.delayed for w in ways))
        seen |= after.keys()
        front = after
    return None


def core_found(structure: Structure) -> Core:
    """Return a few loops through the stocks, the shortest first, where no text names any."""
    links = condensed(structure, _CORE)
    loops: list[tuple[Ident, ...]] = []
    for around in sorted(_cycles(links), key=lambda each: (len(each), each)):
        if len(loops) < _MOST_FOUND and not any(set(around) == set(each) for each in loops):
            loops.append(around)
    counts = {"R": 0, "B": 0, "?": 0}
    made: list[Loop] = []
    for around in loops:
        turn = product(*(links[pair].sign for pair in Loop("", "", around).pairs))
        letter = {"+": "R", "-": "B"}.get(turn, "?")
        counts[letter] += 1
        made.append(Loop(f"{letter}{counts[letter]}", "", around))
    used = {pair: links[pair] for loop in made for pair in loop.pairs}
    return Core(tuple(made), used)


def _cycles(links: Links) -> Iterator[tuple[Ident, ...]]:
    """Yield the shortest way round through each link, begun at its first variable by name."""
    out: dict[Ident, list[Ident]] = {}
    for source, target in links:
        out.setdefault(source, []).append(target)
    for source, target in links:
        before: dict[Ident, Ident] = {target: target}
        waiting = [target]
        while waiting and source not in before:
            node = waiting.pop(0)
            for end in out.get(node, ()):
                if end not in before:
                    before[end] = node
                    waiting.append(end)
        if source not in before or source == target:
            continue
        way = [source]
        while way[-1] != target:
            way.append(before[way[-1]])
        way.reverse()
        first = way.index(min(way))
        yield (*way[first:], *way[:first])

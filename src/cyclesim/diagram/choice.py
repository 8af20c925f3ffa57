"""Which variables a picture shows: what matters, and no more than an eye takes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cyclesim.diagram.signs import joined
from cyclesim.diagram.structure import Form, Influence, Links, Structure, collapsed, sign_of
from cyclesim.names import Ident

MOST_AUXILIARIES = 18
"""Auxiliaries shown unless all are asked for."""


def shown(structure: Structure, wanted: Iterable[Ident] = ()) -> Structure:
    """Return what is worth showing: stocks, flows, and the auxiliaries that tie most together.

    Those `wanted` go before others. Constants are left out, and what has no links.
    """
    every = structure.parts
    kept = {i for i, part in every.items() if part.form is not Form.CONSTANT}
    links = collapsed(_lasting(structure.links), kept)
    tied = {ident for pair in links for ident in pair}
    free = [i for i, part in every.items() if part.form is Form.AUXILIARY]
    kept -= set(free) - tied
    links = _thinned(links, [i for i in free if i in tied], kept, MOST_AUXILIARIES, wanted)
    return limited(structure, kept, links)


def condensed(structure: Structure, most: int) -> Links:
    """Return the links between at most so many variables, the stocks before all others.

    Pipes are links here.
    """
    kept = {i for i, part in structure.parts.items() if part.form is not Form.CONSTANT}
    links = collapsed(_lasting(structure.moves()), kept)
    free = [ident for ident in structure.parts if ident in kept]
    links = _thinned(links, free, kept, most, structure.stocks)
    return {pair: each for pair, each in links.items() if pair[0] != pair[1]}


def _lasting(links: Links) -> Links:
    return {pair: each for pair, each in links.items() if not each.initial}


def _thinned(
    links: Links, free: list[Ident], kept: set[Ident], most: int, wanted: Iterable[Ident]
) -> Links:
    """Take variables out of `free` and `kept` until `most` are left; return the links between.

    One goes first where the links through it that take its place are fewest.
    """
    stay = set(list(dict.fromkeys(wanted))[:most])
    order = {ident: number for number, ident in enumerate(free)}
    while len(free) > most:
        near = _neighbours(links)
        least = min(free, key=lambda i: (i in stay, _growth(near, i), -order[i]))
        free.remove(least)
        kept.discard(least)
        links = _without(links, least, kept)
    return links


def limited(structure: Structure, kept: set[Ident], links: Links) -> Structure:
    """Return a structure with the parts kept and links of its own."""
    piped = {
        (flow, stock)
        for flow, ends in structure.flows.items()
        for stock in (ends.source, ends.target)
    }
    return replace(
        structure,
        parts={i: part for i, part in structure.parts.items() if i in kept},
        links={p: i for p, i in links.items() if p[0] != p[1] and p not in piped},
    )


def _neighbours(links: Links) -> Mapping[Ident, tuple[set[Ident], set[Ident]]]:
    found: dict[Ident, tuple[set[Ident], set[Ident]]] = {}
    for source, target in links:
        found.setdefault(source, (set(), set()))[1].add(target)
        found.setdefault(target, (set(), set()))[0].add(source)
    return found


def _growth(near: Mapping[Ident, tuple[set[Ident], set[Ident]]], ident: Ident) -> int:
    """Return by how many the links grow if this one is left out."""
    before, after = near.get(ident, (set(), set()))
    new = sum(b not in near[a][0] for b in before for a in after if a != b)
    return new - len(before) - len(after)


def _without(links: Links, ident: Ident, kept: set[Ident]) -> Links:
    """Return the links with one variable's taken out and those through it put in."""
    through = {pair: each for pair, each in links.items() if ident in pair}
    rest = {pair: each for pair, each in links.items() if ident not in pair}
    for pair, each in collapsed(through, kept).items():
        if pair[0] == pair[1]:
            continue
        known = rest.get(pair)
        if known is not None:
            slope = each.slope + known.slope
            told = {each.sign, known.sign}
            sign = sign_of(slope) if told == {"+", "-"} else joined(told)
            each = Influence(sign, each.delayed and known.delayed, False, slope)
        rest[pair] = each
    return rest

"""Which variables a picture shows: what matters, and no more than an eye takes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cyclesim.diagram.signs import joined
from cyclesim.diagram.structure import Form, Influence, Links, Structure, collapsed, sign_of
from cyclesim.names import Ident

MOST_AUXILIARIES = 18
"""Auxiliaries shown unless all are asked for."""

MOST_LINKS = 80
"""Links shown, about, unless all are asked for."""


def shown(structure: Structure, wanted: Iterable[Ident] = ()) -> Structure:
    """Return what is worth showing: stocks, flows, and the auxiliaries that tie most together.

    Those `wanted` go before others. Constants are left out, and what has no links. Of links, where
    they are many, those that lead through most of what is left out go first.
    """
    every = structure.parts
    kept = {i for i, part in every.items() if part.form is not Form.CONSTANT}
    links = collapsed(_lasting(structure.links), kept)
    tied = {ident for pair in links for ident in pair}
    free = [i for i, part in every.items() if part.form is Form.AUXILIARY]
    kept -= set(free) - tied
    links = _thinned(links, [i for i in free if i in tied], kept, MOST_AUXILIARIES, wanted)
    part = limited(structure, kept, links)
    main = _nearest(part, structure)
    held = {ident for pair in main for ident in pair}
    parts = {
        ident: each
        for ident, each in part.parts.items()
        if each.form is not Form.AUXILIARY or ident in held
    }
    return replace(part, parts=parts, links=main, fainter=len(part.links) - len(main))


def _nearest(part: Structure, whole: Structure) -> Links:
    """Return the links of a part that pass fewest variables, and one at least into each.

    Taken are all links that pass so many, as long as that makes no more than `MOST_LINKS`.
    """
    passed = _passed(part, whole)
    if len(part.links) <= MOST_LINKS:
        return part.links
    most = max(
        (n for n in set(passed.values()) if sum(p <= n for p in passed.values()) <= MOST_LINKS),
        default=0,
    )
    least: dict[Ident, int] = {}
    for (_, target), count in passed.items():
        least[target] = min(count, least.get(target, count))
    return {
        pair: each for pair, each in part.links.items() if passed[pair] <= max(most, least[pair[1]])
    }


def _passed(part: Structure, whole: Structure) -> dict[tuple[Ident, Ident], int]:
    """Return for each link of a part how many variables left out its shortest way passes."""
    out: dict[Ident, list[Ident]] = {}
    for source, target in _lasting(whole.links):
        out.setdefault(source, []).append(target)
    found: dict[tuple[Ident, Ident], int] = {}
    for source in part.parts:
        front, seen, count = [source], {source}, 0
        while front:
            ends = [end for node in front for end in out.get(node, ()) if end not in seen]
            seen.update(ends)
            for end in ends:
                if (source, end) in part.links:
                    found.setdefault((source, end), count)
            front = [end for end in dict.fromkeys(ends) if end not in part.parts]
            count += 1
    return found


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

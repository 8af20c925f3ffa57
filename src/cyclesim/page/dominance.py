"""Which loop rules when in each scenario, in the few numbers that a page can carry."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.loops import (
    Loop,
    LoopAnalysis,
    Method,
    Named,
    Partition,
    loops,
    names_beside,
)
from cyclesim.analysis.loops.analysis import CANCELLING
from cyclesim.analysis.loops.dominance import HALF
from cyclesim.analysis.loops.parts import STILL
from cyclesim.analysis.loops.words import note_words
from cyclesim.analysis.words import moment
from cyclesim.compiler import FlatModel
from cyclesim.errors import UsageError
from cyclesim.names import Ident, canonical
from cyclesim.page.picture import DrawnLoop, Picture
from cyclesim.results import Results
from cyclesim.scenario.parts import StudyLoops

MOST_LOOPS = 7
"""Loops of a scenario that the strip tells apart."""

_SMALL = 0.03
"""A loop whose mean share is below this is not told apart, unless it once has a tenth."""


@dataclass(frozen=True)
class Told:
    """A loop that the strip of at least one scenario shows.

    `links` are ids of the picture's links that it runs along; `story` is its way in words.
    """

    name: str
    mark: str
    story: str
    links: tuple[str, ...]
    badge: str = ""


@dataclass(frozen=True)
class Strip:
    """The shares of loops over a run: `shares` are per cent, signed, (interval,) by loop.

    `phases` are (start, end, places of loops, share). `words` says in sentences which loop ruled
    when; `silent` is why nothing can be said, empty where something can. `named` are the loops
    with names of a model that is seen through a few stocks, as (mark and name, share of one
    another, signed), and `beside` says what such shares are worth.
    """

    shares: Mapping[int, str]
    phases: tuple[tuple[float, float, tuple[int, ...], float], ...]
    words: tuple[str, ...]
    silent: str = ""
    named: tuple[tuple[str, float], ...] = ()
    beside: str = ""


def strips(
    runs: Sequence[Results],
    headline: Ident,
    picture: Picture | None,
    wanted: StudyLoops | None = None,
) -> tuple[tuple[Told, ...], tuple[Strip, ...]]:
    """Return the loops that rule in some runs, and for each run how much and when.

    They bear the names of the README beside the model and those that a study has `wanted`, and are
    seen through the stocks that it names. Loops are compared among stocks that all reach one
    another: in the largest such group that moves and that the headline follows from.
    """
    told: dict[str, tuple[int, Told]] = {}
    made: list[Strip] = []
    causes: frozenset[Ident] | None = None
    asked = wanted or StudyLoops()
    for results in runs:
        causes = causes if causes is not None else upstream(results.flat, headline)
        try:
            names = names_beside(results.flat.path, results.flat)
            own = tuple(Named(name, chain) for name, chain in asked.names)
            found = loops(results, (*names, *own), through=asked.through)
        except UsageError as error:
            made.append(_silent(f"Loops are not scored here: {error}"))
            continue
        made.append(_strip(found, causes, told, picture))
    return tuple(each for _, each in told.values()), tuple(made)


def upstream(flat: FlatModel, ident: Ident) -> frozenset[Ident]:
    """Return all that a variable follows from, itself included."""
    needs: dict[Ident, set[Ident]] = {variable.ident: set() for variable in flat.variables}
    for statement in (*flat.constants, *flat.steps):
        for each in statement.assignments:
            needs[each.ident].update(need for piece in each.pieces for need in piece.symbols)
    for level in flat.levels:
        needs[level.ident].update((*level.inflows, *level.outflows))
    for memory in flat.memories:
        needs[memory.ident].update(need for piece in memory.update for need in piece.symbols)
    for ring in flat.buffers:
        pieces = (*ring.input, *ring.delay)
        needs[ring.ident].update(need for piece in pieces for need in piece.symbols)
    found: set[Ident] = set()
    waiting = [ident]
    while waiting:
        cause = waiting.pop()
        if cause not in found:
            found.add(cause)
            waiting += needs.get(cause, set())
    return frozenset(found)


def _silent(words: str) -> Strip:
    return Strip({}, (), (words,), words)


def _strip(
    found: LoopAnalysis,
    causes: frozenset[Ident],
    told: dict[str, tuple[int, Told]],
    picture: Picture | None,
) -> Strip:
    moving = [
        partition
        for partition in found.partitions
        if partition.moved >= STILL
        and any(canonical(name.partition("[")[0]) in causes for name in partition.stocks)
    ]
    if not moving:
        return _silent("Nothing on a feedback loop moves in this run.")
    partition = moving[0]
    listed = found.of(partition.number)
    if partition.loops < 2 or not listed:
        return _silent(
            f"Its {len(partition.stocks)} stocks are tied by too many loops to be told apart, so "
            "that no loop is named."
            if len(partition.stocks) > 1
            else "There is one loop only, and nothing that it could be held against."
        )
    if partition.method is not Method.FOLDED and _net(partition) < CANCELLING:
        return _silent("Its loops cancel one another, so that single ones say little.")
    chosen = [x for x in listed if x.importance >= _SMALL or x.peak >= 0.1][:MOST_LOOPS]
    ruling = {mark for phase in partition.phases for mark in phase.loops}
    chosen += [loop for loop in listed if loop.mark in ruling and loop not in chosen]
    places: dict[str, int] = {}
    for loop in chosen:
        key = canonical(loop.name)
        told.setdefault(key, (len(told), _told(loop, picture)))
        places[loop.mark] = told[key][0]
    shares = {places[loop.mark]: _packed(loop.relative) for loop in chosen}
    phases = tuple(
        (phase.start, phase.end, tuple(places[mark] for mark in phase.loops), phase.share)
        for phase in partition.phases
    )
    named = {mark: told_of(told, place) for mark, place in places.items()}
    words = (*_sentences(found, partition, named), *_scope(partition))
    return Strip(shares, phases, words, "", *_by_name(found, partition))


def _by_name(
    found: LoopAnalysis, partition: Partition
) -> tuple[tuple[tuple[str, float], ...], str]:
    """Return the loops with names of a partition seen through a few stocks, and what they are."""
    for again in found.by_name:
        listed = [loop for loop in found.of(again.number) if loop.members]
        if again.stocks == partition.stocks and listed:
            drawn = tuple(
                (f"{loop.mark} \u2018{loop.name}\u2019", round(_signed(loop), 4)) for loop in listed
            )
            return drawn, " ".join(f"{note[:1].upper()}{note[1:]}" for note in again.notes)
    return (), ""


def _signed(loop: Loop) -> float:
    """Return the importance of a loop with the sign that it has on the whole."""
    return math.copysign(loop.importance, float(loop.relative.sum()))


def _net(partition: Partition) -> float:
    """Return what is left of all loops together, on average while anything moves."""
    sizes = np.abs(partition.net)
    return float(sizes[sizes > 0].mean()) if (sizes > 0).any() else 1.0


def _scope(partition: Partition) -> Iterator[str]:
    """Yield what was compared, and what a reader of the shares has to know."""
    among = partition.through or partition.stocks
    rest = f" and {len(among) - 4} more" if len(among) > 4 else ""
    yield f"Compared: {partition.loops:,} loops among {', '.join(among[:4])}{rest}."
    for note in partition.notes:
        told = note_words(note)
        yield f"{told[:1].upper()}{told[1:]}"


def told_of(told: Mapping[str, tuple[int, Told]], place: int) -> Told:
    """Return the loop at a place."""
    return next(each for at, each in told.values() if at == place)


def _packed(relative: np.ndarray) -> str:
    """Return signed shares as per cent in one byte each, in base 64."""
    whole = np.nan_to_num(np.asarray(relative, dtype=float))
    cents = np.clip(np.rint(100 * whole), -100, 100).astype(np.int8)
    return base64.b64encode(cents.tobytes()).decode("ascii")


def _sentences(
    found: LoopAnalysis, partition: Partition, loops_told: Mapping[str, Told]
) -> Iterator[str]:
    units = found.time_units
    for phase in partition.phases[:8]:
        span = f"From {moment(phase.start, units)} to {moment(phase.end, units)}"
        if not phase.loops:
            yield f"{span} nothing moves, or no few loops describe half of the change."
            continue
        names = [f"{loops_told[m].mark} '{loops_told[m].name}'".strip() for m in phase.loops]
        kind = "reinforcing" if phase.share > 0 else "balancing"
        share = f"{100 * abs(phase.share):.0f} % of the change"
        if len(names) == 1:
            verb = "carries" if abs(phase.share) >= HALF else "leads with"
            yield f"{span} {names[0]} ({kind}) {verb} {share}."
        else:
            rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
            verb = "together carry" if abs(phase.share) >= HALF else "lead with"
            yield f"{span} {', '.join(names[:3])}{rest} ({kind}) {verb} {share}."
    if len(partition.phases) > 8:
        yield f"Then {len(partition.phases) - 8} more phases."


def _told(loop: Loop, picture: Picture | None) -> Told:
    badge = _badge(loop, picture)
    around = badge.around if badge is not None else tuple(_without_element(loop.variables))
    links = _links(around, picture)
    name = badge.name if badge is not None else loop.name
    mark = badge.mark if badge is not None else ""
    return Told(name, mark, _story(around, picture), links, badge.id if badge else "")


def _badge(loop: Loop, picture: Picture | None) -> DrawnLoop | None:
    drawn = picture.loops if picture is not None else ()
    return next((each for each in drawn if canonical(each.name) == canonical(loop.name)), None)


def _without_element(names: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(name.partition("[")[0] for name in names)


def _links(around: Sequence[str], picture: Picture | None) -> tuple[str, ...]:
    """Return the links of the picture along a loop, past variables that it leaves out."""
    if picture is None:
        return ()
    shown = [ident for ident in map(canonical, around) if ident in picture.names]
    pairs = set(zip(shown, (*shown[1:], *shown[:1]), strict=True))
    return tuple(link.id for link in picture.links if (link.source, link.target) in pairs)


def _story(around: Sequence[str], picture: Picture | None) -> str:
    """Return a loop's way in words: what moves what, in which direction, and back."""
    idents = [canonical(name) for name in around]
    signs = {(x.source, x.target): x.sign for x in picture.links} if picture is not None else {}
    chain: Sequence[tuple[Ident, Ident]] = list(
        zip(idents, (*idents[1:], *idents[:1]), strict=True)
    )
    if not around:
        return ""
    if not all(signs.get(pair) in ("+", "-") for pair in chain):
        return " \u2192 ".join((*around, around[0]))
    up = True
    steps = [f"More of \u2018{around[0]}\u2019"]
    for pair, name in zip(chain, (*around[1:], around[0]), strict=True):
        up = up == (signs[pair] == "+")
        steps.append(f"{'more' if up else 'less'} of \u2018{name}\u2019")
    end = (
        "so that any move feeds itself, for better or for worse."
        if up
        else "so that any move is held back."
    )
    return f"{', '.join(steps)}: {end}"

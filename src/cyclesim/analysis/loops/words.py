"""What an analysis of loops says, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cyclesim.analysis.loops.dominance import HALF
from cyclesim.analysis.loops.parts import STILL, Loop, LoopAnalysis, Method, Partition, Phase
from cyclesim.names import displayed

MOST_LOOPS = 6
"""Loops of a partition whose way is spelt out; the tables have all that are listed."""

MOST_PARTITIONS = 3
"""Partitions that are told in full."""

MOST_PHASES = 12
"""Phases of a partition that are told; the tables have all."""

_EVEN = 0.01
"""Two loops hold each other in balance where they differ by no more than this share of either."""

_SMALL = 0.005
"""A loop below this importance is not spelt out."""


def sentences(analysis: LoopAnalysis) -> Iterator[str]:
    """Yield the analysis line by line: the phases of each partition, then its loops."""
    if not analysis.partitions:
        yield f"'{analysis.model}' has no feedback loop."
        return
    if all(partition.moved < STILL for partition in analysis.partitions):
        yield (
            f"'{analysis.model}' is at rest in this run, and loops tell nothing of what does not "
            "move. Change something: --set, or a scenario of a study."
        )
        return
    for partition in analysis.partitions[:MOST_PARTITIONS]:
        if partition.number > 1:
            yield ""
        yield from _partition(analysis, partition)
        for again in analysis.by_name:
            if again.stocks == partition.stocks and partition.moved >= STILL:
                yield from _by_name(analysis, again)
    left = len(analysis.partitions) - MOST_PARTITIONS
    if left > 0:
        yield ""
        smaller = "partition is" if left == 1 else "partitions are"
        yield f"{left} smaller {smaller} not told here; --out and --json give all."
    for note in analysis.notes:
        yield f"Note: {note}"


def note_words(note: str, what: str = "This part of the model") -> str:
    """Return a note of a network with its subject, `what` it is of, where it lacks one."""
    if note.startswith("it "):
        return f"{what} {note.removeprefix('it ')}"
    if note.startswith("seen "):
        return f"{what} is {note}"
    return note


def _partition(analysis: LoopAnalysis, partition: Partition) -> Iterator[str]:
    if partition.moved < STILL:
        yield f"At rest in this run: {_several(partition.stocks)}."
        return
    loops = analysis.of(partition.number)
    if not any(loop.members for loop in loops):
        yield (
            f"No loop through {_several(partition.stocks)} is active in this run: what flows into "
            "and out of them never changes."
        )
        yield from (f"  Note: {note_words(note)}" for note in partition.notes)
        return
    yield f"{_head(partition)}:"
    for phase in partition.phases[:MOST_PHASES]:
        yield f"  {phase_words(analysis, phase)}"
    if len(partition.phases) > MOST_PHASES:
        yield f"  and {len(partition.phases) - MOST_PHASES} more phases."
    told = [loop for loop in loops if loop.importance >= _SMALL][:MOST_LOOPS]
    for loop in told:
        yield f"  {loop_words(loop)}"
    if len(told) < len(loops):
        left = len(loops) - len(told)
        yield f"  {left} more {'is' if left == 1 else 'are'} listed with --out or --json."
    for note in partition.notes:
        yield f"  Note: {note_words(note)}"


def _by_name(analysis: LoopAnalysis, partition: Partition) -> Iterator[str]:
    """Yield the named loops of a partition that is seen through a few stocks."""
    listed = [loop for loop in analysis.of(partition.number) if loop.members]
    names = "loop that bears a name" if len(listed) == 1 else "loops that bear names"
    yield f"{len(listed)} {names}, past whatever stocks:"
    for loop in listed:
        size = f"{100 * loop.importance:.2g} %"
        several = f" ({loop.members} loops)" if loop.members > 1 else ""
        yield f"  {loop.mark} '{loop.name}', {loop.polarity.word}, {size} on average{several}"
    for note in partition.notes:
        yield f"  Note: {note_words(note)}"


def _head(partition: Partition) -> str:
    """Return what a partition is: its stocks, and how many loops were compared."""
    count = f"{partition.loops:,} loop{'' if partition.loops == 1 else 's'}"
    if partition.method is Method.FOLDED:
        return f"{count} among {_several(partition.through)}"
    if partition.method is Method.NAMED:
        bear = "bears a name" if partition.loops == 1 else "bear names"
        count = f"{count} that {bear}, in shares of one another,"
    return f"{count} through {_several(partition.stocks)}"


def phase_words(analysis: LoopAnalysis, phase: Phase) -> str:
    """Return what dominates in a phase: 'Weeks 10 to 74: 'X' (reinforcing) carries 61 % ...'."""
    span = f"{_times(analysis.time_units)} {phase.start:g} to {phase.end:g}"
    if not phase.loops:
        return f"{span}: nothing moves, or no few loops describe half of the change."
    loops = [analysis[mark] for mark in phase.loops]
    other = _counterpart(analysis, phase, loops[0]) if len(loops) == 1 else None
    if other is not None:
        both = (f"{x.mark} '{x.name}' ({x.polarity.word})" for x in (loops[0], other))
        return f"{span}: {' and '.join(both)} hold each other in balance."
    share = f"{100 * abs(phase.share):.0f} % of the change"
    # Less than half: others take turns with them, each for a time too short to be told.
    whole = abs(phase.share) >= HALF
    if len(loops) == 1:
        loop = loops[0]
        verb = "carries" if whole else "leads with"
        words = f"{span}: {loop.mark} '{loop.name}' ({loop.polarity.word}) {verb} {share}"
    else:
        kind = "reinforcing" if phase.share > 0 else "balancing"
        verb = "together carry" if whole else "lead with"
        words = f"{span}: {', '.join(phase.loops)} ({kind}) {verb} {share}"
    if phase.shift is None:
        return f"{words}."
    shift = phase.shift
    before, after = (f"{100 * abs(part):.0f} %" for part in (shift.before, shift.after))
    return (
        f"{words}; the shift lies in '{shift.cause}' -> '{shift.effect}', "
        f"{before} of what moves the latter before and {after} after."
    )


def _counterpart(analysis: LoopAnalysis, phase: Phase, loop: Loop) -> Loop | None:
    """Return the loop that takes all along a phase what another adds; None where none does."""
    inside = (analysis.time >= phase.start) & (analysis.time < phase.end)
    own = loop.relative[inside]
    size = float(np.abs(own).mean()) if own.size else 0.0
    for each in analysis.of(loop.partition):
        if size > 0 and float(np.abs(each.relative[inside] + own).mean()) <= _EVEN * size:
            return each
    return None


def loop_words(loop: Loop) -> str:
    """Return what a loop is: its mark, kind, importance and the way it takes."""
    kind = loop.polarity.word
    way = " -> ".join((*loop.variables, loop.variables[0]) if loop.variables else ())
    name = f" '{loop.name}'" if loop.given else ""
    several = f" ({loop.members} loops, the strongest shown)" if loop.members > 1 else ""
    direct = f", {100 * loop.direct:.0f} % of it directly" if loop.direct != 1 else ""
    size = f"{100 * loop.importance:.0f} % on average{direct}"
    return f"{loop.mark}{name}, {kind}, {size}{several}: {way}"


def _several(names: tuple[str, ...]) -> str:
    if len(names) <= 4:
        return ", ".join(names)
    return f"{', '.join(names[:3])} and {len(names) - 3} more stocks"


def _times(units: str) -> str:
    """Return the unit of time at the head of a sentence: 'Weeks'."""
    name = displayed(units).strip().lower() or "time"
    plural = name if name.endswith("s") or name == "time" else f"{name}s"
    return plural[:1].upper() + plural[1:]

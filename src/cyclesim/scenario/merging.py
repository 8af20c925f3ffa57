"""Scenarios that extend others, merged: each layer once, ancestors first, the last one wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cyclesim.compiler.dimensions import boxes
from cyclesim.names import Ident
from cyclesim.scenario.changes import Written
from cyclesim.scenario.coverage import laid_over, overlapping
from cyclesim.scenario.parts import Event


@dataclass(frozen=True)
class Layer:
    """What one scenario adds to those it extends; `initial` holds its own numbers."""

    name: str
    extends: tuple[str, ...] = ()
    start: str | None = None
    initial: Mapping[Ident, float] = field(default_factory=dict)
    recompute: bool = False
    changes: tuple[Written, ...] = ()
    change_from: float | None = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Merged:
    """A scenario with all it extends; each change with when it takes effect, None where unsaid.

    `change_from` is when a change takes effect that a layer on top of it would add.
    """

    start: str | None
    initial: Mapping[Ident, float]
    recompute: bool
    changes: tuple[tuple[Written, float | None], ...]
    events: tuple[Event, ...]
    change_from: float | None = None


def chains(extends: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return each circle of scenarios that extend one another, its first name again at the end."""
    found: dict[frozenset[str], tuple[str, ...]] = {}
    done: set[str] = set()
    for first in extends:
        way: list[tuple[str, list[str]]] = [(first, list(extends[first]))]
        while way:
            name, left = way[-1]
            if not left:
                done.add(name)
                way.pop()
                continue
            following = left.pop(0)
            names = [step[0] for step in way]
            if following in names:
                circle = names[names.index(following) :]
                found.setdefault(frozenset(circle), (*circle, following))
            elif following in extends and following not in done:
                way.append((following, list(extends[following])))
    return tuple(found.values())


def lineage(name: str, extends: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return a scenario after all it extends, each once and each after its own ancestors.

    A common ancestor comes before all who extend it, so that what one of them changed is not
    undone by another that only inherited it. There must be no circles.
    """
    order: dict[str, None] = {}
    for parent in extends.get(name, ()):
        order.update(dict.fromkeys(lineage(parent, extends)))
    order[name] = None
    return tuple(order)


def merged(name: str, layers: Mapping[str, Layer]) -> Merged:
    """Return a scenario with all it extends.

    `change_from` of a layer moves its own changes and those it inherits, not those of a layer
    beside it.
    """
    extends = {layer.name: layer.extends for layer in layers.values()}
    start: str | None = None
    initial: dict[Ident, float] = {}
    recompute = False
    changes: list[tuple[Written, float | None, str]] = []
    events: dict[Event, None] = {}
    times: dict[str, float | None] = {}
    for layer in (layers[part] for part in lineage(name, extends)):
        above = lineage(layer.name, extends)[:-1]
        inherited = [times[part] for part in above if times[part] is not None]
        times[layer.name] = layer.change_from
        if layer.change_from is None and inherited:
            times[layer.name] = inherited[-1]
        if layer.change_from is not None:
            changes = [(w, layer.change_from if own in above else t, own) for w, t, own in changes]
        own = [(written, times[layer.name], layer.name) for written in layer.changes]
        changes = [*_left(changes, layer.changes), *own]
        start = layer.start or start
        initial = laid_over(initial, layer.initial)
        recompute = recompute or layer.recompute
        events |= dict.fromkeys(layer.events)
    timed = tuple((written, time) for written, time, _ in changes)
    return Merged(start, initial, recompute, timed, tuple(events), times[name])


def _left(
    changes: list[tuple[Written, float | None, str]], later: Sequence[Written]
) -> Iterator[tuple[Written, float | None, str]]:
    """Yield what is left of changes once later ones have taken their variables and elements."""
    for written, time, owner in changes:
        taken = [
            new.selection.box for new in later if overlapping(new.selection, written.selection)
        ]
        if taken:
            before = written.boxes or (written.selection.box,)
            rest = tuple(part for box in before for part in boxes(box, taken))
            if rest:
                yield replace(written, boxes=rest), time, owner
        else:
            yield written, time, owner

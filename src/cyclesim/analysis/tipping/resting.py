"""What is said of equilibria, and of those along a parameter."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from cyclesim.analysis.tipping.branches import Continuation, Special
from cyclesim.analysis.tipping.parts import Equilibria, Equilibrium, Kind
from cyclesim.analysis.words import as_told, moment, number, pair, with_unit


def equilibria_words(found: Equilibria, time_units: str) -> Iterator[str]:
    """Yield the equilibria, or why none were looked for."""
    if found.refused:
        yield f"Not looked for. {found.refused}, so that stocks alone do not say what comes next."
        return
    if not found.found:
        yield f"None was found from {found.starts} starts."
    told = Counter(_equilibrium(each, found, time_units) for each in found.found)
    for text, times in told.items():
        # Along a line of neutral states outputs may be one and stocks are not.
        such = (
            f"; {times} such states were found, which differ in their stocks" if times > 1 else ""
        )
        yield f"{text}{such}."
    if found.frozen_at is not None:
        when = moment(found.frozen_at, time_units)
        yield f"Inputs that move with time stand still as they are in {when}."
    if found.drifting:
        yield f"Left out, since nothing depends on them: {', '.join(found.drifting)}."
    for law in found.conserved:
        total = " + ".join(
            name if abs(w - 1) < 1e-6 else f"{w:.4g} {name}" for name, w in law
        ).replace("+ -", "- ")
        yield f"Never changes, and is held at today's: {total}."


def _equilibrium(each: Equilibrium, found: Equilibria, time_units: str) -> str:
    spans = zip(found.outputs, each.outputs, found.spans, strict=True)
    shown = ", ".join(
        f"{title} {number(as_told(float(value), span))}" for title, value, span in list(spans)[:3]
    )
    unit = time_units.lower().rstrip("s") or "time unit"
    kind = each.kind.value
    pace = ""
    if each.eigenvalues:
        rate = each.eigenvalues[0].real
        if each.kind in (Kind.SADDLE, Kind.UNSTABLE):
            pace = f", a deviation doubles in {number(math.log(2) / rate)} {unit}s"
        elif each.kind is Kind.STABLE:
            pace = f", the slowest deviation halves in {number(math.log(2) / -rate)} {unit}s"
        if abs(each.eigenvalues[0].imag) > 1e-9 * abs(each.eigenvalues[0]):
            pace += f", swinging with a period of {number(_period(each))} {unit}s"
    rough = ""
    if each.kinks:
        rate_of, stock = each.kinks[0]
        rough = (
            f"; not smooth there: '{rate_of}' answers a rise and a fall of '{stock}' differently"
        )
    return f"{kind[:1].upper()}{kind[1:]}: {shown}{pace}{rough}"


def _period(each: Equilibrium) -> float:
    return 2 * math.pi / abs(each.eigenvalues[0].imag)


def continuation_words(found: Continuation) -> Iterator[str]:
    """Yield the folds, Hopf points and branch points along a parameter."""
    limits = f"between {number(found.low)} and {number(found.high)}"
    points = found.points
    if not found.branches:
        yield f"No equilibrium was found along {found.parameter} {limits}."
        return
    if not points:
        yield f"Along {found.parameter} {limits} no equilibria meet: there is no fold."
    for point in points:
        value, today = pair(point.parameter, found.today)
        shown = f"{found.output} {number(point.output)}"
        where = f"at {found.parameter} {with_unit(value, found.units)} (today {today}), {shown}"
        if point.kind is Special.FOLD:
            yield f"Fold {where}: two equilibria meet there and beyond it there is neither."
        elif point.kind is Special.HOPF:
            yield f"Hopf point {where}: swings begin or end there."
        else:
            yield f"Branch point {where}: branches of equilibria cross there."

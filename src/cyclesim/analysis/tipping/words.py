"""What an analysis of tipping points says, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from cyclesim.analysis.tipping.parts import (
    Between,
    Continuation,
    Equilibria,
    Equilibrium,
    Kind,
    Margins,
    Nearest,
    Pulses,
    RegimeMap,
    Rule,
    Special,
    Threshold,
    TippingAnalysis,
    What,
)
from cyclesim.analysis.words import many, moment, number, pair, with_unit

MOST = 5
"""Thresholds told of decisions, of stocks and of everything else; the tables have all."""


def sentences(analysis: TippingAnalysis) -> Iterator[str]:
    """Yield the analysis line by line: the answer first, then where each thing turns."""
    yield answer(analysis)
    rule = analysis.lasting or analysis.rule
    if rule is not None:
        yield rule_words(rule, analysis)
    for heading, lines in sections(analysis):
        yield ""
        yield f"{heading}:"
        yield from (f"  {line}" for line in lines)
    if analysis.notes:
        yield ""
        yield from (f"Note: {note}" for note in analysis.notes)


def sections(analysis: TippingAnalysis) -> Iterator[tuple[str, list[str]]]:
    """Yield each part that found something: its heading and its sentences."""
    units = analysis.time_units
    found = analysis.lasting_margins or analysis.margins
    if found is not None:
        yield from _margin_sections(analysis, found)
    if analysis.between is not None:
        yield "Between a bad and a good start", list(between_words(analysis.between))
    if analysis.pulses:
        tips = found is not None and any(t.tips for t in found.turning)
        yield (
            "The smallest pulse",
            [pulse_words(each, units, tips=tips) for each in analysis.pulses],
        )
    if analysis.equilibria is not None:
        yield "Equilibria", list(equilibria_words(analysis.equilibria, units))
    if analysis.continuation is not None:
        yield "Along a parameter", list(continuation_words(analysis.continuation))
    if analysis.regimes is not None:
        yield "Map", [map_words(analysis.regimes)]


def _margin_sections(analysis: TippingAnalysis, found: Margins) -> Iterator[tuple[str, list[str]]]:
    near = analysis.margins if found is analysis.lasting_margins else None
    for heading, told in grouped(analysis, found).items():
        if told:
            yield heading, [threshold_words(t, found.rule) for t in told[:MOST]]
        if heading == NAMED and near is not None:
            groups = grouped(analysis, near)
            own = [t for head in (DECIDED, NAMED) for t in groups[head]]
            when = moment(near.rule.time, analysis.time_units)
            lines = [threshold_words(t, near.rule) for t in own[:MOST]]
            if own or told or grouped(analysis, found)[DECIDED]:
                none = f"None of them turns '{near.rule.title}' by then."
                yield f"The same, judged at the end of the run ({when})", lines or [none]


DECIDED = "What the study's scenarios decide"
NAMED = "What the study names besides"
STOCKS = "A jump of a stock"
REST = "Everything else, calibration among it, nearest first"


def grouped(analysis: TippingAnalysis, found: Margins) -> dict[str, list[Threshold]]:
    """Return what turns the outcome by who can move it: decisions first, calibration last."""
    groups: dict[str, list[Threshold]] = {DECIDED: [], NAMED: [], STOCKS: [], REST: []}
    for each in found.turning:
        if each.name in analysis.levers or each.what is What.CHANGE:
            groups[DECIDED].append(each)
        elif each.name in analysis.named:
            groups[NAMED].append(each)
        else:
            groups[STOCKS if each.what is What.STOCK else REST].append(each)
    return groups


def answer(analysis: TippingAnalysis) -> str:
    """Return the answer in a sentence or two: is there a tipping point, and how far is it."""
    found = analysis.lasting_margins or analysis.margins
    where = f"'{analysis.scenario}'"
    spread = analysis.scattered
    several = spread is not None and len(spread.groups) > 1
    tipping = [t for t in found.turning if t.tips] if found is not None else []
    line = analysis.between
    if tipping or (several and line is not None and line.shares):
        groups = grouped(analysis, found).values() if found is not None else ()
        nearest = next((t for group in groups for t in group if t.tips), None)
        told = f" {threshold_words(nearest, found.rule)}" if nearest and found else ""
        side = "the good" if found is None or found.rule.is_good else "the bad"
        head = f"There is a tipping point, and {where} stands on {side} side of it."
        if analysis.lasting is None:
            head = f"The outcome turns within the run, and {where} stands on {side} side."
        return f"{head}{told}"
    return f"No tipping point was found from where {where} stands: {_absence(analysis)}."


def _absence(analysis: TippingAnalysis) -> str:
    """Return which tests showed that there is none."""
    shown: list[str] = []
    spread = analysis.scattered
    if spread is not None and len(spread.groups) == 1:
        whole = int(np.isfinite(spread.ends).sum())
        lost = spread.ends.size - whole
        beside = f" ({lost} more left the numbers)" if lost else ""
        shown.append(
            f"{whole} runs from starts all over the stocks' ranges end alike, "
            f"at {number(spread.groups[0][0])}{beside}"
        )
    found = analysis.lasting_margins or analysis.margins
    if found is not None:
        names = {t.name for t in found.thresholds}
        turning = len({t.name for t in found.turning})
        by_degrees = f"; {turning} carry it past the middle by degrees" if turning else ""
        shown.append(
            f"none of {len(names)} stocks and numbers, each moved over its range, turns the "
            f"outcome at once{by_degrees}"
        )
    states = analysis.equilibria
    if states is not None and not states.refused:
        stable = sum(each.kind is Kind.STABLE for each in states.found)
        shown.append(f"{stable} stable equilibri{'um' if stable == 1 else 'a'} found")
    return "; ".join(shown) or "no two runs known end apart"


def rule_words(rule: Rule, analysis: TippingAnalysis) -> str:
    """Return how good and bad are told apart."""
    good, bad = pair(_shown(rule.good, rule), _shown(rule.bad, rule))
    when = moment(rule.time, analysis.time_units)
    settled = "" if rule.settled else "; not all has come to rest by then"
    return (
        f"Good is where '{rule.title}' ends nearer '{rule.good_name}' ({good}) than "
        f"'{rule.bad_name}' ({bad}) in {when}{settled}. As it is, it ends at "
        f"{with_unit(number(rule.today), rule.units)}."
    )


def _shown(value: float, rule: Rule) -> float:
    """Return an end as it is told: what is nothing beside the gap of good and bad is 0."""
    return 0.0 if abs(value) < 1e-6 * rule.gap else value


def threshold_words(found: Threshold, rule: Rule) -> str:
    """Return where the outcome turns: 'Score ends at 2.5 instead of 33.5 once X passes ...'."""
    if found.value is None:
        way = "up" if found.upwards else "down"
        limit = with_unit(number(found.limit), found.units)
        return f"{found.name} may move {way} to {limit}: the outcome does not turn."
    verb = "end" if many(rule.title) else "ends"
    where = f"once {_passing(found, found.value)}"
    again = ""
    if found.crossings > 1:
        again = f" It turns {found.crossings} times on the way; this is the nearest."
    if not math.isfinite(found.before - found.beyond):
        return f"The run leaves the numbers {where}; a smaller dt may keep it.{again}"
    if not found.tips:
        middle = with_unit(number(rule.middle), rule.units)
        return f"{rule.title} {verb} past {middle}, by degrees, {where}.{again}"
    beyond, before = pair(_shown(found.beyond, rule), _shown(found.before, rule))
    return f"{rule.title} {verb} at {beyond} instead of {before} {where}.{again}"


def turning_words(found: Threshold) -> str:
    """Return at which value the outcome turns, whatever the outcome is."""
    if found.value is None:
        limit = with_unit(number(found.limit), found.units)
        return (
            f"The outcome does not turn as {found.name} goes from {number(found.today)} to {limit}."
        )
    how = "at once" if found.tips else "by degrees"
    return f"The outcome turns {how} when {_passing(found, found.value)}."


def _passing(found: Threshold, at: float) -> str:
    value, today = pair(at, found.today)
    passes = "rises above" if found.upwards else "falls below"
    if many(found.name):
        passes = "rise above" if found.upwards else "fall below"
    size = ""
    if found.today != 0:
        per_cent = 100 * (at - found.today) / abs(found.today)
        size = f" ({per_cent:+.{0 if abs(per_cent) >= 9.95 else 1}f} %)"
    return f"{found.name} {passes} {with_unit(value, found.units)}{size}; today: {today}"


def nearest_words(found: Nearest) -> str:
    """Return the nearest tipping point in a sentence, or that there is none in what was tried."""
    rule = found.rule
    when = moment(rule.time, found.time_units)
    horizon = f"in the long run ({when})" if found.lasting else f"in {when}"
    if found.threshold is not None:
        return f"'{found.scenario}', {horizon}: {threshold_words(found.threshold, rule)}"
    tried = [_counted(found.decisions, "number", " that the scenarios change")]
    if found.left_out:
        return (
            f"None of {tried[0]}, moved by itself over its range, tips '{rule.title}' of "
            f"'{found.scenario}' {horizon}. Other numbers take longer: `cyclesim tipping`."
        )
    other = "other stock or number" if found.decisions else "stock or number"
    tried.append(_counted(found.others, other))
    among = " and ".join(each for each in tried if each)
    return (
        f"No tipping point was found from '{found.scenario}': none of {among}, "
        f"moved by itself over its range, turns '{rule.title}' at once {horizon}."
    )


def _counted(count: int, what: str, more: str = "") -> str:
    """Return how many there are: '1 other stock or number'; nothing of none."""
    several = what.replace("stock or", "stocks and") + "s"
    return f"{count} {what if count == 1 else several}{more}" if count else ""


def between_words(line: Between) -> Iterator[str]:
    """Yield where between two starts the outcome turns."""
    if not line.shares:
        ends = np.sort(line.ends)
        low, high = pair(float(ends[0]), float(ends[-1]))
        yield (
            f"All {line.ends.size} starts between {line.bad_start} and {line.good_start} have one "
            f"outcome: '{line.rule.title}' ends between {low} and {high}."
        )
        return
    several = "" if len(line.shares) == 1 else f", the first of {len(line.shares)} turns"
    yield (
        f"It turns {100 * line.shares[0]:.4g} % of the way from {line.bad_start} to "
        f"{line.good_start} (to within {100 * line.within:.2g} %){several}: with "
        f"'{line.rule.title}' at {number(line.output, 3)} at the start."
    )
    if line.halved is not None:
        shown = ", ".join(f"{100 * share:.6g} %" for share in line.halved) or "none"
        yield f"With half the step: {shown}."

    def apart(stock: tuple[str, str | None, float, float, float]) -> float:
        return abs(stock[4] - stock[2]) / (max(abs(stock[4]), abs(stock[2])) or 1.0)

    for stock in sorted(line.stocks, key=apart, reverse=True)[:MOST]:
        least, value, most = stock[2:5]
        if apart(stock) > 0:
            yield (
                f"{stock[0]}: {with_unit(number(value, _decimals(least, most)), stock[1])} at the "
                f"turn, {number(least)} in the bad start and {number(most)} in the good one."
            )


def _decimals(low: float, high: float) -> int:
    span = abs(high - low)
    return max(0, min(8, 2 - math.floor(math.log10(span)))) if span > 0 else 2


def pulse_words(found: Pulses, time_units: str, *, tips: bool = True) -> str:
    """Return the smallest pulses for the shortest, a middle and the longest duration.

    Where nothing `tips` the outcome at once, a pulse carries it past the middle by degrees.
    """
    way = "rise" if found.limit > found.today else "fall"
    verb = "rescues it" if found.rescue else "tips it"
    if not tips:
        when = moment(found.rule.time, time_units)
        verb = f"leaves '{found.rule.title}' past the middle in {when}"
    some = np.flatnonzero(np.isfinite(found.sizes))
    limit = with_unit(number(found.limit), found.units)
    if not some.size:
        return f"No temporary {way} of {found.variable}, as far as {limit}, turns the outcome."
    picked = list(dict.fromkeys((some[0], some[len(some) // 2], some[-1])))
    unit = time_units.lower().rstrip("s") or "time unit"
    told = [
        f"{with_unit(number(abs(float(found.sizes[i]))), found.units)} for "
        f"{found.durations[i]:g} {unit}{'' if found.durations[i] == 1 else 's'}"
        for i in picked
    ]
    never = np.flatnonzero(~np.isfinite(found.sizes))
    shorter = ""
    if never.size and never[-1] < some[0]:
        shorter = (
            f"; none of {found.durations[never[-1]]:g} {unit}s or less does, as far as {limit}"
        )
    when = moment(found.start, time_units)
    today = number(found.today)
    return (
        f"A {way} of {found.variable} (today {today}) from {when} {verb} from a size of "
        f"{', '.join(told)} on{shorter}."
    )


def equilibria_words(found: Equilibria, time_units: str) -> Iterator[str]:
    """Yield the equilibria, or why none were looked for."""
    if found.refused:
        yield f"Not looked for. {found.refused}, so that stocks alone do not say what comes next."
        return
    if not found.found:
        yield f"None was found from {found.starts} starts."
    for each in found.found:
        yield _equilibrium(each, found, time_units)
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
    shown = ", ".join(
        f"{title} {number(float(value))}"
        for title, value in list(zip(found.outputs, each.outputs, strict=True))[:3]
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
    return f"{kind[:1].upper()}{kind[1:]}: {shown}{pace}{rough}."


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


def map_words(found: RegimeMap) -> str:
    """Return how a map turned out."""
    share = found.good.mean()
    both = f"{found.names[0]} and {found.names[1]}"
    if not len(found.edge):
        what = "good" if share == 1 else "bad"
        return f"Over {both} the outcome is {what} all over what was looked at."
    return (
        f"Over {both} good and bad meet along a line of {len(found.edge)} points, each to within "
        f"{100 * found.within:.2g} % of the map; {found.good.size} runs."
    )

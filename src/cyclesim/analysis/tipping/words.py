"""What an analysis of tipping points says, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cyclesim.analysis.tipping.parts import (
    Between,
    Kind,
    Margins,
    Nearest,
    Pulses,
    RegimeMap,
    Rule,
    Threshold,
    TippingAnalysis,
    What,
)
from cyclesim.analysis.tipping.resting import continuation_words, equilibria_words
from cyclesim.analysis.words import as_told, many, moment, number, pair, with_unit

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
        between = analysis.between
        own = between.rule.variable
        stocks = tuple(
            (stock[0] if stock[0] == own else analysis.titled(stock[0]), *stock[1:])
            for stock in between.stocks
        )
        yield "Between a bad and a good start", list(between_words(replace(between, stocks=stocks)))
    if analysis.pulses:
        tips = found is not None and any(t.tips for t in found.turning)
        yield (
            "The smallest pulse",
            [
                pulse_words(replace(p, variable=analysis.titled(p.variable)), units, tips=tips)
                for p in analysis.pulses
            ],
        )
    if analysis.equilibria is not None:
        yield "Equilibria", list(equilibria_words(analysis.equilibria, units))
    if analysis.continuation is not None:
        along = analysis.continuation
        along = replace(along, parameter=analysis.titled(along.parameter),
                        output=analysis.titled(along.output))  # fmt: skip
        yield "Along a parameter", list(continuation_words(along))
    if analysis.regimes is not None:
        x, y = analysis.regimes.names
        names = (analysis.titled(x), analysis.titled(y))
        yield "Map", [map_words(replace(analysis.regimes, names=names))]


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
        lost = len({t.name for t in found.turning if t.breaks_off})
        turning = len({t.name for t in found.turning if not t.breaks_off})
        by_degrees = f"; {turning} carry it past the middle by degrees" if turning else ""
        by_degrees += f"; with {lost} the run breaks off" if lost else ""
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
    good, bad = pair(as_told(rule.good, rule.gap), as_told(rule.bad, rule.gap))
    when = moment(rule.time, analysis.time_units)
    settled = "" if rule.settled else "; not all has come to rest by then"
    return (
        f"Good is where '{rule.title}' ends nearer '{rule.good_name}' ({good}) than "
        f"'{rule.bad_name}' ({bad}) in {when}{settled}. As it is, it ends at "
        f"{with_unit(number(as_told(rule.today, rule.gap)), rule.units)}."
    )


def threshold_words(found: Threshold, rule: Rule) -> str:
    """Return where the outcome turns: 'Score ends at 2.5 instead of 33.5 once X passes ...'."""
    if found.value is None:
        way = "up" if found.upwards else "down"
        limit = with_unit(number(found.limit), found.units)
        return f"{found.title} may move {way} to {limit}: the outcome does not turn."
    verb = "end" if many(rule.title) else "ends"
    where = f"once {_passing(found, found.value)}"
    again = ""
    if found.crossings > 1:
        again = f" It turns {found.crossings} times on the way; this is the nearest."
    if found.breaks_off:
        return f"The run breaks off {where}; a smaller dt may keep it.{again}"
    if not found.tips:
        middle = with_unit(number(rule.middle), rule.units)
        return f"{rule.title} {verb} past {middle}, by degrees, {where}.{again}"
    beyond, before = pair(as_told(found.beyond, rule.gap), as_told(found.before, rule.gap))
    return f"{rule.title} {verb} at {beyond} instead of {before} {where}.{again}"


def turning_words(found: Threshold) -> str:
    """Return at which value the outcome turns, whatever the outcome is."""
    if found.value is None:
        limit = with_unit(number(found.limit), found.units)
        way = f"from {number(found.today)} to {limit}"
        return f"The outcome does not turn as {found.title} goes {way}."
    when = f"when {_passing(found, found.value)}"
    if found.breaks_off:
        return f"The run breaks off {when}."
    return f"The outcome turns {found.how} {when}."


def _passing(found: Threshold, at: float) -> str:
    value, today = pair(at, found.today)
    passes = "rises above" if found.upwards else "falls below"
    if not found.label and many(found.name):
        passes = "rise above" if found.upwards else "fall below"
    size = ""
    if found.today != 0:
        per_cent = 100 * (at - found.today) / abs(found.today)
        size = f" ({per_cent:+.{0 if abs(per_cent) >= 9.95 else 1}f} %)"
    return f"{found.title} {passes} {with_unit(value, found.units)}{size}; today: {today}"


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
    # Where the outcome is a stock itself, it is told once.
    own = next((stock for stock in line.stocks if stock[0] == line.rule.variable), None)
    decimals = None if own is None else _decimals(own[2], own[4])
    several = "" if len(line.shares) == 1 else f", the first of {len(line.shares)} turns"
    yield (
        f"It turns {100 * line.shares[0]:.4g} % of the way from {line.bad_start} to "
        f"{line.good_start} (to within {100 * line.within:.2g} %){several}: with "
        f"'{line.rule.title}' at {number(line.output, decimals)} at the start."
    )
    if line.halved is not None:
        shown = ", ".join(f"{100 * share:.6g} %" for share in line.halved) or "none"
        yield f"With half the step: {shown}."

    def apart(stock: tuple[str, str | None, float, float, float]) -> float:
        return abs(stock[4] - stock[2]) / (max(abs(stock[4]), abs(stock[2])) or 1.0)

    for stock in sorted(line.stocks, key=apart, reverse=True)[:MOST]:
        least, value, most = stock[2:5]
        if apart(stock) > 0 and stock is not own:
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
    ended = np.isfinite(found.sizes)
    some, lost = np.flatnonzero(ended & ~found.breaks_off), np.flatnonzero(found.breaks_off)
    limit = with_unit(number(found.limit), found.units)
    if not ended.any():
        return f"No temporary {way} of {found.variable}, as far as {limit}, turns the outcome."
    unit = time_units.lower().rstrip("s") or "time unit"
    never = np.flatnonzero(~ended)
    shorter = ""
    if some.size and never.size and never[-1] < some[0]:
        shorter = (
            f"; none of {found.durations[never[-1]]:g} {unit}s or less does, as far as {limit}"
        )
    told = []
    if some.size:
        told.append(f"{verb} from a size of {_sizes(found, some, unit)} on{shorter}")
    if lost.size:
        told.append(f"makes the run break off from a size of {_sizes(found, lost, unit)} on")
    when = moment(found.start, time_units)
    head = f"A {way} of {found.variable} (today {number(found.today)}) from {when}"
    less = "; a smaller dt may keep the run" if lost.size else ""
    return f"{head} {', and '.join(told)}{less}."


def _sizes(found: Pulses, places: np.ndarray, unit: str) -> str:
    """Return the sizes for the shortest, a middle and the longest of some durations."""
    picked = dict.fromkeys((places[0], places[len(places) // 2], places[-1]))
    return ", ".join(
        f"{with_unit(number(abs(float(found.sizes[i]))), found.units)} for "
        f"{found.durations[i]:g} {unit}{'' if found.durations[i] == 1 else 's'}"
        for i in picked
    )


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

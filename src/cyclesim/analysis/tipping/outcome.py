"""Which outcome is good and which bad: a headline variable, and two runs that end apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cyclesim.analysis.tipping.parts import Rule
from cyclesim.analysis.tipping.today import Today, stand
from cyclesim.compiler import selected
from cyclesim.errors import UsageError
from cyclesim.results import Results
from cyclesim.scenario.parts import Direction, Output, Scenario, Study

APART = 0.02
"""Ends that differ by less than this share of their size are one outcome."""

LONGEST = 16
"""How many times the study's own run is looked at for what lasts."""

LEAST = 4
"""How many times at least: what lies near a fold moves slowly."""

_AT_REST = 0.01


@dataclass(frozen=True)
class Contrast:
    """Two scenarios that end apart in an output.

    `near` judges at the study's horizon, `lasting` when both have settled, None where they come
    to the same in the end; `span` is how long that takes.
    """

    output: Output
    good: Scenario
    bad: Scenario
    near: Rule
    lasting: Rule | None


class NoContrast(Exception):
    """All runs known end alike; the text says so."""


def headline(study: Study, name: str | None = None) -> Output:
    """Return the output that judges: the one named, or the first with a good direction.

    Raises UsageError where the study has no such output.
    """
    wished = study.tipping.outcome if study.tipping is not None else None
    for output in study.outputs:
        if name is not None and output.variable.name.casefold() == name.casefold():
            return output
    if name is not None:
        known = ", ".join(output.variable.name for output in study.outputs)
        raise UsageError(f"'{name}' is no output of the study. Its outputs are {known}.")
    if wished is not None:
        return wished
    for output in study.outputs:
        if output.good is not Direction.NEITHER:
            return output
    return study.outputs[0]


def levers(study: Study) -> tuple[str, ...]:
    """Return the constants that scenarios of a study change: what the organisation can decide."""
    names = [c.variable.name for s in study.scenarios for c in s.changes]
    return tuple(dict.fromkeys(names))


def labels(study: Study) -> dict[str, str]:
    """Return what a study calls its levers and outputs, by name, where that is another."""
    flat = study.model.flat
    found = {selected(flat, each.ident).variable.name: each.label for each in study.ui.levers}
    found |= {output.variable.name: output.title for output in study.outputs}
    return {name: label for name, label in found.items() if label and label != name}


def named_besides(study: Study) -> tuple[str, ...]:
    """Return what a study names that no scenario changes: its page's levers, and its tipping's."""
    flat = study.model.flat
    names = [selected(flat, each.ident).variable.name for each in study.ui.levers]
    wish = study.tipping
    if wish is not None:
        asked = (wish.parameter, *(wish.map or ()), wish.pulse)
        names += [variable.name for variable in asked if variable is not None]
    own = levers(study)
    return tuple(dict.fromkeys(name for name in names if name not in own))


def contrast(
    today: Today,
    *,
    outcome: str | None = None,
    ends: Mapping[str, Results] | None = None,
    lasting: bool = True,
) -> Contrast:
    """Return good and bad of a study: as it says, else the scenarios that end best and worst.

    `ends` are results of its scenarios where they have been run. Raises NoContrast where all end
    within 2 % of one another.
    """
    study, output = today.study, headline(today.study, outcome)
    time = _time(study)
    known = dict(ends or {})
    sign = -1.0 if output.good is Direction.DOWN else 1.0
    reached = {s.name: _end(today, s, output, time, known) for s in _candidates(today)}
    chosen = {s.name: s for s in _candidates(today)}
    finite = {name: end for name, end in reached.items() if np.isfinite(end)}
    if not finite:
        raise NoContrast("no scenario of the study reaches its end.")
    wish = study.tipping
    order = sorted(finite, key=lambda name: sign * finite[name])
    good = wish.good.name if wish is not None and wish.good is not None else order[-1]
    bad = wish.bad.name if wish is not None and wish.bad is not None else order[0]
    own = reached[today.scenario.name]
    rule = _rule(
        output, time, (chosen[good], reached[good]), (chosen[bad], reached[bad]), own, True
    )
    if rule.gap <= APART * max(abs(rule.good), abs(rule.bad)) or not np.isfinite(rule.gap):
        raise NoContrast(
            f"all scenarios of the study end within {APART:.0%} of one another in '{output.title}'."
        )
    last = _lasting(today, output, chosen[good], chosen[bad], rule) if lasting else None
    return Contrast(output, chosen[good], chosen[bad], rule, last)


def _candidates(today: Today) -> Iterator[Scenario]:
    study = today.study
    wish = study.tipping
    both = wish is not None and wish.good is not None and wish.bad is not None
    named = {s.name: s for s in (() if both else study.scenarios)}
    if wish is not None:
        named |= {s.name: s for s in (wish.good, wish.bad) if s is not None}
    yield from (named | {today.scenario.name: today.scenario}).values()


def _time(study: Study) -> float:
    wish = study.tipping
    return float(study.specs.stop) if wish is None or wish.at is None else wish.at


def _end(
    today: Today, scenario: Scenario, output: Output, time: float, known: Mapping[str, Results]
) -> float:
    results = known.get(scenario.name)
    if results is None:
        return float(_course(today, scenario, output, Fraction(str(time)), 1)[-1])
    place = int(np.searchsorted(results.time, time - 1e-9))
    return float(results[output.variable.name][min(place, len(results.time) - 1)])


def _course(
    today: Today, scenario: Scenario, output: Output, stop: Fraction, parts: int
) -> np.ndarray:
    """Return an output of a scenario, run from the study's start, after each of equal parts."""
    whole = scenario is today.scenario and today.start == today.study.specs.start
    standing = today if whole else stand(today.study, scenario)
    values = standing.run(standing.schedule(stop, parts), None, None)
    return np.asarray(values[standing.row(output.variable.name), :, 0])


def _rule(
    output: Output, time: float, good: tuple[Scenario, float], bad: tuple[Scenario, float],
    own: float, settled: bool,
) -> Rule:  # fmt: skip
    return Rule(
        output.variable.name, output.title, output.variable.units, time, good[1], bad[1],
        good[0].title, bad[0].title, own, settled,
    )  # fmt: skip


def _lasting(
    today: Today, output: Output, good: Scenario, bad: Scenario, near: Rule
) -> Rule | None:
    """Return the rule for ever: when good and bad have settled, at the latest after 16 runs."""
    specs = today.study.specs
    length = specs.stop - specs.start
    stop = specs.start + LONGEST * length
    courses = np.array(
        [_course(today, each, output, stop, LONGEST) for each in (good, bad, today.scenario)]
    )
    if not np.isfinite(courses[:2, -1]).all():
        return None
    gap = abs(courses[0, -1] - courses[1, -1])
    if gap <= APART * np.abs(courses[:2, -1]).max() or gap < 0.1 * near.gap:
        return None
    off = np.abs(courses - courses[:, -1:]).max(axis=0) / gap
    multiple = next(n for n in (LEAST, 8, LONGEST) if off[n] <= _AT_REST)
    before = np.abs(courses[:, LONGEST // 2] - courses[:, -1]).max() / gap
    ends = courses[:, multiple]
    return _rule(
        output, float(specs.start + multiple * length), (good, float(ends[0])),
        (bad, float(ends[1])), float(ends[2]), bool(before <= _AT_REST),
    )  # fmt: skip

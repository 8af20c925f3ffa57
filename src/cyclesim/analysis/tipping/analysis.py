"""How far an organisation is from the point of no return: all its parts, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cyclesim.analysis.tipping.between import Start, between, starts_of
from cyclesim.analysis.tipping.branches import Continuation
from cyclesim.analysis.tipping.continuation import continuation
from cyclesim.analysis.tipping.equilibria import equilibria
from cyclesim.analysis.tipping.margins import (
    LASTING_TOLERANCE,
    LASTING_WAY,
    Line,
    lines_of,
    margins,
)
from cyclesim.analysis.tipping.outcome import (
    Contrast,
    NoContrast,
    contrast,
    headline,
    labels,
    levers,
    named_besides,
)
from cyclesim.analysis.tipping.parts import (
    Between,
    Equilibria,
    Margins,
    Pulses,
    RegimeMap,
    Rule,
    Scattered,
    TippingAnalysis,
    What,
)
from cyclesim.analysis.tipping.pulses import pulses
from cyclesim.analysis.tipping.rates import Rates
from cyclesim.analysis.tipping.regimes import regimes
from cyclesim.analysis.tipping.scatter import scattered
from cyclesim.analysis.tipping.today import Today, scenario_named, stand
from cyclesim.compiler import NothingSelected, selected
from cyclesim.ensemble import VariedKind
from cyclesim.errors import UsageError
from cyclesim.names import canonical, did_you_mean
from cyclesim.scenario.parts import Direction, Study

Array = np.ndarray
Progress = Callable[[str], None]

_VISITS = 8


@dataclass(frozen=True)
class Wishes:
    """What to look at, where not the study's own or what is found by itself."""

    scenario: str | None = None
    at: float | None = None
    outcome: str | None = None
    parameter: str | None = None
    map: tuple[str, str] | None = None
    pulse: str | None = None
    check_dt: bool = False


def tipping(
    study: Study, wishes: Wishes | None = None, progress: Progress | None = None
) -> TippingAnalysis:
    """Return how far an organisation is from its point of no return, and how that was found.

    Margins and the map are judged at the study's own horizon and, where good and bad still differ
    then, after both have settled. Raises UsageError for names and times that do not fit.
    """
    wishes = wishes or Wishes()
    say = progress or (lambda _: None)
    scenario = scenario_named(study, wishes.scenario)
    today = stand(study, scenario, wishes.at)
    _refuse_unknown(today, wishes)
    say("comparing scenarios")
    notes = list(today.notes)
    found: Contrast | None = None
    try:
        found = contrast(today, outcome=wishes.outcome)
    except NoContrast as none:
        notes.append(str(none))
    say("running from many starts")
    near, lasting, good, bad, spread, everywhere = _outcomes(today, found, wishes)
    whole = _Whole(today, near, lasting, wishes, say, notes)
    line = None
    if good is not None and bad is not None and near is not None:
        say("bisecting between a good and a bad start")
        line = between(today, lasting or near, good, bad, check_dt=wishes.check_dt)
    own, long = whole.margins(good, bad)
    say("looking for equilibria")
    states, rates = whole.equilibria(good, bad, line, everywhere)
    return TippingAnalysis(
        study.title, study.model.flat.name, scenario.title, study.specs.time_units,
        float(today.start), near, lasting, line, own, long, spread, states,
        whole.branches(states, rates, long or own), whole.map(long or own),
        whole.pulses(long or own), levers(study), named_besides(study), tuple(notes),
        tuple(labels(study).items()),
    )  # fmt: skip


def _refuse_unknown(today: Today, wishes: Wishes) -> None:
    """Refuse what is asked for and is not there, all of it, before anything is run."""
    faults = []
    try:
        headline(today.study, wishes.outcome)
    except UsageError as error:
        faults.append(str(error))
    flat = today.flat
    constants = {v.name for v in today.varied if v.kind is VariedKind.CONSTANT}
    known = {canonical(name) for name in constants}
    asked = (wishes.parameter, *(wishes.map or ()))
    for name in dict.fromkeys(name for name in asked if name is not None):
        if canonical(name) not in known:
            advice = did_you_mean(name, constants) or ""
            faults.append(f"'{name}' is no constant of '{flat.name}' that can vary. {advice}")
    if wishes.pulse is not None:
        try:
            selected(flat, wishes.pulse)
        except NothingSelected as nothing:
            faults.append(str(nothing))
    if faults:
        raise UsageError(" ".join(fault.strip() for fault in faults))


def _outcomes(
    today: Today, found: Contrast | None, wishes: Wishes
) -> tuple[Rule | None, Rule | None, Start | None, Start | None, Scattered, Array]:
    """Return the rules, a good and a bad start, where runs from many starts end, and these."""
    output = found.output if found else headline(today.study, wishes.outcome)
    specs = today.study.specs
    length = float(specs.stop - specs.start)
    time = float(specs.start) + 8 * length
    visited = today.levels[:, None]
    if found is not None:
        good, bad = starts_of(today, found)
        time = found.lasting.time if found.lasting is not None else time
        visited = np.stack((today.levels, good.levels, bad.levels), axis=1)
        gap = (found.lasting or found.near).gap
        spread, starts = scattered(today, output.variable.name, time, visited, gap)
        return found.near, found.lasting, good, bad, spread, starts
    spread, starts = scattered(today, output.variable.name, time, visited)
    if len(spread.groups) < 2:
        return None, None, None, None, spread, starts
    # The scenarios end alike, and other starts do not: the best and the worst of them.
    order = np.argsort(np.where(np.isfinite(spread.ends), spread.ends, np.nan))
    order = order[np.isfinite(spread.ends[order])]
    if output.good is Direction.DOWN:
        order = order[::-1]
    worst, best = int(order[0]), int(order[-1])
    rule = Rule(
        output.variable.name, output.title, output.variable.units, time,
        float(spread.ends[best]), float(spread.ends[worst]), "the best of many starts",
        "the worst of many starts", float(spread.ends[-1]), True,
    )  # fmt: skip
    return (rule, rule, Start("the best of many starts", starts[:, best]),
            Start("the worst of many starts", starts[:, worst]), spread, starts)  # fmt: skip


@dataclass(frozen=True)
class _Whole:
    """The parts of an analysis that hang on the same organisation and rules."""

    today: Today
    near: Rule | None
    lasting: Rule | None
    wishes: Wishes
    say: Progress
    notes: list[str]

    def margins(
        self, good: Start | None, bad: Start | None
    ) -> tuple[Margins | None, Margins | None]:
        if self.near is None:
            return None, None
        self.say("margins within the run")
        starts = [each.levels for each in (good, bad) if each is not None]
        lines = lines_of(self.today, np.stack((self.today.levels, *starts), axis=1))
        own = long = None
        if self.near.time <= float(self.today.study.specs.stop):
            own = margins(self.today, self.near, lines=lines)
        if self.lasting is not None:
            self.say("margins for ever")
            long = margins(self.today, self.lasting, lines=lines, way=LASTING_WAY,
                           tolerance=LASTING_TOLERANCE)  # fmt: skip
            long = self.looked_at_again(lines, own, long)
        return own, long

    def looked_at_again(self, lines: Sequence[Line], own: Margins | None, long: Margins) -> Margins:
        """Return margins for ever, lines that turn within the run alone scanned at more places.

        Few places are looked at for ever, and a turn that is turned back may lie between two.
        """
        pairs = zip(own.thresholds if own is not None else (), long.thresholds, strict=False)
        spots = [
            n for n, (near, far) in enumerate(pairs) if near.value is not None and far.value is None
        ]
        if not spots:
            return long
        again = margins(self.today, long.rule, lines=[lines[n] for n in spots],
                        tolerance=LASTING_TOLERANCE)  # fmt: skip
        found = list(long.thresholds)
        for spot, threshold in zip(spots, again.thresholds, strict=True):
            found[spot] = threshold
        return replace(long, thresholds=tuple(found), runs=long.runs + again.runs)

    def equilibria(
        self, good: Start | None, bad: Start | None, line: Between | None, everywhere: Array
    ) -> tuple[Equilibria, Rates | None]:
        today = self.today
        starts = [today.levels]
        if good is not None and bad is not None:
            starts += [good.levels, bad.levels]
            shares = line.shares if line is not None else ()
            starts += [bad.levels + s * (good.levels - bad.levels) for s in shares]
        specs = today.study.specs
        stop = specs.start + _VISITS * (specs.stop - specs.start)
        # Starts on a threshold pass by the tipping point itself.
        schedule = today.schedule(stop, _VISITS)
        own = len(starts)
        lanes = np.concatenate((np.stack(starts, axis=1), everywhere), axis=1)
        values = today.levels_in(today.run(schedule, lanes, None))
        visited = values[:, :, :own].reshape(len(today.levels), -1)
        reached = np.concatenate((visited, values[:, 1:].reshape(len(values), -1)), axis=1)
        return equilibria(today, visited, reached=reached)

    def branches(
        self, states: Equilibria, rates: Rates | None, found: Margins | None
    ) -> Continuation | None:
        if rates is None:
            return None
        wish = self.today.study.tipping
        named = self.wishes.parameter
        if named is None and wish is not None and wish.parameter is not None:
            named = wish.parameter.name
        named = named or next(iter(self._parameters(found)), None)
        if named is None:
            return None
        self.say(f"following equilibria along '{named}'")
        place = self._place(named)
        low, high = self._limits(place, found, wide=True)
        output = headline(self.today.study, self.wishes.outcome).variable.name
        return continuation(rates, place, low, high, states, output)

    def map(self, found: Margins | None) -> RegimeMap | None:
        rule = self.lasting or self.near
        if rule is None:
            return None
        wish = self.today.study.tipping
        names = self.wishes.map
        if names is None and wish is not None and wish.map is not None:
            names = (wish.map[0].name, wish.map[1].name)
        if names is None:
            known = list(self._parameters(found))
            if len(known) < 2:
                return None
            names = (known[0], known[1])
        self.say(f"mapping '{names[0]}' and '{names[1]}'")
        places = (self._place(names[0]), self._place(names[1]))
        limits = (self._limits(places[0], found), self._limits(places[1], found))
        return regimes(self.today, rule, places, limits)

    def pulses(self, found: Margins | None) -> tuple[Pulses, ...]:
        rule = self.lasting or self.near
        if rule is None:
            return ()
        wish = self.today.study.tipping
        named = self.wishes.pulse
        if named is None and wish is not None and wish.pulse is not None:
            named = wish.pulse.name
        scenario = scenario_named(self.today.study, self.wishes.scenario)
        changed = {change.override.ident for change in scenario.changes}
        if named is None:
            free = (n for n in self._parameters(found) if canonical(n) not in changed)
            named = next(iter(free), None)
        if named is None:
            return ()
        self.say(f"sizing pulses of '{named}'")
        return pulses(self.today, scenario, rule, named)

    def _parameters(self, found: Margins | None) -> list[str]:
        """Return constants worth looking at: those at which the outcome turns, decisions first."""
        turning = found.turning if found is not None else ()
        names = [t.name for t in turning if t.what is What.CONSTANT and t.today != 0]
        study = self.today.study
        own = (*levers(study), *named_besides(study))
        first = [name for name in names if name in own]
        known = {v.name for v in self.today.varied if v.kind is VariedKind.CONSTANT}
        return list(dict.fromkeys((*first, *names, *(n for n in own if n in known))))

    def _place(self, name: str) -> int:
        for place, varied in enumerate(self.today.varied):
            if varied.kind is VariedKind.CONSTANT and canonical(varied.name) == canonical(name):
                return place
        raise UsageError(f"'{name}' is no constant of '{self.today.flat.name}' that can vary.")

    def _limits(
        self, place: int, found: Margins | None, *, wide: bool = False
    ) -> tuple[float, float]:
        """Return what is looked at of a number: twice as far as it turns, within its range."""
        value = float(self.today.numbers[place])
        name = self.today.varied[place].name
        turns = [t for t in (found.turning if found else ()) if t.name == name]
        reach = max((t.distance for t in turns), default=0.0) * (3 if wide else 2)
        reach = max(reach, 0.5 * abs(value)) or 1.0
        lines = {t.upwards: t.limit for t in (found.thresholds if found else ()) if t.name == name}
        low, high = value - reach, value + reach
        bounds = self.today.study.model.flat.by_ident[self.today.varied[place].ident].range
        below = bounds.low if bounds.low is not None else lines.get(False, low)
        above = bounds.high if bounds.high is not None else lines.get(True, high)
        return max(low, below), min(high, above)

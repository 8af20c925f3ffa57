"""Why an output moved: the loop that leads when it moves most, held against a run without it."""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cyclesim.analysis.behavior import Behaviour, Shape, behaviour
from cyclesim.analysis.explanation.bench import Bench
from cyclesim.analysis.explanation.links import best_place
from cyclesim.analysis.explanation.outside import distances, driven_from_outside, driver
from cyclesim.analysis.explanation.parts import (
    Cause,
    Claim,
    Cut,
    Driver,
    Explanation,
    Phase,
    Share,
    ToldLoop,
)
from cyclesim.analysis.explanation.stretches import Stretch, decisive, stretches
from cyclesim.analysis.explanation.view import View, views
from cyclesim.analysis.explanation.words import label, sentence
from cyclesim.analysis.loops.dominance import HALF
from cyclesim.analysis.loops.naming import names_beside
from cyclesim.analysis.loops.parts import Named
from cyclesim.compiler import LinkHeld
from cyclesim.names import Ident
from cyclesim.results import Results
from cyclesim.scenario.parts import Direction, Output, Scenario, Study

Array = np.ndarray

STATED = 0.1
"""A cut that takes or adds less of the movement than this shows nothing: the claim is withdrawn."""

CARRIES = 0.5
"""A loop carries a change where at least so much of it goes with the loop."""

SHARED = 0.5
"""Another loop counts with one where it loses so much of the first one's share by the cut."""

MOST_CUTS = 3
"""Loops of one sign that are cut for one explanation at most."""

SLOWER = 0.72
"""A movement speeds up where it begins below this share of its highest speed."""

LEAST_SHARE = 0.05
"""A loop below this share leads nothing."""


def explain(
    study: Study,
    scenario: Scenario,
    results: Results,
    output: Output | None = None,
    names: Sequence[Named] = (),
    baseline: Results | None = None,
    deadline: float | None = None,
) -> Explanation:
    """Return why a headline output of a scenario moved as it did; the study's first if none given.

    The loop that leads by its score (Loops That Matter) in the stretch of time in which the output
    moves most is cut at one link and the scenario is run again. A claim that the cut does not bear
    out is withdrawn. Loops bear `names`, those of the study and those of the README beside the
    model. Where the study names stocks, loops are seen through those. `baseline` is
    a run from the same start without the changes, where there is one already. Raises TimeoutError
    where a further run would be begun after `deadline`, by `time.perf_counter`.
    """
    begun = clock.perf_counter()
    chosen = output or headline(study)
    values = np.asarray(results[chosen.variable.name], dtype=float)
    found = behaviour(results.time, values, chosen.good)
    finder = _Finder(study, scenario, results, chosen, values, found, baseline)
    finder.bench.deadline = deadline
    given = {named.name: named for named in names_beside(results.flat.path, results.flat)}
    given |= {name: Named(name, chain) for name, chain in study.loops.names}
    given |= {named.name: named for named in names}
    made = finder.explanation(tuple(given.values()))
    return replace(made, sentence=sentence(made), seconds=clock.perf_counter() - begun)


def headline(study: Study) -> Output:
    """Return the output that an explanation is of: the first for which a direction is good."""
    directed = (output for output in study.outputs if output.good is not Direction.NEITHER)
    return next(directed, study.outputs[0])


@dataclass(frozen=True)
class _Candidate:
    view: View
    stretch: Stretch
    family: int


@dataclass(frozen=True)
class _Seen:
    view: View
    stretches: tuple[Stretch, ...]
    stretch: Stretch
    driven: bool


def _leading(seen: _Seen) -> list[_Candidate]:
    """Return the two loops that lead in the decisive stretch, and the first that has a name."""
    view, stretch = seen.view, seen.stretch
    pairs = list(zip(stretch.leaders, stretch.shares, strict=True))[:2]
    means = stretch.sign * view.relative[:, stretch.first : stretch.past].mean(axis=1)
    named = [n for n in np.argsort(-means, kind="stable").tolist() if view.families[n].name]
    pairs += [(n, float(means[n])) for n in named[:1] if n not in stretch.leaders[:2]]
    found = []
    for number, share in pairs:
        if share >= LEAST_SHARE:
            own = stretch
            if number not in stretch.leaders:
                leaders, shares = (*stretch.leaders, number), (*stretch.shares, share)
                own = replace(stretch, leaders=leaders, shares=shares)
            found.append(_Candidate(view, own, number))
    return found


class _Finder:
    def __init__(
        self,
        study: Study,
        scenario: Scenario,
        results: Results,
        output: Output,
        values: Array,
        found: Behaviour,
        baseline: Results | None,
    ) -> None:
        self.scenario, self.results, self.output = scenario, results, output
        self.values, self.found, self.baseline = values, found, baseline
        self.bench = Bench(study, scenario, results)
        self.seen: list[_Seen] = []
        self.decided: View | None = None

    def explanation(self, names: tuple[Named, ...]) -> Explanation:
        if not self.results.status.complete:
            return self._made(Cause.BROKEN_OFF)
        if self.found.shape is Shape.UNMOVED:
            return self._made(Cause.NOTHING)
        self._look(names)
        withdrawn: list[Claim] = []
        adding: Claim | None = None
        for candidate in self._reinforcing()[:MOST_CUTS]:
            claim = self._claim(candidate)
            if claim is None:
                continue
            if claim.carries:
                self.decided = candidate.view
                return self._made(Cause.LOOP, claim, withdrawn)
            if not claim.stands:
                withdrawn.append(claim)
            elif adding is None or claim.took > adding.took:
                adding = claim
        outside = driver(self.bench, self.output, self.values, self.baseline)
        if outside is not None and outside.took >= CARRIES:
            return self._made(Cause.OUTSIDE, adding, withdrawn, outside)
        for candidate in self._balancing()[:MOST_CUTS]:
            claim = self._claim(candidate)
            if claim is not None and claim.stands:
                self.decided = candidate.view
                return self._made(Cause.LOOP, claim, withdrawn, outside)
            withdrawn += [claim] if claim is not None else []
        return self._made(Cause.SHARED, adding, withdrawn, outside)

    @cached_property
    def distances(self) -> dict[Ident, int]:
        """Return how far each variable lies from what comes from outside."""
        return distances(self.bench, self.output)

    def _look(self, names: tuple[Named, ...]) -> None:
        """Look at the partitions above the output, each with its stretches and the decisive one."""
        for view in views(self.results, self.output.variable.ident, names, self.bench.through):
            found = stretches(view, self.values)
            stretch = decisive(found, self.values)
            if stretch is None:
                continue
            outside = driven_from_outside(view, stretch.leaders[0], stretch, self.values)
            self.seen.append(_Seen(view, found, stretch, outside > CARRIES))
        own = [each for each in self.seen if not each.driven] or self.seen
        self.decided = own[0].view if own else None

    def _reinforcing(self) -> list[_Candidate]:
        """Return loops that reinforce and may have carried the change, the likeliest first."""
        ruling, others = [], []
        for each in self.seen:
            if each.stretch.sign > 0 and not each.driven:
                ruling += _leading(each)
            else:
                others += self._strongest(each)
        return ruling + others

    def _balancing(self) -> list[_Candidate]:
        own = [each for each in self.seen if each.stretch.sign < 0 and not each.driven]
        return [candidate for each in own for candidate in _leading(each)[:1]]

    def _strongest(self, seen: _Seen) -> list[_Candidate]:
        """Return the loops that reinforce most in a partition that others rule.

        Their share is over the whole run, intervals weighed by how far the output moves in them.
        """
        moved = np.abs(np.diff(self.values)) * (seen.view.total > 0)
        if not moved.any():
            return []
        means = seen.view.relative @ (moved / moved.sum())
        first = int(np.flatnonzero(seen.view.total > 0)[0])
        ruling = float(np.nansum(seen.view.reinforcing * moved) / moved.sum())
        change = float(self.values[-1] - self.values[first])
        found = []
        for best in np.argsort(-means, kind="stable")[:2].tolist():
            share = float(means[best])
            if share >= LEAST_SHARE:
                whole = (first, len(moved), 1, (best,), (share,), min(ruling, HALF), change)
                found.append(_Candidate(seen.view, Stretch(*whole), best))
        return found

    def _claim(self, candidate: _Candidate) -> Claim | None:
        view, stretch, number = candidate.view, candidate.stretch, candidate.family
        place = best_place(view, number, stretch, self.distances)
        if place is None:
            return None
        source = place.source
        first = self.results.flat.places[source.ident]
        held = view.values[first : first + source.size, stretch.first]
        start = float(self.results.time[stretch.first])
        link = LinkHeld(
            source.ident,
            place.target.ident,
            tuple(held.tolist()),
            start if stretch.first else None,
        )
        without = self.bench.held(link)
        share = dict(zip(stretch.leaders, stretch.shares, strict=True))[number]
        also = tuple(Share(self._told(view, n, stretch), part) for n, part in place.others)
        cut = Cut(
            source.name, place.target.name, start, stretch.first == 0,
            None if source.shape else float(held[0]), source.size, also,
        )  # fmt: skip
        together = tuple(each.loop for each in also if each.share >= SHARED * share)
        leading = tuple(
            Share(self._told(view, n, stretch), part)
            for n, part in zip(stretch.leaders, stretch.shares, strict=True)
        )
        end = float(self.results.time[stretch.past])
        loop = self._told(view, number, stretch)
        claim = Claim(
            loop, start, end, share, leading, stretch.ruling, cut, together,
            float(self.values[-1]), float("nan"), 0.0, self.found, self.values, False, False,
        )  # fmt: skip
        return self._judged(claim, without, stretch.first)

    def _judged(self, claim: Claim, without: Results, first: int) -> Claim:
        """Return the claim with what the run without the loop says of it."""
        values = np.asarray(without[self.output.variable.name], dtype=float)
        if not without.status.complete or not np.isfinite(values).all():
            reason = f"the run without it breaks off: {without.status.message}"
            return replace(claim, values=values, reason=reason)
        found = behaviour(without.time, values, self.output.good, self.found.size)
        own, other = self.values[first:], values[first:]
        moved = float(own[-1] - own[0])
        spread = float(np.ptp(own))
        if abs(moved) >= 0.25 * spread:
            took = float(own[-1] - other[-1]) / moved
        else:
            took = float(np.abs(own - other).max()) / spread if spread else 0.0
        turned = None not in (found.better, self.found.better) and found.better != self.found.better
        if claim.loop.reinforcing:
            stands = took >= STATED
            # Where others rule, a loop that reinforces adds to what they do, and no more.
            rules = claim.ruling > HALF
            carries = rules and (took >= CARRIES or (stands and turned))
            reason = "" if stands else f"without it {_less(took)}"
        else:
            stands = carries = abs(took) >= STATED
            reason = "" if stands else f"without it {_less(took)}"
        return replace(
            claim, values=values, end_without=float(values[-1]), took=took, behaviour=found,
            stands=stands, carries=carries, reason=reason,
        )  # fmt: skip

    def _told(self, view: View, number: int, stretch: Stretch) -> ToldLoop:
        family = view.families[number]
        named = view.names.get(family.name)
        shown = view.shown(family.way)
        part = float(family.relative[stretch.first : stretch.past].sum())
        way = tuple(dict.fromkeys(node.variable.name for node in shown))
        if named is not None:
            return ToldLoop(named.name, True, named.variables, part > 0)
        stocks = tuple(dict.fromkeys(n.variable.name for n in shown if n.state))
        return ToldLoop(", ".join(stocks or way), False, way, part > 0)

    def _made(
        self,
        cause: Cause,
        claim: Claim | None = None,
        withdrawn: Sequence[Claim] = (),
        outside: Driver | None = None,
    ) -> Explanation:
        reinforcing = claim is not None and claim.loop.reinforcing and cause is Cause.LOOP
        words, cycle = label(self.found, reinforcing, self._speeds_up(claim))
        shares, phases = self._strip()
        return Explanation(
            self.scenario, self.output, cause, self.found, words,
            cycle if cause is Cause.LOOP else None, claim, tuple(withdrawn), outside, phases,
            self.results.time[:-1], shares, (self.results.time, self.values),
            self.results.flat.time_units, "", self._notes(), 0.0,
        )  # fmt: skip

    def _speeds_up(self, claim: Claim | None) -> bool:
        """Return whether the output moves faster and faster while the loop leads."""
        if claim is None:
            return False
        time = self.results.time
        inside = (time >= claim.start) & (time <= claim.end)
        speed = np.abs(np.diff(self.values[inside]))
        early = speed[: max(1, len(speed) // 10)]
        return bool(speed.size and speed.max() * SLOWER > early.mean())

    def _strip(self) -> tuple[Array, tuple[Phase, ...]]:
        """Return who leads when in the partition that decided, for the strip of dominance."""
        seen = next((each for each in self.seen if each.view is self.decided), None)
        if seen is None:
            return np.full(len(self.results.time) - 1, np.nan), ()
        view, time = seen.view, self.results.time
        phases = tuple(
            Phase(
                float(time[each.first]),
                float(time[each.past]),
                Share(self._told(view, each.leaders[0], each), each.share) if each.sign else None,
                each.ruling,
            )
            for each in seen.stretches
        )
        return view.reinforcing, phases

    def _notes(self) -> tuple[str, ...]:
        return self.decided.network.notes if self.decided is not None else ()


def _less(took: float) -> str:
    if took < 0:
        return "the output would go further, not less far"
    return f"only {100 * took:.0f} % of the movement would be gone"

"""Why an output moved: the loop that leads when it moves most, held against a run without it."""

from __future__ import annotations

import time as clock
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cyclesim.analysis.behavior import Behaviour, Shape, behaviour
from cyclesim.analysis.explanation.bench import Bench
from cyclesim.analysis.explanation.links import best_place
from cyclesim.analysis.explanation.outside import driven_from_outside, driver
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
from cyclesim.results import Results
from cyclesim.scenario.parts import Direction, Output, Scenario, Study

Array = np.ndarray

STATED = 0.2
"""A cut that takes or adds less of the movement than this shows nothing: the claim is withdrawn."""

CARRIES = 0.5
"""A loop carries a change where at least so much of it goes with the loop."""

SHARED = 0.5
"""Another loop counts with one where it loses so much of the first one's share by the cut."""

MOST_CUTS = 4
"""Runs without a loop that one explanation may cost."""

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
) -> Explanation:
    """Return why a headline output of a scenario moved as it did; the study's first if none given.

    The loop that leads by its score (Loops That Matter) in the stretch of time in which the output
    moves most is cut at one link and the scenario is run again. A claim that the cut does not bear
    out is withdrawn. Loops bear `names`, and those of the README beside the model.
    """
    begun = clock.perf_counter()
    chosen = output or headline(study)
    values = np.asarray(results[chosen.variable.name], dtype=float)
    found = behaviour(results.time, values, chosen.good)
    finder = _Finder(study, scenario, results, chosen, values, found)
    given = {named.name: named for named in names_beside(results.flat.path, results.flat)}
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


class _Finder:
    def __init__(
        self,
        study: Study,
        scenario: Scenario,
        results: Results,
        output: Output,
        values: Array,
        found: Behaviour,
    ) -> None:
        self.scenario, self.results, self.output = scenario, results, output
        self.values, self.found = values, found
        self.bench = Bench(study, scenario, results)
        self.seen: list[tuple[View, tuple[Stretch, ...]]] = []

    def explanation(self, names: tuple[Named, ...]) -> Explanation:
        if not self.results.status.complete:
            return self._made(Cause.BROKEN_OFF)
        if self.found.shape is Shape.UNMOVED:
            return self._made(Cause.NOTHING)
        withdrawn: list[Claim] = []
        standing: list[Claim] = []
        count = 0
        for candidate in self._candidates(names):
            if count == MOST_CUTS:
                break
            count += 1
            claim = self._claim(candidate)
            if claim is None:
                continue
            if claim.stands:
                standing.append(claim)
            else:
                withdrawn.append(claim)
            if claim.carries and claim.loop.reinforcing:
                return self._made(Cause.LOOP, claim, withdrawn)
        outside = driver(self.bench, self.output, self.values)
        balancing = next((each for each in standing if not each.loop.reinforcing), None)
        adding = max(
            (each for each in standing if each.loop.reinforcing),
            key=lambda each: each.took,
            default=None,
        )
        if outside is not None and outside.took >= CARRIES:
            return self._made(Cause.OUTSIDE, adding, withdrawn, outside)
        if balancing is not None:
            return self._made(Cause.LOOP, balancing, withdrawn, outside)
        return self._made(Cause.SHARED, adding, withdrawn, outside)

    def _candidates(self, names: tuple[Named, ...]) -> Iterator[_Candidate]:
        """Yield loops that may have carried the change, the likeliest first."""
        later: list[_Candidate] = []
        for view in views(self.results, self.output.variable.ident, names):
            found = stretches(view, self.values)
            self.seen.append((view, found))
            stretch = decisive(found, self.values)
            if stretch is None:
                continue
            leader = stretch.leaders[0]
            if driven_from_outside(view, leader, stretch, self.values) > CARRIES:
                continue
            self.seen.insert(0, self.seen.pop())
            for number, share in zip(stretch.leaders[:2], stretch.shares, strict=False):
                if share >= LEAST_SHARE:
                    yield _Candidate(view, stretch, number)
            if stretch.sign < 0:
                later += self._reinforcing(view, stretch)
        yield from later

    def _reinforcing(self, view: View, stretch: Stretch) -> list[_Candidate]:
        """Return the strongest loop that reinforces in a stretch where others rule."""
        part = slice(stretch.first, stretch.past)
        means = view.relative[:, part].mean(axis=1)
        best = int(means.argmax())
        share = float(means[best])
        if share < LEAST_SHARE:
            return []
        own = replace(stretch, sign=1, leaders=(best,), shares=(share,), ruling=1 - stretch.ruling)
        return [_Candidate(view, own, best)]

    def _claim(self, candidate: _Candidate) -> Claim | None:
        view, stretch, number = candidate.view, candidate.stretch, candidate.family
        place = best_place(view, number, stretch)
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
        turned = found.better is not self.found.better
        if claim.loop.reinforcing:
            stands = took >= STATED
            # Where others rule, a loop that reinforces adds to what they do, and no more.
            rules = claim.ruling >= HALF
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
            self.results.time[:-1], shares, self.results.flat.time_units, "", self._notes(), 0.0,
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
        if not self.seen:
            return np.full(len(self.results.time) - 1, np.nan), ()
        view, found = self.seen[0]
        time = self.results.time
        phases = tuple(
            Phase(
                float(time[each.first]),
                float(time[each.past]),
                Share(self._told(view, each.leaders[0], each), each.share) if each.sign else None,
                each.ruling,
            )
            for each in found
        )
        return view.reinforcing, phases

    def _notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(note for view, _ in self.seen[:1] for note in view.network.notes))


def _less(took: float) -> str:
    if took < 0:
        return "the output would go further, not less far"
    return f"only {100 * took:.0f} % of the movement would be gone"



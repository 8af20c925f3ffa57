"""Why an output moved: the loop that leads when it moves most, held against a run without it."""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from cyclesim.analysis.behavior import Behaviour, Shape, behaviour
from cyclesim.analysis.explanation.bench import Bench, Shared
from cyclesim.analysis.explanation.candidates import (
    Candidate,
    Seen,
    balanced_by,
    balancing,
    by_name,
    reinforcing,
    returning,
    swinging,
)
from cyclesim.analysis.explanation.effects import RETURNING, SWINGING, Effect, effect, speeds_up
from cyclesim.analysis.explanation.links import Place, best_places
from cyclesim.analysis.explanation.outside import (
    above,
    distances,
    driven_from_outside,
    driver,
    forced,
)
from cyclesim.analysis.explanation.parts import (
    Balanced,
    Cause,
    Claim,
    Cut,
    Driver,
    Explanation,
    Phase,
    Share,
)
from cyclesim.analysis.explanation.stretches import decisive, stretches
from cyclesim.analysis.explanation.telling import by_their_names, phases, told
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

MOSTLY = 0.8
"""A loop with which so much of a movement goes is told before one that balances."""

SHARED = 0.5
"""Another loop counts with one where it loses so much of the first one's share by the cut."""

MOST_CUTS = 3
"""Loops of one sign that are cut for one explanation at most."""

MOST_PLACES = 2
"""Links at which a loop is cut, where the run without the first breaks off."""

MOST_NAMED, MOST_NAMED_IN_HASTE = 8, 2
"""Loops with names cut besides, where a model is seen through a few stocks; fewer by a deadline."""


def explain(
    study: Study,
    scenario: Scenario,
    results: Results,
    output: Output | None = None,
    names: Sequence[Named] = (),
    baseline: Results | None = None,
    deadline: float | None = None,
    shared: Shared | None = None,
) -> Explanation:
    """Return why a headline output of a scenario moved as it did; the study's first if none given.

    The loop that leads by its score (Loops That Matter) in the stretch of time in which the output
    moves most is cut at one link and the scenario is run again. A claim that the cut does not bear
    out is withdrawn. Loops bear `names`, those of the study and those of the README beside the
    model. Where the study names stocks, loops are seen through those. `baseline` is
    a run from the same start without the changes, `shared` what was found for other scenarios.
    Raises TimeoutError where a run would be begun after `deadline`, by `time.perf_counter`.
    """
    begun = clock.perf_counter()
    chosen = output or headline(study)
    values = np.asarray(results[chosen.variable.name], dtype=float)
    found = behaviour(results.time, values, chosen.good)
    bench = Bench(study, scenario, results, shared)
    bench.deadline = deadline
    finder = _Finder(bench, chosen, values, found, baseline)
    given = {named.name: named for named in names_beside(results.flat.path, results.flat)}
    given |= {name: Named(name, chain) for name, chain in study.loops.names}
    given |= {named.name: named for named in names}
    made = finder.explanation(tuple(given.values()))
    return replace(made, sentence=sentence(made), seconds=clock.perf_counter() - begun)


def headline(study: Study) -> Output:
    """Return the output that an explanation is of: the first for which a direction is good."""
    directed = (output for output in study.outputs if output.good is not Direction.NEITHER)
    return next(directed, study.outputs[0])


class _Finder:
    def __init__(
        self, bench: Bench, output: Output, values: Array, found: Behaviour, given: Results | None
    ) -> None:
        self.bench, self.scenario, self.results = bench, bench.scenario, bench.results
        self.output, self.values, self.found, self.baseline = output, values, found, given
        self.seen: list[Seen] = []
        self.decided: View | None = None
        self.withdrawn: list[Claim] = []
        self.balanced: list[Balanced] = []
        self.cuts: list[tuple[Claim, LinkHeld]] = []

    def explanation(self, names: tuple[Named, ...]) -> Explanation:
        if not self.results.status.complete:
            return self._made(Cause.BROKEN_OFF)
        if self.found.shape is Shape.UNMOVED:
            return self._made(Cause.NOTHING)
        self._look(names)
        if self.found.shape in SWINGING:
            beat = forced(self.bench, self.output, self.found, self.values)
            if beat is not None:
                return self._made(Cause.OUTSIDE, None, beat)
            swings = self._first(swinging(self.seen), carries=True)
            if swings is not None:
                return self._made(Cause.LOOP, swings, self._outside())
        carried, adding = self._fed()
        if carried is not None:
            return self._made(Cause.LOOP, carried)
        outside = self._outside()
        if outside is not None and outside.effect.took >= CARRIES:
            return self._made(Cause.OUTSIDE, adding, outside)
        if adding is not None and adding.took >= MOSTLY:
            return self._made(Cause.SHARED, adding, outside)
        claim = self._first(balancing(self.seen))
        if claim is not None:
            return self._made(Cause.LOOP, claim, outside)
        return self._made(Cause.SHARED, adding, outside)

    @cached_property
    def distances(self) -> dict[Ident, int]:
        """Return how far each variable lies from what comes from outside."""
        return distances(self.bench, self.output)

    @cached_property
    def above(self) -> dict[Ident, int]:
        """Return how far each variable lies above the output."""
        return above(self.results.flat, self.output.variable.ident)

    @cached_property
    def turn(self) -> int | None:
        """Return the place at which the output turns, of shapes that come back."""
        extreme = self.found.extreme
        if self.found.shape not in RETURNING or extreme is None:
            return None
        return int(np.abs(self.results.time - extreme.time).argmin())

    def _look(self, names: tuple[Named, ...]) -> None:
        """Look at the partitions above the output, each with its stretches and the decisive one."""
        bench, ident = self.bench, self.output.variable.ident
        for view in views(self.results, ident, names, bench.through, bench.shared.searches):
            found = stretches(view, self.values)
            stretch = decisive(found, self.values, self.turn)
            if stretch is None:
                continue
            outside = driven_from_outside(view, stretch.leaders[0], stretch, self.values)
            self.seen.append(Seen(view, found, stretch, outside > CARRIES))
        own = [each for each in self.seen if not each.driven] or self.seen
        self.decided = own[0].view if own else None

    def _outside(self) -> Driver | None:
        return driver(self.bench, self.output, self.found, self.values, self.baseline)

    def _fed(self) -> tuple[Claim | None, Claim | None]:
        """Return the loop that reinforces and carries the change, else the one that adds most."""
        adding: Claim | None = None
        likely = reinforcing(self.seen, self.values)[:MOST_CUTS]
        more = MOST_NAMED if self.bench.deadline is None else MOST_NAMED_IN_HASTE
        every = (*likely, *by_name(self.seen, self.values, likely)[:more])
        for number, candidate in enumerate(every):
            # What is measured against all loops of the fold says more than a name does.
            if candidate.by_name and adding is not None and not adding.by_name:
                break
            if number == 1:
                self._ahead(every[1:])
            claim = self._alone(candidate)
            if claim is None:
                continue
            if claim.carries:
                self.decided = candidate.view
                return claim, None
            if not claim.stands:
                self.withdrawn += [] if candidate.by_name else [claim]
            elif adding is None or claim.effect.took > adding.effect.took:
                adding = claim
        both = self._together() if adding is None else None
        return (both, None) if both is not None and both.carries else (None, adding or both)

    def _ahead(self, candidates: Sequence[Candidate]) -> None:
        """Run the scenario without each of some loops at once, where that is quicker."""
        if self.bench.worth(len(candidates)):
            places = ((each, place) for each in candidates for place in self._places(each)[:1])
            self.bench.ahead([self._link(*each) for each in places])

    def _alone(self, candidate: Candidate) -> Claim | None:
        """Return the claim for a loop; None where another holds it in balance.

        That is where the two take from one another all along, and a run without both goes as it
        did. A run without one would only show what the other does.
        """
        partner = balanced_by(candidate)
        if partner is None:
            return self._claim(candidate)
        pair = candidate, replace(candidate, family=partner)
        places = [self._places(each)[:1] for each in pair]
        if not all(places):
            return self._claim(candidate)
        first = candidate.stretch.first
        links = [self._link(candidate, place) for (place,) in places]
        without = np.asarray(self.bench.held(*links)[self.output.variable.name], dtype=float)
        took = self._effect(without, first).took if np.isfinite(without).all() else 1.0
        if abs(took) >= STATED:
            return self._claim(candidate)
        both = (told(each.view, each.family, each.stretch) for each in pair)
        self.balanced.append(Balanced(*both))
        return None

    def _first(self, candidates: list[Candidate], *, carries: bool = False) -> Claim | None:
        """Return the first claim that stands, or takes half of the movement where it has to."""
        for candidate in candidates[:MOST_CUTS]:
            claim = self._claim(candidate)
            if claim is None:
                continue
            if claim.stands and (not carries or claim.effect.took >= CARRIES):
                self.decided = candidate.view
                return claim
            if not claim.stands and not carries:
                self.withdrawn.append(claim)
        return None

    def _back(self, claim: Claim | None, turn: int) -> Claim | None:
        """Return the claim for the loop that carries the way back."""
        time, out = self.results.time, claim.loop.way if claim is not None else ()
        since = turn if claim is None else int(np.abs(time - claim.end).argmin())
        likely = returning(self.seen, self.output.variable.ident, self.values, turn, since)
        others = [c for c in likely if told(c.view, c.family, c.stretch).way != out]
        return self._first(others, carries=True)

    def _together(self) -> Claim | None:
        """Return the claim for loops that reinforce, each of which would do without the other."""
        idle = [(claim, link) for claim, link in self.cuts if claim.loop.reinforcing][:MOST_CUTS]
        names = {claim.loop.way for claim, _ in idle}
        if len(names) < 2 or any(claim.stands for claim, _ in idle):
            return None
        first = min((claim for claim, _ in idle), key=lambda claim: claim.start)
        others = tuple(claim.loop for claim, _ in idle if claim is not first)
        whole = replace(first, with_others=others, either=True)
        place = int(np.abs(self.results.time - first.start).argmin())
        made = self._judged(whole, self.bench.held(*(link for _, link in idle)), place)
        if made.took < CARRIES:
            return None
        self.withdrawn = [claim for claim in self.withdrawn if claim.loop.way not in names]
        return made

    def _claim(self, candidate: Candidate) -> Claim | None:
        """Return the claim for a loop; None where no link of it can be held.

        Where the run without it breaks off, it is cut once more at the next best link.
        """
        claim: Claim | None = None
        for place in self._places(candidate)[:MOST_PLACES]:
            claim = self._cut(candidate, place)
            if np.isfinite(claim.end_without):
                break
        return claim

    def _places(self, candidate: Candidate) -> list[Place]:
        view, stretch, above = candidate.view, candidate.stretch, self.above
        nearest = above if candidate.back else {}
        return best_places(view, candidate.family, stretch, self.distances, nearest)

    def _link(self, candidate: Candidate, place: Place) -> LinkHeld:
        first = self.results.flat.places[place.source.ident]
        begin = candidate.stretch.first
        held = candidate.view.values[first : first + place.source.size, begin]
        start = float(self.results.time[begin]) if begin else None
        return LinkHeld(place.source.ident, place.target.ident, tuple(held.tolist()), start)

    def _cut(self, candidate: Candidate, place: Place) -> Claim:
        view, stretch, number = candidate.view, candidate.stretch, candidate.family
        source, start = place.source, float(self.results.time[stretch.first])
        link = self._link(candidate, place)
        without = self.bench.held(link)
        share = candidate.share
        also = tuple(Share(told(view, n, stretch), part) for n, part in place.others)
        cut = Cut(
            source.name, place.target.name, start, stretch.first == 0,
            None if source.shape else float(link.values[0]), source.size, also,
        )  # fmt: skip
        together = tuple(each.loop for each in also if each.share >= SHARED * share)
        leading = tuple(
            Share(told(view, n, stretch), part)
            for n, part in zip(stretch.leaders, stretch.shares, strict=True)
        )
        end = float(self.results.time[stretch.past])
        loop = told(view, number, stretch)
        claim = Claim(
            loop, start, end, share, leading, stretch.ruling, cut, together,
            float(self.values[-1]), float("nan"), self._effect(self.values, 0), self.found,
            self.values, False, False, by_name=candidate.by_name,
        )  # fmt: skip
        judged = self._judged(claim, without, stretch.first)
        if np.isfinite(judged.end_without) and not candidate.by_name:
            self.cuts.append((judged, link))
        return judged

    def _judged(self, claim: Claim, without: Results, first: int) -> Claim:
        """Return the claim with what the run without the loop says of it."""
        values = np.asarray(without[self.output.variable.name], dtype=float)
        if not without.status.complete or not np.isfinite(values).all():
            reason = f"the run without it breaks off: {_plainly(without.status.message)}"
            return replace(claim, values=values, reason=reason)
        found = behaviour(without.time, values, self.output.good, self.found.size)
        made = self._effect(values, first)
        took = made.took
        turned = None not in (found.better, self.found.better) and found.better != self.found.better
        if claim.loop.reinforcing:
            stands = took >= STATED
            # Where others rule, a loop that reinforces adds to what they do, and no more.
            rules = claim.ruling > HALF
            carries = rules and (took >= CARRIES or (stands and turned))
        else:
            stands = carries = abs(took) >= STATED
        reason = "" if stands else f"without it {_less(took)}"
        return replace(
            claim, values=values, end_without=float(values[-1]), effect=made, behaviour=found,
            stands=stands, carries=carries, reason=reason,
        )  # fmt: skip

    def _effect(self, values: Array, first: int) -> Effect:
        return effect(self.found, self.results.time[first:], self.values[first:], values[first:])

    def _made(
        self, cause: Cause, claim: Claim | None = None, outside: Driver | None = None
    ) -> Explanation:
        feeds = claim is not None and claim.loop.reinforcing and cause is Cause.LOOP
        inside = (claim.start, claim.end) if claim is not None else (0.0, -1.0)
        faster = speeds_up(self.results.time, self.values, *inside)
        words, cycle = label(self.found, feeds, faster)
        decided = self.decided
        back = None
        if self.turn is not None and cause is not Cause.BROKEN_OFF:
            back = self._back(claim, self.turn)
            self.decided = decided
        shares, strip = self._strip()
        return Explanation(
            self.scenario, self.output, cause, self.found, words,
            cycle if cause is Cause.LOOP else None, claim, back, tuple(self.withdrawn),
            tuple(self.balanced), outside, strip, self.results.time[:-1], shares,
            (self.results.time, self.values), self.results.flat.time_units, "", self._notes(), 0.0,
            *by_their_names(self.decided),
        )  # fmt: skip

    def _strip(self) -> tuple[Array, tuple[Phase, ...]]:
        """Return who leads when in the partition that decided, for the strip of dominance."""
        seen = next((each for each in self.seen if each.view is self.decided), None)
        if seen is None:
            return np.full(len(self.results.time) - 1, np.nan), ()
        return seen.view.reinforcing, phases(seen, self.results.time)

    def _notes(self) -> tuple[str, ...]:
        return self.decided.network.notes if self.decided is not None else ()


def _plainly(message: str) -> str:
    """Return why a run broke off without the values it broke off at, which the cut made."""
    return message.split(", from ")[0]


def _less(took: float) -> str:
    if took < 0:
        return "the output would go further, not less far"
    return f"only {100 * took:.0f} % of the movement would be gone"

"""Joint draws of the constants that are judgements, and in how many of them a claim holds.

Draws fill the plausible ranges evenly and independently: a Latin hypercube (McKay, Beckman and
Conover 1979). A share of draws has Wilson's score interval (Wilson 1927).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from cyclesim.checks.measures import measured
from cyclesim.checks.parts import (
    Checks,
    Claim,
    ClaimDraws,
    ClaimResult,
    Decider,
    DrawsResult,
    Measure,
    ModelCheck,
    Sampled,
    Share,
)
from cyclesim.checks.statements import margin, truth
from cyclesim.checks.variants import Key, Variant, variants_of
from cyclesim.checks.workers import Each
from cyclesim.compiler import FlatModel, Role, selected
from cyclesim.ensemble import ScenarioRuns, Varied, VariedKind, bindable
from cyclesim.names import Ident
from cyclesim.report.evidence import plausible_range
from cyclesim.scenario.parts import Scenario, Study

_Z = 1.959963984540054
_MOST_DECIDERS = 3
_FEW = 0.05
"""Where a claim holds in nearly all draws or none, how clearly it holds says more."""


@dataclass(frozen=True)
class _Ran:
    """What a run gave in each draw: its measures, and which draws did not reach the end."""

    measures: Mapping[Ident, np.ndarray]
    failed: Sequence[int]


@dataclass(frozen=True)
class Lanes:
    """What is drawn, (constant, draw), and how long each draw settles before its start."""

    study: Study
    sampled: tuple[Sampled, ...]
    numbers: np.ndarray
    settle: float | None

    def of(self, scenario: Scenario) -> ScenarioRuns:
        """Return a scenario ready to run in every draw."""
        varied = (
            Varied(each.name, each.ident, VariedKind.CONSTANT, each.element)
            for each in self.sampled
        )
        return bindable(self.study, scenario, tuple(varied))


def sampled_of(flat: FlatModel, left_out: Mapping[Ident, str], share: float) -> tuple[Sampled, ...]:
    """Return the constants that are drawn, in the order of the model, each element by itself.

    `share` of each plausible range is used, about the model's own number.
    """
    found = []
    for variable in flat.visible:
        limits = plausible_range(variable.about.doc)
        if limits is None or variable.role is not Role.PARAMETER or variable.ident in left_out:
            continue
        for element, (name, value) in enumerate(
            zip(variable.columns, variable.values, strict=True)
        ):
            low, high = (value + share * (limit - value) for limit in limits)
            place = element if variable.shape else None
            found.append(Sampled(name, variable.ident, place, value, low, high))
    return tuple(found)


def numbers_of(sampled: Sequence[Sampled], count: int, seed: int) -> np.ndarray:
    """Return the numbers drawn: (constant, draw)."""
    from scipy.stats import qmc  # half a second that only draws have to pay

    points = qmc.LatinHypercube(len(sampled), seed=np.random.default_rng(seed)).random(count).T
    lows = np.array([each.low for each in sampled])[:, None]
    highs = np.array([each.high for each in sampled])[:, None]
    return np.asarray(lows + points * (highs - lows))


def wilson(held: int, of: int) -> Share:
    """Return a share with its 95 % interval (Wilson 1927)."""
    share, squared = held / of, _Z * _Z
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    spread = math.sqrt(share * (1 - share) / of + squared / (4 * of * of))
    half = _Z * spread / (1 + squared / of)
    return Share(held, of, max(0.0, middle - half), min(1.0, middle + half))


def drawn(whole: ModelCheck, each: Each, tell: Callable[[str], None]) -> ModelCheck:
    """Return the check with what draws say of its claims.

    A draw that does not reach the end in a run that a claim needs counts against the claim.
    """
    checks, plan = whole.checks, whole.checks.draws
    assert plan is not None
    begun = time.perf_counter()
    sampled = sampled_of(checks.study.model.flat, plan.leave_out, plan.range)
    numbers = numbers_of(sampled, plan.number, plan.seed)
    lanes = Lanes(checks.study, sampled, numbers, plan.settle)
    wanted = _wanted(checks)
    jobs = [
        (variant, tuple(m for m in checks.measures.values() if m.ident in idents))
        for variant, idents in wanted.values()
    ]
    ran: dict[Key, _Ran] = {}
    failed: dict[int, str] = {}
    runs = each(partial(_run, lanes), jobs)
    for count, ((variant, _), found) in enumerate(zip(jobs, runs, strict=True), 1):
        tell(f"{plan.number:,} draws, {count} of {len(jobs)}: {variant.words}")
        ran[variant.key] = found
        for draw in found.failed:
            failed.setdefault(draw + 1, variant.words)
    claims = tuple(_judged(claim, checks, ran, sampled, numbers) for claim in whole.claims)
    seconds = time.perf_counter() - begun
    result = DrawsResult(sampled, plan.number, dict(sorted(failed.items())), seconds)
    return replace(whole, claims=claims, draws=result)


def _wanted(checks: Checks) -> dict[Key, tuple[Variant, set[Ident]]]:
    """Return each run that claims need, once, with the measures taken from it."""
    found: dict[Key, tuple[Variant, set[Ident]]] = {}
    for claim in checks.claims:
        if not claim.in_draws:
            continue
        for controlled in (False, True) if claim.control is not None else (False,):
            variants = variants_of(claim, checks, controlled=controlled)
            for ident in claim.measures:
                variant = variants[checks.measures[ident].scenario]
                found.setdefault(variant.key, (variant, set()))[1].add(ident)
    return found


def _run(lanes: Lanes, job: tuple[Variant, tuple[Measure, ...]]) -> _Ran:
    variant, measures = job
    count = lanes.numbers.shape[1]
    found = {measure.ident: np.full(count, np.nan) for measure in measures}
    failed: list[int] = []
    ready = lanes.of(variant.changed)
    for part, trajectory in ready.turns(lanes.numbers, lanes.settle):
        for measure in measures:
            values = trajectory.values[row_of(ready.changed.flat, measure)]
            with np.errstate(all="ignore"):
                found[measure.ident][part] = measured(measure, trajectory.time, values)
        broken = [
            part.start + lane
            for lane, status in enumerate(trajectory.status)
            if not status.complete
        ]
        failed += broken
        for column in found.values():
            column[broken] = np.nan
    return _Ran(found, failed)


def row_of(flat: FlatModel, measure: Measure) -> int:
    """Return where the values of a measure's variable, or element of an array, lie."""
    chosen = selected(flat, measure.variable.ident)
    return flat.places[chosen.whole.ident] + (chosen.element or 0)


def _judged(
    result: ClaimResult,
    checks: Checks,
    ran: Mapping[Key, _Ran],
    sampled: Sequence[Sampled],
    numbers: np.ndarray,
) -> ClaimResult:
    claim = result.claim
    if not claim.in_draws:
        return result
    count = numbers.shape[1]
    lanes = _lanes_of(claim, checks, ran, count, controlled=False)
    truths = np.array([_all_hold(claim, values) for values in lanes])
    control = None
    if claim.control is not None:
        others = _lanes_of(claim, checks, ran, count, controlled=True)
        control = wilson(sum(_all_hold(claim, values) for values in others), count)
    by, decides = "whether it holds", truths.astype(float)
    if not _FEW <= truths.mean() <= 1 - _FEW:
        by = "how clearly it holds"
        decides = np.array([_margin(claim, values) for values in lanes])
    found = ClaimDraws(
        wilson(int(truths.sum()), count), control, _deciders(sampled, numbers, decides), by
    )
    return replace(result, draws=found)


def _lanes_of(
    claim: Claim, checks: Checks, ran: Mapping[Key, _Ran], count: int, *, controlled: bool
) -> list[dict[Ident, float]]:
    """Return the claim's measures in each draw."""
    variants = variants_of(claim, checks, controlled=controlled)
    columns = {
        ident: ran[variants[checks.measures[ident].scenario].key].measures[ident]
        for ident in claim.measures
    }
    return [{ident: float(c[lane]) for ident, c in columns.items()} for lane in range(count)]


def _all_hold(claim: Claim, values: Mapping[Ident, float]) -> bool:
    return all(truth(each, values) is True for each in claim.statements)


def _margin(claim: Claim, values: Mapping[Ident, float]) -> float:
    first = claim.statements[0]
    return math.nan if truth(first, values) is None else margin(first, values)


def _deciders(
    sampled: Sequence[Sampled], numbers: np.ndarray, decides: np.ndarray
) -> tuple[Decider, ...]:
    """Return the constants whose ranks go with a claim's beyond chance, the strongest first."""
    from scipy.stats import rankdata

    there = ~np.isnan(decides)
    count = int(there.sum())
    if count < 10 or len(set(decides[there].tolist())) < 2:
        return ()
    ranks = rankdata(decides[there])
    found = []
    for each, row in zip(sampled, numbers, strict=True):
        size = float(np.corrcoef(rankdata(row[there]), ranks)[0, 1])
        if abs(size) > 3 / math.sqrt(count - 1):  # three standard deviations of no relation
            found.append(Decider(each.name, size))
    found.sort(key=lambda each: -abs(each.correlation))
    return tuple(found[:_MOST_DECIDERS])

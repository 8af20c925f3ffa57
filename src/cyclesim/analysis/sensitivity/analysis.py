"""Which numbers decide where a scenario ends: screening, shares of variance, labels, regions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cyclesim.analysis.heaps import heaps_of
from cyclesim.analysis.labels import label
from cyclesim.analysis.sensitivity.discovery import discovered, share_of
from cyclesim.analysis.sensitivity.indices import screenings, variances
from cyclesim.analysis.sensitivity.parts import (
    FAILED,
    Fan,
    Labels,
    Runs,
    Screening,
    SensitivityAnalysis,
    Share,
    Tornado,
    Variance,
)
from cyclesim.analysis.sensitivity.running import Runner, without_rounding
from cyclesim.analysis.sensitivity.shifts import distances
from cyclesim.analysis.sensitivity.tornado import tornadoes
from cyclesim.analysis.shapes import Behaviour, behaviours
from cyclesim.ensemble.batch import plan_of
from cyclesim.ensemble.designs import base_numbers, design_named, sample_of, scenarios_named
from cyclesim.errors import UsageError
from cyclesim.scenario.design_parts import Design
from cyclesim.scenario.parts import Direction, Output, Scenario, Study
from cyclesim.scenario.varied import VariedKind, change_numbers

MORRIS, SOBOL, PAWN, LABELS = "morris", "sobol", "pawn", "labels"
METHODS = (MORRIS, SOBOL, PAWN, LABELS)
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_COURSES = 8
WORTH_NAMING = 0.3
"""A number left out is named where it has this share of the largest effect on an output."""
PATHS = 120
"""Runs whose whole course is kept, to be drawn."""
LEAST_RUNS = 100
"""Fewer tell nothing of labels and distributions."""


@dataclass(frozen=True)
class Wishes:
    """What is asked for.

    `paths` are Morris's, `points` Sobol's base points (a power of 2), `most` the quantities
    whose variance is looked at, the most important of a screening; `runs` those of PAWN and labels,
    else the design's.
    """

    scenario: str | None = None
    design: str | None = None
    methods: tuple[str, ...] = METHODS
    paths: int = 20
    points: int = 256
    most: int = 16
    runs: int | None = None
    seed: int | None = None
    target: str | None = None


def sensitivity(
    study: Study, wishes: Wishes | None = None, tell: Callable[[str], None] | None = None
) -> SensitivityAnalysis:
    """Return which of a study's uncertain numbers decide where a scenario ends.

    The numbers and their distributions are those of a design of the study, or the plausible
    ranges that the model's docs give. Raises UsageError for names and counts that make no sense.
    """
    wishes, say = wishes or Wishes(), tell or (lambda _: None)
    begun = time.perf_counter()
    design = _design(study, wishes)
    known = scenarios_named(study, design, (wishes.scenario,) if wishes.scenario else ())
    # The question of a study is what becomes of it when something changes.
    chosen = next((each for each in known if each.changes), known[0])
    plan = plan_of(study, design, (chosen,), target=wishes.target)
    count = _Count()
    runner = Runner(study, chosen, design.quantities, plan.target, count.add)
    notes = [*_notes(design, wishes, chosen, len(known)), *((plan.note,) if plan.note else ())]
    screened: tuple[Screening, ...] = ()
    varied: tuple[Variance, ...] = ()
    many = len(design.quantities) > wishes.most
    if MORRIS in wishes.methods or (SOBOL in wishes.methods and many):
        say(f"screening {len(design.quantities)} numbers (Morris)")
        screened = screenings(runner, wishes.paths, design.seed)
    storms: tuple[Tornado, ...] = ()
    if MORRIS in wishes.methods:
        try:
            storms = tornadoes(runner, base_numbers(study, (chosen,), design))
        except UsageError as error:
            notes.append(f"no tornado is drawn: {error}")
    if SOBOL in wishes.methods:
        some = design.quantities
        if many:
            places = _most_important(screened, wishes.most)
            some = tuple(design.quantities[place] for place in places)
            left = len(design.quantities) - len(some)
            notes.append(
                f"shares of variance are those of the {len(some)} numbers that matter most by "
                f"Morris; the other {left} stand at their own numbers."
            )
        say(f"shares of variance of {len(some)} numbers (Sobol)")
        varied = variances(runner, some, wishes.points, design.seed)
        if many:
            varied = tuple(map(_with_left_out, varied, screened))
    found = SensitivityAnalysis(
        study.title, study.model.flat.name, chosen.title, design.name,
        study.specs.time_units or "", np.array([]), design.quantities, design.seed, 0, 0.0,
        screened, storms, varied,
    )  # fmt: skip
    if PAWN in wishes.methods or LABELS in wishes.methods:
        say(f"{design.runs:,} runs of the design")
        found = _with_sample(found, runner, design, wishes)
    seconds = time.perf_counter() - begun
    return replace(found, runs=count.runs, seconds=seconds, notes=tuple(notes))


class _Count:
    """How many runs were done."""

    runs = 0

    def add(self, runs: int) -> None:
        self.runs += runs


def _design(study: Study, wishes: Wishes) -> Design:
    faults = []
    unknown = [method for method in wishes.methods if method not in METHODS]
    if unknown:
        faults.append(f"no method is called '{unknown[0]}': it is one of {', '.join(METHODS)}.")
    if wishes.paths < 4:
        faults.append(f"{wishes.paths} paths are too few: give 4 or more.")
    if wishes.points < 16 or wishes.points & (wishes.points - 1):
        faults.append(f"{wishes.points} base points are no power of 2: give 64, 128 or 256.")
    if wishes.most < 2:
        faults.append(f"{wishes.most} numbers are too few: give 2 or more.")
    if wishes.seed is not None and not 0 <= wishes.seed < 2**63:
        faults.append(f"the seed {wishes.seed} is not a whole number from 0 on.")
    design = design_named(study, wishes.design)
    runs = design.runs if wishes.runs is None else wishes.runs
    if runs < LEAST_RUNS and (wishes.runs is not None or {PAWN, LABELS} & set(wishes.methods)):
        whose = f"the design's {runs}" if wishes.runs is None else f"{runs}"
        faults.append(f"{whose} runs are too few: give {LEAST_RUNS} or more with --runs.")
    if design.table is not None or not design.method.random:
        faults.append(
            f"the design '{design.name}' is of method '{design.method.value}': it says no "
            "distributions. Give a random one, such as latin hypercube."
        )
    if faults:
        raise UsageError(" ".join(faults))
    if wishes.runs is not None:
        design = replace(design, runs=wishes.runs)
    return design if wishes.seed is None else replace(design, seed=wishes.seed)


def _notes(design: Design, wishes: Wishes, chosen: Scenario, known: int) -> Iterator[str]:
    if known > 1:
        why = "the first that changes something" if chosen.changes else "none changes anything"
        yield f"the scenario is '{chosen.name}', {why}: see --scenario."
    if any(quantity.varied.kind is VariedKind.CONSTANT for quantity in design.quantities):
        yield (
            "each run is another organisation: a constant that varies has its number in the past "
            "too, so that runs may begin elsewhere than yours. What becomes of yours when one "
            "number changes from now on is what `cyclesim tipping` tells."
        )
    own = {(each.changed, each.role) for each in change_numbers(chosen)}
    strange = [
        quantity.label
        for quantity in design.quantities
        if quantity.varied.kind is VariedKind.CHANGE
        and (quantity.varied.changed, quantity.varied.role) not in own
    ]
    if strange:
        yield f"this scenario has no {', '.join(strange)}: nothing comes of it here."
    if design.ranks and {MORRIS, SOBOL} & set(wishes.methods):
        yield (
            "Morris and Sobol need numbers that vary independently: the design's correlations "
            "count for labels and PAWN only."
        )
    if LABELS in wishes.methods or PAWN in wishes.methods:
        yield "labels and PAWN rest on the design's own runs, each with its own noise."


def _most_important(screened: Sequence[Screening], most: int) -> list[int]:
    """Return the places of the quantities with the largest effects on any of the outputs.

    Effects are shares of the largest one on the same output, so that each output's first is in.
    """
    shares = np.array([each.shares for each in screened])
    order = np.lexsort((-shares.sum(axis=0), -shares.max(axis=0)))
    return sorted(order[:most].tolist())


def _with_left_out(found: Variance, screened: Screening) -> Variance:
    """Return shares of variance with the names of what was held, though it matters."""
    held = [
        screened.quantities[place]
        for place in screened.order
        if screened.shares[place] >= WORTH_NAMING
        and screened.quantities[place] not in found.quantities
    ]
    return replace(found, left_out=tuple(quantity.label for quantity in held))


def _with_sample(
    found: SensitivityAnalysis, runner: Runner, design: Design, wishes: Wishes
) -> SensitivityAnalysis:
    numbers = sample_of(runner.study, design, (runner.scenario,)).numbers(0, design.runs)
    times, curves = runner.courses(numbers)
    outputs = runner.study.outputs
    fans = tuple(_fan(output, course) for output, course in zip(outputs, curves, strict=True))
    curves[~np.isfinite(curves)] = np.nan
    ends = without_rounding(curves[:, -1])
    sample = Runs(numbers, ends, curves[:, :, :PATHS])
    found = replace(found, time=times, fans=fans, sample=sample)
    if PAWN in wishes.methods:
        found = replace(found, distances=distances(runner, numbers, ends, design.seed))
    if LABELS in wishes.methods:
        judged = tuple(
            _labels(output, times, course, design, numbers, first=output is outputs[0])
            for output, course in zip(outputs, curves, strict=True)
        )
        found = replace(found, labels=judged)
    return found


def _fan(output: Output, course: np.ndarray) -> Fan:
    failed = int((~np.isfinite(course[-1])).sum())
    return Fan(output, LEVELS, _spread(course), failed, heaps_of(without_rounding(course[-1])))


def _spread(course: np.ndarray) -> np.ndarray:
    """Return quantiles (level, time) of the runs that have not failed by then, NaN where none."""
    found = np.full((len(LEVELS), len(course)), np.nan)
    for place, row in enumerate(course):
        finite = row[np.isfinite(row)]
        if finite.size:
            found[:, place] = np.quantile(finite, LEVELS)
    return found


def _labels(
    output: Output,
    times: np.ndarray,
    course: np.ndarray,
    design: Design,
    numbers: np.ndarray,
    *,
    first: bool,
) -> Labels:
    whole = np.isfinite(course[-1])
    seen = behaviours(times, course[:, whole].T, output.good) if whole.any() else ()
    names = np.full(course.shape[1], FAILED, dtype=object)
    ends = names.copy()
    names[whole] = [str(label(each)) for each in seen]
    ends[whole] = [_end(each) for each in seen]
    outcomes = [_WORSE, _BETTER] if output.good is not Direction.NEITHER else []
    if first:  # a run fails in all outputs at once
        outcomes.append(FAILED)
    regions = (
        discovered(outcome, design.quantities, numbers, ends == outcome) for outcome in outcomes
    )
    return Labels(
        output, _shares(names)[:MOST_COURSES], _shares(ends), tuple(r for r in regions if r),
        tuple(names.tolist()), tuple(ends.tolist()),
    )  # fmt: skip


_WORSE, _BETTER = "gets worse", "gets better"


def _end(found: Behaviour) -> str:
    if found.better is None:
        return "ends as it began" if found.good is not Direction.NEITHER else "moves"
    return _BETTER if found.better else _WORSE


def _shares(names: np.ndarray) -> tuple[Share, ...]:
    known, counts = np.unique(names.astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple(share_of(str(known[i]), int(counts[i]), names.size) for i in order)

"""A model's checks carried out: scenarios, claims with their controls, extremes, rest, draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from cyclesim.analysis.stability import Rest, Stability, stability
from cyclesim.checks.draws import drawn
from cyclesim.checks.measures import measured
from cyclesim.checks.parts import (
    Checks,
    Claim,
    ClaimResult,
    Equilibrium,
    Extreme,
    ExtremeResult,
    ModelCheck,
    RestResult,
)
from cyclesim.checks.statements import judged
from cyclesim.checks.variants import Key, Variant, variants_of
from cyclesim.checks.workers import Each, workers
from cyclesim.compiler.parts import Kind
from cyclesim.ensemble import run_scenario, scenario_models
from cyclesim.names import Ident
from cyclesim.results import Results
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.schedule import schedule_of
from cyclesim.simulation import parameter_values
from cyclesim.verdicts import verdicts

_NEGATIVE = 1e-9
"""A stock that falls below zero by less than this share of its largest size is rounding."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Values:
    """The measures of a variant's runs: numbers, and for the others why there are none."""

    numbers: Mapping[Ident, float]
    why: Mapping[Ident, str]


def judge(
    checks: Checks,
    *,
    with_draws: bool = True,
    progress: Progress | None = None,
    processes: int = 1,
) -> ModelCheck:
    """Return what came of everything that a checks file asks.

    A scenario that diverges costs the others nothing; what rests on it cannot be judged. With
    more than one of `processes`, the program that calls must guard its main module.
    """
    tell = progress or (lambda _: None)
    with workers(processes) as each:
        whole = _at_the_point(checks, each, tell)
        return drawn(whole, each, tell) if with_draws and checks.draws is not None else whole


def _at_the_point(checks: Checks, each: Each, tell: Progress) -> ModelCheck:
    study = checks.study
    scenarios = (*study.scenarios, *(extreme.scenario for extreme in checks.extremes))
    plain = [Variant(scenario, {}) for scenario in scenarios]
    wanted = {variant.key: variant for variant in plain}
    for claim in checks.claims:
        if claim.control is not None:
            controlled = variants_of(claim, checks, controlled=True)
            wanted |= {v.key: v for v in controlled.values() if v.key not in wanted}
    judged_for_error = {scenario.name for scenario in study.scenarios}
    jobs = [
        (variant, not variant.values and variant.scenario.name in judged_for_error)
        for variant in wanted.values()
    ]
    ran: dict[Key, Results] = {}
    for count, (variant, found) in enumerate(
        zip(wanted.values(), each(partial(_run, study), jobs), strict=True), 1
    ):
        tell(f"run {count} of {len(jobs)}: {variant.words}")
        ran[variant.key] = found
    results = {variant.scenario.name: ran[variant.key] for variant in plain}
    point = _measured(checks, results, checks.measures)
    return ModelCheck(
        checks=checks,
        results=results,
        measures=point.numbers,
        claims=tuple(_claim(claim, checks, ran, point) for claim in checks.claims),
        extremes=tuple(_extreme(extreme, checks, results, point) for extreme in checks.extremes),
        rest=_rest(checks, checks.equilibrium, results) if checks.equilibrium else None,
        verdicts=verdicts(study, results),
        notes=tuple(
            f"'{name}' did not reach the end: {found.status.message}."
            for name, found in results.items()
            if not found.status.complete
        ),
    )


def _run(study: Study, job: tuple[Variant, bool]) -> Results:
    variant, estimate_error = job
    return run_scenario(study, variant.changed, estimate_error=estimate_error)


def _measured(
    checks: Checks, results: Mapping[str, Results], wanted: Sequence[Ident] | Mapping[Ident, object]
) -> _Values:
    numbers: dict[Ident, float] = {}
    why: dict[Ident, str] = {}
    for ident in wanted:
        measure = checks.measures[ident]
        found = results[measure.scenario]
        if not found.status.complete:
            why[ident] = f"'{measure.scenario}' did not reach the end, {found.status.message}"
            continue
        value = float(measured(measure, found.time, found[measure.variable.name]))
        if np.isnan(value):
            why[ident] = f"{measure.name} is not a number"
        else:
            numbers[ident] = value
    return _Values(numbers, why)


def _claim(claim: Claim, checks: Checks, ran: Mapping[Key, Results], point: _Values) -> ClaimResult:
    at_point = tuple(judged(each, point.numbers, point.why) for each in claim.statements)
    if claim.control is None:
        return ClaimResult(claim, at_point, ())
    variants = variants_of(claim, checks, controlled=True)
    results = {name: ran[variant.key] for name, variant in variants.items()}
    found = _measured(checks, results, claim.measures)
    control = tuple(judged(each, found.numbers, found.why) for each in claim.statements)
    return ClaimResult(claim, at_point, control)


def _extreme(
    extreme: Extreme, checks: Checks, results: Mapping[str, Results], point: _Values
) -> ExtremeResult:
    found = results[extreme.scenario.name]
    faults: list[str] = []
    if not found.status.complete:
        faults.append(f"it does not reach the end: {found.status.message}")
    else:
        faults += _not_finite(found)
        faults += _below_zero(found, checks.signed)
    statements = tuple(judged(each, point.numbers, point.why) for each in extreme.statements)
    return ExtremeResult(extreme, tuple(faults), statements)


def _not_finite(found: Results) -> list[str]:
    broken = [
        name
        for name, row in found.columns.items()
        if not np.isfinite(found.trajectory.values[row]).all()
    ]
    if not broken:
        return []
    shown = ", ".join(f"'{name}'" for name in broken[:3])
    more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
    return [f"{shown}{more} {'is' if len(broken) == 1 else 'are'} not finite"]


def _below_zero(found: Results, signed: frozenset[Ident]) -> list[str]:
    faults = []
    for variable in found.variables:
        if variable.kind is not Kind.STOCK or variable.ident in signed:
            continue
        for row, name in enumerate(variable.columns, found.flat.places[variable.ident]):
            values = found.trajectory.values[row]
            if values.min() < -_NEGATIVE * np.abs(values).max():
                when = found.time[int(values.argmin())]
                faults.append(f"the stock '{name}' falls to {values.min():.4g} at {when:g}")
    return faults


def _rest(checks: Checks, wanted: Equilibrium, results: Mapping[str, Results]) -> RestResult:
    study = checks.study
    found = results[wanted.scenario]
    faults: list[str] = []
    mover, moved = _most_moved(study, found)
    if not found.status.complete:
        faults.append(f"'{wanted.scenario}' does not reach the end: {found.status.message}")
    elif moved > wanted.moves:
        faults.append(
            f"the start does not rest: '{mover}' moves by {moved:.2%} over the run, "
            f"more than {wanted.moves:.2%}"
        )
    scenario = next(each for each in study.scenarios if each.name == wanted.scenario)
    judgement = start_of(study, scenario)
    if wanted.stable and judgement.rest is Rest.UNSTABLE:
        faults.append(judgement.words(study.specs.time_units))
    return RestResult(wanted.scenario, mover, moved, judgement, tuple(faults))


def _most_moved(study: Study, found: Results) -> tuple[str, float]:
    """Return the output that moves most over a run, and by which share of its largest value."""
    watched = [output.variable for output in study.outputs] or [
        variable for variable in found.variables if variable.kind is Kind.STOCK
    ]
    most = ("", 0.0)
    for variable in watched:
        for row, name in enumerate(variable.columns, found.flat.places[variable.ident]):
            values = found.trajectory.values[row]
            size = float(np.abs(values).max())
            share = float(np.abs(values - values[0]).max()) / size if size else 0.0
            if not share <= most[1]:  # NaN moves most of all
                most = (name, share)
    return most


def start_of(study: Study, scenario: Scenario) -> Stability:
    """Return how the unchanged organisation of a scenario stands at its start."""
    before, _ = scenario_models(study, replace(scenario, changes=()))
    schedule = schedule_of(study.specs, study.model.flat.sim_specs)
    return stability(before.flat, schedule, parameter_values(before.flat, {}))

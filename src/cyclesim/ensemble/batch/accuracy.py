"""How far a batch's values may lie from those of a vanishing step, told from some of its runs."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from cyclesim.ensemble.batch.chunks import prepared
from cyclesim.ensemble.batch.plan import Plan
from cyclesim.schedule import halved
from cyclesim.simulation import STILL, step_bound

SAMPLED = 16
"""Runs of each scenario that are computed again with half the step."""


@dataclass(frozen=True)
class BatchError:
    """The largest error among sampled runs, as a share of a run's own range of an output.

    `runs` of each of `scenarios` were compared; `name` is the output of the largest, `typical` the
    median over runs of each run's worst. None where no run could be compared.
    """

    share: float | None
    typical: float | None
    name: str
    scenario: str
    runs: int
    scenarios: int
    seconds: float


def sampled_error(plan: Plan) -> BatchError:
    """Return what half the step does to runs spread evenly over the design.

    By Richardson's extrapolation (Hairer, Norsett, Wanner 1993, II.4), on the same noise path.
    Outputs that read dt itself have no limit and are left out.
    """
    begun = time.perf_counter()
    count = min(SAMPLED, plan.design.runs)
    places = np.unique(np.linspace(0, plan.design.runs - 1, count).astype(int))
    order = plan.schedule.tableau.order
    factor = 2.0**order / (2.0**order - 1.0)
    judged = _judged(plan)
    drawn = np.hstack([plan.sample.numbers(run, run + 1) for run in places.tolist()])
    found: list[tuple[float, str, str]] = []
    for scenario in plan.scenarios if judged else ():
        ready = prepared(plan.study, scenario, plan.design.quantities, plan.target, plan.strict)
        rows = [ready.rows[place] for place in judged]
        coarse, fine = (
            ready.runs.trajectory(
                drawn[list(ready.used)], schedule=schedule, keep=rows, runs=places
            )
            for schedule in (plan.schedule, halved(plan.schedule))
        )
        for run in range(len(places)):
            if coarse.status[run].complete and fine.status[run].complete:
                shares = factor * _shares(coarse.values[:, :, run], fine.values[:, :, run])
                at = plan.outputs[judged[int(shares.argmax())]]
                found.append((float(shares.max()), at, scenario.name))
    share, name, where = max(found, default=(None, "", ""), key=lambda each: each[0] or 0.0)
    typical = float(np.median([share for share, _, _ in found])) if found else None
    seconds = time.perf_counter() - begun
    return BatchError(share, typical, name, where, len(places), len(plan.scenarios), seconds)


def _judged(plan: Plan) -> list[int]:
    bound = step_bound(plan.study.model.flat)
    chosen = enumerate(plan.study.outputs)
    own = [(place, plan.study.model.flat.found(out.variable.name)) for place, out in chosen]
    return [place for place, found in own if found is not None and found[0].ident not in bound]


def _shares(coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    spread = np.ptp(coarse, axis=1)
    moved = spread > STILL * np.abs(coarse).max(axis=1)
    apart = np.abs(coarse - fine).max(axis=1)
    return np.asarray(np.divide(apart, spread, out=np.zeros(len(spread)), where=moved))

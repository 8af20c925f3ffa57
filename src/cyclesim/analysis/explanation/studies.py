"""The explanations of all scenarios of a study, within a budget of time."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.explanation.bench import Shared
from cyclesim.analysis.explanation.explain import explain, headline
from cyclesim.analysis.explanation.parts import Explanation
from cyclesim.analysis.loops.parts import Named
from cyclesim.display import Shown
from cyclesim.errors import UsageError
from cyclesim.names import did_you_mean
from cyclesim.results import Results
from cyclesim.scenario.parts import Direction, Output, Scenario, StudyRun

SECONDS = 2.0
"""What explanations may cost where nobody asked for them."""


@dataclass(frozen=True)
class StudyExplanations(Shown):
    """Explanations by the name of their scenario, in the study's order.

    `left_out` are the names of scenarios for which the time did not suffice; `seconds` is what
    the others took.
    """

    by_scenario: Mapping[str, Explanation]
    left_out: tuple[str, ...]
    seconds: float

    def __getitem__(self, scenario: str) -> Explanation:
        """Return the explanation of a scenario. Raises UsageError with the nearest name."""
        if scenario not in self.by_scenario:
            advice = did_you_mean(scenario, list(self.by_scenario)) or ""
            raise UsageError(f"no scenario '{scenario}' was explained. {advice}".strip())
        return self.by_scenario[scenario]


def explain_study(
    run: StudyRun,
    seconds: float | None = None,
    names: Sequence[Named] = (),
    scenarios: Sequence[str] = (),
) -> StudyExplanations:
    """Return why the first headline output moved in each scenario, or in those named.

    With `seconds`, the scenarios with the best and the worst end come first, then those in which
    it moves farthest, and no further one is begun that would, at the pace so far, take longer than
    that in all. Raises UsageError for a scenario that there is not.
    """
    study = run.study
    known = [scenario.name for scenario in study.scenarios]
    for name in scenarios:
        if name not in known:
            advice = did_you_mean(name, known) or ""
            raise UsageError(f"the study has no scenario '{name}'. {advice}".strip())
    asked = [s for s in study.scenarios if not scenarios or s.name in scenarios]
    output = headline(study)

    begun = clock.perf_counter()
    found: dict[str, Explanation] = {}
    shared = Shared(study)
    for scenario in _ordered(run, asked, output):
        spent = clock.perf_counter() - begun
        if seconds is not None and spent + _pace([e.seconds for e in found.values()]) > seconds:
            break
        base = _before(run, scenario)
        limit = None if seconds is None else begun + seconds
        results = run.results[scenario.name]
        try:
            made = explain(study, scenario, results, output, names, base, limit, shared)
        except TimeoutError:
            break
        found[scenario.name] = made
    order = [scenario.name for scenario in asked]
    return StudyExplanations(
        {name: found[name] for name in order if name in found},
        tuple(name for name in order if name not in found),
        clock.perf_counter() - begun,
    )


def _pace(took: Sequence[float]) -> float:
    """Return the seconds that a further explanation may take; the first finds what all share."""
    return sum(took[1:]) / len(took[1:]) if took[1:] else sum(took) / 2


def _ordered(run: StudyRun, asked: Sequence[Scenario], output: Output) -> list[Scenario]:
    """Return scenarios in the order in which they are explained: what is asked for first."""
    curves = {each.name: run.results[each.name][output.variable.name] for each in asked}

    def moved(scenario: Scenario) -> float:
        values = curves[scenario.name]
        return -float(np.abs(values[-1] - values[0])) if np.isfinite(values).all() else 0.0

    farthest = sorted(asked, key=moved)
    whole = [each for each in farthest if np.isfinite(curves[each.name]).all()]
    ends = sorted(whole, key=lambda each: float(curves[each.name][-1]))
    if output.good is not Direction.DOWN:
        ends.reverse()
    first = [*ends[:1], *ends[1:][-1:]]
    return [*first, *(each for each in farthest if each not in first)]


def _before(run: StudyRun, scenario: Scenario) -> Results | None:
    """Return the run of a scenario that changes nothing and begins in the same way."""
    same = (
        run.results[other.name]
        for other in run.study.scenarios
        if not other.changes and dict(other.start) == dict(scenario.start)
    )
    return next(same, None)

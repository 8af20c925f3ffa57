"""The explanations of all scenarios of a study, within a budget of time."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.explanation.explain import explain, headline
from cyclesim.analysis.explanation.parts import Explanation
from cyclesim.analysis.loops.parts import Named
from cyclesim.display import Shown
from cyclesim.errors import UsageError
from cyclesim.names import did_you_mean
from cyclesim.results import Results
from cyclesim.scenario.parts import Scenario, StudyRun

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

    With `seconds`, scenarios in which it moves farthest come first and no further one is begun
    that would, at the pace so far, take longer than that in all. Raises UsageError for a scenario
    that there is not.
    """
    study = run.study
    known = [scenario.name for scenario in study.scenarios]
    for name in scenarios:
        if name not in known:
            advice = did_you_mean(name, known) or ""
            raise UsageError(f"the study has no scenario '{name}'. {advice}".strip())
    asked = [s for s in study.scenarios if not scenarios or s.name in scenarios]
    output = headline(study)

    def moved(scenario: Scenario) -> float:
        values = run.results[scenario.name][output.variable.name]
        return -float(np.abs(values[-1] - values[0])) if np.isfinite(values).all() else 0.0

    begun = clock.perf_counter()
    found: dict[str, Explanation] = {}
    longest = 0.0
    for scenario in sorted(asked, key=moved):
        spent = clock.perf_counter() - begun
        if seconds is not None and spent + longest > seconds:
            continue
        base = _before(run, scenario)
        limit = None if seconds is None else begun + seconds
        results = run.results[scenario.name]
        try:
            made = explain(study, scenario, results, output, names, base, limit)
        except TimeoutError:
            longest = math.inf
            continue
        found[scenario.name] = made
        longest = max(longest, made.seconds)
    order = [scenario.name for scenario in asked]
    return StudyExplanations(
        {name: found[name] for name in order if name in found},
        tuple(name for name in order if name not in found),
        clock.perf_counter() - begun,
    )


def _before(run: StudyRun, scenario: Scenario) -> Results | None:
    """Return the run of a scenario that changes nothing and begins in the same way."""
    same = (
        run.results[other.name]
        for other in run.study.scenarios
        if not other.changes and dict(other.start) == dict(scenario.start)
    )
    return next(same, None)

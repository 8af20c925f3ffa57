"""Which design and which scenarios of a study are meant, and the numbers it starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cyclesim.ensemble.scenario_models import past, scenario_models
from cyclesim.errors import UsageError
from cyclesim.names import Ident, did_you_mean
from cyclesim.scenario.design_parts import USUAL_RUNS, Design, DesignMethod
from cyclesim.scenario.designs import runs_complaint
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.scenario.plausible import plausible_quantities
from cyclesim.scenario.varied import Varied, VariedKind, change_numbers

PLAUSIBLE = "plausible ranges"
"""The name of the design of a study that describes none."""


def design_named(study: Study, name: str | None = None) -> Design:
    """Return the design of that name, the study's first, or that of the plausible ranges.

    The last is a Latin hypercube over the ranges that the docs of the model's constants give.
    Raises UsageError where there is no such design, or nothing varies.
    """
    if name is not None and name not in study.designs:
        known = ", ".join(study.designs) or "none"
        advice = did_you_mean(name, study.designs) or f"It has {known}."
        raise UsageError(f"the study has no design '{name}'. {advice}")
    if study.designs:
        return study.designs[name or next(iter(study.designs))]
    quantities = plausible_quantities(study.model.flat)
    if not quantities:
        raise UsageError(
            "the study describes no design, and no constant's doc names a plausible range. "
            "Add one to the study: design: {vary: {Price: {from: 40, to: 60}}}."
        )
    return Design(PLAUSIBLE, DesignMethod.LATIN_HYPERCUBE, USUAL_RUNS, 0, quantities)


def with_runs(design: Design, runs: int) -> Design:
    """Return a design with another number of runs.

    Raises UsageError where its method leaves no choice, or the number makes no sense.
    """
    if not design.method.random:
        raise UsageError(
            f"a design of method '{design.method.value}' has as many runs as its numbers make, "
            f"{design.runs:,}. Leave out --runs."
        )
    complaint = runs_complaint(runs)
    if complaint is not None:
        raise UsageError(". ".join(complaint))
    return replace(design, runs=runs)


def scenarios_named(
    study: Study, design: Design, names: Sequence[str] = ()
) -> tuple[Scenario, ...]:
    """Return the scenarios asked for, those of the design, or all, in the study's order.

    Raises UsageError naming each that the study has not.
    """
    known = [scenario.name for scenario in study.scenarios]
    missing = [name for name in names if name not in known]
    if missing:
        told = [
            f"the study has no scenario '{name}'. "
            + (did_you_mean(name, known) or f"Its scenarios are {', '.join(known)}.")
            for name in missing
        ]
        raise UsageError(" ".join(told))
    wanted = tuple(names) or design.scenarios or tuple(known)
    return tuple(scenario for scenario in study.scenarios if scenario.name in wanted)


def base_numbers(study: Study, scenarios: Sequence[Scenario], design: Design) -> tuple[float, ...]:
    """Return each quantity's own number: the model's, or that of the first scenario that has it.

    Raises UsageError for an array that varies as a whole and has several.
    """
    changed = [each for scenario in scenarios for each in change_numbers(scenario)]
    levels = _initial_levels(study, scenarios[0])

    def own(varied: Varied) -> float:
        if varied.kind is VariedKind.INITIAL:
            found = levels[varied.ident]
            if varied.element is None and (found != found[0]).any():
                raise _several(varied)
            return float(found[varied.element or 0])
        if varied.kind is VariedKind.CHANGE:
            known = (c for c in changed if (c.changed, c.role) == (varied.changed, varied.role))
            return next((c.value for c in known if c.value is not None), float("nan"))
        if varied.value is None:
            raise _several(varied)
        return varied.value

    return tuple(own(quantity.varied) for quantity in design.quantities)


def _several(varied: Varied) -> UsageError:
    return UsageError(
        f"'{varied.name}' has several numbers, and one at a time starts from one. "
        "Vary its elements."
    )


def _initial_levels(study: Study, scenario: Scenario) -> dict[Ident, np.ndarray]:
    before, changed = scenario_models(study, scenario)
    state = past(study, before, changed)
    left = iter(state.levels)  # the elements of an array one after the other
    return {
        rule.ident: np.array([next(left) for _ in range(before.flat.by_ident[rule.ident].size)])
        for rule in before.flat.levels
    }

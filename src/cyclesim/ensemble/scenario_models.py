"""One scenario of a study: its model before and after its changes, and its run.

Scenarios change an organisation, not its past: each run starts from the state in which the
unchanged organisation is at the start, and its changes are compiled in on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cyclesim.codegen import TARGETS
from cyclesim.compiler import CompiledModel, InitialValue, Override, Replacement, Role, selected
from cyclesim.integrate import State
from cyclesim.names import Ident
from cyclesim.results import Results
from cyclesim.scenario.coverage import laid_over
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.schedule import schedule_of
from cyclesim.simulation import initial_state, parameter_values, simulate


def before_overrides(
    study: Study, scenario: Scenario, settings: Mapping[Ident, float] | None = None
) -> tuple[Override, ...]:
    """Return what a scenario says of the organisation before its start, in order."""
    before: list[Override] = []
    for ident, value in laid_over(scenario.start, settings or {}).items():
        chosen = selected(study.model.flat, ident)
        kind = InitialValue if chosen.whole.role is Role.LEVEL else Replacement
        before.append(kind(chosen.whole.ident, value, chosen.boxes))
    return tuple(before)


def scenario_models(
    study: Study, scenario: Scenario, settings: Mapping[Ident, float] | None = None
) -> tuple[CompiledModel, CompiledModel]:
    """Return a scenario's model before its changes, and with them."""
    model = study.model.changed(*before_overrides(study, scenario, settings))
    return model, model.changed(*(change.override for change in scenario.changes))


def run_scenario(
    study: Study,
    scenario: Scenario,
    settings: Mapping[Ident, float] | None = None,
    *,
    estimate_error: bool = True,
) -> Results:
    """Return what one scenario of a study gave; one that diverges ends where it did."""
    settings = settings or {}
    before, changed = scenario_models(study, scenario, settings)
    state: State | None = None
    if scenario.changes and not scenario.recompute:
        state = past(study, before, changed)
    results = simulate(
        changed,
        method=study.specs.method,
        dt=study.specs.dt,
        start=study.specs.start,
        stop=study.specs.stop,
        save_every=study.specs.save_interval,
        noise_seed=study.noise_seed,
        state=state,
        estimate_error=estimate_error,
        strict=False,
    )
    told = {
        "study": study.path,
        "study_digest": study.digest,
        "scenario": scenario.name,
        "settings": {selected(study.model.flat, i).variable.name: v for i, v in settings.items()},
    }
    return replace(results, provenance={**results.provenance, **told})


def past(study: Study, before: CompiledModel, changed: CompiledModel) -> State:
    """Return the state in which the unchanged organisation is at the start."""
    flat, other = before.flat, changed.flat
    # A state is told by place: a change adds constants only, never state.
    assert [rule.ident for rule in flat.levels] == [rule.ident for rule in other.levels]
    assert [rule.ident for rule in flat.memories] == [rule.ident for rule in other.memories]
    assert [rule.ident for rule in flat.buffers] == [rule.ident for rule in other.buffers]
    schedule = schedule_of(study.specs, study.model.flat.sim_specs)
    program = TARGETS["python"](flat)
    return initial_state(program, schedule, parameter_values(flat, {}), study.noise_seed, 0)

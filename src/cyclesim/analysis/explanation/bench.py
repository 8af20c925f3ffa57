"""A scenario run again with something held, from the same start and with the same settings."""

from __future__ import annotations

import time as clock
from functools import cached_property

from cyclesim.compiler import CompiledModel, LinkHeld, Override
from cyclesim.ensemble.scenario_models import past, scenario_models
from cyclesim.integrate import State
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.simulation import simulate


class Bench:
    """Runs a scenario again; models are compiled once."""

    def __init__(self, study: Study, scenario: Scenario, results: Results) -> None:
        self.study, self.scenario, self.results = study, scenario, results
        self.deadline: float | None = None

    @property
    def through(self) -> tuple[str, ...]:
        """Return the stocks that the study names to look through."""
        return self.study.loops.through

    @cached_property
    def models(self) -> tuple[CompiledModel, CompiledModel]:
        """Return the model before the scenario's changes, and with them."""
        settings = self.results.provenance.get("settings", {})
        given = {canonical(name): value for name, value in settings.items()}
        return scenario_models(self.study, self.scenario, given)

    @cached_property
    def state(self) -> State | None:
        """Return where the run begins; None where the model's own equations say it."""
        before, changed = self.models
        if self.scenario.changes and not self.scenario.recompute:
            return past(self.study, before, changed)
        return None

    def held(self, *links: LinkHeld | Override) -> Results:
        """Return the scenario with links, or variables, held."""
        return self._run(self.models[1].changed(*links), self.state)

    def unchanged(self) -> Results:
        """Return the organisation as it was, without the scenario's changes."""
        return self._run(self.models[0], None)

    def _run(self, model: CompiledModel, state: State | None) -> Results:
        if self.deadline is not None and clock.perf_counter() > self.deadline:
            raise TimeoutError
        specs = self.study.specs
        return simulate(
            model,
            method=specs.method,
            dt=specs.dt,
            start=specs.start,
            stop=specs.stop,
            save_every=specs.save_interval,
            noise_seed=self.study.noise_seed,
            state=state,
            estimate_error=False,
            strict=False,
        )

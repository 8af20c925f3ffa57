"""A scenario run again with something held, from the same start and with the same settings."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from functools import cached_property

from cyclesim.analysis.explanation.abreast import abreast, worth
from cyclesim.analysis.loops.searches import Searches
from cyclesim.compiler import CompiledModel, LinkHeld, Override
from cyclesim.ensemble.scenario_models import before_overrides, past
from cyclesim.integrate import State
from cyclesim.names import Ident, canonical
from cyclesim.results import Results
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.simulation import simulate


class Before:
    """An organisation without a scenario's changes."""

    def __init__(self, study: Study, model: CompiledModel) -> None:
        self.study, self.model = study, model
        self.ran: Results | None = None

    @cached_property
    def state(self) -> State:
        """Return the state in which it is at the start."""
        # That no change adds state was seen when the scenarios ran.
        return past(self.study, self.model, self.model)


class Shared:
    """What the explanations of a study's scenarios have in common, found once.

    Searches for loops, and organisations before any change.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.searches = Searches()
        self._before: dict[tuple[Override, ...], Before] = {}

    def before(self, scenario: Scenario, settings: Mapping[Ident, float]) -> Before:
        """Return the organisation of a scenario before its changes."""
        told = before_overrides(self.study, scenario, settings)
        if told not in self._before:
            self._before[told] = Before(self.study, self.study.model.changed(*told))
        return self._before[told]


class Bench:
    """Runs a scenario again; `shared` is what explanations of the same study have in common."""

    def __init__(
        self, study: Study, scenario: Scenario, results: Results, shared: Shared | None = None
    ) -> None:
        self.study, self.scenario, self.results = study, scenario, results
        self.shared = shared or Shared(study)
        self.deadline: float | None = None
        self._held: dict[tuple[LinkHeld | Override, ...], Results] = {}

    @property
    def through(self) -> tuple[str, ...]:
        """Return the stocks that the study names to look through."""
        return self.study.loops.through

    @cached_property
    def before(self) -> Before:
        """Return the organisation before the scenario's changes."""
        settings = self.results.provenance.get("settings", {})
        given = {canonical(name): value for name, value in settings.items()}
        return self.shared.before(self.scenario, given)

    @property
    def changes(self) -> tuple[Override, ...]:
        """Return what the scenario changes."""
        return tuple(change.override for change in self.scenario.changes)

    @property
    def anew(self) -> bool:
        """Return whether the run begins as the model's own equations say."""
        return not self.scenario.changes or self.scenario.recompute

    def held(self, *links: LinkHeld | Override) -> Results:
        """Return the scenario with links, or variables, held; the same ones are run once."""
        if links not in self._held:
            model = self.before.model.changed(*self.changes, *links)
            self._held[links] = self._run(model, None if self.anew else self.before.state)
        return self._held[links]

    def worth(self, cuts: int) -> bool:
        """Return whether so many links are held more quickly at once than one by one."""
        return worth(self.results.flat, self.study, cuts)

    def ahead(self, links: Sequence[LinkHeld]) -> None:
        """Run the scenario with each of some links held alone, for `held` to return."""
        self._in_time()
        # Loops cut at one link are cut by one run: else rounding would choose among them.
        some = [link for link in dict.fromkeys(links) if (link,) not in self._held]
        if len(some) > 1:
            model, changes = self.before.model, self.changes
            found = abreast(model, changes, self.study, some, anew=self.anew)
            self._held |= {(link,): run for link, run in zip(some, found or (), strict=False)}

    def unchanged(self) -> Results:
        """Return the organisation as it was, without the scenario's changes."""
        if self.before.ran is None:
            self.before.ran = self._run(self.before.model, None)
        return self.before.ran

    def _run(self, model: CompiledModel, state: State | None) -> Results:
        self._in_time()
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

    def _in_time(self) -> None:
        if self.deadline is not None and clock.perf_counter() > self.deadline:
            raise TimeoutError

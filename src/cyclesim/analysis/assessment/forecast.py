"""Where the organisation that the answers describe goes, and which practice to mend first.

The answers give the six elements their levels at the start and the parts of each element their
balance; the operation starts at the model's reference. All draws run together in the `numpy`
target. How the draws are made is told in `sampling`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cyclesim.analysis.assessment.profile import Profile
from cyclesim.analysis.assessment.questionnaire import Practice, Questionnaire
from cyclesim.analysis.assessment.sampling import drawn_parts
from cyclesim.codegen import TARGETS, Binding, Program
from cyclesim.compiler import FlatModel
from cyclesim.errors import RunError, UsageError
from cyclesim.integrate import State, integrate, state_of
from cyclesim.names import canonical
from cyclesim.schedule import Schedule, schedule_of
from cyclesim.simulation import load, parameter_values, settled_specs

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
OUTPUTS = ("Service excellence score", "Service quality", "Customers", "Profit")
SCORE = "Service excellence score"
WHOLE = "Process capability"
START = "Start at the reference"
_FULL = 0.95
SAVED = 65
"""How often a forecast is saved over its horizon."""

TRIED = 40
"""How many of the draws each practice is mended in."""

MOST_TOGETHER = 10
UNMOVED = 1.0
"""A score that ends within this many points of its start has neither risen nor declined."""


@dataclass(frozen=True)
class Band:
    """One variable over time: `values` are (quantile, time), the quantiles those of QUANTILES."""

    name: str
    units: str | None
    values: np.ndarray


@dataclass(frozen=True)
class Mending:
    """What a full answer to one practice would do to the score at the end, in points.

    `gain` is the mean over draws, `low` and `high` hold nine draws in ten; `rise` is the chance
    of a rise that it adds.
    """

    practice: Practice
    now: float
    gain: float
    low: float
    high: float
    rise: float


@dataclass(frozen=True)
class Together:
    """What mending the first practices of the list together would do: the chances in the end."""

    practices: tuple[Practice, ...]
    rise: float
    decline: float


@dataclass(frozen=True)
class Forecast:
    """Bands over time, the chance of rise and of decline, and practices by what they would do.

    `starts` and `ends` are the score of each draw at the start and at the end, in points.
    """

    time: np.ndarray
    bands: tuple[Band, ...]
    starts: np.ndarray
    ends: np.ndarray
    mendings: tuple[Mending, ...]
    together: tuple[Together, ...]
    draws: int
    seed: int
    time_units: str

    @property
    def rise(self) -> float:
        """Return the share of draws that end more than a point above their start."""
        return float((self.ends > self.starts + UNMOVED).mean())

    @property
    def decline(self) -> float:
        """Return the share of draws that end more than a point below their start."""
        return float((self.ends < self.starts - UNMOVED).mean())


def forecast(
    profile: Profile, *, horizon: float = 260, draws: int = 400, seed: int = 1, mend: bool = True
) -> Forecast:
    """Return the forecast of a profile over a horizon in the model's unit of time.

    Without `mend` practices are not ranked, which takes most of the time.
    Raises UsageError where an element has too few answers to start from, or an option does not
    fit, RunError where a draw fails.
    """
    if profile.unusable:
        named = " and ".join(f"'{element}'" for element in profile.unusable)
        raise UsageError(
            f"there is no forecast: more than a quarter of the practices of {named} were "
            "answered by nobody."
        )
    if draws < 2 or horizon < 1:
        raise UsageError("a forecast needs at least 2 draws and a horizon of 1.")
    organisation = _Organisation(profile.questionnaire, horizon)
    generator = np.random.default_rng(seed)
    parts = drawn_parts(profile.answers, profile.questionnaire, draws, generator)
    time, values = organisation.run(parts, horizon / SAVED)
    score = values[OUTPUTS.index(SCORE)]
    flat = organisation.flat
    bands = tuple(
        Band(name, flat.by_ident[canonical(name)].units, np.quantile(each, QUANTILES, axis=-1))
        for name, each in zip(OUTPUTS, values, strict=True)
    )
    tried = parts[:TRIED]
    mendings = _mendings(organisation, tried, profile.levels) if mend else ()
    return Forecast(
        time,
        bands,
        score[0],
        score[-1],
        mendings,
        _together(organisation, tried, mendings),
        draws,
        seed,
        flat.time_units,
    )


class _Organisation:
    """The model, ready to run many organisations at once."""

    def __init__(self, questionnaire: Questionnaire, horizon: float) -> None:
        model = load(questionnaire.model)
        self.questionnaire = questionnaire
        parts = questionnaire.all_parts
        self.parts = tuple(parts)
        self.size = np.array([len(practices) for practices in parts.values()])
        self.of_element = {
            element: [self.parts.index(part) for part in questionnaire.parts(element)]
            for element in questionnaire.elements
        }
        self.flat: FlatModel = model.flat
        self.program: Program = TARGETS["numpy"](model.flat)
        self.horizon = horizon

    def schedule(self, save_every: float) -> Schedule:
        """Return the model's own schedule over the horizon, whole saves long."""
        specs = self.flat.sim_specs
        every = max(specs.dt, round(Fraction(save_every) / specs.dt) * specs.dt)
        length = max(1, round(Fraction(self.horizon) / every)) * every
        return schedule_of(settled_specs(specs, stop=specs.start + length, save_every=every), specs)

    def run(
        self, parts: np.ndarray, save_every: float, before: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return saved times and the OUTPUTS as (output, time, draw).

        `parts` are the levels of the parts, (draw, part), `before` those before any mending.
        """
        schedule = self.schedule(save_every)
        clock = schedule.clock
        levels = self.levels(parts)
        parameters = [np.asarray(value, dtype=float) for value in parameter_values(self.flat, {})]
        places = {ident: place for place, ident in enumerate(self.flat.parameters)}
        parameters[places[canonical(START)]] = np.asarray(1.0)
        for part, values in self.balance(parts, parts if before is None else before).items():
            variable = self.flat.by_ident[canonical(part)]
            low, high = variable.range.low, variable.range.high
            balanced = values * variable.values[0]
            parameters[places[variable.ident]] = np.clip(balanced, low, high)
        start, stop, dt = map(np.float64, (clock.start, clock.stop, clock.dt))
        binding = Binding(tuple(parameters), start, stop, dt, np.float64(schedule.declared_dt))
        found = integrate(self.program, schedule, binding, self.state(binding, levels))
        for status in found.status:
            if not status.complete:
                raise RunError(f"{status.message}.")
        rows = [self.flat.places[canonical(name)] for name in OUTPUTS]
        return found.time, found.values[rows]

    def levels(self, parts: np.ndarray) -> dict[str, np.ndarray]:
        """Return the level of each element in each draw: the mean of its practices."""
        return {
            element: parts[:, places] @ self.size[places] / self.size[places].sum()
            for element, places in self.of_element.items()
        }

    def balance(self, parts: np.ndarray, before: np.ndarray) -> dict[str, np.ndarray]:
        """Return each part's level relative to that of its element, 1 where nothing was done.

        The element's level is the one before mending: what is mended must not make the other
        parts look weaker than they are.
        """
        found = {}
        for element, level in self.levels(before).items():
            for place in self.of_element[element]:
                share = parts[:, place] / np.where(level > 0, level, 1.0)
                found[self.parts[place]] = np.where(level > 0, share, 1.0)
        return found

    def state(self, binding: Binding, levels: dict[str, np.ndarray]) -> State:
        """Return the state at the start: the operation at its reference, the elements as given."""
        start = state_of(self.program.bind(binding))
        draws = next(iter(levels.values())).size
        idents = [rule.ident for rule in self.flat.levels]
        whole = [np.broadcast_to(np.asarray(level, float), (draws,)) for level in start.levels]
        for element, level in levels.items():
            whole[idents.index(canonical(element))] = level
        together = np.exp(np.mean(np.log(np.maximum(list(levels.values()), 1e-6)), axis=0))
        whole[idents.index(canonical(WHOLE))] = together
        return start._replace(levels=tuple(whole))


def _mendings(
    organisation: _Organisation, parts: np.ndarray, now: np.ndarray
) -> tuple[Mending, ...]:
    """Return each practice not yet full with what mending it does, the largest gain first.

    `now` is the level of each practice. Each draw is held against itself, so that only the
    mending differs.
    """
    practices = organisation.questionnaire.practices
    todo = [place for place in range(len(practices)) if not now[place] > _FULL]
    cases = [_mended(organisation, parts, [practices[place]], now) for place in todo]
    starts, ends = _scores(organisation, [*cases, parts], parts)
    usual = (ends[-1] > starts[-1] + UNMOVED).mean()
    found = []
    for place, end in zip(todo, ends, strict=False):
        gain = end - ends[-1]
        low, high = np.quantile(gain, (0.05, 0.95))
        rise = float((end > starts[-1] + UNMOVED).mean() - usual)
        found.append(
            Mending(practices[place], float(now[place]), float(gain.mean()), float(low),
                    float(high), rise)
        )  # fmt: skip
    return tuple(sorted(found, key=lambda each: -each.gain))


def _together(
    organisation: _Organisation, parts: np.ndarray, mendings: tuple[Mending, ...]
) -> tuple[Together, ...]:
    """Return what the first one, two, three ... practices of the list do together."""
    listed = [each.practice for each in mendings[:MOST_TOGETHER]]
    if not listed:
        return ()
    asked = organisation.questionnaire
    now = np.ones(len(asked.practices))
    now[asked.index(listed)] = [each.now for each in mendings[:MOST_TOGETHER]]
    sets = [listed[: count + 1] for count in range(len(listed))]
    cases = [_mended(organisation, parts, each, now) for each in sets]
    starts, ends = _scores(organisation, [*cases, parts], parts)
    today = starts[-1]
    return tuple(
        Together(
            tuple(each),
            float((end > today + UNMOVED).mean()),
            float((end < today - UNMOVED).mean()),
        )
        for each, end in zip(sets, ends, strict=False)
    )


def _mended(
    organisation: _Organisation, parts: np.ndarray, practices: list[Practice], now: np.ndarray
) -> np.ndarray:
    """Return the parts with practices done in full; what nobody answered is held to be half."""
    mended = parts.copy()
    order = organisation.questionnaire.index(practices)
    for practice, place in zip(practices, order, strict=True):
        part = organisation.parts.index(practice.part)
        level = 0.5 if np.isnan(now[place]) else now[place]
        mended[:, part] += (1.0 - level) / organisation.size[part]
    np.minimum(mended, 1.0, out=mended)
    return mended


def _scores(
    organisation: _Organisation, cases: list[np.ndarray], before: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the score at the start and at the end of each case, (case, draw), all run at once."""
    every = np.concatenate(cases)
    _, values = organisation.run(every, organisation.horizon, np.tile(before, (len(cases), 1)))
    score = values[OUTPUTS.index(SCORE)].reshape(2, len(cases), -1)
    return score[0], score[1]

"""Studies around small models written by tests, ready for tipping analyses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cyclesim.analysis.tipping import Equilibria, Today, equilibria, stand
from cyclesim.analysis.tipping.rates import Rates
from cyclesim.scenario import Study, read_study
from tests.models_in_text import aux, flow, stock, xmile


def study_of(folder: Path, model: str, rest: str) -> Study:
    """Return the study of a model's text, or of a library model by name."""
    if model.lstrip().startswith("<"):
        (folder / "model.xmile").write_text(model, encoding="utf-8")
        model = "model.xmile"
    file = folder / "study.yaml"
    file.write_text(f"model: {model}\ntitle: T\n{rest}", encoding="utf-8")
    return read_study(file)


def ranged(low: float, high: float) -> str:
    """Return the range of a variable."""
    return f'<range min="{low}" max="{high}"/>'


def plane(rates: Mapping[str, str], box: tuple[float, float], **numbers: float) -> str:
    """Return a model whose stocks have these rates, all starting at 0.1, with constants."""
    parts = []
    for name, rate in rates.items():
        parts += [stock(name, 0.1, f"d{name}", extra=ranged(*box)), flow(f"d{name}", rate)]
    parts += [aux(name, value, ranged(-5, 5)) for name, value in numbers.items()]
    return xmile(*parts, start=0, stop=10, dt=0.125)


def found_in(study: Study, *visited: float) -> tuple[Today, Equilibria, Rates | None]:
    """Return the equilibria of a study's first scenario, sought from where it stands."""
    today = stand(study, study.scenarios[0])
    states = np.stack((today.levels, *(np.full(len(today.levels), v) for v in visited)), axis=1)
    return today, *equilibria(today, states, starts=30)


def place_of(today: Today, name: str) -> int:
    """Return the place of a constant among the numbers that vary."""
    return [v.name for v in today.varied].index(name)

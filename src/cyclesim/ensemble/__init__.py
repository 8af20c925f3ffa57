"""A scenario run once, or many times over with other numbers.

`run_scenario` is one run; `bindable` makes a scenario ready for any number of runs, in which
constants, initial values and the numbers of its changes differ from run to run.
"""

from cyclesim.ensemble.lanes import ScenarioRuns, bindable
from cyclesim.ensemble.scenario_models import past, run_scenario, scenario_models
from cyclesim.scenario.varied import (
    NotVaried,
    Varied,
    VariedKind,
    change_numbers,
    constant,
    initial_value,
)

__all__ = [
    "NotVaried",
    "ScenarioRuns",
    "Varied",
    "VariedKind",
    "bindable",
    "change_numbers",
    "constant",
    "initial_value",
    "past",
    "run_scenario",
    "scenario_models",
]

"""cyclesim: stock-and-flow models of service organisations, run, checked and argued with.

import cyclesim as cs
model = cs.load("service_cycle")
results = cs.simulate(model, {"Training share": 0.06}, method="rk4")
results["Service quality"]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cyclesim.version import __version__

if TYPE_CHECKING:
    from cyclesim.compiler import CompiledModel
    from cyclesim.report.figures import plot
    from cyclesim.results import Results
    from cyclesim.scenario.parts import Study, StudyRun
    from cyclesim.simulation import load, simulate
    from cyclesim.study import read_study, run_study

_HOMES = {
    "CompiledModel": "cyclesim.compiler",
    "Results": "cyclesim.results",
    "Study": "cyclesim.scenario.parts",
    "StudyRun": "cyclesim.scenario.parts",
    "load": "cyclesim.simulation",
    "plot": "cyclesim.report.figures",
    "read_study": "cyclesim.study",
    "run_study": "cyclesim.study",
    "simulate": "cyclesim.simulation",
}

__all__ = [
    "CompiledModel",
    "Results",
    "Study",
    "StudyRun",
    "__version__",
    "load",
    "plot",
    "read_study",
    "run_study",
    "simulate",
]


def __getattr__(name: str) -> Any:
    """Return a public name; its module is imported at first use, since some are heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cyclesim' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""cyclesim: stock-and-flow models of service organisations, run, checked and argued with.

import cyclesim as cs
model = cs.load("service_cycle")
results = cs.simulate(model, {"Training share": 0.06}, method="rk4")
results["Service quality"]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cyclesim.display import Shown
from cyclesim.version import __version__

if TYPE_CHECKING:
    from cyclesim.analysis.explanation import explain_study
    from cyclesim.analysis.loops import LoopAnalysis, loops
    from cyclesim.analysis.sensitivity import sensitivity
    from cyclesim.analysis.tipping import nearest_margin, tipping
    from cyclesim.compiler import CompiledModel
    from cyclesim.diagram import loop_diagram, stock_diagram
    from cyclesim.report.plots import plot
    from cyclesim.results import Results
    from cyclesim.scenario.parts import Study, StudyRun
    from cyclesim.simulation import load, simulate
    from cyclesim.starter import starting_files
    from cyclesim.study import read_study, run_batch, run_study

_HOMES = {
    "CompiledModel": "cyclesim.compiler",
    "LoopAnalysis": "cyclesim.analysis.loops",
    "Results": "cyclesim.results",
    "Study": "cyclesim.scenario.parts",
    "StudyRun": "cyclesim.scenario.parts",
    "explain_study": "cyclesim.analysis.explanation",
    "load": "cyclesim.simulation",
    "loop_diagram": "cyclesim.diagram",
    "loops": "cyclesim.analysis.loops",
    "nearest_margin": "cyclesim.analysis.tipping",
    "plot": "cyclesim.report.plots",
    "read_study": "cyclesim.study",
    "run_batch": "cyclesim.study",
    "run_study": "cyclesim.study",
    "sensitivity": "cyclesim.analysis.sensitivity",
    "simulate": "cyclesim.simulation",
    "starting_files": "cyclesim.starter",
    "stock_diagram": "cyclesim.diagram",
    "tipping": "cyclesim.analysis.tipping",
}

__all__ = [
    "CompiledModel",
    "LoopAnalysis",
    "Results",
    "Study",
    "StudyRun",
    "__version__",
    "explain_study",
    "load",
    "loop_diagram",
    "loops",
    "nearest_margin",
    "plot",
    "read_study",
    "run_batch",
    "run_study",
    "sensitivity",
    "simulate",
    "starting_files",
    "stock_diagram",
    "tipping",
]


def _drawn(thing: object) -> str:
    drawer = import_module("cyclesim.report.notebook")
    return str(drawer.html_of(thing))


Shown.drawer = _drawn


def __getattr__(name: str) -> Any:
    """Return a public name; its module is imported at first use, since some are heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cyclesim' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""A flat model into code of a target, and the code into functions."""

from __future__ import annotations

from cyclesim.codegen.emit_javascript import emit_javascript
from cyclesim.codegen.emit_numpy import emit_numpy
from cyclesim.codegen.emit_python import emit_python
from cyclesim.codegen.program import Binding, Bound, Program, Source, load

__all__ = [
    "TARGETS",
    "Binding",
    "Bound",
    "Program",
    "Source",
    "emit_javascript",
    "emit_numpy",
    "emit_python",
    "load",
]

TARGETS = {"python": emit_python, "numpy": emit_numpy}
"""Emitters of the targets that run in Python, by the name of the target."""

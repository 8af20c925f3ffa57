"""A flat model into code of a target, and the code into functions."""

from __future__ import annotations

from collections.abc import Callable

from cyclesim.codegen.emit_python import emit_python
from cyclesim.codegen.program import Binding, Bound, Program, Source, load
from cyclesim.compiler import FlatModel

__all__ = ["TARGETS", "Binding", "Bound", "Program", "Source", "emit_python", "load"]


def _numpy(flat: FlatModel) -> Program:
    # What a single run does not need is not loaded for it.
    from cyclesim.codegen.emit_numpy import emit_numpy

    return emit_numpy(flat)


TARGETS: dict[str, Callable[[FlatModel], Program]] = {"python": emit_python, "numpy": _numpy}
"""Emitters by the name of their target."""

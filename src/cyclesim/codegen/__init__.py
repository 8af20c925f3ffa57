"""A flat model into code of a target, and the code into functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cyclesim.codegen.emit_python import emit_python
from cyclesim.codegen.program import Binding, Bound, Program, Source, load
from cyclesim.compiler import FlatModel

__all__ = [
    "TARGETS", "Binding", "Bound", "Program", "Source", "emit_python", "load", "machine_code",
]  # fmt: skip


def _numpy(flat: FlatModel) -> Program:
    # What a single run does not need is not loaded for it.
    from cyclesim.codegen.emit_numpy import emit_numpy

    return emit_numpy(flat)


def machine_code(flat: FlatModel, strict: bool = False) -> Program:
    """Return the program of a model in machine code; one of `numpy`, with a note, where it must be.

    With `strict` each division is done as it is written, however often its divisor stands still.
    """
    from cyclesim.codegen.emit_llvm import emit_llvm, unserved

    reason = unserved(flat)
    if reason:
        return replace(_numpy(flat), note=f"the runs are computed by numpy, since {reason}.")
    return emit_llvm(flat, strict)


TARGETS: dict[str, Callable[[FlatModel], Program]] = {
    "python": emit_python,
    "numpy": _numpy,
    "llvm": machine_code,
}
"""Emitters by the name of their target."""

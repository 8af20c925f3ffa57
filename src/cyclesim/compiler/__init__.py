"""From what a model file says to a checked model that a target can be generated from."""

from __future__ import annotations

from dataclasses import dataclass

from cyclesim.compiler.expand import expand
from cyclesim.compiler.flat import FlatModel, FlatVariable, Role
from cyclesim.compiler.flatten import flatten
from cyclesim.compiler.link_held import LinkHeld
from cyclesim.compiler.override import (
    InitialValue,
    Lifted,
    Override,
    Points,
    Pulse,
    Ramp,
    Replacement,
    Step,
    override,
)
from cyclesim.compiler.parts import Model, Origin, Piece
from cyclesim.compiler.resolve import resolve
from cyclesim.compiler.selection import NothingSelected, Selection, selected
from cyclesim.compiler.terms import Term
from cyclesim.display import Shown
from cyclesim.project import Project

__all__ = [
    "CompiledModel",
    "FlatModel",
    "FlatVariable",
    "InitialValue",
    "Lifted",
    "LinkHeld",
    "Model",
    "NothingSelected",
    "Origin",
    "Override",
    "Piece",
    "Points",
    "Pulse",
    "Ramp",
    "Replacement",
    "Role",
    "Selection",
    "Step",
    "Term",
    "compile_model",
    "expand",
    "flatten",
    "override",
    "resolve",
    "selected",
]


@dataclass(frozen=True)
class CompiledModel(Shown):
    """A model read and compiled; `resolved` is what changes are compiled into."""

    resolved: Model[Piece]
    flat: FlatModel

    def changed(self, *overrides: Override | Lifted | LinkHeld) -> CompiledModel:
        """Return the model with changes compiled in, in the order given."""
        if not overrides:
            return self
        resolved = override(self.resolved, overrides)
        return CompiledModel(resolved, flatten(resolved))


def compile_model(project: Project) -> CompiledModel:
    """Return the model ready for code generation.

    Raises ModelError with everything found wrong at the first stage that finds something.
    """
    resolved = resolve(expand(project))
    return CompiledModel(resolved, flatten(resolved))

"""Generated code, and the functions that it gives.

A program's functions work on columns: a level, memory or variable is one entry of a list. In
the `python` target an entry is a float, in `numpy` an array whose last axis is free (runs of an
ensemble, or times).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cyclesim.compiler import FlatModel

Column = Any
"""A float, or an array of floats with a free last axis."""

Columns = Sequence[Column]


@dataclass(frozen=True)
class Source:
    """Generated code: holds our own names and numbers, and the model's text in comments only."""

    target: str
    text: str
    flat: FlatModel


class Binding(NamedTuple):
    """What a run is given: parameters in the order of `FlatModel.parameters`, clock and noise.

    A parameter that is an array is a list of its elements (`python`) or an array with the
    free axis last (`numpy`). `declared_dt` is the grid that noise is drawn on; `runs` numbers
    the runs.
    """

    parameters: Columns
    start: float
    stop: float
    dt: float
    declared_dt: float
    noise_seed: int = 0
    runs: Column = 0


class Bound(NamedTuple):
    """A program with its parameters: functions of time and state.

    initial() -> levels, held, inputs: `held` are memories, then buffers; `inputs` what buffers
    receive at step 0 with the delay of each.
    derivatives(time, step_time, levels, held) -> rate of change of each level.
    update(time, step_time, levels, held) -> next memories, then input and delay of each buffer.
    outputs(time, step_time, levels, held) -> every variable, in the order of the model.
    breakpoints() -> (time, interval) of each jump or bend known beforehand.
    """

    initial: Callable[[], tuple[Columns, Columns]]
    derivatives: Callable[[float, float, Columns, Columns], Columns]
    update: Callable[[float, float, Columns, Columns], Columns]
    outputs: Callable[[float, float, Columns, Columns], Columns]
    breakpoints: Callable[[], Sequence[tuple[float, float]]]


@dataclass(frozen=True)
class Program:
    """Loaded code: `bind` gives the functions of a run or of a set of runs.

    `note` says why another target than the one asked for serves a model.
    """

    source: Source
    bind: Callable[[Binding], Bound]
    note: str = ""

    @property
    def flat(self) -> FlatModel:
        """Return the model the code was generated from."""
        return self.source.flat

    @property
    def target(self) -> str:
        """Return the name of the target."""
        return self.source.target


def load(source: Source, support: dict[str, Any]) -> Program:
    """Return the program of a Python source; `support` holds the functions it may call."""
    namespace: dict[str, Any] = {"__builtins__": {}, **support}
    code = compile(source.text, f"<{source.target} code of {source.flat.name}>", "exec")
    exec(code, namespace)

    def bind(binding: Binding) -> Bound:
        return Bound(*namespace["bind"](*binding))

    return Program(source, bind)

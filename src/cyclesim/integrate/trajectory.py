"""What an integration gives: values over time and how each run ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import numpy as np


class Status(Enum):
    """How a run ended; the value is the sentence for it."""

    COMPLETE = "the run is complete"
    DIVERGED = "a stock left the numbers: it became infinite or NaN"
    SOLVER_FAILED = "the solver could not go on"


@dataclass(frozen=True)
class RunStatus:
    """How one run ended; `time` is the last time at which all stocks were numbers."""

    status: Status
    time: float
    message: str = ""

    @property
    def complete(self) -> bool:
        """Return whether the run reached its end."""
        return self.status is Status.COMPLETE


class State(NamedTuple):
    """Where a run stands: levels, memories then buffers, and what each buffer holds."""

    levels: tuple[Any, ...]
    held: tuple[Any, ...]


@dataclass(frozen=True)
class Trajectory:
    """Saved values: `time` (time,), `values` (variable, time) or (variable, time, run).

    Variables are in the order of the model. Times that a run did not reach are NaN.
    """

    time: np.ndarray
    values: np.ndarray
    status: tuple[RunStatus, ...]

"""What runs gave: values by name, with units, and how they came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cyclesim.compiler import FlatModel, FlatVariable
from cyclesim.display import Shown
from cyclesim.errors import UsageError
from cyclesim.integrate.trajectory import RunStatus, Trajectory
from cyclesim.names import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class DiscretisationError:
    """How far values may lie from those of a vanishing step, as a share of each one's range.

    `compared_with` says in words what the run was held against.
    """

    share_of_range: dict[str, float]
    compared_with: str

    @property
    def worst(self) -> tuple[str, float]:
        """Return the variable with the largest share, and that share."""
        name = max(self.share_of_range, key=lambda key: self.share_of_range[key], default="")
        return name, self.share_of_range.get(name, 0.0)


@dataclass(frozen=True)
class Results(Shown):
    """One run by name: `results["Service quality"]` is its values at `results.time`.

    `parameters` holds the numbers bound, `provenance` what is needed to repeat the run.
    """

    flat: FlatModel
    trajectory: Trajectory
    parameters: dict[str, float]
    provenance: dict[str, Any] = field(default_factory=dict)
    error: DiscretisationError | None = None
    notes: tuple[str, ...] = ()

    @property
    def time(self) -> np.ndarray:
        """Return the saved times."""
        return self.trajectory.time

    @property
    def status(self) -> RunStatus:
        """Return how the run ended."""
        return self.trajectory.status[0]

    @property
    def variables(self) -> tuple[FlatVariable, ...]:
        """Return the variables that the modeller wrote."""
        return self.flat.visible

    def variable(self, name: str) -> FlatVariable:
        """Return the variable of that name, however it is spelt.

        Raises UsageError with the nearest name where there is none.
        """
        found = self.flat.found(name)
        if found is None:
            advice = did_you_mean(name, [v.name for v in self.variables]) or ""
            raise UsageError(f"no variable is called '{name}'. {advice}".strip())
        return found[0]

    def __getitem__(self, name: str) -> np.ndarray:
        """Return the values of a variable at the saved times.

        A scalar, or one element written as Name[E1,E2], is (time,); an array is (element of
        each dimension, time).
        """
        variable = self.variable(name)
        place = self.flat.places[variable.ident]
        rows: np.ndarray = self.trajectory.values[place : place + variable.size]
        element = (self.flat.found(name) or (variable, None))[1]
        if element is not None:
            row: np.ndarray = rows[element]
            return row
        return rows.reshape((*variable.shape, -1))

    @property
    def columns(self) -> dict[str, int]:
        """Return the row of values of each element, by its full name, hidden ones left out."""
        return {
            name: self.flat.places[variable.ident] + offset
            for variable in self.variables
            for offset, name in enumerate(variable.columns)
        }

    def to_pandas(self) -> pd.DataFrame:
        """Return a table: one row a saved time, one column a variable."""
        import pandas as pd

        columns = {name: self.trajectory.values[row] for name, row in self.columns.items()}
        name = f"time ({self.flat.time_units})" if self.flat.time_units else "time"
        return pd.DataFrame(columns, index=pd.Index(self.time, name=name))

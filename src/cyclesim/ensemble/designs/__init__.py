"""The numbers of the runs of a design: `sample_of(study, design).numbers(first, stop)`."""

from cyclesim.ensemble.designs.quantiles import quantile
from cyclesim.ensemble.designs.sample import Sample, sample_of
from cyclesim.ensemble.designs.which import (
    base_numbers,
    design_named,
    scenarios_named,
    with_runs,
)

__all__ = [
    "Sample",
    "base_numbers",
    "design_named",
    "quantile",
    "sample_of",
    "scenarios_named",
    "with_runs",
]

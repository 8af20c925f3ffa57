"""Batches: the runs of a design in parts, written so that what is there is whole."""

from cyclesim.ensemble.batch.accuracy import BatchError, sampled_error
from cyclesim.ensemble.batch.chunks import Labeller
from cyclesim.ensemble.batch.executors import Each, cluster, local
from cyclesim.ensemble.batch.forecast import Forecast, forecast
from cyclesim.ensemble.batch.plan import Plan, plan_of, target_for
from cyclesim.ensemble.batch.running import Outcome, Progress, disk_too_small, run_batch

__all__ = [
    "BatchError",
    "Each",
    "Forecast",
    "Labeller",
    "Outcome",
    "Plan",
    "Progress",
    "cluster",
    "disk_too_small",
    "forecast",
    "local",
    "plan_of",
    "run_batch",
    "sampled_error",
    "target_for",
]

"""Batches: the runs of a design in parts, written so that what is there is whole."""

from cyclesim.ensemble.batch.accuracy import BatchError, sampled_error
from cyclesim.ensemble.batch.chunks import Labeller
from cyclesim.ensemble.batch.executors import Each, cluster, local
from cyclesim.ensemble.batch.forecast import Forecast, forecast
from cyclesim.ensemble.batch.plan import Plan, plan_of, target_for
from cyclesim.ensemble.batch.running import Outcome, Progress, disk_too_small, run_batch
from cyclesim.ensemble.batch.store import MANIFEST, compared, read_manifest

__all__ = [
    "MANIFEST",
    "BatchError",
    "Each",
    "Forecast",
    "Labeller",
    "Outcome",
    "Plan",
    "Progress",
    "cluster",
    "compared",
    "disk_too_small",
    "forecast",
    "local",
    "plan_of",
    "read_manifest",
    "run_batch",
    "sampled_error",
    "target_for",
]

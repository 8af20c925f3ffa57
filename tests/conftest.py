"""Settings that all tests share."""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# Object code of the tests is kept apart from the user's; its names are digests of what it is.
os.environ.setdefault("CYCLESIM_CACHE", str(Path(tempfile.gettempdir()) / "cyclesim-tests"))

# No deadline: two shared cores. Seeds are fixed, so that a failure is the same for everyone.
settings.register_profile(
    "cyclesim",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("cyclesim")

"""Settings that all tests share."""

from hypothesis import HealthCheck, settings

# No deadline: two shared cores. Seeds are fixed, so that a failure is the same for everyone.
settings.register_profile(
    "cyclesim",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("cyclesim")

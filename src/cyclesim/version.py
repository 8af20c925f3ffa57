"""The version of cyclesim."""

__version__ = "0.1.0"

"""A `Project` into a model file that other tools read."""

from cyclesim.writers.elementwise import elementwise
from cyclesim.writers.portability import unportable
from cyclesim.writers.xmile import write_xmile

__all__ = ["elementwise", "unportable", "write_xmile"]

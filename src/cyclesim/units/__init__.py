"""The algebra of units: what a unit text says, and which words mean the same."""

from cyclesim.units.algebra import DIMENSIONLESS, Unit
from cyclesim.units.text import UnitTextError
from cyclesim.units.vocabulary import Vocabulary, is_blank
from cyclesim.units.words import TIME_WORD, TIMES

__all__ = ["DIMENSIONLESS", "TIMES", "TIME_WORD", "Unit", "UnitTextError", "Vocabulary", "is_blank"]

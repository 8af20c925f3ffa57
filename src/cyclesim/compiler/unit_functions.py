"""What functions do to units, a row each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Gives(Enum):
    """The unit of a function's value."""

    SAME = "that of the arguments that agree"
    NUMBER = "none"
    TIME = "the model's unit of time"
    PER_TIME = "one over the model's unit of time"
    ROOT = "the square root of the argument's"
    TIMES_TIME = "that of the first argument, times time"
    OVER_TIME = "that of the first argument, over time"
    RATIO = "that of the first argument over that of the second"
    PRODUCT = "the product of the arguments'"
    TABLE = "that of a graphical function"


class Asks(Enum):
    """What is asked of an argument."""

    EQUAL = "the unit of the others"
    NUMBER = "no unit"
    TIME = "the model's unit of time"
    PER_TIME = "one over the model's unit of time"
    FIRST = "to be used in the value's unit"
    TIMES_TIME = "the unit of the value"
    NOTHING = "nothing"


@dataclass(frozen=True)
class UnitRule:
    """What a function asks of its arguments in order, the last for all further ones."""

    gives: Gives
    asks: tuple[Asks, ...] = (Asks.EQUAL,)

    def of(self, place: int) -> Asks:
        """Return what is asked of the argument at a place."""
        return self.asks[min(place, len(self.asks) - 1)]


_E, _N, _T, _P = Asks.EQUAL, Asks.NUMBER, Asks.TIME, Asks.PER_TIME
_F, _V, _O = Asks.FIRST, Asks.TIMES_TIME, Asks.NOTHING

_SAME = UnitRule(Gives.SAME)
_NUMBERS = UnitRule(Gives.NUMBER, (_N,))
_SMOOTH = UnitRule(Gives.SAME, (_E, _T, _E))
_ORDER = UnitRule(Gives.SAME, (_E, _T, _N, _E))
_DRAW = UnitRule(Gives.SAME, (_E, _E, _O))

_OF_NUMBERS = (
    "EXP LN LOG10 SIN COS TAN ARCSIN ARCCOS ARCTAN SINH COSH TANH GAMMALN "
    "NORMAL_PROBABILITY NORMAL_QUANTILE INVNORM FACTORIAL COMBINATIONS PERMUTATIONS BINOMIAL PI"
)
_OF_EQUALS = (
    "ABS INT INTEGER ROUND MAX MIN MOD MODULO QUANTUM INIT PREVIOUS ACTIVE_INITIAL "
    "SUM MEAN STDDEV INF NAN"
)

UNIT_RULES: dict[str, UnitRule] = {
    **dict.fromkeys(_OF_NUMBERS.split(), _NUMBERS),
    **dict.fromkeys(_OF_EQUALS.split(), _SAME),
    **dict.fromkeys(("SMTH1", "SMTH3", "DELAY1", "DELAY3", "DELAY"), _SMOOTH),
    **dict.fromkeys(("SMTHN", "DELAYN"), _ORDER),
    **dict.fromkeys(("TIME", "DT", "STARTTIME", "STOPTIME"), UnitRule(Gives.TIME)),
    **dict.fromkeys(("RANDOM", "UNIFORM", "NORMAL", "LOGISTIC"), _DRAW),
    **dict.fromkeys(("EXPRND", "POISSON"), UnitRule(Gives.SAME, (_E, _O))),
    **dict.fromkeys(("PARETO", "WEIBULL", "GAMMA"), UnitRule(Gives.SAME, (_N, _E, _O))),
    **dict.fromkeys(("SINWAVE", "COSWAVE"), UnitRule(Gives.SAME, (_E, _T))),
    "BETA": UnitRule(Gives.NUMBER, (_N, _N, _O)),
    "TRIANGULAR": UnitRule(Gives.SAME, (_E, _E, _E, _O)),
    "MONTECARLO": UnitRule(Gives.NUMBER, (_P, _O)),
    "SIGN": UnitRule(Gives.NUMBER, (_O,)),
    "SWITCH": UnitRule(Gives.NUMBER, (_E,)),
    "PERCENT": _NUMBERS,
    "ROOTN": UnitRule(Gives.NUMBER, (_O, _N)),
    "NORMALCDF": UnitRule(Gives.NUMBER, (_E,)),
    **dict.fromkeys(("SIZE", "RANK"), UnitRule(Gives.NUMBER, (_O,))),
    **dict.fromkeys(("VECTOR SORT ORDER", "VECTOR RANK"), UnitRule(Gives.NUMBER, (_O, _N))),
    **dict.fromkeys(("VECTOR REORDER", "VECTOR ELM MAP"), UnitRule(Gives.SAME, (_E, _N))),
    "VECTOR SELECT": UnitRule(Gives.SAME, (_N, _E, _E, _N, _N)),
    "ALLOCATE AVAILABLE": UnitRule(Gives.SAME, (_E, _O, _E)),
    "ALLOCATE BY PRIORITY": UnitRule(Gives.SAME, (_E, _O, _N, _O, _E)),
    "ALLOCATE": UnitRule(Gives.SAME, (_E, _O, _E, _O)),
    "SQRT": UnitRule(Gives.ROOT, (_F,)),
    "PROD": UnitRule(Gives.PRODUCT, (_F,)),
    "XIDZ": UnitRule(Gives.RATIO, (_F, _F, _E)),
    "SAFEDIV": UnitRule(Gives.RATIO, (_F, _F, _E)),
    "TREND": UnitRule(Gives.PER_TIME, (_O, _T, _P)),
    "FORCST": UnitRule(Gives.SAME, (_E, _T, _T, _P)),
    "SAMPLE_IF_TRUE": UnitRule(Gives.SAME, (_N, _E, _E)),
    "VENSIM_NPV": UnitRule(Gives.TIMES_TIME, (_F, _P, _V, _N)),
    "STEP": UnitRule(Gives.SAME, (_E, _T)),
    "RAMP": UnitRule(Gives.TIMES_TIME, (_F, _T)),
    "PULSE": UnitRule(Gives.OVER_TIME, (_F, _T)),
    "UNIT_PULSE": UnitRule(Gives.NUMBER, (_T,)),
    "PULSE_TRAIN": UnitRule(Gives.NUMBER, (_T,)),
    **dict.fromkeys(("LOOKUP", "LOOKUPINV"), UnitRule(Gives.TABLE, (_O,))),
}
"""The rule of each function by its name."""

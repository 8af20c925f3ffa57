"""The functions of the modelling language, by the name that modellers call them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Form(Enum):
    """How the compiler treats a function of the modelling language."""

    OPERATION = "an operation of its arguments at one time"
    COMPOSED = "made of several operations"
    CLOCK = "read off the clock"
    NUMBER = "a fixed number"
    TEST_INPUT = "switched by the clock"
    STOCKS = "replaced by stocks and flows that remember the call"
    MEMORY = "a value held from an earlier step"
    BUFFER = "values held for a delay"
    NOISE = "drawn at random, once a step"
    LOOKUP = "a graphical function applied to a value"
    ARRAY = "one value of all elements of an array"
    VECTOR = "a value for each element, made of a whole vector"


@dataclass(frozen=True)
class Function:
    """A function as modellers call it, with the names of its arguments for messages."""

    name: str
    form: Form
    arguments: tuple[str, ...] = ()
    optional: int = 0
    operation: str = ""

    @property
    def least(self) -> int:
        """Return the smallest number of arguments."""
        return len(self.arguments) - self.optional

    @property
    def usage(self) -> str:
        """Return the call as it is written, optional arguments in square brackets."""
        shown = ", ".join(self.arguments[: self.least])
        for extra in self.arguments[self.least :]:
            shown += f"[, {extra}]"
        return f"{self.name}({shown})" if self.arguments else self.name


def _pure(name: str, operation: str, *arguments: str) -> Function:
    return Function(name, Form.OPERATION, arguments or ("x",), 0, operation)


FUNCTIONS: dict[str, Function] = {
    function.name.casefold().replace(" ", "_"): function
    for function in (
        _pure("ABS", "absolute"),
        _pure("ARCCOS", "arc_cosine"),
        _pure("ARCSIN", "arc_sine"),
        _pure("ARCTAN", "arc_tangent"),
        _pure("COS", "cosine"),
        _pure("EXP", "exponential"),
        _pure("INT", "floor"),
        _pure("LN", "natural_logarithm"),
        _pure("LOG10", "decimal_logarithm"),
        _pure("MAX", "maximum", "a", "b"),
        _pure("MIN", "minimum", "a", "b"),
        _pure("MOD", "modulo", "a", "b"),
        _pure("ROUND", "round"),
        _pure("SIN", "sine"),
        _pure("SQRT", "square_root"),
        _pure("TAN", "tangent"),
        _pure("SINH", "hyperbolic_sine"),
        _pure("COSH", "hyperbolic_cosine"),
        _pure("TANH", "hyperbolic_tangent"),
        _pure("GAMMALN", "log_gamma"),
        _pure("INTEGER", "truncate"),
        _pure("MODULO", "remainder", "a", "b"),
        _pure("QUANTUM", "quantum", "a", "b"),
        _pure("XIDZ", "divide_unless_tiny", "a", "b", "otherwise"),
        _pure("NORMAL_PROBABILITY", "normal_probability"),
        _pure("NORMAL_QUANTILE", "normal_quantile", "probability"),
        _pure("INVNORM", "normal_quantile", "probability"),
        _pure("SIGN", "sign"),
        _pure("SWITCH", "greater", "a", "b"),
        _pure("PERCENT", "percent", "fraction"),
        _pure("ROOTN", "root", "x", "n"),
        _pure("FACTORIAL", "factorial", "n"),
        _pure("COMBINATIONS", "combinations", "n", "r"),
        _pure("PERMUTATIONS", "permutations", "n", "r"),
        Function("SINWAVE", Form.COMPOSED, ("amplitude", "period")),
        Function("COSWAVE", Form.COMPOSED, ("amplitude", "period")),
        Function("NORMALCDF", Form.COMPOSED, ("left", "right", "mean", "deviation"), 2),
        Function("SAFEDIV", Form.OPERATION, ("a", "b", "otherwise"), 1, "safe_divide"),
        Function("PI", Form.NUMBER),
        Function("INF", Form.NUMBER),
        Function("NAN", Form.NUMBER),
        Function("TIME", Form.CLOCK),
        Function("DT", Form.CLOCK),
        Function("STARTTIME", Form.CLOCK),
        Function("STOPTIME", Form.CLOCK),
        Function("STEP", Form.TEST_INPUT, ("height", "start time")),
        Function("RAMP", Form.TEST_INPUT, ("slope", "start time", "end time"), 1),
        Function("PULSE", Form.TEST_INPUT, ("volume", "first time", "interval"), 2),
        Function("UNIT_PULSE", Form.TEST_INPUT, ("start time", "duration")),
        Function(
            "PULSE_TRAIN", Form.TEST_INPUT, ("start time", "duration", "interval", "end time")
        ),
        Function("SMTH1", Form.STOCKS, ("input", "averaging time", "initial"), 1),
        Function("SMTH3", Form.STOCKS, ("input", "averaging time", "initial"), 1),
        Function("SMTHN", Form.STOCKS, ("input", "averaging time", "order", "initial"), 1),
        Function("DELAY1", Form.STOCKS, ("input", "delay time", "initial"), 1),
        Function("DELAY3", Form.STOCKS, ("input", "delay time", "initial"), 1),
        Function("DELAYN", Form.STOCKS, ("input", "delay time", "order", "initial"), 1),
        Function("TREND", Form.STOCKS, ("input", "averaging time", "initial"), 1),
        Function("FORCST", Form.STOCKS, ("input", "averaging time", "horizon", "initial"), 1),
        Function("DELAY", Form.BUFFER, ("input", "delay time", "initial"), 1),
        Function("INIT", Form.MEMORY, ("x",)),
        Function("PREVIOUS", Form.MEMORY, ("x", "initial")),
        Function("SAMPLE_IF_TRUE", Form.MEMORY, ("condition", "input", "initial")),
        Function("ACTIVE_INITIAL", Form.OPERATION, ("active", "initial")),
        Function("VENSIM_NPV", Form.STOCKS, ("stream", "discount rate", "initial", "factor")),
        Function("RANDOM", Form.NOISE, ("least", "most", "seed"), 1),
        Function("NORMAL", Form.NOISE, ("mean", "deviation", "seed"), 1),
        Function("UNIFORM", Form.NOISE, ("least", "most", "seed"), 1),
        Function("EXPRND", Form.NOISE, ("mean", "seed"), 1),
        Function("POISSON", Form.NOISE, ("mean", "seed"), 1),
        Function("BINOMIAL", Form.NOISE, ("trials", "chance", "seed"), 1),
        Function("LOGISTIC", Form.NOISE, ("mean", "scale", "seed"), 1),
        Function("PARETO", Form.NOISE, ("shape", "scale", "seed"), 1),
        Function("TRIANGULAR", Form.NOISE, ("least", "mode", "most", "seed"), 1),
        Function("WEIBULL", Form.NOISE, ("shape", "scale", "seed"), 1),
        Function("GAMMA", Form.NOISE, ("shape", "scale", "seed"), 1),
        Function("BETA", Form.NOISE, ("alpha", "beta", "seed"), 1),
        Function("MONTECARLO", Form.NOISE, ("percentage per time", "seed"), 1),
        Function("SUM", Form.ARRAY, ("array",)),
        Function("PROD", Form.ARRAY, ("array",)),
        Function("MEAN", Form.ARRAY, ("array",)),
        Function("STDDEV", Form.ARRAY, ("array",)),
        Function("SIZE", Form.ARRAY, ("array",)),
        Function("RANK", Form.ARRAY, ("array", "rank")),
        Function("VECTOR SORT ORDER", Form.VECTOR, ("vector", "direction")),
        Function("VECTOR RANK", Form.VECTOR, ("vector", "direction")),
        Function("VECTOR REORDER", Form.VECTOR, ("vector", "order")),
        Function("VECTOR ELM MAP", Form.VECTOR, ("element", "offset")),
        Function(
            "VECTOR SELECT",
            Form.VECTOR,
            ("selection", "expression", "missing", "numerical action", "error action"),
        ),
        Function("ALLOCATE AVAILABLE", Form.VECTOR, ("request", "priority profile", "supply")),
        Function(
            "ALLOCATE BY PRIORITY",
            Form.VECTOR,
            ("request", "priority", "size", "width", "supply"),
        ),
        Function(
            "ALLOCATE",
            Form.VECTOR,
            ("supply", "dimension", "request", "priority", "width", "shape"),
        ),
        Function("LOOKUP", Form.LOOKUP, ("graphical function", "x")),
        Function("LOOKUPINV", Form.LOOKUP, ("graphical function", "y")),
    )
}


@dataclass(frozen=True)
class NotYet:
    """Why a function is not computed, to follow its name, and what can be written instead."""

    reason: str = ""
    hint: str | None = None


_NO_RULE = ": what it gives is not laid down well enough"
_COUNTED = ", since tools count the trial that succeeds or do not"
_CONVEYORS = ": it asks for what a conveyor, queue or oven holds"

NOT_YET: dict[str, NotYet] = {
    **dict.fromkeys(
        ("capacity", "cooktime", "cycletime", "ooactive", "qelem", "qlen", "throughput"),
        NotYet(_CONVEYORS),
    ),
    **dict.fromkeys(("cgrowth", "counter", "derivn", "npv", "pmt", "pv"), NotYet(_NO_RULE)),
    "geometric": NotYet(
        _COUNTED,
        "Write INT(LN(RANDOM(0, 1)) / LN(1 - p)) for the failures before the first success of "
        "chance p, and 1 more for the trials.",
    ),
    "negbinomial": NotYet(
        _COUNTED,
        "Write POISSON(GAMMA(n, (1 - p) / p)) for the failures before n successes of chance p, "
        "and n more for the trials; in Stella's files GAMMA / DT within POISSON.",
    ),
    **dict.fromkeys(
        ("endval", "hist", "history", "sensirunid"), NotYet(": it looks at other runs or times")
    ),
    **dict.fromkeys(("interpolate", "irr", "lookuparea", "timecohort"), NotYet()),
    "lognormal": NotYet(
        ", since its two parameters may be those of the values or those of their logarithms",
        "Write EXP(NORMAL(m, s)) with the mean and deviation of the logarithms; for those of the "
        "values, M and S, they are s = SQRT(LN(1 + (S/M)^2)) and m = LN(M) - s^2/2.",
    ),
}
"""Functions that others know and cyclesim does not compute; calls are refused by name."""

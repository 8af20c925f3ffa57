"""Vensim's functions in cyclesim's vocabulary; what is not computed is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cyclesim.expr import (
    Binary,
    Call,
    Conditional,
    Expr,
    ExpressionError,
    Number,
    Reference,
    Subscripted,
    Unary,
)
from cyclesim.expr.tree import rewritten
from cyclesim.names import Ident, canonical

TABLE_VARIANTS = {
    "lookup_backward": "backward",
    "lookup_forward": "forward",
    "lookup_extrapolate": "extrapolated",
}
"""Functions that read a graphical function another way than between its points."""


def _named(call: Call, name: str, *arguments: Expr) -> Call:
    return replace(call, function=canonical(name), name=name, arguments=arguments)


def _made(call: Call, name: str, *arguments: Expr) -> Call:
    return Call(canonical(name), name, arguments, call.span, call.site)


def _minus(left: Expr, right: Expr) -> Expr:
    return Binary("-", left, right, left.span)


def _renamed(name: str, *order: int) -> Callable[[Call], Expr]:
    def build(call: Call) -> Expr:
        given = call.arguments
        return _named(call, name, *(given[place] for place in order) if order else given)

    return build


def _conditional(call: Call) -> Expr:
    condition, then, otherwise = call.arguments
    return Conditional(condition, then, otherwise, call.span)


def _power(call: Call) -> Expr:
    base, exponent = call.arguments
    return Binary("^", base, exponent, call.span)


def _logarithm(call: Call) -> Expr:
    x, base = call.arguments
    return Binary("/", _made(call, "LN", x), _made(call, "LN", base), call.span)


def _or_zero(call: Call) -> Expr:
    return _named(call, "XIDZ", *call.arguments, Number(0.0))


def _uniform_0_1(call: Call) -> Expr:
    return _named(call, "RANDOM", Number(0.0), Number(1.0))


def _truncated_normal(call: Call) -> Expr:
    """Return a draw from the part of a normal distribution between least and most.

    The quantile of a probability drawn between those of the two ends: no draw is thrown away.
    """
    least, most, mean, deviation, seed = call.arguments

    def probability(end: Expr) -> Expr:
        scaled = Binary("/", _minus(end, mean), deviation, call.span)
        return _made(call, "NORMAL_PROBABILITY", scaled)

    drawn = _named(call, "RANDOM", probability(least), probability(most), seed)
    spread = Binary("*", deviation, _made(call, "NORMAL_QUANTILE", drawn), call.span)
    value = Binary("+", mean, spread, call.span)
    return _made(call, "MAX", least, _made(call, "MIN", most, value))


def _time_value(call: Call) -> Expr:
    """Return GET TIME VALUE counted in the model's own time."""
    relative, offset, measure = call.arguments
    if not (isinstance(measure, Number) and measure.value == 0):
        message = "GET TIME VALUE is computed in the model's time only, measure 0"
        raise ExpressionError(message, call.span)
    if not (isinstance(relative, Number) and relative.value in (0, 1)):
        message = "GET TIME VALUE is computed from the current time or the initial time only"
        raise ExpressionError(message, call.span)
    name = "TIME" if relative.value == 0 else "STARTTIME"
    return Binary("+", Reference(canonical(name), name, (), call.span), offset, call.span)


def _only(call: Call) -> Expr:
    return call.arguments[0]


@dataclass(frozen=True)
class Rule:
    """A function as Vensim's manual writes it, and what a call of it becomes."""

    usage: tuple[str, ...]
    build: Callable[[Call], Expr]


_OF_VECTORS: dict[str, tuple[str, ...]] = {
    "VECTOR SORT ORDER": ("vector", "direction"),
    "VECTOR RANK": ("vector", "direction"),
    "VECTOR REORDER": ("vector", "order"),
    "VECTOR ELM MAP": ("element", "offset"),
    "VECTOR SELECT": (
        "selection",
        "expression",
        "missing",
        "numerical action",
        "error action",
    ),
    "ALLOCATE AVAILABLE": ("request", "priority profile", "supply"),
    "ALLOCATE BY PRIORITY": ("request", "priority", "size", "width", "supply"),
}
"""Functions that have the same name and arguments here."""


def _rules() -> dict[str, Rule]:
    smoothed = ("input", "averaging time")
    delayed = ("input", "delay time")
    table: dict[str, tuple[tuple[str, ...], Callable[[Call], Expr]]] = {
        "IF THEN ELSE": (("condition", "then", "otherwise"), _conditional),
        "SMOOTH": (smoothed, _renamed("SMTH1")),
        "SMOOTHI": ((*smoothed, "initial"), _renamed("SMTH1")),
        "SMOOTH3": (smoothed, _renamed("SMTH3")),
        "SMOOTH3I": ((*smoothed, "initial"), _renamed("SMTH3")),
        "SMOOTH N": ((*smoothed, "initial", "order"), _renamed("SMTHN", 0, 1, 3, 2)),
        "DELAY1": (delayed, _renamed("DELAY1")),
        "DELAY1I": ((*delayed, "initial"), _renamed("DELAY1")),
        "DELAY3": (delayed, _renamed("DELAY3")),
        "DELAY3I": ((*delayed, "initial"), _renamed("DELAY3")),
        "DELAY N": ((*delayed, "initial", "order"), _renamed("DELAYN", 0, 1, 3, 2)),
        "DELAY FIXED": ((*delayed, "initial"), _renamed("DELAY")),
        "TREND": ((*smoothed, "initial trend"), _renamed("TREND")),
        "FORECAST": ((*smoothed, "horizon"), _renamed("FORCST")),
        "NPV": (("stream", "discount rate", "initial", "factor"), _renamed("VENSIM_NPV")),
        "STEP": (("height", "start"), _renamed("STEP")),
        "RAMP": (("slope", "start", "end"), _renamed("RAMP")),
        "PULSE": (("start", "duration"), _renamed("UNIT_PULSE")),
        "PULSE TRAIN": (("start", "duration", "interval", "end"), _renamed("PULSE_TRAIN")),
        "SAMPLE IF TRUE": (("condition", "input", "initial"), _renamed("SAMPLE_IF_TRUE")),
        "ACTIVE INITIAL": (("active", "initial"), _renamed("ACTIVE_INITIAL")),
        "INITIAL": (("x",), _renamed("INIT")),
        "GAME": (("x",), _only),
        "INTEGER": (("x",), _renamed("INTEGER")),
        "MODULO": (("a", "b"), _renamed("MODULO")),
        "QUANTUM": (("a", "b"), _renamed("QUANTUM")),
        "POWER": (("base", "exponent"), _power),
        "LOG": (("x", "base"), _logarithm),
        "XIDZ": (("a", "b", "otherwise"), _renamed("XIDZ")),
        "ZIDZ": (("a", "b"), _or_zero),
        "GAMMA LN": (("x",), _renamed("GAMMALN")),
        "MIN": (("a", "b"), _renamed("MIN")),
        "MAX": (("a", "b"), _renamed("MAX")),
        "SUM": (("x",), _renamed("SUM")),
        "PROD": (("x",), _renamed("PROD")),
        "VMIN": (("x",), _renamed("MIN")),
        "VMAX": (("x",), _renamed("MAX")),
        "RANDOM 0 1": ((), _uniform_0_1),
        "RANDOM UNIFORM": (("least", "most", "seed"), _renamed("RANDOM")),
        "RANDOM NORMAL": (("least", "most", "mean", "deviation", "seed"), _truncated_normal),
        "GET TIME VALUE": (("relative to", "offset", "measure"), _time_value),
    }
    same = ["ABS", "ARCCOS", "ARCSIN", "ARCTAN", "COS", "COSH", "EXP", "LN", "SIN", "SINH"]
    table |= {name: (("x",), _renamed(name)) for name in (*same, "SQRT", "TAN", "TANH")}
    table |= {name: (usage, _renamed(name)) for name, usage in _OF_VECTORS.items()}
    return {canonical(name): Rule(usage, build) for name, (usage, build) in table.items()}


_RULES = _rules()


@dataclass(frozen=True)
class Translator:
    """What the functions of one file mean.

    `known` are macros and graphical functions, which win over functions of the same name;
    `sizes` the number of elements of each dimension; `families` the dimension by which a name
    of an element or dimension is counted where it is used as a number; `variant` gives the
    graphical function that reads another one forward, backward or extrapolated.
    """

    known: frozenset[Ident]
    sizes: dict[Ident, int]
    families: dict[Ident, str]
    variant: Callable[[Reference, str], Reference]
    in_macro: bool = False

    def translated(self, expr: Expr) -> Expr:
        """Return the tree in cyclesim's vocabulary. Raises ExpressionError at a wrong call."""
        return rewritten(expr, self._node)

    def _node(self, expr: Expr) -> Expr:
        if isinstance(expr, Reference) and self.in_macro and expr.name.endswith("$"):
            return _outside(expr)
        if isinstance(expr, Reference) and expr.ident in self.families:
            return replace(expr, path=(self.families[expr.ident],))
        if isinstance(expr, Subscripted):
            return replace(expr, subscripts=tuple(map(_bare, expr.subscripts)))
        if not isinstance(expr, Call) or expr.function in self.known:
            return expr
        if expr.function == "elmcount":
            return self.element_count(expr)
        if expr.function in TABLE_VARIANTS:
            return self.table_variant(expr)
        rule = _RULES.get(expr.function)
        if rule is None:
            return expr  # whether such a function exists is the compiler's to say
        if len(expr.arguments) != len(rule.usage):
            raise _wrong_count(expr, rule.usage)
        return rule.build(expr)

    def element_count(self, call: Call) -> Expr:
        """Return the number of elements of a dimension: it is known before any run."""
        if len(call.arguments) != 1:
            raise _wrong_count(call, ("dimension",))
        given = call.arguments[0]
        if not isinstance(given, Reference) or given.ident not in self.sizes:
            raise ExpressionError("ELMCOUNT is given no dimension", call.span)
        return Number(float(self.sizes[given.ident]), call.span)

    def table_variant(self, call: Call) -> Expr:
        """Return a graphical function read forward, backward or extrapolated."""
        if len(call.arguments) != 2:
            raise _wrong_count(call, ("graphical function", "x"))
        table, x = call.arguments
        base = table.base if isinstance(table, Subscripted) else table
        if not isinstance(base, Reference) or base.ident not in self.known:
            message = f"the first argument of {call.name} is not a graphical function"
            raise ExpressionError(message, call.span)
        way = TABLE_VARIANTS[call.function]
        other = self.variant(base, way)
        named = replace(table, base=other) if isinstance(table, Subscripted) else other
        argument = Unary("-", x, x.span) if way == "forward" else x
        return _named(call, "LOOKUP", named, argument)


_CLOCK = {
    canonical("TIME STEP"): "DT",
    canonical("INITIAL TIME"): "STARTTIME",
    canonical("FINAL TIME"): "STOPTIME",
}


def _bare(subscript: Expr) -> Expr:
    """Return a subscript, which is a name and not a number."""
    return replace(subscript, path=()) if isinstance(subscript, Reference) else subscript


def _outside(reference: Reference) -> Reference:
    """Return what a name ending in $ means within a macro: the model's own variable."""
    name = reference.name[:-1]
    name = _CLOCK.get(canonical(name), name)
    return replace(reference, ident=canonical(name), name=name)


def _wrong_count(call: Call, usage: tuple[str, ...]) -> ExpressionError:
    given = len(call.arguments)
    message = f"{call.name} is given {given} argument{'' if given == 1 else 's'}"
    name = call.name.upper()
    return ExpressionError(message, call.span, f"Write {name}({', '.join(usage)}).")

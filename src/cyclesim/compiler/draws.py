"""Draws from distributions, as terms of one number between 0 and 1: its quantile.

So a run with the same noise path and other parameters moves each draw and reshuffles none.
"""

from __future__ import annotations

from collections.abc import Callable

from cyclesim.compiler.terms import DT, ONE, ZERO, Draw, Literal, Term, apply


def _sum(a: Term, b: Term) -> Term:
    return apply("add", a, b)


def _difference(a: Term, b: Term) -> Term:
    return apply("subtract", a, b)


def _product(a: Term, b: Term) -> Term:
    return apply("multiply", a, b)


def _ratio(a: Term, b: Term) -> Term:
    return apply("divide", a, b)


def _waiting(draw: Draw) -> Term:
    """Return an exponential variable of mean 1."""
    return apply("negate", apply("natural_logarithm", _difference(ONE, draw)))


def _uniform(draw: Draw, least: Term, most: Term) -> Term:
    return _sum(least, _product(_difference(most, least), draw))


def _normal(draw: Draw, mean: Term, deviation: Term) -> Term:
    return _sum(mean, _product(deviation, apply("standard_normal", draw)))


def _exponential(draw: Draw, mean: Term) -> Term:
    return _product(mean, _waiting(draw))


def _logistic(draw: Draw, mean: Term, scale: Term) -> Term:
    odds = _ratio(draw, _difference(ONE, draw))
    return _sum(mean, _product(scale, apply("natural_logarithm", odds)))


def _pareto(draw: Draw, shape: Term, scale: Term) -> Term:
    return _product(scale, apply("exponential", _ratio(_waiting(draw), shape)))


def _weibull(draw: Draw, shape: Term, scale: Term) -> Term:
    return _product(scale, apply("power", _waiting(draw), _ratio(ONE, shape)))


def _triangular(draw: Draw, least: Term, mode: Term, most: Term) -> Term:
    width = _difference(most, least)
    peak = _ratio(_difference(mode, least), width)
    return _sum(least, _product(width, apply("triangular_quantile", draw, peak)))


def _poisson(draw: Draw, mean: Term) -> Term:
    return apply("poisson_quantile", draw, mean)


def _binomial(draw: Draw, trials: Term, chance: Term) -> Term:
    return apply("binomial_quantile", draw, trials, chance)


def _gamma(draw: Draw, shape: Term, scale: Term) -> Term:
    return _product(scale, apply("gamma_quantile", draw, shape))


def _beta(draw: Draw, alpha: Term, beta: Term) -> Term:
    return apply("beta_quantile", draw, alpha, beta)


def _event(draw: Draw, percentage: Term) -> Term:
    """Return 1 where an event happens in this step, given its percentage per unit of time."""
    chance = _ratio(_product(percentage, DT), Literal(100.0))
    return apply("select", apply("less", draw, chance), ONE, ZERO)


DRAWS: dict[str, Callable[..., Term]] = {
    "RANDOM": _uniform,
    "UNIFORM": _uniform,
    "NORMAL": _normal,
    "EXPRND": _exponential,
    "LOGISTIC": _logistic,
    "PARETO": _pareto,
    "WEIBULL": _weibull,
    "TRIANGULAR": _triangular,
    "POISSON": _poisson,
    "BINOMIAL": _binomial,
    "GAMMA": _gamma,
    "BETA": _beta,
    "MONTECARLO": _event,
}
"""What a draw becomes, by the function's name."""

"""Elementary functions of machine code: errors against 50 digits, edges against the table."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cyclesim.codegen import Binding, machine_code
from cyclesim.compiler import Piece, flatten
from cyclesim.compiler.terms import Apply, Symbol
from cyclesim.names import canonical
from cyclesim.operations import OPERATIONS
from tests.models_in_text import aux, flow, model, stock

NAMES = ("p", "q", "r")
BASE = model(*(aux(name, 1) for name in NAMES), aux("y", "p + q + r")).resolved
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
INF, NAN = math.inf, math.nan


def computed(operation: str, *columns: np.ndarray) -> np.ndarray:
    """Return an operation of columns, by the machine code of a model that has it."""
    wanted = Apply(operation, tuple(Symbol(canonical(name)) for name in NAMES[: len(columns)]))
    parts = tuple(
        type(part)(part.about, (Piece(wanted),)) if part.about.ident == "y" else part
        for part in BASE.parts
    )
    program = machine_code(flatten(type(BASE)(BASE.project, parts)))
    given_by = dict(zip(NAMES, (*columns, *[np.zeros(1)] * 3), strict=False))
    values = tuple(given_by[ident] for ident in program.flat.parameters)
    row = program.bind(Binding(values, 0.0, 1.0, 1.0, 1.0)).outputs(0.0, 0.0, (), ())
    return np.asarray(row[program.flat.places[canonical("y")]])


def sine(x: Decimal) -> Decimal:
    """Return a sine by its series, whole turns taken off."""
    x -= (x / (2 * PI)).to_integral_value() * 2 * PI
    term = total = x
    for n in range(2, 80, 2):
        term = -term * x * x / (n * (n + 1))
        total += term
    return total


def cosine(x: Decimal) -> Decimal:
    return sine(x + PI / 2)


def tanh(x: Decimal) -> Decimal:
    grown = (2 * x).exp()
    return (grown - 1) / (grown + 1)


EXACT = {
    "exponential": (lambda x: x.exp(), 1.5, [(-700, 700), (-1, 1)]),
    "natural_logarithm": (lambda x: x.ln(), 1.5, [(1e-300, 1e300), (0.5, 2), (0.999, 1.001)]),
    "decimal_logarithm": (lambda x: x.log10(), 1.5, [(1e-300, 1e300), (0.5, 2)]),
    "sine": (sine, 2.5, [(-3, 3), (-9e5, 9e5)]),
    "cosine": (cosine, 2.5, [(-3, 3), (-9e5, 9e5)]),
    "tangent": (lambda x: sine(x) / cosine(x), 2.5, [(-1.5, 1.5), (-1e4, 1e4)]),
    "hyperbolic_tangent": (tanh, 2.5, [(-1e-3, 1e-3), (-1, 1), (-20, 20)]),
    "hyperbolic_sine": (lambda x: (x.exp() - (-x).exp()) / 2, 2.5, [(-1, 1), (-600, 600)]),
    "hyperbolic_cosine": (lambda x: (x.exp() + (-x).exp()) / 2, 2.5, [(-1, 1), (-600, 600)]),
}


def worst(found: np.ndarray, exact: list[Decimal]) -> float:
    """Return the largest error, in units of the last place."""
    pairs = zip(found.tolist(), exact, strict=True)
    return max(abs(float((Decimal(a) - b) / Decimal(math.ulp(float(b))))) for a, b in pairs)


@pytest.mark.parametrize("name", EXACT)
def test_errors_of_functions_of_one_number(name):
    exact, allowed, ranges = EXACT[name]
    rng = np.random.default_rng(7)
    columns = [
        np.exp(rng.uniform(math.log(low), math.log(high), 250))
        if low > 0 and high / low > 1e9
        else rng.uniform(low, high, 250)
        for low, high in ranges
    ]
    column = np.concatenate(columns)
    with localcontext() as context:
        context.prec = 50
        wanted = [exact(Decimal(x)) for x in column.tolist()]
        assert worst(computed(name, column), wanted) <= allowed


def test_errors_of_powers():
    rng = np.random.default_rng(8)
    x = np.concatenate([np.exp(rng.uniform(-s, s, 300)) for s in (1, 5, 600, 1e-3)])
    y = np.concatenate([rng.uniform(-s, s, 300) for s in (3, 100, 1, 5e5)])
    base = np.exp(rng.uniform(-0.3, 0.3, 600))  # large powers of it ask most of the logarithm
    x, y = np.append(x, base), np.append(y, rng.uniform(600, 690, 600) / np.log(base))
    ordinary = np.abs(y * np.log(x)) < 700
    x, y = x[ordinary], y[ordinary]
    with localcontext() as context:
        context.prec = 50
        pairs = zip(x.tolist(), y.tolist(), strict=True)
        wanted = [(Decimal(b) * Decimal(a).ln()).exp() for a, b in pairs]
        assert worst(computed("power", x, y), wanted) <= 1.5


def test_near_multiples_of_half_a_turn_the_sine_keeps_its_digits():
    column = np.round(np.random.default_rng(9).uniform(-1e5, 1e5, 200)) * (math.pi / 2)
    with localcontext() as context:
        context.prec = 50
        for name, exact in (("sine", sine), ("cosine", cosine)):
            wanted = [exact(Decimal(x)) for x in column.tolist()]
            assert worst(computed(name, column), wanted) <= 2.5


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, INF, -INF, NAN, 1e308, -1e308, 5e-324,
         1e-310, 709.9, -745.5, 1e22]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "standard_normal"])
def test_edges_are_those_of_the_table(name):
    operation = OPERATIONS[name]
    edges = EDGES if operation.arity < 3 else EDGES[:14]
    rows = list(product(edges, repeat=operation.arity))
    found = computed(name, *(np.array(column) for column in zip(*rows, strict=True))).tolist()
    for row, value in zip(rows, found, strict=True):
        wanted = operation.scalar(*row)
        near = abs(value - wanted) <= max(2 * math.ulp(wanted), 1e-15 * abs(wanted))
        assert value == wanted or near or (value != value and wanted != wanted), (row, value)


NUMBERS = st.one_of(
    st.floats(-1e6, 1e6), st.floats(), st.sampled_from(EDGES), st.integers(-99, 99).map(float)
)
SHARED = model(
    aux("b", 1), aux("a", 1), stock("S", "a", "f"), flow("f", "0 * S"), aux("y", "S / b")
).flat


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=16))
def test_a_quotient_by_what_stands_still_is_the_rounded_quotient(rows):
    a, b = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    place = SHARED.places[canonical("y")]
    binding = Binding((b, a), 0.0, 1.0, 1.0, 1.0)
    row = machine_code(SHARED).bind(binding).outputs(0.0, 0.0, (a,), ())
    with np.errstate(all="ignore"):
        wanted = a / b
    for x, y, found, exact in zip(a, b, row[place], wanted, strict=True):
        tiny = abs(x) < 1e-290 or abs(exact) < 1e-290  # what is short is then lost to underflow
        if not math.isnan(exact):
            assert math.copysign(1, found) == math.copysign(1, exact), (x, y)  # of zeros as well
        if math.isfinite(exact) and tiny:
            assert abs(found - exact) <= 2 * math.ulp(exact), (x, y)
        else:
            np.testing.assert_equal(found, exact, err_msg=f"{x!r} / {y!r}")


COUNTS = {
    "poisson_quantile": lambda rng, n: (
        rng.random(n),
        np.exp(rng.uniform(math.log(1e-3), math.log(2e4), n)),
    ),
    "binomial_quantile": lambda rng, n: (
        rng.random(n),
        np.floor(np.exp(rng.uniform(0, math.log(2e4), n))),
        rng.random(n),
    ),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_scipys_and_those_of_the_reference(name):
    """The count is the least at which scipy's distribution function reaches the probability."""
    columns = COUNTS[name](np.random.default_rng(11), 400)
    columns[0][:4] = [2.0**-53, 1 - 2.0**-53, 1e-9, 0.999999999]
    found = computed(name, *columns)
    wanted = [OPERATIONS[name].scalar(*row) for row in zip(*columns, strict=True)]
    # At 2^-53 from 0 and 1 the last digit of a sum decides.
    np.testing.assert_allclose(found[:2], wanted[:2], rtol=0.02, atol=2)
    np.testing.assert_array_equal(found[2:], wanted[2:])
    kind = stats.poisson if name == "poisson_quantile" else stats.binom
    probability, *shape = (column[4:] for column in columns)  # beyond, scipy itself is unsure
    here, below = (kind.cdf(found[4:] - less, *shape) for less in (0, 1))
    assert (here >= probability * (1 - 1e-9)).all()
    assert (below <= probability * (1 + 1e-9)).all()

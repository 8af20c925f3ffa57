"""The table of operations through the generated code of each target, and graphical functions."""

import math
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclesim.codegen import TARGETS, Binding
from cyclesim.compiler import Piece, flatten
from cyclesim.compiler.terms import Apply, Symbol
from cyclesim.functions import FUNCTIONS, Form
from cyclesim.names import canonical
from cyclesim.operations import OPERATIONS
from tests.models_in_text import aux, gf, graph, model

NAN, INF = math.nan, math.inf
NAMES = ("p", "q", "r")


def _program(resolved, operation, target, in_step):
    """Return a program whose variable `y` is an operation of parameters p, q, r.

    `in_step` makes it a value of each step instead of one computed when the run is bound.
    """
    arguments = tuple(Symbol(canonical(name)) for name in NAMES[: OPERATIONS[operation].arity])
    formula = Apply(operation, arguments)
    if in_step:  # 0 * TIME would lose infinities: IF TIME < -1 THEN 0 ELSE ...
        still = next(part for part in resolved.parts if part.about.ident == "never").formula[0].term
        zero = Apply("subtract", (Symbol(canonical("p")), Symbol(canonical("p"))))
        formula = Apply("select", (still, zero, formula))
    parts = tuple(
        replace(part, formula=(Piece(formula),)) if part.about.ident == "y" else part
        for part in resolved.parts
    )
    return TARGETS[target](flatten(replace(resolved, parts=parts)))


BASE = model(
    *(aux(name, 1) for name in NAMES), aux("never", "TIME < -1"), aux("y", "p + q + r")
).resolved
PROGRAMS = {
    (name, target, in_step): _program(BASE, name, target, in_step)
    for name in OPERATIONS
    for target in TARGETS
    for in_step in (False, True)
}


def computed(operation: str, target: str, columns, in_step=False):
    """Return y of a program whose parameters are these columns (numbers or arrays)."""
    program = PROGRAMS[operation, target, in_step]
    width = np.shape(columns[0])
    given_columns = [*columns, *[np.zeros(width) if width else 0.0] * (3 - len(columns))]
    by_name = dict(zip(NAMES, given_columns, strict=True))
    values = tuple(by_name[ident] for ident in program.flat.parameters)
    with np.errstate(all="ignore"):
        bound = program.bind(Binding(values, 0.0, 10.0, 1.0, 1.0))
        row = bound.outputs(0.0, 0.0, (), ())
    return row[program.flat.places[canonical("y")]]


def same(found: float, wanted: float, ulps: int = 0) -> bool:
    if wanted != wanted or found != found:
        return wanted != wanted and found != found
    if found == wanted:
        return True
    near = abs(found - wanted) <= max(ulps * math.ulp(wanted), 1e-15 * abs(wanted))
    return bool(ulps) and near


GOLDEN = [
    pytest.param(name, arguments, wanted, id=f"{name}{arguments}")
    for name, operation in OPERATIONS.items()
    for arguments, wanted in operation.golden
]


@pytest.mark.parametrize("in_step", [False, True], ids=["at binding", "in a step"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("name", "arguments", "wanted"), GOLDEN)
def test_golden_values_through_generated_code(name, arguments, wanted, target, in_step):
    columns = [float(value) for value in arguments]
    if target == "numpy":
        columns = [np.array([value, value]) for value in columns]
    found = np.broadcast_to(computed(name, target, columns, in_step), (2,)).tolist()
    # 1 ulp for the two golden values that are themselves rounded: pi/2 and a quantile
    exact = name not in ("standard_normal",)
    assert all(same(value, wanted, 0 if exact else 1) for value in found)


def test_every_operation_has_a_golden_value_and_every_argument_counted():
    for operation in OPERATIONS.values():
        assert operation.golden
        assert all(len(arguments) == operation.arity for arguments, _ in operation.golden)


def test_every_pure_function_names_an_operation_of_its_arity():
    made_of_several = ("SAFEDIV", "ACTIVE_INITIAL")
    pure = [f for f in FUNCTIONS.values() if f.form is Form.OPERATION]
    for function in (f for f in pure if f.name not in made_of_several):
        assert OPERATIONS[function.operation].arity == len(function.arguments)


# Known values that the table's own golden rows do not hold, from IEEE 754 and C99's annex F.
KNOWN = [
    ("divide", (-1.0, -0.0), INF),
    ("divide", (0.0, -0.0), NAN),
    ("divide", (-INF, 0.0), -INF),
    ("divide", (NAN, -0.0), NAN),
    ("divide", (1e308, 1e-308), INF),
    ("power", (-0.0, -2.0), INF),
    ("power", (-0.0, -INF), INF),
    ("power", (-INF, 3.0), -INF),
    ("power", (-INF, 2.0), INF),
    ("power", (-2.0, INF), INF),
    ("power", (-0.5, -INF), INF),
    ("power", (-1e200, 3.0), -INF),
    ("power", (-1e200, 2.0), INF),
    ("power", (4.0, 0.5), 2.0),
    ("modulo", (-6.0, 3.0), 0.0),
    ("modulo", (5.0, -INF), -INF),
    ("modulo", (-INF, 3.0), NAN),
    ("modulo", (5.0, NAN), NAN),
    ("round", (0.5,), 1.0),
    ("round", (-0.5,), -1.0),
    ("round", (-0.49999999999999994,), 0.0),
    ("round", (4503599627370495.5,), 4503599627370496.0),
    ("round", (1e300,), 1e300),
    ("floor", (-0.5,), -1.0),
    ("floor", (-INF,), -INF),
    ("exponential", (709.0,), 8.218407461554972e307),
    ("exponential", (-INF,), 0.0),
    ("exponential", (INF,), INF),
    ("natural_logarithm", (-0.0,), -INF),
    ("decimal_logarithm", (INF,), INF),
    ("decimal_logarithm", (1e-5,), -5.0),
    ("square_root", (-0.0,), 0.0),
    ("square_root", (NAN,), NAN),
    ("minimum", (INF, NAN), NAN),
    ("maximum", (NAN, NAN), NAN),
    ("and", (NAN, NAN), 1.0),
    ("and", (-0.0, 1.0), 0.0),
    ("or", (-0.0, 0.0), 0.0),
    ("equal", (INF, INF), 1.0),
    ("select", (-0.0, 1.0, 2.0), 2.0),
    ("select", (-3.0, 1.0, NAN), 1.0),
    ("sine", (NAN,), NAN),
    ("arc_sine", (1.0000000000000002,), NAN),
    ("arc_tangent", (-INF,), -math.pi / 2),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("name", "arguments", "wanted"), KNOWN)
def test_known_values_beyond_the_table(name, arguments, wanted, target):
    columns = list(arguments)
    if target == "numpy":
        columns = [np.array([value, value]) for value in columns]
    found = np.broadcast_to(computed(name, target, columns), (2,)).tolist()
    assert all(same(value, wanted, 1) for value in found)


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, INF, -INF, NAN, 1e308, -1e308, 5e-324]


@pytest.mark.parametrize("name", OPERATIONS)
def test_all_edges_agree_between_the_targets(name):
    arity = OPERATIONS[name].arity
    if name == "standard_normal":  # a probability: noise never gives another
        grids = [np.array([2.0**-53, 0.1, 0.5, 0.9, 1 - 2.0**-53])]
    else:
        grids = [g.ravel() for g in np.meshgrid(*[EDGES] * arity, indexing="ij")]
    together = np.broadcast_to(computed(name, "numpy", grids), grids[0].shape)
    for index, row in enumerate(zip(*(g.tolist() for g in grids), strict=True)):
        alone = computed(name, "python", list(row))
        assert isinstance(alone, float)
        assert same(float(together[index]), alone, 2), (row, alone, together[index])


NUMBERS = st.one_of(
    st.floats(), st.floats(-100, 100), st.integers(-20, 20).map(float), st.sampled_from(EDGES)
)
PROBABILITIES = st.floats(2.0**-53, 1 - 2.0**-53)


@pytest.mark.parametrize("name", OPERATIONS)
@given(data=st.data())
def test_random_arguments_agree_between_the_targets(name, data):
    kind = PROBABILITIES if name == "standard_normal" else NUMBERS
    rows = data.draw(st.lists(st.tuples(*[kind] * OPERATIONS[name].arity), min_size=1, max_size=20))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    together = np.broadcast_to(computed(name, "numpy", columns, True), (len(rows),))
    for row, found in zip(rows, together.tolist(), strict=True):
        wanted = computed(name, "python", list(row), True)
        assert same(found, wanted, 2), (row, wanted, found)


# --- division in each shape in which the python target writes it -----------------------------

DIVISIONS = {
    "by a variable": "p / q",
    "by an expression": "p / (q * 1)",
    "of an expression": "(p + 0) / q",
    "nested": "(p / q) / (q / 1)",
    "by a number": "p / 4",
    "by a negative number": "p / -4",
    "by zero": "p / 0",
    "nested in the divisor": "p / (q / (q / p))",
    "nested in both": "(p / (q * 1)) / (5 / (q + 1))",
    "safe": "p // q",
    "safely otherwise": "SAFEDIV(p, q, 7)",
}


@pytest.mark.parametrize("shape", DIVISIONS)
@pytest.mark.parametrize("p", [1.0, -2.0, 0.0, INF, NAN])
@pytest.mark.parametrize("q", [3.0, 0.0, -0.0, NAN, -INF])
def test_division_in_each_shape(shape, p, q):
    d = OPERATIONS["divide"].scalar
    wanted = {
        "by a variable": d(p, q),
        "by an expression": d(p, q),
        "of an expression": d(p + 0, q),
        "nested": d(d(p, q), q),
        "by a number": p * 0.25,
        "by a negative number": p * -0.25,
        "by zero": d(p, 0.0),
        "nested in the divisor": d(p, d(q, d(q, p))),
        "nested in both": d(d(p, q), d(5.0, q + 1)),
        "safe": 0.0 if q == 0 else d(p, q),
        "safely otherwise": 7.0 if q == 0 else d(p, q),
    }[shape]
    found = model(aux("p", 1), aux("q", 1), aux("y", DIVISIONS[shape])).flat
    for target, emit in TARGETS.items():
        program = emit(found)
        given_values = {"p": p, "q": q}
        values = tuple(given_values[i] for i in found.parameters if i in given_values)
        if target == "numpy":
            values = tuple(np.array([value]) for value in values)
        with np.errstate(all="ignore"):
            row = program.bind(Binding(values, 0.0, 1.0, 1.0, 1.0)).outputs(0.0, 0.0, (), ())
        value = float(np.ravel(row[found.places[canonical("y")]])[0])
        assert same(value, wanted, 1), (target, value, wanted)


# --- graphical functions ---------------------------------------------------------------------


def looked_up(x, y, kind, values):
    """Return a table at values, by generated code of both targets, which must agree."""
    points = gf(x, y, kind)
    found = model(graph("T", points), aux("p", 0), aux("y", "T(p)")).flat
    place = found.places[canonical("y")]
    with np.errstate(all="ignore"):
        columns = (np.array(values, dtype=float),)
        bound = TARGETS["numpy"](found).bind(Binding(columns, 0.0, 1.0, 1.0, 1.0))
        together = bound.outputs(0.0, 0.0, (), ())[place].tolist()
    program = TARGETS["python"](found)
    alone = [
        program.bind(Binding((float(v),), 0.0, 1.0, 1.0, 1.0)).outputs(0.0, 0.0, (), ())[place]
        for v in values
    ]
    assert all(same(a, b, 2) for a, b in zip(together, alone, strict=True)), (together, alone)
    return alone


X, Y = [0.0, 1.0, 3.0, 3.0, 4.0], [10.0, 20.0, 40.0, 0.0, -10.0]
AT = [-INF, -1.0, 0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, INF]
TABLES = {
    "continuous": [10, 10, 10, 15, 20, 30, 35, 0, -5, -10, -10, -10],
    "discrete": [10, 10, 10, 10, 20, 20, 20, 0, 0, -10, -10, -10],
    "extrapolate": [-INF, 0, 10, 15, 20, 30, 35, 0, -5, -10, -20, -INF],
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_at_between_and_beyond_their_points(kind):
    assert looked_up(X, Y, kind, AT) == TABLES[kind]


@pytest.mark.parametrize("kind", TABLES)
def test_nan_looks_up_nan(kind):
    (found,) = looked_up(X, Y, kind, [NAN])
    assert math.isnan(found)


@pytest.mark.parametrize("kind", TABLES)
def test_the_later_of_two_points_counts_at_the_end_of_a_table_too(kind):
    assert looked_up([0.0, 1.0, 1.0], [0.0, 1.0, 5.0], kind, [0.0, 1.0]) == [0.0, 5.0]
    assert looked_up([0.0, 0.0, 1.0], [7.0, 1.0, 5.0], kind, [0.0, 1.0]) == [1.0, 5.0]


@given(
    x=st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=6),
    y=st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6),
    at=st.lists(st.floats(-7, 7), min_size=1, max_size=6),
)
def test_continuous_tables_are_numpys_interpolation(x, y, at):
    x = sorted(set(x))
    if len(x) < 2:
        x = [0.0, 1.0]
    wanted = np.interp(at, x, y[: len(x)])
    found = looked_up(x, y[: len(x)], "continuous", at)
    assert found == pytest.approx(wanted.tolist(), rel=1e-12, abs=1e-6)


def test_a_table_in_an_equation_and_by_lookup_are_one():
    points = gf([0.0, 2.0], [0.0, 4.0])
    found = model(graph("T", points), aux("a", "T(0.5)"), aux("b", "LOOKUP(T, 0.5)")).flat
    row = TARGETS["python"](found).bind(Binding((), 0.0, 1.0, 1.0, 1.0)).outputs(0, 0, (), ())
    assert row == (1.0, 1.0)


def test_numbers_keep_all_their_bits_in_generated_code():
    numbers = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 123456789.123456789]
    found = model(*(aux(f"x{n}", f"{v!r} * TIME") for n, v in enumerate(numbers))).flat
    for target in TARGETS.values():
        row = target(found).bind(Binding((), 0.0, 1.0, 1.0, 1.0)).outputs(1.0, 1.0, (), ())
        values = [float(np.ravel(value)[0]) for value in row]
        assert [struct.pack("d", v) for v in values] == [struct.pack("d", v) for v in numbers]

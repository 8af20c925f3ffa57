"""Arrays against plain numpy, the same model written out in scalars, and closed forms."""

import math
from pathlib import Path

import numpy as np
import pytest

from cyclesim.codegen import TARGETS, Binding
from cyclesim.codegen.emit_numpy import emit_numpy
from cyclesim.compiler import compile_model
from cyclesim.errors import ModelError, RunError, UsageError
from cyclesim.integrate import Status, integrate
from cyclesim.noise import standard_normal, uniform
from cyclesim.readers import read_model
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs, simulate
from tests.models_in_text import (
    NON_NEGATIVE,
    aux,
    compiled,
    dimension,
    dimensions,
    element,
    flow,
    gf,
    graph,
    model,
    over,
    parts,
    stock,
    xmile,
)

PAIR = ("python", "numpy")

METHODS = ["euler", "rk2", "rk4"]
DIMS = dimensions(
    dimension("R", "A B C"), dimension("T", 2), dimension("Sub", "B C"), dimension("Odd", "A C")
)
R, T, RT, TR, SUB = over("R"), over("T"), over("R", "T"), over("T", "R"), over("Sub")
r, t = np.arange(1.0, 4.0), np.arange(1.0, 3.0)
GRID = 10 * r[:, None] + t  # what 10 * R + T is
NAN = math.nan


def build(*variables, dims=DIMS, **settings):
    return model(*variables, before_model=dims, **{"stop": 4, **settings})


def run(*variables, dims=DIMS, stop=4, **settings):
    """Return a run in `python`, once `numpy` has given the same."""
    own = {key: settings.pop(key) for key in ("dt", "save", "after_model") if key in settings}
    loaded = build(*variables, dims=dims, stop=stop, **own)
    return both(loaded, **settings)


def both(loaded, **settings):
    settings = {"estimate_error": False, **settings}
    found, other = (simulate(loaded, target=name, **settings) for name in PAIR)
    assert found.columns == other.columns
    assert np.allclose(found.trajectory.values, other.trajectory.values, 1e-12, 0, equal_nan=True)
    return found


def last(*variables, name="y", **settings):
    """Return a variable at the stop."""
    return run(*variables, stop=1, **settings)[name][..., -1]


def from_vensim(folder: Path, text: str, **settings):
    """Return a run of Vensim's text from 0 to 4."""
    file = folder / "model.mdl"
    control = "INITIAL TIME=0~~|\nFINAL TIME=4~~|\nTIME STEP=1~~|\nSAVEPER=TIME STEP~~|\n"
    file.write_text("{UTF-8}\n" + text.replace("\n", "~~|\n") + "~~|\n" + control, "utf-8")
    return both(compile_model(read_model(file)), **settings)


# --- one equation for all elements, for parts, for each --------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_one_equation_for_two_dimensions_is_numpys(method):
    found = run(
        stock("S", "10 * R + T", "fill", "drain", RT), flow("fill", "R * COS(TIME)", RT),
        flow("drain", "share * S / T", RT), aux("share", "0.1 * R", R), dt="0.25", method=method,
    )  # fmt: skip

    def rate(time, s):
        return r[:, None] * np.cos(time) - (0.1 * r[:, None]) * s / t

    s, h = GRID.copy(), 0.25
    wanted = [s]
    for step in range(16):
        time = step * h
        k1 = rate(time, s)
        if method == "euler":
            s = s + h * k1
        elif method == "rk2":
            s = s + h / 2 * (k1 + rate(time + h, s + h * k1))
        else:
            k2 = rate(time + h / 2, s + h / 2 * k1)
            k3 = rate(time + h / 2, s + h / 2 * k2)
            k4 = rate(time + h, s + h * k3)
            s = s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        wanted.append(s)
    assert found["S"].shape == (3, 2, 17)
    np.testing.assert_allclose(found["S"], np.stack(wanted, -1), rtol=1e-13)


def test_an_array_with_an_adaptive_method_follows_its_closed_form():
    loaded = build(stock("S", "R", (), "f", R), flow("f", "S / (2 * R)", R))
    wanted = r[:, None] * np.exp(-np.arange(5.0) / (2 * r[:, None]))
    for target in TARGETS:
        found = simulate(loaded, method="rk45", target=target)
        np.testing.assert_allclose(found["S"], wanted, rtol=1e-7)


def test_each_element_has_its_equation_and_one_that_is_not_named_is_0():
    found = run(
        aux("x", None, R + parts(C="TIME * 2", A="5")),
        aux("z", None, RT + element("A,1", "x[A]") + element("C, 2", "x[C] + 1")),
    )
    now = found.time
    assert found["x"].tolist() == [[5.0] * 5, [0.0] * 5, (2 * now).tolist()]
    assert found["z"][0, 0].tolist() == [5.0] * 5
    assert found["z"][2, 1].tolist() == (2 * now + 1).tolist()
    assert found["z"].sum() == 25 + (2 * now + 1).sum()


def test_a_part_has_an_equation_of_its_own():
    found = run(
        aux("x", None, R + parts(A="-TIME", Sub="Sub * 10 + TIME")),
        aux("z", None, RT + element("Odd,T", "Odd * T") + element("B,T", "-T")),
    )
    now = found.time
    np.testing.assert_array_equal(found["x"], [-now, 10 + now, 20 + now])
    np.testing.assert_array_equal(found["z"][..., 0], [[1, 2], [-1, -2], [2, 4]])


def test_an_array_over_a_part_reads_the_same_elements():
    x = aux("x", "R * TIME", R)
    found = run(x, aux("named", "x[Sub] + Sub", SUB), aux("implied", "x + 1", SUB))
    now = found.time
    np.testing.assert_array_equal(found["named"], [2 * now + 1, 3 * now + 2])
    np.testing.assert_array_equal(found["implied"], [2 * now + 1, 3 * now + 1])


def test_parts_that_lie_apart_are_put_together():
    elements = "e1 e2 e3 e4 e5 e6"
    dims = dimensions(dimension("N", elements), dimension("P", "e1 e3 e6"), dimension("Q", "e5 e2"))
    n = over("N")
    found = run(
        aux("base", "N ^ 2", n), aux("x", None, n + parts(P="base[P] * P", Q="-Q", e4="TIME")),
        aux("y", "x[P] + base", over("P")), aux("z", "x[Q]", over("Q")), dims=dims,
    )  # fmt: skip
    squares = np.arange(1.0, 7.0) ** 2
    wanted = [squares[0], -2, squares[2] * 2, 4.0, -1, squares[5] * 3]
    assert found["x"][:, -1].tolist() == wanted
    np.testing.assert_array_equal(found["y"][:, -1], [2, 27, 144])
    assert found["z"][:, -1].tolist() == [-1, -2]


def test_exceptions_leave_their_elements_to_another_equation(tmp_path):
    found = from_vensim(
        tmp_path,
        """Whole: a,b,c,d
Part: b,c
x[Whole] :EXCEPT: [a] = 2*Whole+Time
x[a] = 7
y[Whole] :EXCEPT: [Part] = 1
y[Part] = x[Part]*10
z[Whole,Part] :EXCEPT: [a,b],[b,c] = Whole+10*Part
z[a,b] = -1
z[b,c] = -2
w[Whole,Part] :EXCEPT: [Part,c] = Time
w[Part,c] = -Time""",
    )
    x = np.array([[7.0] * 5, *(2 * place + found.time for place in (2, 3, 4))])
    np.testing.assert_array_equal(found["x"], x)
    np.testing.assert_array_equal(found["y"], [[1] * 5, 10 * x[1], 10 * x[2], [1] * 5])
    z = np.arange(1.0, 5)[:, None] + 10 * np.array([2.0, 3.0])
    z[0, 0], z[1, 1] = -1, -2
    np.testing.assert_array_equal(found["z"][..., 3], z)
    w = np.full((4, 2), 3.0)
    w[1:3, 1] = -3
    np.testing.assert_array_equal(found["w"][..., 3], w)


# --- which element is read --------------------------------------------------------------------

MAPPED = dimensions(
    dimension("City", "oslo bonn rome"),
    dimension(
        "Land", "I D N",
        '<mapping target="City"><elem from="N" to="oslo"/><elem from="D" to="bonn"/>'
        '<elem from="I" to="rome"/></mapping>',
    ),
)  # fmt: skip


def test_a_mapping_stands_for_the_elements_of_the_other_side():
    found = run(
        aux("size", None, over("City") + parts(oslo="1", bonn="2", rome="3")),
        aux("tax", None, over("Land") + parts(N="10", D="20", I="30")),
        aux("y", "size[City] * 100", over("Land")), aux("z", "tax[Land] + size", over("City")),
        aux("number", "City", over("Land")), dims=MAPPED,
    )  # fmt: skip
    assert found["y"][:, 0].tolist() == [300, 200, 100]
    assert found["z"][:, 0].tolist() == [11, 22, 33]
    assert found["number"][:, 0].tolist() == [3, 2, 1]


def test_several_elements_map_to_one(tmp_path):
    found = from_vensim(
        tmp_path,
        """City: oslo, bonn, rome, bari -> (Land: N, D, I, I)
Land: N, D, I
tax[Land] = 1, 2, 3
size[City] = 10, 20, 30, 40
due[City] = size[City] * tax[Land]
sum of Italy = due[rome] + due[bari]""",
    )
    assert found["due"][:, 0].tolist() == [10, 40, 90, 120]
    assert found["sum of Italy"][0] == 210


Z = aux("z", "10 * R + T", RT)


@pytest.mark.parametrize(
    ("equation", "where", "wanted"),
    [
        ("z", TR, GRID.T),
        ("z[R, T]", TR, GRID.T),
        ("z[R, T] - 2 * z", TR, -GRID.T),
        ("z[B, T]", T, GRID[1]),
        ("z[R, 2]", R, GRID[:, 1]),
        ("z[B, 1]", R, GRID[1, 0]),
        ("z[C, T] + z[R, 1]", RT, GRID[2] + GRID[:, :1]),
        ("z[A, T] * R", TR, GRID[0][:, None] * r),
        ("z[Sub, T]", over("T", "Sub"), GRID[1:].T),
        ("z[Odd, 2]", over("Odd"), GRID[::2, 1]),
        ("R.C * 100 + T", T, 300 + t),
        ("R.B", R, 2.0),
        ("z[R, 3 - T]", RT, GRID[:, ::-1]),
        ("z[4 - R, T]", RT, GRID[::-1]),
        ("z[R + 1, T]", RT, [[21, 22], [31, 32], [NAN, NAN]]),
        ("z[R - 1, 1]", R, [NAN, 11, 21]),
        ("z[TIME + 1, 1]", R, 21),
        ("z[TIME + 4, 1]", R, NAN),
        ("z[TIME - 2, 1]", R, NAN),
        ("z[TIME * 0, 1]", R, NAN),
        ("z[2.9 + 0 * TIME, 1]", R, 21),
        ("z[3.9 * TIME, 1]", R, 31),
        ("z[SQRT(-TIME), 1]", R, NAN),
        ("z[A, z[A, 1] - 9]", R, 12),
        ("z[R, R + 0]", R, [11, 22, NAN]),
        ("Sub + 10 * z[B, 1]", SUB, [211, 212]),
    ],
)
def test_references_point_where_numpy_does(equation, where, wanted):
    found = last(Z, aux("y", equation, where))
    np.testing.assert_array_equal(found, np.broadcast_to(wanted, found.shape))


def test_one_dimension_may_be_had_twice():
    square = over("R", "R")
    found = run(
        aux("m", None, square + element("A,B", "5 + TIME") + element("B,A", "7")),
        aux("both", "SUM(m[*, *])"), aux("rows", "SUM(m[R, *])", R), aux("row", "m[R, B]", R),
        aux("diagonal", "m[R, R] + 1", R),
    )  # fmt: skip
    assert found["both"].tolist() == (12 + found.time).tolist()
    assert found["rows"][:, -1].tolist() == [9, 7, 0]
    assert found["row"][:, -1].tolist() == [9, 0, 0]
    assert found["diagonal"][:, -1].tolist() == [1, 1, 1]


# --- one value of many elements ---------------------------------------------------------------

REDUCED = {
    "SUM": np.sum, "PROD": np.prod, "MEAN": np.mean, "MIN": np.min, "MAX": np.max,
    "STDDEV": np.std, "SIZE": np.size,
}  # fmt: skip


@pytest.mark.parametrize("function", REDUCED)
def test_reductions_over_one_and_two_dimensions_are_numpys(function):
    of = REDUCED[function]
    waves = "SIN(5 * R + T) * R"
    z = np.sin(5 * r[:, None] + t) * r[:, None]
    found = run(
        aux("z", waves, RT), aux("all", f"{function}(z[*, *])"), aux("bare", f"{function}(z)"),
        aux("rows", f"{function}(z[R, *])", R), aux("columns", f"{function}(z[*, T])", T),
        aux("one", f"{function}(z[*, 2])"), aux("part", f"{function}(z[*:Sub, 1])"),
        aux("odd", f"{function}(z[Odd, T])"), aux("slice", f"{function}(z[B:C, *])"),
        aux("both", f"{function}(z[R, T] * 2)"), aux("free", f"{function}(z[R, T] + 0)", T),
        aux("twice", f"{function}(z[R, *] - z[R, *])", R),
    )  # fmt: skip
    wanted = {
        "all": of(z), "bare": of(z), "rows": [of(row) for row in z],
        "columns": [of(column) for column in z.T], "one": of(z[:, 1]), "part": of(z[1:, 0]),
        "odd": of(z[::2]), "slice": of(z[1:]), "both": of(2 * z),
        "free": [of(column) for column in z.T], "twice": [of(row - row) for row in z],
    }  # fmt: skip
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name][..., -1], value, rtol=1e-14, err_msg=name)


def test_reductions_nest_and_share_equal_wildcards():
    a, b = over("R", "T"), over("T", "R")
    found = run(
        Z, aux("a", "R - T", a), aux("b", "R * T", b),
        aux("dot", "SUM(z[*, 1] * z[*, 2])"), aux("outer", "SUM(z[*, 1] * SUM(z[*, 2]))"),
        aux("weighed", "SUM(z[R, *] * MAX(z[R, *]))", R), aux("share", "z / SUM(z[*, T])", RT),
        aux("product", "SUM(a[R, *] * b[*, R])", R), aux("range", "MAX(z[*, *]) - MIN(z[*, *])"),
        aux("least", "MIN(SUM(z[*, 1]), SUM(z[*, 2]), 200)"),
    )  # fmt: skip
    first, second = GRID.T
    wanted = {
        "dot": first @ second, "outer": first.sum() * second.sum(),
        "weighed": GRID.sum(1) * GRID.max(1), "share": GRID / GRID.sum(0),
        "product": ((r[:, None] - t) * (r[:, None] * t)).sum(1), "range": 21,
        "least": min(63, 66, 200),
    }  # fmt: skip
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name][..., -1], value, rtol=1e-14, err_msg=name)


def test_a_matrix_product_is_numpys():
    dims = dimensions(dimension("I", 3), dimension("K", 4), dimension("J", 2))
    found = last(
        aux("a", "I + 10 * K", over("I", "K")), aux("b", "K * K - J", over("K", "J")),
        aux("y", "SUM(a[I, *] * b[*, J])", over("I", "J")), dims=dims,
    )  # fmt: skip
    i, k, j = np.arange(1.0, 4), np.arange(1.0, 5), np.arange(1.0, 3)
    a, b = i[:, None] + 10 * k, k[:, None] ** 2 - j
    assert found.tolist() == (a @ b).tolist()


def test_sizes_of_dimensions_parts_and_arrays():
    found = run(
        Z, aux("a", "SIZE(R)"), aux("b", "SIZE(z)"), aux("c", "SIZE(z[*, 1])"),
        aux("d", "SIZE(z[*:Sub, *])"), aux("e", "SIZE(z[B:C, 1])"), aux("f", "SIZE(Sub)"),
    )  # fmt: skip
    assert [found[name][0] for name in "abcdef"] == [3, 6, 3, 4, 2, 2]


@pytest.mark.parametrize(
    ("values", "number", "place"),
    [
        ((30, 10, 20), 1, 2),
        ((30, 10, 20), 2, 3),
        ((30, 10, 20), 3, 1),
        ((10, 10, 5), 2, 1),  # of equal values the earlier comes first
        ((10, 10, 5), 3, 2),
        ((30, 10, 20), 2.9, 3),
        ((30, 10, 20), 0, NAN),
        ((30, 10, 20), 0.5, NAN),
        ((30, 10, 20), 4, NAN),
        ((30, 10, 20), "NAN", NAN),
        ((30, "NAN", 20), 1, NAN),
        (("INF", "-INF", 0), 1, 2),
    ],
)
def test_rank_is_the_place_of_the_smallest_and_those_after(values, number, place):
    x = aux("x", None, R + parts(**dict(zip("ABC", values, strict=True))))
    np.testing.assert_array_equal(last(x, aux("y", f"RANK(x[*], {number})")), place)
    moving = aux("y", f"RANK(x[*] + 0 * TIME, {number})", R)
    np.testing.assert_array_equal(last(x, moving), [place] * 3)


@pytest.mark.parametrize("function", ["SUM", "PROD", "MEAN", "MIN", "MAX", "STDDEV"])
def test_nan_is_never_hidden_and_large_numbers_are_infinite(function):
    x = aux("x", None, R + parts(A="1", B="NAN", C="3"))
    assert math.isnan(last(x, aux("y", f"{function}(x[*])")))
    large = aux("x", "1e200 * R * (1 + TIME)", R)
    found = last(large, aux("y", f"{function}(x[*])"))
    with np.errstate(over="ignore"):
        wanted = REDUCED[function](2e200 * r)
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


@pytest.mark.parametrize("function", ["SUM", "PROD", "MEAN", "MIN", "MAX", "STDDEV", "RANK"])
@pytest.mark.parametrize("argument", ["5", "x", "x[R]", "x[A]", "MAX(x[*])"])
def test_a_function_of_arrays_that_is_given_one_value_says_so(function, argument):
    given = f"{argument}, 1" if function == "RANK" else argument
    with pytest.raises(ModelError, match=f"'y': {function} goes over an array and is given one"):
        build(aux("x", "R", R), aux("y", f"{function}({given})", R))


def test_rank_takes_two_arguments():
    with pytest.raises(ModelError, match=r"RANK is given 3 arguments\. Write RANK\(array, rank\)"):
        build(aux("x", "R", R), aux("y", "RANK(x[*], 1, x[*])"))


@pytest.mark.parametrize("count", [3, 9, 200])
def test_a_reduction_in_a_set_of_runs_is_that_of_each_run_alone(count):
    dims = dimensions(dimension("N", count))
    flat = build(
        aux("x", "p * SIN(N * N * (TIME + 1)) * 1000", over("N")), aux("p", "1"),
        stock("S", "N", "f", (), over("N")), flow("f", "SUM(S[*]) * 0.01 / N", over("N")),
        *(aux(name.lower(), f"{name}(x[*])") for name in REDUCED if name != "SIZE"), dims=dims,
    ).flat  # fmt: skip
    program, schedule = emit_numpy(flat), schedule_of(settled_specs(flat.sim_specs))
    numbers = tuple(np.float64(number) for number in (0, 4, 1, 1))
    given = np.linspace(0.1, 2.0, 7)
    together = integrate(program, schedule, Binding((given,), *numbers)).values
    for k in range(7):
        alone = integrate(program, schedule, Binding((given[k],), *numbers)).values
        assert together[:, :, k].tobytes() == alone[:, :, 0].tobytes()


# --- functions that remember, in arrays -------------------------------------------------------

REMEMBER = [
    "SMTH1({x}, 1 + {n}, {n})", "SMTH3({x}, 2)", "SMTHN({x}, 3, 2, 5)", "DELAY1({x}, {n})",
    "DELAY3({x}, 3, {n})", "DELAYN({x}, 2, 4)", "TREND({x}, 3)", "FORCST({x}, 3, 2)",
    "DELAY({x}, {n}, -{n})", "DELAY({x}, 0.6 * {n})", "PREVIOUS({x}, -{n})", "INIT({x} + {n})",
    "DELAY({x}, IF TIME < 2 THEN {n} ELSE 1, 0)", "SAMPLE_IF_TRUE({x} > 4, {x}, {n})",
    "1 + SMTH1(DELAY({x}, 0.5, {n}), 2) * PREVIOUS({x}, 0)", "STEP({x}, {n})", "PULSE({x}, {n})",
    "RAMP({x}, {n}, 3)", "ACTIVE_INITIAL({x}, {n})", "{x} MOD {n}",
    "IF {x} > 5 THEN {n} ELSE 1/{x}",
]  # fmt: skip


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize("equation", REMEMBER)
def test_each_element_is_the_same_equation_written_out(equation, method):
    settings = {"dt": "0.25", "method": method}
    whole = run(
        aux("x", "2 + R + SIN(TIME * R)", R), aux("y", equation.format(x="x", n="R"), R), **settings
    )
    for place, name in enumerate("ABC"):
        n = f"{place + 1}"
        lone = run(
            aux("x", f"2 + {n} + SIN(TIME * {n})"), aux("y", equation.format(x="x", n=n)),
            **settings,
        )  # fmt: skip
        assert whole[f"y[{name}]"].tobytes() == lone["y"].tobytes(), name


def test_two_dimensions_remember_apart():
    found = run(aux("x", "TIME * (10 * R + T)", RT), aux("y", "DELAY(x[R, T], T, -R)", TR))
    for i in range(3):
        for j in range(2):
            history = [-(i + 1.0)] * (j + 1) + (found.time * GRID[i, j]).tolist()
            assert found["y"][j, i].tolist() == history[:5]


def test_each_part_remembers_its_own_calls():
    """The calls of all equations of an array are told apart."""
    found = run(
        aux("y", None, R + parts(A="SMTH1(TIME, 2, 0)", B="SMTH1(TIME, 2, 5)", C="SMTH1(7, 1)")),
        aux("z", None, R + parts(A="PREVIOUS(TIME, -1)", Sub="PREVIOUS(TIME * Sub, -2)")),
        stock("S", None, "f", (), R + parts(A="INIT(TIME + 1)", B="INIT(TIME + 2)", C="3")),
        flow("f", None, R + parts(A="DELAY(1, 1, 0)", B="DELAY(10, 2, 0)", C="DELAY(5, 1, 4)")),
        aux("a", "SMTH1(TIME, 2, 0)"), aux("b", "SMTH1(TIME, 2, 5)"),
    )  # fmt: skip
    np.testing.assert_array_equal(found["y"], [found["a"], found["b"], [7.0] * 5])
    assert found["z"].tolist() == [[-1, 0, 1, 2, 3], [-2, 0, 1, 2, 3], [-2, 0, 2, 4, 6]]
    assert found["S"].tolist() == [[1, 1, 2, 3, 4], [2, 2, 2, 12, 22], [3, 7, 12, 17, 22]]


def test_a_call_that_remembers_in_one_element_sees_that_element():
    x = aux("x", "R * TIME", R)
    found = run(x, aux("y", None, R + parts(A="0", Sub="DELAY(x[Sub], 1, -1)")),
                aux("z", "SUM(y[*])"))  # fmt: skip
    assert found["y"].tolist() == [[0] * 5, [-1, 0, 2, 4, 6], [-1, 0, 3, 6, 9]]
    assert found["z"].tolist() == [-2, 0, 5, 10, 15]


# --- graphical functions ----------------------------------------------------------------------


def points(*y: float, kind: str = "continuous") -> str:
    return gf([0.0, 1.0, 4.0], y, kind)


OWN = R + "".join(
    element(name, "TIME", points(*y, kind=kind))
    for name, y, kind in (
        ("A", (0.0, 1.0, 4.0), "continuous"),
        ("B", (5.0, 3.0, 9.0), "discrete"),
        ("C", (1.0, 2.0, 2.0), "extrapolate"),
    )
)


def test_each_element_has_its_graphical_function():
    found = run(aux("y", None, OWN))
    assert found["y"].tolist() == [[0, 1, 2, 3, 4], [5, 3, 3, 3, 9], [1, 2, 2, 2, 2]]


def test_one_graphical_function_serves_all_elements():
    found = run(aux("y", "TIME / R", R + points(0.0, 10.0, 40.0)))
    np.testing.assert_allclose(found["y"], 10 * found.time / r[:, None], rtol=1e-14)


TABLE = aux("table", None, R + "".join(
    f'<element subscript="{name}">{points(*y)}</element>'
    for name, y in (("A", (0.0, 1.0, 4.0)), ("Sub", (5.0, 3.0, 9.0)))
))  # fmt: skip


@pytest.mark.parametrize(
    ("equation", "where", "wanted"),
    [
        ("LOOKUP(table[R], 4)", R, [4, 9, 9]),
        ("table(R / R)", R, [1, 3, 3]),
        ("LOOKUP(table[B], 2.5)", "", 6),
        ("LOOKUP(table[Sub], Sub)", SUB, [3, 5]),
        ("SUM(LOOKUP(table[*], 4))", "", 22),
        ("SUM(LOOKUP(table[R], R))", "", 1 + 5 + 7),
        ("LOOKUP(table[TIME + 1], 4)", "", 9),
        ("LOOKUP(table[4 - R], 4)", R, [9, 9, 4]),
        ("LOOKUP(table[R + 1], 4)", R, [9, 9, NAN]),
        ("LOOKUP(table[TIME - 1], 4)", "", NAN),
        ("LOOKUP(table[TIME * 1.9], 4)", "", 4),
        ("LOOKUP(table[SQRT(-TIME)], 4)", "", NAN),
        ("LOOKUP(table[B], SQRT(-TIME))", "", NAN),
    ],
)
def test_a_graphical_function_is_chosen_by_its_element(equation, where, wanted):
    np.testing.assert_array_equal(last(TABLE, aux("y", equation, where)), wanted)


def test_a_graphical_function_of_two_dimensions_is_chosen_by_both():
    table = aux("table", None, RT + "".join(
        f'<element subscript="{name},{n}">{gf([0.0, 1.0], [float(i), 10.0 * n])}</element>'
        for i, name in enumerate("ABC") for n in (1, 2)
    ))  # fmt: skip
    for place, end in ((0, [[0, 0], [1, 1], [2, 2]]), (1, [[10, 20]] * 3)):
        for where, wanted in ((RT, np.array(end)), (TR, np.array(end).T)):
            found = last(table, aux("y", f"LOOKUP(table[R, T], {place})", where))
            np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(
        last(table, aux("y", "LOOKUP(table[R, R + 0], 1)", R)), [10, 20, NAN]
    )


# --- initial values and dependencies ----------------------------------------------------------


def test_each_element_has_its_initial_value():
    found = run(
        stock("S", None, "f", (), R + parts(A="1", B="S[A] * 10", C="S[B] + S[A]")),
        flow("f", "S", R), aux("first", "INIT(S)", R),
    )  # fmt: skip
    np.testing.assert_array_equal(found["S"], np.outer([1, 10, 11], 2.0 ** np.arange(5)))
    np.testing.assert_array_equal(found["first"], np.outer([1, 10, 11], np.ones(5)))


def test_elements_that_need_each_other_in_turn_are_computed_in_turn():
    found = run(
        aux("x", None, R + parts(C="x[B] * 2", B="x[A] + 1", A="TIME")),
        aux("constant", None, R + parts(A="constant[C] + 1", B="3", C="constant[B] * 2")),
        aux("total", "SUM(x[*])"),
    )  # fmt: skip
    now = found.time
    np.testing.assert_array_equal(found["x"], [now, now + 1, 2 * now + 2])
    assert found["constant"][:, 0].tolist() == [7, 3, 6]
    assert found["total"].tolist() == (4 * now + 3).tolist()


def test_two_arrays_may_need_each_other_element_by_element():
    """An ageing chain: what leaves one age enters the next in the same step."""
    dims = dimensions(dimension("Age", 4), dimension("Old", "2 3 4"))
    age = over("Age")
    ins = element("1", "10") + "".join(element(str(n), f"outs[{n - 1}]") for n in (2, 3, 4))
    found = run(
        stock("People", "100", "ins", "outs", age), flow("ins", None, age + ins),
        flow("outs", "People / 2 + 0.1 * ins", age), aux("all", "SUM(People[*])"), dims=dims,
    )  # fmt: skip
    people = np.full(4, 100.0)
    for step in range(5):
        np.testing.assert_allclose(found["People"][:, step], people, rtol=1e-14)
        outs, arriving = np.zeros(4), 10.0
        ins = np.zeros(4)
        for n in range(4):
            ins[n] = arriving
            arriving = outs[n] = people[n] / 2 + 0.1 * ins[n]
        people = people + ins - outs


def test_a_chain_over_two_dimensions_is_computed_in_turn():
    cells = "".join(
        element(f"{name},{n}", "TIME" if n == 1 else f"2 * x[{name},1] + {i}")
        for i, name in enumerate("ABC") for n in (1, 2)
    )  # fmt: skip
    found = run(aux("x", None, RT + cells), aux("y", "x[A, 2] + x[C, 1]"))
    now = found.time
    np.testing.assert_array_equal(found["x"][:, 1], [2 * now, 2 * now + 1, 2 * now + 2])
    np.testing.assert_array_equal(found["y"], 3 * now)


@pytest.mark.parametrize(
    "equation", ["z[R, R]", "z[T, R]", "z[R]", "z[R, T]", "z[D, 1]", "z[*, 1]"]
)
def test_subscripts_that_point_nowhere_are_refused(equation):
    with pytest.raises(ModelError):
        build(Z, aux("y", equation, R))


@pytest.mark.parametrize(
    "equations",
    [
        parts(A="x[C]", B="x[A]", C="x[B]"),
        parts(A="1", B="x[B]", C="2"),
        parts(A="y", B="1", C="x[A]"),
    ],
)
def test_elements_in_a_circle_are_refused(equations):
    with pytest.raises(ModelError, match=r"need each other in the same step: '[xy]"):
        build(aux("x", None, R + equations), aux("y", "x[C]"))


def test_initial_values_in_a_circle_of_elements_are_refused():
    with pytest.raises(ModelError, match="the initial values need each other"):
        build(stock("S", None, (), (), R + parts(A="S[B]", B="S[A]", C="1")))


# --- non-negative arrays ----------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_non_negative_arrays_conserve_mass_and_stay_above_zero(method):
    found = run(
        stock("Full", "5 * R + T", (), ["first", "second"], RT + NON_NEGATIVE),
        stock("One", 0, "first", (), RT), stock("Other", 0, "second", (), RT),
        flow("first", "3 * T * (1 + SIN(TIME))", RT), flow("second", "R", RT), dt="0.5",
        method=method, stop=6,
    )  # fmt: skip
    total = found["Full"] + found["One"] + found["Other"]
    np.testing.assert_allclose(total, np.broadcast_to(total[..., :1], total.shape), rtol=1e-13)
    assert found["Full"].min() >= -1e-12
    assert found["Full"][..., -1].max() < 0.01
    assert found["second"].min() >= 0


def test_each_element_is_limited_as_a_stock_of_its_own():
    whole = run(
        stock("S", "R * 4", "gain", "loss", R + NON_NEGATIVE), flow("loss", None, R + parts(
            Odd="5 * Odd", B="20")), flow("gain", "R - 2", R), dt="0.5",
    )  # fmt: skip
    for place, (name, loss) in enumerate(zip("ABC", (5, 20, 10), strict=True)):
        lone = run(
            stock("S", (place + 1) * 4, "gain", "loss", NON_NEGATIVE), flow("loss", loss),
            flow("gain", place - 1), dt="0.5",
        )  # fmt: skip
        for variable in ("S", "gain", "loss"):
            assert whole[f"{variable}[{name}]"].tolist() == lone[variable].tolist()


def test_a_single_flow_of_a_non_negative_array_is_refused():
    with pytest.raises(ModelError, match="'S': the flow 'f' is one number for a non-negative arr"):
        build(stock("S", 1, (), "f", R + NON_NEGATIVE), flow("f", 2))
    with pytest.raises(ModelError, match="the flow 'f' has other dimensions than the stock"):
        build(stock("S", 1, (), "f", R), flow("f", 2, T))


def test_a_single_flow_fills_each_element_of_an_array():
    found = run(stock("S", "R", "f", "g", R), flow("f", 2), flow("g", "R", R))
    np.testing.assert_array_equal(found["S"], r[:, None] + np.outer(2 - r, np.arange(5)))


def test_a_non_negative_flow_of_an_array_does_not_run_backwards():
    found = run(flow("f", None, R + parts(A="TIME - 2", Sub="-1") + NON_NEGATIVE))
    assert found["f"].tolist() == [[0, 0, 0, 1, 2], [0] * 5, [0] * 5]


# --- noise ------------------------------------------------------------------------------------


def test_each_element_draws_its_own_noise():
    found = run(aux("y", "RANDOM(0, 1)", RT), aux("z", "NORMAL(R, 2)", R), noise_seed=5, run=7)
    for i in range(3):
        for j in range(2):
            wanted = [uniform(5, 7, 1, 2 * i + j, step) for step in range(5)]
            assert found["y"][i, j].tolist() == wanted
        wanted = [i + 1 + 2 * standard_normal(uniform(5, 7, 2, i, step)) for step in range(5)]
        np.testing.assert_allclose(found["z"][i], wanted, rtol=1e-14)
    assert len(set(found["y"].ravel().tolist())) == 30


def test_an_element_draws_the_same_in_a_part_of_an_equation_with_a_seed_and_in_a_set():
    seeded = run(aux("y", "RANDOM(0, 1, 42)", R))["y"]
    assert seeded[:, 1].tolist() == [uniform(42, 0, 0, i, 1) for i in range(3)]
    part = run(aux("y", None, R + parts(Odd="RANDOM(0, 1)", B="0")))["y"]
    assert part[2].tolist() == [uniform(0, 0, 1, 2, step) for step in range(5)]
    flat = build(aux("y", "RANDOM(0, 1)", R)).flat
    schedule = schedule_of(settled_specs(flat.sim_specs))
    numbers = tuple(np.float64(number) for number in (0, 4, 1, 1))
    found = integrate(emit_numpy(flat), schedule, Binding((), *numbers, 3, np.arange(4))).values
    for k in range(4):
        alone = simulate(build(aux("y", "RANDOM(0, 1)", R)), noise_seed=3, run=k)["y"]
        assert found[:, :, k].tolist() == alone.tolist()


@pytest.mark.parametrize("target", TARGETS)
def test_a_finer_dt_keeps_the_noise_path_of_each_element(target):
    loaded = build(aux("y", "RANDOM(0, 1)", R), dt="0.5")
    coarse = simulate(loaded, target=target)["y"]
    fine = simulate(loaded, target=target, dt="0.25")["y"]
    assert fine[:, :-1].tolist() == np.repeat(coarse[:, :-1], 2, axis=1).tolist()


def test_the_same_element_has_the_same_noise_whatever_else_remembers_it():
    found = run(aux("y", "PREVIOUS(x, 0)", R), aux("x", "RANDOM(0, 1)", R))
    assert found["y"][:, 1:].tolist() == found["x"][:, :-1].tolist()


# --- numbers given to a run -------------------------------------------------------------------

GIVEN = (
    stock("S", "start", "f", (), R), flow("f", "rate * 2", R), aux("start", "R", R),
    aux("rate", None, R + parts(A="1", B="2", C="3")), aux("grid", "7", RT),
)  # fmt: skip


def test_a_number_is_given_to_an_array_or_to_an_element():
    loaded = build(*GIVEN)
    assert both(loaded, parameters={"rate": 5})["f"][:, 0].tolist() == [10, 10, 10]
    found = both(loaded, parameters={"rate[B]": 5})
    assert found["f"][:, 0].tolist() == [2, 10, 6]
    assert found.parameters["rate[B]"] == 5
    assert found.parameters["rate[C]"] == 3
    assert found.notes == ()
    found = both(loaded, parameters={"rate[A]": 4, "rate": 5, "rate[C]": 6})
    assert found["f"][:, 0].tolist() == [8, 10, 12]
    found = both(loaded, parameters={"grid[B,2]": 1})
    assert found["grid"][..., 0].tolist() == [[7, 7], [7, 1], [7, 7]]
    assert both(loaded)["rate"][:, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ["GRID[b, 2]", "grid[B,2]", " Grid [ b ,2 ]", '"grid"[B,2]'])
def test_an_element_is_found_however_it_is_spelt(name):
    found = both(build(*GIVEN), parameters={name: 1})
    assert found["grid"][1, 1, 0] == 1
    assert found[name].tolist() == [1] * 5
    assert found.variable(name).name == "grid"


def test_a_variable_whose_name_holds_brackets_is_found():
    for name in ('"cost [EUR]"', "cost [EUR]", "Cost_[eur]"):
        found = both(build(aux('"cost [EUR]"', 1), aux("x", 1, R)), parameters={name: 3})
        assert found[name].tolist() == [3] * 5


def test_an_equation_of_an_array_is_replaced_as_a_whole():
    found = both(build(*GIVEN), parameters={"f": 5, "start": 1})
    assert found["S"].tolist() == [[1, 6, 11, 16, 21]] * 3
    assert found.notes == (
        "'f' has an equation, 'rate * 2'; it is replaced by 5.",
        "'start' has an equation, 'R'; it is replaced by 1.",
    )


def test_an_initial_value_is_given_to_each_element():
    found = both(build(*GIVEN), initial={"S": 50})
    assert found["S"][:, 0].tolist() == [50, 50, 50]
    assert found["start"][:, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"parameters": {"rate[D]": 1}}, "'rate' has no element 'D'. Its elements are A, B, C."),
        ({"parameters": {"grid[A]": 1}}, "'grid' has 2 dimensions, and 1 is named. Write grid["),
        ({"parameters": {"one[A]": 1}}, "'one' is no array and has no elements."),
        ({"parameters": {"rates[A]": 1}}, "no variable is called 'rates[A]'."),
        ({"parameters": {"S[A]": 1}}, "'S' is a stock: it changes through its flows."),
        ({"parameters": {"S": 1}}, "'S' is a stock: it changes through its flows."),
        ({"initial": {"S[Q]": 1}}, "'S' has no element 'Q'. Its elements are A, B, C."),
        ({"initial": {"S[A": 1}}, "'S[A' has a bracket that is not closed. Write S[A]."),
        ({"initial": {"rate": 1}}, "'rate' is not a stock"),
    ],
)
def test_what_does_not_fit_an_array_is_refused(call, message):
    with pytest.raises(UsageError) as caught:
        simulate(build(*GIVEN, aux("one", 1)), **call)
    assert message in str(caught.value)


def test_results_are_named_by_element():
    found = run(*GIVEN)
    assert list(found.columns)[:3] == ["S[A]", "S[B]", "S[C]"]
    assert found["grid[C,2]"].tolist() == found["grid"][2, 1].tolist()
    table = found.to_pandas()
    assert list(table.columns)[-6:] == [f"grid[{a},{n}]" for a in "ABC" for n in (1, 2)]
    assert table["S[B]"].tolist() == found["S"][1].tolist()
    with pytest.raises(UsageError, match=r"no variable is called 'S\[D\]'"):
        found["S[D]"]


def test_an_element_that_leaves_the_numbers_is_named():
    loaded = build(
        stock("S", 1, "f", (), R), flow("f", None, R + parts(Odd="1", B="1 / (1 - TIME)"))
    )
    with pytest.raises(RunError, match=r"'f\[B\]' became infinite at time 1, from the clock"):
        simulate(loaded)
    for target in TARGETS:
        found = simulate(loaded, target=target, strict=False)
        assert (found.status.status, found.status.time) == (Status.DIVERGED, 1.0)
        assert found["S"][:, :2].tolist() == [[1, 2], [1, 2], [1, 2]]
        assert np.isnan(found["S"][:, 2:]).all()


def test_the_error_of_each_element_is_estimated():
    loaded = build(stock("S", 1, (), "f", R), flow("f", "S / (R * R)", R), dt="0.25")
    for target in TARGETS:
        found = simulate(loaded, target=target)
        for place, name in enumerate("ABC"):
            values = found[f"S[{name}]"]
            exact = np.exp(-found.time / (place + 1) ** 2)
            true = np.abs(values - exact).max() / np.ptp(values)
            assert true / 2 < found.error.share_of_range[f"S[{name}]"] < true * 2


# --- modules ----------------------------------------------------------------------------------


def submodel(name: str, *variables: str) -> str:
    return f'<model name="{name}"><variables>{"".join(variables)}</variables></model>'


def module(name: str, of: str, **connected: str) -> str:
    connections = "".join(f'<connect to="{to}" from="{by}"/>' for to, by in connected.items())
    return f'<module name="{name}" isee:model_name="{of}">{connections}</module>'


def inlet(name: str, eqn: object, extra: str = "") -> str:
    return aux(name, eqn, extra).replace("<aux ", '<aux access="input" ', 1)


STAFF = submodel(
    "Staff", inlet("Load", 1), aux("Rate", "Load * 2"), stock("People", 10, "hire"),
    flow("hire", "SMTH1(Rate, 2) / People"),
)  # fmt: skip
FIRM = submodel(
    "Firm", inlet("Demand", 3), module("A", "Staff", Load="Demand"),
    module("B", "Staff", Load="A.People"), aux("Rate", "A.Rate + B.Rate + Demand"),
)  # fmt: skip


def test_modules_within_modules_keep_their_variables_apart():
    found = run(
        aux("Load", "TIME + 1"), aux("Rate", 100), module("North", "Firm", Demand="Load"),
        module("South", "Firm", Demand="North.Rate"), module("Lone", "Staff"),
        aux("total", "North.Rate + South.B.Rate + Rate"), after_model=FIRM + STAFF,
    )  # fmt: skip

    def staff(load):
        people, smooth, shown = 10.0, 2 * load[0], []
        for each in load:
            shown.append(people)
            people, smooth = people + smooth / people, smooth + (2 * each - smooth) / 2
        return np.array(shown)

    def firm(demand):
        a = staff(demand)
        return a, staff(a), 2 * demand + 2 * a + demand

    a, b, rate = firm(found.time + 1)
    for name, wanted in (("North.A.People", a), ("North.B.People", b), ("North.Rate", rate)):
        np.testing.assert_allclose(found[name], wanted, rtol=1e-14)
    below = firm(rate)
    np.testing.assert_allclose(found["South.B.People"], below[1], rtol=1e-14)
    np.testing.assert_allclose(found["total"], rate + 2 * below[0] + 100, rtol=1e-14)
    np.testing.assert_allclose(found["Lone.People"], staff(np.ones(5)), rtol=1e-14)
    assert found["rate"].tolist() == [100] * 5


def test_an_input_that_is_not_connected_has_its_own_value_and_can_be_set():
    loaded = build(
        module("One", "Staff"), module("Two", "Staff", Load="x"), aux("x", 5), after_model=STAFF
    )
    assert both(loaded)["One.Rate"][0] == 2
    assert both(loaded)["Two.Rate"][0] == 10
    found = both(loaded, parameters={"One.Load": 7, "x": 6}, initial={"two.people": 1})
    assert (found["One.Rate"][0], found["Two.Rate"][0], found["Two.People"][0]) == (14, 12, 1)
    noted = both(loaded, parameters={"Two.Rate": 7}).notes
    assert noted == ("'Two.Rate' has an equation, 'Load * 2'; it is replaced by 7.",)


def test_a_module_takes_and_gives_arrays():
    inner = submodel("Half", inlet("x", 0, R), aux("y", "x / 2 + R", R), aux("top", "MAX(y[*])"))
    found = run(
        aux("u", "R * TIME", R), module("M", "Half", x="u"), aux("all", "SUM(M.y[*])"),
        aux("v", "M.y[C] + M.top", R), aux("w", "M.y", R), after_model=inner,
    )  # fmt: skip
    y = r[:, None] * found.time / 2 + r[:, None]
    np.testing.assert_array_equal(found["M.y"], y)
    np.testing.assert_array_equal(found["w"], y)
    np.testing.assert_array_equal(found["all"], y.sum(0))
    np.testing.assert_array_equal(found["v"], [2 * y[2]] * 3)


def joined(name: str, of: str, *connected: tuple[str, str]) -> str:
    connections = "".join(f'<connect to="{to}" from="{by}"/>' for to, by in connected)
    return f'<module name="{name}" isee:model_name="{of}">{connections}</module>'


def test_a_module_is_connected_to_one_element():
    inner = submodel("Half", inlet("x", 0), aux("y", "x / 2"))
    found = run(
        aux("u", "R * TIME", R), aux("v", "10 * R + T", RT),
        *(joined(f"M{e}", "Half", ("x", f"u[{e}]")) for e in "ABC"),
        joined("N", "Half", ("x", "v[ b, 2 ]")), after_model=inner,
    )  # fmt: skip
    for n, name in enumerate("ABC"):
        np.testing.assert_array_equal(found[f"M{name}.y"], (n + 1) * found.time / 2)
    assert found["N.y"][0] == 11


def test_elements_of_an_input_are_connected_and_the_others_keep_their_equation():
    inner = submodel("Half", inlet("x", "100 * R", R), aux("y", "x / 2", R))
    found = run(
        aux("u", "R * TIME", R), aux("s", "TIME + 7"),
        joined("M", "Half", ("x[A]", "u[C]"), ("M.x[B]", "s")),
        joined("N", "Half", ("x[Sub]", "u"), ("x[A]", ".s")),
        after_model=inner,
    )  # fmt: skip
    now = found.time
    np.testing.assert_array_equal(found["M.y"], [3 * now / 2, (now + 7) / 2, 0 * now + 150])
    np.testing.assert_array_equal(found["N.y"], [(now + 7) / 2, now, 3 * now / 2])


WAITING = "{Enter equation for use when not hooked up to other models}"


@pytest.mark.parametrize(
    ("connections", "message"),
    [
        ((("x[A]", "s"), ("x[B]", "s")), "nothing is connected to 'M.x[C]', which has no equation"),
        ((("x[Q]", "s"),), "'q' is no element and no part of the dimension 'R'"),
        ((("x", "u[Q]"),), "the dimension 'R' has no element 'Q'"),
        ((("x[A]", "s"), ("x[A]", "t")), "'x' is connected twice"),
        ((("x[A,B]", "s"),), "2 subscripts are given, and it has 1"),
        ((("x[A]", "s"), ("x", "u")), "'x' is connected as a whole and by its elements. Keep one"),
    ],
)
def test_a_connection_of_elements_that_does_not_fit_is_refused(connections, message):
    inner = submodel("Half", inlet("x", WAITING, R), aux("y", "x / 2", R))
    with pytest.raises(ModelError) as refused:
        build(aux("u", "R", R), aux("s", 1), aux("t", 1), joined("M", "Half", *connections),
              after_model=inner)  # fmt: skip
    assert message in str(refused.value)


def test_a_table_within_a_module_is_its_own():
    table = graph("Effect", gf([0.0, 4.0], [0.0, 8.0]))
    inner = submodel("M", inlet("x", 0), table, aux("y", "Effect(x) + LOOKUP(Effect, 1)"))
    other = graph("Effect", gf([0.0, 4.0], [0.0, 80.0]))
    found = run(other, module("M", "M", x="Time_now"), aux("Time now", "TIME"),
                aux("z", "Effect(1)"), after_model=inner)  # fmt: skip
    assert found["M.y"].tolist() == [2, 4, 6, 8, 10]
    assert found["z"][0] == 20


def test_noise_in_two_modules_is_not_the_same():
    inner = submodel("M", aux("x", "RANDOM(0, 1)"), aux("fixed", "RANDOM(0, 1, 5)"))
    outer = submodel("Pair", module("A", "M"), module("B", "M"))
    found = run(module("One", "Pair"), module("Two", "Pair"), after_model=outer + inner)
    names = ("One.A", "One.B", "Two.A", "Two.B")
    assert len({found[f"{name}.x"].tobytes() for name in names}) == 4
    assert len({found[f"{name}.fixed"].tobytes() for name in names}) == 1
    assert found["One.A.x"].tolist() == [uniform(0, 0, 1, 0, step) for step in range(5)]


def test_a_name_that_a_modules_variable_has_already_is_refused():
    with pytest.raises(ModelError, match=r"the name is taken by 'Staff\.Load' on line 1"):
        build(aux('"Staff.Load"', 7), module("Staff", "Staff"), after_model=STAFF)


# --- macros -----------------------------------------------------------------------------------


def macro(name: str, *parameters: str, eqn: str, variables: str = "") -> str:
    given = ""
    for parameter in parameters:
        word, _, default = parameter.partition("=")
        given += f'<parm default="{default}">{word}</parm>' if default else f"<parm>{word}</parm>"
    inner = f"<variables>{variables}</variables>" if variables else ""
    return f'<macro name="{name}">{given}<eqn>{eqn}</eqn>{inner}</macro>'


HOLD = macro(
    "HOLD", "inp", "T0", eqn="Kept / T0",
    variables=stock("Kept", "inp * T0", "fill", "drain") + flow("fill", "inp")
    + flow("drain", "Kept / T0"),
)  # fmt: skip
TWICE = macro("TWICE", "a", "b=4", eqn="HOLD(a, 2) + HOLD(a + 1, b)")
WAVE = aux("u", "1 + STEP(10 * R, 1) + TIME", R)


def test_a_macro_with_a_stock_remembers_each_call():
    found = run(
        aux("u", "STEP(10, 1)"), aux("y", "HOLD(u, 2) + HOLD(2 * u, 4)"), aux("a", "DELAY1(u, 2)"),
        aux("b", "DELAY1(2 * u, 4)"), after_model=HOLD,
    )  # fmt: skip
    assert found["y"].tolist() == (found["a"] + found["b"]).tolist()
    assert np.ptp(found["a"] - found["b"]) > 0


def test_a_macro_called_by_an_array_has_arrays_of_its_own():
    found = run(WAVE, aux("y", "HOLD(u, 1 + R)", R), aux("z", "DELAY1(u, 1 + R)", R),
                after_model=HOLD)  # fmt: skip
    assert found["y"].tolist() == found["z"].tolist()
    assert len({row.tobytes() for row in found["y"]}) == 3


def test_a_macro_within_a_macro_and_a_default():
    found = run(
        WAVE, aux("y", "TWICE(u) - TWICE(0, 3)", R),
        aux("z", "DELAY1(u, 2) + DELAY1(u + 1, 4) - DELAY1(0, 2) - DELAY1(1, 3)", R),
        after_model=TWICE + HOLD,
    )  # fmt: skip
    np.testing.assert_allclose(found["y"], found["z"], rtol=1e-14)


def test_a_macro_of_functions_that_remember():
    calls = "SMTH1({0}, 2, 0) + DELAY({0}, 1, 0) + PREVIOUS({0}, 0) + INIT({0})"
    found = run(WAVE, aux("y", "M(u * 2)", R), aux("z", calls.format("(2 * u)"), R),
                after_model=macro("M", "a", eqn=calls.format("a")))  # fmt: skip
    assert found["y"].tolist() == found["z"].tolist()


def test_a_macro_called_in_an_element_in_an_initial_value_and_in_an_argument():
    found = run(
        stock("S", "SQUARE(SQUARE(2))", (), "f", R), flow("f", None, R + parts(A="SQUARE(S[A])",
            Sub="SQUARE(Sub)")), after_model=macro("SQUARE", "x", eqn="x * x"),
    )  # fmt: skip
    assert found["S"][:, :2].tolist() == [[16, -240], [16, 15], [16, 12]]


def test_noise_in_two_calls_of_a_macro_is_not_the_same():
    found = run(aux("x", "M(1)"), aux("y", "M(1) - M(1)"), aux("z", "M(1)", R),
                after_model=macro("M", "a", eqn="RANDOM(0, a)"))  # fmt: skip
    assert np.abs(found["y"]).min() > 0
    assert not (found["x"] == found["z"][0]).any()
    assert len({row.tobytes() for row in found["z"]}) == 3


def test_a_macro_that_calls_itself_and_one_given_too_little_are_refused():
    with pytest.raises(ModelError, match="macros call each other more than 20 deep"):
        build(aux("y", "M(1)"), after_model=macro("M", "a", eqn="M(a)"))
    with pytest.raises(ModelError, match=r"the macro HOLD is given 1 argument.*Write HOLD\("):
        build(aux("y", "HOLD(1)"), after_model=HOLD)


# --- Vensim's own functions -------------------------------------------------------------------


def test_active_initial_stands_only_while_initial_values_are_computed():
    found = run(
        stock("S", "a", "f"), flow("f", "a"), aux("a", "ACTIVE_INITIAL(S + 1, 5)"),
        aux("b", "ACTIVE_INITIAL(10 * TIME, 3)"), aux("c", "INIT(b)"), aux("d", "a + b"),
    )  # fmt: skip
    assert found["S"].tolist() == [5, 11, 23, 47, 95]
    assert found["a"].tolist() == [6, 12, 24, 48, 96]
    assert found["b"].tolist() == [0, 10, 20, 30, 40]
    assert found["c"].tolist() == [3] * 5


def test_active_initial_opens_a_circle_of_initial_values_for_each_element():
    found = run(
        stock("S", "a * R", (), (), R), aux("a", "ACTIVE_INITIAL(S / 2, 100)", R),
        aux("n", "SUM(a[*])"), stock("all", "n"),
    )  # fmt: skip
    assert found["S"][:, -1].tolist() == [100, 200, 300]
    assert found["a"][:, 0].tolist() == [50, 100, 150]
    assert (found["n"][0], found["all"][0]) == (300, 300)


@pytest.mark.parametrize("method", METHODS)
def test_sample_if_true_holds_what_it_was_last(method):
    equation = "SAMPLE_IF_TRUE(TIME >= 1 AND TIME < 2 OR TIME = 3, TIME * 10, -1)"
    found = run(aux("y", equation), dt="0.5", method=method)
    assert found["y"].tolist() == [-1, -1, 10, 15, 15, 15, 30, 30, 30]


@pytest.mark.parametrize(
    ("start", "duration", "dt", "on"),
    [
        (1, 1, "0.5", [2, 3]),
        (1, 0, "0.5", [2]),  # at least one dt
        (1, -3, "0.5", [2]),
        (0.75, 0.5, "0.5", [2]),  # from the first step after it, until it is over
        (1, 0.75, "0.5", [2, 3]),
        (-1, 2, "0.5", [0, 1]),
        (-9, 2, "0.5", []),
        (0.3, 0.3, "0.1", [3, 4, 5]),
        (1, 99, "1", [1, 2, 3, 4]),
    ],
)
def test_a_unit_pulse_is_1_for_its_duration(start, duration, dt, on):
    found = run(aux("y", f"UNIT_PULSE({start}, {duration})"), dt=dt)
    assert np.flatnonzero(found["y"]).tolist() == on
    assert set(found["y"].tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("arguments", "dt", "on"),
    [
        ("1, 1, 2, 8", "0.5", [2, 3, 6, 7, 10, 11, 14, 15]),
        ("1, 1, 2, 5", "0.5", [2, 3, 6, 7]),
        ("1, 1, 2, 4.5", "0.5", [2, 3, 6, 7]),
        ("1, 1, 2, 3.5", "0.5", [2, 3, 6]),  # cut at the end
        ("0, 0, 2, 99", "1", [0, 2, 4, 6, 8]),
        ("3, 1, 0, 6", "1", [3, 4, 5]),
        ("3, 2, 2, 6", "1", [3, 4, 5]),
        ("-3, 1, 2, 4", "1", [1, 3]),
        ("2, 1, 3, 1", "1", []),
        ("0, 0.1, 0.3, 2", "0.1", [0, 3, 6, 9, 12, 15, 18]),
    ],
)
def test_a_pulse_train_repeats_until_its_end(arguments, dt, on):
    found = run(aux("y", f"PULSE_TRAIN({arguments})"), dt=dt, stop=8)
    assert np.flatnonzero(found["y"]).tolist() == on


@pytest.mark.parametrize("method", METHODS)
def test_a_unit_pulse_fills_what_its_length_says(method):
    found = run(
        stock("S", 0, "f", (), R), flow("f", "UNIT_PULSE(R, 0.5) * 4", R), dt="0.25",
        method=method, stop=5,
    )  # fmt: skip
    np.testing.assert_allclose(found["S"][:, -1], 2, rtol=1e-15)


# --- the size of the code ---------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_code_does_not_grow_with_an_array(target):
    def code(count):
        n = over("N")
        flat = build(
            stock("S", "N", "f", "g", n + NON_NEGATIVE), flow("f", "rate * SUM(S[*]) / N", n),
            flow("g", "SMTH3(S, 2) + x[N] * RANDOM(0, 1)", n), aux("rate", "0.1", n),
            aux("x", None, n + element("1", "1") + element("Rest", "DELAY(S[Rest], Rest)")),
            aux("y", "MAX(x[2:3]) + x[TIME]"), dims=dimensions(
                dimension("N", count), dimension("Rest", " ".join(map(str, range(2, count + 1))))),
        ).flat  # fmt: skip
        return TARGETS[target](flat).source.text

    small, large = code(3), code(10_000)
    assert len(large.splitlines()) == len(small.splitlines())
    assert len(large) < len(small) + 1000


def test_the_text_of_a_model_is_the_arrays_own():
    """A guard of this file: what it writes is what is read."""
    found = compiled(xmile(aux("x", "R", R), before_model=DIMS)).flat
    assert found.by_ident["x"].shape == (3,)
    assert found.by_ident["x"].columns == ("x[A]", "x[B]", "x[C]")


def test_an_element_of_an_equation_is_replaced_and_the_others_keep_it():
    found = both(build(*GIVEN), parameters={"f[B]": 5})
    assert found["f"][:, 0].tolist() == [2, 5, 6]
    assert found.notes == ("'f[B]' has an equation, 'rate * 2'; it is replaced by 5.",)
    found = both(build(*GIVEN), parameters={"f[a]": 1, "f": 5})
    assert found["f"][:, 0].tolist() == [1, 5, 5]


def test_an_element_that_is_a_number_beside_equations_is_replaced_without_a_word():
    found = both(
        build(aux("x", None, R + parts(A="1", B="TIME", C="3"))), parameters={"x[A]": 7, "x[C]": 8}
    )
    assert found["x"].tolist() == [[7] * 5, [0, 1, 2, 3, 4], [8] * 5]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("name", "places"),
    [("grid[*,2]", (slice(None), 1)), ("grid[B,*]", (1, slice(None))), ("grid[*,*]", (...,)),
     ("grid[ sub , 1 ]", (slice(1, 3), 0)), ("GRID[Odd,*]", ([0, 2],)), ("grid[R,1]", (..., 0))],
)  # fmt: skip
@pytest.mark.parametrize("equation", ["10 * R + T", "10 * R + T + TIME"])
def test_a_slice_is_given_a_number(name, places, equation):
    expected = GRID.copy()
    expected[places] = -1
    found = both(build(aux("grid", equation, RT)), parameters={name: -1})
    assert np.array_equal(found["grid"][..., 0], expected)


def test_an_initial_value_is_given_to_an_element():
    found = both(build(*GIVEN), initial={"S[B]": 50})
    assert found["S"][:, 0].tolist() == [1, 50, 3]
    assert found["S"][:, 1].tolist() == [3, 54, 9]
    found = both(build(*GIVEN), initial={"S[C]": 7, "S": 50})
    assert found["S"][:, 0].tolist() == [50, 50, 7]


def test_noise_keeps_its_path_where_another_element_is_replaced():
    loaded = build(aux("x", "NORMAL(0, 1)", R), stop=4)
    before, after = both(loaded), both(loaded, parameters={"x[B]": 0})
    assert np.array_equal(before["x"][[0, 2]], after["x"][[0, 2]])
    assert after["x"][1].tolist() == [0] * 5

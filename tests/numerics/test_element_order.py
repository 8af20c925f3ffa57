"""Equations that need other elements of their own array: the order found, and the loops kept."""

from __future__ import annotations

import numpy as np
import pytest

from cyclesim.codegen import TARGETS
from cyclesim.compiler import CompiledModel
from cyclesim.errors import ModelError
from cyclesim.results import Results
from cyclesim.simulation import simulate
from tests.models_in_text import aux, dimension, dimensions, flow, model, over, parts, stock

PAIR = ("python", "numpy")

MANY = 400
DIMS = dimensions(
    dimension("R", "A B C D E"), dimension("Sub", "B C D"), dimension("T", 3),
    dimension("Many", MANY),
)  # fmt: skip
R, T, RT, TR, M = over("R"), over("T"), over("R", "T"), over("T", "R"), over("Many")
r = np.arange(1.0, 6.0)


def build(*variables: str, **settings: object) -> CompiledModel:
    return model(*variables, before_model=DIMS, **{"stop": 3, **settings})


def run(*variables: str) -> Results:
    """Return a run in `python`, once `numpy` has given the same."""
    loaded = build(*variables)
    found, other = (simulate(loaded, target=name, estimate_error=False) for name in PAIR)
    assert np.allclose(found.trajectory.values, other.trajectory.values, 1e-12, 0, equal_nan=True)
    return found


def code(loaded: CompiledModel, target: str) -> list[str]:
    return TARGETS[target](loaded.flat).source.text.splitlines()


def test_an_element_that_adds_up_the_others():
    own = parts(A="TIME", B="2", C="SUM(y[A:B])", D="MAX(y[A:C])", E="MEAN(y[*:Sub]) + y[A]")
    found = run(aux("y", None, R + own))
    a, b = found.time, np.full(4, 2.0)
    c = a + b
    d = np.maximum(np.maximum(a, b), c)
    np.testing.assert_allclose(found["y"], [a, b, c, d, (b + c + d) / 3 + a])


def test_a_total_stands_among_the_parts_that_it_adds_up():
    found = run(aux("y", None, R + parts(A="SUM(y[B:E])", B="1", C="TIME", D="3", E="4")))
    np.testing.assert_allclose(found["y"][0], 8 + found.time)


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("IF R = 1 THEN TIME ELSE y[R - 1] + 1", r - 1),
        ("IF R > 1 THEN y[R - 1] + 1 ELSE TIME", r - 1),
        ("IF R = 5 THEN TIME ELSE y[R + 1] + 1", 5 - r),
        ("IF R < 3 THEN TIME ELSE y[R - 2] + 1", (r - 1) // 2),
        ("IF R = 3 THEN TIME ELSE IF R < 3 THEN y[R + 1] + 1 ELSE y[R - 1] + 2",
         np.array([2, 1, 0, 2, 4])),
        ("IF R = 1 THEN TIME + y[3] ELSE IF R = 3 THEN 0 ELSE TIME", np.zeros(5)),
    ],
)  # fmt: skip
def test_computed_subscripts_in_one_equation(equation, expected):
    found = run(aux("y", equation, R))
    now = found.time
    wanted = expected[:, None] + now
    if "y[3]" in equation:
        wanted = np.array([now, now, 0 * now, now, now])
    np.testing.assert_allclose(found["y"], wanted)


def test_computed_subscripts_of_single_elements():
    own = parts(A="TIME", B="y[R - 1] + R", C="y[R - 1] + R", D="y[R + 1]", E="R")
    found = run(aux("y", None, R + own))
    now = found.time
    np.testing.assert_allclose(found["y"], [now, now + 2, now + 5, 0 * now + 5, 0 * now + 5])


def test_the_name_of_a_dimension_in_an_equation_for_a_part_of_it():
    found = run(
        aux("w", "10 * R", R),
        aux("y", None, R + parts(A="R", Sub="R + w[R]", E="R * 100 + w[R]")),
    )
    np.testing.assert_allclose(found["y"][:, 0], [1, 22, 33, 44, 550])


def test_what_an_equation_reads_beyond_the_ends_is_not_a_number():
    found = run(aux("y", "y[R - 1]", R), aux("z", "y[1]"))
    assert np.isnan(found["y"]).all()


def test_a_long_chain_is_one_loop_in_each_target():
    chain = aux("y", f"IF Many = 1 THEN TIME ELSE 0.5 * y[Many - 1] + Many / {MANY}", M)
    found = run(chain)
    y = [found.time]
    for n in range(2, MANY + 1):
        y.append(0.5 * y[-1] + n / MANY)
    np.testing.assert_allclose(found["y"], y, rtol=1e-12)
    for target in PAIR:
        lines = code(build(chain), target)
        assert len(lines) < 40
        assert sum(line.lstrip().startswith(f"for i0 in range({MANY}):") for line in lines) >= 1


def test_a_chain_with_its_own_first_element_is_cut_there():
    first = '<element subscript="1"><eqn>TIME</eqn></element>'
    rest = dimension("Rest", " ".join(str(n) for n in range(2, 7)))
    dims = dimensions(dimension("N", 6), rest)
    own = first + '<element subscript="Rest"><eqn>y[N - 1] * 2</eqn></element>'
    loaded = model(aux("y", None, over("N") + own), before_model=dims, stop=3)
    for target in PAIR:
        found = simulate(loaded, target=target, estimate_error=False)
        np.testing.assert_allclose(found["y"], [found.time * 2**n for n in range(6)])
        assert any("for i0 in range(5):" in line for line in code(loaded, target))


def test_a_chain_downward_over_the_second_of_two_dimensions():
    cells = aux("y", "IF R = 5 THEN T * TIME ELSE y[T, R + 1] + 1", TR)
    found = run(cells)
    wanted = (5 - r)[None, :, None] + np.arange(1.0, 4)[:, None, None] * found.time
    np.testing.assert_allclose(found["y"], wanted)
    assert any("for i1 in range(5):" in line for line in code(build(cells), "numpy"))


def test_two_variables_in_one_loop():
    waiting = aux("waiting", "IF R = 1 THEN TIME ELSE passed[R - 1]", R)
    passed = aux("passed", "0.5 * waiting[R] + R", R)
    found = run(passed, waiting)
    w = found.time
    for n in range(5):
        np.testing.assert_allclose(found["waiting"][n], w)
        w = 0.5 * w + n + 1
        np.testing.assert_allclose(found["passed"][n], w)


def test_a_scalar_in_between_is_computed_in_turn():
    found = run(aux("middle", "y[B] * 10"), aux("y", None, R + parts(
        A="TIME", B="y[A] + 1", C="middle", D="y[C] + middle", E="SUM(y[A:D])")))  # fmt: skip
    now = found.time
    b = now + 1
    np.testing.assert_allclose(found["middle"], 10 * b)
    np.testing.assert_allclose(found["y"][4], now + b + 30 * b)


def test_initial_values_in_turn():
    found = run(
        stock("S", "IF R = 1 THEN 2 ELSE 3 * S[R - 1]", "f", (), R),
        flow("f", "IF R = 5 THEN S[1] ELSE f[R + 1] + 1", R),
    )
    np.testing.assert_allclose(found["S"][:, 0], 2 * 3.0 ** (r - 1))
    np.testing.assert_allclose(found["f"][:, 0], 2 + 5 - r)


def test_constants_in_turn():
    found = run(aux("y", "IF R = 1 THEN 1 ELSE y[R - 1] * R", R), aux("z", "y[E]"))
    np.testing.assert_allclose(found["y"][:, 0], [1, 2, 6, 24, 120])
    assert found["z"][0] == 120


@pytest.mark.parametrize(
    ("variables", "chain"),
    [
        ([aux("y", "SUM(y[*])", R)], "'y[A]' <- 'y[A]'"),
        ([aux("y", None, R + parts(A="y[R + 1]", B="y[R - 1]", C="1", D="1", E="1"))],
         "'y[A]' <- 'y[B]' <- 'y[A]'"),
        ([aux("y", "y[R] + 1", R)], "'y[A]' <- 'y[A]'"),
        ([aux("n", "TIME"), aux("y", "IF R = 1 THEN 0 ELSE y[n]", R)], "'y[B]' <- 'y[B]'"),
        ([aux("y", None, R + parts(A="x", B="1", C="1", D="1", E="1")), aux("x", "y[A]")],
         "'y[A]' <- 'x' <- 'y[A]'"),
        ([aux("y", "z[R] + 1", R), aux("z", "y[R]", R)], "'y[A]' <- 'z[A]' <- 'y[A]'"),
    ],
)  # fmt: skip
def test_a_circle_is_named_element_by_element(variables, chain):
    with pytest.raises(ModelError) as refused:
        build(*variables)
    assert f"in the same step: {chain}." in str(refused.value)


@pytest.mark.parametrize("seed", range(25))
def test_any_order_without_a_circle_is_found(seed):
    """Two arrays whose elements need each other at random, the same written out in scalars."""
    draw = np.random.default_rng(seed)
    nodes = [(name, place) for name in "yz" for place in range(5)]
    places = draw.permutation(len(nodes))
    if seed % 2:  # the order of one loop upward, both arrays in it
        places = np.argsort([place for _, place in nodes], kind="stable")
    ordered = [nodes[place] for place in places]
    arrays: dict[str, dict[str, str]] = {"y": {}, "z": {}}
    scalars = []
    for rank, (name, place) in enumerate(ordered):
        known = [ordered[n] for n in draw.choice(rank, min(rank, 2), replace=False)]
        terms = [f"{other}[R + {at - place}]" for other, at in known]
        equation = " + ".join(["TIME", f"{rank}", *(f"0.5 * {term}" for term in terms)])
        arrays[name]["ABCDE"[place]] = equation
        written = [f"0.5 * {other}{at}" for other, at in known]
        scalars.append(aux(f"{name}{place}", " + ".join(["TIME", f"{rank}", *written])))
    found = run(*(aux(name, None, R + parts(**own)) for name, own in arrays.items()))
    twin = simulate(build(*scalars), estimate_error=False)
    for name, place in nodes:
        np.testing.assert_allclose(found[name][place], twin[f"{name}{place}"], rtol=1e-13)

"""The `javascript` target under Node: operations, arrays, state over time, noise, odd names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cyclesim.codegen.emit_javascript import emit_javascript, runtime_text, schedule_numbers
from cyclesim.compiler import CompiledModel, FlatModel, Piece, flatten
from cyclesim.compiler.terms import Apply, Symbol
from cyclesim.errors import UsageError
from cyclesim.names import canonical
from cyclesim.noise import CENTRE, MIDDLE, TAIL
from cyclesim.operations import OPERATIONS
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs, simulate
from tests.javascript_runs import NODE, Job, node, ran
from tests.models_in_text import (
    aux,
    compiled,
    dimension,
    dimensions,
    flow,
    gf,
    model,
    over,
    parts,
    stock,
)
from tests.properties.strategies import sketches
from tests.properties.test_arrays import models as array_models
from tests.properties.test_models import agree

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node.js: install nodejs")

NAN, INF = math.nan, math.inf
NAMES = ("p", "q", "r")

ROUNDED = {
    "standard_normal": 4, "normal_quantile": 4, "log_gamma": 4, "beta_quantile": 8,
}  # fmt: skip
"""Operations whose golden values are themselves rounded, and by how many ulps they may differ."""


# --- operations ----------------------------------------------------------------------------------


def operation_model(operation: str, in_step: bool) -> FlatModel:
    """Return a model whose variable `y` is an operation of parameters p, q, r.

    `in_step` makes it a value of each step instead of one computed when the run is bound.
    """
    resolved = model(
        *(aux(name, 1) for name in NAMES), aux("never", "TIME < -1"), aux("y", "p + q + r")
    ).resolved
    arguments = tuple(Symbol(canonical(name)) for name in NAMES[: OPERATIONS[operation].arity])
    formula = Apply(operation, arguments)
    if in_step:
        still = next(part for part in resolved.parts if part.about.ident == "never").formula[0].term
        zero = Apply("subtract", (Symbol(canonical("p")), Symbol(canonical("p"))))
        formula = Apply("select", (still, zero, formula))
    parts = tuple(
        replace(part, formula=(Piece(formula),)) if part.about.ident == "y" else part
        for part in resolved.parts
    )
    return flatten(replace(resolved, parts=parts))


def computed(asked: list[tuple[str, bool, tuple[float, ...]]]) -> list[float]:
    """Return what generated code makes of operations, (name, in a step, arguments) each."""
    lines = [runtime_text(), "const given = [], models = new Map();"]
    made: set[tuple[str, bool]] = set()
    for operation, in_step, arguments in asked:
        key = f"{operation} {in_step}"
        if (operation, in_step) not in made:
            made.add((operation, in_step))
            flat = operation_model(operation, in_step)
            settings = json.dumps(schedule_numbers(flat.sim_specs))
            lines.append(emit_javascript(flat, key).text)
            lines.append(f'models.set("{key}", cyclesim.model("{key}", {settings}));')
        numbers = json.dumps([float(a) for a in (*arguments, *[0.0] * (3 - len(arguments)))])
        lines.append(f'given.push(["{key}", {numbers}]);')
    lines.append("""
const found = given.map(([key, numbers]) => {
  const m = models.get(key);
  const parameters = m.parameters.slice();
  ["p", "q", "r"].forEach((n, k) => { parameters[m.parameterPlaces.get(n)] = numbers[k]; });
  return String(m.run({ parameters, stop: 1, keep: [m.rowPlaces.get("y")] }).values[0][1]);
});
console.log(JSON.stringify(found));""")
    return [float(text.replace("Infinity", "inf")) for text in json.loads(node("\n".join(lines)))]


def same(found: float, wanted: float, ulps: int) -> bool:
    if wanted != wanted or found != found:
        return wanted != wanted and found != found
    return found == wanted or abs(found - wanted) <= ulps * math.ulp(wanted)


def test_golden_values_of_every_operation() -> None:
    golden = [
        (name, in_step, arguments, wanted)
        for name, operation in OPERATIONS.items()
        for in_step in (False, True)
        for arguments, wanted in operation.golden
    ]
    found = computed([asked[:3] for asked in golden])
    wrong = [
        (*asked, value)
        for asked, value in zip(golden, found, strict=True)
        if not same(value, asked[3], ROUNDED.get(asked[0], 0))
    ]
    assert wrong == []


EXACT = {
    "add", "subtract", "multiply", "divide", "modulo", "negate", "not", "and", "or", "equal",
    "unequal", "less", "at_most", "greater", "at_least", "select", "minimum", "maximum",
    "absolute", "floor", "round", "square_root", "truncate", "remainder", "quantum", "sign",
    "divide_unless_tiny", "percent", "factorial", "combinations", "permutations",
    "triangular_quantile",
}  # fmt: skip
VALUES = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 7.3, 0.97, 31.0, 1e-9, -1e17, INF, -INF, NAN)
DRAWS = (1e-12, 0.003, 0.3, 0.5, 0.77, 0.9999)
QUANTILES = {
    "poisson_quantile": ((0.4, 3.0, 57.3, 2000.0),),
    "binomial_quantile": ((1.0, 12.0, 900.0), (0.01, 0.3, 0.96)),
    "gamma_quantile": ((0.05, 0.7, 1.0, 4.2, 60.0, 3e4),),
    "beta_quantile": ((0.2, 1.0, 3.5, 80.0), (0.3, 1.0, 2.0, 500.0)),
}


def test_operations_give_what_they_give_in_python() -> None:
    few = VALUES[:11:2] + VALUES[12:]
    asked: list[tuple[str, bool, tuple[float, ...]]] = []
    for name, operation in OPERATIONS.items():
        given_ = {1: VALUES, 2: VALUES, 3: few}[operation.arity]
        columns = [DRAWS, *QUANTILES[name]] if name in QUANTILES else [given_] * operation.arity
        asked += [(name, True, arguments) for arguments in product(*columns)]
    # Outside what an equation can ask for: the quantile of no probability is another operation.
    asked = [one for one in asked if one[0] != "standard_normal" or 0 < one[2][0] < 1]
    found = computed(asked)
    assert len(found) > 6000
    wrong = []
    for (name, _, arguments), value in zip(asked, found, strict=True):
        wanted = OPERATIONS[name].scalar(*arguments)
        near = abs(value - wanted) <= 1e-11 * abs(wanted) + 1e-15
        if not (same(value, wanted, 0) or (name not in EXACT and near)):
            wrong.append((name, arguments, wanted, value))
    assert wrong == []


def test_the_normal_quantile_has_the_coefficients_of_the_table() -> None:
    text = runtime_text()
    tables = text[text.index("const CENTRE") : text.index("function polynomial_ratio")]
    written = [float(number) for number in re.findall(r"[\d.]+(?:e-?\d+)?(?=[,\]])", tables)]
    assert written == [c for table in (CENTRE, MIDDLE, TAIL) for side in table for c in side]


UNSHRUNK = settings(max_examples=2, phases=[Phase.generate])
"""For lists of models: each try is a process of its own, and shrinking would start hundreds."""


# --- whole models --------------------------------------------------------------------------------


def assert_as_python(models: Sequence[CompiledModel], seed: int = 0, run: int = 0) -> None:
    """Each model runs as in `python`: values, saved times, and how the run ended, word by word."""
    given_ = {"seed": seed, "run": run}
    found = ran([Job(each.flat, given=given_) for each in models])
    for each, there in zip(models, found, strict=True):
        here = simulate(each, noise_seed=seed, run=run, estimate_error=False, strict=False)
        complete, message = here.status.complete, here.status.message
        assert there.status == {"complete": complete, "time": here.status.time, "message": message}
        assert there.time.tolist() == here.time.tolist()
        agree(here.trajectory.values, there.values)


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
@UNSHRUNK
@given(sketched=st.lists(sketches(), min_size=20, max_size=20))
def test_random_models_run_as_in_python(method, sketched):
    assert_as_python([compiled(sketch.text(method=method)) for sketch in sketched])


@UNSHRUNK
@given(drawn=st.lists(array_models(), min_size=20, max_size=20))
def test_random_arrays_run_as_in_python(drawn):
    assert_as_python([compiled(each.arrays()) for each in drawn])


POINTS = ([-1.0, 0.5, 0.5, 2.0, 4.0], [3.0, 1.0, 5.0, 5.5, -2.0])


def test_graphical_functions_of_every_kind() -> None:
    kinds = ("continuous", "extrapolate", "discrete")
    graphs = [aux(kind, "TIME - 3", gf(*POINTS, kind)) for kind in kinds]
    empty = aux("none", "0 / 0", gf(*POINTS))
    at_ends = [aux(f"end {n}", x, gf(*POINTS, k)) for n, (x, k) in
               enumerate(product((-1, 0.5, 4, "1/0", "-1/0"), kinds))]  # fmt: skip
    each = aux("each", None, over("R") + "".join(
        f'<element subscript="{e}"><eqn>TIME</eqn>{gf([0, 4], [n, 9.0])}</element>'
        for n, e in enumerate("ABC", 1)
    ))  # fmt: skip
    dims = dimensions(dimension("R", "A B C"))
    assert_as_python([model(*graphs, empty, *at_ends, each, before_model=dims, dt="0.25")])


R, T, RT = over("R"), over("T"), over("R", "T")
ARRAYS = dimensions(dimension("R", "A B C"), dimension("T", "X Y"),
                    dimension("P", "shape middle width extra"))  # fmt: skip
TIES = aux("ties", "R MOD 2", R)
GRID = aux("grid", "SIN(R + 3 * T) + TIME / 9", RT)
REDUCED = {
    f"y{n}": (call, dims)
    for n, (call, dims) in enumerate([
        ("SUM(grid[*, *])", ""), ("MEAN(grid[*, X])", ""), ("STDDEV(grid[*, *])", ""),
        ("MIN(grid[*, *])", ""), ("MAX(grid[R, *])", R), ("PROD(grid[*, T])", T),
        ("RANK(grid[*, Y], 2)", ""), ("VECTOR SORT ORDER(grid[*, X], -1)", R),
        ("VECTOR RANK(grid[*, X], TIME - 2)", R), ("grid[TIME, 1 + TIME MOD 2]", ""),
        ("VECTOR SORT ORDER(ties[*], -1)", R),
        ("VECTOR RANK(ties[*], 0)", R),
        ("VECTOR SELECT(grid[*, X] > 0, grid[*, Y], -5, 2, 0)", ""),
        ("VECTOR ELM MAP(grid[A, X], TIME)", ""),
        ("IF SUM(grid[R, *] * grid[R, *]) > 1 THEN MAX(grid[*, *]) ELSE SUM(grid[*, X])", R),
    ])
}  # fmt: skip


def test_reductions_and_elements_that_values_name() -> None:
    written = [aux(name, call, dims) for name, (call, dims) in REDUCED.items()]
    assert_as_python([model(GRID, TIES, *written, before_model=ARRAYS, stop=5, dt="0.5")])


def allocation(width: float, shape: int) -> CompiledModel:
    """Return a supply that grows, shared out among three requests by curves of a shape."""
    priorities = aux("profile", None, over("R", "P") + "".join(
        f'<element subscript="{e}, {p}"><eqn>{number}</eqn></element>'
        for n, e in enumerate("ABC", 1)
        for p, number in zip(("shape", "middle", "width", "extra"), (shape, n, width, 0),
                             strict=True)
    ))  # fmt: skip
    requests = aux("request", "5 * R", R)
    got = aux("got", "ALLOCATE AVAILABLE(request[R], profile[R, shape], 3 * TIME)", R)
    return model(requests, priorities, got, before_model=ARRAYS, stop=12)


def test_allocation_by_each_shape_of_curve() -> None:
    assert_as_python([allocation(width, shape) for shape in range(5) for width in (0, 0.5, 2)])


def conveyor(leak: str, exponential: bool, method: str) -> CompiledModel:
    said = ' exponential_leak="true"' if exponential else ""
    return model(
        stock("Held", 12, "Entering", ["Leaving", "Lost"],
              f"<conveyor{said}><len>2.15 + STEP(1.5, 3) - STEP(2, 6)</len></conveyor>"),
        flow("Entering", "3 + 2 * SIN(TIME)"),
        flow("Leaving", None),
        flow("Lost", leak, "<leak/>").replace("<flow ", '<flow leak_start="0.2" leak_end="0.9" '),
        stock("Gone", 0, ["Leaving"]),
        dt="0.25", method=method,
    )  # fmt: skip


def test_conveyors_move_leak_and_conserve_as_in_python() -> None:
    assert_as_python([
        conveyor(leak, exponential, method)
        for leak in ("0.1", "0.05 * TIME / 10")
        for exponential in (False, True)
        for method in ("euler", "rk4")
    ])  # fmt: skip


def test_delays_and_memory_over_time() -> None:
    past = ("DELAY(TIME, 3 * 0.1)", "DELAY(TIME, 0.4 + TIME / 3, 5)", "DELAY(TIME, 0 / 0)",
            "DELAY(TIME, -1)", "DELAY(TIME, 1 / 0, 8)", "PREVIOUS(TIME, 3)", "INIT(TIME + 4)",
            "SMTH3(TIME, 2)", "DELAY3(TIME, 2)", "TREND(TIME + 1, 2)")  # fmt: skip
    calls = [aux(f"y{n}", call) for n, call in enumerate(past)]
    each = aux("each", "DELAY(TIME + R, R / 2)", R)
    assert_as_python([
        model(*calls, each, before_model=ARRAYS, stop=6, dt="0.1", method=method)
        for method in ("euler", "rk2", "rk4")
    ])  # fmt: skip


NOISY = (
    "RANDOM(10, 20)", "NORMAL(3, 2)", "RANDOM(0, 1, 42)", "EXPRND(9)", "LOGISTIC(3, 2)",
    "PARETO(8, 2)", "WEIBULL(1.5, 4)", "TRIANGULAR(1, 2, 5)", "POISSON(3.5)", "POISSON(4000)",
    "BINOMIAL(12, 0.3)", "MONTECARLO(40)", "GAMMA(2.5, 3)", "BETA(2, 0.7)",
)  # fmt: skip


@pytest.mark.parametrize(("seed", "run"), [(0, 0), (5, 7), (4294967295, 123456789)])
def test_noise_is_that_of_python_whatever_the_seed_and_run(seed: int, run: int) -> None:
    calls = [aux(f"y{n}", call) for n, call in enumerate(NOISY)]
    own = aux("each", "RANDOM(0, 1)", R)
    walk = [stock("Walk", 0, "step"), flow("step", "NORMAL(0, 1)")]
    noisy = model(*calls, own, *walk, before_model=ARRAYS, stop=60, method="RK4")
    assert_as_python([noisy], seed, run)


@pytest.mark.parametrize("declared", ["1", "0.3", "0.1", "1/7"])
def test_a_finer_dt_keeps_the_noise_path(declared: str) -> None:
    step = Fraction(declared)
    flat = model(aux("a", "RANDOM(0, 1)"), dt=declared, stop=float(step * 30)).flat
    specs = settled_specs(flat.sim_specs, stop=step * 30)
    coarse, fine = ran([
        Job(flat, specs), Job(flat, settled_specs(specs, dt=step / 2), flat.sim_specs)
    ])  # fmt: skip
    assert fine.values[0, :-1].tolist() == np.repeat(coarse.values[0, :-1], 2).tolist()


# --- runs that end, and runs that are asked for --------------------------------------------------


def grown(rate: str, *more: str, initial: object = 1, **run_: object) -> CompiledModel:
    return model(stock("S", initial, "f"), flow("f", rate), *more, stop=40, **run_)


def test_a_run_that_leaves_the_numbers_says_so_in_the_words_of_python() -> None:
    ended = [
        grown("S * S * 10", time_units="week"),
        grown("S / (5 - TIME)"),
        grown("LN(5 - TIME) * rate", aux("rate", "2 * S")),
        grown("SQRT(3.2 - TIME)", dt="1/7"),
        grown("1", initial="1/0"),
        grown("1e306 * TIME"),
        model(stock("S", 1, "f", extra=R), flow("f", "S / (R - TIME)", R), before_model=ARRAYS),
        model(aux("m", "PREVIOUS(1 / (TIME - 4), 0)")),
        model(aux("d", "DELAY(1 / (TIME - 4), 2)")),
        grown("S ^ 3", method="RK4", dt="0.25"),
    ]
    assert all(not simulate(m, strict=False, estimate_error=False).status.complete for m in ended)
    assert_as_python(ended)


FAR = tuple(f"900719925474099{last}.{'0' * 29}1" for last in (3, 7))
"""Just above the middle between two doubles: only an exact quotient is rounded up."""

CLOCKS = [
    (0, 10, "1", None), (0, 3, "0.3", None), (-7, 5, "0.1", "0.25"), (0, 2, "1/7", "0.5"),
    ("0.1", "10.1", "1/3", 1), (2020, 2030, "0.03125", 1), (0, 1, "0.0009765625", "0.1"),
    (0, 3, "0.3333333", 1), (*FAR, 1, None), ("1e-7", "3.0000001", "0.3", "0.7"),
    ("0.123456789012345678", "9.123456789012345678", "0.9", 2),
]  # fmt: skip


@pytest.mark.parametrize(("start", "stop", "dt", "save"), CLOCKS)
def test_the_clock_is_that_of_the_schedule(start, stop, dt, save):
    flat = model(aux("a", "TIME")).flat
    specs = settled_specs(flat.sim_specs, dt=dt, start=start, stop=stop, save_every=save)
    (found,) = ran([Job(flat, specs)])
    assert found.time.tolist() == list(schedule_of(specs).times)
    assert found.values[0].tolist() == found.time.tolist()


def asked(flat: FlatModel, script: str) -> object:
    """Return what a script makes of `m`, a model with its own settings."""
    lines = [runtime_text(), emit_javascript(flat, "m").text,
             f'const m = cyclesim.model("m", {json.dumps(schedule_numbers(flat.sim_specs))});',
             f"console.log(JSON.stringify({script}));"]  # fmt: skip
    return json.loads(node("\n".join(lines)))


TANK = model(
    stock("Water level", "start", "f"), flow("f", "rate[A] * old"), aux("start", 7),
    aux("rate", None, R + parts(A=1, B=2, C=3)), aux("old", "PREVIOUS(2, 1)"),
    before_model=ARRAYS, stop=4,
).flat  # fmt: skip


def test_what_a_model_tells_of_itself() -> None:
    told = asked(
        TANK,
        """{rows: m.rows, places: [...m.parameterPlaces],
        parameters: Array.from(m.parameters), row: m.rowPlaces.get("rate[B]"),
        state: [Array.from(m.state.levels), Array.from(m.state.held)]}""",
    )
    assert told == {
        "rows": [column for variable in TANK.variables for column in variable.columns],
        "places": [["start", 0], ["rate", 1]],
        "parameters": [v for ident in TANK.parameters for v in TANK.by_ident[ident].values],
        "row": TANK.places["rate"] + 1,
        "state": [[7.0], [1.0]],
    }


def test_a_run_is_given_parameters_a_state_a_stop_and_what_to_keep() -> None:
    level = 'm.rowPlaces.get("Water level")'
    keep = f"keep: [{level}]"
    values = f"(given => Array.from(m.run({{...given, {keep}}}).values[0]))"
    more = "parameters: m.parameters.map((value, k) => k ? value : 100)"
    assert asked(TANK, f"{values}({{}})") == [7.0, 8.0, 10.0, 12.0, 14.0]
    assert asked(TANK, f"{values}({{{more}}})") == [100.0, 101.0, 103.0, 105.0, 107.0]
    assert asked(TANK, f"{values}({{{more}, state: m.state}})") == [7.0, 8.0, 10.0, 12.0, 14.0]
    state = "state: {levels: [0], held: [5]}"
    assert asked(TANK, f"{values}({{{state}, stop: 2}})") == [0.0, 5.0, 7.0]
    assert asked(TANK, f"[{values}({{stop: 2}}), {values}({{}})].map(v => v.length)") == [3, 5]


@pytest.mark.parametrize("given_", ["{stop: 1.5}", "{stop: 0}", "{parameters: [1]}",
                                    "{state: {levels: [1, 2], held: [1]}}"])  # fmt: skip
def test_what_does_not_fit_is_refused(given_: str) -> None:
    caught = f"(() => {{ try {{ m.run({given_}); }} catch (e) {{ return e.name; }} }})()"
    assert asked(TANK, caught) == "RangeError"


def test_an_adaptive_method_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="rk45 does not run in a browser"):
        schedule_numbers(settled_specs(TANK.sim_specs, "rk45"))


def test_what_is_not_kept_and_not_needed_is_left_out() -> None:
    whole = model(stock("S", 1, "f"), flow("f", "a"), aux("a", 2), aux("b", "a + TIME"),
                  aux("c", "EXP(b)"))  # fmt: skip
    text = emit_javascript(whole.flat, keep=["b"]).text
    assert '"c"' not in text
    assert "exponential" not in text
    lines = [
        runtime_text(),
        text,
        f'const m = cyclesim.model("model", {json.dumps(schedule_numbers(whole.flat.sim_specs))});',
        "console.log(JSON.stringify([m.rows, m.run().values.map(v => Array.from(v))]));",
    ]
    rows, values = json.loads(node("\n".join(lines)))
    assert rows == ["S", "f", "a", "b"]
    wanted = simulate(whole, estimate_error=False)
    assert values == [wanted[name].tolist() for name in rows]

"""Machine code for many runs: the reference's numbers, whatever runs beside, saved or beside it."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cyclesim.codegen import TARGETS, Binding, llvm_machine, machine_code
from cyclesim.codegen.llvm_machine import this_machine
from cyclesim.codegen.llvm_model import ModelText
from cyclesim.codegen.llvm_text import Module
from cyclesim.integrate import Status, integrate
from cyclesim.integrate.compiled import MOST_EXPLAINED, integrate_compiled
from cyclesim.schedule import EULER, RK4, Schedule, schedule_of
from cyclesim.simulation import parameter_values, settled_specs, simulate
from tests.models.library_runs import MODELS, sizes
from tests.models.library_runs import model as library_model
from tests.models_in_text import (
    aux,
    dimension,
    dimensions,
    flow,
    gf,
    graph,
    model,
    over,
    parts,
    stock,
)  # fmt: skip

NAN, INF = math.nan, math.inf
WAITING = (
    stock("S", "start", "fill", "drain"), stock("Tired", 1, "tiring"), stock("T", 5, "g"),
    flow("fill", "rate * (1 + noise) + PREVIOUS(drain, 1)"),
    flow("drain", "S / MAX(time, 0.5) * T0(S / size)"),
    flow("tiring", "(MIN(S / size, 3) - Tired) / time"), flow("g", "-T * EXP(-Tired) / size"),
    aux("noise", "0.1 * NORMAL(0, 1)"), aux("late", "DELAY(drain, time, 2)"),
    aux("wave", "SIN(6.28 * TIME / 7) + STEP(1, 4)"),
    aux("strength", "MAX(S / size, 0.01) ^ power + wave * late"),
    aux("start", 10), aux("rate", 3), aux("time", 4), aux("size", 10), aux("power", 0.7),
    graph("T0", gf([0.0, 0.5, 1.0, 2.0, 4.0], [0.0, 0.6, 1.0, 1.3, 1.4])),
)  # fmt: skip
NUMBERS = ("start", "rate", "time", "size", "power")


@pytest.fixture(scope="module")
def waiting():
    return model(*WAITING, stop=12, dt="0.25", save=1).flat


def schedule_for(flat, method="euler", **given) -> Schedule:
    return schedule_of(settled_specs(flat.sim_specs, method, **given), flat.sim_specs)


def binding_of(flat, schedule, columns, runs=0, seed=5) -> Binding:
    clock = schedule.clock
    values = tuple(
        np.asarray(columns.get(ident, np.asarray(value, float)), float)
        for ident, value in zip(flat.parameters, parameter_values(flat, {}), strict=True)
    )
    numbers = (clock.start, clock.stop, clock.dt, schedule.declared_dt)
    return Binding(values, *map(np.float64, numbers), seed, runs)


def alone(flat, schedule, columns, run, seed=5):
    """Return a run by the reference."""
    clock = schedule.clock
    own = dict(zip(flat.parameters, parameter_values(flat, {}), strict=True))
    own |= {ident: float(column[run]) for ident, column in columns.items()}
    numbers = (clock.start, clock.stop, clock.dt, schedule.declared_dt)
    binding = Binding(tuple(own[i] for i in flat.parameters), *numbers, seed, run)
    return integrate(TARGETS["python"](flat), schedule, binding)


def near(found: np.ndarray, wanted: np.ndarray, share: float = 1e-9) -> None:
    """Hold two (row, time) against each other: NaN and infinite in the same places."""
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    infinite = np.isinf(wanted)
    np.testing.assert_array_equal(found[infinite], wanted[infinite])
    for row, (one, other) in enumerate(zip(found, wanted, strict=True)):
        finite = np.isfinite(other)
        assert np.isfinite(one[finite]).all()
        if finite.any():
            size = np.ptp(other[finite]) * share + np.abs(other[finite]).max() * 1e-12
            assert np.abs(one[finite] - other[finite]).max() <= size, row


# --- the reference's numbers -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "method"),
    [*((name, "euler") for name in MODELS), *((name, "rk4") for name in MODELS[::4]),
     ("park", "rk2")],
)  # fmt: skip
def test_library_models_are_those_of_the_reference(name, method):
    runs = [
        simulate(library_model(name), target=target, method=method, stop=20, estimate_error=False)
        for target in ("python", "llvm")
    ]
    assert runs[1].provenance["target"] == "llvm"
    large = sizes(runs[0])
    for variable in runs[0].variables:
        one, other = (run[variable.name] for run in runs)
        allowed = 1e-9 * float(np.ptp(one)) + 1e-12 * max(large[variable.name], 1.0)
        assert np.abs(one - other).max() <= allowed, variable.name


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
def test_runs_of_a_set_are_those_of_the_reference(waiting, method):
    rng = np.random.default_rng(2)
    columns = {name: rng.uniform(1, 9, 11) for name in NUMBERS}
    schedule = schedule_for(waiting, method)
    binding = binding_of(waiting, schedule, columns, np.arange(11))
    found = integrate(machine_code(waiting), schedule, binding)
    assert all(status.complete for status in found.status)
    for run in range(11):
        near(found.values[:, :, run], alone(waiting, schedule, columns, run).values)


POISON = (NAN, INF, -INF, 0.0, -1.0, 1e-320, 1e308, 1e-308)


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_a_poisoned_run_is_that_of_the_reference_and_costs_the_others_nothing(waiting, method):
    rng = np.random.default_rng(3)
    count = len(POISON) * len(NUMBERS) + 3
    columns = {name: rng.uniform(1, 9, count) for name in NUMBERS}
    clean = {name: column.copy() for name, column in columns.items()}
    for place, (name, value) in enumerate((n, v) for n in NUMBERS for v in POISON):
        columns[name][place] = value
    schedule = schedule_for(waiting, method)
    runs = np.arange(count)
    program = machine_code(waiting)
    found = integrate(program, schedule, binding_of(waiting, schedule, columns, runs))
    beside = integrate(program, schedule, binding_of(waiting, schedule, clean, runs))
    ended = set()
    for run in range(count):
        wanted = alone(waiting, schedule, columns, run)
        near(found.values[:, :, run], wanted.values, 1e-8)
        assert found.status[run].status is wanted.status[0].status
        assert found.status[run].time == wanted.status[0].time
        blamed = [
            status.message.split(" at time")[0] for status in (found.status[run], *wanted.status)
        ]
        assert blamed[0] == blamed[1]
        ended.add(found.status[run].status)
    assert ended == {Status.COMPLETE, Status.DIVERGED}
    assert np.isinf(found.values).any()
    # The last three have no poison of their own: their bits are those beside healthy runs.
    assert found.values[:, :, -3:].tobytes() == beside.values[:, :, -3:].tobytes()


CHOOSING = (
    stock("S", 1, "f"), flow("f", "MIN(a, b) - MAX(b, a) + MIN(a, 2) + MAX(2, b) - MAX(a, 0)"),
    aux("a", 1), aux("b", 1), aux("chosen", "IF a > b THEN a ELSE MIN(b, S)"),
    aux("at", "T(a)"), aux("evenly", "E(b)"), graph("E", gf([0.0, 1.0, 2.0], [1.0, 5.0, 2.0])),
    graph("T", gf([0.0, 1.0, 3.0, 3.0, 4.0], [10.0, 20.0, 40.0, 0.0, -10.0])),
)  # fmt: skip


def test_nan_reaches_what_it_reaches_in_the_reference():
    flat = model(*CHOOSING, stop=2).flat
    values = [NAN, INF, -INF, 0.0, -0.0, 1.0, 3.0, 5.0]
    pairs = np.array([(a, b) for a in values for b in values]).T
    columns = dict(zip(("a", "b"), pairs, strict=True))
    schedule = schedule_for(flat)
    found = integrate(machine_code(flat), schedule, binding_of(flat, schedule, columns))
    for run in range(pairs.shape[1]):
        wanted = alone(flat, schedule, columns, run)
        np.testing.assert_array_equal(found.values[:, :, run], wanted.values)
        assert found.status[run] == wanted.status[0]


def test_only_the_first_of_many_runs_that_end_are_told_why():
    flat = model(stock("S", 10, "f"), flow("f", "S ^ p"), aux("p", 20), stop=4).flat
    schedule = schedule_for(flat)
    count = MOST_EXPLAINED + 20
    found = integrate(
        machine_code(flat), schedule, binding_of(flat, schedule, {"p": np.full(count, 20.0)})
    )
    assert found.status[0].message.startswith("'f' became infinite at time 1")
    assert found.status[MOST_EXPLAINED].message == ""
    assert {(s.status, s.time) for s in found.status} == {(Status.DIVERGED, 1.0)}


# --- a run is the same alone, in any part, by any number of threads ---------------------------


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_a_run_has_the_same_bits_alone_and_in_a_set(waiting, method):
    rng = np.random.default_rng(4)
    columns = {name: rng.uniform(1, 9, 21) for name in NUMBERS}
    columns["size"][[2, 9]] = NAN, 1e-320
    schedule = schedule_for(waiting, method)
    program = machine_code(waiting)
    whole = integrate(program, schedule, binding_of(waiting, schedule, columns, np.arange(21)))
    for run in (0, 3, 7, 8, 9, 20):
        own = {name: column[[run]] for name, column in columns.items()}
        one = integrate(program, schedule, binding_of(waiting, schedule, own, np.array([run])))
        assert one.values[:, :, 0].tobytes() == whole.values[:, :, run].tobytes()
        assert str(one.status[0]) == str(whole.status[run])
    shared = binding_of(waiting, schedule, columns, np.arange(21))
    two = integrate_compiled(program, schedule, shared, threads=2)  # type: ignore[arg-type]
    assert two.values.tobytes() == whole.values.tobytes()
    kept = integrate(program, schedule, shared, keep=(5, 0)).values
    assert kept.tobytes() == whole.values[[5, 0]].tobytes()


def test_parts_that_threads_take_in_turn_miss_no_run(waiting):
    rng = np.random.default_rng(6)
    columns = {name: rng.uniform(1, 9, 700) for name in NUMBERS}
    columns["time"][::90] = NAN
    schedule = schedule_for(waiting)
    binding = binding_of(waiting, schedule, columns, np.arange(700))
    one, three = (
        integrate_compiled(machine_code(waiting), schedule, binding, threads=threads)  # type: ignore[arg-type]
        for threads in (1, 3)
    )
    assert three.values.tobytes() == one.values.tobytes()
    assert [str(status) for status in three.status] == [str(status) for status in one.status]
    ended = np.array([not status.complete for status in one.status])
    assert ended.sum() == 8
    assert np.isnan(one.values[:, -1, ended]).all()
    assert not np.isnan(one.values[:, :, ~ended]).any()


def test_strict_divisions_give_the_same_to_a_rounding(waiting):
    columns = {name: np.linspace(1, 9, 9) for name in NUMBERS}
    schedule = schedule_for(waiting)
    binding = binding_of(waiting, schedule, columns, np.arange(9))
    quick, strict = (
        integrate(machine_code(waiting, strict), schedule, binding).values
        for strict in (False, True)
    )
    np.testing.assert_allclose(quick, strict, rtol=1e-11, atol=1e-12)
    assert ModelText(waiting, Module(8, True), False, 1).run(EULER, (0,)) != ModelText(
        waiting, Module(8, True), True, 1
    ).run(EULER, (0,))


def test_a_state_of_numpy_begins_a_run_of_machine_code(waiting):
    schedule = schedule_for(waiting)
    binding = binding_of(waiting, schedule, {"rate": np.array([1.0, 2.0])}, np.arange(2))
    begin = [integrate(machine_code(waiting), schedule, binding, state).values for state in (
        None, _state(TARGETS["numpy"](waiting), binding), _state(machine_code(waiting), binding),
    )]  # fmt: skip
    assert begin[0].tobytes() == begin[2].tobytes()
    np.testing.assert_allclose(begin[0], begin[1], rtol=1e-12, atol=1e-14)


def _state(program, binding):
    from cyclesim.integrate import state_of

    return state_of(program.bind(binding))


# --- arrays ------------------------------------------------------------------------------------

DIMS = dimensions(
    dimension("R", "A B C"), dimension("T", 2), dimension("Sub", "B C"), dimension("N", 9)
)
R, T, RT, N = over("R"), over("T"), over("R", "T"), over("N")
ARRAYS = (
    stock("S", "10 * R + T", "fill", "drain", RT), flow("fill", "R * COS(TIME)", RT),
    flow("drain", "share * S / T", RT), aux("share", "0.1 * R", R), stock("All", 1, "fill_all"),
    flow("fill_all", "SUM(S[*, 1]) - 3"), aux("part", None, R + parts(A="-TIME", Sub="Sub + TIME")),
    aux("chosen", "S[INT(TIME) + 1, T]", T), aux("gone", "S[5 - R, 1]", R),
    aux("made", "SUM(S[R, *] * S[A, *]) + PROD(S[R, *]) - MEAN(S[*, *])", R),
    aux("low", "MIN(S[*, 1])"), aux("spread", "STDDEV(S[*, *])"), aux("rank", "RANK(S[*, 1], 2)"),
    aux("chain", "IF N = 1 THEN TIME ELSE 0.5 * chain[N - 1] + N", N),
    aux("drawn", "RANDOM(0, 1)", RT), aux("late", "DELAY(S[R, 1], R, 7)", R),
    aux("before", "PREVIOUS(S, 0)", RT),
)  # fmt: skip


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_arrays_are_those_of_the_reference(method):
    loaded = model(*ARRAYS, before_model=DIMS, stop=4, dt="0.5")
    one, other = (
        simulate(loaded, target=target, method=method, estimate_error=False, noise_seed=3)
        for target in ("python", "llvm")
    )
    assert np.isnan(one.trajectory.values).any()
    assert np.allclose(one.trajectory.values, other.trajectory.values, 1e-12, 1e-13, True)
    assert one["drawn"].tobytes() == other["drawn"].tobytes()


def test_an_array_is_a_loop_in_the_code():
    def length(size):
        dims = dimensions(dimension("N", size))
        found = model(
            stock("S", "N", "f", (), N), flow("f", "x * S", N), aux("x", "SIN(N)", N),
            aux("sum", "SUM(S[*])"), before_model=dims,
        )  # fmt: skip
        return len(ModelText(found.flat, Module(8, True), False, 4).run(RK4, (0,)).splitlines())

    assert length(1000) == length(10)


# --- what cannot be, and what is kept ----------------------------------------------------------


def test_numpy_serves_a_conveyor_and_says_so():
    conveyor = (
        '<stock name="Held"><eqn>0</eqn><inflow>in</inflow><outflow>out</outflow>'
        "<conveyor><len>3</len></conveyor></stock>"
    )
    flat = model(conveyor, flow("in", 2), '<flow name="out"/>', stop=6).flat
    program = machine_code(flat)
    assert program.target == "numpy"
    assert program.note == "the runs are computed by numpy, since 'Held' is a conveyor."
    assert machine_code(model(aux("x", 1)).flat).note == ""


def test_nothing_that_the_modeller_wrote_comes_into_the_code():
    flat = model(
        stock("evil", 1, "worse"), flow("worse", "wicked[bad] * vile(evil)"),
        aux("wicked", "TIME", over("foul")), graph("vile", gf([0.0, 1.0], [1.0, 2.0])),
        before_model=dimensions(dimension("foul", "bad rotten")),
    ).flat  # fmt: skip
    text = ModelText(flat, Module(8, True), False, 4).run(RK4, range(flat.rows))
    words = ("evil", "worse", "wicked", "foul", "bad ", "rotten", "vile")
    assert not [word for word in words if word in text.replace("%bad ", "").replace("%any_bad", "")]


EMIT = """
import hashlib
from cyclesim.codegen.llvm_model import ModelText
from cyclesim.codegen.llvm_text import Module
from cyclesim.schedule import RK4
from cyclesim.simulation import load
flat = load("park").flat
for lanes, permutes in ((8, True), (4, False)):
    text = ModelText(flat, Module(lanes, permutes), False, 4).run(RK4, range(flat.rows))
    print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_the_same_code_in_every_process():
    root = Path(__file__).parents[2]
    seen = {
        subprocess.run(
            [sys.executable, "-c", EMIT],
            env={"PYTHONPATH": str(root / "src"), "PYTHONHASHSEED": seed, "PATH": ""},
            cwd=root, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "7")
    }  # fmt: skip
    assert len(seen) == 1


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CYCLESIM_CACHE", str(tmp_path))
    return tmp_path / "objects"


def ran() -> list[float]:
    loaded = model(stock("S", 3, "f"), flow("f", "S / 7 + LN(S)"), stop=3)
    return simulate(loaded, target="llvm", estimate_error=False)["S"].tolist()


def test_object_code_is_kept_and_a_broken_entry_is_made_anew(cache, monkeypatch):
    wanted = ran()
    files = sorted(cache.iterdir())
    assert {file.suffix for file in files} == {".object"}
    whole = [file.read_bytes() for file in files]
    monkeypatch.setattr(llvm_machine, "compiled", None)  # now it must not be called
    assert ran() == wanted
    monkeypatch.undo()
    os.environ["CYCLESIM_CACHE"] = str(cache.parent)
    for broken in (b"", b"no code", whole[0][:-1], whole[0][:60] + b"x" + whole[0][61:]):
        files[0].write_bytes(broken)
        assert ran() == wanted
        assert files[0].read_bytes() == whole[0]


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CYCLESIM_CACHE", str(tmp_path / "file"))
    wanted = ran()
    monkeypatch.setenv("CYCLESIM_CACHE", "off")
    assert ran() == wanted
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_narrow_vectors_give_the_same_bits(waiting):
    from dataclasses import replace

    from cyclesim.codegen.emit_llvm import Code, emit_llvm

    machine = this_machine("avx2")
    if machine is None or not machine.triple.startswith("x86_64"):
        pytest.skip("vectors of another width are known on x86-64 only")
    wide = emit_llvm(waiting)
    code = Code(waiting, False, machine)
    schedule = schedule_for(waiting)
    binding = binding_of(waiting, schedule, {"rate": np.linspace(1, 3, 9)}, np.arange(9))
    one, other = (
        integrate(program, schedule, binding).values
        for program in (wide, replace(wide, code=code, bind=code.bind))
    )
    assert one.tobytes() == other.tobytes()


def test_a_long_model_in_single_registers_gives_the_same_bits(waiting, monkeypatch):
    schedule = schedule_for(waiting)
    binding = binding_of(waiting, schedule, {"rate": np.linspace(1, 3, 19)}, np.arange(19))
    wide = integrate(machine_code(waiting), schedule, binding).values
    monkeypatch.setattr("cyclesim.codegen.emit_llvm.MOST_ABREAST", 0)
    program = machine_code(waiting)
    assert integrate(program, schedule, binding).values.tobytes() == wide.tobytes()
    assert program.code.run(EULER, (0,)).lanes == program.code.machine.lanes  # type: ignore[attr-defined]


def test_noise_is_counted_on_the_grid_of_the_models_own_step(waiting):
    coarse, fine = (
        integrate(machine_code(waiting), schedule, binding_of(waiting, schedule, {})).values
        for schedule in (schedule_for(waiting), schedule_for(waiting, dt="1/8"))
    )
    noise = waiting.places["noise"]  # type: ignore[index]
    assert coarse[noise].tobytes() == fine[noise].tobytes()
    assert all(a != b for a, b in pairwise(coarse[noise, :, 0]))

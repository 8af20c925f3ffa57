"""Random models: targets agree, runs do not depend on their company, names mean nothing."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclesim.codegen import TARGETS, Binding, emit_python
from cyclesim.codegen.emit_numpy import emit_numpy
from cyclesim.integrate import integrate
from cyclesim.integrate.trajectory import Status
from cyclesim.names import canonical
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs, simulate
from tests.models_in_text import aux, compiled, flow, graph, model, stock
from tests.properties.strategies import sketches

METHODS = ["euler", "rk2", "rk4"]
FEW = settings(max_examples=40)


def agree(one, other, share=1e-9):
    """Assert that two arrays (variable, time) agree within a share of each variable's range."""
    assert one.shape == other.shape
    assert (np.isnan(one) == np.isnan(other)).all()
    for a, b in zip(one, other, strict=True):
        finite = np.isfinite(a)
        assert a[~finite].tolist() == pytest.approx(b[~finite].tolist(), nan_ok=True)
        if finite.any():
            size = max(np.ptp(a[finite]), 1e-3 * np.abs(a[finite]).max(), 1e-12)
            assert np.abs(a[finite] - b[finite]).max() <= share * size


@pytest.mark.parametrize("method", METHODS)
@FEW
@given(sketch=sketches())
def test_the_targets_agree(method, sketch):
    loaded = compiled(sketch.text())
    python, array = (
        simulate(loaded, method=method, target=name, estimate_error=False, strict=False)
        for name in ("python", "numpy")
    )
    assert python.status.status is array.status.status
    agree(python.trajectory.values, array.trajectory.values)


def run_set(flat, parameters, method, runs=0):
    """Return the trajectory of the numpy program for columns of parameters."""
    schedule = schedule_of(settled_specs(flat.sim_specs, method))
    clock = schedule.clock
    numbers = tuple(map(np.float64, (clock.start, clock.stop, clock.dt, schedule.declared_dt)))
    return integrate(emit_numpy(flat), schedule, Binding(tuple(parameters), *numbers, 3, runs))


VALUES = st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5, -1.0])


@pytest.mark.parametrize("method", METHODS)
@FEW
@given(sketch=sketches(), data=st.data())
def test_a_run_in_a_set_is_the_run_alone(method, sketch, data):
    flat = compiled(sketch.text()).flat
    count = data.draw(st.integers(2, 9))
    rows = [[data.draw(VALUES) for _ in range(count)] for _ in flat.parameters]
    together = run_set(flat, [np.array(row) for row in rows], method)
    for k in range(count):
        alone = run_set(flat, [np.float64(row[k]) for row in rows], method)
        values = together.values[:, :, k]
        assert values.tobytes() == alone.values[:, :, 0].tobytes()
        assert together.status[k].status is alone.status[0].status
    schedule = schedule_of(settled_specs(flat.sim_specs, method))
    binding = Binding(tuple(row[0] for row in rows), 0.0, 3.0, 0.25, 0.25, 3)
    scalar = integrate(emit_python(flat), schedule, binding)
    agree(scalar.values, together.values[:, :, 0])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("poison", [np.nan, np.inf])
@FEW
@given(sketch=sketches(), place=st.integers(0, 4))
def test_a_poisoned_run_leaves_the_others_alone(method, poison, sketch, place):
    flat = compiled(sketch.text()).flat
    clean = [np.linspace(0.5, 2.5, 5) for _ in flat.parameters]
    bad = [column.copy() for column in clean]
    for column in bad:
        column[place] = poison
    one, other = run_set(flat, clean, method), run_set(flat, bad, method)
    rest = [k for k in range(5) if k != place]
    assert one.values[:, :, rest].tobytes() == other.values[:, :, rest].tobytes()
    for k in rest:
        assert other.status[k].status is one.status[k].status


@pytest.mark.parametrize("method", METHODS)
def test_a_run_that_diverges_in_a_set_ends_alone(method):
    flat = model(
        stock("x", 1, "f"), flow("f", "x ^ power"), aux("power", 1), aux("late", "DELAY(x, 2)"),
        aux("before", "PREVIOUS(x, 0)"), dt="0.5", stop=20,
    ).flat  # fmt: skip
    found = run_set(flat, [np.array([0.0, 30.0, 1.0])], method)
    assert [status.status for status in found.status] == [
        Status.COMPLETE, Status.DIVERGED, Status.COMPLETE,
    ]  # fmt: skip
    assert np.isnan(found.values[:, -1, 1]).all()
    assert found.values[0, -1, 0] == pytest.approx(21.0)
    for k in (0, 2):
        alone = run_set(flat, [np.float64([0.0, 30.0, 1.0][k])], method)
        assert found.values[:, :, k].tobytes() == alone.values[:, :, 0].tobytes()


def test_noise_in_a_set_is_that_of_each_run_alone():
    flat = model(aux("a", "NORMAL(0, 1)"), aux("b", "RANDOM(0, 1, 9)"), stop=20).flat
    together = run_set(flat, [], "euler", np.arange(6))
    for k in range(6):
        alone = run_set(flat, [], "euler", k)
        assert together.values[:, :, k].tobytes() == alone.values[:, :, 0].tobytes()
    assert len({together.values[0, :, k].tobytes() for k in range(6)}) == 6
    assert len({together.values[1, :, k].tobytes() for k in range(6)}) == 1


# --- names and order -------------------------------------------------------------------------

SPELLINGS = {
    "case": str.upper,
    "blanks": lambda name: name[0] + " \n _" + name[1:],
    "other names": lambda name: f'Wholly other {name[::-1]} \u00e9 "x" (y)',
    "hostile": lambda name: f"__import__('os') # {name} \u2028 \\ %s {{}} \\",
}


def by_name(sketch, text, called=None, **settings_of_run):
    found = simulate(compiled(text), estimate_error=False, strict=False, **settings_of_run)
    flat = found.flat
    called = called or {}
    return {
        name: found.trajectory.values[flat.places[canonical(_quoted(called.get(name, name)))]]
        for name in sketch.names
    }


def _quoted(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def same_bits(one, other):
    for name, values in one.items():
        assert values.tobytes() == other[name].tobytes(), name


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(max_examples=15)
@given(sketch=sketches())
def test_names_mean_nothing(target, spelling, sketch):
    plain = {name: name + "q" for name in sketch.names}
    called = {name: SPELLINGS[spelling](name + "q") for name in sketch.names}
    if spelling == "blanks":
        plain = {name: name[0] + "_" + name[1:] for name in sketch.names}
        called = {name: name[0] + " \n _" + name[1:] for name in sketch.names}
    one = by_name(sketch, sketch.text(plain), plain, target=target)
    quoted = spelling == "hostile"
    other = by_name(sketch, sketch.text(called, in_quotes=quoted), called, target=target)
    same_bits(one, other)


@pytest.mark.parametrize("method", ["euler", "rk4"])
@FEW
@given(sketch=sketches(), order=st.integers(0, 999))
def test_the_order_of_declarations_means_nothing(method, sketch, order):
    one = by_name(sketch, sketch.text(), method=method)
    same_bits(one, by_name(sketch, sketch.text(order=order), method=method))


@FEW
@given(sketch=sketches(), order=st.integers(0, 999))
def test_the_digest_does_not_see_order_docs_and_units(sketch, order):
    one = compiled(sketch.text()).flat.digest
    extra = "<doc>Something else.</doc><units>people</units>"
    assert compiled(sketch.text(extra=extra)).flat.digest == one
    assert compiled(sketch.text(order=order)).flat.digest == one


@FEW
@given(sketch=sketches(), place=st.integers(0, 30))
def test_the_digest_sees_each_equation(sketch, place):
    one = compiled(sketch.text()).flat.digest
    kind, name, formula, ins, outs, points = sketch.items[place % len(sketch.items)]
    sketch.items[place % len(sketch.items)] = (kind, name, f"({formula}) + 1", ins, outs, points)
    assert compiled(sketch.text()).flat.digest != one


@pytest.mark.parametrize(
    "settings_of_run", [{"dt": "0.5"}, {"stop": 4}, {"method": "RK4"}, {"start": 1}]
)
def test_the_digest_sees_the_settings(settings_of_run):
    whole = {"dt": 1, "stop": 10}
    one = model(aux("x", 1), **whole).flat.digest
    assert model(aux("x", 1), **{**whole, **settings_of_run}).flat.digest != one


# --- determinism -----------------------------------------------------------------------------

EMIT = """
import hashlib, sys
from cyclesim.codegen import TARGETS
from cyclesim.simulation import load
from tests.properties.test_models import MANY
from tests.models_in_text import model
flat = model(*MANY).flat
print(flat.digest)
for name in ("python", "numpy"):
    print(hashlib.sha256(TARGETS[name](flat).source.text.encode()).hexdigest())
flat = load("service_cycle").flat
print(flat.digest, hashlib.sha256(TARGETS["numpy"](flat).source.text.encode()).hexdigest())
"""
MANY = (
    *(aux(f"v{n}", f"v{n + 1} + SMTH3(v{n + 2}, 3) * s") for n in range(20)),
    aux("v20", "DELAY(TIME, 2)"), aux("v21", "PREVIOUS(T(s), 1)"),
    graph("T", '<gf ><xpts>0,1</xpts><ypts>1,2</ypts></gf>'),
    stock("s", 1, ["f", "g"], ["h"], "<non_negative/>"),
    *(flow(name, f"s * 0.1 + v{n}") for n, name in enumerate("fgh")),
)  # fmt: skip


def test_emitted_code_is_the_same_in_every_process():
    root = Path(__file__).parents[2]
    seen = {
        subprocess.run(
            [sys.executable, "-c", EMIT],
            env={"PYTHONPATH": f"{root / 'src'}:{root}", "PYTHONHASHSEED": seed, "PATH": ""},
            cwd=root, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1", "2", "77")
    }  # fmt: skip
    assert len(seen) == 1
    assert len(seen.pop().split()) == 5

"""One model, one run: what can be set, what is said about it, and how a run that fails ends."""

import math
from fractions import Fraction

import numpy as np
import pytest

from cyclesim.codegen import TARGETS
from cyclesim.errors import ModelError, RunError, UsageError
from cyclesim.integrate import State, Status
from cyclesim.project import Method
from cyclesim.schedule import schedule_of
from cyclesim.simulation import initial_state, load, parameter_values, simulate
from tests.models_in_text import aux, flow, model, stock, xmile

TANK = (
    stock("Water", "Start_level", "filling", "draining"),
    aux("Start level", 10, "<range min='0' max='100'/>"),
    flow("filling", "Tap", "<units>l/s</units>"),
    flow("draining", "Water * Leak"),
    aux("Tap", 2),
    aux("Leak", "0.5 / 2", "<range max='1'/>"),
)


def tank(**settings):
    return model(*TANK, **{"stop": 3, **settings})


def test_a_run_by_the_models_own_settings():
    found = simulate(tank())
    # Euler by hand: w' = w + 2 - w/4
    assert found["Water"].tolist() == [10.0, 9.5, 9.125, 8.84375]
    assert found["draining"].tolist() == [2.5, 2.375, 2.28125, 2.2109375]
    assert found.time.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert found.status.complete
    assert found.notes == ()
    assert found.parameters == {"Start level": 10.0, "Tap": 2.0}


@pytest.mark.parametrize("spelling", ["Tap", "tap", '"TAP"'])
def test_a_parameter_is_set_however_it_is_spelt(spelling):
    found = simulate(tank(), {spelling: 4})
    assert found["Water"].tolist() == [10.0, 11.5, 12.625, 13.46875]
    assert found.parameters["Tap"] == 4.0
    assert found.notes == ()


def test_a_parameter_decides_the_initial_value_too():
    assert simulate(tank(), {"Start level": 20})["Water"][0] == 20.0


def test_an_equation_is_replaced_and_that_is_said():
    found = simulate(tank(), {"Leak": 0.5, "filling": 1})
    assert found["Water"].tolist() == [10.0, 6.0, 4.0, 3.0]
    assert found["Leak"].tolist() == [0.5] * 4
    assert found.notes == (
        "'Leak' has an equation, '0.5 / 2'; it is replaced by 0.5.",
        "'filling' has an equation, 'Tap'; it is replaced by 1.",
    )


def test_a_value_outside_its_range_is_said():
    found = simulate(tank(), {"Start level": 101})
    assert found.notes == ("'Start level' = 101 lies outside its range, from 0 to 100.",)


def test_an_initial_value_is_set_without_touching_the_parameter():
    found = simulate(tank(), initial={"water": 20})
    assert found["Water"][0] == 20.0
    assert found["Start level"].tolist() == [10.0] * 4


def test_the_model_is_left_as_it_was():
    loaded = tank()
    simulate(loaded, {"Leak": 0.5}, initial={"Water": 1})
    assert simulate(loaded)["Water"].tolist() == [10.0, 9.5, 9.125, 8.84375]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"parameters": {"Tab": 1}}, "no variable is called 'Tab'. Did you mean 'Tap'?"),
        ({"parameters": {"Water": 1}}, "'Water' is a stock: it changes through its flows."),
        ({"initial": {"Tap": 1}}, "'Tap' is not a stock and has no initial value."),
        ({"initial": {"xyzzy": 1}}, "no variable is called 'xyzzy'."),
        ({"method": "rk5"}, "no integration method is called 'rk5'. Did you mean"),
        ({"method": "simpson"}, "It is one of euler, rk2, rk4, rk45, lsoda, radau."),
        ({"dt": "fast"}, "dt = fast is not a number."),
        ({"dt": math.nan}, "dt = nan is not a number."),
        ({"stop": math.inf}, "stop = inf is not a number."),
        ({"dt": 0}, "dt = 0 makes no steps."),
        ({"dt": 0.7}, "dt = 0.7 does not divide the run from 0 to 3"),
        ({"stop": -1}, "the run stops at -1 and starts at 0."),
        ({"save_every": 0.5}, "values are to be saved every 0.5, more often than"),
        ({"parameters": {"Tap": math.nan}}, "'Tap' = nan is not a number"),
        ({"initial": {"Water": math.inf}}, "'Water' = inf is not a number"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(UsageError) as caught:
        simulate(tank(), **call)
    assert message in str(caught.value)


def test_dt_stop_start_and_method_are_set():
    found = simulate(tank(), dt=0.1, stop=5, start="1", method="RK4", save_every=2)
    assert found.time.tolist() == [1.0, 3.0, 5.0]
    exact = 8 + 2 * np.exp(-0.25 * np.array([0.0, 2.0, 4.0]))
    assert found["Water"] == pytest.approx(exact, rel=1e-7)
    assert found.provenance["method"] == "rk4"
    assert found.provenance["dt"] == 0.1
    assert found.provenance["stop"] == 5.0


def test_a_dt_of_a_tenth_is_a_tenth_however_it_is_given():
    for given in (0.1, "0.1", Fraction(1, 10), np.float64(0.1)):
        found = simulate(tank(), dt=given)
        assert found.time[3] == 0.3  # and not 3 * 0.1
        assert len(found.time) == 31


def test_a_larger_dt_saves_less_often_than_the_model_asks():
    found = simulate(tank(stop=4, save=1), dt=2)
    assert found.time.tolist() == [0.0, 2.0, 4.0]


def test_a_method_is_given_by_name_or_as_a_value():
    by_name = simulate(tank(), method="rk2")["Water"]
    assert simulate(tank(), method=Method.RK2)["Water"].tolist() == by_name.tolist()
    assert by_name[1] == 10 - 0.5 + 0.0625  # Heun by hand: slopes -0.5 and -0.375


def test_all_targets_give_the_run():
    by_target = [simulate(tank(), target=name)["Water"].tolist() for name in TARGETS]
    assert all(found == by_target[0] for found in by_target[1:])


def test_a_run_starts_from_a_state():
    found = simulate(tank(), state=State((4.0,), ()))
    assert found["Water"].tolist() == [4.0, 5.0, 5.75, 6.3125]


def test_a_run_goes_on_from_where_another_ended():
    whole = simulate(tank(stop=6))
    first = simulate(tank(stop=3))
    second = simulate(tank(start=3, stop=6), state=State((float(first["Water"][-1]),), ()))
    assert second["Water"].tolist() == whole["Water"][3:].tolist()


@pytest.mark.parametrize("method", ["euler", "rk4", "rk45"])
def test_a_state_brings_what_init_remembers(method):
    loaded = model(
        stock("S", 1, "f"), flow("f", "INIT(S) - 0 * TIME"), aux("start", "INIT(S)"), stop=2
    )
    program = TARGETS["python"](loaded.flat)
    begin = initial_state(program, schedule_of(loaded.flat.sim_specs), (), 0, 0)
    assert begin == State((1.0,), (1.0, 1.0))
    found = simulate(loaded, state=State((5.0,), (3.0, 7.0)), method=method)
    assert found["S"] == pytest.approx([5.0, 8.0, 11.0], rel=1e-9)
    assert found["start"].tolist() == [7.0] * 3


def test_parameter_values_keep_their_order():
    flat = tank().flat
    assert parameter_values(flat, {}) == (10.0, 2.0)
    assert parameter_values(flat, {flat.parameters[1]: 3.0}) == (10.0, 3.0)


def test_the_model_may_be_a_path(tmp_path):
    file = tmp_path / "tank.xmile"
    file.write_text(xmile(*TANK, stop=3), encoding="utf-8")
    assert simulate(file)["Water"][-1] == 8.84375
    assert simulate(str(file)).provenance["model_file"] == str(file)
    file.write_text(xmile(aux("x", "y")), encoding="utf-8")
    with pytest.raises(ModelError, match="no variable is called 'y'"):
        load(file)


# --- runs that end badly -------------------------------------------------------------------

BLOW_UP = (
    stock("Crowd", 10, "growth"),
    flow("growth", "Crowd ^ Power"),
    aux("Power", 20),
    aux("Empty", "0 * Power"),
)


def test_a_run_that_diverges_says_which_variable_when_and_from_what():
    with pytest.raises(RunError) as caught:
        simulate(model(*BLOW_UP, time_units="week"))
    # 10 -> 1e20 -> 1e400: the flow is the first that no number can hold, at week 1
    assert str(caught.value) == (
        "'growth' became infinite at time 1 week, from 'Crowd' = 1e+20, 'Power' = 20."
    )


def test_nan_is_told_apart_from_infinity():
    loaded = model(stock("S", 1, "f"), flow("f", "(1 - TIME) / 0 * Empty"), aux("Empty", "0"))
    with pytest.raises(RunError, match=r"'f' became NaN \(not a number\) at time 0, from 'Empty'"):
        simulate(loaded)


def test_a_variable_that_is_infinite_and_fills_nothing_is_not_blamed():
    bystander = aux("Bystander", "1 / Empty")
    with pytest.raises(RunError, match="'growth' became infinite at time 1"):
        simulate(model(*BLOW_UP, bystander))


def test_a_stock_that_outgrows_the_numbers_by_its_flow_is_named():
    loaded = model(stock("Pile", "1e308", "adding"), flow("adding", "1e308"), aux("x", 1), stop=5)
    with pytest.raises(RunError, match=r"the stock 'Pile' grew beyond .* from 'adding' = 1e\+308"):
        simulate(loaded)


@pytest.mark.parametrize("target", TARGETS)
def test_a_run_that_diverges_keeps_what_it_reached_unless_strict(target):
    found = simulate(model(*BLOW_UP, stop=4), strict=False, target=target)
    assert found.status.status is Status.DIVERGED
    assert found.status.time == 1.0
    assert found["Crowd"][:2].tolist() == [10.0, 1e20]
    assert np.isnan(found["Crowd"][2:]).all()
    assert found.error is None


def test_an_adaptive_run_that_diverges_is_told_too():
    loaded = model(stock("S", 1, "f"), flow("f", "S ^ 2"), stop=2)  # 1 / (1 - t): no number at 1
    with pytest.raises(RunError, match=r"the solver stopped between 0 and 2|'f' became|stock 'S'"):
        simulate(loaded, method="rk45")


def test_an_auxiliary_may_be_infinite_in_a_complete_run():
    found = simulate(model(stock("S", 1, "f"), flow("f", 1), aux("r", "1 / (TIME - 1)"), stop=2))
    assert found.status.complete
    assert found["r"].tolist() == [-1.0, math.inf, 1.0]
    assert "r" not in found.error.share_of_range


# --- compile faults, as the modeller meets them --------------------------------------------


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ([aux("x", "Tapp"), aux("Tap", 1)], "no variable is called 'Tapp'. Did you mean 'Tap'?"),
        ([aux("x", "MAXX(1, 2)")], "no function is called 'MAXX'. Did you mean 'MAX'?"),
        ([aux("x", "MAX(1)")], "MAX goes over an array and is given one value. Write MAX(a, b) or"),
        ([aux("x", "SQRT(1, 2)")], "SQRT is given 2 arguments. Write SQRT(x)."),
        ([aux("x", "SMTH1(1)")], "SMTH1 is given 1 argument. Write SMTH1(input, averaging time["),
        ([aux("x", "RAMP")], "the function RAMP is given no arguments. Write RAMP(slope, start"),
        ([aux("x", "IRR(3)")], "the function IRR is not computed yet."),
        ([aux("x", "y(1)"), aux("y", 2)], "'y' is a variable without a graphical function"),
        ([aux("x", "LOOKUP(y, 1)"), aux("y", 2)], "first argument of LOOKUP is not a graphical"),
        ([aux("x", "y[1]"), aux("y", 2)], "'y' is no array and takes no subscripts"),
        ([aux("x", "m.y")], "no variable is called 'm.y'."),
        ([aux("x", "m.y"), aux("m x", 1), aux('"m.yy"', 1)], "Did you mean 'm.yy'?"),
        ([aux("x", "SMTHN(1, 2, y)"), aux("y", 2)], "the order of SMTHN is not a whole number"),
        ([aux("x", "DELAYN(1, 2, 0)")], "the order of DELAYN is not a whole number from 1 to 99"),
        ([aux("x", "RANDOM(0, 1, 0.5)")], "the seed of RANDOM is not a whole number"),
        ([aux("x", "y"), aux("y", "x")], "need each other in the same step: 'x' <- 'y' <- 'x'"),
        ([stock("A", "B"), stock("B", "A")], "the initial values need each other: 'A' <- 'B'"),
        ([stock("A", 1, "flo"), flow("flow", 1)], "no flow is called 'flo'. Did you mean 'flow'?"),
        ([stock("A", 1, "B"), stock("B", 1)], "'B' is a stock and cannot fill or drain another"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_advice(variables, message):
    with pytest.raises(ModelError) as caught:
        model(*variables)
    assert len(caught.value.diagnostics) == 1
    assert message in str(caught.value)


def test_every_fault_is_told_at_once():
    with pytest.raises(ModelError) as caught:
        model(aux("a", "b + c"), aux("d", "MIN(1)"), stock("S", 1, "e"))
    assert [found.code for found in caught.value.diagnostics] == [
        "unknown-name", "unknown-name", "argument-count", "unknown-flow",
    ]  # fmt: skip


def test_a_variable_may_be_called_self():
    assert simulate(model(aux("Self", 2), aux("y", "Self + 1")))["y"][0] == 3.0


def test_a_hidden_part_never_takes_the_name_of_a_variable():
    rival = aux("y\u00b7smth1\u00b71\u00b7stage_1", 7)
    found = simulate(model(aux("x", 3), aux("y", "SMTH1(x, 5)"), rival))
    assert found["y"].tolist() == [3.0] * 11


@pytest.mark.parametrize(
    "equation",
    ["+".join(["x"] * 150), "-" * 59 + "x", "ABS(" * 59 + "x" + ")" * 59, "1 - " * 150 + "x"],
    ids=["a long sum", "signs", "calls", "a long difference"],
)
def test_long_and_deep_equations_run_in_all_targets(equation):
    loaded = model(aux("x", "1 + 0 * TIME"), aux("y", equation))
    one, other, third = (simulate(loaded, target=name)["y"][0] for name in TARGETS)
    assert one == other == third


@pytest.mark.parametrize("terms", [400, 5000])
def test_an_equation_too_long_to_compute_is_refused_in_a_sentence(terms):
    try:
        found = simulate(model(aux("x", 1), aux("y", "+".join(["x"] * terms))))["y"][0]
    except ModelError as error:
        found = str(error)
    assert found == terms or "'y'" in found

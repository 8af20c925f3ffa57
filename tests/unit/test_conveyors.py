"""Conveyors from file to file: reading, refusing, units, modules, macros, changes, writing."""

import json
import subprocess
import sys

import numpy as np
import pytest

from cyclesim.compiler.check_units import check_units, inferred_units
from cyclesim.compiler.override import Replacement, Step
from cyclesim.errors import ModelError, RunError, UsageError
from cyclesim.names import canonical
from cyclesim.project import Conveyor, Flow, Leak, Stock
from cyclesim.simulation import simulate
from cyclesim.verify.reach import downstream
from cyclesim.writers import write_xmile
from cyclesim.writers.portability import unportable
from tests.models_in_text import aux, compiled, flow, model, read, stock, xmile

BELT = "<conveyor><len>4</len></conveyor>"
FULL = (
    '<conveyor exponential_leak="true" one_at_a_time="false" force_leak_fraction="true">'
    "<len>Length</len><capacity>90</capacity><in_limit>2 * 8</in_limit>"
    "<sample>TIME &gt; 3</sample></conveyor>"
)


def staff(conveyor=BELT, *more, **settings):
    return xmile(
        stock("Trainees", 40, "Hiring", ["Trained", "Quitting"], conveyor),
        flow("Hiring", 12),
        flow("Trained", None),
        flow("Quitting", 0.25, "<leak/>"),
        aux("Length", 4),
        *more,
        **settings,
    )


def variable(project, name):
    return next(v for v in project.variables if v.about.ident == canonical(name))


# Reading


def test_what_a_file_says_of_a_conveyor_is_read():
    project = read(staff(FULL))
    found = variable(project, "Trainees").conveyor
    assert isinstance(found, Conveyor)
    assert [each.text for each in found.equations] == ["Length", "90", "2 * 8", "TIME > 3"]
    assert found.exponential
    assert variable(project, "Quitting").leak == Leak(0.0, 1.0)
    assert variable(project, "Trained").leak is None


@pytest.mark.parametrize(
    "written",
    [
        '<flow name="Q" leak_start="0.25" leak_end="0.5"><eqn>0.1</eqn><leak/></flow>',
        '<flow name="Q" leak_start="0.25" leak_end="0.5"><leak>0.1</leak></flow>',
        '<flow name="Q" leak_start="0.25" leak_end="0.5"><leak>0.1</leak><eqn>0.1</eqn></flow>',
        '<flow name="Q"><leak_fraction>0.1</leak_fraction><leak/><leak_start>0.25</leak_start>'
        "<leak_end>0.5</leak_end></flow>",
    ],
)
def test_a_leak_is_read_however_it_is_written(written):
    project = read(xmile(stock("S", 1, (), ["Out", "Q"], BELT), flow("Out", None), written))
    found = variable(project, "Q")
    assert isinstance(found, Flow)
    assert (found.leak, found.definitions[0].equation.text) == (Leak(0.25, 0.5), "0.1")


def test_a_flow_without_equation_is_still_a_fault_elsewhere():
    with pytest.raises(ModelError, match="'f': there is no equation"):
        read(xmile(stock("S", 1, "f"), flow("f", None)))


def test_a_conveyor_is_never_a_non_negative_stock():
    behavior = "<behavior><non_negative/></behavior>"
    found = variable(read(staff(BELT + "<non_negative/>", before_model=behavior)), "Trainees")
    assert isinstance(found, Stock)
    assert not found.non_negative


# Writing


@pytest.mark.parametrize("conveyor", [BELT, FULL])
def test_a_conveyor_is_written_and_read_back(conveyor):
    marked = '<flow name="Quitting" leak_end="0.75">'
    written = staff(conveyor).replace('<flow name="Quitting">', marked)
    first = read(written)
    text = write_xmile(first)
    assert '<uses_conveyor leak="true"/>' in text
    again = read(text)
    one, other = (variable(project, "Trainees").conveyor for project in (first, again))
    assert [each.expr for each in one.equations] == [each.expr for each in other.equations]
    assert one.exponential == other.exponential
    assert variable(again, "Quitting").leak == Leak(0.0, 0.75)
    before = simulate(compiled(written), estimate_error=False)
    after = simulate(compiled(text), estimate_error=False)
    for name in ("Trainees", "Trained", "Quitting", "Hiring"):
        assert (before[name] == after[name]).all(), name


def test_functions_in_a_transit_time_count_as_used():
    said = "<conveyor><len>XIDZ(8, 2, 1)</len></conveyor>"
    assert unportable(read(staff(said))) == ("XIDZ",)


# Scopes


def test_a_transit_time_may_hold_a_function_that_remembers():
    said = "<conveyor><len>SMTH1(4 + STEP(4, 2), 3, 4)</len></conveyor>"
    found = simulate(compiled(staff(said)), estimate_error=False)
    length = aux("Own length", "SMTH1(4 + STEP(4, 2), 3, 4)")
    other = "<conveyor><len>Own_length</len></conveyor>"
    beside = simulate(compiled(staff(other, length)), estimate_error=False)
    assert (found["Trained"] == beside["Trained"]).all()


@pytest.mark.parametrize("target", ["python", "numpy"])
def test_a_conveyor_in_a_macro_is_a_copy_for_each_call(target):
    macro = (
        '<macro name="WAIT"><eqn>Out + Lost</eqn><parm>x</parm><parm>time</parm><variables>'
        + stock("Kept", "x * time", "In", ["Out", "Lost"],
                "<conveyor><len>time - DT</len></conveyor>")
        + flow("In", "x") + flow("Out", None) + flow("Lost", 0.5, "<leak/>")
        + "</variables></macro>"
    )  # fmt: skip
    found = simulate(
        model(aux("a", "WAIT(3, 4)"), aux("b", "WAIT(TIME, 2)"), before_model=macro, stop=8),
        target=target, estimate_error=False,
    )  # fmt: skip
    # A lot of 3 a step over 3 steps, half of it lost on the way: 12 lie there as if from 4.8.
    lot = 12 / (1 + 5 / 6 + 4 / 6)
    assert found["a"][0] == pytest.approx(lot * (0.5 + 3 * 0.5 / 3))
    assert found["a"][3:] == pytest.approx(3)
    assert found["b"][1:].tolist() == found.time[:-1].tolist()  # one step of way


def test_a_conveyor_in_a_module_reads_its_module():
    inner = (
        '<model name="Class"><variables>'
        + aux("Length", 9, "").replace("<aux ", '<aux access="input" ', 1)
        + stock("Held", 6, "In", "Out", "<conveyor><len>Length</len></conveyor>")
        + flow("In", 1) + flow("Out", None) + "</variables></model>"
    )  # fmt: skip
    module = '<module name="Class"><connect to="Class.Length" from=".Own"/></module>'
    found = simulate(model(module, aux("Own", 3), after_model=inner), estimate_error=False)
    assert found["Class.Out"].tolist() == [2, 2, 2] + [1] * 8


# Running


@pytest.mark.parametrize("method", ["rk45", "lsoda", "radau"])
def test_an_adaptive_solver_refuses_a_conveyor_by_name(method):
    with pytest.raises(RunError, match=r"'Trainees' is a conveyor\. Use euler, rk2 or rk4"):
        simulate(compiled(staff()), method=method)


@pytest.mark.parametrize("name", ["Trained", "Quitting"])
def test_what_leaves_a_conveyor_cannot_be_changed_itself(name):
    found = compiled(staff())
    ident = canonical(name)
    for change in (Replacement(ident, 3.0), Step(ident, 2.0, to=3.0)):
        with pytest.raises(UsageError, match=f"'{name}' is what leaves a conveyor"):
            found.changed(change)
    with pytest.raises(UsageError, match=f"'{name}' is what leaves a conveyor"):
        simulate(found, {name: 3.0})


def test_a_change_of_the_transit_time_moves_what_enters_from_then_on():
    found = compiled(staff("<conveyor><len>Length</len></conveyor>"))
    changed = simulate(found.changed(Step(canonical("Length"), 2.0, to=6.0)), estimate_error=False)
    before = simulate(found, estimate_error=False)
    assert (changed["Trained"][:6] == before["Trained"][:6]).all()
    assert changed["Trained"][6:8].tolist() == [0, 0]
    assert changed["Trained"][8:].tolist() == pytest.approx([9] * 3)


def test_a_transit_time_that_is_no_number_ends_the_run():
    with pytest.raises(RunError, match="NaN"):
        simulate(compiled(staff("<conveyor><len>1 / (TIME - 3) * 0</len></conveyor>")),
                 estimate_error=False)  # fmt: skip


def test_only_what_the_modeller_wrote_is_shown():
    flat = compiled(staff(FULL)).flat
    assert [v.name for v in flat.visible] == ["Trainees", "Hiring", "Trained", "Quitting", "Length"]
    shown = flat.by_ident[canonical("Quitting")]
    assert (shown.kind.value, shown.equation) == ("flow", "0.25")


def test_what_leaves_depends_on_what_enters():
    flat = compiled(staff()).flat
    assert {"trainees", "trained", "quitting"} <= downstream(flat, [canonical("Hiring")])


def test_a_run_is_judged_by_one_with_half_the_step():
    found = simulate(compiled(staff(FULL.replace("<capacity>90</capacity>", ""))))
    assert found.error is not None
    assert {"Trained", "Quitting"} <= set(found.error.share_of_range)


def test_the_command_line_shows_stock_and_flows_as_written(tmp_path):
    path = tmp_path / "staff.xmile"
    path.write_text(staff())
    command = [sys.executable, "-m", "cyclesim", "simulate", str(path), "--json"]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    text = json.dumps(said)
    assert '"Trainees"' in text
    assert '"Quitting"' in text
    assert "conveyor:" not in text


# Units


def measured(fraction="1", length="week", capacity="people", exponential="false"):
    said = (
        f'<conveyor exponential_leak="{exponential}"><len>Length</len><capacity>Room</capacity>'
        "<in_limit>Most</in_limit></conveyor>"
    )

    def units(text):
        return f"<units>{text}</units>"

    return read(
        xmile(
            stock("Trainees", 40, "Hiring", ["Trained", "Quitting"], units("people") + said),
            flow("Hiring", 12),
            flow("Trained", None, units("people/week")),
            flow("Quitting", "Share", "<leak/>"),
            aux("Share", 0.2, units(fraction)),
            aux("Length", 4, units(length)),
            aux("Room", 90, units(capacity)),
            aux("Most", 20, units("people/week")),
            time_units="week",
        )
    )


def test_sound_units_of_a_conveyor_have_no_findings():
    assert check_units(measured()) == ()
    assert check_units(measured("1/week", exponential="true")) == ()
    assert inferred_units(measured())[canonical("Quitting")] == "people/week"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"fraction": "1/week"},
            "'Share' is in 1/week, and the fraction that leaks must be without units",
        ),
        (
            {"exponential": "true"},
            "'Share' is in dmnl, and the fraction that leaks must be in 1/week",
        ),
        ({"length": "people"}, "'Length' is in people, and the transit time must be in week"),
        ({"capacity": "week"}, "'Room' is in week, and the capacity must be in people"),
    ],
)
def test_a_faulty_unit_of_a_conveyor_is_a_finding(given, says):
    (found,) = check_units(measured(**given))
    assert found.message.startswith(says)


def test_units_within_a_macro_are_judged_too():
    macro = (
        '<macro name="WAIT"><eqn>Out</eqn><parm>x</parm><parm>time</parm><variables>'
        + stock("Kept", "x * time", "In", "Out", "<conveyor><len>time</len></conveyor>")
        + flow("In", "x") + flow("Out", None) + "</variables></macro>"
    )  # fmt: skip

    def findings(unit):
        project = read(
            xmile(
                aux("Wait", "WAIT(Arrivals, Delay)", "<units>order/week</units>"),
                aux("Arrivals", 3, "<units>order/week</units>"),
                aux("Delay", 3, f"<units>{unit}</units>"),
                before_model=macro, time_units="week",
            )
        )  # fmt: skip
        return [each.message for each in check_units(project)]

    assert findings("week") == []
    # One cause, one finding: a time in order contradicts what the model's own time declares.
    said = "the model's time is declared in week, and 'Wait' count in order"
    assert findings("order") == [said]


def test_the_saved_times_hold_no_step_of_their_own():
    every = simulate(compiled(staff(dt="1/4", stop=8)), estimate_error=False)
    some = simulate(compiled(staff(dt="1/4", stop=8)), save_every=2, estimate_error=False)
    assert np.array_equal(every["Trained"][::8], some["Trained"])

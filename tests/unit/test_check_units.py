"""The unit checker: planted faults, each found once, and sound models in which nothing is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cyclesim.cli import cli
from cyclesim.compiler.check_units import check_units, inferred_units
from cyclesim.errors import Diagnostic, Severity
from cyclesim.project import Project
from cyclesim.readers import read_model
from cyclesim.readers.vensim import read_vensim
from tests.models_in_text import aux, flow, gf, graph, read, stock, xmile

ROOT = Path(__file__).parents[2]


def units(text: str) -> str:
    return f"<units>{text}</units>"


def a(name: str, eqn: object, unit: str | None = None, extra: str = "") -> str:
    return aux(name, eqn, (units(unit) if unit is not None else "") + extra)


def f(name: str, eqn: object, unit: str | None = None) -> str:
    return flow(name, eqn, units(unit) if unit is not None else "")


def s(name: str, initial: object, ins=(), outs=(), unit: str | None = None) -> str:
    return stock(name, initial, ins, outs, units(unit) if unit is not None else "")


def project(*variables: str, time: str = "week", before: str = "") -> Project:
    return read(xmile(*variables, time_units=time, before_model=before))


def findings(*variables: str, time: str = "week", before: str = "") -> tuple[Diagnostic, ...]:
    return check_units(project(*variables, time=time, before=before))


def vensim(text: str, time: str = "week") -> Project:
    control = "".join(
        f"{name} = {value} ~ {time} ~|\n"
        for name, value in [("INITIAL TIME", 0), ("FINAL TIME", 9), ("TIME STEP", 1),
                            ("SAVEPER", "TIME STEP")]
    )  # fmt: skip
    return read_vensim(("{UTF-8}\n" + text + control).encode(), "model.mdl")


def underlined(found: Diagnostic) -> str:
    """Return the part of the equation that a finding points at."""
    if found.excerpt is None:
        return ""
    excerpt = found.excerpt
    return excerpt.line[excerpt.offset : excerpt.offset + excerpt.width]


STAFF = (
    s("Staff", 100, "Hiring", "Quits", "people"),
    f("Hiring", 5, "people/week"),
    f("Quits", "Staff/Time_employed", "people/week"),
    a("Time employed", 50, "weeks"),
    a("Orders", 40, "orders/week"),
    a("Backlog", 400, "orders"),
)
"""A sound model that faults are planted beside."""


def test_the_model_that_faults_are_planted_in_is_sound():
    assert findings(*STAFF) == ()


@dataclass(frozen=True)
class Planted:
    """A fault: what is added to the sound model, and all that is said of it."""

    kind: str
    added: tuple[str, ...]
    subject: str
    at: str
    says: str
    hint: str


def planted(kind, *added, subject, at, says, hint):
    return Planted(kind, added, subject, at, says, hint)


FAULTS = [
    planted(
        "a sum of a stock and a rate",
        a("Total", "Staff + Hiring", "people"),
        subject="Total", at="Hiring",
        says="'Hiring' in people/week is added to 'Staff' in people",
        hint="Multiply 'Hiring' by a time in week.",
    ),
    planted(
        "a difference",
        a("Net", "Hiring - Quits - Staff", "people/week"),
        subject="Net", at="Staff",
        says="'Staff' in people is subtracted from 'Quits' in people/week",
        hint="Divide 'Staff' by a time in week.",
    ),
    planted(
        "a time forgotten",
        a("Completion", "Backlog", "orders/week"),
        subject="Completion", at="Backlog",
        says="the equation 'Backlog' is in order, and order/week is declared",
        hint="Divide it by a time in week, or declare 'Completion' in order.",
    ),
    planted(
        "a parameter forgotten",
        a("Capacity", "Staff*0.5", "orders/week"),
        subject="Capacity", at="Staff*0.5",
        says="the equation 'Staff*0.5' is in people, and order/week is declared",
        hint="Multiply it by a parameter in order/(people*week), or declare 'Capacity' in people.",
    ),
    planted(
        "a comparison",
        a("Busy", "IF Backlog > Staff THEN 1 ELSE 0", "dmnl"),
        subject="Busy", at="Staff",
        says="'Staff' in people is compared with 'Backlog' in order",
        hint="Multiply 'Staff' by a parameter in order/people. "
             "If the two are one unit, use one word for both.",
    ),
    planted(
        "branches of IF",
        a("Chosen", "IF TIME > 5 THEN Backlog ELSE Orders", "orders"),
        subject="Chosen", at="Orders",
        says="'Orders' in order/week is the alternative to 'Backlog' in order",
        hint="Multiply 'Orders' by a time in week.",
    ),
    planted(
        "a condition with units",
        a("Chosen", "IF Staff THEN 1 ELSE 2", "dmnl"),
        subject="Chosen", at="Staff",
        says="'Staff' is in people, and the condition of IF must be without units",
        hint="Divide 'Staff' by a reference value in people.",
    ),
    planted(
        "AND of a quantity",
        a("Chosen", "IF (Staff > 0) AND Backlog THEN 1 ELSE 2", "dmnl"),
        subject="Chosen", at="Backlog",
        says="'Backlog' is in order, and a condition beside AND must be without units",
        hint="Divide 'Backlog' by a reference value in order.",
    ),
    planted(
        "arguments of MIN",
        a("Least", "MIN(Orders, Backlog)", "orders/week"),
        subject="Least", at="Backlog",
        says="'Backlog' in order is set beside 'Orders' in order/week",
        hint="Divide 'Backlog' by a time in week.",
    ),
    planted(
        "the exponential of a time",
        a("Decay", "EXP(-TIME)", "dmnl"),
        subject="Decay", at="TIME",
        says="'TIME' is in week, and the argument of EXP must be without units",
        hint="Divide 'TIME' by a time in week.",
    ),
    planted(
        "a logarithm",
        a("Log", "LN(1 + Staff/Backlog)", "dmnl"),
        subject="Log", at="Staff/Backlog",
        says="'Staff/Backlog' is in people/order, and the argument of LN must be without units",
        hint="Multiply 'Staff/Backlog' by a parameter in order/people.",
    ),
    planted(
        "a square root",
        a("Root", "SQRT(Staff*Staff*Backlog)", "people"),
        subject="Root", at="SQRT(Staff*Staff*Backlog)",
        says="is in order^(1/2)*people, and people is declared",
        hint="Divide it by a parameter in order^(1/2), or declare 'Root' in order^(1/2)*people.",
    ),
    planted(
        "an exponent with units",
        a("Power", "2^Staff", "dmnl"),
        subject="Power", at="Staff",
        says="'Staff' is in people, and an exponent must be without units",
        hint="Divide 'Staff' by a reference value in people.",
    ),
    planted(
        "a square",
        a("Pairs", "Staff^2", "people"),
        subject="Pairs", at="Staff^2",
        says="the equation 'Staff^2' is in people^2, and people is declared",
        hint="Divide it by a parameter in people, or declare 'Pairs' in people^2.",
    ),
    planted(
        "an averaging time",
        a("Known orders", "SMTH1(Orders, Backlog)", "orders/week"),
        subject="Known orders", at="Backlog",
        says="'Backlog' is in order, and the averaging time of SMTH1 must be in week",
        hint="Multiply 'Backlog' by a parameter in week/order. "
             "If the two are one unit, use one word for both.",
    ),
    planted(
        "what a smooth keeps",
        a("Known orders", "SMTH3(Orders, Time_employed)", "orders"),
        subject="Known orders", at="Orders",
        says="'Orders' is in order/week, and order is declared",
        hint="Multiply it by a time in week, or declare 'Known orders' in order/week.",
    ),
    planted(
        "a delay's initial value",
        a("Delivered", "DELAY3(Orders, Time_employed, Backlog)", "orders/week"),
        subject="Delivered", at="Backlog",
        says="'Backlog' in order is set beside 'Orders' in order/week",
        hint="Divide 'Backlog' by a time in week.",
    ),
    planted(
        "a trend",
        a("Growth", "TREND(Staff, Time_employed)", "people/week"),
        subject="Growth", at="TREND(Staff, Time_employed)",
        says="is in 1/week, and people/week is declared",
        hint="Multiply it by a parameter in people, or declare 'Growth' in 1/week.",
    ),
    planted(
        "the height of a step",
        a("Demand", "Orders + STEP(Backlog, 5)", "orders/week"),
        subject="Demand", at="Backlog",
        says="'Backlog' in order is added to 'Orders' in order/week",
        hint="Divide 'Backlog' by a time in week.",
    ),
    planted(
        "the time of a step",
        a("Demand", "Orders + STEP(Orders, Staff)", "orders/week"),
        subject="Demand", at="Staff",
        says="'Staff' is in people, and the start time of STEP must be in week",
        hint="Multiply 'Staff' by a parameter in week/people. "
             "If the two are one unit, use one word for both.",
    ),
    planted(
        "a pulse is a rate",
        a("Demand", "PULSE(Orders, 5)", "orders/week"),
        subject="Demand", at="PULSE(Orders, 5)",
        says="is in order/week^2, and order/week is declared",
        hint="Multiply it by a time in week, or declare 'Demand' in order/week^2.",
    ),
    planted(
        "a ramp takes a slope",
        a("Demand", "Orders + RAMP(Orders, 5)", "orders/week"),
        subject="Demand", at="RAMP(Orders, 5)",
        says="'RAMP(Orders, 5)' in order is added to 'Orders' in order/week",
        hint="Divide 'RAMP(Orders, 5)' by a time in week.",
    ),
    planted(
        "a graphical function's value",
        a("Effect", "Staff/Backlog", "dmnl", gf([0, 1], [0, 2])),
        a("Effective staff", "Effect", "people"),
        subject="Effective staff", at="Effect",
        says="the equation 'Effect' is in dmnl, and people is declared",
        hint="Multiply it by a parameter in people, or declare 'Effective staff' in dmnl.",
    ),
    planted(
        "a bare number beside units",
        a("Enough", "MAX(Staff, 10)", "people"),
        subject="Enough", at="10",
        says="10 is a bare number and is set beside 'Staff' in people",
        hint="Give 10 a name, a variable in people.",
    ),
    planted(
        "a bare number compared",
        a("Enough", "IF Staff > 10 THEN 1 ELSE 0", "dmnl"),
        subject="Enough", at="10",
        says="10 is a bare number and is compared with 'Staff' in people",
        hint="Give 10 a name, a variable in people.",
    ),
    planted(
        "a stock's initial value",
        s("Trainees", "Hiring", (), (), "people"),
        subject="Trainees", at="Hiring",
        says="the initial value 'Hiring' is in people/week, and people is declared",
        hint="Multiply it by a time in week.",
    ),
    planted(
        "a flow like its stock",
        s("Trainees", 0, "Starting", (), "people"),
        f("Starting", "Staff", "people"),
        subject="Starting", at="",
        says="it is in people, and it fills 'Trainees' in people, which takes people/week",
        hint="Divide 'Starting' by a time in week, or declare it in people/week.",
    ),
    planted(
        "a flow between two stocks",
        s("Waiting", 0, "Coming", "Going", "orders"),
        s("Done", 0, "Going", (), "orders"),
        f("Coming", "Orders", "orders/week"),
        f("Going", "Waiting", "orders"),
        subject="Going", at="",
        says="it is in order, and it drains 'Waiting' in order, which takes order/week",
        hint="Divide 'Going' by a time in week, or declare it in order/week.",
    ),
    planted(
        "a declaration that its users contradict",
        a("Workload", "Backlog/Staff", "orders"),
        a("Load index", "Workload/Normal_load", "dmnl"),
        a("Normal load", 4, "orders/people"),
        subject="Workload", at="",
        says="it is declared in order, and its own equation and 'Load index' need order/people",
        hint="Declare 'Workload' in order/people.",
    ),
    planted(
        "a parameter that three equations contradict",
        a("Productivity", 0.4, "orders/people"),
        a("Capacity", "Staff*Productivity", "orders/week"),
        a("Load", "Orders/(Staff*Productivity)", "dmnl"),
        a("Needed", "Orders/Productivity", "people"),
        subject="Productivity", at="",
        says="it is declared in order/people, and 'Capacity', 'Load' and 'Needed' "
             "need order/(people*week)",
        hint="Declare 'Productivity' in order/(people*week).",
    ),
    planted(
        "two units of time",
        a("Salary", 3000, "$/person/month"),
        a("Wages", "Salary*Staff", "$/week"),
        subject="Wages", at="Salary*Staff",
        says="the equation 'Salary*Staff' is in $/month, and $/week is declared",
        hint="Multiply it by a parameter in month/week, or declare 'Wages' in $/month.",
    ),
    planted(
        "two words for one thing",
        a("Everyone", "Staff + Others", "people"),
        a("Others", 5, "workers"),
        subject="Everyone", at="Others",
        says="'Others' in worker is added to 'Staff' in people",
        hint="Multiply 'Others' by a parameter in people/worker. "
             "If the two are one unit, use one word for both.",
    ),
    planted(
        "PREVIOUS keeps its unit",
        a("Before", "PREVIOUS(Orders, 0)", "orders"),
        subject="Before", at="Orders",
        says="'Orders' is in order/week, and order is declared",
        hint="Multiply it by a time in week, or declare 'Before' in order/week.",
    ),
    planted(
        "a remainder",
        a("Rest", "Backlog MOD Staff", "orders"),
        subject="Rest", at="Staff",
        says="'Staff' in people divides 'Backlog' in order",
        hint="Multiply 'Staff' by a parameter in order/people. "
             "If the two are one unit, use one word for both.",
    ),
    planted(
        "noise",
        a("Noisy", "Orders*NORMAL(Staff, Backlog)", "orders/week"),
        subject="Noisy", at="Backlog",
        says="'Backlog' in order is set beside 'Staff' in people",
        hint="Multiply 'Backlog' by a parameter in people/order. "
             "If the two are one unit, use one word for both.",
    ),
    planted(
        "a division with a way out",
        a("Ratio", "SAFEDIV(Backlog, Orders, Staff)", "week"),
        subject="Ratio", at="Staff",
        says="'Staff' in people is set beside 'Backlog / Orders' in week",
        hint="Multiply 'Staff' by a parameter in week/people. "
             "If the two are one unit, use one word for both.",
    ),
    planted(
        "a unit that cannot be read",
        a("Odd", 5, "people//week"),
        subject="Odd", at="",
        says="the units 'people//week' cannot be read: a unit is expected after '/', not '/'",
        hint="Write units such as order/week, 1/week or dmnl.",
    ),
    planted(
        "a constant without units used as two things",
        a("Normal", 5),
        a("One", "Staff/Normal", "dmnl"),
        a("Two", "Backlog/Normal", "dmnl"),
        subject="Two", at="Backlog/Normal",
        says="the equation 'Backlog/Normal' is in order/people, and dmnl is declared",
        hint="Multiply it by a parameter in people/order, or declare 'Two' in order/people.",
    ),
    planted(
        "a part of a product",
        a("Cost", "(Staff + Backlog)*Wage", "$"),
        a("Wage", 5, "$/person"),
        subject="Cost", at="Backlog",
        says="'Backlog' in order is added to 'Staff' in people",
        hint="Multiply 'Backlog' by a parameter in people/order. "
             "If the two are one unit, use one word for both.",
    ),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_a_planted_fault_is_found_once(fault):
    (found,) = findings(*STAFF, *fault.added)
    assert found.code == "units"
    assert found.severity is Severity.WARNING
    assert found.subject == f"'{fault.subject}'"
    assert fault.says in found.message
    assert underlined(found) == fault.at
    assert found.hint == fault.hint
    assert found.location is not None


def test_there_are_many_kinds_of_faults():
    assert len({fault.kind for fault in FAULTS}) >= 35


def test_a_finding_points_at_the_very_character():
    text = xmile(*STAFF, a("Total", "Staff + Hiring", "people"), time_units="week")
    (found,) = check_units(read(text))
    assert found.location is not None
    line = text.split("\n")[found.location.line - 1]
    assert line[found.location.column - 1 :].startswith("Hiring</eqn>")


def test_a_finding_says_it_all_in_one_paragraph():
    (found,) = findings(*STAFF, a("Total", "Staff + Hiring", "people"))
    shown = re.sub(r":\d+:\d+:", ":", str(found))
    assert shown == (
        "model.xmile: warning: 'Total': 'Hiring' in people/week is added to 'Staff' in people. "
        "Multiply 'Hiring' by a time in week.\n"
        "    Staff + Hiring\n"
        "            ^^^^^^"
    )


def test_a_part_in_brackets_is_shown_with_both_brackets():
    wage = a("Wage", 5, "$/person")
    (found,) = findings(*STAFF, wage, a("Cost", "Hiring + (Staff*2)*Wage", "people/week"))
    assert underlined(found) == "(Staff*2)*Wage"


def test_faults_in_two_parts_of_one_equation_are_two():
    found = findings(*STAFF, a("Odd", "EXP(Staff) + MIN(Backlog, Orders)/Backlog", "dmnl"))
    assert [underlined(each) for each in found] == ["Staff", "Orders"]


def test_a_wrong_unit_of_time_is_one_finding():
    found = findings(*STAFF, time="month")
    assert [str(each.hint) for each in found] == ["Declare the time unit as week."]
    assert "the model's time is declared in month, and 'Hiring' and 'Quits'" in found[0].message


def test_a_wrongly_declared_stock_is_one_finding():
    wrong = s("Staff", 100, "Hiring", "Quits", "people/week")
    (found,) = findings(wrong, *STAFF[1:])
    assert found.subject == "'Staff'"
    assert found.hint == "Declare 'Staff' in people."


def test_a_wrongly_declared_flow_is_one_finding():
    wrong = f("Quits", "Staff/Time_employed", "people")
    (found,) = findings(STAFF[0], STAFF[1], wrong, *STAFF[3:])
    assert found.subject == "'Quits'"
    assert found.hint == "Declare 'Quits' in people/week."


def test_a_constant_without_units_that_others_take_differently_is_one_finding():
    users = [a(f"Share {n}", f"Backlog/{n}/Normal", "dmnl") for n in (1, 2)]
    first = a("Index", "Staff/Normal", "dmnl")
    (found,) = findings(*STAFF, first, a("Normal", 5), *users)
    assert found.subject == "'Normal'"
    assert "it declares no units: other equations take it in people" in found.message
    assert "'Share 1' and 'Share 2' in order" in found.message


def test_one_unreadable_unit_is_one_finding():
    (found,) = findings(a("x", 1, "a//b"), a("y", "x", "a//b"), a("z", "x + y", "a//b"))
    assert "cannot be read, here and for 2 others" in found.message


def test_an_unreadable_unit_of_time_is_one_finding():
    (found,) = findings(s("Staff", 1, "Hiring", (), "people"), f("Hiring", 1, "people/week"),
                        time="week/")  # fmt: skip
    assert "the units 'week/' cannot be read" in found.message


# --- arrays, modules, macros, Vensim -----------------------------------------------------------

REGIONS = '<dimensions><dim name="Region"><elem name="N"/><elem name="S"/></dim></dimensions>'
OVER_REGIONS = '<dimensions><dim name="Region"/></dimensions>'


def over(name: str, eqn: object, unit: str) -> str:
    return aux(name, eqn, units(unit) + OVER_REGIONS)


def test_a_sum_over_an_array_keeps_its_unit():
    people = over("People", 5, "people")
    orders = over("Orders", "People*2", "people")
    assert not findings(people, orders, a("All", "SUM(People[*])", "people"), before=REGIONS)
    (found,) = findings(people, a("All", "SUM(People[*]) + SIZE(People[*])", "people"),
                        before=REGIONS)  # fmt: skip
    assert "'SIZE(People[*])' in dmnl is added to 'People[*]' in people" in found.message


def test_an_array_says_the_same_thing_once():
    elements = "".join(
        f'<element subscript="{each}"><eqn>Backlog*{n}</eqn></element>'
        for n, each in enumerate("NS", 2)
    )
    wrong = aux("Load", None, units("orders/week") + OVER_REGIONS + elements)
    (found,) = findings(a("Backlog", 1, "orders"), wrong, before=REGIONS)
    assert found.subject == "'Load'"


def test_an_element_used_as_a_number_has_no_units():
    assert not findings(over("Place", "Region*2", "dmnl"), before=REGIONS)


MACRO = (
    '<macro name="SHARE"><parm>part</parm><parm>whole</parm><eqn>part/(part + whole)</eqn></macro>'
)


def test_a_macro_is_judged_for_each_call():
    one = a("Staff share", "SHARE(Staff, 2*Staff)", "dmnl")
    two = a("Order share", "SHARE(Backlog, Backlog)", "dmnl")
    assert not findings(*STAFF, one, two, before=MACRO)


def test_a_fault_within_a_macro_is_told_of_the_caller():
    (found,) = findings(*STAFF, a("Odd share", "SHARE(Staff, Backlog)", "dmnl"), before=MACRO)
    assert found.subject == "'Odd share'"
    assert found.message.startswith("in the macro SHARE, 'whole' in order is added to 'part'")


def test_a_macro_with_a_stock_of_its_own():
    macro = (
        '<macro name="SLOW"><parm>x</parm><parm>delay</parm><eqn>Level</eqn><variables>'
        '<stock name="Level"><eqn>x</eqn><inflow>change</inflow></stock>'
        '<flow name="change"><eqn>(x - Level)/delay</eqn></flow></variables></macro>'
    )
    assert not findings(*STAFF, a("Seen", "SLOW(Staff, Time_employed)", "people"), before=macro)
    (found,) = findings(*STAFF, a("Seen", "SLOW(Staff, Backlog)", "people"), before=macro)
    assert found.subject == "'Seen'"
    assert "people/order" in found.message


MODULES = """<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><vendor>t</vendor><product version="1">t</product></header>
<sim_specs time_units="week"><start>0</start><stop>9</stop><dt>1</dt></sim_specs>
<model><variables><module name="Shop"><connect to="Shop.Demand" from="Orders"/></module>
<aux name="Orders"><eqn>5</eqn><units>{outside}</units></aux>
<aux name="Work"><eqn>Shop.Load</eqn><units>hours/week</units></aux></variables></model>
<model name="Shop"><variables>
<aux name="Demand" access="input"><eqn>0</eqn><units>orders/week</units></aux>
<aux name="Load" access="output"><eqn>Demand*Effort</eqn><units>hours/week</units></aux>
<aux name="Effort"><eqn>2</eqn>{effort}</aux></variables></model></xmile>"""


def test_modules_are_judged_in_place():
    sound = MODULES.format(outside="orders/week", effort=units("hours/order"))
    assert check_units(read(sound)) == ()
    bare = MODULES.format(outside="orders/week", effort="")
    assert inferred_units(read(bare)) == {"shop.effort": "hour/order"}


def test_a_connection_between_two_units_is_found():
    (found,) = check_units(read(MODULES.format(outside="people", effort=units("hours/order"))))
    assert found.subject == "'Shop.Demand'"
    assert "'Orders' is in people, and order/week is declared" in found.message


def test_a_rate_in_vensim_is_told_of_its_stock():
    text = "Stock = INTEG(In*2 - Out, 5) ~ box ~|\nIn = 3 ~ box/week ~|\nOut = 2 ~ box ~|\n"
    (found,) = check_units(vensim(text))
    assert found.subject == "'Stock'"
    assert found.message == "'Out' in box is subtracted from 'In*2' in box/week"
    assert found.location is not None
    assert (found.location.line, found.location.column) == (2, 22)


def test_a_whole_rate_in_vensim_is_told_of_its_stock():
    (found,) = check_units(vensim("Stock = INTEG(In*2, 5) ~ box ~|\nIn = 3 ~ box ~|\n"))
    assert found.message == "the rate 'In*2' is in box, and the stock takes box/week"
    assert found.hint == "Divide it by a time in week."


def test_vensim_functions_are_named_as_they_were_written():
    text = "Seen = SMOOTH(In, Out) ~ box ~|\nIn = 3 ~ box ~|\nOut = 2 ~ box ~|\n"
    (found,) = check_units(vensim(text))
    assert "the averaging time of SMOOTH must be in week" in found.message


def test_vensim_tables_take_any_input():
    text = (
        "Effect = WITH LOOKUP(Load, ([(0,0)-(2,2)],(0,0),(2,2))) ~ dmnl ~|\n"
        "Load = 3 ~ box ~|\nCurve((0,0),(2,2)) ~ people ~|\nStaff = Curve(Load) ~ people ~|\n"
    )
    assert check_units(vensim(text)) == ()


def test_vensim_equivalences_are_one_unit():
    text = "A = B ~ boxes ~|\nB = 3 ~ crate ~|\n"
    sketch = (
        "\\\\\\---/// Sketch information - do not modify anything except names\n"
        "V300  Do not put anything below this section - it will be ignored\n"
        "*View 1\n$192-192-192,0\n///---\\\\\\\n:L<%^E!@\n22:box,boxes,crate\n"
    )
    assert len(check_units(vensim(text))) == 1
    control = vensim(text)
    with_sketch = read_vensim(
        ("{UTF-8}\n" + text + "INITIAL TIME = 0 ~~|\nFINAL TIME = 9 ~~|\nTIME STEP = 1 ~~|\n"
         "SAVEPER = 1 ~~|\n" + sketch).encode(), "model.mdl")  # fmt: skip
    assert control.unit_definitions == ()
    assert check_units(with_sketch) == ()


def test_vensim_numbers_of_a_truncated_normal_are_told_once():
    text = "Noise = RANDOM NORMAL(0, 10, Mean, Spread, 1) ~ box ~|\nMean = 3 ~ box ~|\n" \
        "Spread = 2 ~ {} ~|\n"  # fmt: skip
    (found,) = check_units(vensim(text.format("box")))
    assert found.message.startswith("10 is a bare number")
    some = text.replace("0, 10", "Mean, Mean")
    (found,) = check_units(vensim(some.format("crate")))
    assert found.subject == "'Spread'"
    assert found.hint == "Declare 'Spread' in box."


def test_a_number_beside_a_number_that_is_at_fault_is_told_once():
    load = a("Load", "Most/(1 + (Most - 1)*Backlog/Normal)", "people")
    found = findings(*STAFF, load, a("Most", 3, "people"), a("Normal", 5, "orders"))
    assert [underlined(each) for each in found] == ["1"]


def test_a_wrong_declaration_explains_the_numbers_beside_it():
    rest = a("Rest", "1 - Share", "dmnl"), a("Odds", "Share/(1 - Share)", "dmnl")
    (found,) = findings(*STAFF, a("Share", "Staff/Most", "people"), a("Most", 9, "people"), *rest)
    assert found.subject == "'Share'"
    assert found.hint == "Declare 'Share' in dmnl."


def test_vensim_has_a_value_for_no_value():
    text = "Some = IF THEN ELSE(In = :NA:, 0, In) ~ box ~|\nIn = 3 ~ box ~|\n"
    assert check_units(vensim(text)) == ()


def test_a_long_chain_without_units():
    names = [f"x{n}" for n in range(3000)]
    chain = [a(name, f"{after}*1") for name, after in pairwise(names)]
    found = inferred_units(project(*chain, a(names[-1], 5, "people")))
    assert set(found.values()) == {"people"}
    assert len(found) == 2999
    assert findings(*chain[::-1], a(names[-1], 5)) == ()


# --- what is no fault --------------------------------------------------------------------------

SOUND = {
    "zero beside anything": [a("Some", "MAX(0, Staff)", "people")],
    "zero as a branch": [a("Some", "IF Staff > 0 THEN Staff ELSE 0", "people")],
    "a number alone takes the declared unit": [a("Some", "-2*3.5 + 7/2", "people")],
    "numbers in branches take the declared unit": [
        a("Some", "IF TIME > 5 THEN 10 ELSE 20", "people")
    ],
    "numbers as test inputs": [a("Some", "100 + STEP(10, 5) - RAMP(1, 2, 4)", "orders/week")],
    "a number as a pulse": [a("Some", "PULSE(10, 5)", "orders/week")],
    "a number as noise": [a("Some", "NORMAL(100, 5)", "people")],
    "a date": [a("Some", "IF TIME >= 5 AND TIME - 2 < 9 THEN 1 ELSE 0", "dmnl")],
    "a number as a delay": [a("Some", "SMTH1(Orders, 5, 10)", "orders/week")],
    "a number as a first value": [a("Some", "PREVIOUS(Staff, 66)", "people")],
    "what keeps a divisor off zero": [a("Some", "Orders/MAX(Staff, 1e-6)", "orders/week/person")],
    "a number beside what declares no units": [
        a("Some", "IF Bare > 5 THEN 2 ELSE 3", "dmnl"), a("Bare", "Staff*2"),
    ],
    "a switch": [a("Some", "IF Switch = 1 THEN 2 ELSE 3", "dmnl"), a("Switch", 1, "0/1")],
    "a number over units": [a("Some", "1/Time_employed", "1/week")],
    "steps of time": [a("Some", "Staff/DT*(STOPTIME - STARTTIME)/TIME", "people/week")],
    "percent and parts": [a("Some", "Staff*Part", "people"), a("Part", 5, "%")],
    "endless": [a("Some", "MIN(Staff, INF)", "people")],
    "a forecast": [a("Some", "FORCST(Staff, Time_employed, 2*Time_employed)", "people")],
    "powers": [a("Some", "(Staff^2/Staff^3)^-1 + SQRT(Staff*Staff)", "people")],
    "an elasticity": [
        a("Some", "Staff*(Backlog/Normal)^Bend", "people"),
        a("Normal", 5, "orders"),
        a("Bend", 0.5, "dmnl"),
    ],
    "a wave": [a("Some", "Staff*SIN(2*PI*TIME/Time_employed)", "people")],
    "rounding": [a("Some", "INT(Staff) + ROUND(Staff) + ABS(-Staff)", "people")],
    "initial values": [a("Some", "Staff/INIT(Staff)", "dmnl")],
    "other spellings": [a("Some", "Staff", "Persons"), a("More", "Hiring", "PERSON per Week")],
    "a constant without units": [
        a("Some", "Staff*Effort", "hours/week"), a("More", "Some/Effort", "people"),
        a("Effort", 40),
    ],
    "a sum with itself": [a("Some", "More + Most", "people"), a("More", 1), a("Most", "More")],
    "empty units": [a("Some", "Staff*Orders", ""), a("More", "Some", "?")],
    "a table by name": [
        graph("Curve", gf([0, 1], [0, 1]).replace("</gf>", "<units>people</units></gf>")),
        a("Some", "Curve(Backlog)"),
    ],
    "cubes": [a("Some", "Side^3", "cubic metres"), a("Side", 2, "meter")],
}  # fmt: skip


@pytest.mark.parametrize("kind", SOUND)
def test_nothing_is_found_in_what_is_sound(kind):
    assert findings(*STAFF, *SOUND[kind]) == ()


def test_who_declares_no_units_asks_for_no_check():
    bare = [a("x", "10*TIME + 10"), a("y", "SIN(TIME) + TIME"), s("z", 5, "w"), f("w", "z + x")]
    assert findings(*bare) == ()


def test_the_time_unit_time_is_any_unit_of_time():
    cooling = [
        s("Temperature", 180, (), "Loss", "degrees"),
        f("Loss", "(Temperature - Room)/Lag", "deg/time"),
        a("Room", 70, "degrees"),
        a("Lag", 10, "minutes"),
    ]
    assert findings(*cooling, time="Time") == ()
    assert findings(*cooling, time="minute") == ()
    assert inferred_units(project(*cooling[:3], a("Lag", 10), time="Time")) == {}


@pytest.mark.parametrize("time", ["", "Weeks", "wk", "WEEK", "time"])
def test_the_unit_of_time_may_be_left_out_or_spelt_otherwise(time):
    assert findings(*STAFF, time=time) == ()


def test_units_that_a_model_defines():
    defined = (
        '<model_units><unit name="crew"><eqn>people</eqn><alias>crews</alias></unit></model_units>'
    )
    assert findings(*STAFF, a("Some", "Staff", "crews"), before=defined) == ()


def test_units_follow_from_other_equations():
    bare = [
        a("Productivity", 2), a("Capacity", "Staff*Productivity", "orders/week"),
        a("Load", "Orders/Capacity"), a("Free", "Free2"), a("Free2", 3),
        s("Done", 0, "Doing", (), "orders"), f("Doing", "MIN(Capacity, Backlog/Lag)"),
        a("Lag", 3),
    ]  # fmt: skip
    assert inferred_units(project(*STAFF, *bare)) == {
        "productivity": "order/(people*week)",
        "load": "dmnl",
        "doing": "order/week",
        "lag": "week",
    }


@pytest.mark.parametrize("name", ["service_cycle", "pull_value"])
def test_the_library_models_are_sound(name):
    assert check_units(read_model(ROOT / "models" / name / "model.xmile")) == ()


@pytest.mark.parametrize("name", ["service_cycle", "pull_value"])
def test_what_a_library_model_declares_is_what_follows_without_it(name):
    """Each declaration taken out in turn is found again, where the rest fixes it at all."""
    text = (ROOT / "models" / name / "model.xmile").read_text(encoding="utf-8")
    found = 0
    for match in list(re.finditer(r"<units>[^<]*</units>", text))[::15]:
        bare = read(text[: match.start()] + text[match.end() :])
        assert check_units(bare) == ()
        found += len(inferred_units(bare))
    assert found > 5


@pytest.mark.parametrize("name", ["service_cycle", "pull_value"])
def test_a_wrong_declaration_in_a_library_model_is_one_finding(name):
    text = (ROOT / "models" / name / "model.xmile").read_text(encoding="utf-8")
    for match in list(re.finditer(r"<units>([^<]*)</units>", text))[::12]:
        wrong = f"{text[: match.start()]}<units>bananas</units>{text[match.end() :]}"
        (found,) = check_units(read(wrong))
        owner = re.findall(r'name="([^"]*)"', text[: match.start()])[-1]
        assert owner in f"{found.subject} {found}".replace("_", " ")


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def faulty(tmp_path):
    path = tmp_path / "model.xmile"
    path.write_text(xmile(*STAFF, a("Total", "Staff + Hiring", "people"), time_units="week"))
    return str(path)


def checked(*arguments: str):
    return CliRunner().invoke(cli, ["check", *arguments], standalone_mode=False)


@pytest.mark.parametrize("options", [(), ("--units", "warn")])
def test_the_command_warns(faulty, options):
    found = checked(faulty, *options)
    assert found.return_value == 0
    assert "warning: 'Total': 'Hiring' in people/week is added to 'Staff'" in found.stderr
    assert "well" in found.stdout


def test_the_command_may_take_findings_for_faults(faulty):
    found = checked(faulty, "--units", "error", "--quiet")
    assert found.return_value == 3
    assert "'Total': 'Hiring' in people/week is added to 'Staff'" in found.stderr
    assert "warning: 'Total'" not in found.stderr
    assert "well" not in found.stdout


@pytest.mark.parametrize("options", [("--units", "off"), ("--quiet",)])
def test_the_command_may_be_silent(faulty, options):
    found = checked(faulty, *options)
    assert found.return_value == 0
    assert "Total" not in found.stderr


def test_the_command_finds_nothing_in_sound_models():
    found = checked("service_cycle", "pull_value", "--units", "error", "--no-draws")
    assert found.return_value == 0
    assert not found.stderr


# --- properties --------------------------------------------------------------------------------

WORDS = ["people", "week", "order"]
FRESH = ["florin", "zyx", "Qualit\u00e4t", "many words of it", "$", "kg", "hour", "year"]


@given(st.sampled_from(FAULTS), st.permutations(FRESH))
def test_other_words_for_the_units_change_nothing_but_the_words(fault, fresh):
    text = xmile(*STAFF, *fault.added, time_units="week")
    words = dict(zip(WORDS, fresh, strict=False))
    place = re.compile(r"(?<=<units>)[^<]*|(?<=time_units=\")week")
    renamed = place.sub(lambda match: _replaced(match[0], words), text)
    before, after = check_units(read(text)), check_units(read(renamed))
    assert [each.subject for each in before] == [each.subject for each in after]
    assert [underlined(each) for each in before] == [underlined(each) for each in after]


def _replaced(text: str, words: dict[str, str]) -> str:
    found = text.replace("person", "people").replace("weeks", "week").replace("orders", "order")
    return re.sub(r"people|week|order", lambda match: words[match[0]], found)


@given(st.sampled_from(FAULTS), st.randoms(use_true_random=False))
def test_the_order_of_declarations_changes_nothing(fault, random):
    lines = [*STAFF, *fault.added]
    (before,) = findings(*lines)
    random.shuffle(lines)
    after = findings(*lines)
    if fault.kind != "a constant without units used as two things":
        assert [each.message for each in after] == [before.message]
    assert len(after) == 1


@given(st.lists(st.sampled_from(["Staff", "Backlog", "Orders", "5", "TIME"]), min_size=1,
                max_size=4), st.lists(st.sampled_from(["+", "*", "/", "-", ">"]), min_size=3,
                                      max_size=3))  # fmt: skip
def test_what_follows_for_a_variable_can_be_declared(names, signs):
    """A variable declared in the unit that was inferred for it has no finding."""
    eqn = names[0] + "".join(
        f" {sign} {name}" for sign, name in zip(signs, names[1:], strict=False)
    )
    bare = project(*STAFF, a("Made", eqn))
    unit = inferred_units(bare).get("made")  # type: ignore[call-overload]
    if unit is not None and not check_units(bare):
        assert findings(*STAFF, a("Made", eqn, unit)) == ()

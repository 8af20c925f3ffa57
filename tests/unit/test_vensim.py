from __future__ import annotations

from fractions import Fraction

import pytest

from cyclesim.errors import ModelError
from cyclesim.expr import Number, parse, to_text
from cyclesim.expr.vensim_tokens import NOT_AVAILABLE, VENSIM
from cyclesim.names import canonical
from cyclesim.project import (
    Auxiliary,
    Bounds,
    Definition,
    Dimension,
    Flow,
    Graph,
    GraphicalKind,
    Macro,
    Method,
    Project,
    Stock,
    Variable,
)
from cyclesim.readers.vensim import read_vensim

CONTROL = """
INITIAL TIME = 0 ~ Month ~|
FINAL TIME = 10 ~ Month ~|
TIME STEP = 0.125 ~ Month [0,?] ~|
SAVEPER = TIME STEP ~ Month ~|
"""


def read(text: str, after: str = "") -> Project:
    return read_vensim(("{UTF-8}\n" + text + CONTROL + after).encode(), "model.mdl")


def find(project: Project, name: str) -> Variable:
    found = [v for v in project.variables if v.about.ident == canonical(name)]
    assert len(found) == 1
    return found[0]


def auxiliary(project: Project, name: str) -> Auxiliary | Flow:
    variable = find(project, name)
    assert isinstance(variable, Auxiliary | Flow)
    return variable


def stock(project: Project, name: str) -> Stock:
    variable = find(project, name)
    assert isinstance(variable, Stock)
    return variable


def written(definition: Definition) -> str:
    return to_text(definition.equation.expr)


def equation(text: str, more: str = "") -> str:
    """Return what an equation means, in XMILE's words."""
    return written(auxiliary(read(f"Answer = {text} ~~|\n{more}"), "Answer").definitions[0])


def dimension(project: Project, name: str) -> Dimension:
    return next(each for each in project.dimensions if each.ident == canonical(name))


# Expressions


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("-2^2", "-2 ^ 2"),
        ("a^b^c", "a ^ b ^ c"),
        ("a^-b^-c", "a ^ -b ^ -c"),
        (":NOT: a > 5 :OR: b", "NOT (a > 5) OR b"),
        ("a :OR: b :AND: c = d", "a OR b AND c = d"),
        ("a <> b + 1", "a <> b + 1"),
        ('time\'s up + "M&Ms"', '"time\'s up" + "M&Ms"'),
        ("net\n\t   change {of it} * 2", "net_change * 2"),
        ("mod + if", '"mod" + "if"'),
        ("x[Dim!, B]", "x[*:Dim, B]"),
        ("table[Dim](3)", "LOOKUP(table[Dim], 3)"),
        (".5 + 1e+06 + 3e-05", "0.5 + 1000000 + 3e-05"),
    ],
)
def test_an_expression_has_vensims_precedence_and_names(text: str, meaning: str) -> None:
    assert to_text(parse(text, None, VENSIM)) == meaning


def test_the_value_that_is_not_available_is_a_number() -> None:
    assert parse(":NA:", None, VENSIM) == Number(-(2.0**109)) == Number(NOT_AVAILABLE)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("IF THEN ELSE(a > 1, a, 2)", "IF a > 1 THEN a ELSE 2"),
        ("SMOOTH(a, 2)", "SMTH1(a, 2)"),
        ("SMOOTHI(a, 2, 9)", "SMTH1(a, 2, 9)"),
        ("SMOOTH3I(a, 2, 9)", "SMTH3(a, 2, 9)"),
        ("SMOOTH N(a, 2, 9, 4)", "SMTHN(a, 2, 4, 9)"),
        ("delay1(a, 2)", "DELAY1(a, 2)"),
        ("DELAY3I(a, 2, 9)", "DELAY3(a, 2, 9)"),
        ("DELAY N(a, 2, 9, 4)", "DELAYN(a, 2, 4, 9)"),
        ("DELAY FIXED(a, 2, 9)", "DELAY(a, 2, 9)"),
        ("TREND(a, 2, 0)", "TREND(a, 2, 0)"),
        ("FORECAST(a, 2, 6)", "FORCST(a, 2, 6)"),
        ("PULSE(3, 2)", "UNIT_PULSE(3, 2)"),
        ("PULSE TRAIN(7, 1, 2, 12)", "PULSE_TRAIN(7, 1, 2, 12)"),
        ("RAMP(1, 2, 3) + STEP(4, 5)", "RAMP(1, 2, 3) + STEP(4, 5)"),
        ("GAME(a + 1)", "a + 1"),
        ("INITIAL(a)", "INIT(a)"),
        ("LOG(8, 2)", "LN(8) / LN(2)"),
        ("POWER(a, 3)", "a ^ 3"),
        ("ZIDZ(a, 0)", "XIDZ(a, 0, 0)"),
        ("XIDZ(a, 0, 7)", "XIDZ(a, 0, 7)"),
        ("MODULO(a, 3) + INTEGER(a)", "MODULO(a, 3) + INTEGER(a)"),
        ("GAMMA LN(a)", "GAMMALN(a)"),
        ("RANDOM UNIFORM(0, 1, 7)", "RANDOM(0, 1, 7)"),
        ("RANDOM 0 1()", "RANDOM(0, 1)"),
        ("GET TIME VALUE(0, 5, 0)", "TIME + 5"),
        ("Time / TIME STEP", "Time / TIME_STEP"),
    ],
)
def test_a_function_is_told_in_xmiles_words(text: str, meaning: str) -> None:
    assert equation(text, "a = 3 ~~|") == meaning


def test_a_normal_draw_is_drawn_between_its_bounds() -> None:
    assert equation("RANDOM NORMAL(-1, 1, 0, 2, 7)") == (
        "MAX(-1, MIN(1, 0 + 2 * NORMAL_QUANTILE(RANDOM("
        "NORMAL_PROBABILITY((-1 - 0) / 2), NORMAL_PROBABILITY((1 - 0) / 2), 7))))"
    )


def test_an_order_and_a_seed_are_the_numbers_that_they_start_with() -> None:
    more = "order = 2 + STEP(1, 10) ~~|\nseed = 3 * 4 ~~|"
    assert equation("DELAY N(Time, 2, 9, order)", more) == "DELAYN(Time, 2, 2, 9)"
    assert equation("RANDOM UNIFORM(0, 1, seed)", more) == "RANDOM(0, 1, 12)"


def test_a_variable_named_like_a_function_is_called_as_the_graphical_function_it_is() -> None:
    assert equation("step(3)", "step((0,1),(5,6)) ~~|") == "step(3)"


# Stocks and flows


def test_a_rate_that_is_a_plain_sum_is_told_as_flows() -> None:
    project = read(
        "Backlog = INTEG(orders - (shipments + losses), 4) ~ order ~|"
        "orders = 3 ~~| shipments = 2 ~~| losses = 1 ~~| capacity = 5 ~~|"
    )
    backlog = stock(project, "Backlog")
    assert [flow.text for flow in backlog.inflows] == ["orders"]
    assert [flow.text for flow in backlog.outflows] == ["shipments", "losses"]
    assert [written(each) for each in backlog.initial] == ["4"]
    kinds = [type(find(project, name)) for name in ("orders", "losses", "capacity")]
    assert kinds == [Flow, Flow, Auxiliary]


@pytest.mark.parametrize(
    "rate", ["2 * orders", "orders + orders", "Other", "Time", "orders - 1", "TIME STEP"]
)
def test_any_other_rate_is_a_flow_made_for_the_stock(rate: str) -> None:
    project = read(f"Backlog = INTEG({rate}, 0) ~ order ~| Other = INTEG(0, 1) ~~| orders = 3 ~~|")
    assert [flow.text for flow in stock(project, "Backlog").inflows] == ["Backlog net flow"]
    made = find(project, "Backlog net flow")
    assert isinstance(made, Flow)
    assert made.about.units == "(order)/(Month)"
    assert isinstance(find(project, "orders"), Auxiliary)


def test_a_made_flow_takes_no_name_of_the_model() -> None:
    project = read("Backlog = INTEG(2 * x, 0) ~~| x = 1 ~~| Backlog Net Flow = 7 ~~|")
    assert [flow.text for flow in stock(project, "Backlog").inflows] == ["Backlog net flow 2"]


def test_a_stock_that_nothing_changes_has_no_flows() -> None:
    still = stock(read("Still = INTEG(0, 4) ~~|"), "Still")
    assert (still.inflows, still.outflows) == ((), ())


def test_an_array_of_stocks_has_flows_only_with_its_own_subscripts() -> None:
    project = read(
        "Region: North, South ~~| Back: North, South ~~|"
        "Own[Region] = INTEG(orders[Region], 0) ~~|"
        "Sum[Region] = INTEG(orders[North], 0) ~~|"
        "Piecewise[North] = INTEG(orders[North], 0) ~~|"
        "Piecewise[South] = INTEG(orders[South], 1) ~~|"
        "Mixed[North] = INTEG(orders[North] - 1, 0) ~~|"
        "Mixed[South] = INTEG(orders[North], 1) ~~|"
        "orders[Region] = 1, 2 ~~|"
    )
    flows = {
        name: [flow.text for flow in stock(project, name).inflows]
        for name in ("Own", "Sum", "Piecewise", "Mixed")
    }
    assert flows == {
        "Own": ["orders"],
        "Sum": ["Sum net flow"],
        "Piecewise": ["orders"],
        "Mixed": ["Mixed net flow"],
    }
    made = auxiliary(project, "Mixed net flow")
    assert made.about.dimensions == ("region",)
    assert [(d.subscripts, written(d)) for d in made.definitions] == [
        (("north",), "orders[North] - 1"),
        (("south",), "orders[North]"),
    ]


# Arrays


def test_dimensions_hold_elements_ranges_and_subranges() -> None:
    project = read(
        "All: first, Middle, (t3-t5), last ~~| Middle: m1, m2 ~~| Copy: All ~~| Twin <-> Middle ~~|"
        "x[All] = 1 ~~|"
    )
    names = ("first", "m1", "m2", "t3", "t4", "t5", "last")
    assert dimension(project, "All").elements == names
    assert dimension(project, "Copy").elements == names
    assert dimension(project, "Twin").elements == ("m1", "m2")
    assert [m.target for m in dimension(project, "Twin").mappings] == ["middle"]
    assert [m.target for m in dimension(project, "Middle").mappings] == ["twin"]


def test_a_mapping_goes_element_by_element_or_by_groups() -> None:
    project = read(
        "A: a1, a2, a3 -> (B: b3, b2, b1), C ~~| B: b1, b2, b3 ~~| C: c1, c2, c3 ~~|"
        "D: d1, d2 -> (A: Sub, a1) ~~| Sub: a2, a3 ~~| E: Sub, e3 -> C ~~| x[A] = 1 ~~|"
    )
    a, d, e = (dimension(project, name).mappings for name in "ADE")
    assert [(m.target, m.elements) for m in a] == [
        ("b", (("b3",), ("b2",), ("b1",))),
        ("c", (("c1",), ("c2",), ("c3",))),
    ]
    assert d[0].elements == (("a2", "a3"), ("a1",))
    assert e[0].elements == (("c1",), ("c2",), ("c3",))


def test_a_variable_has_the_smallest_dimension_that_holds_its_subscripts() -> None:
    project = read(
        "All: a, b, c, d ~~| Three: a, b, c ~~| Two: b, c ~~| Same: a, b, c ~~|"
        "x[Two] = 1 ~~| x[a] = 2 ~~| y[b] = 1 ~~| z[Same] = 1 ~~|"
        "w[Two, Three] = 1 ~~| w[a, b] = 2 ~~|"
    )
    found = [find(project, name).about.dimensions for name in "xyzw"]
    assert found == [("three",), ("two",), ("same",), ("three", "three")]


def test_an_exception_takes_out_only_what_the_equation_covers() -> None:
    project = read(
        "A: a1, a2, a3 ~~| Sub: a2, a3 ~~| B: b1, b2 ~~|"
        "x[A, B] :EXCEPT: [Sub, b1], [a1, b2] = 1 ~~|"
        "y[Sub] :EXCEPT: [a1] = 1 ~~|"
        "z[Sub] :EXCEPT: [A] = 1 ~~|"
    )
    excepts = [auxiliary(project, name).definitions[0].excepts for name in "xyz"]
    assert excepts == [(("sub", "b1"), ("a1", "b2")), (), (("a2",), ("a3",))]


@pytest.mark.parametrize(
    "listed",
    ["1,2,3; 4,-5,6;", "1, 2, 3; 4, - 5, 6", "TABBED ARRAY(\n\t1\t2\t3\n\t4\t-5\t6\n\t)"],
)
def test_a_list_fills_two_dimensions_the_last_one_fastest(listed: str) -> None:
    project = read(f"A: a1, a2 ~~| B: b1, b2, b3 ~~| C: c1 ~~| x[A, c1, B] = {listed} ~~|")
    found = {d.subscripts: written(d) for d in auxiliary(project, "x").definitions}
    assert found == {
        ("a1", "c1", "b1"): "1",
        ("a1", "c1", "b2"): "2",
        ("a1", "c1", "b3"): "3",
        ("a2", "c1", "b1"): "4",
        ("a2", "c1", "b2"): "-5",
        ("a2", "c1", "b3"): "6",
    }


def test_a_name_used_as_a_number_is_counted_in_the_largest_dimension() -> None:
    project = read(
        "A: a1, a2, a3 ~~| Sub: a3, a2 ~~|"
        "x[A, Sub] = IF THEN ELSE(A = Sub, ELMCOUNT(Sub), a3 + y[a3]) ~~| y[A] = 2 ~~|"
    )
    assert written(auxiliary(project, "x").definitions[0]) == (
        "IF A = A.Sub THEN 2 ELSE A.a3 + y[a3]"
    )


# Graphical functions


@pytest.mark.parametrize(
    "points",
    [
        "([(0,0)-(9,9)],(2,3),(4,7),(1,-1))",
        "((2,3),(4,7),(1,-1))",
        "(1, 2, 4, -1, 3, 7)",
        "([(0,0)-(9,9),(0,1),(3,3)],(1,-1),(2,3),\\\n\t\t(4,7))",
    ],
)
def test_points_are_read_in_each_form_and_sorted(points: str) -> None:
    table = find(read(f"effect{points} ~~|"), "effect")
    assert isinstance(table, Graph)
    ((subscripts, graphical),) = table.graphicals
    assert subscripts == ()
    assert (graphical.x, graphical.y) == ((1, 2, 4), (-1, 3, 7))
    assert graphical.kind is GraphicalKind.CONTINUOUS


def test_with_lookup_gives_the_variable_a_graphical_function_of_its_own() -> None:
    project = read("effect = WITH LOOKUP(Time / 2, ([(0,0)-(2,2)],(0,0),(1,3))) ~~|")
    (definition,) = auxiliary(project, "effect").definitions
    assert written(definition) == "Time / 2"
    assert definition.graphical is not None
    assert definition.graphical.y == (0, 3)


def test_tables_of_an_array_are_read_for_each_element() -> None:
    project = read(
        "A: a1, a2 ~~| effect[a1]((0,1),(1,2)) ~~| effect[a2]((0,3),(1,4)) ~~|"
        "x[A] = effect[A](Time) ~~|"
    )
    table = find(project, "effect")
    assert isinstance(table, Graph)
    assert [subscripts for subscripts, _ in table.graphicals] == [("a1",), ("a2",)]
    assert written(auxiliary(project, "x").definitions[0]) == "LOOKUP(effect[A], Time)"


def test_looking_forward_backward_and_beyond_is_done_by_made_functions() -> None:
    project = read(
        "g((0,5),(1,6),(3,7)) ~~| f = LOOKUP FORWARD(g, Time) ~~|"
        "b = LOOKUP BACKWARD(g, Time) ~~| e = LOOKUP EXTRAPOLATE(g, Time) ~~|"
    )
    shown = [written(auxiliary(project, name).definitions[0]) for name in "fbe"]
    assert shown == [
        "LOOKUP(g_forward, -Time)",
        "LOOKUP(g_backward, Time)",
        "LOOKUP(g_extrapolated, Time)",
    ]
    forward, backward, beyond = (
        find(project, f"g {way}") for way in ("forward", "backward", "extrapolated")
    )
    assert isinstance(forward, Graph)
    assert forward.graphicals[0][1].x == (-3, -1, 0)
    assert forward.graphicals[0][1].y == (7, 6, 5)
    kinds = [g.graphicals[0][1].kind for g in (forward, backward, beyond) if isinstance(g, Graph)]
    assert kinds == [GraphicalKind.DISCRETE, GraphicalKind.DISCRETE, GraphicalKind.EXTRAPOLATE]


# The run


def test_control_variables_are_the_settings_of_a_run_and_read_the_clock() -> None:
    project = read("length = 4 ~~|\nx = TIME STEP ~~|")
    assert project.sim_specs.dt == Fraction(1, 8)
    assert project.sim_specs.stop == 10
    assert project.sim_specs.save_interval is None
    assert project.sim_specs.time_units == "Month"
    names = ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER")
    shown = [written(auxiliary(project, name).definitions[0]) for name in names]
    assert shown == ["STARTTIME", "STOPTIME", "DT", "TIME_STEP"]


def test_control_variables_are_worked_out_from_constants() -> None:
    project = read_vensim(
        b"years = 5 ~~| INITIAL TIME = 2000.1 ~~| FINAL TIME = INITIAL TIME + MAX(years, 1) ~~|"
        b"TIME STEP = 1/8 ~~| SAVEPER = IF THEN ELSE(years > 3, 1, 2) * TIME STEP * 4 ~~|",
        "m.mdl",
    )
    specs = project.sim_specs
    assert (specs.start, specs.stop) == (Fraction("2000.1"), Fraction("2005.1"))
    assert (specs.dt, specs.save_interval) == (Fraction(1, 8), Fraction(1, 2))


def test_a_variable_called_dt_is_not_taken_for_the_clock() -> None:
    project = read_vensim(
        b"DT = TIME STEP ~~| INITIAL TIME = 0 ~~| FINAL TIME = 4 ~~| TIME STEP = 0.5 ~~|", "m.mdl"
    )
    assert written(auxiliary(project, "TIME STEP").definitions[0]) == "0.5"
    assert project.sim_specs.dt == Fraction(1, 2)


@pytest.mark.parametrize(
    ("code", "method"),
    [
        ("0", Method.EULER),
        ("1", Method.RK4),
        ("3", Method.RK2),
        ("4", Method.RK2),
        ("5", Method.RK4),
    ],
)
def test_the_method_is_the_fourth_number_of_setting_15(code: str, method: Method) -> None:
    settings = f"\\\\\\---/// Sketch\n*View 1\n///---\\\\\\\n:L<%^E!@\n9:x\n15:0,0,0,{code},0,0\n"
    assert read("x = 1 ~~|", settings).sim_specs.method is method


# Macros


def macro(text: str) -> Macro:
    (found,) = read(f":MACRO: {text}\n:END OF MACRO:\nx = 1 ~~|\n").macros
    return found


def test_a_macro_of_one_equation_is_that_equation() -> None:
    found = macro("TWICE(input, factor)\nTWICE = helper * factor ~~|\nhelper = input ~~|")
    assert found.parameters == (("input", None), ("factor", None))
    assert to_text(found.equation.expr) == "helper * factor"
    assert [variable.about.name for variable in found.variables] == ["helper"]


def test_a_macro_that_is_a_stock_has_it_as_a_variable() -> None:
    found = macro("TRACK(input, start)\nTRACK = INTEG((input - TRACK) / TIME STEP$, start) ~~|")
    assert to_text(found.equation.expr) == "TRACK"
    level, flow = found.variables
    assert isinstance(level, Stock)
    assert isinstance(flow, Flow)
    assert written(flow.definitions[0]) == "(input - TRACK) / DT"


# The rest of the file


def test_units_ranges_comments_groups_and_supplementary_marks() -> None:
    project = read(
        "********************************************************\n\t.sir\n"
        "********************************************************~\n\t\tAn epidemic.\n\t|\n"
        "people = 3\n\t~\tperson/Month [0,?,1]\n\t~\tHow many \\\n\t\tthere are.\n"
        "\t~\t:SUPPLEMENTARY\n\t|\n"
    )
    people = find(project, "people").about
    assert people.units == "person/Month"
    assert people.range == Bounds(0.0, None)
    assert people.doc == "How many there are."
    assert project.doc == "An epidemic."
    assert project.name == "model"


def test_positions_hold_in_continued_lines_and_other_line_ends() -> None:
    text = "{UTF-8}\r\nfirst = 1 ~~|\r\nsum = first + \\\r\n\t\t* 2 ~~|\r\n" + CONTROL
    with pytest.raises(ModelError) as caught:
        read_vensim(text.encode(), "m.mdl")
    (found,) = caught.value.diagnostics
    assert str(found.location) == "m.mdl:4:3"


def test_a_file_without_its_encoding_is_read_as_windows_wrote_it() -> None:
    project = read_vensim("größe = 1 ~~|\n".encode("cp1252") + CONTROL.encode(), "m.mdl")
    assert find(project, "größe").about.name == "größe"


def test_unchangeable_and_data_equations_are_equations() -> None:
    project = read("a == 7 ~~|\nb := 8 ~~|\nc:RAW::= 9 ~~|")
    assert [written(auxiliary(project, name).definitions[0]) for name in "abc"] == ["7", "8", "9"]


SKETCH = """\\\\\\---/// Sketch information - do not modify anything except names
V300  Do not put anything below this section - it will be ignored
*View 1
$192-192-192,0,Times New Roman|12||0-0-0|0-0-0|0-0-255|-1--1--1|-1--1--1|72,72,100,0
10,1,Backlog,248,267,40,20,3,3,0,0,0,0,0,0
12,2,48,449,248,10,8,0,3,0,0,-1,0,0,0
1,3,5,1,4,0,0,22,0,0,0,-1--1--1,,1|(355,268)|
11,5,268,331,268,6,8,34,3,0,0,1,0,0,0
10,6,"orders & more",331,284,32,8,40,3,0,0,-1,0,0,0
10,7,effect,100,90,8,8,8,3,0,0,0,0,0,0
1,8,7,5,1,0,43,0,0,64,0,-1--1--1,,1|(258,298)|
///---\\\\\\
:L<%^E!@
22:$,Dollar,Dollars,$s
22:Hour,Hours
15:0,0,0,0,0,0
"""


def test_a_sketch_is_kept_as_a_view_and_settings_as_units() -> None:
    project = read(
        'Backlog = INTEG("orders & more", 0) ~~|\n"orders & more" = effect ~~|\neffect = 1 ~~|',
        SKETCH,
    )
    (view,) = project.views
    assert view.xml == (
        '<view name="View 1"><stock name="Backlog" x="248" y="267"/>'
        '<flow name="orders &amp; more" x="331" y="268"/><aux name="effect" x="100" y="90"/>'
        '<connector uid="8" polarity="+"><from>effect</from><to>orders &amp; more</to></connector>'
        "</view>"
    )
    assert [(unit.name, unit.aliases) for unit in project.unit_definitions] == [
        ("$", ("Dollar", "Dollars", "$s")),
        ("Hour", ("Hours",)),
    ]

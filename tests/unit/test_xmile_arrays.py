"""Arrays in XMILE: dimensions, definitions, graphical functions by element, initial equations."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cyclesim.errors import ModelError
from cyclesim.expr import Call, Number, Reference, Wildcard, parse, to_text, walk
from cyclesim.project import (
    Auxiliary,
    DimensionMapping,
    Flow,
    Graph,
    GraphicalKind,
    Project,
    Stock,
    Variable,
)
from cyclesim.readers.xmile import read_xmile
from cyclesim.simulation import simulate

REGION = '<dim name="Region"><elem name="North"/><elem name="The South"/></dim>'
TEAM = '<dim name="Team" size="3"/>'
OF_REGION = '<dimensions><dim name="region"/></dimensions>'
OF_BOTH = '<dimensions><dim name="Region"/><dim name="Team"/></dimensions>'
POINTS = "<gf><xpts>0,1</xpts><ypts>0,2</ypts></gf>"


def read(variables: str, dimensions: str = REGION + TEAM, root: str = "") -> Project:
    text = (
        f"<xmile><sim_specs/><dimensions>{dimensions}</dimensions>{root}"
        f"<model><variables>{variables}</variables></model></xmile>"
    )
    return read_xmile(text.encode(), "model.xmile")


def only(variables: str, dimensions: str = REGION + TEAM) -> Variable:
    (found,) = read(variables, dimensions).variables
    return found


def faults(variables: str, dimensions: str = REGION + TEAM) -> list[str]:
    with pytest.raises(ModelError) as caught:
        read(variables, dimensions)
    return [found.message for found in caught.value.diagnostics]


def test_a_dimension_names_its_elements_or_counts_them() -> None:
    region, team = read("<aux name='x'><eqn>1</eqn></aux>").dimensions
    assert (region.name, region.ident) == ("Region", "region")
    assert (region.elements, region.numbered) == (("North", "The South"), False)
    assert (team.elements, team.numbered) == (("1", "2", "3"), True)


def test_a_size_may_stand_beside_its_elements() -> None:
    variable = "<aux name='x'><eqn>1</eqn></aux>"
    (region,) = read(variable, REGION.replace("<dim ", '<dim size="2" ')).dimensions
    assert not region.numbered


def test_a_subrange_is_a_dimension_that_shares_elements() -> None:
    part = '<dim name="Cold"><elem name="North"/></dim>'
    found = only(
        f"<aux name='x'>{OF_REGION}<element subscript='Cold'><eqn>1</eqn></element>"
        "<element subscript='The South'><eqn>2</eqn></element></aux>",
        REGION + part,
    )
    assert isinstance(found, Auxiliary)
    assert [each.subscripts for each in found.definitions] == [("cold",), ("the_south",)]


@pytest.mark.parametrize(
    ("written", "elements"),
    [
        ("<maps_to>Region</maps_to>", (("north",), ("the_south",))),
        (
            '<mapping target="Region"><elem from="B2" to="North"/><elem from="B1" to="The South"/>'
            "</mapping>",
            (("the_south",), ("north",)),
        ),
        (
            '<mapping target="Region"><elem from="B2" to="North"/><elem from="B2" to="The South"/>'
            "</mapping>",
            ((), ("north", "the_south")),
        ),
    ],
)
def test_a_dimension_maps_to_another(written: str, elements: tuple[tuple[str, ...], ...]) -> None:
    branch = f'<dim name="Branch"><elem name="B1"/><elem name="B2"/>{written}</dim>'
    found = read("<aux name='x'><eqn>1</eqn></aux>", branch + REGION).dimensions[0]
    assert found.mappings == (DimensionMapping("region", elements),)  # type: ignore[arg-type]


def test_one_equation_serves_all_elements() -> None:
    found = only(f"<flow name='x'>{OF_BOTH}<eqn>2</eqn><non_negative/></flow>")
    assert isinstance(found, Flow)
    assert found.about.dimensions == ("region", "team")
    (definition,) = found.definitions
    assert definition.subscripts == ("region", "team")
    assert definition.excepts == ()
    assert found.non_negative


def test_each_element_may_have_its_own_equation() -> None:
    found = only(
        f"<stock name='x'>{OF_BOTH}<element subscript='North, 1'><eqn>5</eqn></element>"
        "<element subscript=' &quot;the south&quot; ,2'><eqn>6</eqn></element></stock>"
    )
    assert isinstance(found, Stock)
    assert [each.subscripts for each in found.initial] == [("north", "1"), ("the_south", "2")]
    assert [each.equation.expr for each in found.initial] == [Number(5), Number(6)]


def test_a_general_equation_leaves_out_the_elements_that_have_one() -> None:
    found = only(
        f"<aux name='x'>{OF_REGION}<eqn>1</eqn><element subscript='North'><eqn>2</eqn></element>"
        "</aux>"
    )
    assert isinstance(found, Auxiliary)
    rest, north = found.definitions
    assert (rest.subscripts, rest.excepts) == (("region",), (("north",),))
    assert (north.subscripts, north.excepts) == (("north",), ())


def test_points_may_be_the_same_for_all_elements_or_an_elements_own() -> None:
    own = POINTS.replace("<gf>", '<gf type="discrete">')
    found = only(
        f"<aux name='x'>{OF_REGION}{POINTS}<element subscript='North'><eqn>TIME</eqn></element>"
        f"<element subscript='The South'><eqn>TIME</eqn>{own}</element></aux>"
    )
    assert isinstance(found, Auxiliary)
    kinds = [each.graphical.kind for each in found.definitions if each.graphical is not None]
    assert kinds == [GraphicalKind.CONTINUOUS, GraphicalKind.DISCRETE]


def test_elements_of_points_alone_are_graphical_functions() -> None:
    found = only(
        f"<aux name='x'>{OF_REGION}<element subscript='North'>{POINTS}</element>"
        f"<element subscript='The South'>{POINTS}</element></aux>"
    )
    assert isinstance(found, Graph)
    assert [subscripts for subscripts, _ in found.graphicals] == [("north",), ("the_south",)]


def test_files_of_before_xmile_say_discrete_in_their_own_way() -> None:
    old = POINTS.replace("<gf>", '<gf name="x" discrete="true">')
    found = only(old)
    assert isinstance(found, Graph)
    assert found.graphicals[0][1].kind is GraphicalKind.DISCRETE


def test_an_initial_equation_becomes_a_call_with_places_of_its_own() -> None:
    found = only("<aux name='x'>\n<eqn>y\n * 2</eqn>\n<init_eqn>7 + z</init_eqn></aux>")
    assert isinstance(found, Auxiliary)
    equation = found.definitions[0].equation
    assert isinstance(equation.expr, Call)
    assert equation.expr.function == "active_initial"
    assert [to_text(each) for each in equation.expr.arguments] == ["y * 2", "7 + z"]
    places = {
        node.ident: equation.source.location(node.span.start)
        for node in walk(equation.expr)
        if isinstance(node, Reference)
    }
    assert (places["y"].line, places["y"].column) == (2, 6)  # type: ignore[index]
    assert (places["z"].line, places["z"].column) == (4, 15)  # type: ignore[index]


def test_a_lone_comment_is_no_equation() -> None:
    assert faults("<aux name='x'><eqn>{later}</eqn></aux>") == [
        "there is no equation, only a comment"
    ]


@pytest.mark.parametrize("tag", ["Stock", "STOCK"])
def test_tags_may_be_written_in_capitals(tag: str) -> None:
    assert isinstance(only(f"<{tag} name='x'><Eqn>1</Eqn></{tag}>"), Stock)


def test_variables_of_old_files_stand_in_the_model_itself() -> None:
    text = (
        "<xmile level='3' xmlns='http://www.systemdynamics.org/XMILE'><sim_specs/><model>"
        "<aux name='x'><eqn>1</eqn><display x='1' y='2'/></aux>"
        "<display page_width='0'><connector><from>a</from></connector></display>"
        "<interface/></model></xmile>"
    )
    assert [each.about.name for each in read_xmile(text.encode(), "old.stmx").variables] == ["x"]


def test_settings_in_the_model_go_before_those_of_the_file() -> None:
    text = (
        "<xmile><sim_specs><dt>1</dt></sim_specs><model><sim_specs><dt>0.5</dt></sim_specs>"
        "<variables><aux name='x'><eqn>1</eqn></aux></variables></model></xmile>"
    )
    assert float(read_xmile(text.encode(), "m.xmile").sim_specs.dt) == 0.5


def test_vendors_decoration_is_passed_over_and_the_unknown_is_not() -> None:
    read(
        "<aux name='x'><eqn>1</eqn><isee:delay_aux/><event_poster/></aux>",
        root="<isee:prefs/><isee:data_manager/><default_format/><isee:time_formats/>",
    )
    assert faults("<aux name='x'><eqn>1</eqn><isee:summing/></aux>") == ["<summing> is not known"]


def test_a_file_with_too_many_subscripts_is_refused_for_each() -> None:
    assert faults(
        f"<aux name='x'>{OF_REGION}<element subscript='North, 1'><eqn>1</eqn></element>"
        "<element subscript=''><eqn>1</eqn></element></aux>"
    ) == ["[North, 1] has 2 subscripts for 1 dimension", "[] has 0 subscripts for 1 dimension"]


@pytest.mark.parametrize(
    ("text", "name", "printed"),
    [
        ("VECTOR SORT ORDER(a, 1)", "VECTOR SORT ORDER", "VECTOR_SORT_ORDER(a, 1)"),
        ("sample if true(a, b, c)", "sample IF true", "sample_IF_true(a, b, c)"),
        ('"2 by 2"(a)', "2 by 2", '"2 by 2"(a)'),
        ("Sales.table(a)", "Sales.table", "Sales.table(a)"),
    ],
)
def test_functions_may_have_names_of_several_words(text: str, name: str, printed: str) -> None:
    call = parse(text)
    assert isinstance(call, Call)
    assert call.name == name
    assert to_text(call) == printed
    assert parse(printed) == call


@pytest.mark.parametrize("text", ["a b", "a b + c(1)", "IF a THEN b c ELSE d"])
def test_words_that_no_bracket_follows_are_no_call(text: str) -> None:
    with pytest.raises(Exception, match="found"):
        parse(text)


def test_subscripts_may_be_elements_of_a_dimension_by_number_or_all() -> None:
    (found,) = (node for node in walk(parse("SUM(x[*, *:Cold, Region, 2, Dim!])")) if
                hasattr(node, "subscripts"))  # fmt: skip
    kinds = [type(each) for each in found.subscripts]
    assert kinds == [Wildcard, Wildcard, Reference, Number, Wildcard]


def test_a_negative_number_keeps_its_brackets() -> None:
    assert math.isclose(Number(-2.0).value, -2.0)
    assert to_text(parse("(-2) ^ 2")) == "(-2) ^ 2"


@pytest.mark.parametrize(
    "equations",
    ["<eqn>1</eqn><eqn>2.5</eqn>", "<eqn> 1, 2.5 </eqn>", "<eqn>1;2.5;</eqn>"],
)
def test_elements_may_be_listed_in_their_order(tmp_path: Path, equations: str) -> None:
    path = tmp_path / "listed.xmile"
    path.write_text(
        "<xmile><dimensions><dim name='R'><elem name='a'/><elem name='b'/></dim></dimensions>"
        "<model><!-- two -- hyphens --><variables><aux name='x'><dimensions><dim name='R'/>"
        f"</dimensions>{equations}</aux></variables></model></xmile>",
        encoding="utf-8",
    )
    run = simulate(path, stop=1, dt=1)
    assert (run["x[a]"][0], run["x[b]"][0]) == (1.0, 2.5)

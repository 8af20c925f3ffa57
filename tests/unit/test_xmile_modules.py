"""Modules, macros, unit definitions and included files in XMILE."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cyclesim.errors import ModelError
from cyclesim.expr import Number, Reference, to_text
from cyclesim.project import Auxiliary, Flow, Module, Project, UnitDefinition
from cyclesim.readers import read_model
from cyclesim.readers.xmile import read_xmile

NOTHING_YET = "<eqn>{Enter equation for use when not hooked up to other models}</eqn>"


def read(inner: str, path: str = "model.xmile") -> Project:
    return read_xmile(f"<xmile><sim_specs/>{inner}</xmile>".encode(), path)


def model(variables: str, name: str = "") -> str:
    named = f" name='{name}'" if name else ""
    return f"<model{named}><variables>{variables}</variables></model>"


def aux(name: str, equation: str = "1", more: str = "") -> str:
    return f"<aux name='{name}' {more}><eqn>{equation}</eqn></aux>"


STAFF = model(
    f"<aux name='Load' access='input'>{NOTHING_YET}</aux>" + aux("Effort", "Load"), "Staff"
)


def connected(*attributes: str) -> Module:
    connections = "".join(f"<connect {each}/>" for each in attributes)
    project = read(model(aux("Work") + f"<module name='Staff'>{connections}</module>") + STAFF)
    found = project.variables[-1]
    assert isinstance(found, Module)
    return found


@pytest.mark.parametrize(
    "written",
    ["to='Load' from='.Work'", "to='Staff.Load' from='.Work'", "to='staff.load' from='Work'"],
)
def test_a_connection_leads_from_the_model_into_its_module(written: str) -> None:
    (connection,) = connected(written).connections
    assert connection.input == Reference("load", "Load")  # type: ignore[arg-type]
    assert connection.source == Reference("work", "Work")  # type: ignore[arg-type]


def test_a_connection_is_listed_with_both_modules_and_has_one() -> None:
    both = "<connect to='b.x' from='a.y'/><connect2 to='b.x' from='a.y'/>"
    project = read(
        model(f"<module name='a'>{both}</module><module name='b'>{both}</module>")
        + model(aux("y"), "a")
        + model(f"<aux name='x'>{NOTHING_YET}</aux>", "b")
    )
    first, second = project.variables
    assert isinstance(first, Module)
    assert isinstance(second, Module)
    assert first.connections == ()
    assert [to_text(each.source) for each in second.connections] == ["a.y"]


def test_names_in_quotes_may_hold_dots_and_strokes() -> None:
    project = read(
        model("<module name='b'><connect to='b.\"x/y\"' from='a.\"u.v\"'/></module>")
        + model(f"<aux name='x/y'>{NOTHING_YET}</aux>", "b")
    )
    (found,) = project.variables
    assert isinstance(found, Module)
    (connection,) = found.connections
    assert connection.input.ident == "x/y"
    assert (connection.source.path, connection.source.ident) == (("a",), "u.v")


def test_what_is_connected_is_an_input_whatever_it_was_called() -> None:
    project = read(
        model("<module name='m'><connect to='a' from='.t'/><connect to='s' from='.t'/>"
              "<connect to='f' from='.t'/></module>" + aux("t"))
        + model(f"<stock name='s'>{NOTHING_YET}</stock><flow name='f'>{NOTHING_YET}</flow>"
                + f"<aux name='a'>{NOTHING_YET}</aux>", "m")
    )  # fmt: skip
    stock, flow, auxiliary = project.submodels[0].variables
    assert isinstance(stock, Auxiliary)
    assert stock.input
    assert isinstance(flow, Flow)
    assert isinstance(auxiliary, Auxiliary)
    expr = flow.definitions[0].equation.expr
    assert isinstance(expr, Number)
    assert math.isnan(expr.value)


def test_an_input_keeps_its_own_equation_for_when_nothing_is_connected() -> None:
    project = read(model("<module name='m'/>") + model(aux("x", "7", "access='input'"), "m"))
    (found,) = project.submodels[0].variables
    assert isinstance(found, Auxiliary)
    assert found.input
    assert found.definitions[0].equation.expr == Number(7)


def test_modules_may_share_a_model_and_lie_in_each_other() -> None:
    project = read(
        model("<module name='one' simlin:model_name='Unit'/><module name='two' model_name='unit'/>")
        + model("<module name='inner'/>", "Unit")
        + model(aux("x"), "inner")
    )
    assert [each.model for each in project.variables if isinstance(each, Module)] == [
        "Unit",
        "unit",
    ]
    assert [each.name for each in project.submodels] == ["Unit", "inner"]


def test_the_first_model_is_the_model_itself_where_all_have_names() -> None:
    project = read(model(aux("x"), "Main") + model(aux("y"), "Other"))
    assert [each.about.name for each in project.variables] == ["x"]


def test_a_macro_has_parameters_an_equation_and_variables() -> None:
    project = read(
        "<macro name='GROW MORE'><parm>rate</parm><parm default='2 * 3'>start</parm>"
        "<eqn>Level</eqn><doc>grows</doc><variables><stock name='Level'><eqn>start</eqn>"
        "<inflow>adding</inflow></stock><flow name='adding'><eqn>rate</eqn></flow>"
        "<aux name='rate' access='input'><eqn>1</eqn></aux></variables><view/></macro>"
        + model(aux("x"))
    )
    (macro,) = project.macros
    assert (macro.name, macro.ident) == ("GROW MORE", "grow_more")
    assert [(ident, default and to_text(default.expr)) for ident, default in macro.parameters] == [
        ("rate", None),
        ("start", "2 * 3"),
    ]
    assert to_text(macro.equation.expr) == "Level"
    assert [each.about.name for each in macro.variables] == ["Level", "adding"]


def test_units_are_defined_with_their_other_words() -> None:
    project = read(
        "<model_units><unit name='Person'><eqn/><alias>People</alias><alias>  </alias></unit>"
        "<unit name='Load'><eqn>Person / week</eqn></unit><unit name='off' disabled='true'/>"
        "<units><eqn>person/time</eqn></units></model_units>" + model(aux("x"))
    )
    assert [(each.name, each.equation, each.aliases) for each in project.unit_definitions] == [
        ("Person", None, ("People",)),
        ("Load", "Person / week", ()),
    ]
    assert all(isinstance(each, UnitDefinition) for each in project.unit_definitions)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "model"
    (inside / "parts").mkdir(parents=True)
    return inside


def write(path: Path, inner: str) -> Path:
    path.write_text(f"<xmile><sim_specs><dt>2</dt></sim_specs>{inner}</xmile>", encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_model(path)
    return caught.value.diagnostics[0].message


def test_an_included_file_gives_what_it_defines_and_keeps_its_settings(folder: Path) -> None:
    write(folder / "parts" / "more.xmile", "<dimensions><dim name='D' size='2'/></dimensions>")
    write(
        folder / "parts" / "shared.xmile",
        "<header/><include resource='more.xmile'/><model_units><unit name='u'/></model_units>"
        "<macro name='M'><eqn>1</eqn></macro><model/>" + model(aux("y"), "Part"),
    )
    write(
        folder / "m.xmile",
        "<include resource='parts/more.xmile'/><include resource='parts/shared.xmile'/>"
        + model(aux("x")),
    )
    project = read_model(folder / "m.xmile")
    assert [each.name for each in project.dimensions] == ["D"]
    assert [each.name for each in project.macros] == ["M"]
    assert [each.name for each in project.unit_definitions] == ["u"]
    assert [each.name for each in project.submodels] == ["Part"]
    assert project.macros[0].location.path.endswith("shared.xmile")


def test_a_module_may_lie_in_a_file_of_its_own(folder: Path) -> None:
    write(folder / "parts" / "staff.xmile", model(aux("Load", "3", "access='input'")))
    module = (
        "<module name='Staff' resource='parts/staff.xmile'><connect to='Load' from='.x'/></module>"
    )
    write(folder / "m.xmile", model(aux("x") + module))
    project = read_model(folder / "m.xmile")
    assert [each.name for each in project.submodels] == ["Staff"]
    assert [each.about.name for each in project.submodels[0].variables] == ["Load"]


def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder: Path) -> None:
    write(folder.parent / "secret.xmile", "<dimensions/>")
    (folder / "link.xmile").symlink_to(folder.parent / "secret.xmile")
    write(folder / "m.xmile", "<include resource='link.xmile'/>" + model(aux("x")))
    assert "lies outside the model's own folder" in refused(folder / "m.xmile")


@pytest.mark.parametrize("name", ["../other.xmile", "/etc/passwd", "parts/../../other.xmile"])
def test_a_path_that_leads_out_of_the_folder_is_not_read(folder: Path, name: str) -> None:
    write(folder.parent / "other.xmile", "<dimensions/>")
    write(folder / "m.xmile", f"<include resource='{name}'/>" + model(aux("x")))
    assert "lies outside the model's own folder" in refused(folder / "m.xmile")


def test_a_file_that_includes_itself_is_refused(folder: Path) -> None:
    write(folder / "m.xmile", "<include resource='m.xmile'/>" + model(aux("x")))
    assert "includes itself" in refused(folder / "m.xmile")


def test_modules_that_hold_each_other_are_refused(folder: Path) -> None:
    write(folder / "a.xmile", model("<module name='b' resource='b.xmile'/>"))
    write(folder / "b.xmile", model("<module name='a' resource='a.xmile'/>"))
    assert "includes itself" in refused(folder / "a.xmile")


def test_a_folder_is_no_file(folder: Path) -> None:
    write(folder / "m.xmile", "<include resource='parts'/>" + model(aux("x")))
    assert "there is no file" in refused(folder / "m.xmile")

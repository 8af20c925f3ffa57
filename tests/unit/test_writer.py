"""The XMILE writer: what is written reads back as the same project, and simulates the same."""

from __future__ import annotations

import math
import os
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cyclesim import library
from cyclesim.cli import cli
from cyclesim.errors import CyclesimError, Location, ModelError, SourceText
from cyclesim.expr import Reference
from cyclesim.names import canonical, displayed
from cyclesim.project import (
    About,
    Auxiliary,
    Bounds,
    Dimension,
    Flow,
    GraphicalFunction,
    GraphicalKind,
    Project,
    SimSpecs,
    Stock,
)
from cyclesim.readers import read_model
from cyclesim.readers.xmile import read_xmile
from cyclesim.simulation import simulate
from cyclesim.writers import elementwise, unportable, write_xmile
from cyclesim.writers.numbers import decimal, exact

ROOT = Path(__file__).resolve().parents[2]
SUITES = Path(os.environ.get("CYCLESIM_CONFORMANCE", ROOT.parent / "shared" / "conformance"))


def _files(*kinds: str) -> list[str]:
    found = [path for kind in kinds for path in SUITES.rglob(f"*.{kind}")]
    return sorted(str(path.relative_to(SUITES)) for path in found)


XMILE = _files("xmile", "stmx")
VENSIM = _files("mdl")
without_suites = pytest.mark.skipif(
    not XMILE, reason=f"no conformance suites in {SUITES}; set CYCLESIM_CONFORMANCE"
)


def told(thing: object) -> object:
    """Return what a project says, without the places in files and the layout of equations."""
    match thing:
        case Location() | SourceText():
            return None
        case Reference(ident=ident, path=path):
            return ("reference", ident, tuple(map(canonical, path)))
        case tuple():
            return tuple(map(told, thing))
        case float() if math.isnan(thing):
            return "nan"
    if is_dataclass(thing):
        parts = [field.name for field in fields(thing) if field.compare]
        kept = [name for name in parts if name not in ("path", "views")]
        return (type(thing).__name__, *((name, told(getattr(thing, name))) for name in kept))
    return thing


def again(project: Project) -> Project:
    return read_xmile(write_xmile(project).encode("utf-8"), "written.xmile")


@cache
def read(file: str) -> Project | None:
    try:
        return read_model(SUITES / file)
    except ModelError:
        return None


@without_suites
@pytest.mark.parametrize("file", XMILE)
def test_what_is_written_reads_back_as_the_same_project(file: str) -> None:
    project = read(file)
    if project is None:
        pytest.skip("the file is refused")
    back = again(project)
    assert told(back) == told(project)
    if project.views:
        assert [view.xml for view in back.views] == [view.xml for view in project.views]
    assert write_xmile(back) == write_xmile(project)


@without_suites
@pytest.mark.parametrize("file", VENSIM)
def test_a_vensim_model_reads_back_as_its_elementwise_form(file: str) -> None:
    project = read(file)
    if project is None:
        pytest.skip("the file is refused")
    back = again(project)
    assert told(back) == told(elementwise(project))
    assert write_xmile(back) == write_xmile(project)


@pytest.mark.parametrize("name", library.model_names())
def test_the_librarys_models_are_written_whole(name: str) -> None:
    project = read_model(library.model_path(name))
    assert told(again(project)) == told(project)


SAMPLES = (
    "sdeverywhere/except/except.mdl",
    "sdeverywhere/mapping/mapping.mdl",
    "sdeverywhere/multimap/multimap.mdl",
    "sdeverywhere/active_initial/active_initial.stmx",
    "test-models/macro_stock/test_macro_stock.mdl",
    "test-models/lookups/test_lookups.mdl",
    "test-models/subscript_mixed_assembly/test_subscript_mixed_assembly.mdl",
    "test-models/samples_bpowers-hares_and_lynxes_modules/model_legacy.stmx",
    "simlin/lookup_arrayed/lookup_arrayed.xmile",
)


@without_suites
@pytest.mark.parametrize("file", SAMPLES)
def test_what_is_written_computes_the_same(file: str, tmp_path: Path) -> None:
    project = read_model(SUITES / file)
    written = tmp_path / "written.xmile"
    written.write_text(write_xmile(project), encoding="utf-8")
    before = simulate(SUITES / file, estimate_error=False)
    after = simulate(written, estimate_error=False)
    columns = {canonical(name): place for name, place in after.columns.items()}
    assert {canonical(name) for name in before.columns} == set(columns)
    for name, place in before.columns.items():
        np.testing.assert_allclose(
            after.trajectory.values[columns[canonical(name)]],
            before.trajectory.values[place],
            rtol=1e-12,
            err_msg=name,
        )


# --- pieces --------------------------------------------------------------------------------


def text_of(inner: str) -> str:
    return f"<xmile><sim_specs/>{inner}</xmile>"


def model(variables: str) -> Project:
    return read_xmile(
        text_of(f"<model><variables>{variables}</variables></model>").encode(), "model.xmile"
    )


@pytest.mark.parametrize(
    ("dt", "written"),
    [
        (Fraction(1, 4), '<dt reciprocal="true">4</dt>'),
        (Fraction(1, 3), '<dt reciprocal="true">3</dt>'),
        (Fraction(2, 3), '<dt reciprocal="true">1.5</dt>'),
        (Fraction(3, 4), "<dt>0.75</dt>"),
        (Fraction(2), "<dt>2</dt>"),
        (Fraction(3, 7), "<dt>3/7</dt>"),
    ],
)
def test_dt_is_written_exactly(dt: Fraction, written: str) -> None:
    project = Project(
        "m.xmile", "m", SimSpecs(dt=dt), model("<aux name='x'><eqn>1</eqn></aux>").variables
    )
    assert written in write_xmile(project)
    assert again(project).sim_specs.dt == dt


@given(st.fractions(max_denominator=10**6))
def test_settings_of_a_run_are_exact(number: Fraction) -> None:
    assert Fraction(exact(number)) == number
    short = decimal(number)
    assert short is None or Fraction(short) == number


def test_a_project_without_view_is_laid_out_with_everything_in_it() -> None:
    project = model(
        "<stock name='A'><eqn>1</eqn><outflow>move</outflow></stock>"
        "<stock name='B'><eqn>1</eqn><inflow>move</inflow><inflow>come</inflow></stock>"
        "<flow name='move'><eqn>A / delay</eqn></flow><flow name='come'><eqn>1</eqn></flow>"
        "<flow name='idle'><eqn>1</eqn></flow><aux name='delay'><eqn>two words</eqn></aux>"
        .replace("two words", "two_words")
        + "<aux name='two words'><eqn>delay</eqn></aux>"
    )  # fmt: skip
    root = ElementTree.fromstring(write_xmile(project))
    space = "{http://docs.oasis-open.org/xmile/ns/XMILE/v1.0}"
    view = root.find(f"{space}model/{space}views/{space}view")
    assert view is not None
    shown = [(each.tag.removeprefix(space), each.get("name")) for each in view if each.get("name")]
    assert sorted(shown) == [
        ("aux", "delay"),
        ("aux", "two words"),
        ("flow", "come"),
        ("flow", "idle"),
        ("flow", "move"),
        ("stock", "A"),
        ("stock", "B"),
    ]
    places = [(each.get("x"), each.get("y")) for each in view if each.get("name")]
    assert len(set(places)) == len(places)
    arrows = {
        (each.findtext(f"{space}from"), each.findtext(f"{space}to"))
        for each in view.iter(f"{space}connector")
    }
    assert arrows == {
        ("A", "move"),
        ("delay", "move"),
        ("two_words", "delay"),
        ("delay", "two_words"),
    }


def test_a_general_equation_becomes_one_for_each_element_that_it_serves() -> None:
    text = text_of(
        "<dimensions><dim name='D' size='3'/></dimensions><model><variables>"
        "<aux name='x'><dimensions><dim name='D'/></dimensions><eqn>y[D] * D</eqn>"
        "<element subscript='2'><eqn>7</eqn></element></aux>"
        "<aux name='y'><dimensions><dim name='D'/></dimensions><eqn>D</eqn></aux>"
        "</variables></model>"
    )
    project = read_xmile(text.encode(), "model.xmile")
    back = again(project)
    assert told(back) == told(elementwise(project))
    first = back.variables[0]
    assert isinstance(first, Auxiliary)
    assert [(each.subscripts, each.equation.text) for each in first.definitions] == [
        (("1",), 'y["1"] * D."1"'),
        (("3",), 'y["3"] * D."3"'),
        (("2",), "7"),
    ]


def test_functions_that_xmile_lacks_are_named() -> None:
    project = model(
        "<aux name='x'><eqn>ZIDZ(1, 2) + SMTH1(table(3), 2) + vmin(1)</eqn></aux>"
        "<aux name='y'><eqn>1</eqn><init_eqn>2</init_eqn></aux>"
        "<gf name='table'><xpts>0,1</xpts><ypts>0,1</ypts></gf>"
    )
    assert unportable(project) == ("vmin", "ZIDZ")


@pytest.mark.parametrize(
    "text",
    [
        "a {why} +\n b",
        "IF a &lt; b THEN 1 ELSE 0",
        '"Revenue (net)" // 2',
        "NOT a AND b OR c",
        "-a^2 + (-a)^2",
    ],
)
def test_equations_stay_as_they_were_written(text: str) -> None:
    project = model(f"<aux name='x'><eqn>{text}</eqn></aux>")
    assert f"<eqn>{text}</eqn>" in write_xmile(project)


def test_text_that_xml_cannot_hold_is_not_written() -> None:
    about = About("x", canonical("x"), Location("m", 1, 1), doc="bell \x07 and more \ud800 end")
    variable = model("<aux name='x'><eqn>1</eqn></aux>").variables[0]
    assert isinstance(variable, Auxiliary)
    project = Project("m.xmile", "m", SimSpecs(), (Auxiliary(about, variable.definitions),))
    assert again(project).variables[0].about.doc == "bell and more end"


# --- made-up projects ----------------------------------------------------------------------

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters='\\"', exclude_categories=["C", "Z"]),
    min_size=1,
    max_size=8,
)
NAMES = (
    st.lists(WORDS, min_size=1, max_size=3)
    .map(" ".join)
    .filter(lambda name: displayed(name) == name)
)
PLAIN = st.sampled_from(["1", "x1 + 2", "IF TIME > 3 THEN 1 ELSE -2", "MAX(1, 2)", "-(3)^2"])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)
POINTS = (
    st.lists(NUMBERS, min_size=2, max_size=5)
    .map(sorted)
    .flatmap(
        lambda x: st.builds(
            GraphicalFunction,
            st.sampled_from(GraphicalKind),
            st.just(tuple(x)),
            st.lists(NUMBERS, min_size=len(x), max_size=len(x)).map(tuple),
        )
    )
)
TEXTS = st.none() | st.text(max_size=20).map(
    lambda text: " ".join("".join(c for c in text if c.isprintable()).split())
)


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Draw a project with a dimension and a few variables of every kind and with odd names."""
    elements = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=canonical))
    names = draw(st.lists(NAMES, min_size=3, max_size=5, unique_by=canonical))
    here = Location("", 0, 0)
    dimension = Dimension("Any place", canonical("Any place"), tuple(elements), here)
    seed = model("".join(f"<aux name='a{n}'><eqn>{draw(PLAIN).replace('>', '&gt;')}</eqn></aux>"
                         for n in range(len(names))))  # fmt: skip
    variables: list[Stock | Flow | Auxiliary] = []
    for name, source in zip(names, seed.variables, strict=True):
        assert isinstance(source, Auxiliary)
        (definition,) = source.definitions
        arrayed = draw(st.booleans())
        about = About(
            name,
            canonical(name),
            here,
            draw(TEXTS),
            draw(TEXTS),
            draw(st.just(Bounds()) | st.builds(Bounds, NUMBERS, st.none())),
            (dimension.ident,) if arrayed else (),
        )
        points = draw(st.none() | POINTS)
        parts = [()] if not arrayed else [(canonical(each),) for each in elements]
        if arrayed and draw(st.booleans()):
            parts = [(dimension.ident,)]
        made = tuple(
            type(definition)(definition.equation, subscripts, (), points) for subscripts in parts
        )
        flagged = draw(st.booleans())
        kind = draw(st.sampled_from(["stock", "flow", "aux"]))
        if kind == "stock":
            bare = tuple(type(each)(each.equation, each.subscripts) for each in made)
            variables.append(Stock(about, bare, (), (), flagged))
        elif kind == "flow":
            variables.append(Flow(about, made, flagged))
        else:
            variables.append(Auxiliary(about, made, flagged))
    return Project("m.xmile", "A model", SimSpecs(), tuple(variables), (dimension,))


@given(projects())
def test_any_project_reads_back(project: Project) -> None:
    assert told(again(project)) == told(project)


# --- the command ---------------------------------------------------------------------------


def convert(*arguments: str) -> tuple[int, str]:
    try:
        result = CliRunner().invoke(
            cli, ["convert", *arguments], catch_exceptions=False, standalone_mode=False
        )
    except CyclesimError as error:
        return error.exit_code, str(error)
    return result.exit_code, result.stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.xmile"
    path.write_text(
        text_of("<model><variables><aux name='x'><eqn>ZIDZ(1,2)</eqn></aux></variables></model>"),
        encoding="utf-8",
    )
    return path


def test_a_file_is_converted_with_notes_on_stderr(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xmile"
    code, said = convert(str(source), str(target))
    assert code == 0
    assert "note: other tools may not know the function ZIDZ." in said
    assert read_model(target).name == "in"


def test_a_file_that_is_there_is_left_alone(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xmile"
    target.write_text("mine", encoding="utf-8")
    code, said = convert(str(source), str(target))
    assert code == 2
    assert "is already there" in said
    assert target.read_text(encoding="utf-8") == "mine"
    assert convert(str(source), str(target), "--force", "--quiet") == (0, "")
    assert read_model(target).name == "in"


def test_only_xmile_is_written(source: Path, tmp_path: Path) -> None:
    code, said = convert(str(source), str(tmp_path / "out.mdl"))
    assert code == 2
    assert "its name ends in none of .xmile, .stmx, .xml" in said

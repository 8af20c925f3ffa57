"""The XMILE reader: what it takes over, what it refuses, and where it says things stand."""

from fractions import Fraction

import pytest

from cyclesim.errors import Location, ModelError, UsageError
from cyclesim.project import (
    Auxiliary,
    Bounds,
    Flow,
    Graph,
    GraphicalKind,
    Method,
    SimSpecs,
    Stock,
)
from cyclesim.readers import read_model
from cyclesim.readers.xmile import read_xmile
from tests.models_in_text import PATH, aux, flow, gf, graph, read, stock, xmile


def specs_of(text: str) -> SimSpecs:
    return read(xmile(aux("x", 1), specs=text)).sim_specs


def one(*variables, **settings):
    """Return the last variable of a model."""
    return read(xmile(*variables, **settings)).variables[-1]


def faults(text: str | bytes) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ModelError) as caught:
        read_xmile(content, PATH)
    return [str(found) for found in caught.value.diagnostics]


# --- sim_specs -----------------------------------------------------------------------------


def test_a_file_without_sim_specs_has_the_defaults():
    assert specs_of("") == SimSpecs()


@pytest.mark.parametrize(
    ("dt", "exact"),
    [
        ("<dt>0.25</dt>", Fraction(1, 4)),
        ("<dt>0.1</dt>", Fraction(1, 10)),
        ("<dt> 1e-2 </dt>", Fraction(1, 100)),
        ('<dt reciprocal="true">3</dt>', Fraction(1, 3)),
        ('<dt reciprocal="True">8</dt>', Fraction(1, 8)),
        ('<dt reciprocal="false">2</dt>', Fraction(2)),
        ("", Fraction(1)),
    ],
)
def test_dt_is_the_exact_fraction_of_what_is_written(dt, exact):
    assert specs_of(f"<sim_specs><start>0</start><stop>6</stop>{dt}</sim_specs>").dt == exact


@pytest.mark.parametrize(
    ("written", "interval"),
    [
        ('<sim_specs isee:save_interval="0.5"/>', Fraction(1, 2)),
        ('<sim_specs save_interval="2"/>', Fraction(2)),
        ("<sim_specs><save_interval>3</save_interval></sim_specs>", Fraction(3)),
        ("<sim_specs><isee:savestep>4</isee:savestep></sim_specs>", Fraction(4)),
        ("<sim_specs/>", None),
    ],
)
def test_the_save_interval_is_found_wherever_tools_write_it(written, interval):
    assert specs_of(written).save_interval == interval


@pytest.mark.parametrize(
    ("written", "method"),
    [
        ("Euler", Method.EULER),
        ("RK4", Method.RK4),
        ("rk2", Method.RK2),
        ("gear, RK4", Method.RK4),
        ("RK4, Euler", Method.RK4),
    ],
)
def test_the_first_method_that_is_computed_is_taken(written, method):
    assert specs_of(f'<sim_specs method="{written}"/>').method is method


def test_times_and_their_unit_are_read():
    found = specs_of(
        '<sim_specs time_units=" Week\n"><start>-2.5</start><stop>1e2</stop></sim_specs>'
    )
    assert (found.start, found.stop, found.time_units) == (Fraction(-5, 2), Fraction(100), "Week")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("<sim_specs><dt>0</dt></sim_specs>", "dt = 0 makes no steps. Use a dt above 0."),
        ('<sim_specs><dt reciprocal="true">-4</dt></sim_specs>', "dt = -4 makes no steps"),
        ("<sim_specs><stop>soon</stop></sim_specs>", "<stop> is 'soon', not a number"),
        ("<sim_specs><start>nan</start></sim_specs>", "<start> is 'nan', not a number"),
        ("<sim_specs><dt>1/0</dt></sim_specs>", "<dt> is '1/0', not a number"),
        ('<sim_specs save_interval="-1"/>', "the save interval '-1' is not a number above 0"),
        ('<sim_specs save_interval="0"/>', "the save interval '0' is not a number above 0"),
        (
            "<sim_specs><save_interval>0</save_interval></sim_specs>",
            "the save interval 0 is not above 0",
        ),
        ("<sim_specs><speed>1</speed></sim_specs>", "<speed> is not known"),
        ('<sim_specs method="Eular"/>', "no integration method is called 'Eular'. Did you mean"),
        ('<sim_specs method="gear"/>', "no integration method is called 'gear'"),
    ],
)
def test_faulty_settings_are_refused(written, message):
    found = faults(xmile(aux("x", 1), specs=written))
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize("tag", ["start", "stop", "dt"])
@pytest.mark.parametrize("number", ["1e400", "-1e9999"])
def test_a_number_too_large_for_a_double_is_refused(number, tag):
    # Fraction("1e99999999999") would compute that power: a file must not hang the reader.
    assert faults(xmile(aux("x", 1), specs=f"<sim_specs><{tag}>{number}</{tag}></sim_specs>"))


# --- graphical functions -------------------------------------------------------------------


@pytest.mark.parametrize("kind", GraphicalKind)
def test_graphical_functions_of_each_kind(kind):
    points = gf([0.0, 1.0, 3.0], [2.0, 4.0, 5.0], kind.value)
    found = one(aux("x", "TIME", points)).definitions[0].graphical
    assert (found.kind, found.x, found.y) == (kind, (0.0, 1.0, 3.0), (2.0, 4.0, 5.0))


def test_a_graphical_function_is_continuous_unless_it_says_otherwise():
    found = one(aux("x", "TIME", "<gf><xpts>0,1</xpts><ypts>1,2</ypts></gf>"))
    assert found.definitions[0].graphical.kind is GraphicalKind.CONTINUOUS


def test_an_x_scale_is_divided_evenly():
    found = one(aux("x", "TIME", gf(None, [1.0, 2.0, 3.0, 4.0, 5.0], scale=(10.0, 12.0))))
    assert found.definitions[0].graphical.x == (10.0, 10.5, 11.0, 11.5, 12.0)


@pytest.mark.parametrize(
    "points",
    [
        '<gf><xpts sep=";">0;1</xpts><ypts sep="|">1|2</ypts></gf>',
        '<gf><xpts sep=" ">0  1</xpts><ypts sep=" ">1 2 </ypts></gf>',
        "<gf><xpts> 0 ,\n 1 </xpts><ypts>1,2</ypts></gf>",
        "<gf><yscale min='0' max='2'/><xpts>0,1</xpts><ypts>1,2</ypts></gf>",
    ],
)
def test_points_are_read_with_each_separator(points):
    found = one(aux("x", "TIME", points)).definitions[0].graphical
    assert (found.x, found.y) == ((0.0, 1.0), (1.0, 2.0))


def test_graphs_stand_by_themselves_as_gf_or_as_an_auxiliary_without_equation():
    points = gf([0.0, 1.0], [0.0, 2.0])
    assert isinstance(one(graph("Effect", points)), Graph)
    assert isinstance(one(aux("Effect", None, points)), Graph)
    assert isinstance(one(flow("Effect", "TIME", points)), Flow)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ("<gf><xpts>0,1,2</xpts><ypts>1,2</ypts></gf>", "has 3 x values and 2 y values"),
        ("<gf><xpts>0</xpts><ypts>1</ypts></gf>", "has fewer than two points"),
        ('<gf><xscale min="0" max="1"/></gf>', "has fewer than two points"),
        ("<gf><xpts>0,2,1</xpts><ypts>1,2,3</ypts></gf>", "x values of the graphical function f"),
        ('<gf><xscale min="1" max="0"/><ypts>1,2</ypts></gf>', "fall somewhere"),
        ("<gf><ypts>1,2</ypts></gf>", "has neither x values nor an x scale"),
        ('<gf><xscale min="0"/><ypts>1,2</ypts></gf>', "no smallest and largest value"),
        ('<gf><xscale min="nan" max="1"/><ypts>1,2</ypts></gf>', "no smallest and largest value"),
        ('<gf><xscale min="0" max="inf"/><ypts>1,2</ypts></gf>', "no smallest and largest value"),
        ("<gf><xpts>0,one</xpts><ypts>1,2</ypts></gf>", "'one' among the points is not a number"),
        ("<gf><xpts>0,nan</xpts><ypts>1,2</ypts></gf>", "'nan' among the points is not a number"),
        ('<gf type="spline"><xpts>0,1</xpts><ypts>1,2</ypts></gf>', "is of type 'spline'"),
    ],
)
def test_faulty_points_are_refused(points, message):
    found = faults(xmile(aux("Effect", "TIME", points)))
    assert len(found) == 1
    assert "'Effect'" in found[0]
    assert message in found[0]


# --- variables -----------------------------------------------------------------------------


def test_a_stock_knows_its_flows_in_order():
    found = one(
        flow("hiring", 1),
        flow("joining", 1),
        flow("quitting", 1),
        stock("Staff", "10 + 1", ["hiring", "Joining "], "quitting"),
    )
    assert isinstance(found, Stock)
    assert found.initial[0].equation.text == "10 + 1"
    assert [flow.expr.ident for flow in found.inflows] == ["hiring", "joining"]
    assert [flow.expr.ident for flow in found.outflows] == ["quitting"]


def test_documentation_units_and_range_are_kept():
    extra = "<doc>How\n many.</doc><units> people </units><range min='0' max='2.5'/>"
    about = one(aux("Staff", 1, extra)).about
    assert (about.doc, about.units, about.range) == ("How many.", "people", Bounds(0.0, 2.5))
    plain = one(aux("Staff", 1)).about
    assert (plain.doc, plain.units, plain.range) == (None, None, Bounds())


@pytest.mark.parametrize(
    ("written", "bounds", "shown"),
    [
        ("<range min='0'/>", Bounds(0.0, None), "at least 0"),
        ("<range max='1'/>", Bounds(None, 1.0), "at most 1"),
        ("<range min='-1' max='1'/>", Bounds(-1.0, 1.0), "from -1 to 1"),
        ("<range/>", Bounds(), "any number"),
    ],
)
def test_ranges_may_be_open(written, bounds, shown):
    found = one(aux("x", 1, written)).about.range
    assert found == bounds
    assert str(found) == shown
    assert [found.holds(v) for v in (-2.0, 0.5, 2.0)] == [
        (bounds.low is None or v >= bounds.low) and (bounds.high is None or v <= bounds.high)
        for v in (-2.0, 0.5, 2.0)
    ]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("<range min='low'/>", "the range's min 'low' is not a number"),
        ("<range min='nan'/>", "the range's min 'nan' is not a number"),
        ("<range min='2' max='1'/>", "the range runs from 2 down to 1"),
    ],
)
def test_faulty_ranges_are_refused(written, message):
    (found,) = faults(xmile(aux("x", 1, written)))
    assert message in found


BEHAVIORS = {
    "none": ("", False, False),
    "all": ("<behavior><non_negative/></behavior>", True, True),
    "stocks": ("<behavior><stock><non_negative/></stock></behavior>", True, False),
    "flows": ("<behavior><flow><non_negative/></flow></behavior>", False, True),
}


@pytest.mark.parametrize("where", ["before_model", "in_model"])
@pytest.mark.parametrize("behavior", BEHAVIORS)
def test_non_negative_defaults_come_from_behavior(behavior, where):
    text, stocks, flows = BEHAVIORS[behavior]
    found = read(xmile(flow("f", 1), stock("S", 1, "f"), **{where: text})).variables
    assert [variable.non_negative for variable in found] == [flows, stocks]


@pytest.mark.parametrize(
    ("flag", "result"),
    [("", True), ("<non_negative>false</non_negative>", False), ("<non_negative/>", True)],
)
def test_a_variable_overrides_the_default(flag, result):
    behavior = BEHAVIORS["all"][0]
    assert one(flow("f", 1, flag), before_model=behavior).non_negative is result
    assert one(flow("f", 1, "<non_negative/>")).non_negative is True


def test_prefixed_elements_and_attributes_of_vendors_are_understood():
    text = (
        '<xmile xmlns:isee="http://iseesystems.com/XMILE"><isee:prefs show="1"/>'
        '<model><variables><aux name="x"><isee:event_poster/><eqn isee:kind="a">1</eqn>'
        '</aux><isee:dependencies name="d"/></variables></model></xmile>'
    )
    assert [v.about.name for v in read(text).variables] == ["x"]


def test_prefixes_need_no_declaration():
    assert specs_of('<sim_specs isee:sim_duration="0" isee:save_interval="2"/>').save_interval == 2


def test_old_files_set_variables_directly_into_the_model():
    text = f"<xmile><model>{stock('S', 1)}{aux('x', 2)}</model></xmile>"
    found = read(text).variables
    assert [type(variable) for variable in found] == [Stock, Auxiliary]


def test_views_are_kept_as_they_stand():
    text = xmile(
        aux("x", 1),
        in_model='<views><view kind="a&amp;b"><aux x="1" name="x"/>t&lt;</view></views>',
    )
    (view,) = read(text).views
    assert view.xml == ('<views><view kind="a&amp;b">t&lt;<aux x="1" name="x"/></view></views>')


def test_the_name_comes_from_the_header_or_else_the_file():
    assert read(xmile(aux("x", 1))).name == "model"
    titled = xmile(aux("x", 1), before_model="<header><name> Cycle </name></header>")
    assert read(titled).name == "Cycle"


def test_what_a_model_says_about_itself_is_kept():
    assert read(xmile(aux("x", 1), in_model="<doc>About\n it</doc>")).doc == "About it"


def test_cdata_is_text():
    (found,) = read(xmile('<aux name="x"><eqn><![CDATA[1 < 2]]></eqn></aux>')).variables
    assert found.definitions[0].equation.text == "1 < 2"


def test_variables_keep_their_place_in_the_file():
    text = xmile(aux("x", 1)).replace("<aux", "\n\n   <aux")
    (found,) = read(text).variables
    assert found.about.location == Location(PATH, 3, 4)


# --- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<stella/>", "the file is <stella>, not <xmile>"),
        ("<xmile/>", "the file holds no <model>"),
        (
            xmile(aux("x", 1)).replace("</model>", "</model><model/>"),
            "<model>: a model without a name stands on line 1 already",
        ),
        ("<xmile><model><variables/></model></xmile>", "the model has no variables"),
        ("<xmile><model>", "the file is not whole XML"),
        ("", "the file is not whole XML: no element found"),
        (b"<xmile>\xff\xfe</xmile>", "the file is not whole XML"),
        (xmile(aux("x", 1), before_model="<macro name='m'/>"), "'m': there is no equation"),
        (xmile(aux("x", 1), before_model="<wonder/>"), "<wonder>: this element is not known"),
        (xmile(aux("x", 1), in_model="<wonder/>"), "<wonder>: this element is not known"),
        (
            xmile(aux("x", 1), before_model="<dimensions><dim name='d'/></dimensions>"),
            "dimension 'd': the dimension has neither a size nor elements",
        ),
        (xmile(stock("S", 1, extra="<conveyor/>")), "'S': the conveyor has no transit time"),
        (xmile(stock("S", 1, extra="<queue/>")), "'S': queues are not computed yet"),
        (xmile(aux("x", 1, "<element subscript='a'/>")), "'x': it has elements and no dim"),
        (xmile(aux("x", 1, "<wonder/>")), "'x': <wonder> is not known"),
        (xmile("<lamp name='L'/>"), "<lamp>: no kind of variable is called so"),
        (xmile("<aux><eqn>1</eqn></aux>"), "<aux>: the variable has no name"),
        (xmile(aux("x", None)), "'x': there is no equation"),
        (xmile(aux("x", " ")), "'x': there is no equation"),
        (xmile(aux("x", 1, "<eqn>2</eqn>")), "'x': there are two equations. Keep one."),
        (xmile(aux("x y", 1), aux("X_Y", 2)), "'X_Y': the name is taken by 'x y' on line 1"),
        (xmile(stock("S", 1, " ")), "'S': <inflow> names no flow"),
        (xmile(aux("x", "1 +")), "'x': the equation ends where a value is expected"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(text, message):
    found = faults(text)
    assert len(found) == 1
    assert message in found[0]


def test_all_faults_are_told_in_the_order_of_the_file():
    text = xmile(aux("a", "1 +"), aux("b", "("), "<lamp name='L'/>", aux("c", ")"))
    assert [line.split(":")[3].strip() for line in faults(text)] == ["'a'", "'b'", "<lamp>", "'c'"]


ENTITIES = (
    '<!DOCTYPE xmile [<!ENTITY a "&b;&b;"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
    "<xmile><model><variables><aux name='x'><eqn>&a;</eqn></aux></variables></model></xmile>"
)


def test_a_document_type_is_refused_before_any_entity_is_read():
    (found,) = faults(ENTITIES)
    assert "a document type and its entities are refused" in found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_files_in_usual_encodings_are_read(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + xmile(aux("Qualit\u00e4t", 1))
    (found,) = read_xmile(text.encode(encoding), PATH).variables
    assert found.about.name == "Qualit\u00e4t"


def test_a_byte_order_mark_is_passed_over():
    assert read_xmile(b"\xef\xbb\xbf" + xmile(aux("x", 1)).encode(), PATH).variables


@pytest.mark.parametrize("encoding", ["foo", "utf-7", "rot13"])
def test_an_encoding_that_cannot_be_read_is_told(encoding):
    (found,) = faults(f'<?xml version="1.0" encoding="{encoding}"?><xmile/>'.encode())
    assert "encoding" in found


def test_deeply_nested_elements_are_read_or_refused_in_words():
    nest = "<a>" * 20000 + "</a>" * 20000
    try:
        (found,) = read(xmile(aux("x", 1), in_model=f"<views>{nest}</views>")).views
        told = found.xml
    except ModelError as error:
        told = str(error)
    assert "nested" in told or told.startswith("<views><a><a>")


# --- positions -----------------------------------------------------------------------------

BROKEN = """\
<xmile>
 <model><variables>
  <aux name="Caf\u00e9 &amp; bar">
   <eqn>1 +
    2 &lt; {note} ) * 3</eqn>
  </aux>
 </variables></model>
</xmile>"""


def test_a_fault_in_an_equation_is_shown_in_its_line():
    (found,) = faults(BROKEN)
    assert found == (
        f"{PATH}:5:19: 'Caf\u00e9 & bar': expected a value, found ')'.\n"
        "    2 < {note} ) * 3\n"
        "               ^"
    )


# --- files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".xmile", ".stmx", ".xml", ".itmx", ".XMILE"])
def test_files_are_read_by_their_suffix(tmp_path, suffix):
    file = tmp_path / f"Teacup{suffix}"
    file.write_text(xmile(aux("x", 1)), encoding="utf-8")
    assert read_model(file).name == "Teacup"
    assert read_model(str(file)).path == str(file)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(UsageError, match=r"its name ends in none of \.xmile"):
        read_model(tmp_path / "a.txt")
    with pytest.raises(UsageError, match="there is no model file"):
        read_model(tmp_path / "none.xmile")
    with pytest.raises(UsageError, match="there is no model file"):
        read_model(tmp_path)

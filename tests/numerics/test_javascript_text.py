"""The scripts of the `javascript` target as text: safe on a page, and naming only our own."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclesim import library
from cyclesim.codegen.array_functions import REDUCTIONS
from cyclesim.codegen.emit_javascript import emit_javascript, runtime_text, schedule_numbers
from cyclesim.compiler import CompiledModel
from cyclesim.operations import OPERATIONS
from cyclesim.simulation import load, simulate
from tests.javascript_runs import NODE, Job, node, ran
from tests.models_in_text import (
    aux,
    compiled,
    dimension,
    dimensions,
    flow,
    model,
    over,
    stock,
    xmile,
)

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "--> ]]>",
    'a " quote',
    "it's",
    "`${alert(1)}`",
    "back\\slash\\",
    "line\nbreak",
    "sep\u2028arated\u2029twice",
    "\u202eevil\u202c",
    "\u05e9\u05e8\u05d5\u05ea",
    "__proto__",
    "constructor",
    "v0",
    "levels",
    "{0} %s",
    "&lt;",
    "a" * 500,
]

WORDS = {
    "use", "strict", "const", "var", "let", "function", "return", "for", "runtime", "bind",
    "parameters", "clock", "initial", "rates", "update", "outputs", "time", "step_time", "levels",
    "held", "out", "start", "stop", "dt", "declared_dt", "seed", "run", "noise_step", "k", "new",
    "Float64Array", "fill", "NaN", "Infinity", "step_number", "uniform", "round_half_away", "at",
    "spot", "looked_up", "continuous", "extrapolate", "discrete", "conveyor_at_start",
    *OPERATIONS, *REDUCTIONS,
}  # fmt: skip
OWN = re.compile(r"(?:v|r|i|table_|places_|next_|input_|delay_)\d+\Z")
DEFINED = re.compile(
    r"cyclesim\.define\((\"(?:[^\"\\]|\\.)*\"), (\{.*\}), function \(runtime\) \{\Z"
)


def check_page_text(text: str) -> None:
    """Assert that a text may stand in a script on a page and makes no code of texts."""
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)
    assert not re.search(r"</script|<!--|-->|<script|]]>", text, re.IGNORECASE)
    assert not re.search(r"\beval\b|\bFunction\b|\bimport\b|\bdocument\b|\bwindow\b", text)


def check_script(text: str) -> None:
    """Assert that a script names nothing but our own outside its first line, which is data."""
    check_page_text(text)
    first, *code = text.splitlines()
    found = DEFINED.match(first)
    assert found, first[:200]
    json.loads(found[1])
    json.loads(found[2])
    assert code[0] == '"use strict";'
    assert not re.search(r"['`]|\"", "\n".join(code[1:]))
    for word in re.findall(r"(?<![\w])[A-Za-z_$][\w$]*", "\n".join(code)):
        assert word in WORDS or OWN.match(word), word


def quoted_name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def hostile() -> CompiledModel:
    """Return a model whose names, docs, units, dimension and elements mean harm."""
    doc = "<doc>&lt;/script&gt;&lt;!-- alert(1)</doc><units>&lt;/script&gt;</units>"
    variables = []
    for n, name in enumerate(HOSTILE):
        one, rate = quoted_name(name), quoted_name(f"{name} rate")
        variables += [stock(one, n + 1, rate, extra=doc), flow(rate, f"{one} / {n + 1}", doc)]
    elements = [name for name in HOSTILE if "," not in name]
    listed = "".join(
        '<elem name="{}"/>'.format(
            quoted_name(name).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        )
        for name in elements
    )
    dims = f'<dimensions><dim name="Kind">{listed}</dim></dimensions>'
    variables.append(aux("each", "Kind", over("Kind")))
    return model(*variables, before_model=dims, stop=3, time_units="&lt;/script&gt;")


def test_hostile_names_stay_data() -> None:
    check_script(emit_javascript(hostile().flat, "</script><!--\u2028\"'").text)


@pytest.mark.skipif(NODE is None, reason="no Node.js: install nodejs")
def test_hostile_names_come_back_as_they_were_written() -> None:
    flat = hostile().flat
    rows = [column for variable in flat.variables for column in variable.columns]
    settings_ = json.dumps(schedule_numbers(flat.sim_specs))
    name = json.dumps("</script>\u2028\"'")
    lines = [
        runtime_text(),
        emit_javascript(flat, "</script>\u2028\"'").text,
        f"const m = cyclesim.model({name}, {settings_});",
        "console.log(JSON.stringify([m.rows, m.rows.map(r => m.rowPlaces.get(r))]));",
    ]
    found, places = json.loads(node("\n".join(lines)))
    assert found == rows
    assert places == list(range(len(rows)))
    (there,) = ran([Job(flat)])
    wanted = simulate(hostile(), estimate_error=False).trajectory.values
    assert there.values.tolist() == wanted.tolist()


@pytest.mark.skipif(NODE is None, reason="no Node.js: install nodejs")
def test_a_hostile_name_in_the_words_of_a_run_that_ended() -> None:
    name = quoted_name(HOSTILE[0])
    loaded = model(stock(name, 1, "f"), flow("f", f"{name} / (3 - TIME)"))
    (there,) = ran([Job(loaded.flat)])
    here = simulate(loaded, strict=False, estimate_error=False).status
    assert there.status["message"] == here.message
    assert "</script>" in here.message


@settings(max_examples=60)
@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_name_gives_a_safe_script(name: str) -> None:
    if any(ord(character) in (0xFFFE, 0xFFFF) for character in name):  # no XML holds them
        return
    text = xmile(aux(quoted_name(name + "\n"), "1 + TIME"))
    check_script(emit_javascript(compiled(text).flat, name).text)


@pytest.mark.parametrize("name", library.model_names())
def test_scripts_of_the_library_are_safe_and_small(name: str) -> None:
    text = emit_javascript(load(name).flat).text
    check_script(text)
    assert len(text) < 100_000


def test_arrays_tables_noise_and_conveyors_are_our_own_words_too() -> None:
    belt = stock("Held", 12, "In", ["Out"], "<conveyor><len>2</len></conveyor>")
    loaded = model(
        belt, flow("In", "RANDOM(0, 1) + NORMAL(0, 1, 3)"), flow("Out", None),
        aux("grid", "R + PREVIOUS(TIME, 0)", over("R")),
        aux("sum", "SUM(grid[*]) + grid[TIME] + DELAY(TIME, 2)"),
        aux("table", "TIME", '<gf type="discrete"><xpts>0,1</xpts><ypts>1,2</ypts></gf>'),
        before_model=dimensions(dimension("R", "A B C")),
    )  # fmt: skip
    check_script(emit_javascript(loaded.flat).text)


def test_the_runtime_may_stand_on_any_page() -> None:
    check_page_text(runtime_text())
    assert runtime_text().startswith("const cyclesim = (function () {\n")


@pytest.mark.parametrize("bad", ["x</script>", "a<!--b", "eval(1)", "new Function('x')", "\u2028"])
def test_the_check_of_a_page_can_fail(bad: str) -> None:
    with pytest.raises(AssertionError):
        check_page_text(bad)


@pytest.mark.parametrize("bad", ["alert(1);", 'const v0 = "text";', "v0.constructor;", "`${v0}`"])
def test_the_check_of_a_script_can_fail(bad: str) -> None:
    good = emit_javascript(model(aux("x", "TIME")).flat).text
    with pytest.raises(AssertionError):
        check_script(good + bad)

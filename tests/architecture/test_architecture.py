"""The shape of the code: layers, sizes, docstrings, light starts, safe generated code."""

from __future__ import annotations

import ast
import io
import json
import keyword
import os
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclesim.codegen import TARGETS, array_support
from cyclesim.names import canonical
from cyclesim.operations import OPERATIONS
from cyclesim.simulation import simulate
from tests.models_in_text import (
    NON_NEGATIVE,
    aux,
    compiled,
    element,
    flow,
    graph,
    model,
    over,
    stock,
    xmile,
)

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "cyclesim").rglob("*.py"))
IDS = [str(path.relative_to(ROOT / "src" / "cyclesim")) for path in SOURCES]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )


def test_there_are_sources():
    assert len(SOURCES) > 30


def test_imports_keep_to_the_contract():
    lint = "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])"
    found = run("-c", lint)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "0 broken" in found.stdout


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_a_module_is_one_idea_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def functions(tree: ast.AST):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_a_function_fits_a_screen(path):
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in functions(TREES[path])
        if node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    }
    assert not long


def _public(node: ast.AST, inside_public: bool = True):
    """Yield public classes and functions of a module and of its public classes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_what_is_public_says_what_it_is(path):
    silent = [node.name for node in _public(TREES[path]) if not ast.get_docstring(node)]
    assert not silent
    assert ast.get_docstring(TREES[path]) or path.name == "__main__.py"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_no_module_keeps_state_that_changes(path):
    """No `global`, and no module-level list or set, or empty dict, waiting to be filled."""
    assert not [n for n in ast.walk(TREES[path]) if isinstance(n, ast.Global | ast.Nonlocal)]
    for node in TREES[path].body:
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            named = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
            if named != "__all__":
                assert not isinstance(value, ast.List | ast.Set), named
                assert not (isinstance(value, ast.Dict) and not value.keys), named


# --- light starts ----------------------------------------------------------------------------

HEAVY = ("pandas", "scipy", "plotly", "pydantic", "pysd", "jinja2", "ruamel", "pyarrow", "dask",
         "distributed", "SALib", "rich", "llvmlite")  # fmt: skip
LIGHT = """
import json, sys
from cyclesim.cli import main
try:
    main({arguments!r})
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "tank.xmile"
    path.write_text(
        xmile(stock("Water", 1, "f"), flow("f", "0.1 * Water"), dt="0.5"), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_simulate_needs_no_heavy_package(file, tmp_path, method):
    out = tmp_path / "run.csv"
    arguments = ["simulate", str(file), "--out", str(out), "--method", method, "--quiet"]
    found = run("-c", LIGHT.format(arguments=arguments))
    assert found.returncode == 0, found.stderr
    code, modules = json.loads(found.stdout.splitlines()[-1])
    assert code == 0
    assert out.read_text().startswith("time,Water,f\n0.0,1.0,0.1\n")
    assert not set(HEAVY) & set(modules)


@pytest.mark.parametrize("arguments", [[], ["--version"]])
def test_the_command_line_opens_without_the_engine(arguments):
    found = run("-c", LIGHT.format(arguments=arguments))
    _, modules = json.loads(found.stdout.splitlines()[-1])
    assert not {*HEAVY, "numpy"} & set(modules)


def test_an_adaptive_method_is_the_one_that_needs_scipy(file):
    """Shows that the test above can fail."""
    arguments = ["simulate", str(file), "--method", "rk45", "--quiet"]
    found = run("-c", LIGHT.format(arguments=arguments))
    assert "scipy" in json.loads(found.stdout.splitlines()[-1])[1]


# --- generated code --------------------------------------------------------------------------

HOSTILE = [
    "__import__('os').system('true')",
    "'); import os #",
    '"""',
    "a\nimport os\nb",
    "x\u2028import os",
    "# comment\\",
    "lambda: 0",
    "None",
    "class",
    "parameters",
    "dt",
    "v_a",
    "{0} %s {names}",
    "\u0434\u0430\u043d\u043d\u044b\u0435",
    "\uff56_a",  # a wide v, which Python itself would read as v
    "\u202eevil",
    "a" * 500,
    "a" * 500 + "b",
    "levels",
    "noise_step",
    "divisor_1",
]

LANGUAGE = {
    "bind", "parameters", "start", "stop", "dt", "declared_dt", "noise_seed", "runs", "initial",
    "derivatives", "update", "outputs", "breakpoints", "time", "step_time", "levels", "held",
    "noise_step", "step_number", "draw", "draw_seeded", "noise_of", "inf", "nan",
    "round_half_away", "not_", "and_", "or_", *OPERATIONS,
    "float", "range", "zip", "at", "pairs", "looked_up", "spread", "assemble", "filled", "unfilled",
    "taken",
    "gathered", "transpose", *array_support.REDUCTIONS,
}  # fmt: skip
SAFE = re.compile(
    r"v_[A-Za-z0-9_]+\Z|(table|divisor|places|turns|box|next|input|delay)_\d+\Z|[if]\d+\Z"
)


def check_code(text: str) -> None:
    """Assert that code names nothing but our own, keeps one idea a line and no strings."""
    assert text.splitlines() == text.split("\n")[:-1], "a comment breaks its line"
    assert all(line.isprintable() for line in text.splitlines())
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        assert token.type != tokenize.STRING
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            assert token.string in LANGUAGE or SAFE.match(token.string), token.string
    allowed = (
        ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Return, ast.Tuple,
        ast.List, ast.Name, ast.Load, ast.Store, ast.Constant, ast.Call, ast.BinOp, ast.UnaryOp,
        ast.BoolOp, ast.IfExp, ast.Compare, ast.NamedExpr, ast.operator, ast.unaryop, ast.boolop,
        ast.cmpop, ast.ListComp, ast.comprehension, ast.For, ast.Subscript, ast.Slice, ast.Starred,
        ast.Attribute,
    )  # fmt: skip
    for node in ast.walk(ast.parse(text)):
        assert isinstance(node, allowed), ast.dump(node)
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, float | int) or node.value is None
        if isinstance(node, ast.Attribute):
            assert node.attr == "transpose"
        if isinstance(node, ast.Call):
            called = node.func.value if isinstance(node.func, ast.Subscript) else node.func
            assert isinstance(called, ast.Name | ast.Attribute)


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def in_attribute(name: str) -> str:
    """Line breaks survive in an attribute as character references only."""
    return quoted(name).replace("\n", "\\n")


@pytest.mark.parametrize("target", TARGETS)
def test_hostile_names_stay_out_of_the_code(target):
    variables = []
    for n, name in enumerate(HOSTILE):
        one, other = in_attribute(name), in_attribute(f"{name} rate")
        comment = "{" + name.replace("}", "") + "}"
        equation = f"{quoted(name)} / {n + 1} + 0 * SMTH1({quoted(name)}, 2) {comment}"
        variables += [stock(one, n + 1, other), flow(other, equation)]
    variables.append(graph(quoted("os.system"), "<gf ><xpts>0,1</xpts><ypts>1,2</ypts></gf>"))
    loaded = model(*variables, stop=2)
    check_code(TARGETS[target](loaded.flat).source.text)
    found = simulate(loaded, target=target, estimate_error=False)
    for n, name in enumerate(HOSTILE):
        row = found.trajectory.values[found.flat.places[canonical(in_attribute(name))]]
        growth = 1 + 1 / (n + 1)
        assert row.tolist() == pytest.approx([(n + 1) * growth**k for k in range(3)])


@pytest.mark.parametrize("target", ["python", "numpy"])
def test_hostile_dimensions_and_elements_stay_out_of_the_code(target):
    names = [in_attribute(name) for name in HOSTILE if "," not in name]
    attribute = [name.replace('"', "&quot;") for name in names]
    row, column = attribute[0], "a\\nimport os"
    elements = "".join(f'<elem name="{name}"/>' for name in attribute)
    dims = f'<dim name="{row}">{elements}</dim><dim name="{column}" size="2"/>'
    both = over(row, column)
    dimension = names[0]
    variables = [
        stock("S", f"{dimension} + 0", "grow", ["shrink"], both + NON_NEGATIVE),
        flow("grow", f"SMTH1(S, 2) * PREVIOUS(1, 0) + DELAY(1, {dimension})", both),
        flow("shrink", f"MAX(S[{dimension}, *]) * RANDOM(0, 1) / 9", both),
        aux("cross", "S", over(column, row)),
        aux("y", f"SUM(S[*, *]) + S[{names[1]}, 1] + S[TIME + 1, 2]"),
        aux("chain", None, over(column) + element("1", "TIME") + element("2", "chain[1] / 2")),
        aux("g", "TIME", over(column) + "<gf ><xpts>0,1</xpts><ypts>1,2</ypts></gf>"),
    ]
    loaded = model(*variables, before_model=f"<dimensions>{dims}</dimensions>", stop=2)
    check_code(TARGETS[target](loaded.flat).source.text)
    found = simulate(loaded, target=target, estimate_error=False)
    assert found["S"].shape == (len(names), 2, 3)
    assert found["S"][:, :, 0].tolist() == [[n + 1.0] * 2 for n in range(len(names))]
    assert found["cross"][1, 2].tolist() == found["S"][2, 1].tolist()


@pytest.mark.parametrize("target", ["python", "numpy"])
@settings(max_examples=60)
@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_name_gives_safe_code(target, name):
    hostile = in_attribute(name + "\n")
    text = xmile(aux(hostile, "1 + TIME"), aux("another \\n import os", "2"))
    if any(ord(c) in (0xFFFE, 0xFFFF) for c in name):  # no XML holds them
        return
    check_code(TARGETS[target](compiled(text).flat).source.text)


@pytest.mark.parametrize("target", ["python", "numpy"])
def test_generated_code_has_no_builtins(target):
    loaded = model(aux("x", "TIME"))
    program = TARGETS[target](loaded.flat)
    code = compile(program.source.text, "x", "exec")
    assert "__builtins__" not in code.co_names
    scope = program.bind.__closure__
    namespace = next(c.cell_contents for c in scope if isinstance(c.cell_contents, dict))
    assert namespace["__builtins__"] == {}


def test_the_checker_of_code_can_fail():
    for bad in ("x = 1\n", "v_a = v_b.c\n", "v_a = 'text'\n", "import os\n", "v_a = dt # \x0c\n",
                "v_a = v_b.shape\n", "v_a = v_b.mean()\n"):  # fmt: skip
        with pytest.raises(AssertionError):
            check_code(bad)


# --- a model of the library, as shipped --------------------------------------------------------


@pytest.mark.parametrize("target", ["python", "numpy"])
@pytest.mark.parametrize("name", ["service_cycle", "pull_value"])
def test_code_of_the_library_is_safe_and_says_its_equations(name, target):
    loaded = simulate.__globals__["load"](name)
    text = TARGETS[target](loaded.flat).source.text
    check_code(text)
    for variable in loaded.flat.visible:
        if variable.role.name == "ALGEBRAIC":
            assert f"  # {variable.equation}" in text

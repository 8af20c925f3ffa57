"""The library's models in other engines, and what is said where engines differ, fail or lack."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cyclesim import cli, library
from cyclesim.errors import UsageError
from cyclesim.expr import Binary, Number
from cyclesim.project import Definition, Project, Stock, Variable
from cyclesim.readers import read_model
from cyclesim.simulation import load, simulate
from cyclesim.verify import ENGINES, LIMITATIONS, Cause, Opinion, Status, Verdict, verification
from cyclesim.verify.comparison import column_key, compare, yardsticks
from cyclesim.verify.emulation import with_definitions
from cyclesim.verify.engines import Answer, Engine, ask
from cyclesim.verify.limitations import REFUSALS
from cyclesim.verify.verification import verify
from cyclesim.writers import write_xmile
from tests.verify.small_models import (
    DRAWN,
    LIMITED,
    NON_NEGATIVE,
    REFUSED,
    aux,
    drained,
    graphical,
    model,
)

_NO_STAR = "PySD does not read `*` as a subscript in XMILE"
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("moments_of_truth", "pysd"): _NO_STAR,
    ("service_delivery_system", "pysd"): _NO_STAR,
}
"""Library models that an engine does not compute or computes differently: (model, engine), why."""


SHORTENED = {("park", "pysd"): Fraction(24)}
"""Library models that an engine takes minutes for, and when the comparison stops."""


@cache
def installed(engine: str) -> bool:
    answer = ask(ENGINES[engine], model(aux("y", "1")).encode(), ".xmile")
    return answer.status is Status.RAN


def needs(engine: str) -> None:
    if not installed(engine):
        if engine == "simlin" and sys.platform == "win32":
            pytest.skip("pysimlin has no wheel for Windows")
        pytest.skip(f"{ENGINES[engine].name} is not installed: {ENGINES[engine].pip_line}")


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, name: str = "small.xmile") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def opinion_of(path: Path | str, engine: str) -> Opinion:
    needs(engine)
    (opinion,) = verify(path, engine).opinions
    return opinion


# ---- the library


def expect_agreement(path: Path | str, name: str, engine: str) -> None:
    opinion = opinion_of(path, engine)
    if (name, engine) in EXCEPTIONS:
        assert opinion.verdict is not Verdict.AGREES, "it agrees now: take it from the exceptions"
        assert EXCEPTIONS[name, engine] in " ".join(opinion.reasons), "the limitation is named"
        assert not {key for key in ENGINES if key != engine and (name, key) in EXCEPTIONS}
        pytest.skip(EXCEPTIONS[name, engine])
    assert opinion.verdict is Verdict.AGREES, (opinion.message, opinion.findings[:5])
    assert opinion.handed == "the file itself"
    visible = load(name).flat.visible
    left = len(opinion.not_given) + len(opinion.left_out)
    assert opinion.compared + left >= len(visible)
    assert opinion.compared > 0.9 * len(visible)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", library.model_names())
def test_a_library_model_agrees(name: str, engine: str, written) -> None:
    if (name, engine) not in SHORTENED:
        expect_agreement(name, name, engine)
        return
    text = write_xmile(shortened(read_model(library.model_path(name)), name, engine))
    expect_agreement(written(text), name, engine)


def shortened(project: Project, name: str, engine: str) -> Project:
    stop = SHORTENED.get((name, engine), project.sim_specs.stop)
    return replace(project, sim_specs=replace(project.sim_specs, stop=stop))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", library.model_names())
def test_a_library_model_that_does_not_start_at_rest_agrees(
    name: str, engine: str, written
) -> None:
    # A model at rest compares constants; a tenth off every starting value sets all in motion.
    def less(variable: Variable, given: Definition) -> Definition:
        if not isinstance(variable, Stock):
            return given
        expr = Binary("*", given.equation.expr, Number(0.9))
        return Definition(type(given.equation)(given.equation.source, expr), given.subscripts)

    project = shortened(read_model(library.model_path(name)), name, engine)
    text = write_xmile(with_definitions(project, less))
    expect_agreement(written(text), name, engine)


def test_nothing_is_left_beside_the_model(written) -> None:
    path = written(model(aux("y", "TIME")))
    before = sorted(path.parent.iterdir())
    verify(path)
    assert sorted(path.parent.iterdir()) == before


# ---- planted errors


def handed_otherwise(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """Hand the other engine a model in which something has been changed."""

    def changed(engine: Engine, content: bytes, suffix: str, limit: float) -> Answer:
        assert old.encode() in content
        return ask(engine, content.replace(old.encode(), new.encode()), suffix, limit)

    monkeypatch.setattr(verification, "ask", changed)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_wrong_coefficient_is_unexplained(
    engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs(engine)
    handed_otherwise(monkeypatch, "<eqn>18000</eqn>", "<eqn>18900</eqn>")
    with pytest.raises(SystemExit) as left:
        cli.main(["verify", "service_cycle", "--against", engine])
    assert left.value.code == 4
    said = capsys.readouterr().out
    table = [line for line in said.splitlines() if line.endswith("unexplained")]
    assert 0 < len(table) <= 12
    assert "more" in said
    (opinion,) = verify("service_cycle", engine).opinions
    shares = [finding.difference.share for finding in opinion.findings]
    assert shares == sorted(shares, reverse=True)
    first = next(f.difference for f in opinion.findings if f.difference.name == "Normal overhead")
    assert first.begins == 0.0
    assert (first.ours, first.theirs) == (18000.0, 18900.0)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_known_limitation_does_not_hide_another_error(
    engine: str, monkeypatch: pytest.MonkeyPatch, written
) -> None:
    needs(engine)
    path = written(model(graphical("extrapolate"), aux("y", "g*7")))
    handed_otherwise(monkeypatch, "g*7", "g*8")
    (opinion,) = verify(path, engine).opinions
    causes = {each.difference.name: each.cause for each in opinion.findings}
    assert causes == {"g": Cause.PROVEN, "y": Cause.UNKNOWN}
    assert opinion.verdict is Verdict.DIFFERS


def test_both_sides_use_euler_where_pysd_lacks_the_method(written) -> None:
    path = written(model(drained("S/3*TIME"), method="RK4"))
    opinion = opinion_of(path, "pysd")
    assert opinion.verdict is Verdict.AGREES
    assert opinion.method.value == "euler"
    assert "the file says RK4, which PySD does not have: both sides are run with Euler" in (
        opinion.notes
    )


@pytest.mark.parametrize("method", ["RK2", "RK4"])
def test_pysimlin_keeps_the_method_of_the_file(method: str, written) -> None:
    opinion = opinion_of(written(model(drained("S/3*TIME"), method=method)), "simlin")
    assert opinion.verdict is Verdict.AGREES
    assert opinion.method.value == method.casefold()


# ---- known limitations


@pytest.mark.parametrize(("engine", "words"), LIMITED)
def test_a_limitation_explains_what_its_model_shows(engine: str, words: str, written) -> None:
    (row,) = (row for row in LIMITATIONS if row.engine == engine and words in row.sentence)
    opinion = opinion_of(written(LIMITED[engine, words]), engine)
    assert opinion.verdict is Verdict.EXPLAINED
    expected = Cause.PROVEN if row.emulate is not None else Cause.POSSIBLE
    for finding in opinion.findings:
        assert finding.cause is expected
        assert finding.sentences == (row.sentence,)


def test_every_limitation_has_its_model() -> None:
    rows = {(row.engine, row.sentence) for row in LIMITATIONS}
    met = {(e, s) for e, s in rows for engine, words in LIMITED if engine == e and words in s}
    assert met == rows


def test_every_refusal_has_its_model() -> None:
    rows = {(row.engine, row.words) for row in REFUSALS}
    met = {(e, s) for e, s in rows for engine, words in REFUSED if engine == e and words in s}
    assert met == rows


@pytest.mark.parametrize(("engine", "words"), REFUSED)
def test_a_model_that_is_not_read_is_told_with_its_reason(engine: str, words: str, written) -> None:
    opinion = opinion_of(written(REFUSED[engine, words]), engine)
    assert opinion.verdict is Verdict.NOT_RUN
    assert opinion.message
    assert "\n" not in opinion.message
    assert any(words in reason for reason in opinion.reasons)


def test_a_non_negative_stock_is_told_on_the_command_line(
    written, capsys: pytest.CaptureFixture[str]
) -> None:
    needs("pysd")
    with pytest.raises(SystemExit) as left:
        cli.main(["verify", str(written(model(drained("2", NON_NEGATIVE)))), "--against", "pysd"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert (
        "R                 3         3        10             5            20  (1), proven" in said
    )
    assert "(1) PySD sets a non-negative stock back to zero and lets its outflows run on" in said
    assert "differs in 2: 2 explained and proven by emulation; compared: 3" in said


def test_our_own_writing_is_handed_over_where_the_file_is_not_read(written) -> None:
    opinion = opinion_of(written(model(aux("y", "TIME*2 {twice}"))), "pysd")
    assert opinion.verdict is Verdict.AGREES
    assert opinion.handed == "the model as cyclesim writes it in XMILE"


def test_what_is_drawn_at_random_is_left_out_by_name(written) -> None:
    opinion = opinion_of(written(DRAWN, "drawn.mdl"), "pysd")
    assert opinion.left_out == ("Drawn", "Follows")
    assert opinion.verdict is Verdict.AGREES


# ---- engines that are not there, fail or hang


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Let PySD be a module of our own."""

    def put(code: str) -> None:
        folder = tmp_path / "fake"
        folder.mkdir()
        (folder / "pysd.py").write_text(code, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(folder))

    return put


def test_an_engine_that_is_not_installed_gives_the_pip_line(
    fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CYCLESIM_ENGINES_PYTHON", raising=False)
    fake("raise ModuleNotFoundError(\"No module named 'pysd'\", name='pysd')")
    with pytest.raises(SystemExit) as left:
        cli.main(["verify", "service_cycle", "--against", "pysd"])
    assert left.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "PySD is not installed. Add it: python -m pip install pysd\n"


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("import os; os._exit(3)", Status.CRASHED, "its process ended with exit code 3"),
        ("raise ImportError('numpy is too new')", Status.BROKEN, "ImportError: numpy is too new"),
        ("import no_such_package", Status.BROKEN, "No module named 'no_such_package'"),
        ("import time; time.sleep(60)", Status.HUNG, "no answer within 2 seconds"),
    ],
)
def test_a_fault_of_an_engine_is_a_finding(
    fake, written, code: str, status: Status, words: str
) -> None:
    fake(code)
    found = verify(written(model(aux("y", "1"))), "pysd", time_limit=2)
    (opinion,) = found.opinions
    assert (opinion.status, opinion.verdict) == (status, Verdict.NOT_RUN)
    assert words in opinion.message
    assert found.exit_code == 1


def test_an_engine_that_is_not_known_is_told() -> None:
    with pytest.raises(UsageError, match=r"no engine is called 'pysdd'\. Did you mean 'pysd'\?"):
        verify("service_cycle", "pysdd")


# ---- models that would do more than be computed


def test_a_model_cannot_run_code_through_pysd(written, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    doc = f'x""" ; open({str(trace)!r}, "w") ; """'
    opinion = opinion_of(written(model(aux("y", "TIME", f"<doc>{doc}</doc>"))), "pysd")
    assert opinion.verdict is Verdict.AGREES
    assert not trace.exists()


def test_a_name_that_would_become_code_is_withheld_from_pysd(written) -> None:
    name = "A'+str(1)+'B"
    dimension = f'<dimensions><dim name="{name}"><elem name="a1"/></dim></dimensions>'
    array = f'<aux name="x"><dimensions><dim name="{name}"/></dimensions><eqn>1</eqn></aux>'
    opinion = opinion_of(written(model(array, before=dimension)), "pysd")
    assert opinion.verdict is Verdict.NOT_RUN
    assert "would write" in opinion.message


# ---- what is compared


def test_json_says_what_the_table_says(written, capsys: pytest.CaptureFixture[str]) -> None:
    needs("pysd")
    path = written(model(graphical("extrapolate")))
    with pytest.raises(SystemExit) as left:
        cli.main(["verify", str(path), "--against", "pysd", "--json"])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    (engine,) = told["engines"]
    (difference,) = engine["differences"]
    assert (told["schema_version"], engine["verdict"]) == (1, "differs, explained")
    assert difference["variable"] == "g"
    assert difference["share_of_range"] == pytest.approx(0.6)
    assert (difference["worst_at"], difference["ours"], difference["theirs"]) == (10.0, 9.0, 3.0)
    assert difference["cause"] == "proven"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Service quality", "service_quality"),
        ("x[Big One,B]", "X[big_one, b]"),
        ('a."b/c"', "a\u00b7b/c"),
        ('"a-b"', "a-b"),
    ],
)
def test_spellings_of_one_column_are_equal(one: str, other: str) -> None:
    assert column_key(one) == column_key(other)


def test_a_difference_is_a_share_of_the_range_and_has_its_times(written) -> None:
    results = simulate(written(model(aux("y", "TIME*2"), aux("c", "3"))), estimate_error=False)
    theirs = results["y"].copy()
    theirs[4:] += 1e-5
    theirs[10] += 2.0
    answer = Answer(Status.RAN, time=results.time, columns={"Y": theirs, "c": results["c"]})
    of_y, of_c = compare(results, answer, frozenset()).differences
    assert (of_y.begins, of_y.at) == (5.0, 5.0)  # 1e-5 of 20 is below a millionth
    assert of_y.share == pytest.approx((2.0 + 1e-5) / 20.0)
    assert (of_c.share, of_c.begins) == (0.0, None)
    assert yardsticks(results) == {"y": 20.0, "c": 3.0}


def test_a_time_or_a_variable_that_is_not_given_is_counted(written) -> None:
    results = simulate(written(model(aux("y", "TIME"), aux("z", "1"))), estimate_error=False)
    answer = Answer(Status.RAN, time=results.time[:-2], columns={"y": results["y"][:-2]})
    found = compare(results, answer, frozenset())
    assert (found.not_given, found.times_not_given) == (("z",), 2)
    assert [each.share for each in found.differences] == [0.0]


def test_what_is_not_a_number_on_one_side_only_differs(written) -> None:
    results = simulate(written(model(aux("y", "TIME"))), estimate_error=False)
    theirs = np.where(results.time == 3.0, np.nan, results["y"])
    answer = Answer(Status.RAN, time=results.time, columns={"y": theirs})
    (found,) = compare(results, answer, frozenset()).differences
    assert (found.share, found.at) == (np.inf, 3.0)

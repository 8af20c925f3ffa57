"""Every XMILE file of the conformance suites is computed as its tool computed it, or refused.

The suites are not part of the project: they are read from the folder that CYCLESIM_CONFORMANCE
names, or from ../shared/conformance beside the project, and nothing of them is copied here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from expected_output import Expected, disagreements, expected_outputs

from cyclesim.errors import ModelError
from cyclesim.results import Results
from cyclesim.simulation import load, simulate

ROOT = Path(__file__).resolve().parents[2]
SUITES = Path(os.environ.get("CYCLESIM_CONFORMANCE", ROOT.parent / "shared" / "conformance"))
FILES = tuple(
    sorted(str(path.relative_to(SUITES)) for kind in ("xmile", "stmx") for path in
           SUITES.rglob(f"*.{kind}"))
)  # fmt: skip
TARGETS = ("python", "numpy")

PASSED_WHEN_LAST_MEASURED = 56
"""Raise it when more pass; a fall is a fault."""

EXCEPTIONS = {
    "test-models/non_negative_stocks/test_non_negative_stocks.xmile":
        {"outflow", "if_else", "teststock0", "teststock2"},
    "test-models/non_negative_stocks/test_non_negative_stocks_behavior.xmile":
        {"outflow", "if_else", "teststock0", "teststock2"},
    "test-models/zeroled_decimals/test_zeroled_decimals.xmile": {"stockmixed"},
    "test-models/pi/test_pi.xmile": {"test_sin"},
}  # fmt: skip
"""Files whose expected output cannot or should not be met, with the columns at fault.

Each has its proof in a test below: a flow that runs on out of an empty stock, an output that
another method gave than the one the file names, and a zero that is a rounded 1.2e-16.
"""

MUST_BE_REFUSED = tuple(
    f"test-models/{name}/test_{name}.{kind}"
    for name in ("macro_stock", "macro_multi_macros", "macro_expression")
    for kind in ("xmile", "stmx")
)
"""They call macros that the file does not define."""

pytestmark = pytest.mark.skipif(
    not FILES, reason=f"no conformance suites in {SUITES}; set CYCLESIM_CONFORMANCE"
)


@dataclass(frozen=True)
class Outcome:
    """What became of a file: refused, or what is wrong with it in any target."""

    refused: ModelError | None = None
    wrong: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.refused is None and not self.wrong


@cache
def outcome(file: str) -> Outcome:
    try:
        model = load(SUITES / file)
    except ModelError as error:
        return Outcome(refused=error)
    expected = expected_outputs(SUITES / file)
    assert expected, f"no expected output stands beside {file}"
    wrong: list[str] = []
    for target in TARGETS:
        results = simulate(model, target=target, estimate_error=False)
        wrong += [f"{target}: {said}" for said in _nearest(results, expected)]
    return Outcome(wrong=tuple(wrong))


def _nearest(results: Results, expected: list[Expected]) -> list[str]:
    """Return what departs from the output that fits best: one that agrees is enough."""
    found = [[f"{one.path.name}: {said}" for said in disagreements(results, one)]
             for one in expected]  # fmt: skip
    return min(found, key=len)


@pytest.mark.parametrize("file", [file for file in FILES if file not in EXCEPTIONS])
def test_a_file_is_refused_with_a_place_or_computed_as_its_tool_did(file: str) -> None:
    found = outcome(file)
    if found.refused is None:
        assert not found.wrong, "\n".join(found.wrong)
        return
    assert found.refused.diagnostics
    for diagnostic in found.refused.diagnostics:
        assert diagnostic.location is not None
        assert diagnostic.location.path == str(SUITES / file)
        assert diagnostic.location.line >= 1


def test_no_fewer_files_pass_than_before() -> None:
    passed = [file for file in FILES if outcome(file).passed]
    assert len(passed) >= PASSED_WHEN_LAST_MEASURED, f"only {len(passed)} of {len(FILES)} pass"


@pytest.mark.parametrize("file", MUST_BE_REFUSED)
def test_a_call_of_a_macro_that_is_not_defined_is_refused(file: str) -> None:
    assert outcome(file).refused is not None


@pytest.mark.parametrize("file", EXCEPTIONS)
def test_an_exception_departs_in_the_named_columns_and_no_others(file: str) -> None:
    results = simulate(load(SUITES / file), estimate_error=False)
    said = _nearest(results, expected_outputs(SUITES / file))
    assert {one.split("'")[1] for one in said} == EXCEPTIONS[file]


@pytest.mark.parametrize("file", [file for file in EXCEPTIONS if "non_negative_stocks" in file])
def test_the_expected_flow_runs_on_out_of_an_empty_stock(file: str) -> None:
    # XMILE 1.0, section 4.2.1: a flow out of a non-negative stock is limited to what is there.
    # The expected output keeps 'OutFlow' at 1 while the stock it drains stays at 0, so that one
    # stock loses what the other never had. Ours conserves: each stock changes by its flow.
    (expected,) = expected_outputs(SUITES / file)
    times, stock = expected.columns["teststock1"]
    _, flow = expected.columns["outflow"]
    empty = stock[1:] == 0.0
    assert np.diff(times)[0] == 1.5
    assert (np.diff(stock)[empty][1:] == 0.0).all()
    assert (flow[:-1][empty] == 1.0).all()
    ours = simulate(load(SUITES / file), estimate_error=False)
    for name in ("TestStock0", "TestStock1"):
        np.testing.assert_allclose(np.diff(ours[name]), -1.5 * ours["OutFlow"][:-1], atol=1e-12)
    for name in ("TestStock2", "TestStock3"):
        np.testing.assert_allclose(np.diff(ours[name]), 1.5 * ours["if_else"][:-1], atol=1e-12)


def test_the_expected_output_is_eulers_where_the_file_says_rk4() -> None:
    model = load(SUITES / "test-models/zeroled_decimals/test_zeroled_decimals.xmile")
    assert model.flat.sim_specs.method.value == "rk4"
    results = simulate(model, method="euler", estimate_error=False)
    (expected,) = expected_outputs(SUITES / "test-models/zeroled_decimals/output.tab")[:1]
    assert disagreements(results, expected) == []


def test_the_expected_sine_of_pi_is_a_rounded_one() -> None:
    results = simulate(load(SUITES / "test-models/pi/test_pi.xmile"), estimate_error=False)
    assert (np.abs(results["test sin"]) < 2e-16).all()

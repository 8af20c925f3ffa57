"""The report's own exceptions are proven, and its parts say what was measured."""

from __future__ import annotations

import math

import pytest
from report import ALL_EXCEPTIONS, NOT_COUNTED, PASS, REFUSED, WRONG, Outcome, Row, index, text_of
from test_conformance import SUITES

from cyclesim.simulation import load, simulate

suites = pytest.mark.skipif(
    not (SUITES / "index.tsv").is_file(),
    reason=f"no conformance suites in {SUITES}; set CYCLESIM_CONFORMANCE",
)


@suites
def test_the_logarithm_of_gamma_of_one_is_zero() -> None:
    file = SUITES / "sdeverywhere/gamma_ln/gamma_ln.mdl"
    assert math.lgamma(1.0) == 0.0
    assert (simulate(load(file), estimate_error=False)["c"] == 0.0).all()


@suites
def test_the_index_names_files_that_are_there() -> None:
    files = {row.file for row in index()}
    assert files >= ALL_EXCEPTIONS.keys() | NOT_COUNTED.keys()
    assert all((SUITES / file).is_file() for file in files)


def test_a_report_counts_groups_and_hides_folders() -> None:
    versions = {"cyclesim": "1", "PySD": "2", "pysimlin": "3"}
    good = {name: Outcome(PASS) for name in versions}
    bad = good | {
        "cyclesim": Outcome(REFUSED, "the function X is not computed yet: 'a'."),
        "PySD": Outcome(WRONG, "`y` is 1 at 0 where 2 is expected"),
        "pysimlin": Outcome(REFUSED, "OSError: no /tmp/some-folder/model/data.tab"),
    }
    rows = [
        Row("s", "f", "s/a/a.mdl", good, versions),
        Row("s", "f", "s/b/b.mdl", bad, versions),
    ]
    text = text_of(rows)
    assert "| **all** | | 2 | 1, 0, 1, 0 | 1, 0, 0, 1 | 1, 0, 1, 0 |" in text
    assert "- the function X is not computed yet: '…' (1): `s/b/b.mdl`" in text
    assert "- `s/b/b.mdl`: `y` is 1 at 0 where 2 is expected" in text
    assert "/tmp" not in text

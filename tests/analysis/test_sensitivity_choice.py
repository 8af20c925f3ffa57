"""A tornado, and the numbers whose shares of variance are found when there are many."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from cyclesim.analysis.sensitivity import Wishes, sensitivity
from cyclesim.analysis.sensitivity.tables import TABLES
from cyclesim.analysis.sensitivity.words import answer, percent, region_words, sentences
from cyclesim.report.plots import plot
from cyclesim.scenario import read_study
from tests.analysis.test_sensitivity import study_of
from tests.models_in_text import aux, flow, stock, xmile


def test_a_tornado_moves_one_number_at_a_time(tmp_path: Path) -> None:
    """All numbers are 0.5 in the study; the product of two shows what others stand at."""
    vary = (
        "X1: {from: 0, to: 2}, X2: {normal: {mean: 1, deviation: 2}}, X3: {values: [3, -1, 1]}, "
        "X4: {from: 0.5, to: 0.6}"
    )
    names = ["X1", "X2", "X3", "X4"]
    study = study_of(tmp_path, "10 * X1 * X2 - X3", names, vary)
    found = sensitivity(study, Wishes(methods=("morris",), paths=4)).tornadoes[0]
    assert found.own == 2.0
    low, high = norm.ppf([0.05, 0.95], 1, 2)
    np.testing.assert_allclose(found.numbers, [[0, low, -1, 0.5], [2, high, 3, 0.6]])
    ends = [[-0.5, 5 * low - 0.5, 3.5, 2], [9.5, 5 * high - 0.5, -0.5, 2]]
    np.testing.assert_allclose(found.ends, ends, atol=1e-12)
    assert found.order == [1, 0, 2, 3]
    figure = plot(found)
    assert [bar.y[-1] for bar in figure.data] == ["X2", "X2"]
    longest = [bar.base + bar.x[-1] for bar in figure.data]
    assert longest == pytest.approx([5 * low - 0.5, 5 * high - 0.5])


def test_what_differs_by_rounding_only_is_the_same(tmp_path: Path) -> None:
    """A quotient of equals is 1, but for its last bits."""
    vary = "X1: {from: 0, to: 1}, X2: {from: 0, to: 1}"
    study = study_of(
        tmp_path, "1000 * ((X1 + 0.1) * (X2 + 1) / (X2 + 1) / (X1 + 0.1))", ["X1", "X2"], vary
    )
    found = sensitivity(study, Wishes(points=64, paths=8))
    assert len(np.unique(found.fans[0].values[:, -1])) > 1  # the bits do differ
    assert found.variances[0].deviation == 0
    assert (found.screenings[0].mean == 0).all()
    assert (found.distances[0].median == 0).all()
    told = "\n".join(sentences(found))
    assert told.count("ends the same whatever the numbers") == 2
    assert "none stands out" in told


@pytest.mark.parametrize(
    ("share", "told"),
    [(0, "0 %"), (1, "100 %"), (0.996, "99.6 %"), (0.99996, ">99.9 %"), (0.0004, "<0.1 %"),
     (0.004, "0.4 %"), (0.5, "50 %"), (0.006, "1 %"), (1.06, "106 %"), (-0.02, "-2 %")],
)  # fmt: skip
def test_nearly_all_is_not_told_as_all(share: float, told: str) -> None:
    assert percent(share) == told


def test_where_runs_fail_is_told_and_small_shares_of_few_points_are_not(tmp_path: Path) -> None:
    more = stock("Blown", "1", inflows="Up") + flow("Up", "IF X1 > 0.7 THEN 1 / (X2 - X2) ELSE 0")
    vary = "X1: {from: 0, to: 1}, X2: {from: 0, to: 1}"
    study = study_of(tmp_path, "X1 + X2 + 0 * Blown", ["X1", "X2"], vary, more)
    found = sensitivity(study, Wishes(methods=("sobol", "labels"), points=16))
    region = found.labels[0].discoveries[-1]
    assert region.outcome == "does not reach the end"
    assert [limit.quantity.label for limit in region.limits] == ["X1"]
    assert region.limits[0].low == pytest.approx(0.7, abs=0.02)
    assert region.density == 1
    words = region_words(region, "Result")
    assert "'Result' does not reach the end" in words
    assert words.endswith("of all runs that fail; 31 % of all runs do).")
    unsure = replace(found.variances[0], total=np.array([1.3, 0.5]),
                     total_interval=np.array([0.5, 0.48]))  # fmt: skip
    second = answer(replace(found, variances=(unsure,)))[1]
    assert "by 'X1' (100 % +-50 %), shares" in second
    none = replace(unsure, total_interval=np.array([1.3, 0.5]))
    assert "No number stands out" in answer(replace(found, variances=(none,)))[1]


def test_a_number_of_another_scenario_is_noted(tmp_path: Path) -> None:
    study_of(tmp_path, "X1", ["X1", "X2"], "X1: {from: 0, to: 1}")
    file = tmp_path / "study.yaml"
    text = file.read_text().replace(
        "plain: {}", "plain: {}, other: {changes: {X2: {step: {to: 1, at: 0}}}}"
    )
    file.write_text(text.replace("to: 1}}}\n", "to: 1}}, changes: {X2: {to: {from: 1, to: 2}}}}\n"))
    wishes = Wishes(methods=("morris",), paths=4)
    study = read_study(file)
    notes = "\n".join(sensitivity(study, replace(wishes, scenario="plain")).notes)
    assert "this scenario has no X2 (to)" in notes
    notes = "\n".join(sensitivity(study, replace(wishes, scenario="other")).notes)
    assert "has no" not in notes


def test_the_first_number_of_every_output_is_among_those_looked_at(tmp_path: Path) -> None:
    """A headline that many numbers move takes not all the places."""
    names = [f"X{n}" for n in range(1, 6)]
    text = xmile(
        *(aux(name, "0.5") for name in names),
        aux("Result", "X1 + 0.9 * X2 + 0.8 * X3"),
        aux("Other", "3 * X5 + 2 * X4 + 0.01 * X1"),
        stop=1,
    )
    (tmp_path / "model.xmile").write_text(text, encoding="utf-8")
    vary = ", ".join(f"{name}: {{from: 0, to: 1}}" for name in names)
    (tmp_path / "study.yaml").write_text(
        "model: model.xmile\ntitle: Many\noutputs: {Result: up, Other: up}\n"
        f"scenarios: {{plain: {{}}}}\ndesign: {{vary: {{{vary}}}}}\n",
        encoding="utf-8",
    )
    study = read_study(tmp_path / "study.yaml")
    found = sensitivity(study, Wishes(methods=("sobol",), points=32, paths=4, most=2))
    result, other = found.variances
    assert [each.label for each in result.quantities] == ["X1", "X5"]
    assert result.left_out == ("X2", "X3")
    assert other.left_out == ("X4",)
    told = "\n".join(sentences(found))
    assert "Not among these, though it matters by Morris: 'X2', 'X3'. See --most." in told
    table = csv.DictReader(io.StringIO(TABLES["sobol.csv"](found)))
    assert {row["quantity"] for row in table} == {"X1", "X5"}

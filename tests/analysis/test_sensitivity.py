"""Sensitivity through our own path: analytic indices, a known region, failed runs, bad wishes."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp, norm

from cyclesim.analysis.sensitivity import Limit, Wishes, sensitivity
from cyclesim.analysis.sensitivity.discovery import discovered
from cyclesim.analysis.sensitivity.shifts import apart, slices_of
from cyclesim.analysis.sensitivity.tables import TABLES, as_dict
from cyclesim.analysis.sensitivity.words import (
    leaders,
    limit_words,
    region_words,
    sentences,
    variance_words,
)
from cyclesim.cli import cli
from cyclesim.errors import UsageError
from cyclesim.report.regimes import map_payload, paths_figure
from cyclesim.scenario import Study, read_study
from tests.models_in_text import aux, flow, stock, xmile

PI = np.pi


def study_of(
    tmp_path: Path, equation: str, names: list[str], vary: str, more: str = "", design: str = ""
) -> Study:
    text = xmile(*(aux(name, "0.5") for name in names), aux("Result", equation), more, stop=1)
    (tmp_path / "model.xmile").write_text(text, encoding="utf-8")
    (tmp_path / "study.yaml").write_text(
        f"model: model.xmile\ntitle: Known\noutputs: {{Result: up}}\nscenarios: {{plain: {{}}}}\n"
        f"design: {{vary: {{{vary}}}{design}}}\n",
        encoding="utf-8",
    )
    return read_study(tmp_path / "study.yaml")


def within(value: np.ndarray, half: np.ndarray, exact: list[float]) -> None:
    """Hold indices against exact ones: within twice the half width of their 95 % interval."""
    assert np.all(np.abs(value - np.array(exact)) <= 2 * half + 0.005), (value, half)


def test_ishigami(tmp_path: Path):
    """Ishigami and Homma 1990 with a = 7, b = 0.1."""
    study = study_of(
        tmp_path,
        "SIN(X1) + 7 * SIN(X2)^2 + 0.1 * X3^4 * SIN(X1)",
        ["X1", "X2", "X3"],
        ", ".join(f"X{n}: {{from: {-PI}, to: {PI}}}" for n in (1, 2, 3)),
    )
    found = sensitivity(study, Wishes(methods=("sobol",), points=2048)).variances[0]
    a, b = 7.0, 0.1
    first = 0.5 * (1 + b * PI**4 / 5) ** 2
    second, together = a**2 / 8, b**2 * PI**8 * (1 / 18 - 1 / 50)
    total = first + second + together
    within(found.first, found.first_interval, [first / total, second / total, 0.0])
    exact = [(first + together) / total, second / total, together / total]
    within(found.total, found.total_interval, exact)
    assert found.second[0, 2] == pytest.approx(
        together / total, abs=2 * found.second_interval[0, 2]
    )
    assert found.deviation == pytest.approx(np.sqrt(total), rel=0.03)
    widths = [np.max(half) for _, half in found.convergence.values()]
    assert list(found.convergence) == [512, 1024, 2048]
    assert widths[2] < widths[0]


def test_sobol_g(tmp_path: Path):
    """Sobol's product function with a = 0, 1, 4.5, 9."""
    weights = [0.0, 1.0, 4.5, 9.0]
    product = " * ".join(
        f"((ABS(4 * X{n} - 2) + {a}) / (1 + {a}))" for n, a in enumerate(weights, 1)
    )
    vary = ", ".join(f"X{n}: {{from: 0, to: 1}}" for n in range(1, 5))
    study = study_of(tmp_path, product, [f"X{n}" for n in range(1, 5)], vary)
    found = sensitivity(study, Wishes(methods=("sobol",), points=2048)).variances[0]
    alone = np.array([1 / (3 * (1 + a) ** 2) for a in weights])
    variance = np.prod(1 + alone) - 1
    within(found.first, found.first_interval, (alone / variance).tolist())
    total = alone * np.prod(1 + alone) / (1 + alone) / variance
    within(found.total, found.total_interval, total.tolist())


def test_screening_of_a_straight_line_gives_its_slopes(tmp_path: Path):
    vary = "X1: {from: 0, to: 2}, X2: {from: 0, to: 1}, X3: {from: 0, to: 1}"
    study = study_of(tmp_path, "3 * X1 - X2 + 0 * X3", ["X1", "X2", "X3"], vary)
    found = sensitivity(study, Wishes(methods=("morris",), paths=8)).screenings[0]
    np.testing.assert_allclose(found.mean, [6, 1, 0], atol=1e-9)  # per whole distribution
    np.testing.assert_allclose(found.spread, 0, atol=1e-9)
    assert found.order == [0, 1, 2]


def test_pawn_finds_what_moves_two_peaks(tmp_path: Path):
    study = study_of(
        tmp_path,
        "(IF X1 > 0.5 THEN 10 ELSE 0) + X2 / 10",
        ["X1", "X2", "X3"],
        ", ".join(f"X{n}: {{from: 0, to: 1}}" for n in (1, 2, 3)),
        design=", runs: 2000",
    )
    found = sensitivity(study, Wishes(methods=("pawn",))).distances[0]
    assert found.median[0] == pytest.approx(0.5, abs=0.03)  # each half against both
    assert found.median[2] < found.noise[2] < found.median[1]
    assert found.order[0] == 0


def test_the_region_of_an_outcome_is_found_and_measured_on_other_runs(tmp_path: Path):
    vary = ", ".join(f"X{n}: {{from: 0, to: 1}}" for n in (1, 2, 3))
    study = study_of(tmp_path, "X1", ["X1", "X2", "X3"], vary)
    quantities = study.designs[next(iter(study.designs))].quantities
    numbers = np.random.default_rng(1).random((3, 4000))
    cases = (numbers[0] > 0.7) & (numbers[1] < 0.4)
    found = discovered("gets worse", quantities, numbers, cases)
    assert found is not None
    limits = {limit.quantity.label: (limit.low, limit.high) for limit in found.limits}
    assert set(limits) == {"X1", "X2"}
    assert limits["X1"][0] == pytest.approx(0.7, abs=0.03)
    assert limits["X2"][1] == pytest.approx(0.4, abs=0.03)
    assert found.density > 0.9
    assert found.coverage > 0.9
    assert found.runs == 2000
    words = region_words(found, "Service")
    assert "'X1' exceeds 0.7" in words
    assert "stays below 0.4" in words or "stays below 0.39" in words
    assert discovered("gets worse", quantities, numbers, np.zeros(4000, dtype=bool)) is None
    noise = np.random.default_rng(2).random(4000) < 0.3
    blind = discovered("gets worse", quantities, numbers, noise)
    assert blind is None or blind.density < 0.45


def test_labels_count_what_becomes_of_the_runs(tmp_path: Path):
    text = xmile(
        stock("Level", "10", inflows="Growth"),
        flow("Growth", "Level * Rate"),
        aux("Rate", "0.1"),
        stop=20,
        dt="1/4",
    )
    (tmp_path / "model.xmile").write_text(text, encoding="utf-8")
    (tmp_path / "study.yaml").write_text(
        "model: model.xmile\ntitle: Growth\noutputs: {Level: up}\nscenarios: {plain: {}}\n"
        "design: {vary: {Rate: {from: -0.1, to: 0.3}}, runs: 400}\n",
        encoding="utf-8",
    )
    study = read_study(tmp_path / "study.yaml")
    found = sensitivity(study, Wishes(methods=("labels",)))
    shares = {each.name: each.value for each in found.labels[0].ends}
    assert shares["gets better"] == pytest.approx(0.75, abs=0.02)
    assert shares["gets worse"] == pytest.approx(0.25, abs=0.02)
    worse, _ = found.labels[0].discoveries
    assert worse.limits[0].high == pytest.approx(0, abs=0.02)
    exact = 10 * (1 + 0.25 * np.array([0.28, 0.2, 0.1, 0.0, -0.08])) ** 80
    np.testing.assert_allclose(found.fans[0].values[::-1, -1], exact, rtol=0.05)


def test_failed_runs_are_left_out_in_sets_and_counted(tmp_path: Path):
    more = stock("Blown", "1", inflows="Up") + flow("Up", "IF X1 > 0.9 THEN 1 / (X2 - X2) ELSE 0")
    vary = "X1: {from: 0, to: 1}, X2: {from: 0, to: 1}"
    study = study_of(tmp_path, "X1 + X2 + 0 * Blown", ["X1", "X2"], vary, more)
    found = sensitivity(study, Wishes(methods=("sobol",), points=256)).variances[0]
    share = found.failures.runs / found.failures.of
    assert share == pytest.approx(0.1, abs=0.02)
    assert found.failures.groups > 0
    assert found.failures.shift > 0
    assert np.isfinite(found.total).all()
    told = list(sentences(sensitivity(study, Wishes(methods=("sobol",), points=64))))
    assert any("runs failed and are left out" in line for line in told)


def test_everything_wrong_with_a_wish_is_told_at_once(tmp_path: Path):
    study = study_of(tmp_path, "X1", ["X1"], "X1: {from: 0, to: 1}")
    with pytest.raises(UsageError) as caught:
        sensitivity(study, Wishes(methods=("moris",), points=100, runs=3, paths=1, seed=-1))
    for words in ("moris", "power of 2", "3 runs", "1 paths", "seed -1"):
        assert words in str(caught.value)
    few = study_of(tmp_path, "X1", ["X1"], "X1: {from: 0, to: 1}", design=", runs: 5")
    with pytest.raises(UsageError, match="the design's 5 runs are too few"):
        sensitivity(few)
    assert sensitivity(few, Wishes(methods=("morris",), paths=4)).screenings
    grid = study_of(tmp_path, "X1", ["X1"], "X1: {values: [0, 1]}", design=", method: grid")
    with pytest.raises(UsageError, match="says no distributions"):
        sensitivity(grid)


def test_the_command_writes_a_page_and_tables_and_overwrites_nothing(tmp_path: Path):
    vary = "X1: {from: 0, to: 1}, X2: {from: 0, to: 1}"
    study_of(tmp_path, "X1 + X2 ^ 2", ["X1", "X2"], vary, design=", runs: 200")
    out = tmp_path / "out"
    command = ["sensitivity", str(tmp_path / "study.yaml"), "--points", "32", "--out", str(out)]
    cli.main(command, standalone_mode=False)
    told = json.loads((out / "sensitivity.json").read_text())
    assert told["schema_version"] == 1
    assert told["sobol"][0]["indices"]["X1"]["total"] > 0.3
    page = (out / "sensitivity.html").read_text()
    assert "What decides" in page
    assert (out / "sobol.csv").read_text().startswith("output,quantity,first")
    with pytest.raises(UsageError):
        cli.main(command, standalone_mode=False)


def test_screening_keeps_off_ends_that_are_infinite_or_far(tmp_path: Path):
    """Between the 5 % and 95 % quantiles, as one at a time: 2 * 1.6448536 deviations."""
    vary = (
        "X1: {normal: {mean: 0, deviation: 1}}, X2: {from: 0, to: 1}, "
        "X3: {lognormal: {median: 1, log_deviation: 1}}"
    )
    study = study_of(tmp_path, "3 * X1 - X2 + LN(X3)", ["X1", "X2", "X3"], vary)
    found = sensitivity(study, Wishes(methods=("morris",), paths=200)).screenings[0]
    assert found.failures.runs == 0
    # A step of two thirds of the shares; its mean over both steps there are, scaled to the whole.
    ends = [0.05, 0.35, 0.65, 0.95]
    q = norm.ppf(ends)
    step = 1.5 * np.mean([q[2] - q[0], q[3] - q[1]])
    np.testing.assert_allclose(found.mean, [3 * step, 1, step], rtol=1e-6)


def test_numbers_that_fail_every_run_are_not_told_as_idle(tmp_path: Path):
    more = stock("Blown", "1", inflows="Up") + flow("Up", "1 / (X2 - X2)")
    vary = "X1: {from: 0, to: 1}, X2: {from: 0, to: 1}"
    study = study_of(tmp_path, "X1 + X2 + Blown", ["X1", "X2"], vary, more)
    found = sensitivity(study, Wishes(paths=4, points=16, runs=100))
    assert np.isnan(found.screenings[0].mean).all()
    told = "\n".join(sentences(found))
    assert told.count("nothing can be said") == 3
    assert "ends the same" not in told


def test_distances_are_those_of_the_kolmogorov_smirnov_test():
    rng = np.random.default_rng(3)
    numbers, values = rng.random(500), rng.integers(0, 30, 500).astype(float)
    slices = slices_of(numbers)
    exact = [ks_2samp(values[slices == one], values).statistic for one in range(10)]
    assert np.bincount(slices).tolist() == [50] * 10
    np.testing.assert_allclose(apart(slices, values), exact, rtol=1e-12)


def test_pawn_sees_the_largest_of_few_values(tmp_path: Path):
    """X1 matters at its largest value only: there the end is apart from all ends by 2/3."""
    vary = "X1: {values: [1, 2, 3]}, X2: {from: 0, to: 1}, X3: {values: [0, 1], weights: [29, 1]}"
    equation = "(IF X1 > 2.5 THEN 10 ELSE 0) + X2 + 0 * X3"
    study = study_of(tmp_path, equation, ["X1", "X2", "X3"], vary, design=", runs: 3000")
    found = sensitivity(study, Wishes(methods=("pawn",))).distances[0]
    assert found.largest[0] == pytest.approx(2 / 3, abs=0.01)
    assert found.median[0] == pytest.approx(1 / 3, abs=0.01)
    assert found.median[2] < found.noise[2]  # a rare value's slice is small, and noisier
    assert found.noise[2] > found.noise[0]


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_the_same_seed_gives_the_same_intervals(tmp_path: Path, seed: int):
    vary = "X1: {from: 0, to: 1}, X2: {from: 0, to: 1}"
    study = study_of(tmp_path, "X1 + X2", ["X1", "X2"], vary)
    wishes = Wishes(paths=8, points=16, runs=100, seed=seed)
    one, other = (json.dumps(as_dict(sensitivity(study, wishes))["sobol"]) for _ in range(2))
    assert one == other


def test_shares_of_variance_over_time(tmp_path: Path):
    """X1 + X2 * time: the shares are 1 and time squared, beside each other."""
    vary = "X1: {from: 0, to: 1}, X2: {from: 0, to: 1}"
    study = study_of(tmp_path, "X1 + X2 * TIME", ["X1", "X2"], vary)
    study = replace(
        study, specs=replace(study.specs, stop=4, dt=Fraction(1, 4), save_interval=None)
    )
    found = sensitivity(study, Wishes(methods=("sobol",), points=1024)).variances[0]
    course = found.course
    assert course.time[-1] == 4
    squared = course.time**2
    exact = np.array([1 / (1 + squared), squared / (1 + squared)])
    np.testing.assert_allclose(course.total, exact, atol=0.03)
    np.testing.assert_allclose(course.first, exact, atol=0.05)
    np.testing.assert_allclose(course.total[:, -1], found.total, rtol=1e-9)
    np.testing.assert_allclose(course.deviation**2, (1 + squared) / 12, rtol=0.02)
    (at_first, first), (then, second) = leaders(course)
    assert (at_first, first, second) == (0, 0, 1)
    assert 1 < course.time[then] < 1.5  # at 1 they are equal; later by the interval
    told = "\n".join(variance_words(found, "month"))
    assert "at first 'X1'" in told
    assert "from month 1.25 on 'X2'" in told


def test_times_at_which_nothing_varies_have_no_shares(tmp_path: Path):
    vary = "X1: {from: 0, to: 1}, X2: {from: 0, to: 1}"
    study = study_of(tmp_path, "STEP(X1 + X2, 0.6)", ["X1", "X2"], vary)
    study = replace(study, specs=replace(study.specs, dt=Fraction(1, 4)))
    course = sensitivity(study, Wishes(methods=("sobol",), points=64)).variances[0].course
    assert np.isnan(course.total[:, course.time < 0.6]).all()
    assert np.isfinite(course.total[:, course.time >= 0.75]).all()


def bistable(tmp_path: Path, runs: int = 400) -> Study:
    """Return a study in which all runs end near 0 or 1: by which side of T they begin on."""
    names = ["T", "Idle", "Pace"]
    text = xmile(
        *(aux(name, "0.5") for name in names),
        stock("Q", "0.5", inflows="Change"),
        flow("Change", "Pace * Q * (1 - Q) * (Q - T) + 0 * Idle"),
        stop=200,
        dt="1",
    )
    (tmp_path / "model.xmile").write_text(text, encoding="utf-8")
    (tmp_path / "study.yaml").write_text(
        "model: model.xmile\ntitle: Two ends\noutputs: {Q: up, T: neither}\n"
        f"scenarios: {{plain: {{}}}}\ndesign: {{runs: {runs}, vary: {{T: {{from: 0.3, to: 0.7}}, "
        "Idle: {values: [1, 2, 3]}}, initial: {Q: {from: 0.31, to: 0.69}}}\n",
        encoding="utf-8",
    )
    return read_study(tmp_path / "study.yaml")


def test_each_run_has_its_row_with_what_became_of_it(tmp_path: Path):
    found = sensitivity(bistable(tmp_path), Wishes(methods=("labels",)))
    rows = list(csv.DictReader(io.StringIO(TABLES["runs.csv"](found))))
    assert len(rows) == 400
    for row in rows:
        worse = float(row["Q (initial)"]) < float(row["T"])
        assert row["Q (outcome)"] == ("gets worse" if worse else "gets better")
    regions = list(csv.DictReader(io.StringIO(TABLES["regions.csv"](found))))
    assert {row["outcome"] for row in regions} == {"gets better", "gets worse"}
    assert all(row["quantity"] in ("T", "Q (initial)") for row in regions)


def test_the_map_shows_every_run_by_what_became_of_it(tmp_path: Path):
    found = sensitivity(bistable(tmp_path), Wishes(methods=("labels",)))
    payload = map_payload(found)
    assert payload is not None
    names = [each["name"] for each in payload["quantities"]]
    quality = payload["outputs"][0]
    t, q = (payload["numbers"][names.index(name)] for name in ("T", "Q (initial)"))
    said = [quality["names"][kind] for kind in quality["kinds"]]
    assert said == ["gets worse" if b < a else "gets better" for a, b in zip(t, q, strict=True)]
    assert {names[place] for place in quality["pair"]} == {"T", "Q (initial)"}
    assert quality["colours"] != payload["outputs"][1]["colours"]  # no direction of T is good
    figure = paths_figure(found.labels[0], found.time, found.sample.paths[0], "month")
    ends = {trace.name.split(" (")[0]: [y for y in trace.y[-2:] if y is not None][-1]
            for trace in figure.data}  # fmt: skip
    assert ends["gets better"] > 0.9
    assert ends["gets worse"] < 0.1


def test_limits_on_few_values_include_the_value(tmp_path: Path):
    quantities = bistable(tmp_path).designs["design"].quantities
    idle = next(each for each in quantities if each.label == "Idle")
    assert limit_words(Limit(idle, 2.0, np.inf)) == "'Idle' is 2 or more"
    assert limit_words(Limit(idle, -np.inf, 2.0)) == "'Idle' is 2 or less"
    assert limit_words(Limit(idle, 2.0, 2.0)) == "'Idle' is 2"
    assert limit_words(Limit(idle, -np.inf, 1.0)) == "'Idle' is 1"
    assert limit_words(Limit(idle, 3.0, np.inf)) == "'Idle' is 3"


def test_a_region_is_dense_and_worth_telling(tmp_path: Path):
    """Better below a slope: few of many boxes cover most, and a denser one is told."""
    quantities = bistable(tmp_path).designs["design"].quantities
    numbers = np.random.default_rng(6).random((len(quantities), 4000))
    found = discovered("gets worse", quantities, numbers, numbers[0] < numbers[1])
    assert found is not None
    assert found.density > 0.85
    assert found.coverage > 0.6
    numbers = np.random.default_rng(8).random((len(quantities), 20_000))
    slight = np.random.default_rng(0).random(20_000) < np.where(numbers[0] < 0.5, 0.5, 0.41)
    assert discovered("gets worse", quantities, numbers, slight) is None  # sure, but too little
    rare = np.random.default_rng(9).random(20_000) < np.where(numbers[0] < 0.2, 0.08, 0.002)
    found = discovered("gets worse", quantities, numbers, rare)
    assert found is not None  # four times as often as anywhere, though only in 8 %
    assert found.density == pytest.approx(0.08, abs=0.015)
    assert [limit.quantity.label for limit in found.limits] == [quantities[0].label]

"""Designs: their numbers against scipy's distributions and the definitions of the methods."""

from __future__ import annotations

import itertools
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from cyclesim.ensemble.designs import (
    design_named,
    quantile,
    sample,
    sample_of,
    scenarios_named,
    with_runs,
)
from cyclesim.ensemble.designs.shares import latin_hypercube_part, permuted
from cyclesim.errors import StudyError, UsageError
from cyclesim.scenario import read_study
from cyclesim.scenario.design_parts import Beta, Lognormal, Normal, Triangular, Uniform, Values
from cyclesim.scenario.varied import VariedKind
from tests.ensemble.small import study_file, study_with
from tests.models_in_text import aux, element, over, stock, xmile

INFINITE = float("inf")

RANDOM = ("monte carlo", "latin hypercube", "sobol")

ALL_KINDS = """
design:
  method: {method}
  runs: 512
  seed: 3
  vary:
    Training: {{triangular: {{from: 0.5, mode: 1, to: 2}}}}
    Time to forget: {{normal: {{mean: 10, deviation: 3}}}}
    Weight[a]: {{values: [0.1, 0.2], weights: [1, 3]}}
  initial: {{Skill: {{lognormal: {{median: 2, log_deviation: 0.3}}}}}}
  changes:
    Training:
      to: plausible
      at: {{from: 2, to: 6}}
      for: {{beta: {{alpha: 2, beta: 3, from: 1, to: 4}}}}
  correlations: [{{between: [Training, Skill (initial)], rank: 0.7}}]
"""


def numbers(folder: Path, design: str, runs: int | None = None) -> np.ndarray:
    study = study_with(folder, design)
    found = design_named(study)
    found = found if runs is None else with_runs(found, runs)
    return sample_of(study, found).numbers(0, found.runs)


@pytest.mark.parametrize(
    ("distribution", "reference"),
    [
        (Uniform(2, 5), stats.uniform(2, 3)),
        (Triangular(1, 2, 5), stats.triang(0.25, 1, 4)),
        (Triangular(1, 1, 5), stats.triang(0, 1, 4)),
        (Normal(3, 2, -INFINITE, INFINITE), stats.norm(3, 2)),
        (Lognormal(3, 0.5, 0, INFINITE), stats.lognorm(0.5, scale=3)),
        (Beta(2, 3, 1, 4), stats.beta(2, 3, 1, 3)),
    ],
)
def test_quantiles_are_those_of_the_distribution(distribution, reference) -> None:
    shares = np.array([0.001, 0.1, 0.25, 0.5, 0.9, 0.999])
    np.testing.assert_allclose(reference.cdf(quantile(distribution, shares)), shares, rtol=1e-9)


@pytest.mark.parametrize("kind", ["normal", "lognormal"])
def test_a_cut_distribution_is_the_whole_one_between_its_ends(kind: str) -> None:
    shares = np.linspace(0.01, 0.99, 9)
    if kind == "normal":
        found = quantile(Normal(0, 1, 0.5, 2), shares)
        whole = stats.norm()
    else:
        found = quantile(Lognormal(1, 1, 0.5, 2), shares)
        whole = stats.lognorm(1)
    low, high = whole.cdf([0.5, 2])
    np.testing.assert_allclose((whole.cdf(found) - low) / (high - low), shares, rtol=1e-9)
    assert found.min() >= 0.5
    assert found.max() <= 2


def test_values_come_as_often_as_they_weigh() -> None:
    found = quantile(Values((3.0, 1.0), (0.25, 0.75)), np.linspace(0.0005, 0.9995, 1000))
    assert (found == 3).sum() == 250
    assert set(found) == {1, 3}


@pytest.mark.parametrize("method", RANDOM)
def test_numbers_do_not_depend_on_the_part_asked_for(tmp_path: Path, method: str) -> None:
    study = study_with(tmp_path, ALL_KINDS.format(method=method))
    design = design_named(study)
    sample = sample_of(study, design)
    parts = [sample.numbers(first, first + 64) for first in range(0, 512, 64)]
    parts += [sample_of(study, design).numbers(509, 512)]
    whole = sample.numbers(0, 512)
    np.testing.assert_array_equal(np.hstack(parts[:-1]), whole)
    np.testing.assert_array_equal(parts[-1], whole[:, 509:])
    again = sample_of(study_with(tmp_path, ALL_KINDS.format(method=method)), design)
    np.testing.assert_array_equal(again.numbers(0, 512), whole)


@pytest.mark.parametrize("method", RANDOM)
def test_growing_a_design_keeps_its_runs_where_the_method_allows(
    tmp_path: Path, method: str
) -> None:
    text = ALL_KINDS.format(method=method)
    few, many = numbers(tmp_path, text, 100), numbers(tmp_path, text, 300)
    assert np.array_equal(few, many[:, :100]) == (method != "latin hypercube")


@pytest.mark.parametrize("method", RANDOM)
def test_the_seed_of_the_design_is_not_that_of_the_noise(tmp_path: Path, method: str) -> None:
    text = ALL_KINDS.format(method=method)
    same = numbers(tmp_path, text)
    noisy = study_file(tmp_path, text).read_text().replace("noise_seed: 7", "noise_seed: 8")
    (tmp_path / "study.yaml").write_text(noisy)
    from cyclesim.scenario import read_study

    study = read_study(tmp_path / "study.yaml")
    np.testing.assert_array_equal(sample_of(study, design_named(study)).numbers(0, 512), same)
    assert not np.array_equal(numbers(tmp_path, text.replace("seed: 3", "seed: 4")), same)


@pytest.mark.parametrize("method", ["monte carlo", "latin hypercube"])
def test_another_quantity_leaves_the_numbers_of_the_others(tmp_path: Path, method: str) -> None:
    text = f"design: {{method: {method}, runs: 50, vary: {{Training: plausible}}}}\n"
    more = text.replace("{Training", "{Noise: {from: 0, to: 1}, Training")
    np.testing.assert_array_equal(numbers(tmp_path, more)[1], numbers(tmp_path, text)[0])


@pytest.mark.parametrize("correlations", ["[]", "[{between: [Training, Noise], rank: -0.6}]"])
def test_a_latin_hypercube_has_one_run_in_each_slice(tmp_path: Path, correlations: str) -> None:
    vary = "{Training: {from: 0, to: 1}, Noise: {from: 0, to: 1}}"
    text = f"design: {{runs: 200, vary: {vary}, correlations: {correlations}}}\n"
    for row in numbers(tmp_path, text):
        np.testing.assert_array_equal(np.sort(np.floor(row * 200)), np.arange(200))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 97, 100, 4096, 10_007])
def test_a_permutation_asked_for_place_by_place_has_each_number_once(size: int) -> None:
    key = np.array([3, 5], dtype=np.uint64)
    found = permuted(np.arange(size), size, key)
    np.testing.assert_array_equal(np.sort(found), np.arange(size))
    np.testing.assert_array_equal(permuted(np.arange(size)[::-3], size, key), found[::-3])
    if size > 7:
        assert not np.array_equal(found, permuted(np.arange(size), size, key + np.uint64(1)))


def test_a_hypercube_too_large_to_be_held_is_made_by_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "MOST_HELD", 999)
    text = "design: {runs: 5003, seed: 1, vary: {Training: {from: 0, to: 1}}}\n"
    more = text.replace("{Training", "{Noise: {from: 0, to: 1}, Training")
    one, two = numbers(tmp_path, text), numbers(tmp_path, more)
    np.testing.assert_array_equal(two[1], one[0])
    for row in two:
        np.testing.assert_array_equal(np.sort(np.floor(row * 5003)), np.arange(5003))
        assert stats.kstest(row * 5003 % 1, "uniform").pvalue > 1e-4
        assert stats.kstest(row[:500], "uniform").pvalue > 1e-4
        assert abs(stats.spearmanr(row[1:], row[:-1]).statistic) < 4 / 5003**0.5
    assert abs(stats.spearmanr(*two).statistic) < 4 / 5003**0.5
    study = study_with(tmp_path, more)
    whole = sample_of(study, design_named(study))
    parts = [whole.numbers(first, min(5003, first + 700)) for first in range(0, 5003, 700)]
    np.testing.assert_array_equal(np.hstack(parts), two)
    assert not np.array_equal(numbers(tmp_path, more.replace("seed: 1", "seed: 2")), two)
    tied = more.replace("}}}", "}}, correlations: [{between: [Training, Noise], rank: 0.5}]}")
    assert stats.spearmanr(*numbers(tmp_path, tied)).statistic == pytest.approx(0.5, abs=0.02)


def test_quantities_of_a_hypercube_made_by_part_are_independent() -> None:
    runs, labels = 2003, tuple(f"quantity {number}" for number in range(60))
    found = np.corrcoef(latin_hypercube_part(1, labels, runs, 0, runs))
    scores = found[np.triu_indices(60, 1)] * runs**0.5  # each of a normal distribution
    assert stats.kstest(scores, "norm").pvalue > 1e-3
    assert np.abs(scores).max() < 5


def test_a_part_of_a_large_hypercube_takes_little_memory() -> None:
    labels = tuple(f"quantity {number}" for number in range(70))
    tracemalloc.start()
    latin_hypercube_part(1, labels, 1_000_000, 500_000, 504_096)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * 8 * 70 * 4096


@pytest.mark.parametrize("method", RANDOM)
@pytest.mark.parametrize("rank", [-0.9, 0.3, 0.7])
def test_rank_correlations_are_as_asked_for(tmp_path: Path, method: str, rank: float) -> None:
    text = ALL_KINDS.format(method=method).replace("rank: 0.7", f"rank: {rank}")
    found = numbers(tmp_path, text, 4096)
    # Three standard errors of Spearman's coefficient of so many independent pairs.
    assert stats.spearmanr(found[0], found[3]).statistic == pytest.approx(rank, abs=3 / 64)
    assert abs(stats.spearmanr(found[0], found[1]).statistic) < 3 / 64


def test_sobol_fills_the_square_more_evenly_than_chance(tmp_path: Path) -> None:
    vary = "{Training: {from: 0, to: 1}, Noise: {from: 0, to: 1}}"
    text = f"design: {{runs: 256, method: METHOD, vary: {vary}}}\n"
    places = np.floor(numbers(tmp_path, text.replace("METHOD", "sobol")) * 16)
    assert len(set(map(tuple, places.T))) == 256  # one in each square: a (0, 8, 2) net
    places = np.floor(numbers(tmp_path, text.replace("METHOD", "monte carlo")) * 16)
    assert len(set(map(tuple, places.T))) < 200


GRID = """
design:
  method: {method}
  vary: {{Training: {{values: [1, 2]}}, Noise: {{from: 0, to: 1, levels: {levels}}}}}
"""


def test_a_grid_has_every_combination(tmp_path: Path) -> None:
    found = numbers(tmp_path, GRID.format(method="grid", levels=3))
    expected = list(itertools.product([1, 2], [0, 0.5, 1]))
    np.testing.assert_array_equal(found.T, expected)
    study = study_with(tmp_path)
    assert design_named(study).runs == 1000


def test_pairs_go_through_their_values_together(tmp_path: Path) -> None:
    found = numbers(tmp_path, GRID.format(method="paired", levels=2))
    np.testing.assert_array_equal(found, [[1, 2], [0, 1]])


def test_one_at_a_time_leaves_all_others_at_the_study_s_numbers(tmp_path: Path) -> None:
    text = """
design:
  method: one at a time
  vary: {Training: {values: [0.5, 2]}, "Weight[b]": {normal: {mean: 3, deviation: 1}}}
  initial: {Skill: {from: 1, to: 3}}
  changes: {Training: {at: {from: 2, to: 6}}}
"""
    study = study_with(tmp_path, text)
    found = sample_of(study, design_named(study)).numbers(0, 9)
    base = np.array([1, 0.25, 2, 4.0])
    expected = np.repeat(base[:, None], 9, axis=1)
    tails = stats.norm(3, 1).ppf([0.05, 0.95])
    for run, (row, value) in enumerate(
        [(0, 0.5), (0, 2), (1, tails[0]), (1, tails[1]), (2, 1), (2, 3), (3, 2), (3, 6)], 1
    ):
        expected[row, run] = value
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_one_at_a_time_starts_from_an_element_s_own_initial_value(tmp_path: Path) -> None:
    over_team = over("Team")
    text = xmile(
        stock("First", "7"),
        stock("Skill", None, extra=over_team + element("a", "2") + element("b", "5")),
        stock("Trust", "3", extra=over_team),
        aux("Rate", "1"),
        before_model='<dimensions><dim name="Team"><elem name="a"/><elem name="b"/></dim>'
        "</dimensions>",
    )
    (tmp_path / "model.xmile").write_text(text, encoding="utf-8")

    def numbers(initial: str) -> np.ndarray:
        (tmp_path / "study.yaml").write_text(
            "model: model.xmile\ntitle: Arrays\noutputs: {First: up}\nscenarios: {plain: {}}\n"
            f"design: {{method: one at a time, vary: {{Rate: {{values: [2]}}}}, "
            f"initial: {{{initial}: {{from: 10, to: 20}}}}}}\n",
            encoding="utf-8",
        )
        study = read_study(tmp_path / "study.yaml")
        return sample_of(study, design_named(study)).numbers(0, 4)

    rest = [[1, 2, 1, 1]]
    np.testing.assert_array_equal(numbers('"Skill[b]"'), [*rest, [5, 5, 10, 20]])
    np.testing.assert_array_equal(numbers("Trust"), [*rest, [3, 3, 10, 20]])
    with pytest.raises(UsageError, match="'Skill' has several numbers"):
        numbers("Skill")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_holds_the_runs(tmp_path: Path, suffix: str) -> None:
    columns = {"run": [0, 1], "Training": [1.5, 2], "Skill (initial)": [1, 3],
               "Training (at)": [2, 3.5], "Weight[b]": [0, 1]}  # fmt: skip
    if suffix == "csv":
        rows = "\n".join(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))
        (tmp_path / "runs.csv").write_text(",".join(columns) + "\n" + rows + "\n")
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table(columns), tmp_path / "runs.parquet")
    study = study_with(tmp_path, f"design: {{file: runs.{suffix}}}\n")
    design = design_named(study)
    assert design.labels == tuple(columns)[1:]
    assert [q.varied.kind for q in design.quantities] == [
        VariedKind.CONSTANT, VariedKind.INITIAL, VariedKind.CHANGE, VariedKind.CONSTANT,
    ]  # fmt: skip
    found = sample_of(study, design).numbers(0, 2)
    np.testing.assert_array_equal(found, list(columns.values())[1:])


def test_without_a_design_the_plausible_ranges_vary(tmp_path: Path) -> None:
    study = study_with(tmp_path)
    design = design_named(study)
    assert {q.label: (q.distribution.low, q.distribution.high) for q in design.quantities} == {
        "Training": (0.5, 2), "Time to forget": (5, 20),
    }  # fmt: skip
    assert [each.name for each in scenarios_named(study, design)] == ["plain", "step", "pulse"]


def test_one_of_several_designs_is_named(tmp_path: Path) -> None:
    two = "{{runs: 5, scenarios: step, vary: {{Training: {{from: 0.5, to: {}}}}}}}"
    study = study_with(tmp_path, f"design: {{wide: {two.format(2)}, narrow: {two.format(1)}}}\n")
    assert design_named(study, "narrow").quantities[0].distribution == Uniform(0.5, 1)
    assert design_named(study).name == "wide"
    assert [s.name for s in scenarios_named(study, design_named(study))] == ["step"]
    with pytest.raises(UsageError, match="Did you mean 'narrow'"):
        design_named(study, "narow")
    with pytest.raises(UsageError, match=r"'plane'.*Did you mean 'plain'.*'pulze'"):
        scenarios_named(study, design_named(study), ["plane", "pulze"])


FAULTY = """
design:
  method: sobl
  runs: 0
  vary:
    Trainin: {from: 1, to: 2}
    Training: {from: 2, to: 1}
    Time to forget: {normal: {mean: 10, deviation: -3}}
    Skill: plausible
    Noise: plausible
    Weight: {vales: [1]}
    Weight[a]: {triangular: {from: 1, mode: 7, to: 2}}
  initial: {Training: {from: 1, to: 2}, Skill: {from: 50, to: 500}}
  changes: {Noise: {to: {from: 1, to: 2}}, Training: {until: {from: 2, to: 3}, at: {from: 2, to: 60}}}
  correlations: [{between: [Training, Learning], rank: 1.5}, {between: [Training]}]
  colour: red
"""  # noqa: E501

SAID = [
    "11:11: design.method: 'sobl' is none of", "Did you mean 'sobol'?",
    "12:9: design.runs: 0 runs",
    "14:5: design.vary.Trainin: no variable is called 'Trainin'. Did you mean 'Training'?",
    "15:22: design.vary.Training.from: the range from 2 to 1 is reversed",
    "16:52: design.vary.Time to forget.normal.deviation: -3 is not above 0",
    "17:5: design.vary.Skill: 'Skill' is a stock",
    "18:12: design.vary.Noise: its doc names no plausible range",
    "19:13: design.vary.Weight: nothing says how the number differs",
    "20:45: design.vary.Weight[a].triangular.mode: the most likely number, 7, lies beyond",
    "21:13: design.initial.Training: 'Training' is not a stock",
    "21:63: design.initial.Skill.to: 500 lies outside the range of 'Skill', from 0 to 100",
    "22:13: design.changes.Noise: no scenario of this design changes 'Noise'",
    "22:55: design.changes.Training.until: the change of 'Training' has no number of this kind",
    "22:98: design.changes.Training.at.to: time 60 lies after the run",
    "23:39: design.correlations[1].between[2]: the design varies no 'Learning'",
    "23:56: design.correlations[1].rank: 1.5 is no rank correlation between -1 and 1",
    "design.correlations[2].rank: is missing",
    "24:3: design.colour: no key is called 'colour'",
]  # fmt: skip


def test_everything_wrong_in_a_design_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as refused:
        study_with(tmp_path, FAULTY)
    for words in SAID:
        assert words in str(refused.value), f"{words}\n{refused.value}"


@pytest.mark.parametrize(
    ("design", "words"),
    [
        ("{runs: 1000000000000}", "1,000,000,000,000 runs are more than"),
        ("{method: grid, runs: 4, vary: {Training: {values: [1, 2]}}}", "Delete 'runs'"),
        ("{method: grid, vary: {Training: plausible}}", "needs single numbers"),
        ("{method: grid, vary: {Training: {from: 0, to: 1, levels: 100000}, Noise: "
         "{from: 0, to: 1, levels: 100000}}}", "10,000,000,000 runs are more than"),
        ("{method: paired, vary: {Training: {values: [1]}, Noise: {values: [1, 2]}}}",
         "Training 1, Noise 2"),
        ("{method: paired, vary: {Training: {values: [1, 2]}, Noise: {values: [1, 2]}}, "
         "correlations: [{between: [Training, Noise], rank: 0.5}]}", "has no correlations"),
        ("{vary: {Weight: {from: 0, to: 1}, 'Weight[a]': {from: 0, to: 1}}}", "are one number"),
        ("{method: file}", "names none"),
        ("{file: ../runs.csv}", "outside the study's folder"),
        ("{file: none.csv}", "no file 'none.csv'"),
        ("{vary: {Training: {values: [1, 2], weights: [1]}}}", "1 weights stand beside 2"),
        ("{scenarios: [plane], vary: {Training: plausible}}", "Did you mean 'plain'"),
        ("{wide: {runs: 0}, narrow: {method: grd}}", "design.wide.runs: 0 runs"),
        ("{vary: {Training: plausible, Time to forget: plausible, Noise: {from: 0, to: 1}}, "
         "correlations: [{between: [Training, Noise], rank: 0.9}, {between: [Noise, "
         "Time to forget], rank: 0.9}, {between: [Training, Time to forget], rank: -0.9}]}",
         "not positive definite"),
    ],
)  # fmt: skip
def test_a_design_that_makes_no_sense_is_refused(tmp_path: Path, design: str, words: str) -> None:
    with pytest.raises(StudyError, match=words.replace("(", r"\(")) as refused:
        study_with(tmp_path, f"design: {design}\n")
    assert "study.yaml:9:" in str(refused.value)


def test_faulty_cells_of_a_file_are_told_at_their_places(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("Training,Skil (initial),Noise\n1,2,3\n1,two,3\n")
    with pytest.raises(StudyError, match=r"runs\.csv:3:3: Skil \(initial\): 'two' is not a number"):
        study_with(tmp_path, "design: {file: runs.csv}\n")
    (tmp_path / "runs.csv").write_text("Training,Skil (initial),Learning\n1,2,3\n")
    with pytest.raises(StudyError) as refused:
        study_with(tmp_path, "design: {file: runs.csv}\n")
    assert "'Skil (initial)': no variable is called 'Skil'" in str(refused.value)
    assert "'Learning' has an equation" in str(refused.value)


def test_a_number_of_runs_given_beside_the_study_is_checked(tmp_path: Path) -> None:
    design = design_named(study_with(tmp_path))
    assert with_runs(design, 7).runs == 7
    with pytest.raises(UsageError, match="0 runs"):
        with_runs(design, 0)
    with pytest.raises(UsageError, match="1,000,000,000,000"):
        with_runs(design, 10**12)
    grid = design_named(study_with(tmp_path, GRID.format(method="grid", levels=3)))
    with pytest.raises(UsageError, match="Leave out --runs"):
        with_runs(grid, 7)


def test_a_small_latin_hypercube_has_its_correlations_too(tmp_path: Path) -> None:
    text = ALL_KINDS.format(method="latin hypercube")
    study = study_with(tmp_path, text)
    found = []
    for seed in range(40):
        design = replace(with_runs(design_named(study), 60), seed=seed)
        made = sample_of(study, design).numbers(0, 60)
        found.append(stats.spearmanr(made[0], made[3]).statistic)
    # By chance alone the coefficient of 60 pairs would miss by 0.07 (one standard error).
    assert np.std(found) < 0.035
    assert np.mean(found) == pytest.approx(0.7, abs=0.02)

"""Many runs at once: each lane is the lone run with its numbers written into the study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cyclesim.ensemble import (
    NotVaried,
    bindable,
    change_numbers,
    constant,
    initial_value,
    run_scenario,
)
from cyclesim.scenario import Study, read_study
from tests.models_in_text import aux, flow, stock, xmile

MODEL = xmile(
    stock("Skill", "2", inflows="Learning", outflows="Forgetting"),
    flow("Learning", "Training / 4"),
    flow("Forgetting", "Skill / Time_to_forget"),
    aux("Training", "1"),
    aux("Time to forget", "10"),
)

STUDY = """\
model: model.xmile
title: Training
run: {start: 0, stop: 20, dt: 0.5}
outputs: {Skill: up}
scenarios:
  plain: {}
  step: {changes: {Training: {step: {to: 0.5, at: 4}}}}
  more: {changes: {Training: {step: {by: -0.5, at: 4}}, Time to forget: 12}, change_from: 2}
  held: {initial: {Training: 3, Skill: 1}}
"""


def study_with(tmp_path: Path, text: str = STUDY) -> Study:
    (tmp_path / "model.xmile").write_text(MODEL, encoding="utf-8")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    return read_study(tmp_path / "study.yaml")


def skill(study: Study, scenario: str) -> np.ndarray:
    chosen = next(each for each in study.scenarios if each.name == scenario)
    return run_scenario(study, chosen, estimate_error=False)["Skill"]


def lanes_of(study: Study, scenario: str, varied, numbers) -> np.ndarray:
    chosen = next(each for each in study.scenarios if each.name == scenario)
    ready = bindable(study, chosen, varied)
    found = ready.trajectory(np.array(numbers, dtype=float))
    return found.values[ready.changed.flat.places["skill"]]


def test_a_constant_and_an_initial_value(tmp_path: Path) -> None:
    study = study_with(tmp_path)
    flat = study.model.flat
    varied = (constant(flat, "Time to forget"), initial_value(flat, "Skill"))
    for scenario in ("plain", "step", "more"):
        found = lanes_of(study, scenario, varied, [[10, 15], [2, 5]])
        given = f"initial: {{Skill: {5}, Time to forget: 15}}"
        other = STUDY.replace("{changes", f"{{{given}, changes").replace("{}", f"{{{given}}}")
        np.testing.assert_allclose(found[:, 0], skill(study, scenario), rtol=1e-14)
        alone = skill(study_with(tmp_path, other), scenario)
        np.testing.assert_allclose(found[:, 1], alone, rtol=1e-14)


def test_a_constant_that_the_scenario_changes_varies_before_the_change(tmp_path: Path) -> None:
    study = study_with(tmp_path)
    found = lanes_of(study, "more", (constant(study.model.flat, "Training"),), [[1, 2]])
    other = STUDY.replace("more: {", "more: {initial: {Training: 2}, ")
    np.testing.assert_allclose(found[:, 1], skill(study_with(tmp_path, other), "more"), rtol=1e-14)


def test_the_numbers_of_a_change(tmp_path: Path) -> None:
    study = study_with(tmp_path)
    scenario = next(each for each in study.scenarios if each.name == "step")
    size, time = change_numbers(scenario)
    assert (size.role, size.value, time.role, time.value) == ("to", 0.5, "time", 4)
    found = lanes_of(study, "step", (size, time), [[0.5, 0.1], [4, 7]])
    np.testing.assert_allclose(found[:, 0], skill(study, "step"), rtol=1e-14)
    other = STUDY.replace("{to: 0.5, at: 4}", "{to: 0.1, at: 7}")
    np.testing.assert_allclose(found[:, 1], skill(study_with(tmp_path, other), "step"), rtol=1e-14)


def test_what_the_scenario_sets_from_before_the_start_does_not_vary(tmp_path: Path) -> None:
    study = study_with(tmp_path)
    flat = study.model.flat
    varied = (constant(flat, "Training"), initial_value(flat, "Skill"))
    found = lanes_of(study, "held", varied, [[1, 2], [1, 4]])
    np.testing.assert_allclose(found[:, 0], skill(study, "held"), rtol=1e-14)
    assert found[0, 1] == 4  # an initial value asked for wins over the scenario's own
    rate = found[1, 1] - found[0, 1]
    assert rate == pytest.approx(0.5 * (3 / 4 - 4 / 10))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda flat: constant(flat, "Skill"), "is a stock"),
        (lambda flat: constant(flat, "Learning"), "has an equation"),
        (lambda flat: constant(flat, "Trainin"), "Training"),
        (lambda flat: initial_value(flat, "Training"), "is not a stock"),
    ],
)
def test_what_cannot_vary_is_refused(tmp_path: Path, make, words: str) -> None:
    with pytest.raises(NotVaried, match=words):
        make(study_with(tmp_path).model.flat)


def test_a_change_that_the_scenario_has_not_is_refused(tmp_path: Path) -> None:
    study = study_with(tmp_path)
    size, _ = change_numbers(study.scenarios[1])
    with pytest.raises(NotVaried, match="no change"):
        bindable(study, study.scenarios[0], (size,))

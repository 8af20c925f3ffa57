"""A small study for batches: training and skill, with everything in it that may vary."""

from __future__ import annotations

from pathlib import Path

from cyclesim.scenario import Study, read_study
from tests.models_in_text import aux, element, flow, over, stock, xmile

MODEL = xmile(
    stock("Skill", "2", inflows="Learning", outflows="Forgetting",
          extra='<range min="0" max="100"/>'),
    flow("Learning", "Training * (1 + SUM(Weight[*]) * NORMAL(0, Noise)) / 4"),
    flow("Forgetting", "Skill / Time_to_forget"),
    aux("Training", "1", "<doc>Hours. Assumption: plausible from 0.5 to 2.</doc>"
        '<range min="0" max="10"/>'),
    aux("Time to forget", "10", "<doc>How long. Assumption: plausible from 5 to 20.</doc>"
        '<range min="1"/>'),
    aux("Noise", "0", "<doc>How much. Definition: none.</doc>"),
    aux("Weight", None, over("Team") + element("a", "0.5") + element("b", "0.25")),
    before_model='<dimensions><dim name="Team"><elem name="a"/><elem name="b"/></dim></dimensions>',
)  # fmt: skip

STUDY = """\
model: model.xmile
title: Training
run: {start: 0, stop: 10, dt: 0.5, save_every: 1, noise_seed: 7}
outputs: {Skill: up, Learning: neither}
scenarios:
  plain: {}
  step: {changes: {Training: {step: {to: 0.5, at: 4}}}}
  pulse: {changes: {Training: {pulse: {by: 0.5, from: 2, for: 3}}}}
"""


def study_file(folder: Path, design: str = "", study: str = STUDY) -> Path:
    """Write the model and the study, with a design, and return the study's file."""
    (folder / "model.xmile").write_text(MODEL, encoding="utf-8")
    path = folder / "study.yaml"
    path.write_text(study + design, encoding="utf-8")
    return path


def study_with(folder: Path, design: str = "") -> Study:
    """Return the study with a design."""
    return read_study(study_file(folder, design))

"""A small organisation whose every number has a closed form, and checks written beside it."""

from __future__ import annotations

from pathlib import Path

from tests.models_in_text import aux, flow, stock, xmile

PLAUSIBLE = "<units>{units}</units><doc>{doc} Assumption: plausible from {low} to {high}.</doc>"


def assumed(name: str, value: float, units: str, low: float, high: float) -> str:
    return aux(name, value, PLAUSIBLE.format(units=units, doc=f"{name}.", low=low, high=high))


def team(
    initial: object = "Training_share * Time_to_forget / Time_to_learn", more: str = ""
) -> str:
    """Skill follows training; at rest it is share x forgetting time / learning time."""
    return xmile(
        stock("Skill", initial, "Learning", "Forgetting", "<units>dmnl</units><doc>Skill.</doc>"),
        flow("Learning", "Training_share / Time_to_learn", "<units>1/week</units><doc>L.</doc>"),
        flow("Forgetting", "Skill / Time_to_forget", "<units>1/week</units><doc>F.</doc>"),
        aux("Cost", "Pay * Training_share", "<units>pound</units><doc>Cost.</doc>"),
        assumed("Training share", 0.4, "dmnl", 0.2, 0.6),
        assumed("Time to learn", 10, "week", 5, 15),
        assumed("Time to forget", 25, "week", 20, 30),
        aux("Pay", 100, "<units>pound</units><doc>Pay. Definition: the scale.</doc>"),
        more,
        stop=100, dt="0.25", save=1, time_units="week", method="RK4",
    )  # fmt: skip


CHECKS = """\
change_from: 20
outputs: {Skill: up}
scenarios:
  cut: {changes: {Training share: 0.2}}
  more: {changes: {Training share: 0.5}}
measures:
  before: {scenario: cut, variable: Skill, take: first}
  after: {scenario: cut, variable: Skill, at: end}
claims:
  C1:
    says: Less training, less skill.
    holds: [after < 0.9 * before]
    control: {says: Training that does not matter., scenarios: {cut: more}}
"""


def written(folder: Path, checks: str = CHECKS, model: str | None = None) -> Path:
    """Write a model with its checks; return the checks file."""
    (folder / "model.xmile").write_text(model or team(), encoding="utf-8")
    file = folder / "checks.yaml"
    file.write_text(checks, encoding="utf-8")
    return file

"""The signs in the tables of loops beside the models have one sense, that of each link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cyclesim.diagram.signs import effects
from cyclesim.names import canonical
from cyclesim.simulation import load

MODELS = Path(__file__).parents[2] / "models"
ROW = re.compile(r"^\| ([RB])\d+ ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
SERVICES = ("moments_of_truth", "open_system", "pull_value", "service_cycle",
            "service_delivery_system")  # fmt: skip


@pytest.mark.parametrize("model", SERVICES)
def test_loops_that_reinforce_turn_round_an_even_number_of_times(model: str) -> None:
    text = (MODELS / model / "README.md").read_text(encoding="utf-8")
    rows = ROW.findall(text)
    assert len(rows) >= 11
    wrong = [
        name
        for mark, name, chain in rows
        if len(re.findall(r"\(down\b", chain)) % 2 != (mark == "B") or "(up" in chain
    ]
    assert not wrong


BY_ANOTHER_WAY = {("revenue", "profit_margin")}
"""Revenue moves the margin by profit more than it moves it as what profit is divided by."""


@pytest.mark.parametrize("model", SERVICES)
def test_each_sign_is_that_of_the_models_own_equation(model: str) -> None:
    """Of links that are one equation, with one sign all along the run of the model itself."""
    known = effects(load(model))
    text = (MODELS / model / "README.md").read_text(encoding="utf-8")
    compared, wrong = 0, []
    for _, name, chain in ROW.findall(text):
        told = [each.strip() for each in re.sub(r";[^)]*", "", chain).split(",")]
        idents = [canonical(re.sub(r" \(down\)", "", each)) for each in told]
        for source, target, said in zip(idents, idents[1:], told[1:], strict=False):
            effect = known.get((source, target))
            if effect is None or effect.sign == "?" or (source, target) in BY_ANOTHER_WAY:
                continue
            compared += 1
            if (effect.sign == "-") != said.endswith("(down)"):
                wrong.append((name, source, target))
    assert compared >= 14
    assert not wrong

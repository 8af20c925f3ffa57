"""The signs in the tables of loops beside the models have one sense, that of each link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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

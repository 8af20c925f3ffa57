"""Titles take the verb that a reader would give them."""

from __future__ import annotations

import pytest

from cyclesim.analysis.words import many


@pytest.mark.parametrize(
    "title",
    [
        "Customers", "Customers kept after a problem", "Journeys without a problem",
        "Orders not right first time", "Newcomers who still learn", "People who come back",
        "Pounds a week after the cost of scanning", "Problems acted on at the front line",
        "Weeks until a reply", "Widths between the offering and the market",
    ],
)  # fmt: skip
def test_a_title_of_many_takes_its_verb_in_the_plural(title: str) -> None:
    assert many(title)


@pytest.mark.parametrize(
    "title",
    [
        "Profit", "Progress", "Status of orders", "Mean wait of a problem", "Staff", "Basis",
        "Managers' time on firefighting", "Number of people who wait", "Share of customers kept",
        "Skill without errors", "Time given to an order", "",
    ],
)  # fmt: skip
def test_a_title_of_one_takes_its_verb_in_the_singular(title: str) -> None:
    assert not many(title)

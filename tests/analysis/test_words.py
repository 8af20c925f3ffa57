"""Titles take the verb that a reader would give them."""

from __future__ import annotations

import pytest

from cyclesim.analysis.words import alike, as_told, compared, many


@pytest.mark.parametrize(
    "title",
    [
        "Customers", "Customers kept after a problem", "Journeys without a problem",
        "Orders not right first time", "Newcomers who still learn", "People who come back",
        "Pounds a week after the cost of scanning", "Problems acted on at the front line",
        "Weeks until a reply", "Odds over all offices",
        "Widths between the offering and the market",
    ],
)  # fmt: skip
def test_a_title_of_many_takes_its_verb_in_the_plural(title: str) -> None:
    assert many(title)


@pytest.mark.parametrize(
    "title",
    [
        "Profit", "Progress", "Status of orders", "Mean wait of a problem", "Staff", "Basis",
        "Managers' time on firefighting", "Number of people who wait", "Share of customers kept",
        "Skill without errors", "Effort across functions", "Time given to an order", "",
    ],
)  # fmt: skip
def test_a_title_of_one_takes_its_verb_in_the_singular(title: str) -> None:
    assert not many(title)


def test_what_is_nothing_beside_the_span_is_told_as_nothing():
    assert as_told(-5.06e-26, 0.4) == 0
    assert as_told(0.0015, 0.4) == 0.0015
    assert as_told(-5.06e-26, 0.0) == -5.06e-26


@pytest.mark.parametrize(
    ("value", "base", "span", "said"),
    [
        (2.4e-6, 1.2e-6, 0.4, "the same as"), (2.4e-6, 1.2e-6, 0.0, "100 % higher than"),
        (0.3, 1.2e-6, 0.4, "0.300 higher than"), (0.0035, 0.001, 0.4, "0.00250 higher than"),
        (0.2, 0.1, 0.4, "100 % higher than"), (0.1, 0.2, 0.4, "50 % lower than"),
    ],
)  # fmt: skip
def test_no_per_cent_is_given_of_nothing(value: float, base: float, span: float, said: str):
    assert compared(value, base, None, span) == said
    assert alike(value, base, span) is (said == "the same as")

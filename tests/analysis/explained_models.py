"""Small models whose dominant loop is known by construction, and decoys that have none to claim.

Each was written down with its answer before the explanation was measured by them. The answer is
what must lie on the loop that is named, its polarity, and within which times its phase begins.
"""

from __future__ import annotations

from dataclasses import dataclass

from cyclesim.compiler import CompiledModel
from tests.models_in_text import aux, dimension, dimensions, flow, model, over, stock


@dataclass(frozen=True)
class Known:
    """A model with the loop that must be named: what it runs through, its sign, its beginning."""

    name: str
    model: CompiledModel
    output: str
    good: str
    through: frozenset[str]
    reinforcing: bool
    begins: tuple[float, float]
    cycle: str | None = None
    avoids: frozenset[str] = frozenset()


def known(
    name: str,
    parts: tuple[str, ...],
    output: str,
    good: str,
    through: str,
    sign: str,
    begins: tuple[float, float],
    cycle: str | None = None,
    avoids: str = "",
    **settings: object,
) -> Known:
    given = {"stop": 100, "dt": "0.25", "save": 1, "method": "rk4", "time_units": "week"}
    whole = model(*parts, **{**given, **settings})
    return Known(
        name, whole, output, good, frozenset(through.split(", ")), sign == "R", begins, cycle,
        frozenset(filter(None, avoids.split(", "))),
    )  # fmt: skip


def every_known() -> tuple[Known, ...]:
    """Return the twenty models."""
    return (*_growth(), *_spirals(), *_limits(), *_structure())


def _growth() -> tuple[Known, ...]:
    people = stock("People", 100, "Births")
    return (
        known("growth alone", (people, flow("Births", "0.03 * People")),
              "People", "up", "People, Births", "R", (0, 0), "virtuous"),
        # Logistic growth with both loops apart: births rule until half of the room is taken.
        # Net growth 0.12 P (1 - P / 1000) from 5: P = 500 at ln(199) / 0.12 = 44.1.
        known("logistic growth",
              (stock("People", 5, "Births", "Deaths"), flow("Births", "0.12 * People"),
               flow("Deaths", "0.12 * People * People / 1000")),
              "People", "up", "People, Births", "R", (0, 0), "virtuous", "Deaths"),
        known("adoption by word of mouth",
              (stock("Potential", 9990, (), "Adopting"), stock("Adopters", 10, "Adopting"),
               flow("Adopting", "0.2 * Adopters * Potential / 10000")),
              "Adopters", "up", "Adopters, Adopting", "R", (0, 0), "virtuous", "Potential"),
        # Two loops that reinforce, of gains 0.05 and 0.005.
        known("the stronger of two",
              (stock("People", 100, ["Births", "Guests"]), flow("Births", "0.05 * People"),
               aux("Fame", "People / 10"), flow("Guests", "0.05 * Fame")),
              "People", "up", "People, Births", "R", (0, 0), "virtuous", "Fame"),
        # Gains 0.02 and 2 S / 5000 are equal at S = 50. S / (1 + S / 100) grows at 0.02 a week,
        # from 9.09 to 33.3 in ln(3.667) / 0.02 = 65 weeks.
        known("the second of two takes over",
              (stock("Size", 10, ["Steady growth", "Growing on"]),
               flow("Steady growth", "0.02 * Size"), flow("Growing on", "Size * Size / 5000")),
              "Size", "up", "Size, Growing on", "R", (60, 70), "virtuous", "Steady growth",
              stop=110),
    )  # fmt: skip


def _spirals() -> tuple[Known, ...]:
    # Staff leave the more, the more work each has; work is shared by those who stay.
    turnover = (
        stock("Staff", 100, "Hiring", "Leaving"), flow("Hiring", 2), aux("Work", 100 ),
        aux("Workload", "Work / Staff"), aux("Quality", "1.5 - 0.5 * Workload"),
        flow("Leaving", "0.02 * Staff * Workload ^ 3"),
    )  # fmt: skip
    # Small disturbance at week 10; 2 - 0.02 S (100/S)^3 = 2 - 20000 / S^2: S = 100 is unstable.
    nudged = (*turnover[:2], aux("Work", "100 + STEP(4, 10)"), *turnover[3:])
    bistable = (
        flow("Making", "Level * Level / (1 + Level * Level)"), flow("Losing", "0.4 * Level"),
    )  # fmt: skip
    return (
        known("turnover spiral", nudged, "Quality", "up", "Staff, Workload, Leaving", "R", (10, 30),
              "vicious", stop=40),
        known("turnover spiral seen through a perceived quality",
              (*nudged, stock("Perceived quality", 1, "Change in perception"),
               flow("Change in perception", "(Quality - Perceived_quality) / 4")),
              "Perceived quality", "up", "Staff, Workload, Leaving", "R", (10, 30), "vicious",
              stop=40),
        # x' = x^2/(1+x^2) - 0.4 x rests at 0, 0.5 and 2; 0.5 is unstable.
        known("above the tipping point", (stock("Level", 0.52, "Making", "Losing"), *bistable),
              "Level", "up", "Level, Making", "R", (0, 0), "virtuous", "Losing"),
        known("below the tipping point", (stock("Level", 0.48, "Making", "Losing"), *bistable),
              "Level", "up", "Level, Making", "R", (0, 0), "vicious", "Losing"),
        known("two stocks that spoil each other",
              (stock("Trust", 1, "Trust change"), stock("Effort", 1, "Effort change"),
               flow("Trust change", "0.1 * (Effort - 1) - STEP(0.01, 5) + STEP(0.01, 7)"),
               flow("Effort change", "0.1 * (Trust - 1)")),
              "Trust", "up", "Trust, Effort", "R", (5, 12), "vicious", stop=50),
    )  # fmt: skip


def _limits() -> tuple[Known, ...]:
    return (
        known("goal sought", (stock("Heat", 10, "Heating"), aux("Goal", 100),
                              flow("Heating", "(Goal - Heat) / 10")),
              "Heat", "up", "Heat, Heating", "B", (0, 0)),
        known("draining", (stock("Water", 100, (), "Draining"), flow("Draining", "Water / 20")),
              "Water", "up", "Water, Draining", "B", (0, 0)),
        # A fixed inflow into what leaks: the leak alone decides.
        known("filling a bath that leaks",
              (stock("Water", 0, "Tap", "Leak"), flow("Tap", 5), flow("Leak", "Water / 20")),
              "Water", "up", "Water, Leak", "B", (0, 0)),
        known("goal sought through a smooth",
              (stock("Stores", 10, "Buying"), aux("Seen", "SMTH1(Stores, 0.5)"),
               flow("Buying", "(100 - Seen) / 20")),
              "Stores", "up", "Stores, Buying", "B", (0, 0)),
        # An S-curve's end alone: from 700 on the crowding rules.
        known("the end of a growth",
              (stock("People", 700, "Births", "Deaths"), flow("Births", "0.12 * People"),
               flow("Deaths", "0.12 * People * People / 1000")),
              "People", "up", "People, Deaths", "B", (0, 0), None, "Births"),
    )  # fmt: skip


def _structure() -> tuple[Known, ...]:
    elements = dimensions(dimension("Office", "Front Back"))
    return (
        known("through a delay of third order",
              (stock("Customers", 100, "Joining"), aux("Talk", "DELAY3(Customers, 4)"),
               flow("Joining", "0.05 * Talk")),
              "Customers", "up", "Customers, Talk, Joining", "R", (0, 8), "virtuous"),
        known("through a fast smooth written out",
              (stock("Customers", 100, "Joining"), stock("Fame", 100, "Change in fame"),
               flow("Change in fame", "(Customers - Fame) / 1"), flow("Joining", "0.05 * Fame")),
              "Customers", "up", "Customers, Fame, Joining", "R", (0, 8), "virtuous"),
        known("through auxiliaries that only pass on",
              (stock("Customers", 100, "Joining"), aux("One", "Customers * 2"),
               aux("Two", "One / 4"), aux("Three", "Two + 3"), flow("Joining", "0.1 * Three")),
              "Customers", "up", "Customers, One, Two, Three, Joining", "R", (0, 0), "virtuous"),
        known("array of offices",
              (stock("Staff", 100, "Hired", (), over("Office")),
               flow("Hired", "0.04 * Staff[Office]", over("Office")),
               aux("All staff", "SUM(Staff[*])")),
              "All staff", "up", "Staff, Hired", "R", (0, 0), "virtuous",
              before_model=elements),
        # Clients follow fame, which grows by itself; the clients' own loop is a slow drain.
        known("a loop upstream of the output",
              (stock("Fame", 1, "Spreading"), flow("Spreading", "0.04 * Fame"),
               stock("Clients", 10, "Coming", "Going"), flow("Coming", "Fame"),
               flow("Going", "0.1 * Clients")),
              "Clients", "up", "Fame, Spreading", "R", (0, 0), "virtuous"),
    )  # fmt: skip


def every_decoy() -> tuple[Known, ...]:
    """Return models in which a loop that reinforces is there and does not make the movement."""
    return (
        # Word of mouth of gain 0.0001 a week beside advertising that grows by itself.
        known("idle loop",
              (stock("Customers", 100, ["Won", "Told"]), flow("Won", "RAMP(0.05, 5)"),
               flow("Told", "0.0001 * Customers")),
              "Customers", "up", "Customers, Told", "R", (0, 100)),
        # A market outside decides; the organisation's fame only adds a hundredth.
        known("driver outside",
              (aux("Market", "100 * EXP(TIME / 30)"), stock("Clients", 100, "Change"),
               flow("Change", "(Market * (1 + 0.0001 * Clients) - Clients) / 3")),
              "Clients", "up", "Clients, Change", "R", (0, 100)),
        # The branch with the loop that reinforces is never taken.
        known("inactive branch",
              (stock("Level", 10, "Change"),
               flow("Change", "IF Level > 1000 THEN 0.1 * Level ELSE (200 - Level) / 15")),
              "Level", "up", "Level, Change", "R", (0, 100)),
        # A loop runs away downstream of the output, which a ramp alone moves.
        known("loop downstream",
              (aux("Price", "10 + RAMP(0.1, 10)"), stock("Rumour", 1, "Spreading"),
               flow("Spreading", "0.05 * Rumour + 0.01 * Price")),
              "Price", "up", "Rumour, Spreading", "R", (0, 100)),
        # Births and deaths balance at any size: all that grows is what comes from outside.
        known("two loops that cancel",
              (stock("People", 100, ["Births", "Coming"], "Deaths"),
               flow("Births", "0.05 * People"), flow("Deaths", "0.05 * People"),
               flow("Coming", "EXP(TIME / 25)")),
              "People", "up", "People, Births", "R", (0, 100)),
    )  # fmt: skip

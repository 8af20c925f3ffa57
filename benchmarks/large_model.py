"""Write large.xmile: a service organisation of five segments under one head office.

Every segment has customers, a backlog, rookies, experts and rework that nobody has found yet; they
share a name, cash, training and the economy. Segments differ in their numbers and in how steep
their curves are. Run it: python benchmarks/large_model.py
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from xml.sax.saxutils import escape

PLACE = Path(__file__).with_name("large.xmile")


@dataclass(frozen=True)
class Segment:
    """What one segment has of its own: sizes, rates a week, times in weeks, and its curves."""

    name: str
    market: int
    customers: int
    loss: float
    orders: float
    output: float
    price: int
    rival: int
    wait: float
    errors: float
    turnover: float
    steep: float
    season: str


SEGMENTS = (
    Segment("Homes", 40000, 12000, 0.025, 0.02, 2.4, 60, 58, 2.0, 0.05, 0.006, 1.00,
            "1.1 1.05 0.95 0.9 1 1.05 0.95 0.9 1"),
    Segment("Shops", 9000, 3000, 0.022, 0.06, 1.9, 90, 92, 1.5, 0.06, 0.007, 1.10,
            "0.8 0.95 1 1.05 1.2 0.8 0.95 1.05 1.2"),
    Segment("Plants", 1500, 450, 0.025, 0.25, 1.1, 240, 250, 3.0, 0.08, 0.004, 0.85,
            "1 1.05 0.85 1.05 1 1.05 0.85 1.05 1"),
    Segment("Clinics", 2600, 900, 0.021, 0.16, 1.3, 180, 175, 1.0, 0.04, 0.008, 1.20,
            "1.15 1 0.9 1 1.15 1 0.9 1 1.15"),
    Segment("Schools", 4200, 1300, 0.024, 0.07, 1.6, 110, 110, 4.0, 0.07, 0.005, 0.90,
            "1 1.1 0.6 1.2 1 1.1 0.6 1.2 1"),
)  # fmt: skip

# A line is a stock (units, initial value, flows), a flow or an auxiliary (units, equation), or a
# curve (argument, its least and most, heights). `@` stands for the segment, $ for its numbers.
SEGMENT = """\
stock | @Customers | customer | $customers | +@Winning -@Losing
stock | @Backlog | order | $customers * $orders * $wait | +@Ordering -@Completing
stock | @Rookies | person | 0.2 * $customers * $orders / $output | +@Hiring -@Maturing -@Rookies_leaving
stock | @Experts | person | 1.0 * $customers * $orders / $output | +@Maturing -@Experts_leaving
stock | @Hidden_rework | order | 6 * $errors * $customers * $orders | +@Erring -@Discovering
flow | @Winning | customer/Week | (@Market - @Customers) * Reach * @Effect_of_price * Effect_of_reputation * Economy
flow | @Losing | customer/Week | @Customers * @Usual_loss * @Effect_of_wait_on_loss * EXP(-@Satisfaction)
flow | @Ordering | order/Week | @Customers * @Orders_each * @Season * @Effect_of_wait_on_orders + @Discovering
flow | @Completing | order/Week | MIN(@Capacity, @Backlog / @Shortest_time)
flow | @Hiring | person/Week | MAX(0, @Staff_turnover * @Staff + Share_funded * @Staff_gap / Time_to_hire)
flow | @Maturing | person/Week | @Rookies / Time_to_mature
flow | @Rookies_leaving | person/Week | @Rookies * @Staff_turnover * Rookie_leaving
flow | @Experts_leaving | person/Week | @Experts * @Staff_turnover
flow | @Erring | order/Week | @Completing * @Error_share
flow | @Discovering | order/Week | @Hidden_rework / Time_to_discover
curve | @Overtime | @Pressure | 0 2.5 | 0.4 0.75 1 1.15 1.24 1.3
curve | @Effect_of_pressure_on_errors | @Perceived_pressure | 0 2.5 | 0.8 0.9 1 1.2 1.5 1.8
curve | @Effect_of_pressure_on_leaving | @Perceived_pressure | 0 3 | 0.8 0.9 1 1.3 1.7 2.2 2.6
curve | @Effect_of_fatigue_on_output | @Perceived_pressure | 0 3 | 1.05 1.03 1 0.93 0.84 0.77 0.72
curve | @Effect_of_skill_on_errors | @Skill | 0 1 | 2 1.6 1.3 1.1 1 0.9
curve | @Effect_of_coaching | @Experts / MAX(@Rookies, Least_staff) | 0 8 | 0.6 0.85 0.95 1 1.04 1.07 1.09 1.1 1.1
curve | @Effect_of_wait_on_loss | @Relative_wait | 0 4 | 0.8 0.9 1 1.5 2 2.4 2.7 2.8 2.8
curve | @Effect_of_wait_on_orders | @Relative_wait | 0 4 | 1.05 1.03 1 0.93 0.85 0.78 0.73 0.7 0.7
curve | @Effect_of_price | @Relative_price | 0.5 1.5 | 1.6 1.3 1 0.75 0.55
curve | @Season | TIME / One_year | 0 2 | $season
aux | @Staff | person | @Rookies + @Experts
aux | @Skill | 1 | @Experts / MAX(@Staff, Least_staff)
aux | @Effective_staff | person | @Experts + @Rookies * Rookie_share * @Effect_of_coaching
aux | @Usual_capacity | order/Week | @Effective_staff * @Usual_output
aux | @Capacity | order/Week | @Usual_capacity * @Overtime * @Effect_of_fatigue_on_output
aux | @Wanted_rate | order/Week | @Backlog / @Wanted_wait
aux | @Pressure | 1 | @Wanted_rate / MAX(@Usual_capacity, Least_work)
aux | @Perceived_pressure | 1 | SMTH1(@Pressure, Time_to_see)
aux | @Wait | Week | @Backlog / MAX(@Completing, Least_work)
aux | @Perceived_wait | Week | SMTH1(@Wait, Time_to_hear)
aux | @Relative_wait | 1 | @Perceived_wait / @Wanted_wait
aux | @Relative_price | 1 | @Price / @Rival_price
aux | @Staff_turnover | 1/Week | @Usual_turnover * @Effect_of_pressure_on_leaving
aux | @Wanted_staff | person | @Wanted_rate / @Usual_output * (1 + Slack)
aux | @Staff_gap | person | IF @Wanted_staff > @Staff THEN @Wanted_staff - @Staff ELSE (@Wanted_staff - @Staff) / 2
aux | @Error_share | 1 | MIN(0.9, @Usual_errors * @Effect_of_pressure_on_errors * @Effect_of_skill_on_errors)
aux | @Satisfaction | 1 | (1 / MAX(@Relative_wait, 0.1)) ^ Weight_of_wait * (1 - @Error_share) ^ Weight_of_errors
aux | @Profit | money/Week | @Completing * @Price - @Staff * Wage
aux | @Market | customer | $market
aux | @Orders_each | order/customer/Week | $orders
aux | @Usual_loss | 1/Week | $loss
aux | @Usual_output | order/person/Week | $output
aux | @Usual_errors | 1 | $errors
aux | @Usual_turnover | 1/Week | $turnover
aux | @Shortest_time | Week | $wait / 2
aux | @Wanted_wait | Week | $wait
aux | @Price | money/order | $price
aux | @Rival_price | money/order | $rival"""  # noqa: E501

HEAD_OFFICE = """\
stock | Reputation | 1 | 1 | +Changing_reputation
stock | Cash | money | 400000 | +Earning -Spending
flow | Changing_reputation | 1/Week | (Mean_satisfaction - Reputation) / Time_to_hear
flow | Earning | money/Week | sum(@Profit)
flow | Spending | money/Week | Overheads * Effect_of_growth
curve | Effect_of_reputation | Reputation | 0 2 | 0.3 0.7 1 1.2 1.3
curve | Effect_of_growth | Reach_of_name | 0 3 | 0.6 0.85 1 1.2 1.45 1.75 2.1
curve | Share_funded | Cash / Reserve | 0 2 | 0.1 0.5 0.85 0.97 1
curve | Training_speed | Training_in_force | 0 2 | 1.6 1.25 1 0.85 0.75
curve | Economy | TIME / One_year | 0 2 | 1 1.04 1.06 1.03 0.97 0.93 0.92 0.96 1
aux | Mean_satisfaction | 1 | (sum(@Satisfaction)) / 5
aux | Training_in_force | 1 | DELAY3(Share_funded, Time_to_train)
aux | Time_to_mature | Week | Usual_time_to_mature * Training_speed
aux | Total_customers | customer | sum(@Customers)
aux | Total_staff | person | sum(@Staff)
aux | Reach_of_name | 1 | Total_customers / Usual_customers
aux | Reach | 1/Week | 0.004
aux | Rookie_leaving | 1 | 1.8
aux | Rookie_share | 1 | 0.45
aux | Time_to_hire | Week | 8
aux | Usual_time_to_mature | Week | 26
aux | Time_to_discover | Week | 6
aux | Time_to_hear | Week | 12
aux | Time_to_see | Week | 4
aux | Time_to_train | Week | 10
aux | Weight_of_wait | 1 | 0.6
aux | Weight_of_errors | 1 | 1.4
aux | Wage | money/person/Week | 120
aux | Slack | 1 | 0.05
aux | Overheads | money/Week | 30000
aux | Reserve | money | 400000
aux | Usual_customers | customer | 17650
aux | One_year | Week | 52
aux | Least_staff | person | 0.1
aux | Least_work | order/Week | 0.1"""


def numbered(line: str, segment: Segment) -> str:
    """Return a line of a segment with its name and its numbers in it."""
    for key, value in asdict(segment).items():
        line = line.replace(f"${key}", str(value))
    return line.replace("@", f"{segment.name}_")


def summed(line: str) -> str:
    """Return a line of the head office with its sums over segments written out."""
    before, opened, rest = line.partition("sum(")
    if not opened:
        return line
    what, _, after = rest.partition(")")
    terms = [what.replace("@", f"{segment.name}_") for segment in SEGMENTS]
    return f"{before}{' + '.join(terms)}{after}"


def element(line: str, steep: float = 1.0) -> str:
    """Return a line as XMILE, the heights of a curve farther from 1 the steeper it is."""
    kind, ident, *rest = (part.strip() for part in line.split("|"))
    units, equation, more = rest[0], rest[1], ""
    if kind == "curve":
        kind, units, equation = "aux", "1", rest[0]
        low, high = rest[1].split()
        heights = [f"{1 + steep * (float(height) - 1):.6g}" for height in rest[2].split()]
        points = ",".join(heights)
        more = f'<gf><xscale min="{low}" max="{high}"/><ypts>{points}</ypts></gf>'
    if kind == "stock":
        ways = {"+": "inflow", "-": "outflow"}
        more = "".join(f"<{ways[flow[0]]}>{flow[1:]}</{ways[flow[0]]}>" for flow in rest[2].split())
    name = ident.replace("_", " ")
    return (
        f'<{kind} name="{name}"><eqn>{escape(equation)}</eqn>{more}<units>{units}</units></{kind}>'
    )


def text() -> str:
    """Return the model as XMILE."""
    lines = [element(summed(line)) for line in HEAD_OFFICE.splitlines()]
    for segment in SEGMENTS:
        parts = [numbered(line, segment) for line in SEGMENT.splitlines()]
        lines += [element(part, segment.steep) for part in parts]
    return "\n".join([
        '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">',
        '<header><name>large</name><vendor>cyclesim</vendor>'
        '<product version="1.0">cyclesim</product></header>',
        '<sim_specs time_units="Week"><start>0</start><stop>100</stop><dt>0.25</dt></sim_specs>',
        "<model><variables>", *lines, "</variables></model></xmile>", "",
    ])  # fmt: skip


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")

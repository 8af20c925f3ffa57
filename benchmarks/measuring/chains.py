"""A model of any size, to see how compiling grows: chains of stocks, flows, auxiliaries."""

from __future__ import annotations


def chains(count: int) -> str:
    """Return XMILE of about `count` equations, six for each stock."""
    parts = []
    stocks = count // 6
    for n in range(stocks):
        other = f"Level_{(n * 7 + 3) % stocks}"
        parts.append(
            f"<stock name='Level {n}'><eqn>Start_{n} * 2</eqn><inflow>Gain_{n}</inflow>"
            f"<outflow>Loss_{n}</outflow></stock>"
            f"<flow name='Gain {n}'><eqn>Rate_{n} * {other} * (1 - Level_{n} / 1000)</eqn></flow>"
            f"<flow name='Loss {n}'><eqn>Level_{n} / MAX(Pressure_{n}, 1)</eqn></flow>"
            f"<aux name='Pressure {n}'><eqn>IF {other} &gt; 10 THEN EXP(-{other} / 90) ELSE 2"
            "</eqn></aux>"
            f"<aux name='Rate {n}'><eqn>0.0{n % 9 + 1}</eqn></aux>"
            f"<aux name='Start {n}'><eqn>{n + 1}</eqn></aux>"
        )
    return (
        "<xmile version='1.0'><header><name>chains</name></header><sim_specs time_units='Day'>"
        "<start>0</start><stop>10</stop><dt>1</dt></sim_specs><model><variables>"
        + "".join(parts)
        + "</variables></model></xmile>"
    )

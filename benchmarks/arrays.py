"""What an array costs beside the same run written by hand in NumPy: 10,000 elements, 1,000 steps.

Both are run in turn within one process, and the median of the ratios is printed: a ratio says
what a time of one machine does not. Results are compared first. Run it: python benchmarks/arrays.py
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from cyclesim.codegen import TARGETS, Program
from cyclesim.compiler import compile_model
from cyclesim.readers.xmile import read_xmile
from cyclesim.schedule import Schedule, schedule_of
from cyclesim.simulation import parameter_values, run_program

ELEMENTS, STEPS, ROUNDS = 10_000, 1_000, 7
DT = 1 / 64

OF_CELLS = "<dimensions><dim name='Cell'/></dimensions>"
MODEL = f"""<xmile version='1.0'>
<sim_specs method='Euler' save_interval='{STEPS * DT!r}'><start>0</start>
<stop>{STEPS * DT!r}</stop><dt>{DT!r}</dt></sim_specs>
<dimensions><dim name='Cell' size='{ELEMENTS}'/></dimensions>
<model><variables>
<stock name='Backlog'>{OF_CELLS}<eqn>10 + Cell MOD 7</eqn>
<inflow>arriving</inflow><outflow>leaving</outflow></stock>
<flow name='arriving'>{OF_CELLS}<eqn>rate * (1 + 0.5 * SIN(TIME)) * share</eqn></flow>
<flow name='leaving'>{OF_CELLS}<eqn>MAX(0, Backlog / wait)</eqn></flow>
<aux name='share'>{OF_CELLS}<eqn>1 + 0.1 * (Backlog - MEAN(Backlog[*])) / 10</eqn></aux>
<aux name='rate'>{OF_CELLS}<eqn>1 + Cell / {ELEMENTS}</eqn></aux>
<aux name='wait'>{OF_CELLS}<eqn>4 + Cell MOD 3</eqn></aux>
</variables></model></xmile>"""


def by_hand() -> np.ndarray:
    """Return the stock at the stop, as one writes it for this model alone."""
    cell = np.arange(1.0, ELEMENTS + 1)
    backlog, wait, rate = 10 + cell % 7, 4 + cell % 3, 1 + cell / ELEMENTS
    for step in range(STEPS):
        share = 1 + 0.1 * (backlog - backlog.mean()) / 10
        arriving = rate * (1 + 0.5 * np.sin(step * DT)) * share
        leaving = np.maximum(0, backlog / wait)
        backlog = backlog + DT * (arriving - leaving)
    return backlog


def by_cyclesim(program: Program, schedule: Schedule) -> np.ndarray:
    """Return the same by generated code and the reference loop."""
    flat = program.flat
    found = run_program(program, schedule, parameter_values(flat, {}))
    rows: np.ndarray = found.values[flat.places[flat.levels[0].ident] :][:ELEMENTS, -1]
    return rows


def seconds(run: object) -> float:
    """Return how long a call takes."""
    begin = time.perf_counter()
    run()  # type: ignore[operator]
    return time.perf_counter() - begin


def main() -> None:
    """Print the median ratio, its spread, and what each took."""
    begin = time.perf_counter()
    flat = compile_model(read_xmile(MODEL.encode(), "arrays.xmile")).flat
    program = TARGETS["numpy"](flat)
    ready = time.perf_counter() - begin
    schedule = schedule_of(flat.sim_specs)
    np.testing.assert_allclose(by_cyclesim(program, schedule), by_hand(), rtol=1e-9)
    pairs = [
        (seconds(lambda: by_cyclesim(program, schedule)), seconds(by_hand)) for _ in range(ROUNDS)
    ]
    ratios = sorted(ours / hand for ours, hand in pairs)
    print(f"{ELEMENTS:,} elements, {STEPS:,} steps, {ROUNDS} rounds in turn")
    print(f"read, compiled and generated in {ready:.3f} s: "
          f"{len(program.source.text.splitlines())} lines of code")  # fmt: skip
    for name, column in zip(("cyclesim", "by hand"), zip(*pairs, strict=True), strict=True):
        print(f"{name:>9}: median {statistics.median(column):.3f} s")
    print(f"    ratio: median {statistics.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f}")


if __name__ == "__main__":
    main()

"""How long a model file takes to read and compile, by its number of equations.

Run it: python benchmarks/compile_time.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from cyclesim.codegen import emit_python
from cyclesim.compiler import compile_model
from cyclesim.readers import read_model

ROUNDS = 7


def xmile(count: int) -> str:
    """Return a model of `count` equations: chains of stocks, flows, auxiliaries, constants."""
    parts = []
    for n in range(count // 6):
        other = f"Level_{(n * 7 + 3) % (count // 6)}"
        parts.append(
            f"<stock name='Level {n}'><eqn>Start {n} * 2</eqn><inflow>Gain_{n}</inflow>"
            f"<outflow>Loss_{n}</outflow><units>item</units></stock>".replace(
                f"Start {n}", f"Start_{n}"
            )
            + f"<flow name='Gain {n}'><eqn>Rate_{n} * {other} * (1 - Level_{n} / 1000)</eqn></flow>"
            f"<flow name='Loss {n}'><eqn>Level_{n} / MAX(Pressure_{n}, 1)</eqn></flow>"
            f"<aux name='Pressure {n}'><eqn>IF {other} > 10 THEN EXP(-{other} / 90) ELSE 2"
            "</eqn></aux>"
            f"<aux name='Rate {n}'><eqn>0.0{n % 9 + 1}</eqn></aux>"
            f"<aux name='Start {n}'><eqn>{n + 1}</eqn></aux>"
        )
    return (
        "<xmile version='1.0'><header><name>m</name></header><sim_specs><start>0</start>"
        "<stop>10</stop><dt>1</dt></sim_specs><model><variables>"
        + "".join(parts)
        + "</variables></model></xmile>"
    )


def mdl(count: int) -> str:
    """Return the same kind of model as Vensim writes it."""
    parts = ["{UTF-8}"]
    for n in range(count // 6):
        other = f"Level {(n * 7 + 3) % (count // 6)}"
        parts.append(
            f"Level {n} = INTEG(Gain {n} - Loss {n}, Start {n} * 2)\n\t~\titem\n\t~\t\t|\n"
            f"Gain {n} = Rate {n} * {other} * (1 - Level {n} / 1000)\n\t~\titem/Day\n\t~\t\t|\n"
            f"Loss {n} = Level {n} / MAX(Pressure {n}, 1)\n\t~\titem/Day\n\t~\t\t|\n"
            f"Pressure {n} = IF THEN ELSE({other} > 10, EXP(-{other} / 90), 2)\n\t~\n\t~\t\t|\n"
            f"Rate {n} = 0.0{n % 9 + 1}\n\t~\n\t~\t\t|\nStart {n} = {n + 1}\n\t~\n\t~\t\t|\n"
        )
    parts.append(
        "INITIAL TIME = 0 ~~|\nFINAL TIME = 10 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = TIME STEP ~~|\n"
    )
    return "\n".join(parts)


def measured(path: Path) -> list[float]:
    """Return milliseconds to read, to compile and to generate code: medians of the rounds."""
    rounds = []
    for _ in range(ROUNDS):
        laps = [time.perf_counter()]
        project = read_model(path)
        laps.append(time.perf_counter())
        compiled = compile_model(project)
        laps.append(time.perf_counter())
        emit_python(compiled.flat)
        laps.append(time.perf_counter())
        rounds.append([1000 * (b - a) for a, b in pairwise(laps)])
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def main() -> None:
    """Print a row for each size and format."""
    print(f"{'equations':>9} {'format':>7} {'read':>8} {'compile':>8} {'code':>8} {'all':>8}  ms")
    with tempfile.TemporaryDirectory() as folder:
        for count in (300, 1200, 4998):
            for suffix, text in (("xmile", xmile(count)), ("mdl", mdl(count))):
                path = Path(folder) / f"m.{suffix}"
                path.write_text(text, encoding="utf-8")
                laps = measured(path)
                shown = " ".join(f"{lap:8.1f}" for lap in (*laps, sum(laps)))
                print(f"{count:9} {suffix:>7} {shown}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

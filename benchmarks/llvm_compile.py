"""How long machine code takes to make, to load from disk and to run first, by model.

A process of its own for each, since compiling is quicker the second time in one. Times are those
from the flat model to the end of a run of 8 sets of numbers, less a second such run.
Run it: python benchmarks/llvm_compile.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 5
HERE = Path(__file__).parent
ONE = """
import os, sys, time
sys.path.insert(0, {here!r})
from compile_time import xmile
from cyclesim.compiler import compile_model
from cyclesim.readers import read_model
from cyclesim.simulation import load
import numpy as np
from pathlib import Path
name = {name!r}
if name.isdigit():
    path = Path(os.environ["CYCLESIM_CACHE"]) / "model.xmile"
    path.parent.mkdir(exist_ok=True)
    path.write_text(xmile(int(name)))
    flat = compile_model(read_model(path)).flat
else:
    flat = load(name).flat
from cyclesim.codegen import Binding
from cyclesim.codegen import emit_llvm, llvm_machine
from cyclesim.integrate import integrate
from cyclesim.schedule import schedule_of
from cyclesim.simulation import parameter_values, settled_specs
llvm_machine.this_machine()
emit_llvm._emitter(), emit_llvm._symbols()
schedule = schedule_of(settled_specs(flat.sim_specs), flat.sim_specs)
clock = schedule.clock
numbers = (clock.start, clock.stop, clock.dt, schedule.declared_dt)
values = [np.asarray(value, float) for value in parameter_values(flat, {{}})]
binding = Binding(values, *numbers, 0, np.arange(8))
keep = [flat.places[rule.ident] for rule in flat.levels[:3]]
program = emit_llvm.emit_llvm(flat)
laps = []
for _ in range(2):
    begun = time.perf_counter(), time.process_time()
    integrate(program, schedule, binding, keep=keep)
    laps.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
print(laps[0][0] - laps[1][0], laps[0][1] - laps[1][1])
"""


def main() -> None:
    """Print medians of the time by the clock and of CPU time, in milliseconds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    models = (str(HERE / "medium.xmile"), "service_cycle", "5000")
    for name in models:
        first, again = [], []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                for found in (first, again):
                    code = ONE.format(here=str(HERE), name=name)
                    given = subprocess.run(
                        [sys.executable, "-c", code],
                        env={"PYTHONPATH": str(HERE.parent / "src"), "CYCLESIM_CACHE": folder,
                             "PATH": "/usr/bin:/bin"},
                        capture_output=True, text=True, check=True,
                    )  # fmt: skip
                    found.append([1000 * float(lap) for lap in given.stdout.split()])
        for what, found in (("compiled", first), ("from disk", again)):
            wall, processor = zip(*found, strict=True)
            print(
                f"{Path(name).stem:14s} {what:10s} wall {statistics.median(wall):7.1f} "
                f"({min(wall):.1f} to {max(wall):.1f})  CPU {statistics.median(processor):7.1f} "
                f"({min(processor):.1f} to {max(processor):.1f}) ms"
            )


if __name__ == "__main__":
    main()

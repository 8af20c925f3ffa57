"""What a run costs in Node beside the same run in the `python` target, and how large a script is.

Both are run in turn and the median of the ratios is printed: a ratio says what a time of one
machine does not. Results are compared first. The first run in Node is slower, since Node has yet
to compile the functions: it is told apart. Run it: python benchmarks/javascript.py
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import time

import numpy as np

from cyclesim.codegen import emit_python
from cyclesim.codegen.emit_javascript import emit_javascript, runtime_text, schedule_numbers
from cyclesim.schedule import schedule_of
from cyclesim.simulation import load, parameter_values, run_program, settled_specs

ROUNDS, RUNS = 5, 60
CASES = (("service_cycle", "euler", "1/8"), ("service_cycle", "rk4", "1/4"), ("park", "rk4", None))

TIMED = """
const m = cyclesim.model("model", SCHEDULE);
const keep = Array.from({ length: Math.min(8, m.rows.length) }, (_, k) => k);
const laps = [];
for (let k = 0; k < RUNS; k++) {
  const begun = performance.now();
  m.run({ keep });
  laps.push(performance.now() - begun);
}
const last = m.run().values.map((row) => row[row.length - 1]);
console.log(JSON.stringify([laps, last]));
"""


def in_node(script: str) -> tuple[list[float], np.ndarray]:
    """Return milliseconds of each run in one process, and every variable at the stop."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        raise SystemExit("no Node.js: install nodejs.")
    done = subprocess.run([node, "-"], input=script, capture_output=True, text=True, check=True)
    laps, last = json.loads(done.stdout)
    return laps, np.array(last, dtype=float)


def main() -> None:
    """Print a row for each model, method and step."""
    print(f"runtime {len(runtime_text()):,} characters; milliseconds a run")
    print("model          method  script   first    then   python   ratio")
    for name, method, dt in CASES:
        flat = load(name).flat
        specs = settled_specs(flat.sim_specs, method, dt)
        text = emit_javascript(flat).text
        numbers = json.dumps(schedule_numbers(specs, flat.sim_specs))
        timed = TIMED.replace("SCHEDULE", numbers).replace("RUNS", str(RUNS))
        program, schedule = emit_python(flat), schedule_of(specs, flat.sim_specs)
        values = parameter_values(flat, {})
        firsts, thens, pythons = [], [], []
        for _ in range(ROUNDS):
            laps, last = in_node(runtime_text() + text + timed)
            begun = time.perf_counter()
            found = run_program(program, schedule, values)
            pythons.append(1000 * (time.perf_counter() - begun))
            np.testing.assert_allclose(last, found.values[:, -1], rtol=1e-8, atol=1e-8)
            firsts.append(laps[0])
            thens.append(statistics.median(laps[10:]))
        ratio = statistics.median(p / t for p, t in zip(pythons, thens, strict=True))
        shown = " ".join(f"{statistics.median(each):7.1f}" for each in (firsts, thens, pythons))
        print(f"{name:14} {method:6} {len(text):7,} {shown} {ratio:7.0f}")


if __name__ == "__main__":
    main()

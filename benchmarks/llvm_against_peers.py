"""Machine code against pysimlin and PySD: CPU time a run, on one model, in turn.

pysimlin runs again and again with other parameters and gives three series; PySD runs its default.
Both are optional: they may live in an interpreter of their own.
Run it: python benchmarks/llvm_against_peers.py [--python PYTHON] [--model MODEL] [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from llvm_against_c import Case, ours

from cyclesim.codegen.emit_llvm import emit_llvm
from cyclesim.simulation import load

SIMLIN = """
import sys, time, simlin
model = simlin.load(sys.argv[1])
series = sys.argv[3].split("|")
values = dict(word.rsplit("=", 1) for word in sys.argv[2].split("|"))
sim = model.simulate()
for line in sys.stdin:
    begun = time.process_time()
    for n in range(10):
        sim.reset()
        for name, value in values.items():
            sim.set_value(name, float(value) * (1 + 0.001 * (9 - n)))
        sim.run_to_end()
        for each in series:
            sim.get_series(each)
    print((time.process_time() - begun) / 10, sim.get_series(series[0])[-1], flush=True)
"""
PYSD = """
import sys, time, warnings
warnings.simplefilter("ignore")
import pysd
model = pysd.read_xmile(sys.argv[1])
for line in sys.stdin:
    begun = time.process_time()
    found = model.run(return_columns=sys.argv[3].split("|"))
    print(time.process_time() - begun, found.iloc[-1, 0], flush=True)
"""


class Peer:
    """Another engine in a process of its own, waiting to be told to run."""

    def __init__(self, python: str, code: str, *words: str) -> None:
        self.process = subprocess.Popen(
            [python, "-c", code, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self) -> tuple[float, float]:
        """Return the CPU seconds of a run, and the last number that it gave."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        while True:
            words = self.process.stdout.readline().split()
            try:
                return float(words[0]), float(words[1])
            except ValueError:
                continue  # what the engine says while it reads the model


def main() -> None:
    """Print CPU times a run and how many times as long the peers take."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--model", default=str(Path(__file__).with_name("medium.xmile")))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", choices=("pysd", "simlin"), action="append", default=[])
    given = parser.parse_args()
    flat = load(given.model).flat
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "model.xmile"
        source.write_bytes(Path(flat.path).read_bytes())
        case = Case(flat, 4000, Path(folder))
        varied = [flat.by_ident[ident] for ident in flat.parameters[:6]]
        names = "|".join(f"{each.name}={each.values[0]!r}" for each in varied)
        kept = "|".join(flat.by_ident[ident].name for ident in case.keep_idents)
        codes = {"simlin": SIMLIN, "pysd": PYSD}
        peers = {
            name: Peer(given.python, code, str(source), names, kept)
            for name, code in codes.items()
            if name not in given.without
        }
        own = ours(case, emit_llvm(flat))
        own()
        rows = [(own() / case.runs, {n: peer() for n, peer in peers.items()})
                for _ in range(given.rounds)]  # fmt: skip
        print(f"llvm: {statistics.median(row[0] for row in rows) * 1e6:.1f} us a run")
        for name in peers:
            seconds = statistics.median(row[1][name][0] for row in rows)
            ratios = [row[1][name][0] / row[0] for row in rows]
            print(
                f"{name}: {seconds * 1e6:,.0f} us a run, {statistics.median(ratios):,.0f} times as "
                f"long ({min(ratios):,.0f} to {max(ratios):,.0f}); last value {rows[0][1][name][1]}"
            )


if __name__ == "__main__":
    main()

"""A model as a C program: what a careful programmer would write by hand for many runs at once.

Blocks of lanes, one vector loop over all equations a step, graphical functions as sums of hinges,
constants once a block, blocks shared out by OpenMP. It is the measure for our own machine code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from cyclesim.compiler import FlatModel, Term
from cyclesim.compiler.flat import Statement
from cyclesim.compiler.terms import Apply, Clock, Literal, Lookup, Reading, Symbol
from cyclesim.names import Ident
from cyclesim.project import GraphicalKind
from cyclesim.schedule import Tableau

INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
COMPARISONS = {"less": "<", "at_most": "<=", "greater": ">", "at_least": ">=", "equal": "=="}
CALLS = {
    "exponential": "exp", "natural_logarithm": "log", "power": "pow", "square_root": "sqrt",
    "sine": "sin", "cosine": "cos", "floor": "floor", "absolute": "fabs",
    "minimum": "smallest", "maximum": "greatest",
}  # fmt: skip
READINGS = {Reading.TIME: "now", Reading.STEP_TIME: "time"}
SIMD = '_Pragma("omp simd") for (int l = 0; l < W; l++)'


class CModel:
    """The C text of a model of scalars that has no state but its stocks."""

    def __init__(self, flat: FlatModel) -> None:
        assert not any((flat.buffers, flat.memories, flat.conveyors))
        assert all(not variable.shape for variable in flat.variables)
        self.flat = flat
        self.names = {v.ident: f"v{n}" for n, v in enumerate(flat.variables)}
        self.levels = [rule.ident for rule in flat.levels]
        constants = [each.ident for s in flat.constants for each in s.assignments]
        self.stored = {*self.levels, *constants, *flat.parameters}
        self.staged: frozenset[Ident] = frozenset()

    def text(
        self, varied: Sequence[Ident], keep: Sequence[Ident], lanes: int, tableau: Tableau
    ) -> str:
        """Return the program: runs differ in `varied`, the stocks of `keep` are saved."""
        flat = self.flat
        own = ", ".join(repr(float(flat.by_ident[i].values[0])) for i in flat.parameters)
        given = [
            f"{self.names[i]}[l] = given[{list(varied).index(i)} * most + r + l];"
            if i in varied else f"{self.names[i]}[l] = own[{n}];"
            for n, i in enumerate(flat.parameters)
        ]  # fmt: skip
        saved = [f"out[((size_t)place * {len(keep)} + {n}) * width + r + l] = {self.read(i)};"
                 for n, i in enumerate(keep)]  # fmt: skip
        return _PROGRAM.format(
            lanes=lanes, own=own, varied=len(varied), kept=len(keep),
            arrays=" ".join(f"double {self.names[i]}[W];" for i in sorted(self.stored)),
            given=_looped(given), constants=_looped(self.assigned(flat.constants)),
            initial=_looped(self.assigned(flat.initial)),
            saved=_looped(saved), step=_looped(self.step(tableau)),
        )  # fmt: skip

    def step(self, tableau: Tableau) -> list[str]:
        """Return the lines of a step: a block for each stage, then the stocks moved."""
        totals = [f"double k{n} = 0.0, sum{n} = 0.0;" for n in range(len(self.levels))]
        lines = [] if tableau.order == 1 else totals
        for row, weight, c in zip(tableau.a, tableau.b, tableau.c, strict=True):
            assert not any(row[:-1])  # a stage starts from the one before it alone
            lines += self.stage(row[-1] if row else 0.0, weight, c, tableau.order == 1)
        if tableau.order > 1:
            lines += [f"{self.names[i]}[l] += dt * sum{n};" for n, i in enumerate(self.levels)]
        return lines

    def stage(self, ahead: float, weight: float, c: float, alone: bool) -> list[str]:
        """Return the lines of a stage, `ahead` of the step's start by a share of dt."""
        lines = ["{", f"const double now = time + {c!r} * dt; (void)now;"]
        for n, ident in enumerate(self.levels):
            moved = f" + {ahead!r} * dt * k{n}" if ahead else ""
            lines.append(f"const double x{self.names[ident]} = {self.names[ident]}[l]{moved};")
        self.staged = frozenset(self.levels)
        lines += self.assigned(self.flat.steps)
        for n, rule in enumerate(self.flat.levels):
            gains = " + ".join(self.read(i) for i in rule.inflows) or "0.0"
            rate = gains + "".join(f" - {self.read(i)}" for i in rule.outflows)
            if alone:
                level = self.names[rule.ident]
                lines.append(f"{level}[l] = x{level} + dt * ({rate});")
            else:
                lines.append(f"k{n} = {rate}; sum{n} += {weight!r} * k{n};")
        self.staged = frozenset()
        return [*lines, "}"]

    def assigned(self, statements: Iterable[Statement]) -> list[str]:
        """Return the lines of assignments."""
        return [
            f"{'' if each.ident in self.stored else 'const double '}{self.read(each.ident)} = "
            f"{self.term(each.pieces[0].term)};"
            for statement in statements
            for each in statement.assignments
        ]

    def read(self, ident: Ident) -> str:
        """Return a variable: a local one, an array over lanes, or a stock within a stage."""
        if ident in self.staged:
            return f"x{self.names[ident]}"
        return f"{self.names[ident]}[l]" if ident in self.stored else self.names[ident]

    def term(self, term: Term) -> str:
        """Return a term as C."""
        match term:
            case Literal(value=value):
                return f"({value!r})"
            case Symbol(ident=ident):
                return self.read(ident)
            case Clock(reading=reading):
                return READINGS[reading]
            case Lookup(table=table, argument=argument):
                return self.hinges(table, self.term(argument))
            case Apply(operation="select", arguments=(condition, a, b)):
                return f"({self.term(condition)} != 0 ? {self.term(a)} : {self.term(b)})"
            case Apply(operation="negate", arguments=(a,)):
                return f"(-{self.term(a)})"
            case Apply(operation=name, arguments=(a, b)) if name in INFIX:
                return f"({self.term(a)} {INFIX[name]} {self.term(b)})"
            case Apply(operation=name, arguments=(a, b)) if name in COMPARISONS:
                return f"({self.term(a)} {COMPARISONS[name]} {self.term(b)} ? 1.0 : 0.0)"
            case Apply(operation=name, arguments=arguments):
                return f"{CALLS[name]}({', '.join(map(self.term, arguments))})"
        raise ValueError(term)

    def hinges(self, table: Ident, argument: str) -> str:
        """Return a graphical function as a sum of hinges."""
        (graphical,) = self.flat.tables[table].graphicals
        assert graphical.kind is GraphicalKind.CONTINUOUS
        slopes = (0.0, *graphical.slopes, 0.0)
        bends = [b - a for a, b in pairwise(slopes)]
        parts = [
            f"{bend!r} * greatest({argument} - {point!r}, 0.0)"
            for point, bend in zip(graphical.x, bends, strict=True)
            if bend
        ]
        return f"({graphical.y[0]!r} + {' + '.join(parts)})"


def _looped(lines: Sequence[str]) -> str:
    return f"{SIMD} {{ {' '.join(lines)} }}" if lines else ""


_PROGRAM = """#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#define W {lanes}
static inline double smallest(double a, double b) {{ return a < b ? a : b; }}
static inline double greatest(double a, double b) {{ return a > b ? a : b; }}
static void run(const double *restrict given, long most, const double *restrict own,
                double *restrict out, long width, double start, double dt, long steps, long every,
                int threads) {{
  #pragma omp parallel for num_threads(threads) schedule(dynamic, 4)
  for (long r = 0; r < width; r += W) {{
    {arrays}
    double time = start, now = start;
    (void)time; (void)now;
    {given}
    {constants}
    {initial}
    for (long n = 0; n <= steps; n++) {{
      time = start + n * dt;
      if (n % every == 0) {{ long place = n / every; {saved} }}
      if (n == steps) break;
      {step}
    }}
  }}
}}
static double at(clockid_t clock) {{
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}}
static double peak(void) {{
  char line[128];
  double kilobytes = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file)) sscanf(line, "VmHWM: %lf", &kilobytes);
  if (file) fclose(file);
  return kilobytes * 1024 / 1e6;
}}
int main(int count, char **words) {{
  if (count < 6) return 1;
  static const double own[] = {{ {own} }};
  long most = atol(words[2]), steps = atol(words[5]);
  double start = atof(words[3]), dt = atof(words[4]);
  double *given = malloc(sizeof(double) * {varied} * most), *out = NULL;
  size_t held = 0;
  FILE *file = fopen(words[1], "rb");
  if (!file || fread(given, sizeof(double), {varied} * most, file) == 0) return 1;
  fclose(file);
  char line[4096], path[4096];
  while (fgets(line, sizeof line, stdin)) {{
    long runs = 0, every = 1;
    int threads = 1, told = sscanf(line, "values %ld %ld %4095s", &runs, &every, path) == 3;
    if (!told && sscanf(line, "run %ld %d %ld", &runs, &threads, &every) != 3) return 1;
    long width = (runs + W - 1) / W * W, places = steps / every + 1;
    size_t size = (size_t)places * {kept} * width;
    if (size > held) {{
      free(out);
      out = malloc(size * sizeof(double));
      held = size;
    }}
    double cpu = at(CLOCK_PROCESS_CPUTIME_ID), wall = at(CLOCK_MONOTONIC);
    run(given, most, own, out, width, start, dt, steps, every, threads);
    wall = at(CLOCK_MONOTONIC) - wall;
    cpu = at(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    if (told) {{
      FILE *into = fopen(path, "wb");
      for (long row = 0; row < places * {kept}; row++)
        fwrite(out + (size_t)row * width, sizeof(double), runs, into);
      fclose(into);
      printf("{{\\"shape\\": [%ld, {kept}, %ld]}}\\n", places, runs);
    }} else {{
      printf("{{\\"cpu\\": %.9f, \\"wall\\": %.9f, \\"peak\\": %.1f}}\\n", cpu, wall, peak());
    }}
    fflush(stdout);
  }}
  return 0;
}}
"""

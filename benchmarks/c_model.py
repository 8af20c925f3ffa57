"""A model as a C program: what a careful programmer would write by hand for many runs at once.

Blocks of lanes, one vector loop over all equations a step, Euler's method, graphical functions
as sums of hinges, constants once a block. It is compiled with arithmetic relaxed, so that the
compiler may use its vector mathematics. It serves as the measure for our own machine code.
"""

from __future__ import annotations

from itertools import pairwise

from cyclesim.compiler import FlatModel, Term
from cyclesim.compiler.terms import Apply, Clock, Literal, Lookup, Reading, Symbol
from cyclesim.names import Ident
from cyclesim.project import GraphicalKind

INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
COMPARISONS = {"less": "<", "at_most": "<=", "greater": ">", "at_least": ">=", "equal": "=="}
CALLS = {
    "exponential": "exp", "natural_logarithm": "log", "power": "pow", "square_root": "sqrt",
    "sine": "sin", "cosine": "cos", "floor": "floor", "absolute": "fabs",
    "minimum": "least", "maximum": "most",
}  # fmt: skip


class CModel:
    """The C text of a model of scalars without buffers; `keep` names the stocks that are saved."""

    def __init__(self, flat: FlatModel, keep: tuple[Ident, ...], lanes: int) -> None:
        assert not flat.buffers
        assert all(not variable.shape for variable in flat.variables)
        self.flat = flat
        self.keep = keep
        self.lanes = lanes
        self.names = {v.ident: f"v{n}" for n, v in enumerate(flat.variables)}
        self.levels = [rule.ident for rule in flat.levels]
        self.held = [rule.ident for rule in flat.memories]
        self.constants = [each.ident for s in flat.constants for each in s.assignments]
        self.stored = {*self.levels, *self.held, *self.constants, *flat.parameters}

    def term(self, term: Term) -> str:
        """Return a term as C."""
        match term:
            case Literal(value=value):
                return f"({value!r})"
            case Symbol(ident=ident):
                return self.read(ident)
            case Clock(reading=reading):
                step_time = reading in (Reading.TIME, Reading.STEP_TIME)
                return "time" if step_time else f"run_{reading.value}"
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

    def read(self, ident: Ident) -> str:
        """Return a variable: a local one, or an array over lanes."""
        return f"{self.names[ident]}[l]" if ident in self.stored else self.names[ident]

    def hinges(self, table: Ident, argument: str) -> str:
        """Return a graphical function as a sum of hinges."""
        (graphical,) = self.flat.tables[table].graphicals
        assert graphical.kind is GraphicalKind.CONTINUOUS
        x, slopes = graphical.x, (0.0, *graphical.slopes, 0.0)
        bends = [b - a for a, b in pairwise(slopes)]
        parts = [
            f"{bend!r} * most({argument} - {point!r}, 0.0)"
            for point, bend in zip(x, bends, strict=True)
            if bend
        ]
        return f"({graphical.y[0]!r} + {' + '.join(parts)})"

    def assigned(self, statements: object, local: bool) -> list[str]:
        """Return the lines of assignments."""
        lines = []
        for statement in statements:  # type: ignore[attr-defined]
            for each in statement.assignments:
                head = "" if each.ident in self.stored or not local else "const double "
                value = self.term(each.pieces[0].term)
                lines.append(f"{head}{self.read(each.ident)} = {value};")
        return lines

    def text(self) -> str:
        """Return the program: it reads parameters, and runs all once for each line it is given."""
        flat = self.flat
        arrays = [f"double {self.names[i]}[W];" for i in sorted(self.stored)]
        first = [f"{self.names[i]}[l] = given[{n} * runs + r + l];"
                 for n, i in enumerate(flat.parameters)]  # fmt: skip
        initial = self.assigned(flat.initial, local=True)
        moves = []
        for rule in flat.levels:
            gains = " + ".join(self.read(i) for i in rule.inflows) or "0.0"
            losses = "".join(f" - {self.read(i)}" for i in rule.outflows)
            moves.append(f"{self.read(rule.ident)} += dt * ({gains}{losses});")
        renewed = []
        for n, rule in enumerate(flat.memories):
            if rule.update:
                renewed.append(f"const double next{n} = {self.term(rule.update[0].term)};")
                moves.append(f"{self.read(rule.ident)} = next{n};")
        saved = [f"out[((size_t)place * {len(self.keep)} + {n}) * runs + r + l] = {self.read(i)};"
                 for n, i in enumerate(self.keep)]  # fmt: skip
        simd = '_Pragma("omp simd") for (int l = 0; l < W; l++)'
        return _PROGRAM.format(
            lanes=self.lanes, arrays="\n".join(arrays),
            first=f"{simd} {{ {' '.join(first)} }}",
            constants=f"{simd} {{ {' '.join(self.assigned(flat.constants, True))} }}",
            initial=f"{simd} {{ {' '.join(initial)} }}",
            saved=f"{simd} {{ {' '.join(saved)} }}",
            step=f"{simd} {{ {' '.join((*self.assigned(flat.steps, True), *renewed, *moves))} }}",
            parameters=len(flat.parameters), kept=len(self.keep),
        )  # fmt: skip


_PROGRAM = """#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#define W {lanes}
static inline double least(double a, double b) {{ return a < b ? a : b; }}
static inline double most(double a, double b) {{ return a > b ? a : b; }}
static void run(const double *restrict given, double *restrict out, long runs, double run_start,
                double dt, long steps, long every) {{
  const double run_dt = dt, run_stop = run_start + steps * dt;
  (void)run_dt; (void)run_stop;
  for (long r = 0; r < runs; r += W) {{
    {arrays}
    double time = run_start;
    (void)time;
    {first}
    {constants}
    {initial}
    for (long n = 0; n <= steps; n++) {{
      time = run_start + n * dt;
      if (n % every == 0) {{ long place = n / every; {saved} }}
      if (n == steps) break;
      {step}
    }}
  }}
}}
int main(int count, char **words) {{
  long runs = atol(words[2]), steps = atol(words[5]), every = atol(words[6]);
  double *given = malloc(sizeof(double) * {parameters} * runs);
  size_t size = (size_t)(steps / every + 1) * {kept} * runs;
  double *out = calloc(size, sizeof(double));
  FILE *file = fopen(words[1], "rb");
  if (count < 7 || fread(given, sizeof(double), {parameters} * runs, file) == 0) return 1;
  fclose(file);
  char line[16];
  while (fgets(line, sizeof line, stdin)) {{
    struct timespec a, b;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    run(given, out, runs, atof(words[3]), atof(words[4]), steps, every);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    printf("%.9f %.17g\\n", b.tv_sec - a.tv_sec + 1e-9 * (b.tv_nsec - a.tv_nsec), out[size - runs]);
    fflush(stdout);
  }}
  return 0;
}}
"""

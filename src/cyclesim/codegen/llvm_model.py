"""A model as LLVM assembly: its functions on a block of runs, and the loop over blocks and steps.

What the machine code is given is a job, eight bytes each: see `llvm_plan.Job`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from cyclesim.codegen.llvm_kernels import LIKELY
from cyclesim.codegen.llvm_loop import run_text
from cyclesim.codegen.llvm_operations import without_reciprocal
from cyclesim.codegen.llvm_plan import CLOCK, Job, Plan, buffer_idents, size_of
from cyclesim.codegen.llvm_terms import Terms
from cyclesim.codegen.llvm_text import Module, Writer, number
from cyclesim.compiler import FlatModel
from cyclesim.compiler.flat import LevelRule
from cyclesim.compiler.terms import Apply, Literal, Reading
from cyclesim.names import Ident
from cyclesim.schedule import Tableau

_TIMES = "double %time, double %step_time, ptr %now, i64 %pitch"
_STATE = f"ptr %frame, ptr %levels, {_TIMES}"
_PAST_CACHE = "!1 = !{i32 1}"


class ModelText:
    """The assembly of one model for one purpose: an entry of `ENTRIES`, or `run`."""

    def __init__(self, flat: FlatModel, module: Module, strict: bool, stages: int) -> None:
        self.flat = flat
        self.module = module
        self.plan = Plan(flat, module, strict, stages > 1)
        self.rows = [(v.ident, place) for v in flat.variables for place in range(v.size)]

    # Entries

    def run(self, tableau: Tableau, keep: Sequence[int]) -> str:
        """Return the assembly of whole runs by a method, with the rows of `keep` saved."""
        wanted = [self.rows[row] for row in keep]
        rates = [ident for rule in self.flat.levels for ident in (*rule.inflows, *rule.outflows)]
        needed = [*rates, *(ident for ident, _ in wanted), *self.update_needs()]
        self.plan.clocked = {}
        self.begin_step(needed)
        self.outputs(wanted, past_cache=True)
        if len(tableau.b) == 1:
            self.step()
        else:
            self.derivatives()
        if self.plan.held_size:
            self.update()
        self.clocked(tableau)
        self.begin(state=True)
        return self.text(run_text(self.plan, tableau, len(keep)))

    def entry(self, name: str) -> str:
        """Return the assembly of one function of a model at given times, for all blocks."""
        state = name not in ("initial", "breakpoints")
        area = self.plan.take(self.plan.levels_size)
        if name == "initial":
            self.initial()
        elif name == "derivatives":
            rules = self.flat.levels
            self.begin_step(i for rule in rules for i in (*rule.inflows, *rule.outflows))
            self.derivatives()
        elif name == "update":
            self.begin_step(self.update_needs())
            self.update()
        elif name == "outputs":
            self.begin_step(ident for ident, _ in self.rows)
            self.outputs(self.rows)
        else:
            self.breakpoints()
        self.begin(state)
        self.at_times(name, area)
        return self.text("")

    def text(self, loop: str) -> str:
        """Return the whole module; the size of a frame is one of its functions."""
        counts = {"frame_size": self.plan.size, "clocked_terms": len(self.plan.clocked or ())}
        size = "".join(
            f"define i64 @{name}() {{\nentry:\n  ret i64 {count}\n}}\n"
            for name, count in counts.items()
        )
        return f"{self.module.text()}{loop}{size}{LIKELY}\n{_PAST_CACHE}\n"

    # Functions of a model

    def terms(
        self, name: str, parameters: str, once: bool = False, result: str = "void"
    ) -> tuple[Terms, Writer]:
        """Return what writes a function."""
        writer = Writer(self.module, name, parameters, result)
        return Terms(self.plan, writer, once), writer

    def outputs(self, wanted: Sequence[tuple[Ident, int]], past_cache: bool = False) -> None:
        """Write the function that saves rows.

        With `past_cache` whole lines of it are written to memory without being read before, which
        needs an address that begins a line; a block must be as long as one.
        """
        terms, w = self.terms("outputs", f"{_STATE}, ptr %out, i64 %width")
        terms.statements(self.plan.statements((ident for ident, _ in wanted), standing=False))
        lines = past_cache and self.module.lanes % 8 == 0
        kind = "align 64, !nontemporal !1" if lines else "align 8"

        def save(value: str, row: str) -> None:
            spot = w.value(f"mul i64 {row}, %width")
            address = w.value(f"getelementptr double, ptr %out, i64 {spot}")
            w.line(f"store {w.real} {value}, ptr {address}, {kind}")

        numbered = [(row, ident, place) for row, (ident, place) in enumerate(wanted)]
        # Neighbouring elements in neighbouring rows are saved in one loop.
        for _, group in groupby(numbered, key=lambda each: (each[1], each[2] - each[0])):
            together = list(group)
            (row, ident, place), count = together[0], len(together)
            if not self.flat.by_ident[ident].shape:
                save(terms.scalar(ident), str(row))
                continue
            base, offset = self.plan.place(ident) or ("", 0)
            first = w.address(base, offset + place)
            with w.loop(count) as turn:
                save(w.reload(first, turn), w.value(f"add i64 {turn}, {row}"))
        w.finish()

    def derivatives(self) -> None:
        """Write the function that gives the rate of change of each level."""
        terms, w = self.terms("derivatives", f"{_STATE}, ptr %rates")
        rules = self.flat.levels
        flows = (ident for rule in rules for ident in (*rule.inflows, *rule.outflows))
        terms.statements(self.plan.statements(flows, standing=False))
        for rule in rules:
            spot = self.plan.levels[rule.ident]
            level = self.flat.by_ident[rule.ident]
            if not level.shape:
                w.store(self.rate(terms, rule.inflows, rule.outflows, None), "%rates", spot)
                continue
            base = w.address("%rates", spot)
            with w.loop(level.size) as turn:
                w.store(self.rate(terms, rule.inflows, rule.outflows, turn), base, turn)
        w.finish()

    def step(self) -> None:
        """Write the function that moves levels by one step of Euler's method.

        It gives NaN in each lane in which a level has left the numbers, else 0.
        """
        terms, w = self.terms("step", f"{_STATE}, ptr %to", result=self.module.real)
        rules = self.flat.levels
        flows = (ident for rule in rules for ident in (*rule.inflows, *rule.outflows))
        terms.statements(self.plan.statements(flows, standing=False))
        dt, zero = terms.clock(Reading.DT), number(0.0)
        sums = [zero, zero]  # two chains: one would keep the processor waiting

        def moved(rule: LevelRule, base: str, to: str, spot: str | int, turn: str | None) -> str:
            rate = self.rate(terms, rule.inflows, rule.outflows, turn)
            level = w.reload(base, spot)
            # Rounded once: dt times a rate that is a number never leaves the numbers by itself.
            level = w.add(level, w.mul(dt, rate)) if self.plan.strict else w.fma(dt, rate, level)
            w.store(level, to, spot)
            return level

        for place, rule in enumerate(rules):
            spot, level = self.plan.levels[rule.ident], self.flat.by_ident[rule.ident]
            chain = place % 2
            if not level.shape:
                value = moved(rule, "%levels", "%to", spot, None)
                sums[chain] = w.fma(value, zero, sums[chain])
                continue
            slot = w.slot(w.real)
            w.store(zero, slot, 0)
            base, to = w.address("%levels", spot), w.address("%to", spot)
            with w.loop(level.size) as turn:
                value = moved(rule, base, to, turn, turn)
                w.store(w.fma(value, zero, w.reload(slot, 0)), slot, 0)
            sums[chain] = w.add(sums[chain], w.reload(slot, 0))
        w.finish(f"{w.real} {w.add(*sums)}")

    def clocked(self, tableau: Tableau) -> None:
        """Write the function that computes what depends on the time only, for all steps.

        It takes a vector of steps at once, for each stage in turn.
        """
        w = Writer(self.module, "clocked", "ptr %job")
        found = self.plan.clocked or {}
        if not found:
            w.finish()
            return
        times, out, clock = job(w, Job.TIMES), job(w, Job.CLOCKED), job(w, Job.CLOCK)
        pitch = w.fresh(f"ptrtoint ptr {job(w, Job.PITCH)} to i64")
        fixed = {}
        for place, reading in enumerate(CLOCK):
            address = w.value(f"getelementptr double, ptr {clock}, i64 {place}")
            fixed[reading] = w.spread(w.fresh(f"load double, ptr {address}"))
        vectors = w.fresh(f"sdiv i64 {pitch}, {self.module.lanes}")
        with w.loop(vectors) as turn:
            begun = w.reload(times, turn)
            for stage, c in enumerate(tableau.c):
                terms = Terms(self.plan, w, once=True)
                time = w.add(begun, w.mul(number(c), fixed[Reading.DT])) if c else begun
                terms.readings = {**fixed, Reading.TIME: time, Reading.STEP_TIME: begun}
                for term, place in found.items():
                    row = w.value(f"mul i64 {pitch}, {stage * len(found) + place}")
                    address = w.value(f"getelementptr double, ptr {out}, i64 {row}")
                    w.store(terms.value(term), address, turn)
        w.finish()

    def rate(
        self, terms: Terms, gains: Sequence[Ident], losses: Sequence[Ident], turn: str | None
    ) -> str:
        """Return gains less losses, of the element at a turn."""

        def flow(ident: Ident) -> str:
            if turn is None or not self.flat.by_ident[ident].shape:
                return terms.scalar(ident)
            base, spot = self.plan.place(ident) or ("", 0)
            return terms.w.reload(terms.w.address(base, spot), turn)

        total = number(0.0)
        for place, ident in enumerate(gains):
            total = terms.w.add(total, flow(ident)) if place else flow(ident)
        for ident in losses:
            total = terms.w.sub(total, flow(ident))
        return total

    def update_needs(self) -> list[Ident]:
        """Return what the renewal of memories and buffers needs."""
        pieces = [rule.update for rule in self.flat.memories]
        pieces += [each for ring in self.flat.buffers for each in (ring.input, ring.delay)]
        return [need for each in pieces for piece in each for need in piece.symbols]

    def update(self) -> None:
        """Write the function that renews memories, and says what buffers take in and for how long.

        What a buffer takes in stands where what it gives will stand.
        """
        terms, w = self.terms("update", _STATE)
        terms.statements(self.plan.statements(self.update_needs(), standing=False))
        ahead = self.plan.next_held - self.plan.held_from
        for rule in self.flat.memories:
            variable, spot = self.flat.by_ident[rule.ident], self.plan.held[rule.ident]
            if rule.update:
                terms.pieces(rule.update, variable.shape, "%frame", spot + ahead)
                continue
            old, new = w.address("%frame", spot), w.address("%frame", spot + ahead)
            with w.loop(variable.size) as turn:
                w.store(w.reload(old, turn), new, turn)
        delay = self.plan.delays
        for ring in self.flat.buffers:
            variable, spot = self.flat.by_ident[ring.ident], self.plan.held[ring.ident]
            terms.pieces(ring.input, variable.shape, "%frame", spot + ahead)
            terms.pieces(ring.delay, variable.shape, "%frame", delay)
            delay += variable.size
        w.finish()

    def initial(self) -> None:
        """Write the function that gives levels and what is held at the start."""
        terms, w = self.terms("initial", _STATE, once=True)
        terms.statements(self.flat.initial)
        w.finish()

    def begin_step(self, needed: Iterable[Ident]) -> None:
        """Write the function that computes what stands still within a step."""
        terms, w = self.terms("begin_step", f"ptr %frame, {_TIMES}")
        terms.statements(self.plan.statements(needed, standing=True))
        w.finish()

    def breakpoints(self) -> None:
        """Write the function that gives times and intervals of jumps known beforehand."""
        terms, w = self.terms("breakpoints", f"{_STATE}, ptr %out, i64 %width", once=True)
        zero = Literal(0.0)
        found = [each for p in self.flat.breakpoints for each in (p.time, p.interval or zero)]
        for row, term in enumerate(found):
            spot = w.value(f"mul i64 {row}, %width")
            address = w.value(f"getelementptr double, ptr %out, i64 {spot}")
            w.line(f"store {w.real} {terms.value(term)}, ptr {address}, align 8")
        w.finish()

    # What is done once a block

    def begin(self, state: bool) -> None:
        """Write the function that fills a frame with what a block of runs is given.

        It comes last: by then it is known what of it is computed but once.
        """
        self.constants()
        w = Writer(self.module, "begin", "ptr %job, ptr %frame, ptr %levels, i64 %first")
        inputs, strides = job(w, Job.INPUTS), job(w, Job.STRIDES)
        held = w.address("%frame", self.plan.held_from)
        counts = [(size_of(self.flat, self.flat.parameters), "%frame")]
        if state:
            counts += [(self.plan.levels_size, "%levels"), (self.plan.held_size, held)]
        row = 0
        for count, base in counts:
            if count:
                with w.loop(count) as turn:
                    given = w.value(f"add i64 {turn}, {row}")
                    w.store(self.lanes_of(w, inputs, strides, given), base, turn)
            row += count
        clock = job(w, Job.CLOCK)
        for place, spot in enumerate((*self.plan.clock.values(), self.plan.declared_dt)):
            address = w.value(f"getelementptr double, ptr {clock}, i64 {place}")
            w.store(w.spread(w.fresh(f"load double, ptr {address}")), "%frame", spot)
        assert tuple(self.plan.clock) == CLOCK
        seed = w.spread(w.fresh(f"ptrtoint ptr {job(w, Job.SEED)} to i64"), "i64")
        numbers = w.value(f"getelementptr i64, ptr {job(w, Job.RUNS)}, i64 %first")
        runs = w.fresh(f"load {w.whole}, ptr {numbers}, align 8")
        for what, spot in ((seed, self.plan.seed), (runs, self.plan.run)):
            w.line(f"store {w.whole} {what}, ptr {w.address('%frame', spot)}, align 8")
        w.line("call void @constants(ptr %frame)")
        extreme = w.value(f"getelementptr double, ptr {job(w, Job.EXTREME)}, i64 %first")
        found = w.reload("%frame", self.plan.extreme)
        w.line(f"store {w.real} {found}, ptr {extreme}, align 8")
        w.finish()

    def lanes_of(self, w: Writer, inputs: str, strides: str, row: str) -> str:
        """Return the numbers of a block in a row of what is given."""
        spot = w.value(f"getelementptr ptr, ptr {inputs}, i64 {row}")
        numbers = w.fresh(f"load ptr, ptr {spot}")
        place = w.value(f"getelementptr i64, ptr {strides}, i64 {row}")
        stride = w.fresh(f"load i64, ptr {place}")
        offset = w.fresh(f"mul i64 {stride}, %first")
        own = f"<{', '.join(f'i64 {lane}' for lane in range(self.module.lanes))}>"
        spots = w.integers("mul", w.spread(stride, "i64"), own)
        start = w.fresh(f"getelementptr double, ptr {numbers}, i64 {offset}")
        return w.gather(start, spots)

    def constants(self) -> None:
        """Write the function that computes what depends on parameters only."""
        terms, w = self.terms("constants", "ptr %frame", once=True)
        terms.statements(self.flat.constants)
        extreme = number(0.0)
        for term, spot in list(self.plan.statics.items()):
            if isinstance(term, Apply) and term.operation == "reciprocal":
                divisor = terms.value(term.arguments[0])
                w.store(w.div(number(1.0), divisor), "%frame", spot)
                extreme = w.pick(without_reciprocal(w, divisor), number(1.0), extreme)
            else:
                w.store(terms.value(term), "%frame", spot)
        w.store(extreme, "%frame", self.plan.extreme)
        w.finish()

    def at_times(self, name: str, area: int) -> None:
        """Write the loop over blocks of a function at one time."""
        w = Writer(self.module, "at", "ptr %job, ptr %frame, i64 %begin, i64 %end")
        out, width = job(w, Job.OUT), w.fresh(f"ptrtoint ptr {job(w, Job.WIDTH)} to i64")
        times = job(w, Job.TIMES)
        time = w.fresh(f"load double, ptr {times}")
        step = w.fresh(f"getelementptr double, ptr {times}, i64 1")
        step_time = w.fresh(f"load double, ptr {step}")
        levels = w.address("%frame", area)
        state = f"ptr %frame, ptr {levels}, double {time}, double {step_time}, ptr null, i64 0"
        held = self.plan.held_from if name == "initial" else self.plan.next_held
        with w.loop("%end", "%begin") as block:
            first = w.fresh(f"mul i64 {block}, {self.module.lanes}")
            to = w.fresh(f"getelementptr double, ptr {out}, i64 {first}")
            w.line(f"call void @begin(ptr %job, ptr %frame, ptr {levels}, i64 {first})")
            if "begin_step" in self.module.functions:
                now = f"double {step_time}, double {step_time}, ptr null, i64 0"
                w.line(f"call void @begin_step(ptr %frame, {now})")
            if name == "outputs":
                w.line(f"call void @outputs({state}, ptr {to}, i64 {width})")
            elif name == "breakpoints":
                w.line(f"call void @breakpoints({state}, ptr {to}, i64 {width})")
            elif name == "derivatives":
                rates = w.address("%frame", self.plan.take(self.plan.levels_size))
                w.line(f"call void @derivatives({state}, ptr {rates})")
                self.copied(w, rates, self.plan.levels_size, to, width, 0)
            else:
                w.line(f"call void @{name}({state})")
                row = 0
                if name == "initial":
                    row = self.copied(w, levels, self.plan.levels_size, to, width, 0)
                count = self.plan.held_size
                row = self.copied(w, w.address("%frame", held), count, to, width, row)
                if name == "update":
                    delays = w.address("%frame", self.plan.delays)
                    count = size_of(self.flat, buffer_idents(self.flat))
                    self.copied(w, delays, count, to, width, row)
        w.finish()

    def copied(self, w: Writer, base: str, count: int, to: str, width: str, row: int) -> int:
        """Write vectors to rows of results; return the row after them."""
        if count:
            with w.loop(count) as turn:
                spot = w.fresh(f"mul i64 {w.fresh(f'add i64 {turn}, {row}')}, {width}")
                address = w.fresh(f"getelementptr double, ptr {to}, i64 {spot}")
                w.line(f"store {w.real} {w.reload(base, turn)}, ptr {address}, align 8")
        return row + count


def job(w: Writer, what: Job) -> str:
    """Return an entry of the job."""
    spot = w.value(f"getelementptr ptr, ptr %job, i64 {int(what)}")
    return w.value(f"load ptr, ptr {spot}")

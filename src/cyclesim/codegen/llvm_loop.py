"""What the loop over steps calls besides a model's functions, rendered from a tableau."""

from __future__ import annotations

from cyclesim.codegen.llvm_plan import Plan, buffer_idents, size_of
from cyclesim.codegen.llvm_run import run_function
from cyclesim.codegen.llvm_text import Writer, integer, number
from cyclesim.schedule import Tableau


def run_text(plan: Plan, tableau: Tableau, rows: int) -> str:
    """Return the function `run`; what it calls besides the model's functions is in the module."""
    stages = len(tableau.b)
    areas = {name: plan.take(plan.levels_size) for name in ("first", "second", "stage")}
    rates = [plan.take(plan.levels_size) for _ in range(stages)]
    buffered = size_of(plan.flat, buffer_idents(plan.flat))
    before = plan.take(buffered)
    for stage, weights in enumerate((*tableau.a, tableau.b)):
        if stage and stages > 1:
            _moved(plan, f"move_{stage}", weights, rates)
    _finite(plan)
    _failed(plan)
    if plan.held_size:
        _copy(plan)
    if buffered:
        _rings(plan, buffered, before)
    return run_function(plan, tableau, rows, areas, rates, (buffered, before))


def _moved(plan: Plan, name: str, weights: tuple[float, ...], rates: list[int]) -> None:
    """Write the function that puts levels moved by weighted rates into another place."""
    w = Writer(plan.module, name, "ptr %frame, ptr %levels, ptr %to")
    dt = w.load("%frame", next(iter(plan.clock.values())))
    used = [(w.mul(number(b), dt), w.address("%frame", at))
            for b, at in zip(weights, rates, strict=False) if b]  # fmt: skip
    if plan.levels_size:
        with w.loop(plan.levels_size) as turn:
            total = w.mul(used[0][0], w.reload(used[0][1], turn))
            for weight, at in used[1:]:
                total = w.add(total, w.mul(weight, w.reload(at, turn)))
            w.store(w.add(w.reload("%levels", turn), total), "%to", turn)
    w.finish(attributes="alwaysinline")


def _finite(plan: Plan) -> None:
    """Write the function that gives NaN in each lane in which one of many numbers is none."""
    w = Writer(plan.module, "finite", "ptr %base, i64 %count, " + f"{plan.module.real} %so_far",
               plan.module.real)  # fmt: skip
    body = f"""  %none = icmp eq i64 %count, 0
  br i1 %none, label %end, label %each
each:
  %turn = phi i64 [ 0, %entry ], [ %next, %each ]
  %sum = phi {w.real} [ %so_far, %entry ], [ %more, %each ]
  %spot = getelementptr {w.real}, ptr %base, i64 %turn
  %number = load {w.real}, ptr %spot, align 8
  %nothing = fmul {w.real} %number, zeroinitializer
  %more = fadd {w.real} %sum, %nothing
  %next = add i64 %turn, 1
  %again = icmp slt i64 %next, %count
  br i1 %again, label %each, label %end
end:
  %found = phi {w.real} [ %so_far, %entry ], [ %more, %each ]"""
    w.lines = body.split("\n")
    w.finish(f"{w.real} %found", "alwaysinline")


def _failed(plan: Plan) -> None:
    """Write the function that notes runs which left the numbers, and puts them back a step.

    So they cost no more than others until their block is done; nothing of them is saved.
    """
    m = plan.module
    w = Writer(m, "failed", f"ptr %frame, ptr %levels, ptr %next, {m.flag} %bad, {m.flag} %new, "
               "i64 %step, ptr %died, ptr %states, i64 %width")  # fmt: skip
    old = w.fresh(f"load {w.whole}, ptr %died, align 8")
    now = w.pick_integers("%new", w.spread("%step", "i64"), old)
    w.line(f"store {w.whole} {now}, ptr %died, align 8")
    held = w.address("%frame", plan.held_from)
    following = w.address("%frame", plan.next_held)
    row = 0
    for count, base, after in (
        (plan.levels_size, "%levels", "%next"),
        (plan.held_size, held, following),
    ):
        if count:
            with w.loop(count) as turn:
                spot = w.fresh(f"mul i64 {w.fresh(f'add i64 {turn}, {row}')}, %width")
                state = w.fresh(f"getelementptr double, ptr %states, i64 {spot}")
                before = w.fresh(f"load {w.real}, ptr {state}, align 8")
                stood = w.reload(base, turn)
                kept = w.pick("%new", stood, before)
                w.line(f"store {w.real} {kept}, ptr {state}, align 8")
                w.store(w.pick("%bad", stood, w.reload(after, turn)), after, turn)
        row += count
    w.finish(attributes="noinline cold")


def _copy(plan: Plan) -> None:
    w = Writer(plan.module, "renew", "ptr %frame")
    old, new = w.address("%frame", plan.held_from), w.address("%frame", plan.next_held)
    with w.loop(plan.held_size) as turn:
        w.store(w.reload(new, turn), old, turn)
    w.finish()


def _rings(plan: Plan, count: int, before: int) -> None:
    """Write the function that keeps what buffers take in, and gives what is due.

    A delay lasts whole steps, at least one: the first step at or after it is over.
    """
    w = Writer(plan.module, "rings", "ptr %frame, ptr %history, i64 %step")
    first = plan.next_held + plan.held_size - count
    entries, delays = w.address("%frame", first), w.address("%frame", plan.delays)
    initial = w.address("%frame", before)
    dt = w.load("%frame", next(iter(plan.clock.values())))
    lanes = plan.module.lanes
    own = f"<{', '.join(f'i64 {lane}' for lane in range(lanes))}>"
    row = w.fresh(f"mul i64 %step, {count}")
    most = w.spread(w.fresh(f"sitofp i64 {w.fresh('add i64 %step, 2')} to double"))
    after = w.spread(w.fresh("add i64 %step, 1"), "i64")
    with w.loop(count) as turn:
        w.store(w.reload(entries, turn), "%history", w.fresh(f"add i64 {row}, {turn}"))
        steps = w.sub(w.div(w.reload(delays, turn), dt), number(1e-6))
        steps = w.intrinsic("ceil", steps)
        steps = w.pick(w.compare("olt", steps, most), steps, most)
        steps = w.pick(w.compare("ogt", steps, number(1.0)), steps, number(1.0))
        known = w.compare("ord", w.reload(delays, turn), number(0.0))
        steps = w.pick(known, steps, number(1.0))
        due = w.integers("sub", after, w.to_integer(steps))
        there = w.value(f"icmp sge {w.whole} {due}, zeroinitializer")
        spot = w.integers("add", w.integers("mul", due, integer(count)), w.spread(turn, "i64"))
        spot = w.integers("add", w.integers("mul", spot, integer(lanes)), own)
        given = w.gather("%history", spot, there)
        w.store(w.pick(there, given, w.reload(initial, turn)), entries, turn)
    w.finish()

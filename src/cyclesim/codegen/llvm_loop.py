"""The loop over blocks of runs and their steps, rendered from a tableau."""

from __future__ import annotations

from cyclesim.codegen.llvm_plan import Job, Plan, buffer_idents, size_of
from cyclesim.codegen.llvm_text import Writer, bits, integer, number
from cyclesim.schedule import Tableau

_ANCHOR = 1024
"""Where in a page the stack begins.

Frames begin with a page. Where both came to lie by chance, numbers put aside on the stack were
taken for numbers of the frame with the same last twelve bits of their address: a quarter slower.
"""


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
    return _run(plan, tableau, rows, areas, rates, (buffered, before)) + "\n"


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


def _run(
    plan: Plan,
    tableau: Tableau,
    rows: int,
    areas: dict[str, int],
    rates: list[int],
    buffers: tuple[int, int],
) -> str:
    m = plan.module
    lanes, real, flag = m.lanes, m.real, m.flag
    fields = "\n".join(
        f"  %{job.name.lower()}_at = getelementptr ptr, ptr %job, i64 {int(job)}\n"
        f"  %{job.name.lower()} = load ptr, ptr %{job.name.lower()}_at"
        for job in Job
    )

    def spot(name: str, place: int) -> str:
        return f"  %{name} = getelementptr {real}, ptr %frame, i64 {place}"

    places = [spot(name, place) for name, place in areas.items()]
    places += [spot(f"rates_{n}", place) for n, place in enumerate(rates)]
    places += [spot("next_held", plan.next_held), spot("held", plan.held_from)]
    buffered, before = buffers
    at_start, update, renew = "", "", ""
    now = "double %time, double %time, ptr %now_0, i64 %pitch_n"
    state = f"ptr %frame, ptr %levels, {now}"
    if buffered:
        places += [
            spot("before", before),
            spot("buffers", plan.held_from + plan.held_size - buffered),
        ]
        size = buffered * lanes * 8
        at_start = (
            f"  call void @llvm.memcpy.p0.p0.i64(ptr %before, ptr %buffers, i64 {size}, i1 false)"
        )
    if plan.held_size:
        update = f"  call void @update({state})\n"
        renew = "  call void @renew(ptr %frame)"
    if buffered:
        update += "  call void @rings(ptr %frame, ptr %history, i64 %step)\n"
    stages = _stages(tableau, state, plan)
    memcpy = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)" if buffered else ""
    newline = "\n"
    nows = "\n".join(
        f"  %row_{n} = add i64 %step, {f'%stage_{n}' if n else '0'}\n"
        f"  %now_{n} = getelementptr double, ptr %clocked, i64 %row_{n}"
        for n in range(len(tableau.b))
    )
    offsets = "\n".join(
        f"  %stage_{n} = mul i64 %pitch_n, {n * len(plan.clocked or ())}"
        for n in range(1, len(tableau.b))
    )
    return f"""{memcpy}
define void @run(ptr %job, ptr %frame, ptr %history, i64 %begin, i64 %end) {{
entry:
{fields}
  %steps_n = ptrtoint ptr %steps to i64
  %width_n = ptrtoint ptr %width to i64
  %pitch_n = ptrtoint ptr %pitch to i64
{offsets}
  %row_size = mul i64 %width_n, {rows}
{newline.join(places)}
  %dt = load double, ptr %clock
  %anchor = alloca [{_ANCHOR} x i8], align 4096
  store volatile i8 0, ptr %anchor
  br label %block
block:
  %number = phi i64 [ %begin, %entry ], [ %number_next, %block_end ]
  %lane = mul i64 %number, {lanes}
  %died_here = getelementptr i64, ptr %died, i64 %lane
  %states_here = getelementptr double, ptr %states, i64 %lane
  call void @begin(ptr %job, ptr %frame, ptr %first, i64 %lane)
{at_start}
  br label %step_begin
step_begin:
  %step = phi i64 [ 0, %block ], [ %step_next, %step_end ]
  %place = phi i64 [ 0, %block ], [ %place_next, %step_end ]
  %levels = phi ptr [ %first, %block ], [ %spare, %step_end ]
  %spare = phi ptr [ %second, %block ], [ %levels, %step_end ]
  %alive = phi {flag} [ splat (i1 true), %block ], [ %alive_next, %step_end ]
  %time_at = getelementptr double, ptr %times, i64 %step
  %time = load double, ptr %time_at
{nows}
  call void @begin_step(ptr %frame, {now})
  %due_at = getelementptr i64, ptr %saved, i64 %place
  %due = load i64, ptr %due_at
  %is_due = icmp eq i64 %due, %step
  br i1 %is_due, label %save, label %saved_or_not
save:
  %row = mul i64 %place, %row_size
  %to = add i64 %row, %lane
  %out_here = getelementptr double, ptr %out, i64 %to
  call void @outputs({state}, ptr %out_here, i64 %width_n, {flag} %alive)
  %place_more = add i64 %place, 1
  br label %saved_or_not
saved_or_not:
  %place_next = phi i64 [ %place, %step_begin ], [ %place_more, %save ]
  %last = icmp eq i64 %step, %steps_n
  br i1 %last, label %block_end, label %go_on
go_on:
{update}{stages}
  %sum = call {real} @finite(ptr %next_held, i64 {plan.held_size}, {real} %sum_levels)
  %bad = fcmp uno {real} %sum, zeroinitializer
  %bad_bits = bitcast {flag} %bad to i{lanes}
  %any_bad = icmp ne i{lanes} %bad_bits, 0
  br i1 %any_bad, label %left, label %step_end
left:
  %new = and {flag} %bad, %alive
  call void @failed(ptr %frame, ptr %levels, ptr %spare, {flag} %bad, {flag} %new, i64 %step,
    ptr %died_here, ptr %states_here, i64 %width_n)
  %good = xor {flag} %bad, splat (i1 true)
  %alive_left = and {flag} %alive, %good
  %alive_bits = bitcast {flag} %alive_left to i{lanes}
  %none_left = icmp eq i{lanes} %alive_bits, 0
  br i1 %none_left, label %block_end, label %step_end
step_end:
  %alive_next = phi {flag} [ %alive, %go_on ], [ %alive_left, %left ]
{renew}
  %step_next = add i64 %step, 1
  br label %step_begin
block_end:
  %number_next = add i64 %number, 1
  %more = icmp slt i64 %number_next, %end
  br i1 %more, label %block, label %done
done:
  ret void
}}"""


def _stages(tableau: Tableau, state: str, plan: Plan) -> str:
    """Return the calls that move levels by a step into the spare place, and look at them."""
    real, last = plan.module.real, len(tableau.b)
    if last == 1:
        return f"  %sum_levels = call {real} @step({state}, ptr %spare)"
    lines = [f"  call void @derivatives({state}, ptr %rates_0)"]
    for stage, c in enumerate(tableau.c[1:], 1):
        now = f"double %time_{stage}, double %time, ptr %now_{stage}, i64 %pitch_n"
        lines += [
            f"  call void @move_{stage}(ptr %frame, ptr %levels, ptr %stage)",
            f"  %part_{stage} = fmul double {bits(c)}, %dt",
            f"  %time_{stage} = fadd double %time, %part_{stage}",
            f"  call void @derivatives(ptr %frame, ptr %stage, {now}, ptr %rates_{stage})",
        ]
    lines += [
        f"  call void @move_{last}(ptr %frame, ptr %levels, ptr %spare)",
        f"  %sum_levels = call {real} @finite(ptr %spare, i64 {plan.levels_size}, "
        f"{real} zeroinitializer)",
    ]
    return "\n".join(lines)

"""The loop over blocks of runs and their steps."""

from __future__ import annotations

from cyclesim.codegen.llvm_plan import Job, Plan
from cyclesim.codegen.llvm_text import bits
from cyclesim.schedule import Tableau

ANCHOR = 1024
"""Where in a page the stack begins.

Frames begin with a page. Where both came to lie by chance, numbers put aside on the stack were
taken for numbers of the frame with the same last twelve bits of their address: a quarter slower.
"""


_NOW = "double %time, double %time, ptr %now_0, i64 %pitch_n"
_STATE = f"ptr %frame, ptr %levels, {_NOW}"


def run_function(
    plan: Plan,
    tableau: Tableau,
    rows: int,
    areas: dict[str, int],
    rates: list[int],
    buffers: tuple[int, int],
) -> str:
    """Return the function `run`: blocks, and in each of them steps, until none of it is left.

    `areas` and `rates` are places in the frame; `buffers` says how many elements they have and
    where their initial values are kept.
    """
    m = plan.module
    buffered, before = buffers
    places = [*areas.items(), *((f"rates_{n}", place) for n, place in enumerate(rates))]
    places += [("next_held", plan.next_held), ("held", plan.held_from), ("before", before)]
    places.append(("buffers", plan.held_from + plan.held_size - buffered))
    update, renew, at_start = "", "", ""
    if plan.held_size:
        update = f"  call void @update({_STATE})\n"
        renew = "  call void @renew(ptr %frame)"
    if buffered:
        given = f"ptr %before, ptr %buffers, i64 {buffered * m.lanes * 8}, i1 false"
        at_start = f"  call void @llvm.memcpy.p0.p0.i64({given})"
        update += "  call void @rings(ptr %frame, ptr %history, i64 %step)\n"
    stages = range(len(tableau.b))
    return _RUN.format(
        anchor=ANCHOR, lanes=m.lanes, real=m.real, flag=m.flag, rows=rows, held=plan.held_size,
        fields="\n".join(_field(each) for each in Job),
        offsets="\n".join(
            f"  %stage_{n} = mul i64 %pitch_n, {n * len(plan.clocked or ())}" for n in stages[1:]
        ),
        places="\n".join(
            f"  %{name} = getelementptr {m.real}, ptr %frame, i64 {place}"
            for name, place in places
        ),
        nows="\n".join(
            f"  %row_{n} = add i64 %step, {f'%stage_{n}' if n else '0'}\n"
            f"  %now_{n} = getelementptr double, ptr %clocked, i64 %row_{n}"
            for n in stages
        ),
        now=_NOW, state=_STATE, at_start=at_start, update=update, renew=renew,
        stages=_stages(tableau, _STATE, plan),
    )  # fmt: skip


def _field(job: Job) -> str:
    name = job.name.lower()
    return (
        f"  %{name}_at = getelementptr ptr, ptr %job, i64 {int(job)}\n"
        f"  %{name} = load ptr, ptr %{name}_at"
    )


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


_RUN = """declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

define void @run(ptr %job, ptr %frame, ptr %history, i64 %begin, i64 %end) {{
entry:
{fields}
  %steps_n = ptrtoint ptr %steps to i64
  %width_n = ptrtoint ptr %width to i64
  %pitch_n = ptrtoint ptr %pitch to i64
{offsets}
  %row_size = mul i64 %width_n, {rows}
{places}
  %dt = load double, ptr %clock
  %anchor = alloca [{anchor} x i8], align 4096
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
  call void @outputs({state}, ptr %out_here, i64 %width_n)
  %place_more = add i64 %place, 1
  br label %saved_or_not
saved_or_not:
  %place_next = phi i64 [ %place, %step_begin ], [ %place_more, %save ]
  %last = icmp eq i64 %step, %steps_n
  br i1 %last, label %block_end, label %go_on
go_on:
{update}{stages}
  %sum = call {real} @finite(ptr %next_held, i64 {held}, {real} %sum_levels)
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
  fence seq_cst
  ret void
}}
"""

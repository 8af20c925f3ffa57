"""Quantiles of counts in machine code: Poisson and binomial, walked from the most likely one.

The steps are those of `cyclesim.quantiles`, in its order, one run at a time. The C library's
logarithm of gamma stands for Python's own: it may differ in the last digit, by which a count
changes where a probability lies within that digit of a step.
"""

from __future__ import annotations

from cyclesim.codegen.llvm_kernels import one_by_one
from cyclesim.codegen.llvm_text import Writer, bits
from cyclesim.quantiles import MOST

_ZERO, _ONE, _NAN = bits(0.0), bits(1.0), bits(float("nan"))

_WALK = f"""
down:
  %below = phi double [ %top, %start ], [ %below_more, %lower ]
  %term_down = phi double [ %top, %start ], [ %term_lower, %lower ]
  %count_down = phi double [ %mode, %start ], [ %count_lower, %lower ]
  %above_none = fcmp ogt double %count_down, {_ZERO}
  %least = fmul double %below, {bits(1e-17)}
  %counts = fcmp ogt double %term_down, %least
  %lower_still = and i1 %above_none, %counts
  br i1 %lower_still, label %lower, label %back
lower:
RATIO(%count_down, down)
  %term_lower = fdiv double %term_down, %ratio_down
  %count_lower = fsub double %count_down, {_ONE}
  %below_more = fadd double %below, %term_lower
  br label %down
back:
  %total_back = phi double [ %below, %down ], [ %total_less, %backward ]
  %term_back = phi double [ %top, %down ], [ %term_less, %backward ]
  %count_back = phi double [ %mode, %down ], [ %count_less, %backward ]
  %some_left = fcmp ogt double %count_back, {_ZERO}
  %total_less = fsub double %total_back, %term_back
  %too_far = fcmp oge double %total_less, %p
  %back_still = and i1 %some_left, %too_far
  br i1 %back_still, label %backward, label %on
backward:
RATIO(%count_back, back)
  %term_less = fdiv double %term_back, %ratio_back
  %count_less = fsub double %count_back, {_ONE}
  br label %back
on:
  %total = phi double [ %total_back, %back ], [ %total_more, %onward ]
  %term = phi double [ %term_back, %back ], [ %term_more, %onward ]
  %count = phi double [ %count_back, %back ], [ %count_more, %onward ]
  %short = fcmp olt double %total, %p
  %room = fcmp olt double %count, %most
  %next = fadd double %total, %term
  %grows = fcmp ogt double %next, %total
  %short_with_room = and i1 %short, %room
  %on_still = and i1 %short_with_room, %grows
  br i1 %on_still, label %onward, label %found
onward:
  %count_more = fadd double %count, {_ONE}
RATIO(%count_more, on)
  %term_more = fmul double %term, %ratio_on
  %total_more = fadd double %total, %term_more
  br label %on
found:
  ret double %count
nothing:
  ret double {_NAN}
none:
  ret double {_ZERO}
"""

_DRAWN = f"""
  %p_above = fcmp ogt double %p, {_ZERO}
  %p_below = fcmp olt double %p, {_ONE}
  %drawn = and i1 %p_above, %p_below
"""

_POISSON = f"""
entry:{_DRAWN}
  %not_negative = fcmp oge double %mean, {_ZERO}
  %not_huge = fcmp ole double %mean, {bits(MOST)}
  %some = and i1 %not_negative, %not_huge
  %valid = and i1 %drawn, %some
  br i1 %valid, label %checked, label %nothing
checked:
  %empty = fcmp oeq double %mean, {_ZERO}
  br i1 %empty, label %none, label %start
start:
  %most = fadd double {bits(float("inf"))}, {_ZERO}
  %mode = call double @llvm.floor.f64(double %mean)
  %log = call double @log(double %mean)
  %product = fmul double %mode, %log
  %less_mean = fsub double %product, %mean
  %after = fadd double %mode, {_ONE}
  %ways = call double @lgamma(double %after)
  %exponent = fsub double %less_mean, %ways
  %top = call double @exp(double %exponent)
  br label %down"""

_BINOMIAL = f"""
entry:{_DRAWN}
  %not_negative = fcmp oge double %most, {_ZERO}
  %not_huge = fcmp ole double %most, {bits(MOST)}
  %some = and i1 %not_negative, %not_huge
  %floored = call double @llvm.floor.f64(double %most)
  %whole = fcmp oeq double %most, %floored
  %trials_valid = and i1 %some, %whole
  %valid = and i1 %drawn, %trials_valid
  br i1 %valid, label %tried, label %nothing
tried:
  %no_trials = fcmp oeq double %most, {_ZERO}
  %no_chance = fcmp oeq double %chance, {_ZERO}
  %never = or i1 %no_trials, %no_chance
  br i1 %never, label %none, label %possible
possible:
  %sure = fcmp oeq double %chance, {_ONE}
  br i1 %sure, label %all, label %unsure
all:
  ret double %most
unsure:
  %chance_above = fcmp ogt double %chance, {_ZERO}
  %chance_below = fcmp olt double %chance, {_ONE}
  %uncertain = and i1 %chance_above, %chance_below
  br i1 %uncertain, label %start, label %nothing
start:
  %trials_and_one = fadd double %most, {_ONE}
  %likely = fmul double %trials_and_one, %chance
  %likely_whole = call double @llvm.floor.f64(double %likely)
  %beyond = fcmp olt double %most, %likely_whole
  %mode = select i1 %beyond, double %most, double %likely_whole
  %otherwise = fsub double {_ONE}, %chance
  %odds = fdiv double %chance, %otherwise
  %all_ways = call double @lgamma(double %trials_and_one)
  %mode_and_one = fadd double %mode, {_ONE}
  %mode_ways = call double @lgamma(double %mode_and_one)
  %failures = fsub double %most, %mode
  %failures_and_one = fadd double %failures, {_ONE}
  %failure_ways = call double @lgamma(double %failures_and_one)
  %fewer_ways = fsub double %all_ways, %mode_ways
  %ways = fsub double %fewer_ways, %failure_ways
  %log = call double @log(double %chance)
  %minus_chance = fneg double %chance
  %log_otherwise = call double @log1p(double %minus_chance)
  %hits = fmul double %mode, %log
  %misses = fmul double %failures, %log_otherwise
  %first = fadd double %ways, %hits
  %exponent = fadd double %first, %misses
  %top = call double @exp(double %exponent)
  br label %down"""


def _poisson_ratio(count: str, name: str) -> str:
    return f"  %ratio_{name} = fdiv double %mean, {count}"


def _binomial_ratio(count: str, name: str) -> str:
    return f"""  %left_{name} = fsub double %most, {count}
  %ways_{name} = fadd double %left_{name}, {_ONE}
  %odds_{name} = fmul double %odds, %ways_{name}
  %ratio_{name} = fdiv double %odds_{name}, {count}"""


def poisson(w: Writer, probability: str, mean: str) -> str:
    """Return the least count that a Poisson variable stays at or below with a probability."""
    walk = _WALK
    for count, name in _PLACES:
        walk = walk.replace(f"RATIO({count}, {name})", _poisson_ratio(count, name))
    return _counted(w, "count_poisson", "double %p, double %mean", _POISSON + walk,
                    (probability, mean))  # fmt: skip


def binomial(w: Writer, probability: str, trials: str, chance: str) -> str:
    """Return the least number of successes that stays at or below with a probability."""
    walk = _WALK
    for count, name in _PLACES:
        walk = walk.replace(f"RATIO({count}, {name})", _binomial_ratio(count, name))
    return _counted(w, "count_binomial", "double %p, double %most, double %chance",
                    _BINOMIAL + walk, (probability, trials, chance))  # fmt: skip


_PLACES = (("%count_down", "down"), ("%count_back", "back"), ("%count_more", "on"))


def _counted(w: Writer, name: str, head: str, body: str, given: tuple[str, ...]) -> str:
    for outside in ("exp", "log", "log1p", "lgamma", "llvm.floor.f64"):
        if f"@{outside}(" in body:
            w.module.declare(outside, "double", "double")
    w.module.functions.setdefault(
        name, f"define internal double @{name}({head}) nounwind {{{body}}}"
    )
    return one_by_one(w, name, *given)

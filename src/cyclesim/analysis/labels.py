"""The field's name for what a variable did, and when a course is a virtuous or vicious cycle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cyclesim.analysis.shapes import Behaviour, Shape
from cyclesim.scenario.parts import Direction


class Rules(Enum):
    """What is known of the loops while the variable moves most: which kind is dominant."""

    REINFORCING = "reinforcing"
    BALANCING = "balancing"
    NONE = "none"
    UNKNOWN = "unknown"


class Cycle(Enum):
    """A movement that feeds itself, for better or worse."""

    VIRTUOUS = "virtuous cycle"
    VICIOUS = "vicious cycle"


@dataclass(frozen=True)
class Label:
    """The name of a course, and the cycle that it proves to be, None where none is proved."""

    course: str
    cycle: Cycle | None = None

    def __str__(self) -> str:
        return f"{self.cycle.value}: {self.course}" if self.cycle else self.course


SELF_FEEDING = (Shape.RISING_EVER_FASTER, Shape.DECLINING_EVER_FASTER, Shape.S_SHAPED)
_NAMES = {
    Shape.UNMOVED: "unmoved",
    Shape.RISING_EVER_FASTER: "rise ever faster",
    Shape.DECLINING_EVER_FASTER: "decline ever faster",
    Shape.DIPPING: "dip and return",
    Shape.WORSE_BEFORE_BETTER: "worse before better",
    Shape.BETTER_BEFORE_WORSE: "better before worse",
    Shape.TURNING: "turn beyond the start",
    Shape.TURNING_TWICE: "two turns",
    Shape.OSCILLATING: "sustained oscillation",
    Shape.DAMPED: "damped oscillation",
    Shape.GROWING: "growing oscillation",
    Shape.FLUCTUATING: "fluctuation without a course",
}


def label(found: Behaviour, rules: Rules = Rules.UNKNOWN) -> Label:
    """Return the label of what a variable did, given what is known of the loops.

    A shape alone proves no loop (Richardson 1986): a virtuous or vicious cycle needs a course
    that feeds itself (ever faster, or an S-shape, whose first part is), an end that is better or
    worse than the start, and a dominant reinforcing loop. Everything else is named by its shape.
    """
    better = found.better
    if rules is not Rules.REINFORCING or found.shape not in SELF_FEEDING or better is None:
        return Label(course(found))
    return Label(course(found), Cycle.VIRTUOUS if better else Cycle.VICIOUS)


def course(found: Behaviour) -> str:
    """Return the name of a shape, whatever the loops do."""
    way = "rise" if found.change > 0 else "decline"
    match found.shape:
        case Shape.LEVELLING_OFF:
            return f"{way} towards a limit"
        case Shape.S_SHAPED:
            return f"S-shaped {way}"
        case Shape.STEADY:
            return f"steady {way}"
        case Shape.OVERSHOOTING:
            return "overshoot" if found.still_moving else "overshoot and settle"
        case Shape.PEAKING:
            # Only what was good can be said to collapse; a wait that comes down again recovers.
            return "overshoot and collapse" if found.good is Direction.UP else "rise and return"
    return _NAMES[found.shape]

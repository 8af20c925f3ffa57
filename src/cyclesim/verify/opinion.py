"""One engine's opinion of a model, in full."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cyclesim.project import Method
from cyclesim.verify.comparison import Difference
from cyclesim.verify.engines import Engine, Status


class Verdict(Enum):
    """What came of asking an engine."""

    AGREES = "agrees"
    EXPLAINED = "differs, explained"
    DIFFERS = "differs, unexplained"
    NOTHING = "nothing to compare"
    NOT_RUN = "could not run"
    MISSING = "is not installed"


class Cause(Enum):
    """How well a difference is explained."""

    PROVEN = "our run with the same limitation agrees"
    POSSIBLE = "a limitation that is not emulated may explain it"
    UNKNOWN = "no known limitation explains it"


@dataclass(frozen=True)
class Finding:
    """A variable in which two engines differ, and what explains it."""

    difference: Difference
    cause: Cause
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opinion:
    """What one engine says of a model.

    `handed` says what it was given, `method` how both sides were integrated. `largest` is the
    largest difference of all, as a share of a variable's range; `findings` are the differences
    above the tolerance, the worst first. `left_out` are variables drawn at random.
    """

    engine: Engine
    status: Status
    verdict: Verdict
    version: str | None = None
    message: str = ""
    reasons: tuple[str, ...] = ()
    handed: str = "the file itself"
    method: Method = Method.EULER
    notes: tuple[str, ...] = ()
    compared: int = 0
    largest: Difference | None = None
    findings: tuple[Finding, ...] = ()
    not_given: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def unexplained(self) -> tuple[Finding, ...]:
        """Return the differences that nothing known explains."""
        return tuple(each for each in self.findings if each.cause is Cause.UNKNOWN)

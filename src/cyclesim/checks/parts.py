"""What a checks file asks, once every name exists, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from cyclesim.analysis.stability import Stability
from cyclesim.compiler import FlatVariable
from cyclesim.errors import Diagnostic, Location
from cyclesim.expr import Expr
from cyclesim.names import Ident
from cyclesim.results import Results
from cyclesim.scenario.parts import Scenario, Study, Verdict


class Take(Enum):
    """What a measure takes from a run; the value is the word for it."""

    AT = "value"
    GREATEST = "greatest"
    LEAST = "least"
    MEAN = "mean"
    TOTAL = "total"
    FIRST = "first"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True)
class Measure:
    """A number taken from a scenario's run.

    `time` is when a value is read (None: the end); `limit` what is crossed; `start` and `until`
    narrow what is looked at.
    """

    name: str
    ident: Ident
    scenario: str
    variable: FlatVariable
    take: Take
    time: float | None = None
    limit: float = 0.0
    start: float | None = None
    until: float | None = None


@dataclass(frozen=True)
class Statement:
    """A comparison of measures, as written and as a tree; `measures` are those it reads."""

    text: str
    expr: Expr
    measures: tuple[Ident, ...]


@dataclass(frozen=True)
class Control:
    """What is changed so that a claim must fail: values before the start, scenarios swapped."""

    says: str
    values: Mapping[Ident, float]
    scenarios: Mapping[str, str]


@dataclass(frozen=True)
class Claim:
    """What is claimed: every statement must hold, and with the control at least one must not."""

    ident: str
    says: str
    source: str
    statements: tuple[Statement, ...]
    control: Control | None
    share: float | None
    in_draws: bool
    because: str
    location: Location
    published: bool = False

    @property
    def measures(self) -> tuple[Ident, ...]:
        """Return the measures that its statements read, each once."""
        return tuple(dict.fromkeys(m for each in self.statements for m in each.measures))


@dataclass(frozen=True)
class Extreme:
    """A run beyond what is plausible, and what must be true of it."""

    says: str
    scenario: Scenario
    statements: tuple[Statement, ...]
    location: Location


@dataclass(frozen=True)
class DrawPlan:
    """How constants are drawn; `range` is the share of each plausible range that is used."""

    number: int
    seed: int
    range: float
    leave_out: Mapping[Ident, str]
    settle: float | None


@dataclass(frozen=True)
class Equilibrium:
    """How the start must rest: the scenario, the largest move, and whether it must be stable."""

    scenario: str
    moves: float
    stable: bool
    location: Location


@dataclass(frozen=True)
class Words:
    """What is said of the model besides its claims."""

    endogenous: tuple[str, ...] = ()
    exogenous: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    surprises: tuple[str, ...] = ()
    improvement: tuple[str, ...] = ()
    family: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checks:
    """A checks file that can be run; `study` holds its scenarios."""

    study: Study
    measures: Mapping[Ident, Measure]
    claims: tuple[Claim, ...]
    extremes: tuple[Extreme, ...]
    draws: DrawPlan | None
    equilibrium: Equilibrium | None
    signed: frozenset[Ident]
    words: Words
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class Judged:
    """Whether one statement holds, and its numbers in words; None where it cannot be judged."""

    statement: Statement
    held: bool | None
    words: str


@dataclass(frozen=True)
class Decider:
    """A constant and how its rank goes with a claim's (Spearman), from -1 to 1."""

    variable: str
    correlation: float


@dataclass(frozen=True)
class Share:
    """In how many draws something held, with its 95 % interval by Wilson's score."""

    held: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """Return the share."""
        return self.held / self.of


@dataclass(frozen=True)
class ClaimDraws:
    """What draws say of a claim.

    `control` is the share in which the control still let every statement hold; `decided_by` what
    the correlations are with: its truth, or how clearly it holds.
    """

    share: Share
    control: Share | None
    deciders: tuple[Decider, ...]
    decided_by: str


@dataclass(frozen=True)
class ClaimResult:
    """What came of a claim at the point and, where draws were made, in them."""

    claim: Claim
    statements: tuple[Judged, ...]
    control: tuple[Judged, ...]
    draws: ClaimDraws | None = None

    @property
    def held(self) -> bool:
        """Return whether every statement holds at the point."""
        return all(each.held is True for each in self.statements)

    @property
    def control_proves(self) -> bool:
        """Return whether the control, if any, was judged and breaks the claim."""
        if self.claim.control is None:
            return True
        judged = all(each.held is not None for each in self.control)
        return judged and any(each.held is False for each in self.control)

    @property
    def shared(self) -> bool:
        """Return whether it holds in as many draws as it must."""
        if self.draws is None or self.claim.share is None:
            return True
        return self.draws.share.value >= self.claim.share


@dataclass(frozen=True)
class ExtremeResult:
    """What came of an extreme: faults in words, none where it is borne."""

    extreme: Extreme
    faults: tuple[str, ...]
    statements: tuple[Judged, ...]


@dataclass(frozen=True)
class RestResult:
    """How the start rests: the output that moves most, its share, and the stability found."""

    scenario: str
    mover: str
    moved: float
    stability: Stability
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Sampled:
    """A constant that is drawn, between two numbers; `element` is its place in an array."""

    name: str
    ident: Ident
    element: int | None
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class DrawsResult:
    """What was drawn and what failed: `failed` names draws (from 1) and scenarios that broke."""

    sampled: tuple[Sampled, ...]
    number: int
    failed: Mapping[int, str]
    seconds: float


@dataclass(frozen=True)
class ModelCheck:
    """Everything that a checks file asks, and what came of it."""

    checks: Checks
    results: Mapping[str, Results]
    measures: Mapping[Ident, float]
    claims: tuple[ClaimResult, ...]
    extremes: tuple[ExtremeResult, ...]
    rest: RestResult | None
    verdicts: tuple[Verdict, ...]
    draws: DrawsResult | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)

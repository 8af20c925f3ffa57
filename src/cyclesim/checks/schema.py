"""What a checks file may say, key by key: a study's keys, and what is claimed of the model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, model_validator

from cyclesim.scenario.change_schema import ChangeKeys
from cyclesim.scenario.document import Path
from cyclesim.scenario.quantities import NotANumber, number_of
from cyclesim.scenario.schema import OutputWish, ScenarioKeys, StudyKeys
from cyclesim.scenario.validation import Grammar, study_keys_at
from cyclesim.scenario.values import (
    AboveZero,
    Names,
    Number,
    Part,
    Text,
    When,
    Whole,
    choice,
    fault,
    found,
    or_nothing,
)

TAKES = ("greatest", "least", "mean", "total", "first")
_SENTENCES = ("endogenous", "exogenous", "left_out", "surprises", "improvement", "family")


def _crossing(value: Any) -> tuple[str, float]:
    words = value.split(None, 1) if isinstance(value, str) else ()
    if len(words) != 2 or words[0] not in ("above", "below"):
        raise fault(f"{found(value)} is no condition", "Write 'above 2' or 'below 2'.")
    try:
        return words[0], number_of(words[1])
    except NotANumber as error:
        raise fault(error.message, error.hint) from None


def _share(value: Any) -> float:
    try:
        number = number_of(str(value))
    except NotANumber as error:
        raise fault(error.message, error.hint) from None
    if not 0 < number <= 1:
        raise fault(f"{number:g} is no share", "Write a number above 0 and at most 1, or '90 %'.")
    return number


def _yes_or_no(value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    raise fault(f"{found(value)} is neither true nor false")


_CROSSING_SCHEMA = {"type": "string", "pattern": r"^(above|below)\s+\S+.*$"}
_SHARE_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*\d.*%\s*$"}]}
Crossing = Annotated[
    tuple[str, float], BeforeValidator(_crossing), WithJsonSchema(_CROSSING_SCHEMA)
]
Share = Annotated[float, BeforeValidator(_share), WithJsonSchema(_SHARE_SCHEMA)]
Truth = Annotated[bool, BeforeValidator(_yes_or_no), WithJsonSchema({"type": "boolean"})]
Take = Annotated[Literal["greatest", "least", "mean", "total", "first"], choice(*TAKES)]
Values = Annotated[
    dict[str, Number],
    BeforeValidator(or_nothing),
    Field(default_factory=dict),
]
Holds = Annotated[
    Names,
    Field(min_length=1, description="Statements over measures; all must be true."),
]


class MeasureKeys(Part):
    """A number taken from a run."""

    scenario: Annotated[Text, Field(description="The scenario it is taken from.")]
    variable: Annotated[Text, Field(description="The variable.")]
    at: Annotated[When, Field(description="The value at a time, or at the `end`.")] = None
    take: Annotated[
        Take | None,
        Field(description="greatest, least, mean, total (over time), or first (at the start)."),
    ] = None
    when: Annotated[
        Crossing | None,
        Field(description="The first saved time at which it is `above X` or `below X`."),
    ] = None
    after: Annotated[Number | None, Field(description="`when` looks from this time on.")] = None
    from_: Annotated[
        Number | None, Field(alias="from", description="`take` begins at this time.")
    ] = None
    until: Annotated[Number | None, Field(description="`take` ends at this time.")] = None

    @model_validator(mode="after")
    def _one_way(self) -> MeasureKeys:
        given = [key for key in ("at", "take", "when") if key in self.model_fields_set]
        if len(given) != 1:
            message = f"{' and '.join(given)} are both given" if given else "nothing is measured"
            raise fault(message, "Give one of at, take, when.")
        if self.after is not None and self.when is None:
            raise fault("'after' belongs to 'when'", "Narrow 'take' with 'from' and 'until'.")
        if self.take is None and not (self.from_ is None and self.until is None):
            raise fault("'from' and 'until' belong to 'take'", "Delete them.")
        if self.from_ is not None and self.until is not None and self.until <= self.from_:
            raise fault(f"{self.until:g} is not after {self.from_:g}", "Let 'until' be later.")
        return self


class ControlKeys(Part):
    """A change of the model under which the claim must not hold."""

    says: Annotated[Text, Field(description="Why it must fail there.")]
    settings: Annotated[Values, Field(description="Variables held at a number from the start on.")]
    start: Annotated[Text | None, Field(description="The name of a starting state.")] = None
    initial: Annotated[Values, Field(description="Other initial values of stocks.")]
    scenarios: Annotated[
        dict[str, Text],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="Scenarios read in the place of others."),
    ]

    @model_validator(mode="after")
    def _something(self) -> ControlKeys:
        if not (self.settings or self.initial or self.scenarios or self.start):
            raise fault("nothing is changed", "Give settings, initial, start or scenarios.")
        return self


class ClaimKeys(Part):
    """What is claimed of the model, or published behaviour that it shows."""

    says: Annotated[Text, Field(description="What is claimed, in a sentence.")]
    source: Annotated[Text | None, Field(description="Who claims it, and where.")] = None
    holds: Holds
    control: ControlKeys | None = None
    share: Annotated[
        Share | None, Field(description="The least share of draws in which it must hold.")
    ] = None
    draws: Annotated[Truth, Field(description="Whether it is judged in draws too.")] = True
    because: Annotated[Text | None, Field(description="Why it is not judged in draws.")] = None

    @model_validator(mode="after")
    def _reason(self) -> ClaimKeys:
        if not self.draws and self.because is None:
            raise fault("'draws: false' needs a reason", "Say it under 'because'.")
        if not self.draws and self.share is not None:
            raise fault("'share' stands beside 'draws: false'", "Keep one of them.")
        return self


class DrawKeys(Part):
    """Joint draws of every constant with a plausible range."""

    number: Annotated[Whole, Field(description="How many draws.")] = 200
    seed: Annotated[Whole, Field(description="Another number gives other draws.")] = 1
    range: Annotated[
        Share, Field(description="The share of each plausible range used, about the default.")
    ] = 1.0
    leave_out: Annotated[
        dict[str, Text],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="Constants not sampled, each with the reason."),
    ]
    settle: Annotated[
        AboveZero | None,
        Field(description="How long the unchanged organisation runs before each draw starts."),
    ] = None

    @model_validator(mode="after")
    def _enough(self) -> DrawKeys:
        if self.number < 2:
            raise fault(f"{self.number} draws say nothing of a share", "Draw at least 2.")
        return self


class ExtremeKeys(Part):
    """A state or a change beyond what is plausible, which the model must bear."""

    says: Annotated[Text | None, Field(description="What must come of it.")] = None
    initial: Annotated[Values, Field(description="Initial values of stocks.")]
    settings: Annotated[Values, Field(description="Variables held at a number from the start on.")]
    changes: Annotated[
        dict[str, ChangeKeys],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="What changes, as in a scenario."),
    ]
    holds: Annotated[
        Names, Field(default_factory=list, description="Statements that must be true of it.")
    ]

    @model_validator(mode="after")
    def _something(self) -> ExtremeKeys:
        if not (self.settings or self.initial or self.changes):
            raise fault("nothing is extreme", "Give settings, initial or changes.")
        return self


class EquilibriumKeys(Part):
    """How the start rests."""

    scenario: Annotated[Text, Field(description="The scenario without a change.")] = "baseline"
    moves: Annotated[
        AboveZero, Field(description="The share by which no output may move over the run.")
    ] = 0.001
    stable: Annotated[Truth, Field(description="Whether the start must be stable.")] = True
    signed: Annotated[
        Names, Field(default_factory=list, description="Stocks that may be negative.")
    ]


class BoundaryKeys(Part):
    """What the model explains, what it is given, and what it leaves out."""

    endogenous: Annotated[Names, Field(default_factory=list)]
    exogenous: Annotated[Names, Field(default_factory=list)]
    left_out: Annotated[Names, Field(default_factory=list)]


def _no_design(value: Any) -> None:
    raise fault("a checks file has no design", "Put it into a study, or use 'draws'.")


class ChecksKeys(StudyKeys):
    """A checks file: scenarios of a model, and what is claimed of them."""

    model: Text = "model.xmile"
    title: Annotated[Text | None, Field(description="Else the model's name.")] = None  # type: ignore[assignment]
    outputs: Annotated[
        dict[str, OutputWish],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="Headline variables, the most important first."),
    ]
    scenarios: Annotated[
        dict[str, Annotated[ScenarioKeys, BeforeValidator(or_nothing)]],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="The scenarios; 'baseline' is always there."),
    ]
    design: Annotated[None, BeforeValidator(_no_design)] = None
    measures: Annotated[dict[str, MeasureKeys], Field(default_factory=dict)]
    claims: Annotated[dict[str, ClaimKeys], Field(default_factory=dict)]
    draws: DrawKeys | None = None
    extremes: Annotated[dict[str, ExtremeKeys], Field(default_factory=dict)]
    equilibrium: Annotated[EquilibriumKeys | None, BeforeValidator(or_nothing)] = None
    boundary: BoundaryKeys = BoundaryKeys(endogenous=[], exogenous=[], left_out=[])
    behaviour: Annotated[dict[str, ClaimKeys], Field(default_factory=dict)]
    surprises: Annotated[Names, Field(default_factory=list)]
    improvement: Annotated[Names, Field(default_factory=list)]
    family: Annotated[Names, Field(default_factory=list)]


def keys_at(path: Path, beside: tuple[str, ...]) -> type[BaseModel]:
    """Return the schema at a path of a checks file."""
    match path:
        case ():
            return ChecksKeys
        case ("measures", _):
            return MeasureKeys
        case ("claims" | "behaviour", _):
            return ClaimKeys
        case ("claims" | "behaviour", _, "control"):
            return ControlKeys
        case ("draws",):
            return DrawKeys
        case ("extremes", _):
            return ExtremeKeys
        case ("extremes", _, "changes", *_):
            return study_keys_at(("scenarios", *path[1:]), beside)
        case ("equilibrium",):
            return EquilibriumKeys
        case ("boundary",):
            return BoundaryKeys
    return study_keys_at(path, beside)


CHECKS = Grammar(ChecksKeys, {}, ("expect", "events", "holds", *_SENTENCES), keys_at)
"""What a checks file may say."""


def checks_schema() -> dict[str, Any]:
    """Return the JSON schema of checks files, for editors."""
    schema = ChecksKeys.model_json_schema(by_alias=True)
    del schema["properties"]["model"]  # the model is the one beside the file
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

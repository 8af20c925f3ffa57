"""The ways in which a study may change a variable."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from cyclesim.scenario.values import AboveZero, Number, Pair, Part, Text, choice, fault


class _ToOrBy(Part):
    to: Annotated[Number | None, Field(description="The new value.")] = None
    by: Annotated[Number | None, Field(description="What is added to the model's value.")] = None

    @model_validator(mode="after")
    def _one_size(self) -> _ToOrBy:
        if (self.to is None) == (self.by is None):
            both = "'to' and 'by' are both given" if self.to is not None else "no size is given"
            raise fault(both, "Give 'to', the new value, or 'by', what is added to it.")
        return self


class StepKeys(_ToOrBy):
    """Another value from a time on."""

    at: Annotated[Number | None, Field(description="When; `change_from` if not given.")] = None


class RampKeys(_ToOrBy):
    """A straight way to another value."""

    from_: Annotated[
        Number | None, Field(alias="from", description="When it begins; else `change_from`.")
    ] = None
    until: Annotated[Number, Field(description="When the new value is reached.")]


class PulseKeys(_ToOrBy):
    """Another value for a while."""

    from_: Annotated[
        Number | None, Field(alias="from", description="When it begins; else `change_from`.")
    ] = None
    for_: Annotated[AboveZero, Field(alias="for", description="How long it lasts.")]


Between = Annotated[
    Literal["linear", "hold"],
    choice("linear", "hold"),
    Field(description="Whether points are joined by lines, or each value holds until the next."),
]


class StepChange(Part):
    """Another value from a time on."""

    step: StepKeys


class RampChange(Part):
    """A straight way to another value."""

    ramp: RampKeys


class PulseChange(Part):
    """Another value for a while."""

    pulse: PulseKeys


class PointsChange(Part):
    """Values at times, the model's own before the first."""

    points: Annotated[
        list[Pair], Field(description="Pairs of time and value, in order of time.", min_length=1)
    ]
    between: Between = "linear"


class DataChange(Part):
    """Values at times from a CSV file in the study's folder."""

    csv: Annotated[Text, Field(description="The file, relative to the study's folder.")]
    time: Annotated[Text, Field(description="The column of times.")]
    column: Annotated[Text, Field(description="The column of values.")]
    between: Between = "linear"


CHANGES: dict[str, type[Part]] = {
    "step": StepChange,
    "ramp": RampChange,
    "pulse": PulseChange,
    "points": PointsChange,
    "csv": DataChange,
}
"""The kinds of change that are more than a number, by the key that tells them."""


def _kind_of_change(value: Any) -> str:
    if not isinstance(value, dict):
        return "<number>"
    kind = next((kind for kind in CHANGES if kind in value), None)
    return f"<{kind}>" if kind else "<none>"


def _no_kind(value: Any) -> Any:
    raise fault("a change says none of step, ramp, pulse, points, csv")


ChangeKeys = Annotated[
    Annotated[Number, Tag("<number>")]
    | Annotated[StepChange, Tag("<step>")]
    | Annotated[RampChange, Tag("<ramp>")]
    | Annotated[PulseChange, Tag("<pulse>")]
    | Annotated[PointsChange, Tag("<points>")]
    | Annotated[DataChange, Tag("<csv>")]
    | Annotated[None, BeforeValidator(_no_kind), Tag("<none>")],
    Discriminator(_kind_of_change),
]

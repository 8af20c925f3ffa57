"""What the `design` of a study may say: which numbers differ from run to run, and how."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from cyclesim.scenario.values import (
    AboveZero,
    Names,
    Number,
    Part,
    Text,
    Whole,
    choice,
    fault,
    or_nothing,
)

METHODS = (
    "latin hypercube",
    "monte carlo",
    "sobol",
    "grid",
    "paired",
    "one at a time",
    "file",
)


class RangeKeys(Part):
    """Every number between two is equally likely; with `levels`, so many evenly spaced ones."""

    from_: Annotated[Number, Field(alias="from", description="The smallest number.")]
    to: Annotated[Number, Field(description="The largest number.")]
    levels: Annotated[Whole | None, Field(description="How many numbers, the ends among them.")] = (
        None
    )


class TriangularKeys(Part):
    """A most likely number, and straight lines to the ends."""

    from_: Annotated[Number, Field(alias="from", description="The smallest number.")]
    mode: Annotated[Number, Field(description="The most likely number.")]
    to: Annotated[Number, Field(description="The largest number.")]


class NormalKeys(Part):
    """A normal distribution, cut at the ends; without ends, at the variable's range."""

    mean: Annotated[Number, Field(description="The mean of the uncut distribution.")]
    deviation: Annotated[AboveZero, Field(description="Its standard deviation.")]
    from_: Annotated[Number | None, Field(alias="from", description="The smallest number.")] = None
    to: Annotated[Number | None, Field(description="The largest number.")] = None


class LognormalKeys(Part):
    """A number whose logarithm is normally distributed, cut as the normal is."""

    median: Annotated[AboveZero, Field(description="The median of the uncut distribution.")]
    log_deviation: Annotated[
        AboveZero, Field(description="The standard deviation of the natural logarithm.")
    ]
    from_: Annotated[Number | None, Field(alias="from", description="The smallest number.")] = None
    to: Annotated[Number | None, Field(description="The largest number.")] = None


class BetaKeys(Part):
    """A beta distribution stretched between its ends."""

    alpha: AboveZero
    beta: AboveZero
    from_: Annotated[Number, Field(alias="from", description="The smallest number.")] = 0.0
    to: Annotated[Number, Field(description="The largest number.")] = 1.0


class TriangularForm(Part):
    """A triangular distribution."""

    triangular: TriangularKeys


class NormalForm(Part):
    """A truncated normal distribution."""

    normal: NormalKeys


class LognormalForm(Part):
    """A lognormal distribution."""

    lognormal: LognormalKeys


class BetaForm(Part):
    """A beta distribution."""

    beta: BetaKeys


class ValuesForm(Part):
    """Some numbers, equally likely or by weight."""

    values: Annotated[list[Number], Field(description="The numbers.", min_length=1)]
    weights: Annotated[
        list[AboveZero] | None, Field(description="How likely each is, beside the others.")
    ] = None


FORMS: dict[str, type[Part]] = {
    "triangular": TriangularForm,
    "normal": NormalForm,
    "lognormal": LognormalForm,
    "beta": BetaForm,
    "values": ValuesForm,
    "from": RangeKeys,
}
"""The ways to say how a number differs, by the key that tells them."""

INNER: dict[str, type[Part]] = {
    "triangular": TriangularKeys,
    "normal": NormalKeys,
    "lognormal": LognormalKeys,
    "beta": BetaKeys,
}
"""The keys within a form, where it has some of its own."""


def _form(value: Any) -> str:
    if not isinstance(value, dict):
        return "<plausible>"
    if "to" in value and "from" not in value:
        return "<from>"
    form = next((form for form in FORMS if form in value), None)
    return f"<{form}>" if form else "<none>"


def _no_form(value: Any) -> Any:
    raise fault(
        "nothing says how the number differs",
        "Write {from: 1, to: 2}, {values: [1, 2]}, or triangular, normal, lognormal or beta.",
    )


DistributionKeys = Annotated[
    Annotated[Literal["plausible"], choice("plausible"), Tag("<plausible>")]
    | Annotated[TriangularForm, Tag("<triangular>")]
    | Annotated[NormalForm, Tag("<normal>")]
    | Annotated[LognormalForm, Tag("<lognormal>")]
    | Annotated[BetaForm, Tag("<beta>")]
    | Annotated[ValuesForm, Tag("<values>")]
    | Annotated[RangeKeys, Tag("<from>")]
    | Annotated[None, BeforeValidator(_no_form), Tag("<none>")],
    Discriminator(_form),
]


class ChangeNumbersKeys(Part):
    """Which numbers of a scenario's change of a variable differ."""

    to: Annotated[DistributionKeys | None, Field(description="The new value.")] = None
    by: Annotated[DistributionKeys | None, Field(description="What is added.")] = None
    at: Annotated[DistributionKeys | None, Field(description="When a step takes effect.")] = None
    from_: Annotated[
        DistributionKeys | None, Field(alias="from", description="When a ramp or pulse begins.")
    ] = None
    until: Annotated[DistributionKeys | None, Field(description="When a ramp ends.")] = None
    for_: Annotated[
        DistributionKeys | None, Field(alias="for", description="How long a pulse lasts.")
    ] = None


class CorrelationKeys(Part):
    """How two numbers go together."""

    between: Annotated[
        list[Text],
        Field(description="Two names, such as [Price, Customers (initial)].", min_length=2,
              max_length=2),
    ]  # fmt: skip
    rank: Annotated[Number, Field(description="Their rank correlation, from -1 to 1.")]


class DesignKeys(Part):
    """Which numbers differ from run to run, and how runs are chosen among them."""

    method: Annotated[
        Annotated[
            Literal[
                "latin hypercube", "monte carlo", "sobol", "grid", "paired", "one at a time", "file"
            ],
            choice(*METHODS),
        ]
        | None,
        Field(description="How runs are chosen; `latin hypercube`, or `file` where one is named."),
    ] = None
    runs: Annotated[
        Whole | None, Field(description="How many runs, where the method leaves that open: 1000.")
    ] = None
    seed: Annotated[Whole, Field(description="Another number draws other numbers.")] = 0
    scenarios: Annotated[
        Names, Field(default_factory=list, description="Which scenarios; all if not given.")
    ]
    vary: Annotated[
        dict[str, DistributionKeys],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="Constants; Name[E] is an element of an array."),
    ]
    initial: Annotated[
        dict[str, DistributionKeys],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="Initial values of stocks."),
    ]
    changes: Annotated[
        dict[str, ChangeNumbersKeys],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="Sizes and times of the scenarios' changes."),
    ]
    correlations: Annotated[
        list[CorrelationKeys], Field(default_factory=list, description="What goes together.")
    ]
    file: Annotated[
        Text | None, Field(description="CSV or Parquet in the study's folder, a column a number.")
    ] = None


ONE = frozenset(field.alias or name for name, field in DesignKeys.model_fields.items())
"""The keys of a design, none of which can be the name of one."""


def _one_or_several(value: Any) -> str:
    several = isinstance(value, dict) and value and not ONE & set(value)
    return "<several>" if several and all(isinstance(v, dict) for v in value.values()) else "<one>"


Designs = Annotated[
    Annotated[DesignKeys, Tag("<one>")] | Annotated[dict[str, DesignKeys], Tag("<several>")],
    Discriminator(_one_or_several),
]
"""One design, or several by name."""

DESIGN_TAGS = frozenset(
    {"<one>", "<several>", "<plausible>", "<none>", *(f"<{form}>" for form in FORMS)}
)


def design_keys_at(path: tuple[str | int, ...], beside: tuple[str, ...]) -> type[Part]:
    """Return the schema within `design` at a path, given the keys that stand there."""
    if path and path[0] not in ONE:
        path = path[1:]
    match path:
        case ("changes", _):
            return ChangeNumbersKeys
        case ("correlations", _):
            return CorrelationKeys
        case ("vary" | "initial", _, *rest) | ("changes", _, _, *rest):
            if rest and rest[0] in INNER:
                return INNER[str(rest[0])]
            return next((form for key, form in FORMS.items() if key in beside), RangeKeys)
    return DesignKeys

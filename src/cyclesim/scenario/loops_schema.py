"""What a study says of feedback loops: names for them, and stocks to look through."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cyclesim.scenario.values import Part, Text


class LoopsKeys(Part):
    """Loops by name, and the stocks through which a large model is seen."""

    names: Annotated[
        dict[str, Annotated[list[Text], Field(min_length=1)]],
        Field(
            default_factory=dict,
            description="The variables that a loop runs through, in order; others may lie between.",
        ),
    ]
    through: Annotated[
        list[Text],
        Field(
            default_factory=list,
            description="Stocks to look through; everything else is folded into the links.",
        ),
    ]

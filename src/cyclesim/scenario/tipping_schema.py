"""What a study may say of its tipping point, and what that comes to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cyclesim.scenario.values import Part, Text, When


class MapKeys(Part):
    """The two parameters of the map of good and bad."""

    x: Annotated[Text, Field(description="The parameter along.")]
    y: Annotated[Text, Field(description="The parameter up.")]


class TippingKeys(Part):
    """How the tipping point is looked for; what is not given is found from the scenarios."""

    scenario: Annotated[
        Text | None,
        Field(description="The scenario or starting state it is about; else the first."),
    ] = None
    good: Annotated[
        Text | None, Field(description="A scenario or a starting state that ends well.")
    ] = None
    bad: Annotated[
        Text | None, Field(description="A scenario or a starting state that ends badly.")
    ] = None
    outcome: Annotated[
        Text | None, Field(description="The output that judges; else the first with a direction.")
    ] = None
    at: Annotated[When, Field(description="When it is judged: a time, or `end`.")] = None
    map: Annotated[MapKeys | None, Field(description="Two parameters to map.")] = None
    parameter: Annotated[
        Text | None, Field(description="The parameter along which equilibria are followed.")
    ] = None
    pulse: Annotated[Text | None, Field(description="The variable whose pulse is sized.")] = None

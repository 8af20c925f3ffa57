"""What the equations of a model ask of units: sets of quantities that must have one unit.

The unit of each variable is a symbol (`atom`), so that nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from cyclesim.expr import Expr
from cyclesim.names import Ident
from cyclesim.project import About, Equation, Macro
from cyclesim.units import Unit

MARK = "?"
"""What the symbol for a variable's unit begins with; no unit word does."""

CLOCK = f"{MARK}·clock"
"""The symbol for the model's unit of time."""

TIME = Unit.named(CLOCK)


def atom(ident: Ident) -> str:
    """Return the symbol for a variable's unit."""
    return MARK + ident


def is_atom(name: str) -> bool:
    """Return whether a name in a unit is a symbol."""
    return name.startswith(MARK)


class Plain(Enum):
    """Whether a quantity is a bare number, and may have any unit."""

    NO = "has a unit"
    NUMBER = "a bare number"
    ANY = "as good as zero, or endless: in any unit"


@dataclass(frozen=True)
class Quantity:
    """Part of an equation and its unit.

    `rests_on` numbers the agreements within it: where one is broken, its unit means nothing.
    """

    unit: Unit
    expr: Expr | None
    plain: Plain = Plain.NO
    clock: bool = False
    rests_on: frozenset[int] = frozenset()
    joined: str = ""


class Rule(Enum):
    """Why quantities must agree."""

    EQUATION = "a variable's equation and its declaration"
    TOGETHER = "added, compared, or alternatives"
    DEMAND = "what a function or place asks for"
    FLOW = "a flow and the stocks it fills and drains"


@dataclass(frozen=True)
class Site:
    """The equation in which something stands; `macro` names the macro that it is part of."""

    about: About
    equation: Equation
    macro: str | None = None


@dataclass(frozen=True)
class Filling:
    """A flow at a stock: the stock's unit and name, whether it fills it, and where that stands."""

    stock: Unit
    name: str
    fills: bool
    equation: Equation


@dataclass(frozen=True)
class Agreement:
    """Quantities that must have one unit, and where one is given beforehand, that unit.

    `standard` is the unit of the variable itself, of what `what` asks for, or of the flow;
    `fillings` are the places at which a flow meets its stocks, one a member.
    """

    number: int
    rule: Rule
    site: Site
    members: tuple[Quantity, ...]
    standard: Unit | None = None
    what: str = ""
    fillings: tuple[Filling, ...] = ()

    @property
    def measured(self) -> tuple[Quantity, ...]:
        """Return the members that are more than numbers."""
        return tuple(member for member in self.members if member.plain is Plain.NO)

    @property
    def units(self) -> tuple[Unit, ...]:
        """Return the units that must be equal, the standard first."""
        first = () if self.standard is None else (self.standard,)
        return (*first, *(member.unit for member in self.measured))

    @property
    def atoms(self) -> frozenset[str]:
        """Return the symbols that occur."""
        return frozenset(name for unit in self.units for name in unit.names if is_atom(name))

    @property
    def rests_on(self) -> frozenset[int]:
        """Return the agreements within it."""
        return frozenset().union(*(member.rests_on for member in self.members))


@dataclass
class Ledger:
    """What a model's equations ask, collected; `abouts` are its variables.

    `macro_value` gives the quantity of a macro, its arguments given.
    """

    abouts: Mapping[Ident, About]
    macros: Mapping[Ident, Macro]
    macro_value: Callable[[Macro, list[Quantity], Site], Quantity]
    agreements: list[Agreement] = field(default_factory=list)
    fillings: dict[Unit, tuple[Site, list[Filling]]] = field(default_factory=dict)
    copies: int = 0

    def add(
        self,
        rule: Rule,
        site: Site,
        members: Iterable[Quantity],
        standard: Unit | None = None,
        what: str = "",
        fillings: tuple[Filling, ...] = (),
    ) -> frozenset[int]:
        """Note an agreement unless it asks nothing; return its number."""
        number = len(self.agreements)
        found = Agreement(number, rule, site, tuple(members), standard, what, fillings)
        numbers = any(member.plain is Plain.NUMBER for member in found.members)
        if not found.measured or (len(found.units) == 1 and not numbers):
            return frozenset()
        self.agreements.append(found)
        return frozenset({number})

    def fresh(self, name: str) -> Unit:
        """Return a symbol of its own."""
        self.copies += 1
        return Unit.named(f"{MARK}·{self.copies}·{name}")

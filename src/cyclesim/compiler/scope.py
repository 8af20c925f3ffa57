"""What an equation can refer to, and the loops it runs over."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyclesim.compiler.dimensions import Dimensions
from cyclesim.compiler.parts import Table
from cyclesim.compiler.terms import Places
from cyclesim.errors import Diagnostic, Location
from cyclesim.names import Ident
from cyclesim.project import About


@dataclass(frozen=True)
class Known:
    """What an equation needs to know of a variable that it reads."""

    name: str
    dimensions: tuple[Ident, ...]
    hidden: bool


@dataclass
class Scope:
    """What exists in a model, and what has been found wrong with it."""

    known: dict[Ident, Known]
    dimensions: Dimensions
    tables: dict[Ident, Table] = field(default_factory=dict)
    arrays: dict[Ident, tuple[Ident, ...]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Return the names a modeller may have meant."""
        return [known.name for known in self.known.values() if not known.hidden]

    def fault(
        self, code: str, message: str, where: Location, about: About, hint: str | None = None
    ) -> None:
        """Note one fault."""
        self.diagnostics.append(Diagnostic(code, message, where, f"'{about.name}'", hint))


@dataclass(frozen=True)
class Loop:
    """A loop of an equation: the dimension or subrange it runs over (None for one element).

    `elements` are its turns by name; `declared` and `places` say where they lie in the
    dimension of the variable that the equation defines.
    """

    dimension: Ident | None
    elements: tuple[Ident, ...]
    declared: Ident | None = None
    places: Places = ()

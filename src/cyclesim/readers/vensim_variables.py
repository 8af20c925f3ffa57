"""Statements about variables into stocks, flows, auxiliaries and graphical functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from cyclesim.expr import Reference
from cyclesim.names import Ident, canonical, did_you_mean
from cyclesim.project import (
    About,
    Bounds,
    Graph,
    GraphicalFunction,
    Variable,
)
from cyclesim.readers.external import ExternalFiles
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_control import DT, START, STOP, settled
from cyclesim.readers.vensim_equations import RightSides
from cyclesim.readers.vensim_functions import Translator
from cyclesim.readers.vensim_points import read_way
from cyclesim.readers.vensim_statement import Kind, Statement, Word
from cyclesim.readers.vensim_stocks import Draft, made_variables
from cyclesim.readers.vensim_subscripts import Subscripts
from cyclesim.readers.vensim_units import bounds_of, units_of


@dataclass
class Section:
    """The variables of the model or of one macro.

    `known` are the macros and graphical functions that may be called by name, `own` all other
    names that stand for variables here; `tables` the graphical functions read so far, `made`
    those read another way than between their points.
    """

    subscripts: Subscripts
    known: frozenset[Ident]
    findings: Findings
    files: ExternalFiles
    time_units: str = ""
    in_macro: bool = False
    own: frozenset[Ident] = frozenset()
    tables: dict[Ident, Graph] = field(default_factory=dict)
    made: dict[Ident, tuple[Ident, str, str]] = field(default_factory=dict)

    def variables(self, statements: Iterable[Statement]) -> tuple[Variable, ...]:
        """Return the variables in the order of the file, each after all that was made for it."""
        groups: dict[Ident, list[Statement]] = {}
        for statement in statements:
            groups.setdefault(statement.name.ident, []).append(statement)
        self.own |= groups.keys()
        found = [each for group in groups.values() if (each := self.variable(group)) is not None]
        drafts = {each.about.ident: each for each in found if isinstance(each, Draft)}
        drafts = settled(drafts)
        made = made_variables(drafts, self.time_units, self.findings)
        variables: list[Variable] = []
        for each in found:
            variables += made[each.about.ident] if isinstance(each, Draft) else [each]
        return (*variables, *self.variants())

    def variable(self, statements: list[Statement]) -> Draft | Graph | None:
        """Return what is said of one variable, None where something is wrong with it."""
        before = len(self.findings.diagnostics)
        kinds = {statement.kind for statement in statements}
        first = statements[0].name
        if Kind.DATA in kinds:
            message = "its values come from outside the model, which is not read yet"
            self.fault("data", message, first)
            return None
        if len(kinds) > 1:
            if any(self.right_sides.outside(statement) for statement in statements):
                return None
            message = "it is a graphical function in one place and has an equation in another"
            self.fault("mixed", message, first)
            return None
        dimensions = self.dimensions(statements)
        if dimensions is None:
            return None
        about = self.about(statements, dimensions)
        if Kind.TABLE in kinds:
            graph = self.graph(about, statements)
            return graph if len(self.findings.diagnostics) == before else None
        parts = [part for each in statements for part in self.right_sides.parts(each)]
        if len(self.findings.diagnostics) > before:
            return None
        return Draft(about, tuple(parts))

    @cached_property
    def right_sides(self) -> RightSides:
        """Return the reader of right sides."""
        sizes = {ident: len(all_) for ident, all_ in self.subscripts.elements.items()}
        families = {
            ident: name
            for ident, name in self.subscripts.families().items()
            if ident not in self.own and ident not in self.known
        }
        translator = Translator(self.known, sizes, families, self.variant, self.in_macro)
        return RightSides(self.subscripts, translator, self.findings, self.files)

    def fault(self, code: str, message: str, word: Word, hint: str | None = None) -> None:
        """Note a fault at a name."""
        self.findings.fault(code, message, word.location, f"'{word.name}'", hint or "")

    def dimensions(self, statements: list[Statement]) -> tuple[Ident, ...] | None:
        """Return the dimensions that hold all subscripts of a variable, place by place."""
        first = statements[0]
        count = len(first.subscripts)
        if count == 0 and len(statements) > 1:
            line = first.name.location.line
            message = f"the name is taken by '{first.name.name}' on line {line}"
            self.fault("twin", message, statements[1].name)
            return None
        words = [word for each in statements for word in _words(each)]
        if any(word.ident in self.subscripts.broken for word in words):
            return None
        unknown = [word for word in words if self.subscripts.covered(word.ident) is None]
        for word in unknown:
            message = f"no dimension or element is called '{word.name}'"
            hint = did_you_mean(word.name, self.subscripts.known())
            self.findings.fault(
                "subscript", message, word.location, f"'{first.name.name}'", hint or ""
            )
        odd = [each for each in statements if _counts(each) != {count}]
        if odd:
            line = first.name.location.line
            message = f"not all its subscripts are as many as the {count} on line {line}"
            self.fault("subscript", message, odd[0].name)
        if unknown or odd:
            return None
        return self.homes(statements)

    def homes(self, statements: list[Statement]) -> tuple[Ident, ...] | None:
        """Return the smallest dimension that holds all subscripts of each place."""
        found: list[Ident] = []
        for place in range(len(statements[0].subscripts)):
            words = [each.subscripts[place] for each in statements]
            home = self.subscripts.home(word.ident for word in words)
            if home is None:
                names = ", ".join(dict.fromkeys(f"'{word.name}'" for word in words))
                message = f"no dimension holds all of {names}"
                hint = "Declare a dimension that does."
                self.fault("subscript", message, statements[0].name, hint)
                return None
            found.append(home)
        return tuple(found)

    def about(self, statements: list[Statement], dimensions: tuple[Ident, ...]) -> About:
        """Return what the statements say besides their equations; most say it only once."""
        first = statements[0].name
        units = next((each.units for each in statements if each.units), "")
        doc = next((each.doc for each in statements if each.doc), None)
        bounds = bounds_of(units)
        if bounds is None:
            self.fault("range", f"'{units}' ends in a range without numbers in order", first)
        return About(
            first.name,
            first.ident,
            first.location,
            units_of(units) or None,
            doc,
            bounds or Bounds(),
            dimensions,
        )

    def graph(self, about: About, statements: list[Statement]) -> Graph:
        """Return the graphical functions that bear one name."""
        graphicals: list[tuple[tuple[Ident, ...], GraphicalFunction]] = []
        for statement in statements:
            graphicals += self.right_sides.table(statement)
        graph = Graph(about, tuple(graphicals))
        self.tables[about.ident] = graph
        return graph

    def variant(self, table: Reference, way: str) -> Reference:
        """Return the name of a graphical function read another way; it is made at the end."""
        name = f"{table.name} {way}"
        while canonical(name) in self.own | self.known:
            name += " again"
        self.made[canonical(name)] = (table.ident, name, way)
        return replace(table, ident=canonical(name), name=name)

    def variants(self) -> list[Graph]:
        """Return the graphical functions made for LOOKUP FORWARD and its kin."""
        found: list[Graph] = []
        for ident, (table, name, way) in self.made.items():
            if table not in self.tables:
                continue  # its own fault has been told
            graph = self.tables[table]
            about = replace(graph.about, ident=ident, name=name)
            read = tuple((subscripts, read_way(each, way)) for subscripts, each in graph.graphicals)
            found.append(Graph(about, read))
        return found


def time_units_of(statements: Iterable[Statement]) -> str:
    """Return the unit of time, which the control variables bear."""
    of = {each.name.ident: units_of(each.units) for each in statements}
    found = (of.get(ident, "") for ident in (DT, STOP, START))
    return next((units for units in found if units), "")


def _words(statement: Statement) -> list[Word]:
    return [*statement.subscripts, *(word for hole in statement.excepts for word in hole)]


def _counts(statement: Statement) -> set[int]:
    return {len(statement.subscripts), *(len(hole) for hole in statement.excepts)}

"""Judges the units of a model: nothing is changed, and no run depends on it.

Equations are judged as the modeller wrote them, modules put in place: SMTH1 and its kin by
rules of their own, macros by their parts, once for each call. See docs/semantics.md, section 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cyclesim.compiler.modules import without_modules
from cyclesim.compiler.unit_agreements import CLOCK, TIME, Agreement, atom
from cyclesim.compiler.unit_causes import judge
from cyclesim.compiler.unit_equations import agreements
from cyclesim.compiler.unit_solving import Units, solve
from cyclesim.compiler.unit_words import CODE, Speaker
from cyclesim.errors import Diagnostic, Location, Severity, in_file_order
from cyclesim.names import Ident
from cyclesim.project import About, Flow, Project, Stock, Variable
from cyclesim.units import TIME_WORD, Unit, UnitTextError, Vocabulary, is_blank

_HINT = "Write units such as order/week, 1/week or dmnl."


def check_units(project: Project) -> tuple[Diagnostic, ...]:
    """Return what does not agree in a model's units, as warnings in the order of the file."""
    model = _Model.of(project)
    speaker = Speaker(
        model.units, model.vocabulary, model.abouts, model.rates, model.written, project.path
    )
    judgement = judge(model.agreements, model.units, model.written)
    told = [*model.unreadable, *speaker.findings(judgement)]
    once = {(found.location, found.message): found for found in told}
    return in_file_order(once.values())


def inferred_units(project: Project) -> Mapping[Ident, str]:
    """Return the units of variables that declare none, where the equations fix them."""
    model = _Model.of(project)
    found: dict[Ident, str] = {}
    for symbol, about in model.abouts.items():
        if is_blank(about.units):
            unit = model.units.known(Unit.named(symbol))
            if unit is not None:
                found[about.ident] = model.vocabulary.shown(unit)
    return found


@dataclass(frozen=True)
class _Model:
    """A model's agreements, and its units as far as they are declared or follow."""

    agreements: tuple[Agreement, ...]
    units: Units
    vocabulary: Vocabulary
    abouts: Mapping[str, About]
    unreadable: tuple[Diagnostic, ...]
    written: frozenset[str]
    rates: Mapping[Ident, About]

    @staticmethod
    def of(project: Project) -> _Model:
        """Return what a project says of units."""
        variables = without_modules(project)
        abouts = {atom(variable.about.ident): variable.about for variable in variables}
        vocabulary = Vocabulary.of(
            (unit.name, unit.equation, unit.aliases) for unit in project.unit_definitions
        )
        written, unreadable = _written(project, abouts, vocabulary)
        found = tuple(agreements(variables, project.macros))
        units = solve(found, *_timed(written))
        declaring = frozenset(written) - {CLOCK}
        return _Model(found, units, vocabulary, abouts, unreadable, declaring, _rates(variables))


def _rates(variables: tuple[Variable, ...]) -> dict[Ident, About]:
    """Return the stocks whose rate is a flow that a reader made: it stands where the stock does."""
    stocks = {v.about.location: v.about for v in variables if isinstance(v, Stock)}
    flows = [v.about for v in variables if isinstance(v, Flow)]
    return {flow.ident: stocks[flow.location] for flow in flows if flow.location in stocks}


def _timed(written: Mapping[str, Unit]) -> tuple[dict[str, Unit], dict[str, Unit]]:
    """Return declared units, and those in which the word `time` means a unit of time not known.

    A model that declares just `time` as its unit of time declares none.
    """
    clock = written.get(CLOCK, TIME)
    if TIME_WORD in clock.names:
        clock = TIME
    declared: dict[str, Unit] = {}
    given: dict[str, Unit] = {}
    for symbol, unit in written.items():
        timed = unit.replaced(lambda name: clock if name == TIME_WORD else None)
        if symbol == CLOCK and clock == TIME:
            continue
        (given if CLOCK in timed.names else declared)[symbol] = timed
    return declared, given


def _written(
    project: Project, abouts: Mapping[str, About], vocabulary: Vocabulary
) -> tuple[dict[str, Unit], tuple[Diagnostic, ...]]:
    """Return the units as declared, by symbol, and a finding for each text that says none."""
    found: dict[str, Unit] = {}
    faults: dict[str, tuple[str, list[About]]] = {}
    written = project.sim_specs.time_units
    time = About("time", Ident("time"), Location(project.path, 1, 1), written)
    for symbol, about in {CLOCK: time, **abouts}.items():
        if about.units is None or is_blank(about.units):
            continue
        try:
            found[symbol] = vocabulary.unit(about.units)
        except UnitTextError as error:
            faults.setdefault(about.units, (error.message, []))[1].append(about)
    return found, tuple(_unreadable(text, *fault) for text, fault in faults.items())


def _unreadable(text: str, reason: str, abouts: list[About]) -> Diagnostic:
    first, more = abouts[0], len(abouts) - 1
    also = f", here and for {more} other{'' if more == 1 else 's'}" if more else ""
    message = f"the units '{text}' cannot be read{also}: {reason}"
    subject, where = f"'{first.name}'", first.location
    return Diagnostic(CODE, message, where, subject, _HINT, None, Severity.WARNING)

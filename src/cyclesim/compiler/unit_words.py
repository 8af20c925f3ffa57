"""What is said of units that do not agree: both sides, the part at fault, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from cyclesim.compiler.unit_agreements import CLOCK, Agreement, Plain, Quantity, Rule, Site, atom
from cyclesim.compiler.unit_causes import Cause, Judgement, beside_numbers
from cyclesim.compiler.unit_places import full_name, place_of, text_of
from cyclesim.compiler.unit_solving import Units
from cyclesim.errors import Diagnostic, Location, Severity
from cyclesim.expr import Expr, Reference, Subscripted
from cyclesim.names import Ident, canonical
from cyclesim.project import About
from cyclesim.units import DIMENSIONLESS, TIMES, Unit, Vocabulary, is_blank

CODE = "units"
_SUBSCRIPTS = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Speaker:
    """What findings are told with: the solved units, their words, the variables by symbol.

    `rates` are the stocks whose rate is an equation and not a sum of flows, by the made flow;
    `written` are the symbols of variables that declare units.
    """

    units: Units
    vocabulary: Vocabulary
    abouts: Mapping[str, About]
    rates: Mapping[Ident, About]
    written: frozenset[str]
    path: str

    def findings(self, judgement: Judgement) -> Iterator[Diagnostic]:
        """Yield a finding for each thing that is wrong."""
        for cause in judgement.causes:
            yield self.cause(cause)
        told: set[tuple[Ident, str]] = set()
        for agreement in judgement.broken:
            for found in self.broken(agreement):
                # Element by element, an array says the same thing several times.
                key = agreement.site.about.ident, _SUBSCRIPTS.sub("", found.hint or "")
                if key not in told or not agreement.site.about.dimensions:
                    yield found
                told.add(key)
        places: set[Location | None] = set()
        for agreement in judgement.numbers:
            found = self.number(agreement)
            if found.location not in places:  # a reader may have written a number twice
                yield found
            places.add(found.location)

    def shown(self, unit: Unit) -> str:
        """Return a unit in the model's words."""
        return self.vocabulary.shown(unit)

    def finding(self, site: Site, expr: Expr | None, message: str, hint: str) -> Diagnostic:
        """Return a finding at part of an equation."""
        location, excerpt = place_of(site, expr)
        if site.macro is not None:
            message = f"in the macro {site.macro}, {message}"
        subject = f"'{self.rates.get(site.about.ident, site.about).name}'"
        return Diagnostic(CODE, message, location, subject, hint, excerpt, Severity.WARNING)

    # One agreement

    def broken(self, agreement: Agreement) -> Iterator[Diagnostic]:
        """Yield a finding for each part that differs from what is held to be right."""
        if agreement.rule is Rule.FLOW:
            yield self.flow(agreement)
            return
        given = self.units.known(agreement.standard) if agreement.standard is not None else None
        sides: dict[Unit, list[Quantity]] = {}
        for member in agreement.measured:
            value = self.units.known(member.unit)
            if value is not None:
                sides.setdefault(value, []).append(member)
        if agreement.rule is Rule.DEMAND and given is not None:
            for value, members in sides.items():
                if value != given:
                    yield self.demand(agreement, members[0], value, given)
        elif given is not None and len(sides) == 1:
            yield self.equation(agreement, next(iter(sides)), given)
        else:
            right = given if given in sides else max(sides, key=lambda each: len(sides[each]))
            odd = [value for value in sides if value != right]
            for value in odd if given in sides or given is None else odd[:1]:
                yield self.beside(agreement, sides[value][0], value, sides[right], right)

    def equation(self, agreement: Agreement, value: Unit, given: Unit) -> Diagnostic:
        """Return the finding that a whole equation has another unit than its variable."""
        site, members = agreement.site, agreement.measured
        found, wanted = self.shown(value), self.shown(given)
        made = site.about.ident in self.rates
        declared = not is_blank(site.about.units) and site.macro is None and not made
        says = f"{wanted} is declared" if declared else f"other equations take it in {wanted}"
        if made:
            says = f"the stock takes {wanted}"
        what = f"the {'rate' if made else agreement.what} "
        expr: Expr | None = site.equation.expr
        if len(members) == 1:  # the rest are bare numbers, or there is no rest
            what = "" if expr != members[0].expr else what
            expr = members[0].expr
        message = f"{what}'{text_of(site, expr)}' is in {found}, and {says}"
        hint = self.advice(value, given)
        if declared and agreement.what == "equation":
            hint = f"{hint[:-1]}, or declare '{site.about.name}' in {found}."
        return self.finding(site, expr, message, hint + self.undeclared(expr, value))

    def beside(
        self, agreement: Agreement, odd: Quantity, value: Unit, others: list[Quantity], right: Unit
    ) -> Diagnostic:
        """Return the finding that one part has another unit than those beside it."""
        site = agreement.site
        numbers = [agreement.members.index(each) for each in others]
        place = agreement.members.index(odd)
        other = agreement.members[min(numbers, key=lambda number: abs(number - place))]
        joined = odd.joined or "stands beside"
        first, second = text_of(site, odd.expr), text_of(site, other.expr)
        message = (f"'{first}' in {self.shown(value)} {joined} "
                   f"'{second}' in {self.shown(right)}")  # fmt: skip
        hint = self.advice(value, right, f"'{first}'")
        return self.finding(site, odd.expr, message, hint + self.undeclared(odd.expr, value))

    def demand(self, agreement: Agreement, odd: Quantity, value: Unit, given: Unit) -> Diagnostic:
        """Return the finding that a part has another unit than its place asks for."""
        site = agreement.site
        first = text_of(site, odd.expr)
        wanted = "without units" if given == DIMENSIONLESS else f"in {self.shown(given)}"
        message = f"'{first}' is in {self.shown(value)}, and {agreement.what} must be {wanted}"
        hint = self.advice(value, given, f"'{first}'")
        return self.finding(site, odd.expr, message, hint + self.undeclared(odd.expr, value))

    def flow(self, agreement: Agreement) -> Diagnostic:
        """Return the finding that a flow does not fit the stocks it fills and drains."""
        assert agreement.standard is not None
        given = self.units.known(agreement.standard)
        pairs = [
            (value, filling)
            for member, filling in zip(agreement.members, agreement.fillings, strict=True)
            if (value := self.units.known(member.unit)) is not None and value != given
        ]
        needed, filling = pairs[0]
        stock = self.units.known(filling.stock) or DIMENSIONLESS
        verb = "fills" if filling.fills else "drains"
        head = f"it {verb} '{filling.name}' in {self.shown(stock)}"
        about = agreement.site.about
        name = full_name(filling.equation.expr)
        if given is not None:
            message = f"it is in {self.shown(given)}, and {head}, which takes {self.shown(needed)}"
            hint = self.advice(given, needed, f"'{name}'")
            if not is_blank(about.units):
                hint = f"{hint[:-1]}, or declare it in {self.shown(needed)}."
        else:
            other, second = next((v, f) for v, f in pairs if v != needed)
            verb = "fills" if second.fills else "drains"
            message = (f"{head}, which takes {self.shown(needed)}, and {verb} '{second.name}', "
                       f"which takes {self.shown(other)}")  # fmt: skip
            hint = "Convert between the two stocks."
        site = replace(agreement.site, equation=filling.equation)
        return self.finding(site, filling.equation.expr, message, hint)

    def number(self, agreement: Agreement) -> Diagnostic:
        """Return the finding that a bare number stands beside a quantity with units."""
        site = agreement.site
        odd = next(member for member in agreement.members if member.plain is Plain.NUMBER)
        beside = beside_numbers(agreement, self.units, self.written)
        assert beside is not None  # that is why it was found
        other, value = beside
        unit, first = self.shown(value), text_of(site, odd.expr)
        joined = odd.joined or "stands beside"
        message = f"{first} is a bare number and {joined} '{text_of(site, other.expr)}' in {unit}"
        return self.finding(site, odd.expr, message, f"Give {first} a name, a variable in {unit}.")

    # Several agreements

    def cause(self, cause: Cause) -> Diagnostic:
        """Return the finding that explains several agreements at once."""
        wanted = self.shown(cause.needed)
        if cause.name == CLOCK:
            declared = self.shown(self.units.declared[CLOCK])
            who = _listed(sorted({f"'{a.site.about.name}'" for a in cause.agreements}))
            message = f"the model's time is declared in {declared}, and {who} count in {wanted}"
            where, hint = Location(self.path, 1, 1), f"Declare the time unit as {wanted}."
            return Diagnostic(CODE, message, where, None, hint, None, Severity.WARNING)
        about = self.abouts[cause.name]
        own = any(a.rule is Rule.EQUATION and a.standard == Unit.named(cause.name)
                  for a in cause.agreements)  # fmt: skip
        others = {f"'{name}'" for a in cause.agreements for name in _names(a) if name != about.name}
        who = _listed([*(["its own equation"] if own else []), *sorted(others)])
        if is_blank(about.units):
            made = self.shown(self.units.known(Unit.named(cause.name)) or DIMENSIONLESS)
            message = f"it declares no units: other equations take it in {made}, {who} in {wanted}"
            hint = f"Declare the units of '{about.name}', and convert where others are needed."
        else:
            declared = self.shown(self.units.declared[cause.name])
            many = len(others) + own > 1
            message = f"it is declared in {declared}, and {who} need{'' if many else 's'} {wanted}"
            hint = f"Declare '{about.name}' in {wanted}."
        subject = f"'{about.name}'"
        return Diagnostic(CODE, message, about.location, subject, hint, None, Severity.WARNING)

    # Advice

    def advice(self, value: Unit, wanted: Unit, it: str = "it") -> str:
        """Return what turns one unit into another."""
        ratio = wanted / value
        above = any(power > 0 for _, power in ratio.powers)
        clock = self.units.known(Unit.named(CLOCK))
        if above:
            noun = "time" if ratio == clock else "parameter"
            hint = f"Multiply {it} by a {noun} in {self.shown(ratio)}."
        else:
            noun = "time" if ratio**-1 == clock else "parameter"
            noun = "reference value" if wanted == DIMENSIONLESS and noun != "time" else noun
            hint = f"Divide {it} by a {noun} in {self.shown(ratio**-1)}."
        powers = sorted(power for _, power in ratio.powers)
        times = all(name in TIMES for name in ratio.names)
        if powers == [-1, 1] and not times and value.powers and wanted.powers:
            hint += " If the two are one unit, use one word for both."
        return hint

    def undeclared(self, expr: Expr | None, value: Unit) -> str:
        """Return what is to be added where the part at fault declares no units itself."""
        base = expr.base if isinstance(expr, Subscripted) else expr
        if not isinstance(base, Reference):
            return ""
        about = self.abouts.get(atom(canonical(full_name(base))))
        if about is None or not is_blank(about.units):
            return ""
        return f" '{about.name}' declares no units; other equations take it in {self.shown(value)}."


def _names(agreement: Agreement) -> list[str]:
    """Return the variables that an agreement is about."""
    if agreement.rule is Rule.FLOW:
        return [agreement.site.about.name, *(filling.name for filling in agreement.fillings)]
    return [agreement.site.about.name]


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    if len(found) > 4:
        return f"{', '.join(found[:3])} and {len(found) - 3} more"
    return " and ".join(filter(None, (", ".join(found[:-1]), found[-1])))

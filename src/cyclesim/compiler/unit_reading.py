"""Equations into agreements of units. Calls are judged as the modeller wrote them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from cyclesim.compiler.unit_agreements import TIME, Ledger, Plain, Quantity, Rule, Site, atom
from cyclesim.compiler.unit_functions import UNIT_RULES, Asks, Gives, UnitRule
from cyclesim.expr import (
    Binary,
    Call,
    Conditional,
    Expr,
    Number,
    Reference,
    Subscripted,
    Unary,
)
from cyclesim.functions import FUNCTIONS
from cyclesim.names import Ident, canonical
from cyclesim.units import DIMENSIONLESS, Unit

_TINY, _ENDLESS = 1e-3, 1e30
"""Numbers beyond stand for zero (what keeps a divisor off it) and for no number (Vensim's :NA:)."""

_COMPARED = frozenset({"=", "<>", "<", "<=", ">", ">="})
_DEMANDS = {Asks.NUMBER: DIMENSIONLESS, Asks.TIME: TIME, Asks.PER_TIME: TIME**-1}
_OF_INPUT = frozenset({Gives.ROOT, Gives.TIMES_TIME, Gives.OVER_TIME})


def full_ident(reference: Reference) -> Ident:
    """Return the identifier of a reference, that of a module's variable in full."""
    if not reference.path:
        return reference.ident
    return canonical(".".join((*reference.path, reference.name)))


@dataclass(frozen=True)
class Reading:
    """One equation being read; `local` are the names of a macro, and what they stand for."""

    ledger: Ledger
    site: Site
    local: Mapping[Ident, Quantity] = field(default_factory=dict)

    def terms(self, expr: Expr, joined: str = "") -> list[Quantity]:
        """Return the quantities that must agree for an expression to have one unit."""
        match expr:
            case Unary(operator="+" | "-", operand=operand):
                return self.terms(operand, joined)
            case Binary(operator="+", left=left, right=right):
                return self.terms(left, "is added to") + self.terms(right, "is added to")
            case Binary(operator="-", left=left, right=right):
                first = self.terms(left, "is reduced by")
                return first + self.terms(right, "is subtracted from")
            case Binary(operator="mod", left=left, right=right):
                return self.terms(left, "is divided by") + self.terms(right, "divides")
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                self.demand(condition, Asks.NUMBER, "the condition of IF")
                joined = "is the alternative to"
                return self.terms(then, joined) + self.terms(otherwise, joined)
            case Call() if self.same(expr):
                return self.arguments(expr, joined)
        return [replace(self.quantity(expr), joined=joined)]

    def quantity(self, expr: Expr) -> Quantity:
        """Return the unit of an expression."""
        match expr:
            case Number(value=value):
                plain = Plain.NUMBER if _TINY <= abs(value) < _ENDLESS else Plain.ANY
                return Quantity(DIMENSIONLESS, expr, plain)
            case Reference():
                return self.reference(expr, expr)
            case Subscripted(base=base):
                return self.reference(base, expr)
            case Binary(operator="*" | "/" | "//" as operator, left=left, right=right):
                first, second = self.quantity(left), self.quantity(right)
                return _product(first, second, expr, 1 if operator == "*" else -1)
            case Binary(operator="^"):
                return self.power(expr)
            case Binary(operator=operator, left=left, right=right) if operator in _COMPARED:
                sides = self.terms(left, "is compared with") + self.terms(right, "is compared with")
                self.ledger.add(Rule.TOGETHER, self.site, sides)
                return Quantity(DIMENSIONLESS, expr)
            case Binary(operator="and" | "or" as operator, left=left, right=right):
                for side in (left, right):
                    self.demand(side, Asks.NUMBER, f"a condition beside {operator.upper()}")
                return Quantity(DIMENSIONLESS, expr)
            case Unary(operator="not", operand=operand):
                self.demand(operand, Asks.NUMBER, "a condition behind NOT")
                return Quantity(DIMENSIONLESS, expr)
            case Call() if not self.same(expr):
                return self.call(expr)
            case Unary() | Binary() | Conditional() | Call():
                return self.together(self.terms(expr), expr)
        return Quantity(DIMENSIONLESS, expr, Plain.NUMBER)

    def together(self, members: list[Quantity], expr: Expr) -> Quantity:
        """Return members that must agree as one quantity."""
        number = self.ledger.add(Rule.TOGETHER, self.site, members)
        rests_on = number.union(*(member.rests_on for member in members))
        measured = [member for member in members if member.plain is Plain.NO]
        if not measured:
            numbers = any(member.plain is Plain.NUMBER for member in members)
            return Quantity(DIMENSIONLESS, expr, Plain.NUMBER if numbers else Plain.ANY)
        clock = any(member.clock for member in measured)
        return Quantity(measured[0].unit, expr, Plain.NO, clock, rests_on)

    def reference(self, reference: Reference, expr: Expr) -> Quantity:
        """Return the unit of a name: a variable, a reading of the clock, or an element's number."""
        ident = full_ident(reference)
        if not reference.path and ident in self.local:
            return replace(self.local[ident], expr=expr)
        if ident in self.ledger.abouts:
            return Quantity(Unit.named(atom(ident)), expr)
        rule = UNIT_RULES.get(ident.upper())
        if rule is not None and rule.gives is Gives.TIME:
            return Quantity(TIME, expr, clock=True)
        plain = Plain.ANY if ident in ("inf", "nan") else Plain.NUMBER
        return Quantity(DIMENSIONLESS, expr, plain)

    def power(self, expr: Binary) -> Quantity:
        """Return the unit of a power."""
        base = self.quantity(expr.left)
        exponent = _number(expr.right)
        if exponent is not None:
            unit = base.unit**exponent
            return Quantity(unit, expr, base.plain, False, base.rests_on)
        self.demand(expr.right, Asks.NUMBER, "an exponent")
        if base.plain is Plain.NO:
            what = "what is raised to a power that is no number of its own"
            self.ledger.add(Rule.DEMAND, self.site, [base], DIMENSIONLESS, what)
        return Quantity(DIMENSIONLESS, expr, Plain.NO, False, base.rests_on)

    def demand(self, expr: Expr, asks: Asks, what: str) -> bool:
        """Note what is asked of an expression; return whether it is a bare number."""
        terms = self.terms(expr)
        if any(term.plain is not Plain.NO or term.unit.powers for term in terms):
            self.ledger.add(Rule.DEMAND, self.site, terms, _DEMANDS[asks], what)
        return all(term.plain is not Plain.NO for term in terms)

    def asked(self, expr: Expr, unit: Unit, what: str) -> None:
        """Note that an expression must be in a unit."""
        self.ledger.add(Rule.DEMAND, self.site, self.terms(expr), unit, what)

    # Calls

    def rule(self, call: Call) -> UnitRule | None:
        """Return the rule of a call of a function, None for a macro or graphical function."""
        ident = call.function
        if ident in self.ledger.macros or ident in self.ledger.abouts or ident not in FUNCTIONS:
            return None
        return UNIT_RULES.get(FUNCTIONS[ident].name)

    def same(self, call: Call) -> bool:
        """Return whether a call gives the unit of its arguments."""
        rule = self.rule(call)
        return rule is not None and rule.gives is Gives.SAME

    def call(self, call: Call) -> Quantity:
        """Return the unit of a call that does more than keep a unit."""
        if call.function in self.ledger.macros:
            arguments = [self.quantity(argument) for argument in call.arguments]
            value = self.ledger.macro_value(self.ledger.macros[call.function], arguments, self.site)
            return replace(value, expr=call)
        rule = self.rule(call)
        if rule is None or rule.gives is Gives.TABLE:
            return self.table(call)
        found, plain = self.judged(call, rule)
        unit, rests_on = self.value(rule.gives, found), _rests(found)
        if rule.gives in _OF_INPUT and found and found[0].plain is not Plain.NO:
            return Quantity(DIMENSIONLESS, call, found[0].plain)
        if plain and rule.gives is not Gives.TIME:
            return Quantity(DIMENSIONLESS, call, Plain.NUMBER)
        return Quantity(unit, call, Plain.NO, rule.gives is Gives.TIME, rests_on)

    def table(self, call: Call) -> Quantity:
        """Return the unit of a graphical function's values; its argument may have any."""
        table, arguments = call.function, call.arguments
        if table == "lookup" and table not in self.ledger.abouts and arguments:
            first = arguments[0].base if isinstance(arguments[0], Subscripted) else arguments[0]
            table = full_ident(first) if isinstance(first, Reference) else table
            arguments = arguments[1:]
        for argument in arguments:
            self.quantity(argument)
        known = table in self.ledger.abouts
        unit = Unit.named(atom(table)) if known else self.ledger.fresh("table")
        return Quantity(unit, call)

    def value(self, gives: Gives, found: list[Quantity]) -> Unit:
        """Return the unit of a call's value; `found` are the arguments that it is made of."""
        units = [quantity.unit for quantity in found]
        match gives:
            case Gives.TIME:
                return TIME
            case Gives.PER_TIME:
                return TIME**-1
            case Gives.ROOT:
                return units[0] ** Fraction(1, 2)
            case Gives.TIMES_TIME:
                return units[0] * TIME
            case Gives.OVER_TIME:
                return units[0] / TIME
            case Gives.RATIO:
                return units[0] / units[1]
            case Gives.PRODUCT if len(units) == 1 and units[0].powers:
                return self.ledger.fresh("product")  # depends on the number of elements
            case Gives.PRODUCT:
                return math.prod(units, start=DIMENSIONLESS)
        return DIMENSIONLESS

    def judged(self, call: Call, rule: UnitRule) -> tuple[list[Quantity], bool]:
        """Judge the arguments of a call.

        Returns those that its value is made of, and whether all are bare numbers.
        """
        plain, made, equal = True, [], []
        for place, argument in enumerate(call.arguments):
            asks = rule.of(place)
            if asks in _DEMANDS:
                plain &= self.demand(argument, asks, self.what(call, place))
            elif asks is Asks.FIRST or asks is Asks.NOTHING:
                quantity = self.quantity(argument)
                plain &= quantity.plain is not Plain.NO
                made += [quantity] if asks is Asks.FIRST else []
            else:
                equal += self.terms(argument, "is set beside")
        if equal and made:
            self.ledger.add(Rule.TOGETHER, self.site, [self.beside(rule.gives, made), *equal])
        return made, plain

    def beside(self, gives: Gives, made: list[Quantity]) -> Quantity:
        """Return the value of a call, to be held against its further arguments."""
        exprs = [quantity.expr for quantity in made if quantity.expr is not None]
        shown = exprs[0] if len(exprs) < 2 else Binary("/", exprs[0], exprs[1])
        bare = all(quantity.plain is not Plain.NO for quantity in made)
        plain = Plain.ANY if bare else Plain.NO
        return Quantity(self.value(gives, made), shown, plain, False, _rests(made))

    def what(self, call: Call, place: int) -> str:
        """Return an argument in words, the function named as it was written."""
        written = self.site.equation.source.content[slice(*call.span)].partition("(")[0].strip()
        name = written if re.fullmatch(r"[\w ]+", written) else call.name
        return f"the {_role(call, place)} of {name.upper()}"

    def arguments(self, call: Call, joined: str) -> list[Quantity]:
        """Return the arguments that must agree for a call to have their unit."""
        rule = self.rule(call)
        assert rule is not None
        found: list[Quantity] = []
        if sum(rule.of(place) is Asks.EQUAL for place in range(len(call.arguments))) > 1:
            joined = "is set beside"
        for place, argument in enumerate(call.arguments):
            asks = rule.of(place)
            if asks in _DEMANDS:
                self.demand(argument, asks, self.what(call, place))
            elif asks is Asks.EQUAL:
                terms = self.terms(argument, joined)
                initial = _role(call, place) == "initial"
                found += map(_as_initial, terms) if initial else terms
            else:
                self.quantity(argument)
        return found


def _role(call: Call, place: int) -> str:
    names = FUNCTIONS[call.function].arguments
    return names[place] if 1 < len(names) > place else "argument"


def _as_initial(term: Quantity) -> Quantity:
    """Return a term of an initial value: a bare number is one in the unit that is needed."""
    return replace(term, plain=Plain.ANY) if term.plain is Plain.NUMBER else term


def _rests(found: Iterable[Quantity]) -> frozenset[int]:
    return frozenset().union(*(quantity.rests_on for quantity in found))


def _product(first: Quantity, second: Quantity, expr: Expr, exponent: int) -> Quantity:
    bare = first.plain is not Plain.NO and second.plain is not Plain.NO
    unit = first.unit * second.unit**exponent
    plain = Plain.NUMBER if bare else Plain.NO
    return Quantity(unit, expr, plain, False, first.rests_on | second.rests_on)


def _number(expr: Expr) -> Fraction | None:
    """Return an exponent that is a number of its own: 2, -1, 1/3."""
    match expr:
        case Number(value=value):
            return Fraction(value).limit_denominator(1000)
        case Unary(operator="-", operand=operand):
            inner = _number(operand)
            return -inner if inner is not None else None
        case Binary(operator="/", left=left, right=right):
            above, below = _number(left), _number(right)
            return above / below if above is not None and below else None
    return None

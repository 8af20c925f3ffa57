"""The text of a script for the `javascript` target: what is said of the model, and five functions.

`bind` sets parameters, the clock and the noise; `initial`, `rates`, `update` and `outputs` put
what they compute into an array that they are given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import accumulate, chain

from cyclesim.codegen.render_javascript import JavascriptRenderer
from cyclesim.compiler import FlatModel, Piece, Role, Term
from cyclesim.compiler.flat import Assignment, Statement
from cyclesim.compiler.terms import Draw, walk
from cyclesim.names import Ident
from cyclesim.project import GraphicalFunction

_STATE = "time, step_time, levels, held, out"
_CLOCK = ("start", "stop", "dt", "declared_dt", "seed", "run")
_OWN_CALLS = re.compile(r"(?:for|bind|fill|table_\d+)\Z")


def script_text(
    flat: FlatModel, renderer: JavascriptRenderer, name: str, keep: Collection[Ident] | None
) -> str:
    """Return the script of a model, which registers its program under a name."""
    return _Script(flat, renderer, keep).text(name)


def quoted(value: object) -> str:
    """Return a value as JavaScript that may stand in a script within HTML: ASCII and no tags.

    It is JSON, but for numbers that JSON has not: they are NaN and Infinity.
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Script:
    """`variables` are those of the script, in the order of the model; `numbers` count them.

    The code calls a variable v and its number: a page of many scripts is to stay small, and what
    a name means stands in what the runtime is told.
    """

    def __init__(
        self, flat: FlatModel, renderer: JavascriptRenderer, keep: Collection[Ident] | None
    ) -> None:
        self.flat = flat
        self.renderer = renderer
        self.levels = [rule.ident for rule in flat.levels]
        self.held = [rule.ident for rule in flat.memories] + [ring.ident for ring in flat.buffers]
        self.flows = [i for rule in flat.levels for i in (*rule.inflows, *rule.outflows)]
        updates = [rule.update for rule in flat.memories]
        updates += [pieces for ring in flat.buffers for pieces in (ring.input, ring.delay)]
        self.fed = [need for pieces in updates for need in _needs(pieces)]
        self.at_start = _needs_by_ident(flat.initial)
        self.in_steps = _needs_by_ident((*flat.constants, *flat.steps))
        kept = [v.ident for v in flat.variables] if keep is None else [*keep]
        starting = _reached([*self.levels, *self.held], self.at_start)
        wanted = _reached([*kept, *self.flows, *self.fed, *starting], self.in_steps)
        self.variables = [variable for variable in flat.variables if variable.ident in wanted]
        self.numbers = {variable.ident: n for n, variable in enumerate(self.variables)}
        renderer.names = {ident: f"v{n}" for ident, n in self.numbers.items()}
        noisy = any(isinstance(node, Draw) for term in self.terms() for node in walk(term))
        step = "const noise_step = step_number(step_time, start, declared_dt);"
        self.opening = [step] if noisy else []

    def terms(self) -> Iterator[Term]:
        for statement in (*self.flat.initial, *self.flat.steps):
            for each in statement.assignments:
                yield from (piece.term for piece in each.pieces)
        for rule in self.flat.memories:
            yield from (piece.term for piece in rule.update)
        for ring in self.flat.buffers:
            yield from (piece.term for piece in (*ring.input, *ring.delay))

    def text(self, name: str) -> str:
        outputs = list(self.numbers)
        functions = [
            *self.bound(),
            *self.initial(),
            *self.function("rates", self.flows, self.renderer.rates),
            *self.update(),
            *self.function("outputs", outputs, lambda: self.renderer.packed(outputs)),
            "return { bind, initial, rates, update, outputs };",
        ]
        code = "\n".join(functions)
        body = "\n".join([*self.made(code), code])
        called = {
            each for each in re.findall(r"\b([a-z]\w*)\(", body) if not _OWN_CALLS.match(each)
        }
        called -= {"initial", "rates", "update", "outputs"}
        lines = [
            f"cyclesim.define({quoted(name)}, {quoted(self.about())}, function (runtime) {{",
            '"use strict";',
            f"const {{ {', '.join(sorted(called))} }} = runtime;",
            body,
            "});",
        ]
        return "\n".join(lines) + "\n"

    # What the runtime is told of the model

    def about(self) -> dict[str, object]:
        flat = self.flat
        parameters = [flat.by_ident[ident] for ident in flat.parameters]
        sizes = [
            sum(flat.by_ident[rule.ident].size for rule in rules)
            for rules in (flat.levels, flat.memories, flat.buffers)
        ]
        return {
            "names": [variable.name for variable in self.variables],
            "elements": {n: v.elements for n, v in enumerate(self.variables) if v.shape},
            "time_units": flat.time_units,
            "parameters": [[variable.ident, *variable.values] for variable in parameters],
            "levels": [
                [self.numbers[i] for i in (rule.ident, *rule.inflows, *rule.outflows)]
                for rule in flat.levels
            ],
            "sizes": sizes,
            "conveyors": self.conveyors(),
            "watched": self.watched(),
        }

    def conveyors(self) -> list[dict[str, object]]:
        """Return the parts of each conveyor by their places among levels and held values."""
        flat = self.flat
        levels, held = self.spots(self.levels), self.spots(self.held)
        return [
            {
                "size": flat.by_ident[conveyor.stock].size,
                "exponential": conveyor.exponential,
                "stock": levels[conveyor.stock],
                "entering": levels[conveyor.entering],
                "transit": held[conveyor.transit],
                "leaving": held[conveyor.leaving],
                "leaks": [
                    {
                        "start": leak.start,
                        "end": leak.end,
                        "fraction": held[leak.fraction],
                        "amount": held[leak.amount],
                        "ending": held[leak.ending] if leak.ending else None,
                        "leaked": levels[leak.leaked] if leak.leaked else None,
                    }
                    for leak in conveyor.leaks
                ],
            }
            for conveyor in flat.conveyors
        ]

    def spots(self, idents: list[Ident]) -> dict[Ident, int]:
        sizes = [self.flat.by_ident[ident].size for ident in idents]
        return dict(zip(idents, accumulate(sizes, initial=0), strict=False))

    def watched(self) -> list[list[int]]:
        """Return what state takes in, in order of computation, each with what it needs."""
        flat = self.flat
        needs = {variable.ident: _needs(variable.pieces) for variable in flat.variables}
        taken = [rule.update for rule in flat.memories] + [ring.input for ring in flat.buffers]
        fed = [need for pieces in taken for need in _needs(pieces)]
        feeding = _reached([*self.flows, *fed], needs)
        return [
            [self.numbers[ident] for ident in (each.ident, *_needs(each.pieces))]
            for statement in (*flat.constants, *flat.steps)
            for each in statement.assignments
            if each.ident in feeding
        ]

    # The five functions

    def made(self, code: str) -> list[str]:
        """Return the lines that make what the code needs from step to step."""
        renderer, flat = self.renderer, self.flat
        fixed = [
            renderer.names[variable.ident]
            for variable in self.variables
            if variable.role in (Role.PARAMETER, Role.CONSTANT) and not variable.shape
        ]
        lines = [f"var {', '.join(f'{name} = 0' for name in (*_CLOCK, *fixed))};"]
        lines += [
            f"const {name} = new Float64Array({size});" for name, size in renderer.arrays.items()
        ]
        lines += [f"const {name} = {list(places)};" for name, places in renderer.support.items()]
        made: dict[GraphicalFunction, str] = {}
        used = set(re.findall(r"\btable_\d+\b", code))
        for ident, table in flat.tables.items():
            if renderer.tables[ident] not in used:
                continue
            shown = [self.graphical(each, made) for each in table.graphicals]
            value = f"[{', '.join(shown)}]" if table.shape else shown[0]
            lines.append(f"const {renderer.tables[ident]} = {value};")
        return lines

    def graphical(self, graphical: GraphicalFunction, made: dict[GraphicalFunction, str]) -> str:
        number = self.renderer.number
        x, y = (f"[{', '.join(map(number, each))}]" for each in (graphical.x, graphical.y))
        return f"{graphical.kind.value}({x}, {y})"

    def bound(self) -> list[str]:
        """Return the function that sets what a run is given, and computes constants from it."""
        renderer, flat = self.renderer, self.flat
        renderer.scalar = "{0} = {1};"
        lines = [f"{name} = clock.{name};" for name in _CLOCK]
        place = 0
        for ident in flat.parameters:
            if ident in self.numbers:
                lines += renderer.unpacked([ident], "parameters", place)
            place += flat.by_ident[ident].size
        lines += self.assignments(self.chosen(flat.constants, self.numbers))
        renderer.scalar = "const {0} = {1};"
        return ["function bind(parameters, clock) {", *_indented(lines), "}"]

    def initial(self) -> list[str]:
        renderer = self.renderer
        state = [*self.levels, *self.held]
        needed = _reached(state, self.at_start)
        lines = ["const time = start, step_time = start;", *self.opening]
        lines += self.assignments(self.chosen(self.flat.initial, needed))
        lines += renderer.packed(state).splitlines()
        return ["function initial(out) {", *_indented(lines), "}"]

    def function(self, name: str, wanted: Iterable[Ident], result: Callable[[], str]) -> list[str]:
        lines = [*self.computed(wanted), *result().splitlines()]
        return [f"function {name}({_STATE}) {{", *_indented(lines), "}"]

    def computed(self, wanted: Iterable[Ident]) -> list[str]:
        """Return the lines that compute what is wanted, and no more, from the state."""
        needed = _reached(wanted, self.in_steps)
        lines: list[str] = []
        for idents, source in ((self.levels, "levels"), (self.held, "held")):
            for ident, place in self.spots(idents).items():
                if ident in needed:
                    lines += self.renderer.unpacked([ident], source, place)
        return [*lines, *self.opening, *self.assignments(self.chosen(self.flat.steps, needed))]

    def update(self) -> list[str]:
        """Return the function that renews memories and feeds buffers."""
        renderer, known = self.renderer, self.flat.by_ident
        standing = [rule.ident for rule in self.flat.memories if not rule.update]
        lines = self.computed([*self.fed, *standing])
        renderer.place = 0
        entries: list[str] = []
        for number, rule in enumerate(self.flat.memories):
            name, shape = renderer.names[rule.ident], known[rule.ident].shape
            if rule.update:
                name = f"next_{number}"
                lines += renderer.definition(name, rule.update, shape)
            entries.append(renderer.entry(name, shape))
        for number, ring in enumerate(self.flat.buffers):
            shape = known[ring.ident].shape
            lines += renderer.definition(f"input_{number}", ring.input, shape)
            lines += renderer.definition(f"delay_{number}", ring.delay, shape)
            entries.append(renderer.fed(f"input_{number}", f"delay_{number}", shape))
        return [f"function update({_STATE}) {{", *_indented([*lines, *entries]), "}"]

    def chosen(
        self, statements: Iterable[Statement], needed: Collection[Ident]
    ) -> Iterator[Statement]:
        for statement in statements:
            if any(each.ident in needed for each in statement.assignments):
                yield statement

    def assignments(self, statements: Iterable[Statement]) -> list[str]:
        return [line for statement in statements for line in self.statement(statement)]

    def statement(self, statement: Statement) -> list[str]:
        renderer, known = self.renderer, self.flat.by_ident
        first = [each.ident for each in statement.assignments if each.first]
        begun = [renderer.begun(renderer.names[ident], known[ident].shape) for ident in first]
        if isinstance(statement, Assignment):
            return [*begun, *renderer.assignment(statement)]
        standing = statement.axis if len(statement.places) > 1 else None
        each = (renderer.assignment(one, standing) for one in statement.assignments)
        lines = list(chain.from_iterable(each))
        if standing is None:
            return [*begun, *lines]
        return [*begun, renderer.opened(statement), *_indented(lines), "}"]


def _needs(pieces: Iterable[Piece]) -> tuple[Ident, ...]:
    return tuple(dict.fromkeys(need for piece in pieces for need in piece.symbols))


def _needs_by_ident(statements: Iterable[Statement]) -> dict[Ident, tuple[Ident, ...]]:
    needs: dict[Ident, tuple[Ident, ...]] = {}
    for statement in statements:
        for each in statement.assignments:
            needs[each.ident] = needs.get(each.ident, ()) + _needs(each.pieces)
    return needs


def _reached(starts: Iterable[Ident], needs: Mapping[Ident, tuple[Ident, ...]]) -> set[Ident]:
    """Return the starts and all that they need, directly or through others."""
    found: set[Ident] = set()
    waiting = list(starts)
    while waiting:
        ident = waiting.pop()
        if ident not in found:
            found.add(ident)
            waiting += needs.get(ident, ())
    return found


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]

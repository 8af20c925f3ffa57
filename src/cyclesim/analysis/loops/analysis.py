"""From a run to its loops: what is found, compared, named and put into phases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from cyclesim.analysis.loops.adjusting import adjusting
from cyclesim.analysis.loops.chains import NO_NAMES, Chain
from cyclesim.analysis.loops.cycles import Budget, OverBudgetError
from cyclesim.analysis.loops.graph import CausalGraph, LinkKind, causal_graph
from cyclesim.analysis.loops.listing import Listing, Marks, listing
from cyclesim.analysis.loops.naming import named_rows
from cyclesim.analysis.loops.networks import Network, Wish, network_of
from cyclesim.analysis.loops.parts import STILL, LoopAnalysis, Method, Named, Partition
from cyclesim.analysis.loops.scores import link_scores
from cyclesim.analysis.loops.timeline import phases
from cyclesim.errors import UsageError
from cyclesim.names import did_you_mean
from cyclesim.results import Results

Array = np.ndarray

SHORT = 0.02
"""A phase shorter than this share of the run is no phase of its own."""

CANCELLING = 0.1
"""Where loops' shares add up to less than this on average, single ones say little."""

TOLD = 0.01
"""What is not listed is told of where it ever describes more than this share of the change."""


def loops(
    results: Results,
    names: Iterable[Named] = (),
    *,
    through: Iterable[str] = (),
    method: Method | None = None,
    budget: Budget | None = None,
    short: float = SHORT,
) -> LoopAnalysis:
    """Return the feedback loops of a run and how much of the change each describes, over time.

    Loops That Matter (Schoenberg, Davidsen and Eberlein 2020; flows after Schoenberg, Hayward
    and Eberlein 2023) on the saved values, for any method of integration. All loops of a
    partition are compared where they fit the `budget`. Beyond it, or where stocks are
    named in `through`, loops are seen through a few stocks and everything else is folded into the
    links between them (`fold`); which stocks those are shapes what is seen. `names` gives the
    loops that run through some variables, in order, a name, under which they count as one; where
    not all loops are compared, these are scored by themselves too (`LoopAnalysis.by_name`).
    Phases shorter than the share `short` of the run join their neighbours; a set of runs has none.
    Raises UsageError for names that do not exist, for a graph beyond all budgets, and where
    `method` asks for all loops and there are too many, or for named ones and there are none.
    """
    graph = causal_graph(results.flat)
    chains = _chains(graph, names, method)
    limits = budget or Budget()
    follows = frozenset(each.row for each in adjusting(graph))
    wish = Wish(
        method, states_named(graph, through), named_states(graph, chains), limits, follows, chains
    )
    run = _Run(graph, results, chains, short)
    found: list[tuple[Partition, Listing]] = []
    beside: list[tuple[frozenset[int], Network]] = []
    for rows in sorted(graph.partitions, key=lambda rows: (-len(rows), min(rows))):
        if all(graph.nodes[row].hidden for row in rows):
            continue  # the inside of a delay or a smooth that no loop runs through
        try:
            network = network_of(graph, rows, run.scores, run.values, wish)
        except OverBudgetError:
            raise UsageError(
                "there are too many loops, or too many ways to look for them: the budget is "
                f"{limits.loops:,} loops and {limits.steps:,} steps. Name a few stocks to look "
                "through, or allow a larger budget."
            ) from None
        if network.method is Method.NAMED and network.named == NO_NAMES:
            continue  # no name belongs here
        found.append(run.partition(len(found) + 1, rows, network))
        if network.beside is not None:
            beside.append((rows, network.beside))
    count = len(found)
    found += [run.partition(count + n, *each) for n, each in enumerate(beside, start=1)]
    return LoopAnalysis(
        results.flat.name,
        run.time[:-1],
        float(run.time[-1]),
        results.flat.time_units,
        tuple(partition for partition, _ in found[:count]),
        tuple(loop for _, listed in found for loop in listed.loops),
        run.notes(),
        tuple(partition for partition, _ in found[count:]),
    )


def _chains(
    graph: CausalGraph, names: Iterable[Named], method: Method | None
) -> dict[str, tuple[frozenset[int], ...]]:
    """Return the rows that each named loop runs through."""
    chains = {named.name: named_rows(graph.flat, named) for named in names}
    if method is Method.NAMED and not chains:
        raise UsageError(
            "no loop bears a name. Names stand in the README beside the model, in a study under "
            "'loops', or are given."
        )
    return chains


def states_named(graph: CausalGraph, names: Iterable[str]) -> frozenset[int]:
    """Return the rows of stocks by their names. Raises UsageError for what is no stock on a loop.

    An array stands for all its elements.
    """
    found: set[int] = set()
    wrong: list[str] = []
    stocks = [node.name for node in graph.nodes.values() if node.state and not node.hidden]
    for name in names:
        known = graph.flat.found(name)
        rows: set[int] = set()
        if known is not None:
            first = graph.flat.places[known[0].ident]
            offsets = range(known[0].size) if known[1] is None else (known[1],)
            rows = {first + offset for offset in offsets}
        rows = {row for row in rows if row in graph.nodes and graph.nodes[row].state}
        if not rows:
            advice = did_you_mean(name, stocks) or f"Stocks on loops are {', '.join(stocks)}."
            wrong.append(f"'{name}' is no stock that lies on a loop. {advice}")
        found |= rows
    if wrong:
        raise UsageError("\n".join(wrong))
    return frozenset(found)


def named_states(graph: CausalGraph, chains: Mapping[str, Chain]) -> frozenset[int]:
    """Return the stocks of the longest named loop that runs through nothing but stocks."""
    whole = [
        chain
        for chain in chains.values()
        if len(chain) > 1
        and all(row in graph.nodes and graph.nodes[row].state for rows in chain for row in rows)
    ]
    longest = max(whole, key=len, default=())
    return frozenset(row for rows in longest for row in rows)


class _Run:
    def __init__(
        self, graph: CausalGraph, results: Results, chains: Mapping[str, Chain], short: float
    ) -> None:
        scores = link_scores(graph, results)
        self.graph, self.results, self.chains, self.short = graph, results, chains, short
        self.time = np.asarray(results.time, dtype=float)
        given = results.trajectory.values
        self.single = given.ndim == 2
        self.values = given.reshape((*given.shape[:2], -1))
        self.scores = scores.reshape(len(graph.links), -1)
        self.shape = scores.shape[1:2] if self.single else scores.shape[1:]
        self.marks = Marks()

    def partition(
        self, number: int, rows: frozenset[int], network: Network
    ) -> tuple[Partition, Listing]:
        """Return a partition and the loops listed of it."""
        nodes = self.graph.nodes
        listed = listing(network, number, nodes, self.chains, self.marks, self.shape)
        stocks = [row for row in sorted(rows) if nodes[row].state and not nodes[row].hidden]
        moved = max((self.moved(row) for row in stocks), default=0.0)
        partition = Partition(
            number,
            tuple(nodes[row].name for row in stocks),
            len(rows),
            network.method,
            tuple(nodes[row].name for row in network.through),
            len(network.loops),
            len(listed.loops),
            listed.rest,
            listed.net,
            moved,
            phases(listed, network, nodes, self.time, self.short) if self.single else (),
            (*network.notes, *self.told(network, listed, moved)),
        )
        return partition, listed

    def moved(self, row: int) -> float:
        """Return the largest share of its size by which a value moves."""
        values = self.values[row]
        values = values[np.isfinite(values).all(axis=1)]
        if not values.size:
            return 0.0
        size = float(np.abs(values).max())
        return float((values.max(axis=0) - values.min(axis=0)).max()) / size if size else 0.0

    def told(self, network: Network, listed: Listing, moved: float) -> list[str]:
        """Return what a reader of a partition's shares has to know."""
        told: list[str] = []
        known = network.named
        if known.idle:
            idle = ", ".join(f"'{name}'" for name in known.idle)
            told.append(f"idle in this run, so that they score 0: {idle}.")
        if known.beyond and network.method is Method.NAMED:
            names = ", ".join(f"'{name}'" for name in known.beyond)
            told.append(f"of too many ways to be scored: {names}.")
        if network.inside:
            one = network.inside == 1
            told.append(
                f"{network.inside} {'loop' if one else 'loops'} within delays and smooths "
                f"{'is' if one else 'are'} not compared."
            )
        if listed.rest > TOLD:
            left = len(network.loops) - sum(loop.members for loop in listed.loops)
            told.append(
                f"{left:,} loops are not listed; together they never describe more than "
                f"{100 * listed.rest:.0f} % of the change."
            )
        if 0 < moved < STILL:
            told.append(f"its stocks move by {100 * moved:.1g} % of their size at most.")
        active = np.abs([loop.relative for loop in listed.loops] or [listed.net]).max(axis=0) > 0
        net = float(np.abs(listed.net[active]).mean()) if active.any() else 1.0
        if network.method is not Method.FOLDED and net < CANCELLING:
            told.append(
                f"loops cancel one another: all together come to {100 * net:.1f} % of their sizes "
                "on average, so that single shares say little. Look through a few stocks instead."
            )
        return told

    def notes(self) -> tuple[str, ...]:
        """Return what holds for all partitions."""
        told: list[str] = []
        graph = self.graph
        for kind, words in (
            (LinkKind.STEP, "remembered for one step, so that loops through it depend on dt"),
            (LinkKind.DELAY, "kept for a fixed delay; its link is scored at what went in"),
        ):
            rows = {link.target for link in graph.links if link.kind is kind}
            owners = {graph.nodes[row].variable for row in rows}
            names = sorted(
                {
                    graph.flat.by_ident[v.origin.variable].name if v.origin else v.name
                    for v in owners
                }
            )
            if names:
                told.append(f"what '{', '.join(names)}' needs is {words}.")
        if not all(status.complete for status in self.results.trajectory.status):
            told.append("the run did not reach its end; scores end with it.")
        return tuple(told)

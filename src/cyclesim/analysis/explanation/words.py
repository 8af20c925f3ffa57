"""An explanation in sentences that a board can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cyclesim.analysis.behavior import Behaviour, Shape
from cyclesim.analysis.explanation.parts import Cause, Claim, Driver, Explanation, ToldLoop
from cyclesim.analysis.labels import SELF_FEEDING, Cycle
from cyclesim.analysis.words import many, moment, pair, with_unit
from cyclesim.scenario.parts import Direction

MOST_STATIONS = 6
"""Variables of a loop that a sentence names."""

FROM_THE_START = "From the start"


def label(found: Behaviour, reinforcing: bool, speeds_up: bool = False) -> tuple[str, Cycle | None]:
    """Return what a movement is called, and the cycle that it is where it is one.

    Virtuous and vicious need both a movement in a good or bad direction that speeds up, by its
    shape or (`speeds_up`) while the loop leads, and a loop that reinforces and carries it.
    """
    speeding = speeds_up or found.shape in SELF_FEEDING
    if reinforcing and speeding and found.better is not None:
        cycle = Cycle.VIRTUOUS if found.better else Cycle.VICIOUS
        return cycle.value, cycle
    if found.shape is Shape.UNMOVED:
        return "no movement", None
    kind = "movement"
    if found.better is not None:
        kind = "improvement" if found.better else "decline"
    elif found.good is Direction.NEITHER:
        kind = "rise" if found.change > 0 else "fall"
    if found.shape in (Shape.OSCILLATING, Shape.DAMPED, Shape.GROWING):
        return "oscillation", None
    if reinforcing:
        return f"{kind} that feeds itself", None
    if found.shape in (Shape.LEVELLING_OFF, Shape.S_SHAPED):
        return f"{kind} towards a limit", None
    return kind, None


def sentence(explanation: Explanation) -> str:
    """Return why the output moved: a sentence or two."""
    if explanation.cause is Cause.NOTHING:
        return f"{explanation.output.title} {_verb(explanation, 'does', 'do')} not move."
    if explanation.cause is Cause.BROKEN_OFF:
        return "The run broke off, and nothing is explained."
    return " ".join(_sentences(explanation))


def _sentences(explanation: Explanation) -> Iterator[str]:
    claim, driver = explanation.claim, explanation.driver
    head = explanation.label[:1].upper() + explanation.label[1:]
    if explanation.cause is Cause.LOOP and claim is not None:
        yield f"{head}. {_carried(explanation, claim)}"
        return
    if explanation.cause is Cause.OUTSIDE and driver is not None:
        yield f"{head}. {_from_outside(explanation, driver)}"
        if claim is not None:
            yield _added(explanation, claim)
        return
    if claim is None:
        yield f"{head}. No single loop carries the change."
        return
    yield f"{head}. {_added(explanation, claim)} No single loop carries the rest."


def _carried(explanation: Explanation, claim: Claim) -> str:
    """Return the sentence of a loop that carries a change."""
    since = _since(explanation, claim)
    what = _loop(claim.loop)
    share = f"{100 * claim.share:.0f} %"
    if claim.with_others:
        others = _several(claim.with_others)
        text = f"{since} {what}, with {others}, from which it cannot be cut apart,"
        text += f" carries {share} of the change by itself"
    elif claim.share >= 0.5:
        text = f"{since} {what} carries {share} of the change"
    else:
        kind = "reinforce" if claim.loop.reinforcing else "balance"
        text = (
            f"{since} {what} leads with {share} of the change, "
            f"{100 * claim.ruling:.0f} % with all loops that {kind}"
        )
    return f"{text}; {_without(explanation, claim)}."


def _without(explanation: Explanation, claim: Claim) -> str:
    ends, without = pair(claim.end_value, claim.end_without)
    units = explanation.output.variable.units
    title = _lower(explanation.output.title)
    loops = "them" if claim.with_others else "it"
    return f"without {loops} {title} would end at {with_unit(without, units)} instead of {ends}"


def _from_outside(explanation: Explanation, driver: Driver) -> str:
    ends, without = pair(explanation.behaviour.end, driver.end_without)
    units = explanation.output.variable.units
    quoted = [f"'{name}'" for name in driver.names]
    names = _listed(quoted if len(quoted) <= 4 else [*quoted[:3], f"{len(quoted) - 3} more"])
    what = f"the change of {names}" if driver.changes else f"what {names} does"
    if not driver.changes and len(driver.names) > 1:
        what = f"what {names} do"
    title = _lower(explanation.output.title)
    return (
        f"The change comes from outside: without {what} {title} would end at "
        f"{with_unit(without, units)} instead of {ends}."
    )


def _added(explanation: Explanation, claim: Claim) -> str:
    """Return the sentence of a loop that adds to what others set off."""
    what, since = _loop(claim.loop), _since(explanation, claim)
    ends = _without(explanation, replace(claim, with_others=()))
    if since == FROM_THE_START:
        part = f"{100 * claim.took:.0f} % of it" if claim.took < 1 else "all of it and more"
        return f"{what[:1].upper()}{what[1:]} makes {part}: {ends}."
    # The share is of what moves after the cut, which may be little of the whole.
    part = f"{100 * claim.took:.0f} %" if claim.took < 1 else "all and more"
    return f"{since} {what} makes {part} of what is still to come: {ends}."


def _since(explanation: Explanation, claim: Claim) -> str:
    units = explanation.behaviour
    if claim.cut.from_the_start or claim.start <= units.start_time:
        return FROM_THE_START
    return f"From {moment(claim.start, explanation.time_units)} on"


def _loop(loop: ToldLoop) -> str:
    kind = "reinforcing" if loop.reinforcing else "balancing"
    way = stations(loop)
    if loop.given:
        return f"the loop '{loop.name}' ({way}, {kind})"
    return f"the {kind} loop {way}"


def stations(loop: ToldLoop) -> str:
    """Return the way of a loop, of a long one some of its variables."""
    names = list(loop.way)
    if len(names) > MOST_STATIONS and not loop.given:
        stocks = loop.name.split(", ")
        names = stocks if 1 < len(stocks) <= MOST_STATIONS else names
    if len(names) > MOST_STATIONS:
        names = [*names[: MOST_STATIONS - 2], "...", names[-1]]
    return " -> ".join((*names, names[0]))


def _several(loops: tuple[ToldLoop, ...]) -> str:
    names = [f"'{loop.name}'" for loop in loops[:2]]
    more = len(loops) - 2
    if more > 0:
        return f"{', '.join(names)} and {more} more"
    return _listed(names)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _lower(title: str) -> str:
    """Return a title within a sentence: 'Service quality' as 'service quality', 'IT' as it is."""
    head = title.split(" ", 1)[0]
    return title[:1].lower() + title[1:] if head[1:] == head[1:].lower() else title


def _verb(explanation: Explanation, one: str, several: str) -> str:
    return several if many(explanation.output.title) else one

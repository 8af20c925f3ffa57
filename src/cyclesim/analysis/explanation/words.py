"""An explanation in sentences that a board can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cyclesim.analysis.behavior import Behaviour, Shape
from cyclesim.analysis.explanation.effects import RETURNING, SWINGING, Effect, Reading
from cyclesim.analysis.explanation.parts import Cause, Claim, Driver, Explanation, ToldLoop
from cyclesim.analysis.labels import SELF_FEEDING, Cycle, course
from cyclesim.analysis.loops.words import note_words
from cyclesim.analysis.words import as_told, many, moment, pair, with_unit
from cyclesim.scenario.parts import Direction

MOST_STATIONS = 6
"""Variables of a loop that a sentence names."""

FROM_THE_START = "From the start"


NEARLY_ALL = 0.9
"""Where so much of a movement goes with a loop, there is no rest to speak of."""

WHOLLY = 0.995
"""So much of a movement is all of it, in whole per cent."""

AGAINST = 0.5
"""What comes from outside against a movement is told where it did so much of what is left of it."""

BEYOND = 1000.0
"""A run that ends so many times farther out than the output ever was has run away."""


def label(found: Behaviour, reinforcing: bool, speeds_up: bool = False) -> tuple[str, Cycle | None]:
    """Return what a movement is called, and the cycle that it is where it is one.

    Virtuous and vicious need both a movement in a good or bad direction that speeds up, by its
    shape or (`speeds_up`) while the loop leads, and a loop that reinforces and carries it.
    """
    if found.shape in (*SWINGING, *RETURNING):
        return course(found), None
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


def notes(explanation: Explanation) -> list[str]:
    """Return what is said of the loops as sentences: 'The part of the model that ... has ...'."""
    what = "The part of the model that decides"
    return [_capital(note_words(note, what)) for note in explanation.notes]


def _sentences(explanation: Explanation) -> Iterator[str]:
    claim, driver = explanation.claim, explanation.driver
    yield f"{_capital(explanation.label)}."
    if explanation.cause is Cause.LOOP and claim is not None:
        if claim.effect.reading is Reading.SWINGS:
            yield from _swung(explanation, claim)
        else:
            yield _carried(explanation, claim)
    elif explanation.cause is Cause.OUTSIDE and driver is not None:
        yield _from_outside(explanation, driver)
        if claim is not None:
            yield _added(explanation, claim)
    elif claim is not None:
        yield _added(explanation, claim)
        if claim.took < NEARLY_ALL:
            yield "No single loop carries the rest."
    elif explanation.behaviour.shape is Shape.STEADY and not explanation.phases:
        yield "It goes on at one pace, and no loop is active."
    else:
        yield "No single loop carries the change."
    if explanation.cause is not Cause.OUTSIDE and driver is not None and driver.took <= -AGAINST:
        yield (
            f"{_capital(_what(driver))} works against it: without {'that' if claim else 'it'} "
            f"{_would(explanation, driver.effect)}."
        )
    for each in explanation.balanced[:1]:
        yield (
            f"{_capital(_loop(each.loop))} and {_loop(each.other)} hold each other in balance: "
            "neither makes any of it."
        )
    if explanation.back is not None:
        yield _back(explanation, explanation.back)


def _carried(explanation: Explanation, claim: Claim) -> str:
    """Return the sentence of a loop that carries a change."""
    since = _since(explanation, claim)
    what = _loop(claim.loop)
    share = f"{100 * claim.share:.0f} %"
    if claim.either:
        others = " and ".join(_loop(each) for each in claim.with_others)
        text = (
            f"{since} {what} and {others} carry the change together, where each would do nearly "
            "as much alone"
        )
    elif claim.with_others:
        others = _several(claim.with_others)
        text = f"{since} {what}, with {others}, from which it cannot be cut apart,"
        verb = "carries" if claim.share >= 0.5 else "leads with"
        text += f" {verb} {share} of the change by itself"
    elif not claim.loop.reinforcing and claim.took < 0:
        text = f"{since} {what} limits the change, with {share} of what all loops do"
    elif claim.share >= 0.5:
        text = f"{since} {what} carries {share} of the change"
    else:
        kind = "reinforce" if claim.loop.reinforcing else "balance"
        text = (
            f"{since} {what} leads with {share} of the change, "
            f"{100 * claim.ruling:.0f} % with all loops that {kind}"
        )
    return f"{text}; {_without(explanation, claim)}."


def _swung(explanation: Explanation, claim: Claim) -> Iterator[str]:
    """Yield the sentences of a loop that makes an output swing."""
    others = ""
    if claim.with_others:
        others = f", with {_several(claim.with_others)}, from which it cannot be cut apart,"
    share = f"{100 * claim.share:.0f} % of the change on average"
    ends = _without(explanation, claim)
    yield f"{_capital(_loop(claim.loop))}{others} makes it swing, with {share}: {ends}."
    driver = explanation.driver
    if driver is not None and driver.took >= 0.5:
        yield f"What sets it off is {_what(driver)}."


def _back(explanation: Explanation, claim: Claim) -> str:
    """Return the sentence of the loop that carries the way back."""
    extreme = explanation.behaviour.extreme
    way = "fall" if extreme is None or claim.end_value < extreme.value else "rise"
    since = _since(explanation, claim)
    return (
        f"The {way} that follows goes with {_loop(claim.loop)}, with {100 * claim.share:.0f} % of "
        f"the change {since[:1].lower()}{since[1:]}; {_without(explanation, claim)}."
    )


def _without(explanation: Explanation, claim: Claim) -> str:
    loops = "them" if claim.with_others else "it"
    if claim.either:
        loops = "both" if len(claim.with_others) == 1 else "all of them"
    return f"without {loops} {_would(explanation, claim.effect, claim.behaviour)}"


def _would(explanation: Explanation, effect: Effect, without: Behaviour | None = None) -> str:
    """Return what would become of the output: 'quality would end at 0.71 instead of 0.38'."""
    units = explanation.output.variable.units
    title = _lower(explanation.output.title)
    size = explanation.behaviour.size
    value, other = pair(as_told(effect.value, size), as_told(effect.without, size))
    lost = abs(effect.without) > BEYOND * explanation.behaviour.size
    if effect.reading is Reading.SWINGS:
        if effect.took > WHOLLY or (without is not None and without.shape not in SWINGING):
            end = "run away" if lost else f"end at {with_unit(other, units)}"
            return f"{title} would not swing, and {end}"
        gone = f"{100 * min(effect.took, 1.0):.0f} %"
        return f"{gone} of the ups and downs of {title} would be gone"
    if lost:
        return f"{title} would run away"
    if effect.reading is Reading.HEIGHT:
        when = moment(effect.time, explanation.time_units)
        return f"{title} would be at {with_unit(other, units)} in {when} instead of {value}"
    return f"{title} would end at {with_unit(other, units)} instead of {value}"


def _from_outside(explanation: Explanation, driver: Driver) -> str:
    return (
        f"The change comes from outside: without {_what(driver)} "
        f"{_would(explanation, driver.effect)}."
    )


def _what(driver: Driver) -> str:
    """Return what comes from outside: 'the change of 'Price''."""
    quoted = [f"'{name}'" for name in driver.names]
    names = _listed(quoted if len(quoted) <= 4 else [*quoted[:3], f"{len(quoted) - 3} more"])
    if driver.changes:
        return f"the change of {names}"
    return f"what {names} {'do' if len(driver.names) > 1 else 'does'}"


def _added(explanation: Explanation, claim: Claim) -> str:
    """Return the sentence of a loop that adds to what others set off."""
    since, loop = _since(explanation, claim), _loop(claim.loop)
    # After the start the share is of what moves after the cut, which may be little of the whole.
    from_start = since == FROM_THE_START
    whole = "it" if from_start else "what is still to come"
    part = f"{100 * claim.took:.0f} % of {whole}"
    if claim.took > WHOLLY:
        part = f"all of {whole}" + ("" if claim.took < 2 - WHOLLY else " and more")
    lead = _capital(loop) if from_start else f"{since} {loop}"
    if claim.either:
        others = " and ".join(_loop(each) for each in claim.with_others)
        return (
            f"{lead} and {others} make {part} together, where each would "
            f"do nearly as much alone: {_without(explanation, claim)}."
        )
    if claim.by_name:
        link = f"'{claim.cut.source}' -> '{claim.cut.target}'"
        ends = _would(explanation, claim.effect, claim.behaviour)
        return (
            f"{lead}, with whatever else runs through its link {link}, "
            f"makes {part}: without it {ends}."
        )
    return f"{lead} makes {part}: {_without(explanation, replace(claim, with_others=()))}."


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


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
    # Loops through elements of an array may bear one name.
    names = list(dict.fromkeys(_briefly(loop) for loop in loops))[:2]
    more = len(loops) - len(names)
    return f"{', '.join(names)} and {more} more" if more > 0 else _listed(names)


def _briefly(loop: ToldLoop) -> str:
    return f"'{loop.name}'" if loop.given else f"the loop through '{loop.name}'"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _lower(title: str) -> str:
    """Return a title within a sentence: 'Service quality' as 'service quality', 'IT' as it is."""
    head = title.split(" ", 1)[0]
    plain = len(head) > 1 and head[1:] == head[1:].lower()
    return title[:1].lower() + title[1:] if plain else title


def _verb(explanation: Explanation, one: str, several: str) -> str:
    return several if many(explanation.output.title) else one

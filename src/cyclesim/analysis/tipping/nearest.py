"""The nearest tipping point of a study, quickly: what a report of its runs can say."""

from __future__ import annotations

import time as clock
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cyclesim.analysis.tipping.margins import (
    LASTING_TOLERANCE,
    LASTING_WAY,
    Line,
    lines_of,
    margins,
)
from cyclesim.analysis.tipping.outcome import NoContrast, contrast, levers
from cyclesim.analysis.tipping.parts import Nearest, Rule, Threshold, What
from cyclesim.analysis.tipping.today import Today, scenario_named, stand
from cyclesim.ensemble.batch import target_for
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.scenario.coverage import laid_over
from cyclesim.scenario.parts import Scenario, Study, StudyRun

SECONDS = 2.0
"""What a margin may cost where nobody asked for it."""

_AT_ONCE = 16
"""Lines looked at between two looks at the clock."""


def nearest_margin(
    study: Study,
    ends: Mapping[str, Results] | None = None,
    scenario: str | None = None,
    seconds: float | None = None,
) -> Nearest | None:
    """Return what tips a scenario's outcome first, as it is judged for ever if that can be.

    The numbers that the study's scenarios change come first; stocks and all other numbers are
    looked at only where none of these tips it. None where all scenarios end alike, so that nothing
    is good or bad. `ends` are results of the scenarios, if they have run. With `seconds`, others
    are looked at as far as that lasts; raises TimeoutError where not even the first could be.
    """
    begun = clock.perf_counter()
    if seconds is not None and target_for(study)[0] != "llvm":
        raise TimeoutError
    today = stand(study, scenario_named(study, scenario))
    try:
        found = contrast(today, ends=ends)
    except NoContrast:
        return None
    rule = found.lasting or found.near
    lines = lines_of(today)
    own = levers(study)
    first = [x for x in lines if x.name in own or x.what is What.CHANGE]
    rest = [x for x in lines if x not in first]

    def left() -> float:
        return float("inf") if seconds is None else seconds - (clock.perf_counter() - begun)

    told = Nearest(today.scenario.title, today.specs.time_units, rule, None, len(_names(first)), 0,
                   False, found.lasting is not None)  # fmt: skip
    tipping: tuple[Threshold, ...] = ()
    longest = 0.0
    for place, part in enumerate(_parts(first, rest)):
        decided = place < _turns(first)
        if not decided and tipping:
            break
        # Others are told only when all were looked at: else the nearest may be among the rest.
        if left() < longest * (1 if decided else _turns(first, rest) - place):
            if decided or not first:
                raise TimeoutError
            return replace(told, left_out=True)
        before = clock.perf_counter()
        tipping += _tipping(today, rule, part, told.lasting)
        longest = max(longest, clock.perf_counter() - before)
        told = replace(told, others=0 if decided else len(_names(rest)))
    return replace(told, threshold=min(tipping, key=lambda each: each.rank, default=None))


def _parts(*groups: Sequence[Line]) -> Iterator[Sequence[Line]]:
    for lines in groups:
        for first in range(0, len(lines), _AT_ONCE):
            yield lines[first : first + _AT_ONCE]


def _turns(*groups: Sequence[Line]) -> int:
    return sum(-(-len(lines) // _AT_ONCE) for lines in groups)


def run_margin(run: StudyRun, seconds: float | None = SECONDS) -> Nearest | None:
    """Return the nearest tipping point of a study that has run, under the settings it ran with.

    Raises TimeoutError where it would take longer than `seconds`.
    """
    study = run.study
    given: dict[str, float] = {}
    for results in run.results.values():
        given = dict(results.provenance.get("settings", {}))
    settings = {canonical(name): value for name, value in given.items()}

    def under(scenario: Scenario | None) -> Scenario | None:
        if scenario is None:
            return None
        return replace(scenario, start=laid_over(scenario.start, settings))

    if settings:
        scenarios = tuple(s for s in map(under, study.scenarios) if s is not None)
        wish = study.tipping
        if wish is not None:
            wish = replace(wish, scenario=under(wish.scenario), good=under(wish.good),
                           bad=under(wish.bad))  # fmt: skip
        study = replace(study, scenarios=scenarios, tipping=wish)
    return nearest_margin(study, run.results, seconds=seconds)


def _names(lines: Sequence[Line]) -> set[str]:
    return {line.name for line in lines}


def _tipping(
    today: Today, rule: Rule, lines: Sequence[Line], lasting: bool
) -> tuple[Threshold, ...]:
    if not lines:
        return ()
    if lasting:
        found = margins(today, rule, lines=lines, way=LASTING_WAY, tolerance=LASTING_TOLERANCE)
    else:
        found = margins(today, rule, lines=lines, tolerance=LASTING_TOLERANCE)
    return tuple(each for each in found.turning if each.tips)

"""An analysis of sensitivity in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cyclesim.analysis.heaps import Heaps
from cyclesim.analysis.sensitivity.parts import (
    FAILED,
    Course,
    Discovery,
    Distance,
    Failures,
    Labels,
    Limit,
    Screening,
    SensitivityAnalysis,
    Variance,
)
from cyclesim.analysis.words import exact_number, moment, number, pair, places, unit, with_unit
from cyclesim.scenario.design_parts import Values
from cyclesim.scenario.parts import Output

MOST = 5
MOST_OUTPUTS = 3
"""Outputs that are told in a terminal; tables and the page have all."""
_SMALL = 0.02
_CERTAIN = 0.05


def answer(found: SensitivityAnalysis) -> list[str]:
    """Return what the analysis says of the most important output, in up to three sentences."""
    told: list[str] = []
    if found.labels:
        labels = found.labels[0]
        common = [share for share in labels.ends if share.value >= 0.005]
        ends = " and ".join(f"{share.name} in {percent(share.value)}" for share in common)
        told.append(f"'{labels.output.title}' {ends} of the runs.")
    heaps = found.variances[0].heaps if found.variances else None
    if heaps is not None and found.distances:
        distance = found.distances[0]
        far = [
            place for place in distance.order[:3] if distance.median[place] > distance.noise[place]
        ]
        names = (
            ", ".join(f"'{distance.quantities[place].label}'" for place in far) or "no one number"
        )
        told.append(
            f"Its ends lie in two heaps, {heaps_words(heaps, distance.output)}. "
            f"What moves them most is {names}."
        )
    elif found.variances and found.variances[0].deviation > 0:
        variance = found.variances[0]
        sure = variance.total - variance.total_interval >= _CERTAIN
        most = [place for place in variance.order[:3] if sure[place]]
        names = ", ".join(
            f"'{variance.quantities[place].label}' ({percent(min(variance.total[place], 1.0))} "
            f"+-{percent(variance.total_interval[place])})"
            for place in most
        )
        told.append(
            f"Where it ends is decided most by {names}, shares of its variance."
            if most
            else "No number stands out from chance in what decides its end: give more --points."
        )
    if found.labels:
        labels = found.labels[0]
        told += [region_words(region, labels.output.title) for region in labels.discoveries[:1]]
    return told


def sections(found: SensitivityAnalysis) -> Iterator[tuple[str, list[str]]]:
    """Yield each part with its sentences, the most telling first."""
    if found.labels:
        yield "What becomes of it", [s for each in found.labels for s in label_words(each)]
    if found.variances:
        yield (
            "What decides the end (shares of its variance)",
            [s for each in found.variances for s in variance_words(each, found.time_units)],
        )
    if found.distances:
        yield (
            "What shifts all ends, not only their spread",
            [s for each in found.distances for s in distance_words(each)],
        )
    if found.screenings:
        yield (
            "What matters at all (screening)",
            [s for each in found.screenings for s in screening_words(each)],
        )


def sentences(found: SensitivityAnalysis) -> Iterator[str]:
    """Yield the analysis line by line."""
    yield (
        f"{found.study}, scenario '{found.scenario}': {len(found.quantities)} uncertain numbers "
        f"({found.design}), {found.runs:,} runs in {found.seconds:.1f} s."
    )
    shown = _first_outputs(found)
    for heading, lines in sections(shown):
        yield ""
        yield f"{heading}:"
        yield from (f"  {line}" for line in lines)
    left = len(_outputs(found)) - len(_outputs(shown))
    if left > 0:
        yield ""
        yield f"{left} more outputs are told with --out or --json."
    for note in found.notes:
        yield f"Note: {note}"


def _outputs(found: SensitivityAnalysis) -> list[str]:
    titles = [
        *(part.output.title for part in found.labels),
        *(part.output.title for part in found.variances),
        *(part.output.title for part in found.distances),
        *(part.output.title for part in found.screenings),
    ]
    return list(dict.fromkeys(titles))


def _first_outputs(found: SensitivityAnalysis) -> SensitivityAnalysis:
    """Return the analysis of the most important outputs only."""
    kept = _outputs(found)[:MOST_OUTPUTS]
    return replace(
        found,
        labels=tuple(part for part in found.labels if part.output.title in kept),
        variances=tuple(part for part in found.variances if part.output.title in kept),
        distances=tuple(part for part in found.distances if part.output.title in kept),
        screenings=tuple(part for part in found.screenings if part.output.title in kept),
    )


def heaps_words(found: Heaps, output: Output) -> str:
    """Return where two heaps of ends lie: '40 % of the runs about 12 and the others about 50'."""
    decimals = places(found.low, found.high)
    low, high = number(found.low, decimals), number(found.high, decimals)
    return (
        f"{percent(found.share)} of the runs about {low} and the others about "
        f"{with_unit(high, output.variable.units)}"
    )


def label_words(found: Labels) -> Iterator[str]:
    """Yield how often an output gets better and worse, and where."""
    title = found.output.title
    told = ", ".join(
        f"{each.name} in {percent(each.value)} ({percent(each.low)} to {percent(each.high)})"
        for each in found.ends
    )
    yield f"'{title}' {told} of the runs (95 % intervals in brackets)."
    common = [each for each in found.courses if each.value >= _SMALL]
    courses = ", ".join(f"{each.name} {percent(each.value)}" for each in common)
    yield f"  Its course: {courses}."
    for region in found.discoveries:
        yield f"  {region_words(region, title)}"


def region_words(region: Discovery, title: str) -> str:
    """Return a region as a sentence: density, limits, coverage."""
    limits = " and ".join(limit_words(limit) for limit in region.limits)
    covered, all_runs = percent(region.coverage), percent(region.cases / region.runs)
    which = f"{covered} of all runs in which it does; {all_runs} of all runs do"
    if region.outcome == FAILED:
        which = f"{covered} of all runs that fail; {all_runs} of all runs do"
    return (
        f"In {percent(region.density)} of the runs where {limits}, '{title}' {region.outcome} "
        f"({which})."
    )


def limit_words(limit: Limit) -> str:
    """Return a limit in words, with the unit: 'Price exceeds 52 pound/order'."""
    quantity = limit.quantity
    low, high = math.isfinite(limit.low), math.isfinite(limit.high)
    few = quantity.distribution if isinstance(quantity.distribution, Values) else None

    def shown(value: float) -> str:
        return with_unit(exact_number(value) if few else number(value), quantity.units)

    if limit.low == limit.high:
        return f"'{quantity.label}' is {shown(limit.low)}"
    if low and high:
        least = exact_number(limit.low) if few else pair(limit.low, limit.high)[0]
        return f"'{quantity.label}' lies between {least} and {shown(limit.high)}"
    if few is not None:  # the limit is itself one of the values
        value, beyond = (limit.low, " or more") if low else (limit.high, " or less")
        alone = value == (few.high if low else few.low)
        return f"'{quantity.label}' is {shown(value)}{'' if alone else beyond}"
    if low:
        return f"'{quantity.label}' exceeds {shown(limit.low)}"
    return f"'{quantity.label}' stays below {shown(limit.high)}"


def variance_words(found: Variance, time_units: str) -> Iterator[str]:
    """Yield which quantities the variance of an output's end is due to, and how sure that is."""
    title, units = found.output.title, unit(found.output.variable.units)
    if not np.isfinite(found.total).any():
        yield from _all_failed(title, found.failures)
        return
    if not found.deviation > 0:
        yield f"'{title}' ends the same whatever the numbers."
        return
    told = [
        f"'{found.quantities[place].label}' {percent(min(found.total[place], 1.0))} "
        f"(+-{percent(found.total_interval[place])}; "
        f"alone {percent(_alone(found, place))})"
        for place in found.order[:MOST]
        if found.total[place] >= _SMALL
    ]
    spread = f"standard deviation {number(found.deviation)} {units}".strip()
    if found.heaps is not None:  # between two heaps a deviation tells nothing
        spread = f"two heaps, {heaps_words(found.heaps, found.output)}"
    yield f"'{title}' ({spread}): {', '.join(told)}."
    together = 1 - float(np.nansum(np.clip(found.first, 0, None)))
    if together > 0.1:
        pair = _pair(found)
        yield f"  About {percent(together)} of it comes from numbers acting together{pair}."
    widest = float(np.nanmax(found.total_interval))
    if widest > _CERTAIN:
        half = found.convergence[found.points // 2][1]
        yield (
            f"  The widest interval is +-{percent(widest)} at {found.points} base points "
            f"(+-{percent(float(np.nanmax(half)))} at half of them): give more points to be surer."
        )
    if found.left_out:
        names = ", ".join(f"'{name}'" for name in found.left_out[:MOST])
        yield f"  Not among these, though it matters by Morris: {names}. See --most."
    yield from _lead_words(found, time_units)
    yield from _failure_words(found.failures, "a share")


def _lead_words(found: Variance, time_units: str) -> Iterator[str]:
    """Yield which quantity the variance is most due to at which time, where that changes."""
    leads = leaders(found.course)
    if len(leads) < 2:
        return
    course = found.course
    told: list[str] = []
    for place, who in leads:
        then, name = moment(float(course.time[place]), time_units), found.quantities[who].label
        size = percent(course.total[who, place])
        told.append(f"from {then} on '{name}' ({size} then)" if told else
                    f"at first '{name}' ({size} at {then})")  # fmt: skip
    yield f"  What decides most changes over time: {', '.join(told)}."


def leaders(course: Course) -> list[tuple[int, int]]:
    """Return from which moment on which quantity has the largest share.

    A new one leads once its interval lies above the share of the one before.
    """
    leads: list[tuple[int, int]] = []
    for place in np.flatnonzero(np.isfinite(course.total).all(axis=0)):
        total = course.total[:, place]
        best = int(np.argmax(total))
        if not leads or total[best] - course.interval[best, place] > total[leads[-1][1]]:
            leads.append((int(place), best))
    return leads


def _alone(found: Variance, place: int) -> float:
    """Return the share alone, which is at most the share in all: what is more is chance."""
    return float(np.clip(found.first[place], 0.0, max(0.0, found.total[place])))


def _pair(found: Variance) -> str:
    pairs = np.where(np.isfinite(found.second), found.second, -np.inf)
    if pairs.size < 4 or not np.isfinite(pairs).any():
        return ""
    first, second = np.unravel_index(int(np.argmax(pairs)), pairs.shape)
    size, half = pairs[first, second], found.second_interval[first, second]
    if size <= half:
        return ""
    names = [found.quantities[int(place)].label for place in (first, second)]
    return f", '{names[0]}' with '{names[1]}' most ({percent(size)} +-{percent(half)})"


def distance_words(found: Distance) -> Iterator[str]:
    """Yield which quantities shift the distribution of an output's end."""
    if not np.isfinite(found.median).any():
        yield from _all_failed(found.output.title, found.failures)
        return
    told = [
        f"'{found.quantities[place].label}' {found.median[place]:.2f}"
        for place in found.order[:MOST]
        if found.median[place] > found.noise[place]
    ]
    listed = ", ".join(told) if told else "none stands out"
    idle = float(np.nanmax(found.noise))
    yield f"'{found.output.title}': {listed} (an idle number stays below {idle:.2f})."
    yield from _failure_words(found.failures, "a distance")


def screening_words(found: Screening) -> Iterator[str]:
    """Yield the quantities with the largest effects on an output's end."""
    title, units = found.output.title, unit(found.output.variable.units)
    if not np.isfinite(found.mean).any():
        yield from _all_failed(title, found.failures)
        return
    largest = float(np.nanmax(found.mean))
    if not largest > 0:
        yield f"'{title}' ends the same whatever the numbers."
        return
    told = [
        f"'{found.quantities[place].label}' {number(float(found.mean[place]))} "
        f"(+-{number(float(found.interval[place]))})"
        for place in found.order[:MOST]
    ]
    idle = int((found.mean < 0.01 * largest).sum())
    scale = f" in {units}" if units else ""
    yield f"'{title}'{scale}: {', '.join(told)}; {idle} hardly matter."
    yield from _failure_words(found.failures, "an effect")


def _all_failed(title: str, found: Failures) -> Iterator[str]:
    yield (
        f"'{title}': nothing can be said, {found.runs:,} of {found.of:,} runs failed. "
        "Narrow the distributions, or see with `cyclesim batch` when and why."
    )


def _failure_words(found: Failures, what: str) -> Iterator[str]:
    if not found.runs:
        return
    yield (
        f"  {found.runs:,} of {found.of:,} runs failed and are left out, with those they are "
        f"compared with ({found.groups:,} sets); had they given the worst value seen, "
        f"{what} would differ by at most {number(found.shift)}."
    )


def percent(value: float) -> str:
    """Return a share in whole per cent, but never all or none where it is nearly that."""
    text = f"{100 * value:.0f}"
    if text in ("0", "100") and 0 < value < 1:
        text = f"{100 * value:.1f}"
        text = {"0.0": "<0.1", "100.0": ">99.9"}.get(text, text)
    return f"{text} %"

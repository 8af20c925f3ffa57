"""The report of an assessment: one page to print, without scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cyclesim import sealed
from cyclesim.analysis.assessment import Band, Forecast, Mending, Profile
from cyclesim.analysis.words import number, unit
from cyclesim.files import write_whole
from cyclesim.report.html import environment, template_text

WIDTH, HEIGHT = 320.0, 150.0
SHOWN = 12
"""How many practices the list of what to mend first names; the CSV names all."""


@dataclass(frozen=True)
class Fan:
    """A band as shapes in a box of WIDTH by HEIGHT, with the numbers at its corners."""

    name: str
    units: str
    outer: str
    inner: str
    middle: str
    low: str
    high: str
    alternative: str


def write_assessment(profile: Profile, forecast: Forecast | None, path: Path) -> Path:
    """Write the report of an assessment to a file that is whole or not there."""
    return write_whole(path, assessment_html(profile, forecast))


def assessment_html(profile: Profile, forecast: Forecast | None) -> str:
    """Return the report as one HTML page; without a forecast it says why there is none."""
    return str(
        environment()
        .get_template("assessment.html")
        .render(
            style=template_text("report.css") + template_text("assessment.css"),
            policy=sealed.policy(),
            profile=profile,
            forecast=forecast,
            sentences=sentences(profile, forecast),
            fans=[_fan(band, forecast) for band in forecast.bands] if forecast else [],
            mendings=forecast.mendings[:SHOWN] if forecast else (),
            largest=max((each.gain for each in forecast.mendings), default=1) if forecast else 1,
            turning=_turning(forecast),
            named=list(named(profile)),
            width=WIDTH,
            height=HEIGHT,
        )
    )


def sentences(profile: Profile, forecast: Forecast | None) -> list[str]:
    """Return the answer in sentences, the most important first."""
    people = len(profile.answers.respondents)
    who = "one respondent" if people == 1 else f"{people} respondents"
    said = [f"Today {profile.points:.0f} of 50 points, as {who} see it."]
    weakest = min(profile.elements, key=lambda each: each.level)
    said.append(
        f"The weakest element is '{weakest.title.lower()}', {round(100 * weakest.level)} per cent "
        "of what could be."
    )
    if forecast is None:
        gone = ", ".join(f"'{element}'" for element in profile.unusable)
        said.append(f"There is no forecast: too few practices of {gone} were answered by anybody.")
        return said
    years = forecast.time[-1] - forecast.time[0]
    low, high = np.quantile(forecast.ends, (0.05, 0.95))
    said.append(
        f"Left as it is, the service declines in {_of_100(forecast.decline)} forecasts and rises "
        f"in {_of_100(forecast.rise)}. In {years:g} {forecast.time_units}s its score lies between "
        f"{low:.0f} and {high:.0f} in nine of ten, against {np.median(forecast.starts):.0f} today."
    )
    best = forecast.mendings[0] if forecast.mendings else None
    if best is not None and best.gain > 0:
        said.append(
            f"No single practice does more than {best.practice.code}, "
            f"'{best.practice.text.rstrip('.')}': {best.gain:+.1f} points."
        )
    turning = _turning(forecast)
    if turning:
        said.append(turning)
    return said


def _of_100(share: float) -> str:
    return f"{round(100 * share)} of 100"


def _turning(forecast: Forecast | None) -> str:
    """Return from how many practices on, mended together, a rise is likelier than not."""
    if forecast is None or forecast.rise > 0.5 or not forecast.together:
        return ""
    for each in forecast.together:
        if each.rise > 0.5:
            count = len(each.practices)
            codes = ", ".join(practice.code for practice in each.practices)
            what = "it alone" if count == 1 else f"the first {count} of the list together ({codes})"
            return f"Mending {what}, a rise becomes likelier than not: {_of_100(each.rise)}."
    last = forecast.together[-1]
    return (
        f"Even the first {len(last.practices)} of the list together give a rise in "
        f"{_of_100(last.rise)} forecasts only."
    )


def named(profile: Profile) -> Iterator[str]:
    """Yield what is missing or contradictory in the answers."""
    for practice in profile.missing:
        yield f"Nobody answered {practice.code}, '{practice.text.rstrip('.')}'."
    for name, count in profile.skipped.items():
        if count > 0:
            yield f"{name} left out {count} of {len(profile.questionnaire.practices)}."
    yield from profile.contradictions


def _fan(band: Band, forecast: Forecast) -> Fan:
    outer_low, inner_low, middle, inner_high, outer_high = band.values
    low, high = float(outer_low.min()), float(outer_high.max())
    low = min(low, 0.0) if low < 0.3 * high else low
    span = (high - low) or 1.0
    times = forecast.time
    across = (times - times[0]) / (times[-1] - times[0]) * WIDTH

    def points(values: np.ndarray) -> list[str]:
        heights = HEIGHT * (1 - (values - low) / span)
        return [f"{x:.1f},{y:.1f}" for x, y in zip(across, heights, strict=True)]

    def area(below: np.ndarray, above: np.ndarray) -> str:
        return "M" + "L".join(points(above) + points(below)[::-1]) + "Z"

    units = unit(band.units)
    end = f"{number(float(outer_low[-1]))} to {number(float(outer_high[-1]))}"
    return Fan(
        band.name,
        units,
        area(outer_low, outer_high),
        area(inner_low, inner_high),
        "M" + "L".join(points(middle)),
        number(low),
        number(high),
        f"{band.name}: the middle forecast goes from {number(float(middle[0]))} to "
        f"{number(float(middle[-1]))}; nine in ten end between {end}.",
    )


def profile_csv(profile: Profile, forecast: Forecast | None) -> str:
    """Return every practice with its level and what mending it would do, one a row."""
    marks = profile.answers.matrix(profile.questionnaire)
    gains: dict[str, Mending] = {}
    if forecast is not None:
        gains = {each.practice.code: each for each in forecast.mendings}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["practice", "element", "part", "text", "answers", "level", "spread",
         "gain", "gain low", "gain high", "chance of a rise added"]
    )  # fmt: skip
    for place, practice in enumerate(profile.questionnaire.practices):
        given = marks[:, place][~np.isnan(marks[:, place])]
        mending = gains.get(practice.code)
        effect: list[Any] = [""] * 4
        if mending is not None:
            effect = [mending.gain, mending.low, mending.high, mending.rise]
        writer.writerow(
            [practice.code, practice.element, practice.part, practice.text, given.size,
             given.mean() if given.size else "", given.std(ddof=1) if given.size > 1 else "",
             *effect]
        )  # fmt: skip
    return text.getvalue()


def assessment_summary(profile: Profile, forecast: Forecast | None) -> dict[str, Any]:
    """Return what the report says, for other programs."""
    found: dict[str, Any] = {
        "schema_version": 1,
        "organisation": profile.answers.organisation,
        "answer": sentences(profile, forecast),
        "points": profile.points,
        "score": profile.score,
        "elements": [
            {
                "element": each.element,
                "level": None if np.isnan(each.level) else each.level,
                "spread": each.spread,
                "parts": {k: None if np.isnan(v) else v for k, v in each.parts.items()},
                "by_level": {k: None if np.isnan(v) else v for k, v in each.by_level.items()},
            }
            for each in profile.elements
        ],
        "named": list(named(profile)),
        "forecast": None,
    }
    if forecast is not None:
        found["forecast"] = {
            "draws": forecast.draws,
            "seed": forecast.seed,
            "time": forecast.time.tolist(),
            "quantiles": {
                band.name: {
                    f"{q:g}": row.tolist()
                    for q, row in zip((0.05, 0.25, 0.5, 0.75, 0.95), band.values, strict=True)
                }
                for band in forecast.bands
            },
            "rise": forecast.rise,
            "decline": forecast.decline,
            "mend_first": [
                {"practice": each.practice.code, "now": each.now, "gain": each.gain,
                 "low": each.low, "high": each.high, "rise": each.rise}
                for each in forecast.mendings
            ],
            "together": [
                {"practices": [p.code for p in each.practices], "rise": each.rise,
                 "decline": each.decline}
                for each in forecast.together
            ],
        }  # fmt: skip
    return found

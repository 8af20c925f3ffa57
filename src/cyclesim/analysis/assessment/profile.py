"""What the answers say: levels of the elements and parts, spread, gaps and contradictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.assessment.answers import Answers
from cyclesim.analysis.assessment.questionnaire import Practice, Questionnaire

MOST_MISSING = 0.25
"""An element of which more than this share was answered by nobody is not forecast."""


@dataclass(frozen=True)
class ElementProfile:
    """One element: its level from 0 to 1, the same by part and by level of the organisation.

    `spread` is the standard deviation between respondents, None where one person answered.
    """

    element: str
    title: str
    level: float
    spread: float | None
    parts: dict[str, float]
    by_level: dict[str, float]


@dataclass(frozen=True)
class Profile:
    """All elements, and `levels`, those of the practices, NaN where nobody answered one.

    `points` are of 50 as answered, scaled up where nobody answered a practice; `score` is what
    the model calls so, fifty times the mean of the elements. `missing` are practices that nobody
    answered, `skipped` how many each respondent left out, `contradictions` sentences, `disputed`
    the practices on which respondents differ most, with the shares of none and of full.
    """

    questionnaire: Questionnaire
    answers: Answers
    elements: tuple[ElementProfile, ...]
    levels: np.ndarray
    points: float
    score: float
    missing: tuple[Practice, ...]
    skipped: dict[str, int]
    contradictions: tuple[str, ...]
    disputed: tuple[tuple[Practice, float, float], ...]

    @property
    def unusable(self) -> tuple[str, ...]:
        """Return the elements too few of whose practices were answered for a forecast."""
        codes = {practice.code for practice in self.missing}
        return tuple(
            element
            for element in self.questionnaire.elements
            for asked in [self.questionnaire.of(element)]
            if sum(p.code in codes for p in asked) > MOST_MISSING * len(asked)
        )


def profile(answers: Answers, questionnaire: Questionnaire) -> Profile:
    """Return the profile of all answers together; each respondent counts alike.

    An element's level is the mean of its practices, a practice's the mean of those who answered
    it; what nobody answered is left out and named.
    """
    marks = answers.matrix(questionnaire)
    means = _mean(marks, axis=0)
    codes = questionnaire.practices
    missing = tuple(p for p, mean in zip(codes, means, strict=True) if np.isnan(mean))
    elements = tuple(_element(answers, questionnaire, marks, e) for e in questionnaire.elements)
    points = float(np.nansum(means)) * len(codes) / max(1, len(codes) - len(missing))
    score = 50 * float(np.nanmean([each.level for each in elements]))
    return Profile(
        questionnaire,
        answers,
        elements,
        means,
        points,
        score,
        missing,
        {each.name: len(codes) - len(each.marks) for each in answers.respondents},
        _contradictions(answers, questionnaire),
        _disputed(marks, codes),
    )


def _element(
    answers: Answers, questionnaire: Questionnaire, marks: np.ndarray, element: str
) -> ElementProfile:
    def level(rows: np.ndarray, practices: tuple[Practice, ...]) -> float:
        chosen = rows[:, questionnaire.index(practices)]
        return float(_mean(_mean(chosen, axis=0)[None, :], axis=1)[0])

    asked = questionnaire.of(element)
    own = _mean(marks[:, questionnaire.index(asked)], axis=1)
    given = own[~np.isnan(own)]
    levels = np.array([each.level for each in answers.respondents])
    by_level = {name: level(marks[levels == name], asked) for name in answers.levels if name}
    return ElementProfile(
        element,
        questionnaire.titles[element],
        level(marks, asked),
        float(given.std(ddof=1)) if given.size > 1 else None,
        {part: level(marks, found) for part, found in questionnaire.parts(element).items()},
        by_level,
    )


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean of what is there, NaN where nothing is."""
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    found: np.ndarray = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return found


def _contradictions(answers: Answers, questionnaire: Questionnaire) -> tuple[str, ...]:
    return tuple(
        f"{each.name} answers {pair.full} with full and {pair.none} with none, but {pair.because}."
        for each in answers.respondents
        for pair in questionnaire.contradictions
        if each.marks.get(pair.full) == 1.0 and each.marks.get(pair.none) == 0.0
    )


def _disputed(
    marks: np.ndarray, practices: tuple[Practice, ...]
) -> tuple[tuple[Practice, float, float], ...]:
    """Return practices that some answer with none and some with full, with both shares."""
    found = []
    for place, practice in enumerate(practices):
        given = marks[:, place][~np.isnan(marks[:, place])]
        if given.size < 2:
            continue
        none, full = float((given == 0).mean()), float((given == 1).mean())
        if min(none, full) > 0:
            found.append((practice, none, full))
    found.sort(key=lambda each: -min(each[1], each[2]))
    return tuple(found[:8])

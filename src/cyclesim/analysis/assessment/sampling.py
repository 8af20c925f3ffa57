"""Where the parts of each element may truly stand, given what was answered.

Small samples look less even than the organisation is: with three answers each, parts that are
alike differ by chance. An element's parts are therefore drawn from a normal hierarchical model
with its variances estimated from the answers (Efron and Morris 1975, JASA 70: empirical Bayes).
"""

from __future__ import annotations

import numpy as np

from cyclesim.analysis.assessment.answers import Answers
from cyclesim.analysis.assessment.questionnaire import Practice, Questionnaire

LEAST_VARIANCE = 0.01
"""Answers of one person to a few questions agree by chance; none is surer than this."""


def drawn_parts(
    answers: Answers, questionnaire: Questionnaire, draws: int, generator: np.random.Generator
) -> np.ndarray:
    """Return the level of each part in each draw, (draw, part), within 0 to 1.

    A practice that nobody answered is none, half or full with equal chance.
    """
    marks = answers.matrix(questionnaire)
    blocks = [
        _element(questionnaire, marks, questionnaire.parts(element), draws, generator)
        for element in questionnaire.elements
    ]
    found: np.ndarray = np.clip(np.concatenate(blocks, axis=1), 0.0, 1.0)
    return found


def _element(
    questionnaire: Questionnaire,
    marks: np.ndarray,
    parts: dict[str, tuple[Practice, ...]],
    draws: int,
    generator: np.random.Generator,
) -> np.ndarray:
    columns = [marks[:, questionnaire.index(practices)] for practices in parts.values()]
    given = [column[~np.isnan(column)] for column in columns]
    deviations = np.concatenate([each - each.mean() for each in given if each.size])
    freedom = max(1, deviations.size - sum(each.size > 0 for each in given))
    pooled = max(LEAST_VARIANCE, float(deviations @ deviations) / freedom)
    noise = pooled + questionnaire.reading_error**2
    answered = [each.size > 0 for each in given]
    means = np.array([each.mean() if each.size else np.nan for each in given])
    variances = np.array([noise / max(1, each.size) for each in given])
    size = np.array([column.shape[1] for column in columns])
    level = float(np.average(means[answered], weights=size[answered]))
    spread = float(np.mean((means[answered] - level) ** 2)) if sum(answered) > 1 else 0.0
    between = max(0.0, spread - float(variances[answered].mean()))
    weights = between / (between + variances)
    centre = level + np.where(answered, weights * (np.nan_to_num(means) - level), 0.0)
    own = np.sqrt(np.where(answered, weights * variances, between))
    common = np.sqrt(noise / sum(each.size for each in given))
    found: np.ndarray = (
        centre
        + own * generator.standard_normal((draws, len(columns)))
        + common * generator.standard_normal((draws, 1))
    )
    for place, column in enumerate(columns):
        unanswered = int(np.isnan(column).all(axis=0).sum())
        if unanswered:
            drawn = generator.choice([0.0, 0.5, 1.0], size=(draws, unanswered)).sum(axis=1)
            known = size[place] - unanswered
            found[:, place] = (known * found[:, place] + drawn) / size[place]
    return found

"""What a study found: each output in each scenario, and the scenarios, the strongest first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.behavior import Behaviour, Shape, output_behaviour, sentence, shown
from cyclesim.analysis.shapes import UNMOVED_SHARE
from cyclesim.analysis.words import alike, as_told, many, number, pair, places, with_unit
from cyclesim.report.figures import letter
from cyclesim.scenario.parts import Direction, Output, Scenario, StudyRun

SAME = UNMOVED_SHARE
"""Two ends nearer than this share of the larger are called the same."""


@dataclass(frozen=True)
class Finding:
    """What one output did in one scenario; `versus` is its end less the baseline's.

    `span` is the range of the output over all scenarios.
    """

    output: Output
    behaviour: Behaviour
    words: str
    versus: float
    span: float

    @property
    def same(self) -> bool:
        """Return whether the end is the baseline's."""
        end = self.behaviour.end
        return not math.isfinite(end) or alike(end, end - self.versus, self.span, SAME)

    @property
    def better(self) -> bool | None:
        """Return whether the end is better than the baseline's, None where neither."""
        if self.same or self.output.good is Direction.NEITHER:
            return None
        return (self.versus > 0) == (self.output.good is Direction.UP)


@dataclass(frozen=True)
class Answer:
    """What became of one scenario: its most important output first, then the others."""

    place: int
    scenario: Scenario
    findings: tuple[Finding, ...]
    main: Finding

    @property
    def letter(self) -> str:
        """Return the letter that names the scenario in charts and tables."""
        return letter(self.place)

    @property
    def strength(self) -> float:
        """Return how far the most important output went, in its own unit."""
        change = abs(self.main.behaviour.change)
        return change if math.isfinite(change) else -1.0

    @property
    def tag(self) -> str:
        """Return what became of the most important output in two or three words."""
        found = self.main.behaviour
        if found.better is not None:
            return "gets better" if found.better else "gets worse"
        if found.shape is Shape.UNMOVED:
            return "stays as it is"
        if self.main.output.good is Direction.NEITHER:
            return "moves"
        return "moves, and ends as it began"

    @property
    def others(self) -> str:
        """Return the other outputs in a sentence or two, grouped by what became of them."""
        better: list[str] = []
        worse: list[str] = []
        moved: list[str] = []
        little: list[str] = []
        for finding in self.findings:
            if finding is self.main:
                continue
            found = finding.behaviour
            if found.better is not None:
                (better if found.better else worse).append(_briefly(finding))
            elif abs(found.change) > UNMOVED_SHARE * found.size:
                moved.append(_briefly(finding))
            else:
                little.append(finding.output.title)
        up = self.main.behaviour.better
        groups = (
            ("Also better" if up is True else "Better", better),
            ("Also worse" if up is False else "Worse", worse),
            ("Moved, neither good nor bad", moved),
            ("Little or no change at the end", little),
        )
        ordered = (groups[1], groups[0], *groups[2:]) if up is False else groups
        return " ".join(f"{head}: {', '.join(texts)}." for head, texts in ordered if texts)


def _briefly(finding: Finding) -> str:
    found = shown(finding.behaviour, finding.span)
    start, end = pair(found.start, found.end)
    return f"{finding.output.title} ({start} to {with_unit(end, finding.output.variable.units)})"


def answers(run: StudyRun) -> tuple[Answer, ...]:
    """Return an answer for each scenario, in the study's order."""
    outputs = run.study.outputs
    baseline = run.study.scenarios[0]
    spans = [_span(run, output) for output in outputs]
    found = []
    for place, scenario in enumerate(run.study.scenarios):
        findings = tuple(
            _finding(run, output, scenario, baseline, span)
            for output, span in zip(outputs, spans, strict=True)
        )
        directed = (f for f in findings if f.output.good is not Direction.NEITHER)
        main = next(directed, findings[0])
        found.append(Answer(place, scenario, findings, main))
    return tuple(found)


def _span(run: StudyRun, output: Output) -> float:
    """Return the range of an output over all scenarios."""
    values = np.concatenate([results[output.variable.name] for results in run.results.values()])
    values = values[np.isfinite(values)]
    return float(np.ptp(values)) if values.size else 0.0


def _finding(
    run: StudyRun, output: Output, scenario: Scenario, baseline: Scenario, span: float
) -> Finding:
    results, base = run.results[scenario.name], run.results[baseline.name]
    words = sentence(output, results, base, baseline.title, span=span)
    name = output.variable.name
    versus = float(results[name][-1] - base[name][-1])
    return Finding(output, output_behaviour(output, results), words, versus, span)


def strongest_first(found: Sequence[Answer]) -> tuple[Answer, ...]:
    """Return the answers by how far their most important output went."""
    return tuple(sorted(found, key=lambda answer: -answer.strength))


def in_one_sentence(found: Sequence[Answer]) -> str:
    """Return in how many scenarios the most important output rises and falls, and the ends."""
    if not found or len(found) == 1:
        return ""
    output = found[0].main.output
    better = [answer for answer in found if answer.main.behaviour.better is True]
    worse = [answer for answer in found if answer.main.behaviour.better is False]
    if output.good is Direction.NEITHER or not better + worse:
        return ""
    gets, ends = ("get", "They end") if many(output.title) else ("gets", "It ends")
    counts = [
        f"{word} in {len(group)}" for word, group in (("better", better), ("worse", worse)) if group
    ]
    counts[0] += f" of {len(found)} scenarios"
    best, worst = _best_and_worst(found, output.good)
    ends_at = [as_told(each.main.behaviour.end, each.main.span) for each in (best, worst)]
    decimals = places(*ends_at)
    at_best, at_worst = (with_unit(number(end, decimals), output.variable.units) for end in ends_at)
    return (
        f"{output.title} {gets} {' and '.join(counts)}. "
        f"{ends} best in '{best.scenario.title}', at {at_best}, "
        f"and worst in '{worst.scenario.title}', at {at_worst}."
    )


def _best_and_worst(found: Sequence[Answer], good: Direction) -> tuple[Answer, Answer]:
    whole = [a for a in found if math.isfinite(a.main.behaviour.end)] or list(found)
    ordered = sorted(whole, key=lambda answer: answer.main.behaviour.end)
    if good is Direction.DOWN:
        ordered.reverse()
    return ordered[-1], ordered[0]

"""Runs of studies put together by hand, for what is made of them."""

from __future__ import annotations

from dataclasses import replace

from cyclesim.compiler import CompiledModel, Step
from cyclesim.errors import Location
from cyclesim.integrate.trajectory import RunStatus, Status
from cyclesim.names import canonical
from cyclesim.scenario.parts import (
    Change,
    Direction,
    Event,
    Expectation,
    Output,
    Predicate,
    Reference,
    Scenario,
    Study,
    StudyRun,
    Verdict,
)
from cyclesim.simulation import simulate
from tests.models_in_text import aux, flow, model, stock

HOSTILE = (
    "<script>alert(1)</script>",
    "\"quoted' & <b>bold</b>",
    "שירות \u202eevil\u202c",
    "two\nlines</script><img src=x onerror=alert(2)>",
    "%{y} {{ 7 * 7 }} ${7*7}",
)
"""Texts that a page must show as they are."""


def team(quality: str = "Service quality") -> CompiledModel:
    """Return a small organisation whose quality follows its training."""
    return model(
        stock(quality, "Quality_at_start", "Learning", "Forgetting",
              "<units>dmnl</units><doc>How good it is.</doc>"),
        flow("Learning", "Training_share / Time_to_learn", "<units>1/week</units>"),
        flow("Forgetting", f'"{_quoted(quality)}" / Time_to_forget', "<units>1/week</units>"),
        aux("Cost", "100 + 500 * Training_share", "<units>pound/week</units>"),
        aux("Quality at start", 1.0,
            "<units>dmnl</units><doc>Where it begins. Definition: the scale.</doc>"),
        aux("Training share", 0.4, "<units>dmnl</units>"
            "<doc>Time for training. Assumption: plausible from 0.2 to 0.6.</doc>"),
        aux("Time to learn", 10, "<units>week</units>"
            "<doc>How long learning takes. Source: Smith 1999, table 2.</doc>"),
        aux("Time to forget", 25, "<units>week</units><doc>How long it lasts.</doc>"),
        stop=100, dt="0.25", save=1, time_units="week",
    )  # fmt: skip


def _quoted(name: str) -> str:
    return name.replace('"', '\\"').replace("\n", "\\n")


def study_run(
    quality: str = "Service quality",
    titles: tuple[str, str, str] = ("As it is", "Training cut", "More training"),
    text: str = "What if we train less?",
) -> StudyRun:
    """Return a study of three scenarios: as it is, with less and with more training."""
    whole = team(quality)
    outputs = (
        Output(whole.flat.by_ident[canonical(quality)], Direction.UP, quality),
        Output(whole.flat.by_ident[canonical("Cost")], Direction.DOWN, "Cost"),
    )
    scenarios = (
        Scenario("baseline", titles[0], text, {}, (), ()),
        _training(whole, "cut", titles[1], 0.2, (Event(10.0, text), Event(12.0, "It shows"))),
        _training(whole, "more", titles[2], 0.7, ()),
    )
    results = {
        scenario.name: simulate(whole.changed(*(change.override for change in scenario.changes)))
        for scenario in scenarios
    }
    verdicts = (_verdict(outputs[0], True, text), _verdict(outputs[1], False, "Cost is 200."))
    study = Study(
        "studies/training.yaml", titles[0], text, whole, whole.flat.sim_specs, 0, outputs,
        scenarios, tuple(verdict.expectation for verdict in verdicts), "d" * 64,
    )  # fmt: skip
    return StudyRun(study, results, verdicts, (text,))


def _training(
    whole: CompiledModel, name: str, title: str, share: float, events: tuple[Event, ...]
) -> Scenario:
    ident = canonical("Training share")
    change = Change(
        whole.flat.by_ident[ident], Step(ident, 10.0, to=share), 10.0, f"0.4 -> {share}"
    )
    return Scenario(name, title, "", {}, (change,), events)


def _verdict(output: Output, held: bool, words: str) -> Verdict:
    expectation = Expectation(
        "cut", output.variable, None, Predicate.BELOW, (Reference(1.0),), 0.0, "of the cut",
        Location("studies/training.yaml", 3, 1),
    )  # fmt: skip
    return Verdict(expectation, held, words)


def broken_off(run: StudyRun, name: str, rows: int) -> StudyRun:
    """Return the run with one scenario that diverged after some saved times."""
    results = run.results[name]
    values = results.trajectory.values.copy()
    values[:, rows:] = float("nan")
    status = RunStatus(Status.DIVERGED, float(rows), "a stock became infinite at week 30")
    trajectory = replace(results.trajectory, values=values, status=(status,))
    broken = replace(results, trajectory=trajectory, error=None)
    return replace(run, results={**run.results, name: broken})

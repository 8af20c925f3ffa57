"""The loops that a README names are loops of its model, with the signs that their marks say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from library_runs import MODELS, model, study

from cyclesim import library
from cyclesim.analysis.loops import loops, names_beside
from cyclesim.diagram.loops import core_of_named, named_loops
from cyclesim.diagram.structure import structure_of
from cyclesim.ensemble import run_scenario

OTHERWISE = {
    "interruptions": ("The links of R1 as drawn make it balancing.",),
}
"""What is said of loops whose sign changes along a run, where the README says why."""


def readme(name: str) -> str:
    return Path(library.model_path(name)).with_name("README.md").read_text(encoding="utf-8")


WITH_LOOPS = [name for name in MODELS if re.search(r"^\| [RB]\d+ ", readme(name), re.MULTILINE)]


@pytest.mark.parametrize("name", WITH_LOOPS)
def test_every_loop_named_closes_with_the_sign_of_its_mark(name: str) -> None:
    structure = structure_of(model(name))
    named = named_loops(readme(name), structure)
    marks = [mark for mark, _, _ in named]
    assert marks == re.findall(r"^\| ([RB]\d+) ", readme(name), re.MULTILINE)
    core = core_of_named(named, structure, marks)
    assert core.notes == OTHERWISE.get(name, ())
    assert [loop.mark for loop in core.loops] == marks


@pytest.mark.parametrize("name", WITH_LOOPS)
def test_the_analysis_of_loops_knows_every_loop_by_its_name(name: str) -> None:
    listed = re.findall(r"^\| [RB]\d+ ([^|]+?) \|", readme(name), re.MULTILINE)
    known = names_beside(library.model_path(name), model(name).flat)
    assert [loop.name for loop in known] == listed


IDLE = {
    ("airline_turnaround", "programme"): {"Resistance"},
    ("crowded_park", "live"): {
        "Yesterday's steering (off by default)", "Moving staff (off by default)",
        "Crowding out", "Partners",
    },
    ("faster_pull", "redesign"): {"Shrinking budget", "Giving up"},
    ("promise_ahead_of_delivery", "promise more"): set(),
    ("scanning_too_slowly", "looking away"): {
        "Threat makes rigid (off by default)", "Stale insights", "Integration saturates",
        "Trust saturates", "Capability saturates",
    },
    ("virtuous_or_vicious", "surge"): set(),
    ("virtuous_or_vicious", "training cut"): set(),
}  # fmt: skip
"""Named loops that a scenario leaves idle: their switch is off, or what they move is not used."""


@pytest.mark.parametrize(("name", "scenario"), IDLE)
def test_every_loop_named_is_scored_or_said_to_be_idle(name: str, scenario: str) -> None:
    whole = study(name)
    chosen = next(each for each in whole.scenarios if each.name == scenario)
    results = run_scenario(whole, chosen, estimate_error=False)
    names = names_beside(results.flat.path, results.flat)
    found = loops(results, names)
    folded = {p.number for p in found.partitions for again in found.by_name
              if p.stocks == again.stocks}  # fmt: skip
    given = [loop for loop in found.loops if loop.given and loop.partition not in folded]
    assert sorted(loop.name for loop in given) == sorted(named.name for named in names)
    assert {loop.name for loop in given if not loop.members} == IDLE[name, scenario]
    text = Path(results.flat.path).with_name("README.md").read_text(encoding="utf-8")
    marks = {name: mark for mark, name in re.findall(r"^\| ([RB])\d+ ([^|]+?) \|", text, re.M)}
    # A norm that slides and is held turns the sign of loops through it; most of it counts.
    for loop in given:
        assert not loop.members or (loop.relative.sum() > 0) == (marks[loop.name] == "R")

"""The loops that a README names are loops of its model, with the signs that their marks say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from library_runs import MODELS, model

from cyclesim import library
from cyclesim.analysis.loops import names_beside
from cyclesim.diagram.loops import core_of_named, named_loops
from cyclesim.diagram.structure import structure_of

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

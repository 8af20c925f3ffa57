"""The stretches of a run, each led by loops of one sign."""

from __future__ import annotations

from dataclasses import replace

from cyclesim.analysis.explanation import explain_study
from cyclesim.study import read_study, run_study


def test_loops_of_the_sign_that_is_told_describe_half_of_the_change_in_each_stretch():
    """For the first year balancing loops take turns, none of them for long."""
    whole = read_study("virtuous_or_vicious")
    chosen = tuple(each for each in whole.scenarios if each.name == "surge with recognition")
    run = run_study(replace(whole, scenarios=chosen, expectations=(), tipping=None))
    found = explain_study(run).by_scenario["surge with recognition"]
    assert len(found.phases) > 2
    for phase in found.phases:
        assert phase.leading is None or phase.ruling >= 0.5, phase
        between = (found.time >= phase.start) & (found.time < phase.end)
        mean = found.reinforcing[between].mean()
        assert phase.leading is None or phase.leading.loop.reinforcing == (mean >= 0.5), phase

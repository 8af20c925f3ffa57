"""What a batch is said to take, against what it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cyclesim.ensemble.batch import forecast, local, plan_of, run_batch, running
from cyclesim.ensemble.batch.forecast import most_bytes
from cyclesim.ensemble.designs import design_named, scenarios_named, with_runs
from cyclesim.study import labels
from tests.ensemble.commands import DESIGN, cyclesim
from tests.ensemble.small import study_file, study_with

QUIET = DESIGN.replace("Noise: {from: 0, to: 0.5}", "Noise: {values: [0]}")


@pytest.mark.parametrize(
    ("design", "runs", "asked"),
    [
        (DESIGN, 300, {}),
        (DESIGN, 60, {"chunk": 7, "labelled": False}),
        (DESIGN, 3000, {"labelled": False, "target": "numpy"}),
        (QUIET, 3000, {"labelled": False}),  # other scenarios compress otherwise than the first
        (DESIGN, 5000, {"labelled": False, "summary_only": True}),
    ],
)
def test_the_disk_is_what_was_said(
    tmp_path: Path, design: str, runs: int, asked: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    study = study_with(tmp_path, design)
    chosen = with_runs(design_named(study), runs)
    plan = plan_of(study, chosen, scenarios_named(study, chosen), **asked)
    labeller = labels if plan.labelled else None
    said = forecast(plan, labeller)
    out, most = tmp_path / "runs", []
    clear = running.Store.clear

    def cleared(self: running.Store) -> None:
        most.append(running._size(out))
        clear(self)

    monkeypatch.setattr(running.Store, "clear", cleared)
    with local() as each:
        run_batch(plan, out, each, labeller=labeller)
    assert said.scenarios == 3
    assert said.disk == pytest.approx(running._size(out), rel=0.15)
    assert said.peak == pytest.approx(most[0], rel=0.15)
    assert most[0] <= most_bytes(plan)


def test_a_disk_on_which_it_might_not_fit_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_file(tmp_path, DESIGN)
    asked = ("batch", study, "--out", tmp_path / "runs", "--dry-run", "--no-labels")
    assert cyclesim(*asked) == 0
    told = capsys.readouterr()
    assert "refused" not in told.err
    assert "of 3 of 3 scenarios, compressed as the batch would be" in told.out
    monkeypatch.setattr(running, "free_bytes", lambda folder: 100_000)
    assert cyclesim(*asked) == 0
    assert "this would be refused: the batch may take" in capsys.readouterr().err

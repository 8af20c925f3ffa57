"""Every library model keeps what it claims, and its README's tables fit it."""

from __future__ import annotations

import pytest
from library_runs import MODELS

from cyclesim import library
from cyclesim.checks import Checks, read_checks
from cyclesim.cli import main

FEWEST_CLAIMS = {
    "service_cycle": 10,
    "pull_value": 9,
    "moments_of_truth": 7,
    "service_delivery_system": 6,
    "open_system": 8,
    "park": 4,
}
"""As many as the texts behind the models make, at least."""


def checks_of(name: str) -> Checks:
    return read_checks(library.model_path(name).with_name("checks.yaml"))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_keeps_its_claims_and_its_tables_fit(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["check", name, "--no-draws"])
    assert left.value.code == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", FEWEST_CLAIMS)
def test_each_claim_has_a_control(name: str) -> None:
    claims = [claim for claim in checks_of(name).claims if not claim.published]
    assert len(claims) >= FEWEST_CLAIMS[name]
    without = [claim.ident for claim in claims if claim.control is None and not claim.because]
    assert without == []

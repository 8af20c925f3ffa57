"""The waiting model, its figures, its fit and what its predictions are worth."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
from library_runs import model

from cyclesim import library
from cyclesim.compiler import Ramp, Step
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.simulation import simulate

FOLDER = library.model_path("waiting").parent


@pytest.fixture(scope="module")
def fit() -> ModuleType:
    # Not imported, so that no compiled copy is left in the library's folder.
    path = FOLDER / "fit.py"
    module = ModuleType("fit_of_waiting")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), module.__dict__)
    return module


def run(*changes: Step | Ramp, stop: float = 240, **parameters: float) -> Results:
    """Return a run of the model with changes."""
    return simulate(
        model("waiting").changed(*changes),
        parameters,
        method="rk4",
        stop=stop,
        estimate_error=False,
    )


def test_the_figures_are_englands(fit: ModuleType) -> None:
    share = fit.figures().share
    assert len(share) == 36
    assert (fit.figures().periods[0], fit.figures().periods[-1]) == ("2016-04", "2019-03")
    assert share[[0, 34, 35]] == pytest.approx([0.9004, 0.8423, 0.8660], abs=5e-5)
    assert share.min() == share[34]
    raw = np.genfromtxt(FOLDER / "nhs_england_emergency.csv", delimiter=",", skip_header=1)
    attendances, admissions = raw[:, 1], raw[:, 3]
    # Volume alone does not explain it.
    assert np.corrcoef(attendances, share)[0, 1] == pytest.approx(0.11, abs=0.005)
    assert np.corrcoef(admissions, share)[0, 1] == pytest.approx(-0.39, abs=0.005)
    assert fit.figures().admissions[:12].mean() == pytest.approx(1)
    normal = model("waiting").flat.by_ident[canonical("Normal emergency admissions")]
    lengths = np.array([30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28, 31])
    monthly = (admissions[:12] / lengths).mean() * 365.25 / 12
    assert normal.values[0] == pytest.approx(monthly, rel=5e-4)


def test_at_rest_little_and_the_exponential_give_the_waits() -> None:
    rest = run(stop=12)
    hours = 1.72
    assert rest["Four hour share"][-1] == pytest.approx(1 - np.exp(-4 / hours), rel=1e-9)
    assert rest["Waiting in the department"][-1] == pytest.approx(1947700 * hours / 730.5, rel=1e-9)
    assert rest["Patients in beds"][-1] == pytest.approx(355500 * 0.18 + 100000 * 0.13, rel=1e-9)


def test_beds_follow_admissions_and_occupancy_comes_back() -> None:
    after = run(Step(canonical("Admission index"), 12.0, to=1.1))
    assert after["Occupancy"][18] > 0.92
    assert after["Occupancy"][-1] == pytest.approx(0.9, rel=1e-6)
    beds = (1.1 * 355500 * 0.18 + 100000 * 0.13) / 0.9
    assert after["Staffed beds"][-1] == pytest.approx(beds, rel=1e-6)
    assert after["Waiting for an operation"][-1] == pytest.approx(300000, rel=1e-4)


def test_under_steady_growth_beds_lag_by_the_planning_delay() -> None:
    # Without planned patients the lag is exact: growth times the planning delay.
    growth = Ramp(canonical("Admission index"), 0.0, 240.0, by=2.4)
    after = run(growth, **{"Normal planned admissions": 0.0})
    behind = after["Wanted beds"][-1] - after["Staffed beds"][-1]
    assert behind == pytest.approx(0.01 * 355500 * 0.18 / 0.9 * 8.3, rel=1e-6)


def test_winters_repeat_and_more_people_at_the_door_fill_no_beds() -> None:
    winters = run(**{"Winter at work": 1.0})
    share = winters["Four hour share"]
    np.testing.assert_allclose(share[216:228], share[228:240], rtol=1e-6)
    assert np.ptp(share[228:]) > 0.03
    busier = run(**{"Winter at work": 1.0, "Attendance index": 1.2})
    np.testing.assert_array_equal(busier["Four hour share"], share)


def test_expected_demand_is_a_year_ago_with_last_years_growth(fit: ModuleType) -> None:
    months = np.arange(36)
    season = 1 + 0.1 * np.cos(2 * np.pi * months / 12)
    growing = season * 1.05 ** (months // 12)
    np.testing.assert_allclose(fit.expected(growing, 24, 36), growing, rtol=1e-12)


def test_the_errors_are_what_they_are_called(fit: ModuleType) -> None:
    share = fit.figures().share
    found = fit.last_year(fit.seasonal_naive)
    off = share[12:24] - share[24:]
    assert found.mean_absolute == pytest.approx(100 * np.abs(off).mean())
    assert found.root_mean_square == pytest.approx(100 * np.sqrt((off**2).mean()))
    scale = np.abs(share[12:24] - share[:12]).mean()
    assert found.scaled == pytest.approx(np.abs(off).mean() / scale)
    perfect = fit.rolling(lambda known, until: share[known:until])
    assert (perfect.mean_absolute, perfect.root_mean_square, perfect.scaled) == (0, 0, 0)


def test_the_fit_finds_parameters_that_made_the_figures(
    fit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = fit.figures()
    made = {
        "Normal time in department": 1.6,
        "Sensitivity to crowding": 3.5,
        "Planning delay": 15.0,
    }
    model_ = fit.driven(seen.attendances, seen.admissions)
    share = fit.shares(model_, {"Winter at work": 1.0, **made}, 36)
    known = fit.Figures(seen.periods, seen.attendances, seen.admissions, share)
    monkeypatch.setattr(fit, "figures", lambda: known)
    found = fit.fit(fit.BEDS, 36)
    assert {name: found[name] for name in made} == pytest.approx(made, rel=1e-3)


def test_the_default_parameters_are_those_fitted(fit: ModuleType) -> None:
    found = fit.fit(fit.BEDS, 36)
    for name in fit.BEDS.fitted:
        default = model("waiting").flat.by_ident[canonical(name)].values[0]
        assert default == pytest.approx(found[name], rel=0.02), name


def test_the_fit_sees_no_month_that_it_predicts(
    fit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fit.predict(fit.BEDS, 24, 27, told_demand=False)
    seen = fit.figures()
    later = [np.where(np.arange(36) < 24, series, 2 * series)
             for series in (seen.attendances, seen.admissions, seen.share)]  # fmt: skip
    monkeypatch.setattr(fit, "figures", lambda: fit.Figures(seen.periods, *later))
    np.testing.assert_array_equal(fit.predict(fit.BEDS, 24, 27, told_demand=False), before)


PREDICTED = (
    "the model, told the demand that came",
    "the model, which expects demand",
    "attendances alone, told",
    "seasonal naive",
)


def test_the_readme_tells_the_errors_that_are_measured(fit: ModuleType) -> None:
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    found = {}
    for name in PREDICTED:
        found[name] = fit.last_year(fit.PREDICTIONS[name])
        assert fit.row(name, found[name]) in told
    for name in ("the model, which expects demand", "seasonal naive"):
        assert fit.row(name, fit.rolling(fit.PREDICTIONS[name])) in told
    naive = found["seasonal naive"].mean_absolute
    assert found["the model, which expects demand"].mean_absolute < naive
    assert found["attendances alone, told"].mean_absolute > naive

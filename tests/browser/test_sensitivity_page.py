"""The page of an analysis of sensitivity in Chromium: silent, and its map shows what is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cyclesim.analysis.sensitivity import Wishes, sensitivity
from cyclesim.report.sensitivity import sensitivity_html
from cyclesim.scenario import read_study
from tests.browser.test_report import browser, chromium, open_report
from tests.models_in_text import aux, flow, stock, xmile

__all__ = ["browser", "open_report"]  # fixtures

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium")

POINTS = "document.getElementById('map').data.map(d => [d.name, d.x.length, d.x[0], d.y[0]])"
TITLES = "(a => [a.xaxis, a.yaxis].map(b => b.title.text))(document.getElementById('map').layout)"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page on a level that grows where Rate is above 0, in three of four runs."""
    folder = tmp_path_factory.mktemp("sensitivity")
    text = xmile(
        stock("Level", "10", inflows="Growth"),
        flow("Growth", "Level * Rate + 0 * Idle"),
        *(aux(name, "0.1") for name in ("Rate", "Idle")),
        stop=20,
        dt="1/4",
    )
    (folder / "model.xmile").write_text(text, encoding="utf-8")
    (folder / "study.yaml").write_text(
        "model: model.xmile\ntitle: Growth\n"
        "outputs: {Level: {good: up, title: 'Level <i>&lt;'}, Growth: down}\n"
        "scenarios: {plain: {}}\ndesign: {runs: 200, vary: {Rate: {from: -0.1, to: 0.3}, "
        "Idle: {from: 1, to: 2}}, initial: {Level: {from: 5, to: 9}}}\n",
        encoding="utf-8",
    )
    found = sensitivity(read_study(folder / "study.yaml"), Wishes(paths=4, points=16))
    file = folder / "page.html"
    file.write_text(sensitivity_html(found), encoding="utf-8")
    return file


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_is_drawn_in_silence(
    open_report: Any, page_file: Path, width: int, scheme: str
) -> None:
    found = open_report(page_file, width, scheme)
    assert found.complaints == []
    assert found.requests == [page_file.as_uri()]
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert found.page.locator(".chart .waiting").count() == 0


def test_the_map_shows_the_two_numbers_that_are_chosen(open_report: Any, page_file: Path) -> None:
    found = open_report(page_file)
    page = found.page
    assert page.locator("#map-output").input_value() == "0"
    counts = {name: count for name, count, _, _ in page.evaluate(POINTS)}
    assert sum(counts.values()) == 200
    assert counts["gets better"] == pytest.approx(150, abs=2)
    assert "Rate" in page.evaluate(TITLES)  # what the region is about
    page.locator("#map-x").select_option(label="Idle")
    page.locator("#map-y").select_option(label="Level (initial)")
    assert page.evaluate(TITLES) == ["Idle", "Level (initial)"]
    for _, _, x, y in page.evaluate(POINTS):
        assert 1 <= x <= 2
        assert 5 <= y <= 9
    page.locator("#map-output").select_option(label="Growth")
    turned = {name: count for name, count, _, _ in page.evaluate(POINTS)}
    assert turned == {"gets worse": 200}  # what shrinks shrinks ever more slowly: growth rises
    assert found.complaints == []

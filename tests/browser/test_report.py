"""The report in Chromium with the network off: drawn, silent, and sending nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cyclesim.report import write_report
from tests.study_runs import HOSTILE, study_run

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Return the browser of this machine, the one named in CYCLESIM_CHROMIUM first."""
    named = os.environ.get("CYCLESIM_CHROMIUM")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or ("/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None)


pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium: install one, or name it in CYCLESIM_CHROMIUM"
)


@dataclass
class Opened:
    """A page, all that it asked for and all that it complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(study_run(), tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture
def open_report(browser: Any) -> Iterator[Any]:
    contexts = []

    def opened(path: Path, width: int = 1280, scheme: str = "light") -> Opened:
        context = browser.new_context(
            offline=True, viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("dialog", lambda dialog: found.complaints.append(dialog.message))
        found.page.goto(path.as_uri())
        found.page.wait_for_selector("html[data-ready]", timeout=60_000)
        return found

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_it_is_drawn_in_silence_with_one_request(
    open_report: Any, report: Path, width: int, scheme: str
) -> None:
    found = open_report(report, width, scheme)
    assert found.complaints == []
    assert found.requests == [report.as_uri()]
    page = found.page
    assert page.locator(".chart .scatterlayer .trace").count() == 6
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ink = page.evaluate("getComputedStyle(document.querySelector('.xtick text')).fill")
    assert ink == ("rgb(29, 33, 38)" if scheme == "light" else "rgb(232, 234, 237)")


BUTTONS = "chart => [...chart.querySelectorAll('.modebar-btn')].map(b => b.dataset.title || '')"


def test_nothing_offers_to_send_the_chart(open_report: Any, report: Path) -> None:
    page = open_report(report).page
    for chart in page.locator(".chart").all():
        told = " ".join(chart.evaluate(BUTTONS)).lower()
        assert "download" in told
        assert not [w for w in ("share", "cloud", "edit", "studio", "plotly") if w in told]
        assert chart.locator(".modebar-btn--logo").count() == 0
    # Plotly's own default has the button: a check that could not fail would be worth nothing.
    page.evaluate("""async () => {
      const plain = document.createElement('div');
      plain.id = 'plain';
      document.body.prepend(plain);
      await Plotly.newPlot(plain, [{y: [1, 2]}]);
    }""")
    assert "share" in " ".join(page.locator("#plain").evaluate(BUTTONS)).lower()


def test_no_texts_on_a_chart_overlap(open_report: Any, report: Path) -> None:
    overlaps = """chart => {
      const boxes = [...chart.querySelectorAll('.annotation')].map(a => a.getBoundingClientRect());
      return boxes.some((a, i) => boxes.slice(i + 1).some(b =>
        a.left < b.right - 1 && b.left < a.right - 1 &&
        a.top < b.bottom - 2 && b.top < a.bottom - 2));
    }"""
    for width in (1440, 700, 390):
        page = open_report(report, width).page
        for chart in page.locator(".chart").all():
            assert chart.locator(".annotation").count() == 5
            assert chart.evaluate(overlaps) is False


def test_a_legend_button_hides_a_scenario_in_every_chart(open_report: Any, report: Path) -> None:
    page = open_report(report).page
    button = page.locator("button[data-scenario='1']").first
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.scatterlayer .trace').length === 4")
    assert button.get_attribute("aria-pressed") == "false"
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.scatterlayer .trace').length === 6")


def test_each_chart_says_in_words_what_it_shows(open_report: Any, report: Path) -> None:
    page = open_report(report).page
    told = page.get_by_role("img").first.get_attribute("aria-label")
    assert page.locator(".chart[role=img][aria-label*='rises from 1.00 to 1.73']").count() == 1
    assert told
    page.locator("summary", has_text="Values of this chart").first.click()
    assert page.locator("figure").first.locator("tbody tr").count() <= 13


def test_on_paper_all_is_open_and_the_charts_fit(
    open_report: Any, report: Path, tmp_path: Path
) -> None:
    found = open_report(report, scheme="dark")
    found.page.evaluate(
        """() => addEventListener('beforeprint', () => {
          window.printed = {
            open: document.querySelectorAll('details:not([open])').length,
            width: document.querySelector('.main-svg').getBoundingClientRect().width,
          };
        })"""
    )
    paper = found.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert paper.startswith(b"%PDF")
    printed = found.page.evaluate("window.printed")
    assert printed == {"open": 0, "width": 660}
    found.page.wait_for_function("document.querySelector('.main-svg').clientWidth > 700")
    assert found.page.locator("details[open]").count() == 0
    assert found.complaints == []


def test_a_chart_can_be_saved_as_a_picture_under_the_policy(open_report: Any, report: Path) -> None:
    found = open_report(report)
    with found.page.expect_download(timeout=30_000) as download:
        found.page.locator(".chart").first.hover()
        found.page.locator(".modebar-btn[data-title*='ownload']").first.click()
    assert download.value.suggested_filename.endswith(".png")
    assert found.complaints == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_shown_and_never_run(open_report: Any, tmp_path: Path, text: str) -> None:
    name = " ".join(text.split())
    run = study_run(name, (text, f"{text}2", "Third"), text)
    found = open_report(write_report(run, tmp_path / "report.html"))
    assert found.complaints == []
    assert len(found.requests) == 1
    assert found.page.locator("img, iframe, object").count() == 0
    assert found.page.locator("h1").inner_text() == name
    found.page.locator(".chart").first.hover()
    assert found.complaints == []


def test_without_scripts_the_answer_and_the_values_are_still_there(
    browser: Any, report: Path
) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.get_by_text("Its values are in the table below").first.is_visible()
    assert page.locator(".finding").count() == 3
    context.close()

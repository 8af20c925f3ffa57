"""The page of a study in Chromium, from a file, with the network off: played and taken away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from cyclesim.analysis.words import number, with_unit
from cyclesim.ensemble import run_scenario
from cyclesim.page import write_page
from cyclesim.scenario import read_study
from cyclesim.scenario.page_parts import Story, StoryStep
from cyclesim.study import run_study
from tests.browser.test_report import ARGUMENTS, chromium
from tests.study_runs import HOSTILE, study_run

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium: install one, or name it in CYCLESIM_CHROMIUM"
)

SMALL = "eroding_standard"
FLAGSHIP = "virtuous_or_vicious"
FEW = ("baseline", "recognition", "training cut")


@dataclass
class Opened:
    """A page, what it asked of the network and all that it complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def settled(self) -> None:
        """Wait until words, table and loops have followed the levers."""
        self.page.wait_for_timeout(250)

    def verdict(self) -> str:
        """Return what the page says of the run."""
        self.settled()
        return self.page.locator("#verdict p").inner_text()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(read_study(SMALL), tmp_path_factory.mktemp("page") / "small.html")


@pytest.fixture(scope="module")
def flagship(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = read_study(FLAGSHIP)
    # To score loops takes a second for each scenario; the story goes to others as well.
    told = tuple(step for step in study.story.steps if step.scenario in ("", *FEW))
    few = tuple(scenario for scenario in study.scenarios if scenario.name in FEW)
    few = replace(study, scenarios=few, story=replace(study.story, steps=told))
    return write_page(few, tmp_path_factory.mktemp("page") / "flagship.html")


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    contexts = []

    def open_page(path: Path, width: int = 1280, scheme: str = "light", hash_: str = "") -> Opened:
        context = browser.new_context(
            offline=True, viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        contexts.append(context)
        found = Opened(context.new_page())
        # The worker is made of the page's own text: a blob never leaves the process.
        found.page.on(
            "request",
            lambda asked: asked.url.startswith("blob:") or found.requests.append(asked.url),
        )
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("dialog", lambda dialog: found.complaints.append(dialog.message))
        found.page.goto(path.as_uri() + hash_)
        found.page.wait_for_selector("html[data-ready]", timeout=60_000)
        return found

    yield open_page
    for context in contexts:
        context.close()


def lines(page: Any) -> list[str]:
    """Return the paths of the reader's own run."""
    return [each.get_attribute("d") for each in page.locator(".line.now").all()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_it_opens_in_silence_with_one_request(
    opened: Any, small: Path, width: int, scheme: str
) -> None:
    found = opened(small, width, scheme)
    found.page.locator("#presets label").nth(1).click()
    found.page.wait_for_selector("#tipping[aria-busy=false]")
    assert found.complaints == []
    assert found.requests == [small.as_uri()]
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    ink = found.page.evaluate("getComputedStyle(document.querySelector('.chart text')).fill")
    assert ink == ("rgb(89, 97, 106)" if scheme == "light" else "rgb(166, 173, 181)")


def test_a_file_stays_below_a_megabyte(flagship: Path, small: Path) -> None:
    assert max(path.stat().st_size for path in (flagship, small)) < 1_000_000


def test_presets_end_where_the_study_ends(opened: Any, small: Path) -> None:
    page = opened(small).page
    run = run_study(SMALL)
    first = run.results[run.study.scenarios[0].name]
    for place, scenario in enumerate(run.study.scenarios):
        page.locator("#presets label").nth(place).click()
        page.wait_for_timeout(60)
        results = run.results[scenario.name]
        for tile, output in zip(page.locator(".tile").all(), run.study.outputs, strict=True):
            ends = [float(each[output.variable.name][-1]) for each in (results, first)]
            told = tile.locator("b").inner_text().replace("\u2212", "-")
            shown = len(told.partition(".")[2])
            assert told == number(ends[0], shown)
            # A unit breaks over lines behind its slashes only.
            units = tile.locator("small").inner_html().strip()
            assert units == with_unit("", output.variable.units).strip().replace("/", "/<wbr>")


def test_a_lever_moves_the_run_the_address_and_back(opened: Any, small: Path) -> None:
    found = opened(small)
    page = found.page
    page.locator("#lever-0").focus()
    before = page.locator(".tile").first.inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(80)
    after = page.locator(".tile").first.inner_text()
    assert after != before
    assert page.evaluate("location.hash") == "#Orders=1010"
    address = page.url
    page.locator("#undo").click()
    page.wait_for_timeout(80)
    assert page.evaluate("location.hash") == ""
    assert page.locator(".tile").first.inner_text() == before
    page.keyboard.press("Control+y")
    page.wait_for_timeout(80)
    assert page.locator(".tile").first.inner_text() == after
    page.locator(".lever.moved .reset").click()
    assert page.locator("#lever-0").input_value() == "1000"
    other = opened(small, hash_="#" + address.partition("#")[2])
    assert other.page.locator(".tile").first.inner_text() == after
    assert other.page.locator("#lever-0").input_value() == "1010"


def test_an_address_that_means_nothing_changes_nothing(opened: Any, small: Path) -> None:
    found = opened(small, hash_="#Orders=many")
    page = found.page
    for wrong in ("#%E0%A4%A=1", "#preset=nobody&x", "#Orders=", "#=&=&", "#__proto__=1"):
        page.evaluate("hash => { location.hash = hash; }", wrong)
        page.wait_for_timeout(50)
        assert page.locator("#lever-0").input_value() == "1000"
    page.evaluate("location.hash = '#Orders=1e99'")
    page.wait_for_timeout(50)
    assert page.locator("#lever-0").input_value() == "1200"
    assert found.complaints == []


DRAG = """() => {
  const lever = document.getElementById('lever-0');
  for (const value of [1010, 1030, 1060, 1085]) {
    lever.value = value;
    lever.dispatchEvent(new Event('input', {bubbles: true}));
  }
  lever.dispatchEvent(new Event('change', {bubbles: true}));
}"""


def test_one_drag_is_one_step(opened: Any, small: Path) -> None:
    page = opened(small).page
    page.evaluate(DRAG)
    page.wait_for_timeout(60)
    assert page.evaluate("location.hash") == "#Orders=1085"
    page.locator("#undo").click()
    page.wait_for_timeout(60)
    assert page.evaluate("location.hash") == ""
    assert page.locator("#undo").is_disabled()


def test_two_moves_apart_are_two_steps(opened: Any, small: Path) -> None:
    page = opened(small).page
    for lever, pause in (("#lever-0", 1100), ("#lever-0", 0), ("#lever-1", 0)):
        page.locator(lever).focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60 + pause)
    told = ["#Orders=1010&Service%20capacity=1086", "#Orders=1010", "#Orders=1005", ""]
    for address in told:
        assert page.evaluate("location.hash") == address
        page.keyboard.press("Control+z")
        page.wait_for_timeout(60)


def downloaded(page: Any, button: str) -> Path:
    with page.expect_download(timeout=30_000) as download:
        page.locator(button).click()
    return Path(download.value.path())


def test_numbers_and_pictures_can_be_taken_away(opened: Any, small: Path) -> None:
    found = opened(small)
    page = found.page
    page.locator("#presets label").nth(2).click()
    page.locator("#pin").click()
    page.locator("#presets label").nth(1).click()
    found.settled()
    text = downloaded(page, "#csv").read_text("utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    run = run_study(SMALL)
    scenarios = [run.study.scenarios[place].name for place in (0, 2, 1)]
    wanted = np.array([
        run.results[name][output.variable.name]
        for name in scenarios for output in run.study.outputs
    ])  # fmt: skip
    values = np.array([[float(each) for each in row[1:]] for row in rows[1:]]).T
    assert np.abs(values - wanted).max() <= 1e-9 * np.ptp(wanted)
    assert downloaded(page, "#png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    drawing = ElementTree.fromstring(downloaded(page, "#svg").read_text("utf-8"))
    paths = [each.get("d") for each in drawing.iter("{http://www.w3.org/2000/svg}path")]
    assert set(lines(page)) <= set(paths)
    assert found.complaints == []


def test_a_copy_as_a_study_runs_and_gives_the_same(
    opened: Any, small: Path, tmp_path: Path
) -> None:
    found = opened(small, hash_="#preset=fewer%20staff&Orders=1085")
    page = found.page
    page.locator("#study").click()
    path = tmp_path / "mine.yaml"
    path.write_text(page.locator("#offer-text").input_value(), "utf-8")
    page.keyboard.press("Escape")
    run = run_study(path)
    assert list(run.results) == ["baseline", "fewer staff", "my run"]
    rows = list(csv.reader(io.StringIO(downloaded(page, "#csv").read_text("utf-8"))))
    count = len(run.study.outputs)
    ends = [float(each) for each in rows[-1][1 + count :]]
    own = run.results["my run"]
    assert ends == pytest.approx([own[o.variable.name][-1] for o in run.study.outputs], rel=1e-9)
    assert rows[0][1 + count].startswith("Now: ")


def test_runs_are_pinned_compared_shown_and_removed(opened: Any, small: Path) -> None:
    found = opened(small)
    page = found.page
    for place in (1, 2, 5):
        page.locator("#presets label").nth(place).click()
        page.locator("#pin").click()
    found.settled()
    assert page.locator("#compare thead th").count() == 6
    assert page.locator(".plot").first.locator("path.line").count() == 5
    looks = {each.get_attribute("class") for each in page.locator(".plot path.line").all()}
    assert len(looks) == 5
    page.locator("#compare button", has_text="Show").first.click()
    found.settled()
    assert page.locator("#presets input").nth(1).is_checked()
    page.locator("#compare button", has_text="Remove").first.click()
    found.settled()
    assert page.locator("#compare thead th").count() == 5


def test_every_control_is_reached_and_worked_by_the_keyboard(opened: Any, small: Path) -> None:
    page = opened(small).page
    wanted = page.evaluate("""() => [...document.querySelectorAll(
      'button, input, summary, [tabindex="0"]')].filter(each => !each.disabled
        && each.getClientRects().length && !each.closest('dialog')
        && getComputedStyle(each).visibility === 'visible'
        && !(each.name === 'preset' && !each.checked)).length""")
    seen = set()
    for _ in range(wanted + 3):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(
            "[...document.querySelectorAll('*')].indexOf(document.activeElement)"
        ))  # fmt: skip
    assert len(seen - {-1}) >= wanted
    page.locator("#preset-0").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#preset-1").is_checked()
    page.locator("#time").focus()
    page.keyboard.press("Home")
    assert page.locator("#when").inner_text() == "week 0"
    page.wait_for_timeout(250)
    loop = page.locator("#loops button").first
    loop.focus()
    assert "Here it is balancing" in page.locator("#story").inner_text()
    page.locator("#share").focus()
    page.keyboard.press("Enter")
    assert page.locator("#offer").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#offer").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_fault_of_access_is_found(opened: Any, flagship: Path, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is missing")
    found = opened(flagship, scheme=scheme)
    page = found.page
    page.locator("#presets label").nth(1).click()
    page.locator("#pin").click()
    page.locator("#presets label").nth(2).click()
    page.wait_for_selector("#tipping[aria-busy=false]")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    page.evaluate((resources.files(axe) / "axe.min.js").read_text("utf-8"))
    ask = "axe.run().then(found => found.violations.map(each => [each.id, each.impact]))"
    assert page.evaluate(ask) == []
    page.locator("#tell").click()
    for _ in range(3):
        page.locator("#tale-next").click()
    assert page.evaluate(ask) == []
    page.locator("#guess-run").click()
    assert page.evaluate(ask) == []
    # A check that could not fail would be worth nothing: a control without a name is found.
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert ["label", "critical"] in page.evaluate(ask)


def test_the_margin_is_where_the_outcome_turns(opened: Any, tmp_path: Path) -> None:
    # Quality is drawn to 2.5 times the training share and begins at 1: the outcome turns at 0.4.
    study = study_run().study
    since = tuple(replace(scenario, change_from=10.0) for scenario in study.scenarios)
    found = opened(write_page(replace(study, scenarios=since), tmp_path / "page.html"))
    page = found.page
    page.locator("#presets label").nth(1).click()
    page.locator("#margin", has_text="Training share at 0.2").wait_for()
    told = page.locator("#margin").inner_text()
    assert told.startswith("With Training share at 0.2, Service quality ends worse than it began.")
    turn = float(told.partition("Above ")[2].partition(" ")[0])
    assert turn == pytest.approx(0.4, abs=0.001)  # the rule's thousandth, a twentieth of a step
    assert "ends better than it began" in told
    assert f"the margin is {turn - 0.2:.4f}" in told


def test_a_headline_of_many_takes_its_verb_in_the_plural(opened: Any, tmp_path: Path) -> None:
    study = study_run().study
    title = "Customers kept after a problem"
    named = tuple(replace(output, title=title) for output in study.outputs)
    since = tuple(replace(scenario, change_from=10.0) for scenario in study.scenarios)
    asked = replace(study, outputs=named, scenarios=since)
    found = opened(write_page(asked, tmp_path / "page.html"))
    found.page.locator("#presets label").nth(1).click()
    assert f"{title} fall from 1.00 to" in found.verdict()
    found.page.locator("#margin", has_text="Training share at 0.2").wait_for()
    told = found.page.locator("#margin").inner_text()
    assert f"{title} end worse than they began. Above 0." in told
    assert "they end better than they began" in told


def test_the_organisation_is_tipped_and_explained_within_six_actions(
    opened: Any, flagship: Path
) -> None:
    found = opened(flagship, 1440)
    page = found.page
    assert found.verdict().startswith("A virtuous cycle")
    lever = page.get_by_role("slider", name="Money for training")
    box = lever.bounding_box()
    page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)  # one action
    told = found.verdict()
    assert told.startswith("A vicious cycle")
    assert "The six practices" in told
    page.locator("#loops button").first.click()  # two
    assert "feeds itself" in page.locator("#story").inner_text()
    lit = page.locator("#picture .link.on").count()
    assert lit == 6
    page.wait_for_selector("#tipping[aria-busy=false]")
    assert "the margin is" in page.locator("#margin").inner_text()


def test_loops_with_names_are_drawn_as_bars(opened: Any, flagship: Path) -> None:
    page = opened(flagship, 1440).page
    page.locator("#why details summary").click()
    page.wait_for_selector("#named li")  # drawn with the first run
    bars = page.locator("#named li")
    named = page.evaluate(
        "() => JSON.parse(document.getElementById('data').textContent).loops.strips[0].named"
    )
    assert bars.count() == len(named) > 10
    widths = [bar.bounding_box()["width"] for bar in page.locator("#named .share").all()]
    # The first is the widest, and the others in the ratio of their shares to it.
    for width, (_, share) in list(zip(widths, named, strict=True))[:4]:
        assert width / widths[0] == pytest.approx(abs(share) / abs(named[0][1]), abs=0.02)
    assert "shares are of one another" in page.locator("#named .note").inner_text()


def test_the_picture_follows_the_run(opened: Any, flagship: Path) -> None:
    page = opened(flagship).page
    page.locator("#presets label").nth(2).click()
    page.wait_for_timeout(300)
    link = page.locator("#link--understanding--standards")
    fill = page.locator("#variable--understanding .fill")
    page.locator("#time").fill("20")
    early = link.evaluate("each => getComputedStyle(each.querySelector('path')).strokeWidth")
    high = float(fill.get_attribute("height"))
    page.locator("#time").fill("200")
    late = link.evaluate("each => getComputedStyle(each.querySelector('path')).strokeWidth")
    assert float(late[:-2]) > float(early[:-2]) + 2
    assert float(fill.get_attribute("height")) < 0.7 * high


def test_the_story_unfolds_the_structure(opened: Any, flagship: Path) -> None:
    found = opened(flagship)
    page = found.page
    page.locator("#tell").click()
    assert page.locator("#tale-count").inner_text().endswith("step 1 of 5")
    link = "#link--understanding--standards"
    assert "off" not in page.locator(link).get_attribute("class")
    assert "off" in page.locator("#variable--customers").get_attribute("class")
    assert not page.locator("#levers").is_visible()
    page.keyboard.press("Tab")  # the step's title has the focus; Back is disabled
    page.keyboard.press("Enter")
    assert page.locator("#tale-count").inner_text().endswith("step 2 of 5")
    assert "off" not in page.locator("#variable--customers").get_attribute("class")
    page.locator("#tale-end").click()
    assert page.locator("#picture .off").count() == 0
    assert page.locator("#levers").is_visible()
    assert found.complaints == []


def test_a_guess_comes_before_the_run_and_is_held_against_it(opened: Any, flagship: Path) -> None:
    found = opened(flagship)
    page = found.page
    page.locator("#tell").click()
    for _ in range(3):
        page.locator("#tale-next").click()
    assert page.locator("#tale-title").inner_text() == "A saving"
    # Nothing of the outcome is seen before the guess.
    for hidden in ("#verdict", "#results", "#why", "#ends", "#control", "#debrief"):
        assert not page.locator(hidden).is_visible()
    assert page.locator("#guess-chart .line.now").count() == 0
    slider = page.locator("#guess-sliders input").last
    slider.focus()
    page.keyboard.press("End")
    top = float(slider.input_value())
    box = page.locator("#guess-chart svg").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 120)
    page.mouse.up()
    page.locator("#guess-run").click()
    study = read_study(FLAGSHIP)
    cut = next(scenario for scenario in study.scenarios if scenario.name == "training cut")
    run = run_scenario(study, cut, estimate_error=False)
    told = page.locator("#debrief-guess").inner_text().replace("\u2212", "-")
    assert told.startswith(f"Your guess for Profit ended at {number(top, 0)}; it came to ")
    assert number(float(run["Profit"][-1]), 0) in told
    assert "You expected it to rise; it does fall." in told
    assert page.locator("#guess-chart .line").count() == 3
    assert "The six practices" in page.locator("#debrief-loops").inner_text()
    assert page.locator("#debrief-questions textarea").count() == 3
    page.locator("#debrief-questions textarea").first.fill("In the first half year.")
    page.locator("#tale-next").click()
    page.locator("#tale-back").click()
    kept = page.locator("#debrief-questions textarea").first.input_value()
    assert kept == "In the first half year."
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert found.complaints == []


def test_a_guess_goes_on_from_where_its_own_scenario_starts(opened: Any, tmp_path: Path) -> None:
    study = study_run().study
    headline = study.outputs[0].variable.ident
    first, cut, more = study.scenarios
    lower = replace(cut, start={headline: 0.25}, changes=())
    asked = [StoryStep("It", "?", (), each.name, {}, headline) for each in (lower, first, more)]
    study = replace(study, scenarios=(first, lower, more), story=Story("Three", tuple(asked)))
    page = opened(write_page(study, tmp_path / "page.html")).page
    page.locator("#tell").click()
    # Neither the run of another start nor the answer itself is shown beside the guess.
    risen = float(run_scenario(study, lower, estimate_error=False)[headline][5])
    for grey, begins in ((False, risen), (False, 1.0), (True, 1.0)):
        assert ("grey line" in page.locator("#guess-note").inner_text()) == grey
        assert page.locator("#guess-chart .line.base").count() == grey
        value = page.locator("#guess-sliders input").last.input_value()
        assert float(value) == pytest.approx(begins, abs=0.02)
        page.locator("#guess-run").click()
        assert page.locator("#legend-base").is_visible() == grey
        page.locator("#tale-next").click()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_shown_and_never_run(opened: Any, tmp_path: Path, text: str) -> None:
    name = " ".join(text.split())
    study = study_run(name, (text, f"{text}2", "Third"), text).study
    step = StoryStep(text, text, (), "cut", {}, study.outputs[0].variable.ident, text, (text,))
    study = replace(study, title=name, story=Story(text, (step,)))
    found = opened(write_page(study, tmp_path / "page.html"))
    page = found.page
    page.locator("#presets label").nth(1).click()
    page.locator("#pin").click()
    page.locator("#presets label").nth(2).click()
    page.wait_for_selector("#tipping[aria-busy=false]")
    assert found.complaints == []
    assert len(found.requests) == 1
    assert page.locator("img, iframe, object, body b b").count() == 0
    assert page.locator("h1").inner_text() == name
    assert page.locator(".tile .name").first.inner_text() == name
    ElementTree.fromstring(downloaded(page, "#svg").read_text("utf-8"))
    page.locator("#tell").click()
    page.locator("#guess-run").click()
    assert page.locator("#tale-title").inner_text() == name
    assert page.locator("img, iframe, object").count() == 0
    assert found.complaints == []


def test_without_scripts_it_says_what_is_missing(browser: Any, small: Path) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(small.as_uri())
    assert page.locator("noscript").inner_text().startswith("This page runs the model")
    context.close()

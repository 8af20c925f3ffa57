"""How quick a study's page is: its size, its first paint, and a lever moved until it is painted.

    python benchmarks/page.py [STUDY]

Opens the page in Chromium from a file with the network off and moves its first lever sixty times,
three times over; a time runs from the event to after the frame in which three charts are painted.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from cyclesim.page import write_page
from cyclesim.scenario import read_study

MOVES = """async () => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done();
    channel.port2.postMessage(0);
  }));
  const lever = document.getElementById('lever-0');
  const [low, high] = [Number(lever.min), Number(lever.max)];
  const times = [];
  for (let k = 0; k < 60; k++) {
    await new Promise((done) => setTimeout(done, 40));
    lever.value = low + (high - low) * ((k * 7) % 60) / 60;
    const begun = performance.now();
    lever.dispatchEvent(new Event('input', {bubbles: true}));
    await painted();
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  return [times[30], times[57], times[59], document.querySelectorAll('#charts .plot').length];
}"""
FIRST = "performance.getEntriesByName('first-contentful-paint').map((each) => each.startTime)[0]"


def main(name: str) -> None:
    """Print what was measured of a study's page."""
    browser = os.environ.get("CYCLESIM_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        path = write_page(read_study(name), Path(folder) / "page.html")
        print(f"{name}: {path.stat().st_size / 1000:.0f} kB")
        started = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        context = started.new_context(offline=True, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        print(f"first paint: {page.evaluate(FIRST):.0f} ms")
        for _ in range(3):
            median, late, last, charts = page.evaluate(MOVES)
            print(
                f"lever to paint, {charts} charts: median {median:.1f} ms, "
                f"95th percentile {late:.1f} ms, longest {last:.1f} ms"
            )
        started.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "virtuous_or_vicious")

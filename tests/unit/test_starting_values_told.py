"""A report tells where each value of a start comes from, and only those that count."""

from __future__ import annotations

from pathlib import Path

from cyclesim.names import canonical
from cyclesim.report.html import report_html
from cyclesim.study import run_study
from tests.models_in_text import aux, dimension, dimensions, over, stock, xmile
from tests.tipping_studies import study_of

MODEL = xmile(
    stock("Work", "1", (), (), over("Office")), aux("Price", 1), aux("Pace", 1),
    before_model=dimensions(dimension("Office", "Front Back")), start=0, stop=2, dt=1,
)  # fmt: skip
REST = """\
outputs: {Pace: up}
starting_states: {full: {"Work[Front]": 7, "Work[Back]": 8, Price: 3, Pace: 2}}
scenarios:
  kept: {start: full}
  own: {start: full, initial: {Price: 4}}
  whole: {start: full, initial: {Work: 5}}
"""


def test_values_of_its_own_are_counted_apart_from_those_of_the_state(tmp_path: Path) -> None:
    page = report_html(run_study(study_of(tmp_path, MODEL, REST)))
    heads = [part.split("</summary>")[0] for part in page.split("<summary>Begins ")[1:]]
    state = "from <q><bdi>full</bdi></q>: "
    # A whole array of its own leaves of the state's four values the two that are no array's.
    expected = ["4 values", "3 values and 1 of its own", "2 values and 1 of its own"]
    assert heads == [f"{state}{each}" for each in expected]


def test_an_element_that_the_whole_array_overrules_is_not_listed(tmp_path: Path) -> None:
    study = study_of(tmp_path, MODEL, REST)
    whole = study.scenarios[2]
    assert dict(whole.start) == {canonical("Price"): 3, canonical("Pace"): 2, canonical("Work"): 5}
    results = run_study(study).results["whole"]
    assert results["Work[Front]"][0] == results["Work[Back]"][0] == 5

"""Study files: what they come to mean, and what running them gives."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from cyclesim.compiler import Points, Pulse, Ramp, Replacement, Step
from cyclesim.ensemble import scenario_models
from cyclesim.errors import DiagnosticError, StudyError, UsageError
from cyclesim.names import canonical
from cyclesim.project import Method
from cyclesim.scenario import Study, json_schema, read_study
from cyclesim.scenario.document import parse
from cyclesim.scenario.merging import chains, lineage
from cyclesim.scenario.quantities import NotANumber, as_written, number_of
from cyclesim.scenario.schema import StudyKeys
from cyclesim.study import run_study
from cyclesim.verdicts import value_at

MODEL = Path(__file__).parents[1] / "errors" / "studies" / "team.xmile"
HEAD = "model: team.xmile\ntitle: A test\noutputs: {Service quality: up}\n"

Write = Callable[[str], Path]
Read = Callable[[str], Study]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    shutil.copy(MODEL, tmp_path)

    def written(text: str) -> Path:
        path = tmp_path / "study.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def read(write: Write) -> Read:
    return lambda text: read_study(write(text))


def lean(changes: str, *more: str) -> str:
    lines = ["scenarios:", "  baseline:", "  lean:", f"    changes: {changes}", *more]
    return "\n".join(lines) + "\n"


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6 %", 0.06),
        ("6%", 0.06),
        ("-2.5e1 %", -0.25),
        ("0.1", 0.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("29 %", 0.29),
        ("+4.", 4.0),
    ],
)
def test_number(text: str, value: float) -> None:
    assert number_of(text) == value


@pytest.mark.parametrize(
    "text", ["", "six", ".inf", "nan", "1e999", "1e9999999", "1_000", "0x10", "%"]
)
def test_no_number(text: str) -> None:
    with pytest.raises(NotANumber):
        number_of(text)


@given(st.integers(-10_000, 10_000))
def test_a_percentage_is_the_nearest_double_to_its_hundredth(whole: int) -> None:
    assert number_of(f"{whole} %") == float(Fraction(whole, 100))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_as_itself(value: float) -> None:
    assert number_of(repr(value)) == value


def test_numbers_in_sentences() -> None:
    assert as_written(22000.0) == "22,000"
    assert as_written(0.1 + 0.2) == "0.3"
    assert as_written(1234.5) == "1,234.5"
    assert as_written(-0.27) == "-0.27"


# Text of any kind


def faults(content: bytes) -> list[str]:
    try:
        parse(content, "study.yaml")
    except StudyError as error:
        return [str(found.location) for found in error.diagnostics]
    return []


@given(st.text(alphabet="ab:-{}[]'\"&*!|>%#? \n\t,0<~@`\\\x00\u2028", max_size=40))
def test_no_text_brings_a_traceback(text: str) -> None:
    assert all(place.startswith("study.yaml:") for place in faults(text.encode()))


@given(st.binary(max_size=40))
def test_no_bytes_bring_a_traceback(content: bytes) -> None:
    assert all(place.startswith("study.yaml:") for place in faults(content))


def test_a_large_file_is_refused() -> None:
    with pytest.raises(StudyError, match="larger than a study may be"):
        parse(b"#" * 1_000_001, "study.yaml")


@pytest.mark.parametrize("name", ["no", "2030", "null value", "<step>", "~x"])
def test_a_scenario_may_have_any_name(read: Read, name: str) -> None:
    study = read(f"scenarios:\n  '{name}': {{title: A name}}\n")
    assert [scenario.name for scenario in study.scenarios] == [name]


def test_a_study_may_be_json(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    write("scenarios: {a: }")
    path.write_text(
        '{"model": "team.xmile", "title": "A", "outputs": {"Backlog": "down"},\n'
        ' "scenarios": {"a": {"changes": {"Arrival rate": 90}}}}'
    )
    assert read_study(path).scenarios[0].changes[0].words == "100 -> 90 order/week from week 5"


# The schema


def test_the_json_schema_describes_every_key() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["required"]) == {"model", "title", "outputs", "scenarios"}
    parts = [schema, *schema["$defs"].values()]
    closed = [part for part in parts if part.get("type") == "object"]
    assert closed
    assert all(part["additionalProperties"] is False for part in closed)
    run = schema["$defs"]["RunKeys"]["properties"]
    assert all("description" in key for key in run.values())


def test_methods_are_those_of_the_program() -> None:
    run = json_schema()["$defs"]["RunKeys"]["properties"]["method"]["anyOf"][0]
    assert run["enum"] == [method.value for method in Method]


def test_keys_take_plain_data_too() -> None:
    data = {"model": "m", "title": "t", "outputs": {"A": "up"}, "scenarios": {"a": None}}
    assert TypeAdapter(StudyKeys).validate_python(data).scenarios["a"].changes == {}


# Changes


@pytest.mark.parametrize(
    ("written", "override", "words"),
    [
        ("80", Step("x", 5.0, 80.0), "100 -> 80 order/week from week 5"),
        ("{step: {to: 80, at: 52}}", Step("x", 52.0, 80.0), "100 -> 80 order/week from week 52"),
        ("{step: {by: -20}}", Step("x", 5.0, None, -20.0), "100 -> 80 order/week from week 5"),
        (
            "{pulse: {by: 30, from: 26, for: 13}}",
            Pulse("x", 26.0, 13.0, None, 30.0),
            "100 -> 130 order/week from week 26 for 13 weeks",
        ),
        (
            "{pulse: {to: 30, for: 1}}",
            Pulse("x", 5.0, 1.0, 30.0),
            "100 -> 30 order/week from week 5 for 1 week",
        ),
        (
            "{ramp: {to: 120, from: 20, until: 72}}",
            Ramp("x", 20.0, 72.0, 120.0),
            "100 -> 120 order/week, little by little from week 20 to week 72",
        ),
        (
            "{points: [[0, 100], [52, 110]]}",
            Points("x", (0.0, 52.0), (100.0, 110.0)),
            "100 order/week at week 0, 110 order/week at week 52, joined by lines",
        ),
        (
            "{points: [[10, 90], [20, 100]], between: hold}",
            Points("x", (10.0, 20.0), (90.0, 100.0), True),
            "90 order/week from week 10, 100 order/week from week 20",
        ),
    ],
)
def test_each_kind_of_change(read: Read, written: str, override: object, words: str) -> None:
    change = read(lean(f"{{Arrival rate: {written}}}")).scenarios[1].changes[0]
    ident = canonical("Arrival rate")
    assert change.override == type(override)(**{**vars(override), "ident": ident})
    assert change.words == words


def test_a_percentage_is_a_share(read: Read) -> None:
    change = read(lean("{Training share: 36 %}")).scenarios[1].changes[0]
    assert change.override == Step(canonical("Training share"), 5.0, 0.36)
    assert change.words == "0.4 -> 0.36 from week 5"


def test_data_come_from_a_file_beside_the_study(read: Read, tmp_path: Path) -> None:
    rows = "\n".join(f"{week},{100 + week}" for week in range(10))
    (tmp_path / "data.csv").write_text(f"week,level\n{rows}\n\n")
    change = read(lean("{Arrival rate: {csv: data.csv, time: week, column: level}}"))
    found = change.scenarios[1].changes[0]
    assert found.override == Points(
        canonical("Arrival rate"), tuple(map(float, range(10))), tuple(map(float, range(100, 110)))
    )
    assert found.words == "10 points from week 0 to week 9, between 100 and 109 order/week"


def test_data_behind_a_link_out_of_the_folder_are_refused(
    write: Write, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(lean("{Arrival rate: {csv: data.csv, time: week, column: level}}"))
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.csv"
    secret.write_text("week,level\n0,1\n")
    (path.parent / "data.csv").symlink_to(secret)
    with pytest.raises(StudyError, match="outside the study's folder"):
        read_study(path)


def test_a_replaced_equation_is_said_aloud(read: Read) -> None:
    study = read(lean("{Service quality: 0.7, Demand effect: {pulse: {by: 1, for: 2}}}"))
    assert [str(warning).partition(": ")[2] for warning in study.warnings] == [
        "warning: scenarios.lean.changes.Service quality: has an equation, "
        "'0.5 + Training_share'; it is replaced from week 5 on."
    ]
    assert study.scenarios[1].changes[0].words == "set to 0.7 from week 5"
    assert study.scenarios[1].changes[1].words == "+1 from week 5 for 2 weeks"


# When


@pytest.mark.parametrize(
    ("run", "time"),
    [
        ("{}", 5.0),
        ("{stop: 260}", 13.0),
        ("{stop: 90}", 5.0),  # 4.5 weeks, rounded up to a saved time
        ("{stop: 50, save_every: 5}", 5.0),
        ("{start: 20, stop: 40}", 21.0),
        ("{stop: 1, save_every: 1}", 1.0),
    ],
)
def test_changes_take_effect_a_little_after_the_start(read: Read, run: str, time: float) -> None:
    study = read(f"run: {run}\n" + lean("{Training share: 0.3}"))
    assert study.scenarios[1].changes[0].time == time


def test_change_from_of_the_study_and_of_a_scenario(read: Read) -> None:
    text = "change_from: 10\n" + lean(
        "{Training share: 0.3}", "  late: {extends: lean, change_from: 30}"
    )
    times = {s.name: [c.time for c in s.changes] for s in read(text).scenarios}
    assert times == {"baseline": [], "lean": [10.0], "late": [30.0]}


def test_settings_of_the_run_are_exact(read: Read) -> None:
    specs = read("run: {dt: 0.1, stop: 10, method: rk4}\nscenarios: {a: }\n").specs
    assert (specs.dt, specs.stop, specs.method) == (Fraction(1, 10), Fraction(10), Method.RK4)
    assert specs.save_interval == 1


# Merging

FAMILY = """
scenarios:
  base: {changes: {Training share: 0.1, Arrival rate: 90}, events: [{at: 1, note: first}]}
  early: {extends: base, change_from: 8, changes: {Training share: 0.2}}
  slow: {extends: base, changes: {Time per order: 3}, events: [{at: 2, note: second}]}
  both: {extends: [early, slow]}
"""


def test_later_layers_win_and_a_common_ancestor_undoes_nothing(read: Read) -> None:
    both = read(FAMILY).scenarios[3]
    values = {change.variable.name: change.override.to for change in both.changes}  # type: ignore[union-attr]
    assert values == {"Training share": 0.2, "Arrival rate": 90.0, "Time per order": 3.0}
    assert [event.note for event in both.events] == ["first", "second"]
    assert [change.time for change in both.changes] == [8.0, 8.0, 5.0]


def test_a_time_does_not_reach_the_layer_beside(read: Read) -> None:
    text = (
        "scenarios:\n  one: {change_from: 20, changes: {Training share: 0.1}}\n"
        "  two: {change_from: 30, changes: {Arrival rate: 90}}\n  both: {extends: [one, two]}\n"
    )
    assert [change.time for change in read(text).scenarios[2].changes] == [20.0, 30.0]


def test_starting_values_merge_deep(read: Read) -> None:
    text = (
        "starting_states: {busy: {Backlog: 300, Training share: 0.2}}\n"
        "scenarios:\n  one: {start: busy, initial: {Backlog: 400}}\n"
        "  two: {extends: one, initial: {Arrival rate: 80}}\n"
    )
    start = read(text).scenarios[1].start
    assert start == {"backlog": 400.0, "training_share": 0.2, "arrival_rate": 80.0}
    assert read(text).scenarios[1].start_name == "busy"


extending = st.dictionaries(
    st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3), max_size=6
)


@given(extending)
def test_lineage_puts_each_scenario_after_its_own(extends: dict[str, list[str]]) -> None:
    known = {name: [p for p in parents if p in extends] for name, parents in extends.items()}
    circles = chains(known)
    for circle in circles:
        assert circle[0] == circle[-1]
        assert all(b in known[a] for a, b in pairwise(circle))
    if circles:
        return
    for name in known:
        order = lineage(name, known)
        assert order[-1] == name
        assert len(order) == len(set(order))
        assert all(
            order.index(parent) < order.index(member)
            for member in order
            for parent in known[member]
        )


# Running


def test_a_change_leaves_the_past_alone(write: Write) -> None:
    run = run_study(write("change_from: 10\n" + lean("{Arrival rate: 50, Training share: 0.1}")))
    baseline, changed = run.results["baseline"], run.results["lean"]
    before = baseline.time < 10
    for variable in baseline.variables:
        assert np.array_equal(baseline[variable.name][before], changed[variable.name][before])
    assert changed["Backlog"][0] == 200.0
    assert changed["Arrival rate"][10] == 50.0
    assert changed["Backlog"][-1] < 110.0


def test_a_change_from_the_very_start_leaves_the_starting_state_alone(write: Write) -> None:
    changed = run_study(write("change_from: 0\n" + lean("{Arrival rate: 50}"))).results["lean"]
    assert changed["Arrival rate"][0] == 50.0
    assert changed["Backlog"][0] == 200.0
    assert changed["Backlog last seen"][0] == 200.0


def test_recompute_lets_the_start_follow_the_changes(write: Write) -> None:
    run = run_study(write(lean("{Arrival rate: 50}", "    initial: recompute")))
    scenario = run.study.scenarios[1]
    assert scenario.changes[0].override == Replacement(canonical("Arrival rate"), 50.0)
    assert scenario.changes[0].words == "100 -> 50 order/week from before the start"
    assert run.results["lean"]["Backlog"][0] == 100.0


def test_starting_constants_are_followed_by_initial_values(write: Write) -> None:
    text = (
        "starting_states: {small: {Arrival rate: 10}, full: {Backlog: 70}}\n"
        "scenarios:\n  small: {start: small, changes: {Arrival rate: 20}}\n  full: {start: full}\n"
    )
    run = run_study(write(text))
    assert run.results["small"]["Backlog"][0] == 20.0
    assert run.results["full"]["Backlog"][0] == 70.0
    assert run.study.scenarios[0].changes[0].words == "10 -> 20 order/week from week 5"


def test_settings_hold_in_all_scenarios_from_before_the_start(write: Write) -> None:
    path = write(lean("{Arrival rate: 50}"))
    run = run_study(path, settings={"arrival rate": 10, "Service quality": 2})
    assert [found["Backlog"][0] for found in run.results.values()] == [20.0, 20.0]
    assert run.study.scenarios[1].changes[0].words == "10 -> 50 order/week from week 5"
    assert run.notes == (
        "'Service quality' has an equation, '0.5 + Training_share'; "
        "it is replaced by 2 in all scenarios.",
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"Trainig share": 1}, "Did you mean 'Training share'"), ({"Backlog": 1}, "is a stock")],
)
def test_settings_that_do_not_fit(write: Write, settings: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run_study(write("scenarios: {a: }\n"), settings=settings)


def test_settings_of_the_call_win(write: Write) -> None:
    told: list[str] = []
    run = run_study(write(lean("{}")), method="rk4", dt="1/8", save_every=5, progress=told.append)
    assert run.results["lean"].provenance["dt"] == 0.125
    assert run.results["lean"].provenance["method"] == "rk4"
    assert list(run.results["lean"].time[:3]) == [0.0, 5.0, 10.0]
    assert told == ["Baseline", "Lean"]


def test_state_keeps_its_places_when_changes_are_compiled_in(read: Read) -> None:
    study = read(lean("{Demand effect: {ramp: {by: 1, until: 50}}}"))
    before, changed = scenario_models(study, study.scenarios[1])
    assert before.flat.levels == changed.flat.levels
    assert before.flat.memories == changed.flat.memories


def test_results_know_their_study(write: Write) -> None:
    run = run_study(write(lean("{}")), settings={"Training share": 0.5})
    told = run.results["lean"].provenance
    assert told["scenario"] == "lean"
    assert told["study_digest"] == run.study.digest
    assert told["settings"] == {"Training share": 0.5}


# Expectations


def verdicts(write: Write, *expected: str) -> list[tuple[bool, str]]:
    text = "change_from: 10\n" + lean("{Arrival rate: 50}")
    text += "expect:\n" + "".join(f"  - {{{line}}}\n" for line in expected)
    return [(verdict.held, verdict.words) for verdict in run_study(write(text)).verdicts]


def test_verdicts_in_words(write: Write) -> None:
    backlog = "scenario: lean, variable: Backlog"
    assert verdicts(
        write,
        f"{backlog}, at: 0, equals: 200, within: 0.1",
        f"{backlog}, at: end, below: 100.5, because: fewer orders arrive",
        f"{backlog}, at: end, above: 150, because: it should not shrink",
        f"{backlog}, at: end, between: [90, 110]",
        f"{backlog}, at: end, below: {{scenario: baseline, times: 0.75}}",
        f"{backlog}, at: end, above: {{scenario: baseline}}",
        f"{backlog}, at: end, below: {{scenario: baseline, at: 0, variable: Arrivals, times: 2}}",
    ) == [
        (True, "Backlog at week 0 is 200 order, within 0.1 of 200 as expected"),
        (True, "Backlog at week 100 is 95 order, below 100.5 as expected"),
        (
            False,
            "Backlog at week 100 is 95 order, not above 150: it should not shrink",
        ),
        (True, "Backlog at week 100 is 95 order, between 90 and 110 as expected"),
        (
            True,
            "Backlog at week 100 is 95 order, below 142.5 (0.75 times that of 'baseline') "
            "as expected",
        ),
        (False, "Backlog at week 100 is 95 order, not above 190 (that of 'baseline')"),
        (
            True,
            "Backlog at week 100 is 95 order, below 190 (2 times Arrivals of 'baseline' at week 0) "
            "as expected",
        ),
    ]


def test_values_between_saved_times_lie_on_a_line(write: Write) -> None:
    found = run_study(write(lean("{Arrival rate: 50}"))).results["lean"]
    ident = canonical("Backlog")
    assert value_at(found, ident, 7) == found["Backlog"][7]
    assert value_at(found, ident, 7.5) == (found["Backlog"][7] + found["Backlog"][8]) / 2
    assert value_at(found, ident, None) == found["Backlog"][-1]


def test_numbers_are_told_apart(write: Write) -> None:
    ((held, words),) = verdicts(
        write, "scenario: baseline, variable: Arrival rate, at: 3, below: 100.0001"
    )
    assert held
    assert words == "Arrival rate at week 3 is 100 order/week, below 100.0001 as expected"


def test_a_scenario_that_diverges_costs_the_others_nothing(tmp_path: Path) -> None:
    (tmp_path / "growth.xmile").write_text(
        '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">'
        '<header><name>Growth</name></header><sim_specs time_units="week"><start>0</start>'
        "<stop>60</stop><dt>1</dt></sim_specs><model><variables>"
        '<stock name="Size"><eqn>1</eqn><inflow>Growth</inflow></stock>'
        '<flow name="Growth"><eqn>Rate*Size^2</eqn></flow><aux name="Rate"><eqn>0</eqn></aux>'
        "</variables></model></xmile>"
    )
    study = tmp_path / "study.yaml"
    study.write_text(
        "model: growth.xmile\ntitle: Growth\noutputs: {Size: up}\nscenarios:\n"
        "  baseline:\n  wild: {changes: {Rate: 1}}\n  after:\nexpect:\n"
        "  - {scenario: wild, variable: Size, at: 2, above: 0}\n"
        "  - {scenario: after, variable: Size, below: {scenario: wild}}\n"
        "  - {scenario: after, variable: Size, equals: 1, within: 0.1}\n"
    )
    run = run_study(study)
    assert [found.status.complete for found in run.results.values()] == [True, False, True]
    assert len(run.notes) == 1
    assert run.notes[0].startswith("'wild' did not reach the end: ")
    assert [verdict.held for verdict in run.verdicts] == [False, False, True]
    assert "'wild' did not reach the end" in run.verdicts[0].words
    assert "'wild' did not reach the end" in run.verdicts[1].words


# The library


@pytest.mark.parametrize("name", ["virtuous_or_vicious", "faster_pull"])
def test_studies_of_the_library_are_whole(name: str) -> None:
    study = read_study(name)
    assert study.outputs
    assert study.expectations
    assert not study.warnings


def test_a_missing_file_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="Did you mean 'faster_pull'"):
        read_study("faster_pul")


def test_faults_of_a_model_alone_pass_through(write: Write, tmp_path: Path) -> None:
    path = write("scenarios: {a: }\n")
    (tmp_path / "team.xmile").write_text("<xmile>")
    with pytest.raises(DiagnosticError) as refused:
        read_study(path)
    assert type(refused.value).__name__ == "ModelError"

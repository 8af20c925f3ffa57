"""A reader who has only a model's README answers eight questions about it, and rightly."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ruamel.yaml import YAML

from cyclesim import library
from cyclesim.analysis.stability import Rest, stability
from cyclesim.checks import Checks, read_checks
from cyclesim.names import canonical
from cyclesim.report.evidence import Basis, ground_of
from cyclesim.schedule import schedule_of
from cyclesim.simulation import load, parameter_values, settled_specs

ASKED = YAML(typ="safe").load(Path(__file__).with_name("model_questions.yaml"))
QUESTIONS: dict[int, str] = ASKED["questions"]
ANSWERS: dict[str, dict[int, dict[str, Any]]] = ASKED["models"]
SIX = {
    "service_cycle",
    "pull_value",
    "moments_of_truth",
    "service_delivery_system",
    "open_system",
    "park",
}
MOST_SENTENCES = 2
MOST_PHRASES = 3
MOST_WORDS = 12
TAG = "{http://docs.oasis-open.org/xmile/ns/XMILE/v1.0}"

each_model = pytest.mark.parametrize("name", ANSWERS)


def plain(text: str) -> str:
    return " ".join(text.split())


def readme(name: str) -> str:
    return library.model_path(name).with_name("README.md").read_text(encoding="utf-8")


def checks_of(name: str) -> Checks:
    return read_checks(library.model_path(name).with_name("checks.yaml"))


def loops_in(text: str) -> set[str]:
    """Return the names of the loops that a README lists, in a table or in a list."""
    rows = re.findall(r"^\| ([RB]\d+ [^|]+?)(?: \([^|)]*\))? \|", text, re.MULTILINE)
    points = re.findall(r"^- \*\*([RB]\d+ [^*]+?)\.\*\*", text, re.MULTILINE)
    return {*rows, *points}


def shares_claimed(text: str) -> dict[str, float]:
    """Return the share of draws, in per cent, of each claim that a README's table gives one."""
    table = re.search(r"<!-- claims -->(.*?)<!-- /claims -->", text, re.DOTALL)
    assert table, "the README keeps no place for the table of claims"
    row = re.compile(r"^\| ([^|]+) \|.*\| ([\d.]+) % of [\d,]+ \|$", re.MULTILINE)
    return {claim: float(share) for claim, share in row.findall(table[1])}


class Influence:
    """What moves what in a model, read from the equations of its file and not by the compiler."""

    def __init__(self, name: str) -> None:
        root = ElementTree.parse(library.model_path(name)).getroot()
        self.stocks = {canonical(stock.attrib["name"]) for stock in root.iter(f"{TAG}stock")}
        self.moves: dict[str, set[str]] = {}
        for kind in ("stock", "flow", "aux"):
            for variable in root.iter(TAG + kind):
                for cause in self._causes(kind, variable):
                    moved = self.moves.setdefault(cause, set())
                    moved.add(canonical(variable.attrib["name"]))

    @staticmethod
    def _causes(kind: str, variable: ElementTree.Element) -> set[str]:
        if kind == "stock":  # an initial value moves nothing during a run
            flows = [*variable.findall(f"{TAG}inflow"), *variable.findall(f"{TAG}outflow")]
            return {canonical(flow.text or "") for flow in flows}
        equations = " ".join(equation.text or "" for equation in variable.iter(f"{TAG}eqn"))
        return {canonical(word) for word in re.findall(r"[A-Za-z_]\w*", equations)}

    def reaches(self, cause: str, effect: str) -> bool:
        """Whether one variable moves another with no further stock between them."""
        start, end = canonical(cause), canonical(effect)
        seen, waiting = {start}, deque([start])
        while waiting:
            here = waiting.popleft()
            if here != start and here in self.stocks:
                continue
            for moved in self.moves.get(here, set()):
                if moved == end:
                    return True
                if moved not in seen:
                    seen.add(moved)
                    waiting.append(moved)
        return False


def test_the_six_models_have_eight_answers_each() -> None:
    assert set(ANSWERS) == SIX
    assert list(QUESTIONS) == list(range(1, 9))
    for name, answers in ANSWERS.items():
        assert list(answers) == list(QUESTIONS), name


@each_model
def test_an_answer_is_short_and_stands_on_a_few_words(name: str) -> None:
    for number, answer in ANSWERS[name].items():
        sentences = re.findall(r"[.!?](?=\s|$)", answer["answer"])
        assert 1 <= len(sentences) <= MOST_SENTENCES, number
        assert 1 <= len(answer["found"]) <= MOST_PHRASES, number
        assert all(2 <= len(phrase.split()) <= MOST_WORDS for phrase in answer["found"]), number


@each_model
def test_every_phrase_stands_in_the_readme(name: str) -> None:
    text = plain(readme(name))
    missing = [
        (number, phrase)
        for number, answer in ANSWERS[name].items()
        for phrase in answer["found"]
        if plain(phrase) not in text
    ]
    assert missing == []


@each_model
def test_the_unit_of_time_is_the_models(name: str) -> None:
    answer = ANSWERS[name][1]
    assert answer["unit"] == load(name).flat.time_units
    assert any(f"time is the {answer['unit']}" in phrase or f"time unit is the {answer['unit']}"
               in phrase for phrase in answer["found"])  # fmt: skip
    assert f"in {answer['unit']}s" in plain(answer["answer"])


@each_model
def test_the_loops_named_are_listed_and_the_first_one_closes(name: str) -> None:
    listed = loops_in(readme(name))
    reinforcing, balancing = ANSWERS[name][2]["loop"], ANSWERS[name][3]["loops"]
    assert {reinforcing, *balancing} <= listed
    assert reinforcing.startswith("R")
    assert len(set(balancing)) == 2
    assert all(loop.startswith("B") for loop in balancing)
    influence, through = Influence(name), ANSWERS[name][2]["through"]
    pairs = zip(through, [*through[1:], through[0]], strict=True)
    assert [pair for pair in pairs if not influence.reaches(*pair)] == []


@each_model
def test_the_assumptions_named_are_judgements(name: str) -> None:
    named = ANSWERS[name][4]["assumptions"]
    known = load(name).flat.by_ident
    assert len(set(named)) == 2
    for parameter in named:
        assert ground_of(known[canonical(parameter)].about.doc).basis is Basis.ASSUMPTION, parameter


@each_model
def test_what_is_left_out_lies_outside_the_boundary(name: str) -> None:
    named, outside = ANSWERS[name][5]["left_out"], checks_of(name).words.left_out
    assert len(set(named)) == 2
    for word in named:
        assert any(word in phrase for phrase in outside), word


@each_model
def test_the_start_is_what_the_checks_say_and_what_the_model_does(name: str) -> None:
    answer, checks, model = ANSWERS[name][7], checks_of(name), load(name)
    schedule = schedule_of(settled_specs(model.flat.sim_specs))
    rest = stability(model.flat, schedule, parameter_values(model.flat, {})).rest
    text = plain(" ".join([answer["answer"], *answer["found"]]))
    if answer["start"] == "stable equilibrium":
        assert checks.equilibrium is not None
        assert checks.equilibrium.stable
        assert checks.equilibrium.scenario == answer["scenario"]
        assert rest is Rest.STABLE
        assert "stable" in text
    else:
        assert answer["start"] == "periodic state"
        assert checks.equilibrium is None
        assert set(answer["claims"]) <= {claim.ident for claim in checks.claims}
        assert rest is Rest.MOVING
        assert "periodic state" in text


@each_model
def test_the_least_sure_claim_is_that_of_the_table(name: str) -> None:
    answer, shares = ANSWERS[name][8], shares_claimed(readme(name))
    assert shares, f"the table of claims of {name} has not been written yet"
    least = min(shares, key=shares.__getitem__)
    assert (answer["claim"], answer["share"]) == (least, shares[least])


@each_model
def test_the_least_sure_claim_exists_and_its_share_is_told(name: str) -> None:
    answer = ANSWERS[name][8]
    assert answer["claim"] in {claim.ident for claim in checks_of(name).claims}
    assert f"{answer['share']:g} %" in plain(answer["answer"])

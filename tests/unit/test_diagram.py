"""Pictures of models: what is shown, which way a link goes, and that nothing lies upon anything."""

from __future__ import annotations

import itertools
import json
import math
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cyclesim import library
from cyclesim.cli import main
from cyclesim.compiler import compile_model
from cyclesim.diagram import loop_diagram, stock_diagram, write_view
from cyclesim.diagram.arcs import arc, crossings, drawn, segments
from cyclesim.diagram.loops import named_loops
from cyclesim.diagram.sheet import Sheet, chord, within
from cyclesim.diagram.structure import collapsed, structure_of
from cyclesim.diagram.svg import badge_box
from cyclesim.diagram.text import width_of, wrapped
from cyclesim.diagram.views import sheet_of_views
from cyclesim.errors import UsageError
from cyclesim.readers import read_model
from cyclesim.readers.xmile import read_xmile
from cyclesim.simulation import load, simulate
from tests.models_in_text import (
    aux,
    compiled,
    dimension,
    dimensions,
    flow,
    gf,
    over,
    parts,
    stock,
    xmile,
)

LARGE = ("service_cycle", "pull_value")
SVG = "{http://www.w3.org/2000/svg}"


@cache
def library_diagram(name: str):
    return stock_diagram(load(name))


@cache
def library_loops(name: str):
    return loop_diagram(load(name))


def tank(*others: str):
    return compiled(
        xmile(
            stock("Water", "50", inflows=["Filling"], outflows=["Draining"]),
            flow("Filling", "(Goal - Water) / Time_to_fill"),
            flow("Draining", "Water / Life"),
            aux("Goal", "100"),
            aux("Time to fill", "4"),
            aux("Life", "10"),
            *others,
        )
    )


def links(compiled_model):
    return {pair: each.sign for pair, each in structure_of(compiled_model).links.items()}


def area(one, other):
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return wide * high if wide > 0 and high > 0 else 0.0


def overlaps(sheet: Sheet):
    """Return the pairs of things that lie upon each other, labels and symbols alike."""
    pairs = itertools.combinations(sheet.places, 2)
    return [
        (one.name, other.name)
        for one, other in pairs
        if any(area(a, b) > 0 for a in one.boxes for b in other.boxes)
    ]


def struck(sheet: Sheet):
    """Return the links that run through words or a symbol of something else."""
    found = []
    for arrow in sheet.arrows:
        line = drawn(arrow, sheet.by_key)
        for place in sheet.places:
            if place.key not in (arrow.source, arrow.target):
                left, top, right, bottom = place.symbol
                inner = (left + 3, top + 3, right - 3, bottom - 3)
                if any(within((x, y), inner) for x, y in line):
                    found.append((arrow.source, arrow.target, place.key))
    return found


# Which way a link goes


def test_signs_are_those_of_the_derivatives_worked_out_by_hand():
    found = links(tank())
    assert found["goal", "filling"] == "+"
    assert found["water", "filling"] == "-"
    assert found["time_to_fill", "filling"] == "-"  # Goal > Water all along
    assert found["water", "draining"] == "+"
    assert found["life", "draining"] == "-"


def test_a_sign_that_changes_along_the_run_is_not_told():
    swing = compiled(xmile(stock("S", "1", inflows=["F"]), flow("F", "1"), aux("A", "(S - 5)^2")))
    assert links(swing)["s", "a"] == "?"


def test_an_effect_that_only_a_large_move_shows_has_its_sign():
    table = compiled(
        xmile(aux("X", "1"), aux("Y", "X", gf([0, 0.9, 1.1, 2], [0, 3, 3, 5])), aux("Z", "X*0"))
    )
    assert links(table)["x", "y"] == "+"
    assert links(table)["x", "z"] == "?"


def test_a_smooth_is_one_delayed_link_of_the_right_sign():
    smooth = tank(aux("Seen", "SMTH3(-Water, 5)"), aux("Later", "DELAY(Water, 2, 0)"))
    found = structure_of(smooth).links
    assert found["water", "seen"].sign == "-"
    assert found["water", "seen"].delayed
    assert found["water", "later"].sign == "+"
    assert found["water", "later"].delayed
    assert not found["water", "draining"].delayed


def test_array_elements_that_differ_in_sign_give_no_sign():
    body = [
        stock("S", "1", inflows=["F"]),
        flow("F", "1"),
        aux("A", None, over("D") + parts(a="S", b="-S")),
        aux("B", "2*S", over("D")),
    ]
    found = links(compiled(xmile(*body, before_model=dimensions(dimension("D", "a b")))))
    assert found["s", "a"] == "?"
    assert found["s", "b"] == "+"


def test_ways_of_two_signs_are_summed_at_the_start():
    # A = 3 S - S = 2 S through two auxiliaries; left out, they leave one link of sign +.
    steep = compiled(
        xmile(
            stock("S", "1", inflows=["F"]),
            flow("F", "A"),
            aux("A", "Up + Down"),
            aux("Up", "3*S"),
            aux("Down", "-S"),
        )
    )
    links_ = structure_of(steep).links
    found = collapsed(links_, {"s", "f", "a"})
    assert found["s", "a"].sign == "+"
    assert found["s", "a"].slope == pytest.approx(2.0, rel=1e-6)


# Nothing upon anything


@pytest.mark.parametrize("name", LARGE)
def test_no_box_and_no_label_lies_upon_another(name):
    assert overlaps(library_diagram(name).sheet) == []
    assert overlaps(library_loops(name).sheet) == []


def test_labels_of_three_lines_keep_clear_of_the_valve_below():
    assert overlaps(library_diagram("service_delivery_system").sheet) == []


@pytest.mark.parametrize("name", LARGE)
def test_few_links_of_a_large_picture_cross(name):
    sheet = library_diagram(name).sheet
    lines = [drawn(arrow, sheet.by_key, 61) for arrow in sheet.arrows]
    crossed = sum(crossings(a, segments(b)) for a, b in itertools.combinations(lines, 2))
    assert crossed <= 0.15 * len(lines)
    ghosts = [place for place in sheet.places if place.alias]
    assert ghosts
    begun = {arrow.source for arrow in sheet.arrows}
    whole = {place.ident for place in sheet.places if not place.alias}
    assert all(ghost.key in begun and ghost.ident in whole for ghost in ghosts)


@pytest.mark.parametrize("name", LARGE)
def test_links_not_drawn_lead_through_what_is_left_out(name):
    """Each link of the picture is a way of the model; what is not drawn is told by number."""
    diagram = library_diagram(name)
    whole = structure_of(load(name))
    every = collapsed(
        {p: i for p, i in whole.links.items() if not i.initial}, diagram.structure.parts
    )
    at = diagram.sheet.by_key
    shown = {(at[a.source].ident, at[a.target].ident) for a in diagram.sheet.arrows}
    assert shown == set(diagram.structure.links)
    assert shown <= set(every)
    direct = {p for p in whole.links if set(p) <= diagram.structure.parts.keys() and p[0] != p[1]}
    assert {p for p in direct if not whole.links[p].initial} <= shown
    assert any(f"{diagram.structure.fainter} links that lead" in n for n in diagram.sheet.notes)


@pytest.mark.parametrize("name", LARGE)
def test_links_keep_out_of_boxes(name):
    sheet = library_diagram(name).sheet
    straight = replace(sheet, arrows=tuple(map(_straight(sheet), sheet.arrows)))
    assert len(struck(sheet)) <= 0.06 * len(sheet.arrows)
    assert len(struck(sheet)) < len(struck(straight))
    assert len(struck(library_loops(name).sheet)) <= 1


def _straight(sheet: Sheet):
    def line(arrow):
        ends = ((p.x, p.y) for p in (sheet.by_key[arrow.source], sheet.by_key[arrow.target]))
        return replace(arrow, angle=chord(*ends))

    return line


@pytest.mark.parametrize("name", LARGE)
def test_badges_keep_clear_of_variables_and_of_each_other(name):
    sheet = library_loops(name).sheet
    boxes = [badge_box(badge) for badge in sheet.badges]
    assert len(boxes) >= 5
    assert not any(area(a, b) for a, b in itertools.combinations(boxes, 2))
    assert not any(area(a, b) for a in boxes for place in sheet.places for b in place.boxes)


def test_pipes_meet_the_stocks_they_fill_and_drain():
    diagram = library_diagram("service_cycle")
    at = {place.ident: place for place in diagram.sheet.places if not place.alias}
    for ident, ends in diagram.structure.flows.items():
        points = at[ident].points
        for stock_, point in ((ends.source, points[0]), (ends.target, points[-1])):
            if stock_ is not None:
                assert within(point, at[stock_].symbol, 0.5)
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(points))
    clouds = sum(e.source is None for e in diagram.structure.flows.values())
    clouds += sum(e.target is None for e in diagram.structure.flows.values())
    assert len(list(diagram.sheet.clouds())) == clouds


def test_an_arc_leaves_at_its_angle_and_lies_on_one_circle():
    points = arc((0.0, 0.0), (100.0, 0.0), 30.0, 401)
    rise = points[1] - points[0]
    assert math.degrees(math.atan2(-rise[1], rise[0])) == pytest.approx(30, abs=0.2)
    radius = 100 / (2 * math.sin(math.radians(30)))
    centre = np.array([50.0, radius * math.cos(math.radians(30))])
    assert np.hypot(*(points - centre).T) == pytest.approx(radius, rel=1e-9)


def test_a_label_keeps_its_words_and_its_width():
    lines = wrapped("Share of customers who come back", 90)
    assert " ".join(lines) == "Share of customers who come back"
    assert all(width_of(line) <= 90 for line in lines)
    assert wrapped("Verylongwordindeed of it", 20)[0] == "Verylongwordindeed"


# What is shown and said


def test_a_large_model_says_what_it_leaves_out():
    diagram = library_diagram("service_cycle")
    whole = structure_of(load("service_cycle"))
    drawn_once = [place for place in diagram.sheet.places if not place.alias]
    left = len(whole.parts) - len(drawn_once)
    (note,) = (note for note in diagram.sheet.notes if note.startswith("Left out"))
    told = [int(count) for count in re.findall(r"\d+", note)]
    assert sum(told) == left > 100
    assert len(drawn_once) < 90


def test_the_svg_is_whole_safe_and_the_same_each_time():
    strange = tank(aux('"A & <b>"', "Water"))
    first, second = (stock_diagram(strange).svg for _ in range(2))
    assert first == second
    root = ElementTree.fromstring(first)
    assert root.find(f"{SVG}title") is not None
    assert "flows from" in (root.findtext(f"{SVG}desc") or "")
    assert not list(root.iter(f"{SVG}script"))
    assert "prefers-color-scheme: dark" in first
    assert "A & <b>" in "".join(root.itertext())
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    diagram = stock_diagram(strange)
    assert sum(i.startswith("variable--") for i in ids) == len(diagram.sheet.places)
    assert sum(i.startswith("link--") for i in ids) == len(diagram.sheet.arrows)


def test_a_model_of_modules_is_drawn_with_a_box_for_each():
    submodel = '<model name="Part"><variables><stock name="In"><eqn>1</eqn></stock><aux name="Use">'
    submodel += "<eqn>In*2</eqn></aux></variables></model>"
    text = (
        '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"><sim_specs>'
        "<start>0</start><stop>2</stop><dt>1</dt></sim_specs><model><variables>"
        '<module name="Part"/><aux name="Out"><eqn>Part.Use</eqn></aux></variables></model>'
        f"{submodel}</xmile>"
    )
    diagram = stock_diagram(compile_model(read_xmile(text.encode(), "m.xmile")))
    assert {p.form.value for p in diagram.sheet.places} == {"module", "aux"}
    assert [(a.source, a.target) for a in diagram.sheet.arrows] == [("part", "out")]


# Loops


def test_loops_are_read_from_a_table_and_from_a_list():
    structure = structure_of(tank())
    text = (
        "| loop | chain |\n|---|---|\n| B1 Filling up | Filling, Water, no such thing |\n"
        "- **B2 Running out.** Water rises -> Draining rises -> Water falls.\n"
    )
    assert named_loops(text, structure) == (
        ("B1", "Filling up", ("filling", "water")),
        ("B2", "Running out", ("water", "draining")),
    )


def test_loops_of_a_model_that_names_none_are_found_with_their_sign():
    diagram = loop_diagram(
        compiled(
            xmile(
                stock("People", "10", inflows=["Births"], outflows=["Deaths"]),
                flow("Births", "People * 0.1"),
                flow("Deaths", "People * 0.2"),
            )
        )
    )
    assert {(b.mark[0], frozenset(b.around)) for b in diagram.sheet.badges} == {
        ("R", frozenset({"People", "Births"})),
        ("B", frozenset({"People", "Deaths"})),
    }


def test_the_six_practices_reinforce_one_another():
    diagram = loop_diagram(load("service_cycle"), ["R1"])
    (badge,) = diagram.sheet.badges
    assert (badge.mark, badge.name, len(badge.around)) == ("R1", "The six practices", 6)
    assert [arrow.sign for arrow in diagram.sheet.arrows] == ["+"] * 6
    with pytest.raises(UsageError, match="no loop R77"):
        loop_diagram(load("service_cycle"), ["R77"])


# Views


def written(tmp_path, source):
    target = tmp_path / "copy" / source.name
    with pytest.raises(SystemExit) as done:
        main(["diagram", str(source), "--write-view", "--out", str(target), "--quiet"])
    assert done.value.code in (0, None)
    return target


def small(tmp_path):
    path = tmp_path / "small.xmile"
    body = [
        stock("Water", "50", inflows=["Filling"], outflows=["Draining"]),
        stock("Sea", "0", inflows=["Draining"]),
        flow("Filling", "(Goal - Water) / Time_to_fill"),
        flow("Draining", "Water / 10"),
        aux("Goal", "100"),
        aux('"Naïve & <odd>"', "Goal - Sea"),
        aux("Time to fill", "4"),
    ]
    path.write_text(xmile(*body), encoding="utf-8")
    return path


def test_a_view_changes_no_result_and_draws_the_same_picture(tmp_path):
    source = small(tmp_path)
    target = written(tmp_path, source)
    before, after = simulate(source), simulate(target)
    assert np.array_equal(before.trajectory.values, after.trajectory.values)
    assert before.flat.digest == after.flat.digest
    ours = stock_diagram(load(source), all=True)
    theirs = stock_diagram(load(target))
    assert (ours.source, theirs.source) == ("our layout", "the model's own view")
    assert theirs.sheet.places == ours.sheet.places
    assert theirs.sheet.arrows == ours.sheet.arrows
    assert theirs.svg == ours.svg


def test_only_the_views_are_other_bytes(tmp_path):
    source = small(tmp_path)
    content = source.read_bytes().replace(b"\n", b"\r\n") + b"<!-- <views> -- no -->\r\n"
    sheet = stock_diagram(load(source), all=True).sheet
    once = write_view(content, sheet)
    begin, end = once.index(b"<views>"), once.index(b"</views>") + len(b"</views>")
    assert (once[:begin] + once[end:]).split() == content.split()
    assert write_view(once, sheet) == once  # replaced, not added once more
    moved = once.replace(b'label_side="center"', b'label_side="left"', 1)
    assert write_view(moved, sheet) == once


def test_a_view_goes_into_the_file_itself_only_by_name(tmp_path, capsys):
    source = small(tmp_path)
    content = source.read_bytes()
    for wrong in (["--write-view"], ["--in-place"], ["--write-view", "--out", str(source)]):
        with pytest.raises(SystemExit) as done:
            main(["diagram", str(source), *wrong])
        assert done.value.code == 2
    assert source.read_bytes() == content
    with pytest.raises(SystemExit):
        main(["diagram", str(source), "--write-view", "--in-place"])
    assert b"<views>" in source.read_bytes()
    assert "a view of 7 variables" in capsys.readouterr().err


def test_another_engine_opens_the_view(tmp_path):
    simlin = pytest.importorskip("simlin")
    target = written(tmp_path, small(tmp_path))
    project = simlin.load(str(target)).project
    views = json.loads(project.serialize_json())["models"][0]["views"]
    places = {e["name"]: (e["x"], e["y"]) for e in views[0]["elements"] if "name" in e}
    own = {p.name: (p.x, p.y) for p in stock_diagram(load(target)).sheet.places}
    for name in ("Water", "Sea", "Goal"):
        assert places[name] == pytest.approx(own[name], abs=1e-6)


def test_a_view_with_an_alias_and_a_bent_pipe_is_drawn_as_it_stands(tmp_path):
    view = (
        '<views><view type="stock_flow"><stock name="Water" x="300" y="200"/>'
        '<flow name="Filling" x="150" y="120"><pts><pt x="100" y="120"/><pt x="300" y="120"/>'
        '<pt x="300" y="180"/></pts></flow><aux name="Goal" x="90" y="300" label_side="top"/>'
        '<alias uid="9" x="400" y="300"><of>Water</of></alias><aux name="Unknown" x="1" y="1"/>'
        '<connector uid="1" angle="45"><from><alias uid="9"/></from><to>Filling</to></connector>'
        "</view></views>"
    )
    source = tmp_path / "v.xmile"
    source.write_text(small(tmp_path).read_text().replace("</model>", view + "</model>"))
    compiled_model = load(source)
    sheet = sheet_of_views(compiled_model.resolved.project.views, structure_of(compiled_model))
    assert sheet is not None
    at = sheet.by_key
    assert set(at) == {"water", "filling", "goal", "water 2"}
    assert at["water 2"].alias
    assert at["filling"].points == ((100.0, 120.0), (300.0, 120.0), (300.0, 180.0))
    (arrow,) = sheet.arrows
    assert (arrow.source, arrow.target, arrow.angle, arrow.sign) == ("water 2", "filling", 45, "-")


def test_a_vensim_sketch_keeps_its_places(tmp_path):
    source = tmp_path / "bath.mdl"
    source.write_text(
        "{UTF-8}\nWater= INTEG (Filling, 1)\n~ \n~ |\nFilling= Rate*Water\n~ \n~ |\n"
        "Rate= 0.1\n~ \n~ |\nINITIAL TIME=0~~|\nFINAL TIME=5~~|\nTIME STEP=1~~|\nSAVEPER=1~~|\n"
        "\\\\\\---/// Sketch information - do not modify anything except names\n"
        "V300  Do not put anything below this section - it will be ignored\n*View 1\n"
        "$192-192-192,0,Times New Roman|12||0-0-0|0-0-0|0-0-255|-1--1--1|-1--1--1|96,96,100,0\n"
        "10,1,Water,400,200,40,20,3,3,0,0,0,0,0,0\n12,2,48,200,200,10,8,0,3,0,0,-1,0,0,0\n"
        "11,4,48,300,200,6,8,34,3,0,0,1,0,0,0\n10,5,Filling,300,220,20,11,40,3,0,0,-1,0,0,0\n"
        "10,6,Rate,250,320,20,11,8,3,0,0,0,0,0,0\n1,7,6,4,0,0,43,0,0,64,0,-1--1--1,,1|(270,270)|\n"
    )
    diagram = stock_diagram(load(source))
    at = diagram.sheet.by_key
    assert diagram.source == "the model's own view"
    assert (at["water"].x, at["filling"].x, at["rate"].y) == (400, 300, 320)
    assert within(at["filling"].points[-1], at["water"].symbol, 0.5)
    assert ("rate", "filling", "+") in {(a.source, a.target, a.sign) for a in diagram.sheet.arrows}


def test_the_command_writes_nothing_over_and_says_what_is_wrong(tmp_path, capsys):
    out = tmp_path / "a.svg"
    for arguments, code in (
        (["limits", "--out", str(out)], 2),
        ([str(small(tmp_path)), "--out", str(out)], None),
        ([str(small(tmp_path)), "--out", str(out)], 2),
        ([str(small(tmp_path)), "--loops", "R1", "--in-place"], 2),
        ([str(small(tmp_path)), "--layout", "view"], 2),
    ):
        with pytest.raises(SystemExit) as done:
            main(["diagram", *arguments])
        assert done.value.code == (code or 0)
    told = capsys.readouterr().err
    assert "--loops chooses loops" in told
    assert "--in-place says where" in told
    assert "already there" in told
    assert library.model_names()
    assert read_model(small(tmp_path)).views == ()

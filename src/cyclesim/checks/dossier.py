"""The validation dossier of a model: what was tested, what came out, and how to repeat it.

The tests are those of the field (Barlas 1996, table 1; Sterman 2000, table 21-4), the rest what
Rahmandad and Sterman (2012) ask every report of a simulation to hold.
"""

from __future__ import annotations

from pathlib import Path

from cyclesim.checks.drawings import MOST_CURVES, drawing
from cyclesim.checks.field_tests import FieldTest, field_tests
from cyclesim.checks.pages import (
    Block,
    Document,
    Figure,
    Items,
    Paragraph,
    Section,
    Table,
    html,
    markdown,
)
from cyclesim.checks.parts import ModelCheck
from cyclesim.checks.statements import told
from cyclesim.checks.words import claim_line, draws_line
from cyclesim.compiler import FlatVariable, Role
from cyclesim.compiler.parts import Kind
from cyclesim.files import write_whole
from cyclesim.names import Ident, canonical
from cyclesim.report.evidence import ground_of
from cyclesim.scenario.quantities import as_written
from cyclesim.scenario.words import moment, quantity

DOSSIER_FILES = ("dossier.html", "dossier.md")
_MOST_FIGURES = 6


def write_dossier(found: ModelCheck, folder: Path) -> None:
    """Write the dossier as one HTML page and as Markdown into a folder."""
    document = dossier(found)
    write_whole(folder / DOSSIER_FILES[0], html(document))
    write_whole(folder / DOSSIER_FILES[1], markdown(document))


def dossier(found: ModelCheck) -> Document:
    """Return the dossier of a model that has been checked."""
    tests = field_tests(found)
    name = found.checks.study.model.flat.name
    done = [test for test in tests if test.verdict != "not done"]
    failed = [test.name for test in done if test.verdict == "failed"]
    lead = (
        f"{len(done)} of the field's {len(tests)} tests were done. "
        f"{'Failed: ' + ', '.join(failed) + '.' if failed else 'None of them failed.'}"
    )
    return Document(
        f"Validation of {name}",
        lead,
        (
            Section("The tests in one table", (_overview(tests),)),
            Section("What the model is", _description(found)),
            *(Section(test.name, test.blocks, 3) for test in tests),
            Section("Claims, one by one", _claims(found)),
            Section("Runs", _figures(found)),
            Section("Scenarios and their settings", (_scenarios(found),)),
            Section("Outcomes", _outcomes(found)),
            Section("Equations", (_equations(found),)),
            Section("Initial values", (_initial(found),)),
            Section("Software, method and how to repeat it", _repeating(found)),
        ),
    )


def _overview(tests: tuple[FieldTest, ...]) -> Table:
    rows = tuple((test.name, test.run, f"{test.verdict}: {test.outcome}") for test in tests)
    return Table(("test", "what was run", "what came out"), rows)


def _description(found: ModelCheck) -> tuple[Block, ...]:
    flat = found.checks.study.model.flat
    kinds = {kind: [v for v in flat.visible if v.kind is kind] for kind in Kind}
    constants = [v for v in flat.visible if v.role is Role.PARAMETER]
    counts = (
        f"{len(kinds[Kind.STOCK])} stocks, {len(kinds[Kind.FLOW])} flows and "
        f"{len(kinds[Kind.AUXILIARY])} auxiliaries, {len(constants)} of them constants. "
        f"The unit of time is the {flat.time_units.rstrip('s') or 'time unit'}."
    )
    said = flat.doc or "The model file says nothing of itself."
    return (Paragraph(" ".join(said.split())), Paragraph(counts))


def _claims(found: ModelCheck) -> tuple[Block, ...]:
    if not found.claims:
        return (Paragraph("Nothing is claimed of the model."),)
    blocks: list[Block] = []
    for claim in found.claims:
        source = f" Source: {claim.claim.source}." if claim.claim.source else ""
        lines = [each.words for each in claim.statements]
        if claim.claim.control is not None:
            lines.append(f"Control: {claim.claim.control.says}")
            lines += [f"with the control: {each.words}" for each in claim.control]
        elif not claim.claim.published:
            lines.append("There is no control.")
        if not claim.claim.in_draws:
            lines.append(f"Not judged in draws: {claim.claim.because}")
        blocks += [Paragraph(f"{claim_line(claim).split(' [')[0]}{source}"), Items(tuple(lines))]
    return tuple(blocks)


def _figures(found: ModelCheck) -> tuple[Block, ...]:
    study = found.checks.study
    watched = [(output.variable, output.title) for output in study.outputs][:_MOST_FIGURES]
    blocks: list[Block] = []
    named = study.scenarios[:MOST_CURVES]
    for variable, title in watched:
        curves = []
        for scenario in named:
            results = found.results[scenario.name]
            row = results.flat.places[variable.ident]
            curves.append((scenario.title, results.time, results.trajectory.values[row]))
        left = len(study.scenarios) - len(named)
        rest = f" {left} more scenarios are in the table of outcomes." if left > 0 else ""
        caption = f"{title}, {variable.units or 'no unit'}, in {len(named)} scenarios.{rest}"
        svg = drawing(curves, study.specs.time_units, title)
        blocks.append(Figure(svg, caption))
    return tuple(blocks) or (Paragraph("The checks name no outputs to be drawn."),)


def _scenarios(found: ModelCheck) -> Table:
    study = found.checks.study
    named = {canonical(c): (c, v.units) for v in study.model.flat.variables for c in v.columns}
    rows = []
    extremes = [extreme.scenario for extreme in found.checks.extremes]
    for scenario in (*study.scenarios, *extremes):
        start = "; ".join(
            f"{named[i][0]} = {quantity(v, named[i][1])}" for i, v in scenario.start.items()
        )
        changes = "; ".join(f"{c.variable.name}: {c.words}" for c in scenario.changes)
        if scenario.recompute:
            changes += " (initial values follow)"
        rows.append((scenario.name, scenario.description, start, changes or "nothing changes"))
    return Table(("scenario", "in words", "before the start", "changes"), tuple(rows))


def _outcomes(found: ModelCheck) -> tuple[Block, ...]:
    study = found.checks.study
    blocks: list[Block] = []
    if study.outputs:
        heads = ("scenario", *(f"{o.title} ({o.variable.units or '1'})" for o in study.outputs))
        rows = []
        for scenario in study.scenarios:
            results = found.results[scenario.name]
            values = results.trajectory.values
            ends = [values[results.flat.places[o.variable.ident], -1] for o in study.outputs]
            rows.append((scenario.name, *(told(float(value)) for value in ends)))
        last = moment(float(study.specs.stop), study.specs.time_units)
        blocks += [Paragraph(f"At {last}:"), Table(heads, tuple(rows))]
    measures = found.checks.measures
    if measures:
        rows_of = tuple(
            (m.name, m.scenario, m.variable.name, m.take.value, _measure(found, m.ident))
            for m in measures.values()
        )
        blocks.append(Table(("measure", "scenario", "variable", "what", "number"), rows_of))
    blocks += [Items(tuple(v.words for v in found.verdicts))] if found.verdicts else []
    return tuple(blocks) or (Paragraph("Nothing is measured."),)


def _measure(found: ModelCheck, ident: Ident) -> str:
    return told(found.measures[ident]) if ident in found.measures else "not a number"


def _equations(found: ModelCheck) -> Table:
    rows = tuple(
        (v.name, v.kind.value, v.equation, v.units or "", _basis(v))
        for v in found.checks.study.model.flat.visible
    )
    return Table(("variable", "kind", "equation", "unit", "what it is, and its source"), rows)


def _basis(variable: FlatVariable) -> str:
    ground = ground_of(variable.about.doc)
    if not ground.words:
        return ground.about
    return f"{ground.about} {ground.basis.value.capitalize()}: {ground.words}".strip()


def _initial(found: ModelCheck) -> Table:
    study = found.checks.study
    results = found.results[study.scenarios[0].name]
    rows = []
    for variable in study.model.flat.visible:
        if variable.kind is Kind.STOCK:
            for row, name in enumerate(variable.columns, results.flat.places[variable.ident]):
                value = as_written(float(results.trajectory.values[row, 0]))
                rows.append((name, variable.equation, value, variable.units or ""))
    return Table(("stock", "initial equation", "at the start", "unit"), tuple(rows))


def _repeating(found: ModelCheck) -> tuple[Block, ...]:
    study, plan = found.checks.study, found.checks.draws
    told_of = found.results[study.scenarios[0].name].provenance
    names = (
        "cyclesim", "python", "numpy", "platform", "method", "start", "stop", "dt", "time_units",
        "noise_seed", "model_digest",
    )  # fmt: skip
    facts = [(name.replace("_", " "), str(told_of.get(name, ""))) for name in names]
    every = float(study.specs.save_interval or study.specs.dt)
    facts.append(("values saved every", as_written(every)))
    facts.append(("digest of the checks", study.digest))
    if plan is not None:
        facts.append(("draws", f"{plan.number}, seed {plan.seed}, Latin hypercube"))
        facts.append(("share of each range", as_written(plan.range)))
        if plan.settle is not None:
            facts.append(("settled before each draw", as_written(plan.settle)))
        if found.draws is not None:
            facts.append(("what was drawn", draws_line(found)))
    command = f"cyclesim check {Path(study.path).parent.name}/model.xmile --dossier DIR"
    return (
        Table(("what", "which"), tuple(facts)),
        Paragraph(f"To repeat it: {command}, in the folder that holds the model's folder."),
    )

"""One model computed here and by other engines, and held against each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from cyclesim import library
from cyclesim.compiler import CompiledModel, compile_model
from cyclesim.errors import CyclesimError, UsageError
from cyclesim.names import Ident, did_you_mean
from cyclesim.project import Method, Project
from cyclesim.readers import read_model
from cyclesim.results import Results
from cyclesim.simulation import simulate
from cyclesim.verify.comparison import Comparison, Difference, compare
from cyclesim.verify.emulation import plainly_written
from cyclesim.verify.engines import ENGINES, TIME_LIMIT, Answer, Engine, Status, ask
from cyclesim.verify.limitations import LIMITATIONS, REFUSALS, Limitation
from cyclesim.verify.opinion import Cause, Finding, Opinion, Verdict
from cyclesim.verify.reach import downstream, random_variables
from cyclesim.writers import write_xmile

TOLERANCE = 1e-4
"""A difference above this share of a variable's range is one."""

_EXIT_CODES = {Verdict.MISSING: 2, Verdict.NOT_RUN: 1, Verdict.NOTHING: 1, Verdict.DIFFERS: 4}
_SEVERITY = (0, 2, 1, 4)


@dataclass(frozen=True)
class Verification:
    """What every engine that was asked says of one model."""

    path: str
    name: str
    tolerance: float
    opinions: tuple[Opinion, ...]

    @property
    def exit_code(self) -> int:
        """Return 0 where all agree or are explained, 4 where one differs and nothing explains it.

        1 says that an engine could not run, 2 that none of those asked is installed.
        """
        codes = [_EXIT_CODES.get(opinion.verdict, 0) for opinion in self.opinions]
        if len(set(codes)) > 1:  # the second opinion of one engine suffices where another is absent
            codes = [code for code in codes if code != 2]
        return max(codes, key=_SEVERITY.index)


def verify(
    model: str | Path,
    against: str | Iterable[str] = ("pysd", "simlin"),
    *,
    tolerance: float = TOLERANCE,
    time_limit: float = TIME_LIMIT,
) -> Verification:
    """Return how a model file, or a model of the library by its name, fares in other engines.

    Each engine runs in a process and a folder of its own, at most `time_limit` seconds. Like is
    compared with like: where the engine lacks the file's method, both sides use Euler; what is
    drawn at random is left out. `tolerance` is a share of each variable's range.
    Raises UsageError for an engine that is not known, ModelError for a model that cannot be read.
    """
    path = Path(model)
    if isinstance(model, str) and model in library.model_names():
        path = library.model_path(model)
    engines = [_engine(key) for key in ((against,) if isinstance(against, str) else against)]
    project = read_model(path)
    subject = _Subject(path, project, compile_model(project))
    opinions = tuple(_opinion(subject, engine, tolerance, time_limit) for engine in engines)
    return Verification(str(path), subject.compiled.flat.name, tolerance, opinions)


def _engine(key: str) -> Engine:
    if key not in ENGINES:
        advice = did_you_mean(key, ENGINES) or f"There are {' and '.join(ENGINES)}."
        raise UsageError(f"no engine is called '{key}'. {advice}")
    return ENGINES[key]


@dataclass(frozen=True)
class _Subject:
    """The model that is verified, read and compiled."""

    path: Path
    project: Project
    compiled: CompiledModel

    @cached_property
    def random(self) -> frozenset[Ident]:
        return random_variables(self.compiled.flat)

    def method(self, engine: Engine) -> Method:
        declared = self.project.sim_specs.method
        return declared if declared in engine.methods else Method.EULER

    def run(self, engine: Engine, project: Project | None = None) -> Results:
        """Return our run as the engine would do it, of the model or of a changed project."""
        compiled = self.compiled if project is None else compile_model(project)
        return simulate(compiled, method=self.method(engine), estimate_error=False)


def _opinion(subject: _Subject, engine: Engine, tolerance: float, limit: float) -> Opinion:
    answer = ask(engine, subject.path.read_bytes(), subject.path.suffix, limit)
    handed = "the file itself"
    if answer.status is Status.REFUSED:
        again = _asked_in_xmile(subject, engine, limit)
        if again is not None and again.status is Status.RAN:
            answer, handed = again, "the model as cyclesim writes it in XMILE"
    opinion = Opinion(
        engine, answer.status, Verdict.NOT_RUN, answer.version, answer.message,
        handed=handed, method=subject.method(engine),
    )  # fmt: skip
    if answer.status is Status.MISSING:
        return replace(opinion, verdict=Verdict.MISSING)
    if answer.status is not Status.RAN:
        return replace(opinion, reasons=_reasons(subject, engine))
    return _judged(subject, opinion, answer, tolerance)


def _asked_in_xmile(subject: _Subject, engine: Engine, limit: float) -> Answer | None:
    """Return what the engine says to our own writing of the model, plainer than many a file."""
    try:
        text = write_xmile(plainly_written(subject.project))
    except CyclesimError:
        return None
    return ask(engine, text.encode("utf-8"), ".xmile", limit)


def _reasons(subject: _Subject, engine: Engine) -> tuple[str, ...]:
    return tuple(
        f"{engine.name} {refusal.words}: {_listed(found)}"
        for refusal in REFUSALS
        if refusal.engine == engine.key and (found := refusal.where(subject.project))
    )


def _listed(found: Iterable[str]) -> str:
    names = sorted(found)
    shown = ", ".join(f"'{name}'" for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _judged(subject: _Subject, opinion: Opinion, answer: Answer, tolerance: float) -> Opinion:
    engine = opinion.engine
    found = compare(subject.run(engine), answer, subject.random)
    by_share = sorted(found.differences, key=lambda each: each.share, reverse=True)
    apart = [each for each in by_share if each.share > tolerance]
    findings = _explained(subject, engine, answer, apart, tolerance) if apart else ()
    flat = subject.compiled.flat
    return replace(
        opinion,
        verdict=_verdict(found, findings),
        notes=_notes(subject, engine, found),
        compared=len(found.differences),
        largest=by_share[0] if by_share else None,
        findings=findings,
        not_given=found.not_given,
        left_out=tuple(v.name for v in flat.visible if v.ident in subject.random),
    )


def _verdict(found: Comparison, findings: tuple[Finding, ...]) -> Verdict:
    if not found.differences:
        return Verdict.NOTHING
    if any(finding.cause is Cause.UNKNOWN for finding in findings):
        return Verdict.DIFFERS
    return Verdict.EXPLAINED if findings else Verdict.AGREES


def _notes(subject: _Subject, engine: Engine, found: Comparison) -> tuple[str, ...]:
    notes: list[str] = []
    declared, used = subject.project.sim_specs.method, subject.method(engine)
    if declared is not used:
        notes.append(
            f"the file says {declared.value.upper()}, which {engine.name} does not have: "
            f"both sides are run with {used.value.capitalize()}"
        )
    if found.times_not_given:
        count = found.times_not_given
        notes.append(f"{engine.name} gives no values at {count} of our saved times")
    return tuple(notes)


def _explained(
    subject: _Subject, engine: Engine, answer: Answer, apart: list[Difference], tolerance: float
) -> tuple[Finding, ...]:
    """Return each difference with what explains it, proven where our emulation agrees.

    Without a proof an explanation is only possible, and only for what depends on its place.
    """
    known = _at_work(subject, engine)
    emulated = [each for each in known if each.emulate is not None]
    vanished = _vanished(subject, engine, answer, emulated, tolerance) if emulated else frozenset()
    reach = {each.sentence: _reach(subject, each) for each in known}
    findings: list[Finding] = []
    for difference in apart:
        proven = difference.name in vanished
        candidates = tuple(
            each.sentence
            for each in (emulated if proven else known)
            if difference.ident in reach[each.sentence] and (proven or each.emulate is None)
        )
        cause = Cause.PROVEN if proven else Cause.POSSIBLE if candidates else Cause.UNKNOWN
        findings.append(Finding(difference, cause, candidates))
    return tuple(findings)


def _reach(subject: _Subject, limitation: Limitation) -> frozenset[Ident]:
    flat = subject.compiled.flat
    return downstream(flat, limitation.touched(subject.project, flat))


def _at_work(subject: _Subject, engine: Engine) -> list[Limitation]:
    """Return the limitations of an engine that the model meets, and that change our run."""
    flat, project = subject.compiled.flat, subject.project
    found = [
        each for each in LIMITATIONS if each.engine == engine.key and each.touched(project, flat)
    ]
    plain = _as_answer(subject.run(engine))
    working: list[Limitation] = []
    for limitation in found:
        if limitation.emulate is None:
            working.append(limitation)
            continue
        try:
            changed = subject.run(engine, limitation.emulate(project))
        except CyclesimError:
            continue
        apart = compare(changed, plain, subject.random).differences
        if any(each.share > 0 for each in apart):
            working.append(limitation)
    return working


def _as_answer(results: Results) -> Answer:
    columns = {name: results[name] for name in results.columns}
    return Answer(Status.RAN, time=results.time, columns=columns)


def _vanished(
    subject: _Subject,
    engine: Engine,
    answer: Answer,
    limitations: list[Limitation],
    tolerance: float,
) -> frozenset[str]:
    """Return the variables in which our run agrees with the engine's once it is limited as well."""
    project = subject.project
    for limitation in limitations:
        if limitation.emulate is not None:
            project = limitation.emulate(project)
    try:
        limited = subject.run(engine, project)
    except CyclesimError:
        return frozenset()
    found = compare(limited, answer, subject.random).differences
    return frozenset(each.name for each in found if each.share <= tolerance)

"""What a batch is: its runs, what is kept of them, and the parts they are done in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from cyclesim.ensemble.designs import Sample, sample_of
from cyclesim.errors import UsageError
from cyclesim.manifest import program, study_identity
from cyclesim.names import did_you_mean
from cyclesim.scenario.design_parts import Design
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.schedule import Schedule, schedule_of

MOST_LANES = 2048
"""Runs computed side by side: more no longer fit in a processor's cache."""

_USUAL_CHUNK = 4096
_USUAL_SUMMARY_CHUNK = 32_768
_PART_BYTES = 32_000_000
_LANE_BYTES = 64_000_000
_SKETCH_BYTES = 128_000_000
_NUMBER_BYTES = 8_000_000
_LEVELS = 12


class Part(NamedTuple):
    """Some runs of one scenario, done and written together; `number` counts over all scenarios."""

    number: int
    scenario: int
    first: int
    stop: int


@dataclass(frozen=True)
class Plan:
    """A batch that can be run.

    `chunk` runs make a part. `sketch` is the size of the sketches from which a summary's quantiles
    are taken, None where every saved value is kept. `note` says why another target than the one
    asked for computes the runs.
    """

    study: Study
    design: Design
    scenarios: tuple[Scenario, ...]
    target: str
    strict: bool
    chunk: int
    sketch: int | None
    labelled: bool
    note: str = ""

    @cached_property
    def sample(self) -> Sample:
        """Return the numbers of its runs."""
        return sample_of(self.study, self.design, self.scenarios)

    @cached_property
    def schedule(self) -> Schedule:
        """Return the clock of its runs."""
        return schedule_of(self.study.specs, self.study.model.flat.sim_specs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of what is kept."""
        return tuple(output.variable.name for output in self.study.outputs)

    @property
    def lanes(self) -> int:
        """Return how many runs are computed side by side."""
        values = len(self.outputs) * len(self.schedule.times) + self.study.model.flat.rows
        return max(16, min(MOST_LANES, _LANE_BYTES // (8 * values)))

    @property
    def runs(self) -> int:
        """Return the number of runs of all scenarios."""
        return self.design.runs * len(self.scenarios)

    def parts(self) -> Iterator[Part]:
        """Yield the parts of the batch, scenario after scenario."""
        number = 0
        for scenario in range(len(self.scenarios)):
            for first in range(0, self.design.runs, self.chunk):
                yield Part(number, scenario, first, min(first + self.chunk, self.design.runs))
                number += 1

    @property
    def count(self) -> int:
        """Return the number of parts."""
        return len(self.scenarios) * -(-self.design.runs // self.chunk)

    @property
    def identity(self) -> dict[str, Any]:
        """Return all that decides the bytes of a batch, ready for JSON."""
        return {
            **study_identity(self.study, self.scenarios),
            "outputs": list(self.outputs),
            "design": self.design.told,
            "target": self.target,
            "strict": self.strict,
            "chunk": self.chunk,
            "summary_only": self.sketch is not None,
            "labels": self.labelled,
            **program(),
        }


def plan_of(
    study: Study,
    design: Design,
    scenarios: Sequence[Scenario],
    *,
    target: str | None = None,
    strict: bool = False,
    chunk: int | None = None,
    summary_only: bool = False,
    labelled: bool = True,
) -> Plan:
    """Return the plan of a batch, its parts as large as memory allows where `chunk` says nothing.

    Raises UsageError for an adaptive method, an unknown target, or a part without runs.
    """
    schedule = schedule_of(study.specs, study.model.flat.sim_specs)
    if schedule.method.adaptive:
        raise UsageError(
            f"a batch has a fixed step, and the study's method is '{schedule.method.value}'. "
            "Write run: {method: rk4} in the study, or give --method rk4."
        )
    served, note = target_for(study, target, strict)
    if chunk is not None and chunk < 1:
        raise UsageError(f"a part of {chunk} runs is none. Give 1 or more.")
    cells = max(1, len(study.outputs) * len(schedule.times))
    usual = max(64, min(_USUAL_CHUNK, _PART_BYTES // (8 * cells)))
    size = None
    if summary_only:
        size = 64
        while size < 2048 and 2 * size * _LEVELS * 8 * cells <= _SKETCH_BYTES:
            size *= 2
        most = _NUMBER_BYTES // (8 * max(1, len(design.quantities)))
        usual = max(1, min(_USUAL_SUMMARY_CHUNK, most) // size) * size
    return Plan(
        study, design, tuple(scenarios), served, strict, chunk or usual, size, labelled, note
    )


def target_for(study: Study, target: str | None = None, strict: bool = False) -> tuple[str, str]:
    """Return the target that computes many runs of a study, and why it is not the one asked for.

    None asks for machine code. Raises UsageError for an unknown target, or `strict` of numpy.
    """
    known = ("llvm", "numpy")
    if target is not None and target not in known:
        advice = did_you_mean(target, known) or f"It is one of {', '.join(known)}."
        raise UsageError(f"no target for batches is called '{target}'. {advice}")
    if target == "numpy":
        if strict:
            raise UsageError("--strict is machine code's: numpy divides as it is written.")
        return "numpy", ""
    try:
        from cyclesim.codegen.emit_llvm import unserved
    except ModuleNotFoundError as error:
        return "numpy", f"the runs are computed by numpy, since '{error.name}' is not installed."
    reason = unserved(study.model.flat)
    if not reason:
        return "llvm", ""
    return "numpy", f"the runs are computed by numpy, since {reason}."

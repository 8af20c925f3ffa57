"""What the values of a study are held against: the model, the run, the folder."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path as FilePath

from cyclesim.compiler import (
    FlatModel,
    FlatVariable,
    NothingSelected,
    Role,
    Selection,
    selected,
)
from cyclesim.errors import UsageError
from cyclesim.project import Method, SimSpecs
from cyclesim.scenario.document import Path
from cyclesim.scenario.findings import Findings
from cyclesim.scenario.quantities import as_written
from cyclesim.scenario.schema import RunKeys
from cyclesim.scenario.words import moment, quantity
from cyclesim.schedule import schedule_of

LEAD = Fraction(1, 20)
"""How much of a run goes by before changes take effect, where a study does not say."""


@dataclass(frozen=True)
class Frame:
    """A model, the settings of the run, and where findings go."""

    flat: FlatModel
    specs: SimSpecs
    folder: FilePath
    findings: Findings

    @property
    def start(self) -> float:
        """Return the time at which runs start."""
        return float(self.specs.start)

    def selection(self, name: str, path: Path, *, at_key: bool) -> Selection | None:
        """Return the variable, element or slice of a name; note where there is none."""
        try:
            return selected(self.flat, name)
        except NothingSelected as nothing:
            code = "unknown-variable"
            self.findings.fault(code, path, nothing.message, nothing.hint, at_key=at_key)
            return None

    def one(self, name: str, path: Path) -> FlatVariable | None:
        """Return a scalar, or an element of an array; note what is several."""
        selection = self.selection(name, path, at_key=False)
        if selection is None or not selection.variable.shape:
            return selection.variable if selection is not None else None
        variable = selection.variable
        message = f"'{variable.name}' is an array of {variable.size} elements, and one is needed"
        first = selection.elements(1)[0].variable.name
        self.findings.fault("array", path, message, f"Name one, such as '{first}'.")
        return None

    def check_range(self, variable: FlatVariable, value: float, path: Path) -> None:
        """Note a value that lies outside its variable's range."""
        complaint = range_complaint(variable, value)
        if complaint is not None:
            self.findings.fault("range", path, *complaint)

    def check_time(self, time: float, path: Path) -> None:
        """Note a time that lies outside the run."""
        if self.specs.start <= time <= self.specs.stop:
            return
        units = self.specs.time_units
        start, stop = moment(self.start, units), moment(float(self.specs.stop), units)
        side = "before" if time < self.specs.start else "after"
        message = f"{moment(time, units)} lies {side} the run, which goes from {start} to {stop}"
        self.findings.fault("time", path, message, "Choose a time within it.")


def range_complaint(variable: FlatVariable, value: float) -> tuple[str, str] | None:
    """Return what is wrong with a value outside its variable's range, and advice."""
    if variable.range.holds(value):
        return None
    shown = quantity(value, variable.units)
    message = f"{shown} lies outside the range of '{variable.name}', {variable.range}"
    if value >= 2 and variable.range.high == 1 and variable.range.holds(value / 100):
        return message, f"A percentage is written '{as_written(value)} %'."
    return message, "Choose a value within it, or widen the range in the model."


def constant(variable: FlatVariable) -> bool:
    """Return whether a variable's equation is a number, such as 4 or 1/52."""
    if variable.role is Role.PARAMETER:
        return True
    return variable.role is Role.CONSTANT and not any(p.symbols for p in variable.pieces)


def settled(run: RunKeys, model: SimSpecs, findings: Findings) -> SimSpecs:
    """Return the settings of a study's runs, the model's own where the study gives none.

    Settings that make no run are noted, and the model's own returned.
    """

    def exact(given: float | None, own: Fraction) -> Fraction:
        return Fraction(str(given)) if given is not None else own

    dt = exact(run.dt, model.dt)
    every = Fraction(str(run.save_every)) if run.save_every is not None else model.save_interval
    if run.save_every is None and every is not None:
        every = max(every, dt)
    specs = SimSpecs(
        start=exact(run.start, model.start),
        stop=exact(run.stop, model.stop),
        dt=dt,
        save_interval=every,
        method=Method(run.method) if run.method is not None else model.method,
        time_units=model.time_units,
    )
    try:
        schedule_of(specs)
    except UsageError as error:
        findings.fault("run", _blamed(str(error), findings), str(error))
        return model
    except OverflowError:
        findings.fault("run", ("run",), "the run has far too many steps", "Use a larger dt.")
        return model
    return specs


def _blamed(message: str, findings: Findings) -> Path:
    """Return the setting that a complaint about the run is about, as far as the study gives it."""
    keys = ("save_every", "dt") if message.startswith("values") else ("dt", "stop", "start")
    if message.startswith("the run stops"):
        keys = ("stop", "start")
    given = findings.document.keys(("run",))
    return ("run", next((key for key in keys if key in given), "")) if given else ("run",)


def first_change(specs: SimSpecs) -> float:
    """Return when changes take effect where a study does not say.

    A twentieth of the run after its start, at the next saved time: late enough for a chart to
    show where the organisation stood, early enough to leave the run to what follows.
    """
    every = specs.save_interval or specs.dt
    count = -((-(specs.stop - specs.start) * LEAD) // every)
    return float(min(specs.start + count * every, specs.stop))

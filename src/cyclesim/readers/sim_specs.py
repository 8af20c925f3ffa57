"""XMILE's sim_specs: start, stop, dt, save interval, method, time units."""

from __future__ import annotations

from fractions import Fraction

from cyclesim.names import did_you_mean
from cyclesim.project import Method, SimSpecs
from cyclesim.readers.findings import Findings
from cyclesim.readers.xml import Element
from cyclesim.schedule import exact_number

_METHODS = {"euler": Method.EULER, "rk2": Method.RK2, "rk4": Method.RK4}
_KNOWN = frozenset(["start", "stop", "dt", "run_by", "pause", "save_interval", "savestep"])


def read_sim_specs(element: Element | None, findings: Findings) -> SimSpecs:
    """Return the settings of a run; XMILE's defaults where the file is silent."""
    if element is None:
        return SimSpecs()
    for child in element.children:
        if child.tag not in _KNOWN:
            findings.fault("sim-specs", f"<{child.tag}> is not known", child.location, "sim_specs")
    default = SimSpecs()
    start = _number(element.child("start"), default.start, findings)
    stop = _number(element.child("stop"), default.stop, findings)
    return SimSpecs(
        start=start,
        stop=stop,
        dt=_dt(element.child("dt"), findings),
        save_interval=_save_interval(element, findings),
        method=_method(element, findings),
        time_units=" ".join(element.attributes.get("time_units", "").split()),
    )


def _number(element: Element | None, default: Fraction, findings: Findings) -> Fraction:
    if element is None:
        return default
    value = exact_number(element.text)
    if value is None:
        message = f"<{element.tag}> is '{element.text.strip()}', not a number"
        findings.fault("sim-specs", message, element.location, "sim_specs")
        return default
    return value


def _dt(element: Element | None, findings: Findings) -> Fraction:
    value = _number(element, Fraction(1), findings)
    if element is None:
        return value
    if value <= 0:
        message = f"dt = {float(value):g} makes no steps"
        findings.fault("sim-specs", message, element.location, "sim_specs", "Use a dt above 0.")
        return Fraction(1)
    reciprocal = element.attributes.get("reciprocal", "false").casefold() == "true"
    return 1 / value if reciprocal else value


def _save_interval(element: Element, findings: Findings) -> Fraction | None:
    for tag in ("save_interval", "savestep"):
        child = element.child(tag)
        if child is not None:
            every = _number(child, Fraction(1), findings)
            if every <= 0:
                message = f"the save interval {float(every):g} is not above 0"
                findings.fault("sim-specs", message, child.location, "sim_specs")
            return every
        written = element.attributes.get(tag)
        if written is not None:
            value = exact_number(written)
            if value is None or value <= 0:
                message = f"the save interval '{written}' is not a number above 0"
                findings.fault("sim-specs", message, element.location, "sim_specs")
            return value
    return None


def _method(element: Element, findings: Findings) -> Method:
    """Return the first method named that is computed; XMILE lists fallbacks after commas."""
    written = element.attributes.get("method", "euler")
    for name in written.split(","):
        method = _METHODS.get(name.strip().casefold())
        if method is not None:
            return method
    hint = did_you_mean(written, _METHODS) or "It is Euler, RK2 or RK4."
    message = f"no integration method is called '{written}'"
    findings.fault("method", message, element.location, "sim_specs", hint)
    return Method.EULER

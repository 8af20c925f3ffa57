"""Small XMILE models written by tests: text in, so that the reader is always on the way."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from cyclesim.compiler import CompiledModel, compile_model
from cyclesim.project import Project
from cyclesim.readers.xmile import read_xmile

PATH = "model.xmile"
NAMESPACE = "http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"


def gf(
    x: Iterable[float] | None,
    y: Iterable[float],
    kind: str = "continuous",
    scale: tuple[float, float] | None = None,
) -> str:
    """Return a <gf> with its points."""
    places = f'<xscale min="{scale[0]!r}" max="{scale[1]!r}"/>' if scale else ""
    if x is not None:
        places += f"<xpts>{','.join(map(repr, x))}</xpts>"
    return f'<gf type="{kind}">{places}<ypts>{",".join(map(repr, y))}</ypts></gf>'


def _children(eqn: str | None, extra: str) -> str:
    equation = f"<eqn>{escape(str(eqn), quote=False)}</eqn>" if eqn is not None else ""
    return equation + extra


def aux(name: str, eqn: object, extra: str = "") -> str:
    """Return an auxiliary."""
    return f'<aux name="{escape(name)}">{_children(_text(eqn), extra)}</aux>'


def flow(name: str, eqn: object, extra: str = "") -> str:
    """Return a flow."""
    return f'<flow name="{escape(name)}">{_children(_text(eqn), extra)}</flow>'


def graph(name: str, points: str) -> str:
    """Return a graphical function that stands by itself."""
    return points.replace("<gf ", f'<gf name="{escape(name)}" ', 1)


def stock(
    name: str,
    initial: object,
    inflows: str | Iterable[str] = (),
    outflows: str | Iterable[str] = (),
    extra: str = "",
) -> str:
    """Return a stock; a single flow may be given by its name alone."""
    pieces = [_children(_text(initial), "")]
    for tag, flows in (("inflow", inflows), ("outflow", outflows)):
        names = [flows] if isinstance(flows, str) else list(flows)
        pieces += [f"<{tag}>{escape(one, quote=False)}</{tag}>" for one in names]
    return f'<stock name="{escape(name)}">{"".join(pieces)}{extra}</stock>'


def _text(eqn: object) -> str | None:
    return None if eqn is None else repr(eqn) if isinstance(eqn, float) else str(eqn)


NON_NEGATIVE = "<non_negative/>"


def dimension(name: str, elements: int | str, maps: str = "") -> str:
    """Return a dimension of so many elements, or of these, named between blanks."""
    if isinstance(elements, int):
        return f'<dim name="{name}" size="{elements}">{maps}</dim>'
    named = "".join(f'<elem name="{element}"/>' for element in elements.split())
    return f'<dim name="{name}">{named}{maps}</dim>'


def dimensions(*dims: str) -> str:
    """Return a file's dimensions."""
    return f"<dimensions>{''.join(dims)}</dimensions>"


def over(*names: str) -> str:
    """Return the dimensions of a variable."""
    return dimensions(*(f'<dim name="{name}"/>' for name in names))


def element(subscript: str, eqn: object, extra: str = "") -> str:
    """Return the equation of one element, or of the part that a subscript names."""
    return f'<element subscript="{subscript}">{_children(_text(eqn), extra)}</element>'


def parts(**equations: object) -> str:
    """Return an equation for each element or part, by its name."""
    return "".join(element(name, equation) for name, equation in equations.items())


def xmile(
    *variables: str,
    start: object = 0,
    stop: object = 10,
    dt: object = 1,
    method: str = "Euler",
    save: object | None = None,
    time_units: str = "",
    specs: str | None = None,
    before_model: str = "",
    in_model: str = "",
    after_model: str = "",
) -> str:
    """Return a whole XMILE file of these variables.

    `before_model` and `after_model` are dimensions, macros, and models that modules are made of.
    """
    interval = f' save_interval="{save}"' if save is not None else ""
    units = f' time_units="{time_units}"' if time_units else ""
    whole, _, parts = str(dt).partition("/")
    reciprocal = f'<dt reciprocal="true">{parts}</dt>' if parts and whole == "1" else None
    own = (
        f'<sim_specs method="{method}"{interval}{units}><start>{start}</start>'
        f"<stop>{stop}</stop>{reciprocal or f'<dt>{dt}</dt>'}</sim_specs>"
    )
    return (
        f'<xmile version="1.0" xmlns="{NAMESPACE}">{specs if specs is not None else own}'
        f"{before_model}<model><variables>{''.join(variables)}</variables>{in_model}</model>"
        f"{after_model}</xmile>"
    )


def read(text: str) -> Project:
    """Return what the reader makes of a text."""
    return read_xmile(text.encode("utf-8"), PATH)


def compiled(text: str) -> CompiledModel:
    """Return the compiled model of a text."""
    return compile_model(read(text))


def model(*variables: str, **settings: object) -> CompiledModel:
    """Return the compiled model of these variables."""
    return compiled(xmile(*variables, **settings))  # type: ignore[arg-type]

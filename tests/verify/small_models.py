"""XMILE and Vensim models of a few lines, one for each limitation of the other engines."""

from __future__ import annotations

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><name>small</name><vendor>cyclesim</vendor><product version="1">tests</product></header>
<sim_specs method="{method}"><start>0</start><stop>10</stop><dt>0.5</dt></sim_specs>
{before}<model><variables>
{variables}
</variables></model>{after}</xmile>"""


def model(*variables: str, method: str = "Euler", before: str = "", after: str = "") -> str:
    """Return a model file of ten weeks in steps of half a week."""
    return HEAD.format(method=method, before=before, variables="\n".join(variables), after=after)


def aux(name: str, equation: str, more: str = "") -> str:
    """Return an auxiliary."""
    return f'<aux name="{name}"><eqn>{equation}</eqn>{more}</aux>'


def graphical(kind: str, x: str = "1,2,4", y: str = "0,1,3") -> str:
    """Return an auxiliary that reads the time off a graphical function."""
    points = f"<xpts>{x}</xpts><ypts>{y}</ypts>"
    return aux("g", "TIME", f'<gf type="{kind}">{points}</gf>')


def drained(flow: str, stock: str = "", one_way: str = "") -> str:
    """Return a stock of 5 that a flow drains into another."""
    return (
        f'<stock name="S"><eqn>5</eqn><outflow>f</outflow>{stock}</stock>'
        '<stock name="R"><eqn>0</eqn><inflow>f</inflow></stock>'
        f'<flow name="f"><eqn>{flow}</eqn>{one_way}</flow>'
    )


NON_NEGATIVE = "<non_negative/>"
DIMENSION = '<dimensions><dim name="A"><elem name="a1"/><elem name="a2"/></dim></dimensions>'
ARRAY = (
    '<aux name="x"><dimensions><dim name="A"/></dimensions>'
    '<element subscript="a1"><eqn>TIME</eqn><gf><xpts>0,5</xpts><ypts>0,1</ypts></gf></element>'
    '<element subscript="a2"><eqn>TIME</eqn><gf><xpts>0,5</xpts><ypts>0,3</ypts></gf></element>'
    "</aux>"
)
MODULE = '<module name="m"><connect to="m.inp" from="x"/></module>'
SUBMODEL = (
    '<model name="m"><variables><aux name="inp" access="input"><eqn>1</eqn></aux>'
    '<stock name="S"><eqn>1</eqn><inflow>g</inflow></stock>'
    '<flow name="g"><eqn>S*inp/10</eqn></flow></variables></model>'
)

LIMITED = {
    ("pysd", "'extrapolate'"): model(graphical("extrapolate")),
    ("pysd", "'discrete'"): model(graphical("discrete")),
    ("pysd", "single elements"): model(ARRAY, before=DIMENSION),
    ("pysd", "back to zero"): model(drained("2", NON_NEGATIVE)),
    ("pysd", "cuts INT"): model(aux("y", "INT(TIME - 5.5)")),
    ("pysd", "lets STEP"): model(aux("y", "STEP(1, 3.2)")),
    ("pysd", "FORCST"): model(aux("y", "FORCST(10 + TIME, 3, 2, 0.1)")),
    ("pysd", "leaves out a PULSE"): model(aux("y", "PULSE(10, 3.2, 2)")),
    ("pysd", "time of a DELAY"): model(aux("y", "DELAY(TIME, 1.7)")),
    ("pysd", "AND and OR"): model(
        aux("y", "IF TIME &gt; 5 AND TIME &lt; 7 OR TIME = 1 THEN 1 ELSE 0")
    ),
    ("pysd", "whole comparison"): model(aux("y", "IF NOT TIME &gt; 7 THEN 1 ELSE 0")),
    ("pysd", "begins with 'not'"): model(
        aux("notes", "TIME*0"), aux("es", "TIME"), aux("y", "notes + 1")
    ),
    ("pysd", "variables of modules"): model(MODULE, aux("x", "2"), aux("S", "7"), after=SUBMODEL),
    ("simlin", "'extrapolate'"): model(graphical("extrapolate")),
    ("simlin", "'discrete'"): model(graphical("discrete")),
    ("simlin", "earlier of two points"): model(graphical("continuous", "0,2,2,5", "0,1,5,6")),
    ("simlin", "below zero"): model(drained("2", NON_NEGATIVE)),
    ("simlin", "backwards"): model(drained("1 - TIME/2", "", NON_NEGATIVE)),
    ("simlin", "remainder"): model(aux("y", "TIME MOD (-3)")),
    ("simlin", "lets STEP"): model(aux("y", "STEP(1, 3.2)")),
    ("simlin", "as DELAY1"): model(aux("y", "DELAY(TIME, 2)")),
    ("simlin", "halves"): model(aux("y", "ROUND(TIME - 5)")),
    ("simlin", "one PULSE a step"): model(aux("y", "PULSE(1, 3, 0.3)")),
}
"""By engine and words of the limitation's sentence: a model in which nothing else differs."""

REFUSED = {
    ("pysd", "modules"): model(MODULE, aux("x", "2"), aux("y", "m.S*2"), after=SUBMODEL),
    ("pysd", "macros"): model(
        aux("y", "double(TIME)"),
        before='<macro name="double"><eqn>a*2</eqn><parm>a</parm></macro>',
    ),
    ("pysd", "MOD and //"): model(aux("y", "TIME MOD 3")),
    ("pysd", "ROUND"): model(aux("y", "ROUND(TIME)")),
    ("pysd", "`*` as a subscript"): model(ARRAY, aux("y", "SUM(x[*])"), before=DIMENSION),
    ("pysd", "by its size"): model(
        '<aux name="y"><dimensions><dim name="B"/></dimensions><eqn>TIME</eqn></aux>',
        before='<dimensions><dim name="B" size="3"/></dimensions>',
    ),
    ("pysd", "functions that are called"): model(
        '<aux name="t"><gf><xpts>0,5</xpts><ypts>0,1</ypts></gf></aux>', aux("y", "LOOKUP(t, TIME)")
    ),
    ("pysd", "IF within an IF"): model(
        aux("y", "IF TIME &gt; 5 THEN 1 ELSE IF TIME &gt; 3 THEN 2 ELSE 3")
    ),
    ("simlin", "DELAYN"): model(aux("y", "DELAYN(TIME, 3, 2)")),
    ("simlin", "called by name"): model(
        '<aux name="t"><gf><xpts>0,5</xpts><ypts>0,1</ypts></gf></aux>', aux("y", "t(TIME)")
    ),
}
"""By engine and words: a model that the engine does not read."""

DRAWN = """{UTF-8}
Drawn = RANDOM UNIFORM(0, 1, 0) ~ ~ |
Follows = Drawn * 2 ~ ~ |
Certain = Time * 2 ~ ~ |
INITIAL TIME = 0 ~ ~ |
FINAL TIME = 10 ~ ~ |
TIME STEP = 1 ~ ~ |
SAVEPER = 1 ~ ~ |
"""
"""A model for Vensim with a random variable."""

"""Which elements a file may hold: those read, those passed over, those refused by name."""

from __future__ import annotations

from collections.abc import Iterable

from cyclesim.readers.findings import Findings
from cyclesim.readers.xml import Element

REFUSED = {
    "leak_integers": "a leak in whole units is not computed yet",
    "oven": "ovens are not computed yet",
    "queue": "queues are not computed yet",
    "overflow": "queues are not computed yet",
    "multiplier": "unit conversion of flows is not computed yet",
}
"""What changes the values of a model and is not computed."""

DECORATION = frozenset(
    [
        "behavior",
        "data",
        "data_manager",
        "default_format",
        "default_settings",
        "equation_prefs",
        "extra_collection_variables",
        "header",
        "interface",
        "multiplayer_settings",
        "number_format_extenders",
        "prefs",
        "style",
        "time_formats",
        "uuid",
        "view",
        "views",
    ]
)
"""Elements of a file or a model that say nothing about values."""

IN_FILE = DECORATION | {"dimensions", "include", "macro", "model", "model_units", "sim_specs"}
VARIABLE_TAGS = frozenset(["stock", "flow", "aux", "gf", "module"])
IN_MODEL = DECORATION | VARIABLE_TAGS | {"variables", "doc", "sim_specs", "display"}
IN_MACRO = frozenset(["doc", "eqn", "format", "parm", "style", "variables", "view", "views"])
AMONG_VARIABLES = VARIABLE_TAGS | {
    "dependencies",  # a list of links that the vendor derives and draws
    "group",
}
_SAID_OF_ANY = frozenset(
    [
        "delay_aux",  # Stella's mark on what it draws as a delay
        "dimensions",
        "display",
        "doc",
        "documentation",
        "element",
        "eqn",
        "event_poster",
        "format",
        "gf",
        "init_eqn",
        "mathml",
        "non_apply_to_all",
        "range",
        "scale",
        "style",
        "units",
    ]
)
IN_VARIABLE = {
    "stock": _SAID_OF_ANY | {"conveyor", "inflow", "outflow", "non_negative"},
    "flow": _SAID_OF_ANY | {"leak", "leak_fraction", "leak_start", "leak_end", "non_negative"},
    "aux": _SAID_OF_ANY | {"non_negative"},
    "module": frozenset(["connect", "connect2", "display", "doc", "documentation", "units"]),
}
IN_ELEMENT = frozenset(["eqn", "init_eqn", "gf", "event_poster", "mathml"])


def refuse_unknown(
    children: Iterable[Element], known: frozenset[str], findings: Findings, subject: str = ""
) -> None:
    """Note each child that is not computed or not known, by its tag unless `subject` is given."""
    for child in children:
        message = REFUSED.get(child.tag)
        if message is None and child.tag in known:
            continue
        about = subject or f"<{child.tag}>"
        if message is not None:
            findings.fault(child.tag, message, child.location, about)
        else:
            unknown = f"<{child.tag}> is not known" if subject else "this element is not known"
            findings.fault("unknown-element", unknown, child.location, about)

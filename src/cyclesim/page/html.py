"""The page of a study as one file: markup, style, scripts and data, and a policy that holds it."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from cyclesim.codegen.emit_javascript import runtime_text
from cyclesim.files import write_whole
from cyclesim.page.payload import contents
from cyclesim.scenario.parts import Study

_SCRIPTS = ("words", "store", "chart", "picture", "panels", "tipping", "export", "story", "app")


def write_page(study: Study, path: Path) -> Path:
    """Write a study's page to a file that is whole or not there.

    Raises UsageError where the study cannot run in a browser.
    """
    return write_whole(path, page_html(study))


def page_html(study: Study) -> str:
    """Return a study's page as one HTML text, the same for the same study.

    Raises UsageError where the study cannot run in a browser.
    """
    made = contents(study)
    engine = "\n".join([runtime_text(), *made.programs, _text("engine.js")])
    script = "\n".join(_text(f"{name}.js") for name in _SCRIPTS)
    script = f'(() => {{\n"use strict";\n{script}\n}})();\n'
    page = (
        _environment()
        .get_template("page.html")
        .render(
            title=study.title,
            question=study.question,
            style=_text("page.css"),
            engine=_inert(engine),
            script=_inert(script),
            policy=_policy(_sha256(_inert(engine)), _sha256(_inert(script))),
            payload=_json_in_html(made.data),
            svg=made.svg,
        )
    )
    return str(page)


@cache
def _text(name: str) -> str:
    return (resources.files("cyclesim.page") / "template" / name).read_text("utf-8")


@cache
def _environment() -> Any:
    """Return what fills the template: everything escaped, nothing undefined."""
    import jinja2  # a fifth of a second that only a page has to pay

    return jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_text),
    )


def _inert(script: str) -> str:
    """Return a script that cannot end the element it stands in.

    Only in a quoted text or a comment can the signs stand that would end it; there a backslash
    before them says the same.
    """
    return script.replace("</", "<\\/").replace("<!--", "<\\!--")


def _sha256(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _policy(*hashes: str) -> str:
    # The worker is made from the page's own script, a picture saved from a drawing: both blob:.
    return (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; worker-src blob:; base-uri 'none'; form-action 'none'"
    )


def _json_in_html(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

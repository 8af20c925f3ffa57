"""The page of a study as one file: markup, style, scripts and data, and a policy that holds it."""

from __future__ import annotations

from pathlib import Path

from cyclesim import sealed
from cyclesim.codegen.emit_javascript import runtime_text
from cyclesim.files import write_whole
from cyclesim.page.payload import contents
from cyclesim.scenario.parts import Study

_HERE = "cyclesim.page"
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
        sealed.environment(_HERE)
        .get_template("page.html")
        .render(
            title=study.title,
            question=study.question,
            style=_text("page.css"),
            engine=_inert(engine),
            script=_inert(script),
            policy=sealed.policy(
                sealed.sha256(_inert(engine)), sealed.sha256(_inert(script)), workers=True
            ),
            payload=sealed.json_text(made.data),
            svg=made.svg,
        )
    )
    return str(page)


def _text(name: str) -> str:
    return sealed.template_text(_HERE, name)


def _inert(script: str) -> str:
    """Return a script that cannot end the element it stands in.

    Only in a quoted text or a comment can the signs stand that would end it; there a backslash
    before them says the same.
    """
    return script.replace("</", "<\\/").replace("<!--", "<\\!--")

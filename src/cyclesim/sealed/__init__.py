"""Pages sealed in one file: they load nothing, send nothing and run only the scripts they name."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

_FRAME = "frame.html"


@cache
def template_text(package: str, name: str) -> str:
    """Return a file of a package's templates; all share the frame of a page."""
    holder = "cyclesim.sealed" if name == _FRAME else package
    return (resources.files(holder) / "template" / name).read_text("utf-8")


def environment(package: str) -> Any:
    """Return what fills a package's templates: everything escaped, nothing undefined."""
    import jinja2  # a fifth of a second that only a page has to pay

    return jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(lambda name: template_text(package, name)),
    )


def sha256(script: str) -> str:
    """Return the source by which a policy names a script (CSP level 2, 4.2.5)."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def policy(*scripts: str, workers: bool = False) -> str:
    """Return the policy under which only the scripts of these hashes run.

    Charts set styles as they are drawn, and save a picture by way of a data: and a blob: image;
    a worker is made from the page's own script, which is a blob: too.
    """
    if not scripts:
        return "default-src 'none'; style-src 'unsafe-inline'"
    worker = "worker-src blob:; " if workers else ""
    return (
        f"default-src 'none'; script-src {' '.join(scripts)}; style-src 'unsafe-inline'; "
        f"img-src data: blob:; {worker}base-uri 'none'; form-action 'none'"
    )


def json_text(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

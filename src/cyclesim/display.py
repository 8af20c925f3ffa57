"""How things show themselves in a notebook; what draws them lies above and is handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class Shown:
    """What shows itself where a notebook asks for it, as HTML that needs no script."""

    drawer: ClassVar[Callable[[object], str] | None] = None

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # The text of a whole run is megabytes, and notebooks store it beside what is shown.
        shown = self._repr_html_()
        text = {"text/plain": f"<{type(self).__name__}>"}
        return text if shown is None else {**text, "text/html": shown}

    def _repr_html_(self) -> str | None:
        return None if Shown.drawer is None else Shown.drawer(self)

"""Figures that never offer to post themselves, however they are shown."""

from __future__ import annotations

from functools import cache
from typing import Any

PLOTLY_CONFIG: dict[str, Any] = {
    # Plotly's own default offers to send the chart to its server; figures here are confidential.
    "showSendToCloud": False,
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}
"""The configuration with which every figure is shown: nothing leaves the user's machine."""


@cache
def figure_class() -> Any:
    """Return a `plotly.graph_objects.Figure` that is always shown with `PLOTLY_CONFIG`."""
    import plotly.graph_objects as go

    class Figure(go.Figure):  # type: ignore[misc]
        """A figure whose configuration cannot be forgotten."""

        def show(self, *args: Any, **kwargs: Any) -> Any:
            """Show the figure, its chart kept on this machine."""
            return super().show(*args, **_confidential(kwargs))

        def to_html(self, *args: Any, **kwargs: Any) -> Any:
            """Return the figure as HTML, its chart kept on this machine."""
            return super().to_html(*args, **_confidential(kwargs))

        def write_html(self, *args: Any, **kwargs: Any) -> Any:
            """Write the figure as HTML, its chart kept on this machine."""
            return super().write_html(*args, **_confidential(kwargs))

        def _ipython_display_(self) -> None:
            self.show()

        def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
            return super()._repr_mimebundle_(*args, **_confidential(kwargs))

    return Figure


def _confidential(arguments: dict[str, Any]) -> dict[str, Any]:
    return {**arguments, "config": {**PLOTLY_CONFIG, **(arguments.get("config") or {})}}

"""Stock-and-flow and causal loop pictures of a model, as SVG or as an XMILE view."""

from __future__ import annotations

from cyclesim.diagram.pictures import Diagram, loop_diagram, stock_diagram
from cyclesim.diagram.splice import with_views, write_view

__all__ = ["Diagram", "loop_diagram", "stock_diagram", "with_views", "write_view"]

"""The page of a study: one HTML file in which a reader moves levers and sees what follows."""

from cyclesim.page.html import page_html, write_page

__all__ = ["page_html", "write_page"]

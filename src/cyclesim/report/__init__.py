"""What a study found, for people and for other programs: report, figures, tables."""

from cyclesim.report.html import report_html, write_report
from cyclesim.report.tables import series_csv, summary, write_series_csv

__all__ = ["report_html", "series_csv", "summary", "write_report", "write_series_csv"]

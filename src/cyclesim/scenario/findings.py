"""What is found wrong in a study file, each finding with its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyclesim.errors import Diagnostic, Severity
from cyclesim.scenario.document import Document, Path, dotted


@dataclass
class Findings:
    """Faults and warnings in the order met."""

    document: Document
    diagnostics: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)

    def fault(
        self, code: str, path: Path, message: str, hint: str | None = None, *, at_key: bool = False
    ) -> None:
        """Note what is wrong with the value at a path, or with its key."""
        where = self.document.location(path, at_key)
        self.diagnostics.append(Diagnostic(code, message, where, dotted(path) or None, hint))

    def warn(self, code: str, path: Path, message: str, *, at_key: bool = False) -> None:
        """Note what has to be said of the value at a path."""
        where = self.document.location(path, at_key)
        found = Diagnostic(code, message, where, dotted(path), severity=Severity.WARNING)
        self.warnings.append(found)

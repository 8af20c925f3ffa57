"""What is found wrong while a model file is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyclesim.errors import Diagnostic, Location


@dataclass
class Findings:
    """Faults in the order met, the running number of calls, and whose words a file is in."""

    path: str
    diagnostics: list[Diagnostic] = field(default_factory=list)
    calls: int = 0
    written_by: str = ""

    def fault(
        self, code: str, message: str, where: Location, subject: str = "", hint: str = ""
    ) -> None:
        """Note one finding."""
        found = Diagnostic(code, message, where, subject or None, hint or None)
        self.diagnostics.append(found)

    def next_call(self) -> int:
        """Return the number of the next call in source order: noise is drawn by it."""
        self.calls += 1
        return self.calls


def place_of(other: Location, here: Location) -> str:
    """Return where something else stands, as it is told to who looks at `here`."""
    return f"on line {other.line}" if other.path == here.path else f"in {other.path}"

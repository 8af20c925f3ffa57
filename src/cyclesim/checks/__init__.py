"""What a model claims, tested: claims with controls, draws, extremes, rest and stability."""

from __future__ import annotations

from cyclesim.checks.judging import judge
from cyclesim.checks.parts import Checks, ModelCheck
from cyclesim.checks.reader import checks_beside, read_checks
from cyclesim.checks.schema import checks_schema

__all__ = ["Checks", "ModelCheck", "checks_beside", "checks_schema", "judge", "read_checks"]

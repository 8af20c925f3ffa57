"""A second opinion: the same model computed by other engines, and why they differ."""

from cyclesim.verify.engines import ENGINES, Engine, Status
from cyclesim.verify.limitations import LIMITATIONS, Limitation
from cyclesim.verify.opinion import Cause, Finding, Opinion, Verdict
from cyclesim.verify.verification import Verification, verify

__all__ = [
    "ENGINES",
    "LIMITATIONS",
    "Cause",
    "Engine",
    "Finding",
    "Limitation",
    "Opinion",
    "Status",
    "Verdict",
    "Verification",
    "verify",
]

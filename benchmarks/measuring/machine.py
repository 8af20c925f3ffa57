"""The machine that times were taken on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from cyclesim.codegen.llvm_machine import this_machine

from .recipes import COMPILER

PACKAGES = ("cyclesim", "llvmlite", "numpy", "pyarrow")


QUIET = 0.5
"""Processes that want a core on a quiet machine, at most, on average over a minute."""


def load() -> tuple[float, str]:
    """Return how many processes wanted a core over the last minute, and that in words."""
    one, five, _ = os.getloadavg()
    return one, f"{one:.2f} over one minute, {five:.2f} over five"


def described() -> dict[str, str]:
    """Return the processor, the compiler and the packages, by what each is called."""
    machine = this_machine()
    lanes = "no machine code here" if machine is None else f"{machine.lanes} runs in a vector"
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores, {platform.machine()}; {lanes}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "compiler": _compiler(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    told = {key.strip(): value.strip() for key, value in found.items()}
    return f"{told.get('model name', 'unnamed')} (family {told.get('cpu family')}, model "\
        f"{told.get('model')})"  # fmt: skip


def _version(name: str) -> str:
    if name == "cyclesim":
        from cyclesim.version import __version__

        return __version__
    return metadata.version(name)


def _compiler() -> str:
    try:
        done = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=True)
    except OSError:
        return "none"
    return done.stdout.splitlines()[0]

"""The two streams: what is asked for goes to stdout, what there is to say to stderr.

click's own `echo` writes UTF-8 to a console of ASCII; these write what the console can show.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys


def say(text: str = "", end: str = "\n") -> None:
    """Print data on stdout."""
    print(text, end=end, flush=True)


def tell(text: str) -> None:
    """Print a message on stderr."""
    print(text, file=sys.stderr, flush=True)


def prepare() -> None:
    """Let no character and no part of a text be lost on the way out."""
    own = sys.stdout if sys.stdout is sys.__stdout__ else None
    if own is not None and isinstance(own.buffer, io.RawIOBase):
        # PYTHONUNBUFFERED: what a full disk takes in part would be lost without a word.
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(own.buffer), encoding=own.encoding)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A console that cannot show a character shows its number.
            stream.reconfigure(errors="backslashreplace")


def let_go() -> None:
    """Point stdout nowhere, so that closing it does not fail once more."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

"""Files that outlive a killed process or a full disk: whole or not there, one writer at a time."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from cyclesim.errors import RunError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PART = ".part"
"""How the name of a file ends that is still being written."""


def write_lasting(path: Path, content: bytes | Callable[[BinaryIO], None]) -> str:
    """Write a file beside its place, let the disk have it, then put it there in one move.

    Return the SHA-256 of its bytes, taken on the way.
    """
    unfinished = path.with_name(f".{path.name}{PART}")
    try:
        with unfinished.open("wb", buffering=0) as plain:
            file = _Digested(plain)
            if isinstance(content, bytes):
                file.write(content)
            else:
                content(cast(BinaryIO, file))
            os.fsync(plain.fileno())
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    _sync_folder(path.parent)
    return file.digest.hexdigest()


class _Digested(io.RawIOBase):
    """A file to be written from its beginning to its end, and the digest of what went into it."""

    def __init__(self, file: io.FileIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, content: ReadableBuffer) -> int:
        whole = memoryview(content).cast("B")
        left = whole
        while left:  # a plain file may take a part of it
            left = left[self.file.write(left) or 0 :]
        self.digest.update(whole)
        self.size += len(whole)
        return len(whole)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write JSON so that it lasts."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    write_lasting(path, text.encode())


def _sync_folder(folder: Path) -> None:
    if sys.platform.startswith("win"):  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Hold a lock as long as this process lives.

    Raises RunError naming the process that holds it. The system lets go of it when its holder is
    killed, so that no lock is left behind.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _locked(handle):
            holder = os.read(handle, 200).decode(errors="replace").strip() or "another process"
            raise RunError(
                f"'{path.parent}' is being written by {holder}. "
                "Wait for it, or write elsewhere with --out."
            )
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        try:
            yield
        finally:
            if not sys.platform.startswith("win"):  # where an open file cannot be deleted
                with contextlib.suppress(OSError):
                    path.unlink()
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        if sys.platform.startswith("win"):
            import msvcrt

            os.lseek(handle, 4096, os.SEEK_SET)  # what is locked there cannot be read
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return os.fstat(handle).st_nlink > 0  # else its last holder has just deleted it


def free_bytes(folder: Path) -> int:
    """Return how much a folder's disk still holds, the folder there or not."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    return shutil.disk_usage(there).free

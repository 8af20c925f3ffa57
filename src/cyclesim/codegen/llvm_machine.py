"""The machine that code is made for, and object code kept on disk by digest."""

from __future__ import annotations

import ctypes
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_MARK = b"cyclesim object 1\n"
_LOCK = threading.Lock()  # llvmlite's own objects are not made for several threads


@dataclass(frozen=True)
class Machine:
    """A processor: its name and features as LLVM has them, and how many runs it does at once."""

    triple: str
    processor: str
    features: str
    lanes: int
    permutes: bool

    @property
    def named(self) -> str:
        """Return what object code for this machine depends on."""
        import llvmlite

        return f"{self.triple} {self.processor} {self.features} {self.lanes} {llvmlite.__version__}"


@cache
def this_machine(vectors: str | None = None) -> Machine | None:
    """Return the machine that this runs on; None where it lacks a fused multiply-add.

    `vectors` may be `avx2`, to leave AVX-512 unused; it is read from the environment variable
    CYCLESIM_VECTORS where it is not given.
    """
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    triple = llvm.get_process_triple()
    processor = llvm.get_host_cpu_name()
    arm = triple.startswith(("aarch64", "arm64"))
    if not (arm or features.get("fma")):
        return None
    asked = vectors or os.environ.get("CYCLESIM_VECTORS", "")
    wide = bool(features.get("avx512f") and features.get("avx512dq")) and asked != "avx2"
    if not wide:
        for name in list(features):
            if name.startswith(("avx512", "avx10", "evex512", "amx", "prefer-256-bit")):
                features[name] = False
        processor = processor if arm else "haswell"
    return Machine(triple, processor, features.flatten(), 8 if wide else 4, wide)


class Loaded:
    """Machine code in memory, and the functions of it by name."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    def function(self, name: str, *kinds: Any, result: Any = None) -> Callable[..., Any]:
        """Return a function of the code; it runs without the interpreter's lock."""
        address = self.engine.get_function_address(name)
        return ctypes.CFUNCTYPE(result, *kinds)(address)


def loaded(
    machine: Machine, digest: str, text: Callable[[], str], symbols: Mapping[str, int]
) -> Loaded:
    """Return code that is in the cache by a digest, or compiled from text and put there.

    `symbols` are the addresses of functions outside that the code calls.
    """
    folder = cache_folder()
    key = hashlib.sha256(f"{machine.named} {digest}".encode()).hexdigest()
    path = None if folder is None else folder / f"{key}.object"
    with _LOCK:
        code = None if path is None else _kept(path)
        if code is None:
            code = compiled(machine, text())
            if path is not None:
                _keep(path, code)
        return _linked(machine, code, symbols)


def compiled(machine: Machine, text: str) -> bytes:
    """Return the object code of LLVM assembly."""
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.verify()
    target = _target(machine)
    _optimised(module, target)
    return bytes(target.emit_object(module))


def _optimised(module: Any, target: Any) -> None:
    import llvmlite.binding as llvm

    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=1))
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.run(module, builder)


def _target(machine: Machine) -> Any:
    import llvmlite.binding as llvm

    # Small and position independent: constants are read where they lie, not by a 64-bit address.
    return llvm.Target.from_triple(machine.triple).create_target_machine(
        cpu=machine.processor, features=machine.features, opt=2, reloc="pic", codemodel="small"
    )


def _linked(machine: Machine, code: bytes, symbols: Mapping[str, int]) -> Loaded:
    import llvmlite.binding as llvm

    for name, address in symbols.items():
        llvm.add_symbol(name, address)
    # An engine owns its target machine: each needs one of its own.
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(machine))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Loaded(engine)


def cache_folder() -> Path | None:
    """Return the folder that object code is kept in; None where CYCLESIM_CACHE is `off`.

    CYCLESIM_CACHE names another folder than the one that the system has for such files.
    """
    asked = os.environ.get("CYCLESIM_CACHE", "")
    if asked.casefold() == "off":
        return None
    if asked:
        return Path(asked) / "objects"
    system = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_CACHE_HOME")
    return (Path(system) if system else Path.home() / ".cache") / "cyclesim" / "objects"


def _kept(path: Path) -> bytes | None:
    """Return the object code in a file; None where there is none or it is not whole."""
    try:
        held = path.read_bytes()
    except OSError:
        return None
    head = len(_MARK)
    digest, code = held[head : head + 32], held[head + 32 :]
    whole = held.startswith(_MARK) and hashlib.sha256(code).digest() == digest
    return code if whole else None


def _keep(path: Path, code: bytes) -> None:
    """Put object code into a file, whole or not at all; where none can be written, none is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MARK + hashlib.sha256(code).digest() + code)
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return

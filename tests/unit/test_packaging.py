"""What is built from the tree: a wheel that runs by itself, a source archive that tests itself.

Nothing is fetched: the packages that building needs are those of the `test` extra.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path

import pytest

import cyclesim as cs
from cyclesim import library
from cyclesim.manifest import PROGRAM, program

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
UNWANTED = re.compile(
    r"__pycache__|\.py[co]$|\.venv|cyclesim-(run|demo)|\.(part|orig|rej)$|/\.git/"
)


@dataclass(frozen=True)
class Built:
    """A wheel and a source archive, both unpacked."""

    wheel: Path
    source: Path
    wheel_name: str


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the source archive from the tree, and the wheel from the archive."""
    out = tmp_path_factory.mktemp("built")
    done = python("-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT), cwd=out)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nWhat building needs comes with "
        'python -m pip install --editable ".[test]".'
    )
    (wheel,) = out.glob("*.whl")
    (source,) = out.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(out / "wheel")
    with tarfile.open(source) as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(out / "source", **safely)  # type: ignore[arg-type]
    return Built(out / "wheel", out / "source" / source.name.removesuffix(".tar.gz"), wheel.name)


def python(
    *arguments: str, cwd: Path, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with `path` alone before the installed packages."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip


def files(folder: Path, *parts: str) -> set[str]:
    """Return the files below some parts of a folder, by their paths in it."""
    found = (path for part in parts for path in (folder / part).rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix()
        for path in found
        if not UNWANTED.search(path.relative_to(folder).as_posix())
    }


# --- the wheel ------------------------------------------------------------------------------------


def test_the_wheel_holds_the_package_and_the_library(built: Built) -> None:
    held = {path.relative_to(built.wheel).as_posix() for path in built.wheel.rglob("*")}
    source = {name.removeprefix("src/") for name in files(ROOT, "src")}
    carried = {f"cyclesim/_library/{name}" for name in files(ROOT, "models", "scenarios")}
    about = f"cyclesim-{cs.__version__}.dist-info"
    own = {name for name in held if (built.wheel / name).is_file() and not name.startswith(about)}
    assert own == source | carried
    assert {"cyclesim/py.typed", "cyclesim/report/template/report.html"} <= held
    assert f"{about}/licenses/LICENSE" in held
    assert not [name for name in held if UNWANTED.search(name)]


def test_the_wheel_fits_every_system_and_says_what_it_needs(built: Built) -> None:
    assert built.wheel_name == f"cyclesim-{cs.__version__}-py3-none-any.whl"
    about = built.wheel / f"cyclesim-{cs.__version__}.dist-info"
    text = (about / "METADATA").read_text(encoding="utf-8")
    stated = message_from_string(text)
    assert stated["Version"] == cs.__version__
    assert stated["Requires-Python"] == PROJECT["requires-python"]
    needed = [line for line in stated.get_all("Requires-Dist", []) if "extra ==" not in line]
    # In metadata a package's name may stand with a hyphen for a dot.
    spelt = [line.replace("-", ".") for line in PROJECT["dependencies"]]
    assert sorted(line.replace("-", ".") for line in needed) == sorted(spelt)
    assert "cyclesim = cyclesim.cli:main" in (about / "entry_points.txt").read_text("utf-8")


def test_the_wheel_alone_runs_the_demo_in_an_empty_folder(built: Built, tmp_path: Path) -> None:
    shown = python("-m", "cyclesim", "demo", "--no-open", cwd=tmp_path, path=built.wheel)
    assert (shown.returncode, shown.stderr) == (0, "")
    report = tmp_path.resolve() / "cyclesim-demo" / "report.html"
    assert shown.stdout.endswith(f"open in a browser: {report}\n")
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len(list(report.parent.iterdir())) == 4
    # What a wheel computed and what its source tree computes is known to be of one program.
    told = json.loads((report.parent / "manifest.json").read_text(encoding="utf-8"))
    assert {key: told["identity"][key] for key in PROGRAM} == program()


def test_the_wheel_reads_its_own_library(built: Built, tmp_path: Path) -> None:
    told = python("-m", "cyclesim", "doctor", "--json", cwd=tmp_path, path=built.wheel)
    found = json.loads(told.stdout)
    assert Path(found["library"]) == built.wheel / "cyclesim" / "_library"
    assert found["models"] == list(library.model_names())
    assert found["studies"] == list(library.study_names())
    for name in library.model_names():
        mine = built.wheel / "cyclesim" / "_library" / "models" / name / "model.xmile"
        assert mine.read_bytes() == library.model_path(name).read_bytes()


# --- the source tree ------------------------------------------------------------------------------


def test_an_edit_in_the_tree_is_seen_where_the_tree_is_installed(tmp_path: Path) -> None:
    """An editable installation is a path to `src`: there is no copy that could be stale."""
    assert library.root() == ROOT
    (tmp_path / "src" / "cyclesim").mkdir(parents=True)
    for name in files(ROOT, "src", "models", "scenarios") | {"pyproject.toml"}:
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    # What an earlier build left behind must not win.
    stale = tmp_path / "src" / "cyclesim" / "_library" / "models" / "stale" / "model.xmile"
    stale.parent.mkdir(parents=True)
    stale.write_text("stale", encoding="utf-8")
    model = tmp_path / "models" / "service_cycle" / "model.xmile"
    text = model.read_text(encoding="utf-8")
    assert "<stop>260</stop>" in text
    model.write_text(text.replace("<stop>260</stop>", "<stop>26</stop>"), encoding="utf-8")
    script = (
        "import cyclesim as cs; from cyclesim import library\n"
        "print(library.root()); print(cs.simulate('service_cycle').time[-1])\n"
        "print(library.model_names())"
    )
    shown = python("-c", script, cwd=tmp_path, path=tmp_path / "src")
    assert shown.stdout == f"{tmp_path}\n26.0\n{library.model_names()}\n", shown.stderr


# --- the source archive ---------------------------------------------------------------------------


def test_the_archive_holds_all_that_its_tests_read(built: Built) -> None:
    parts = ("src", "models", "scenarios", "tests", "docs", "benchmarks")
    assert files(built.source, *parts) == files(ROOT, *parts)
    # Whatever a test takes from the root must be in the archive too.
    named = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r'ROOT / "([^"]+)"', path.read_text(encoding="utf-8"))
        if (ROOT / name).exists()
    }
    assert {"README.md", "pyproject.toml", "src"} <= named
    for name in named | {"LICENSE", "CHANGELOG.md"}:
        assert (built.source / name).exists(), name


def test_the_archive_passes_tests_of_its_own(built: Built) -> None:
    tests = ("tests/docs", "tests/unit/test_names.py")
    done = python("-m", "pytest", "-n", "0", *tests, cwd=built.source, path=built.source / "src")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout

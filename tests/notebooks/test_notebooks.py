"""The notebooks: stored without outputs, short cells, and each runs through and shows something."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import cyclesim

ROOT = Path(__file__).parents[2]
BOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_LINES = 12
FIGURE = "application/vnd.plotly.v1+json"


def cells(book: Path) -> list[Any]:
    found: list[Any] = nbformat.read(book, as_version=4).cells
    return [cell for cell in found if cell.cell_type == "code"]


def test_the_notebooks_are_found():
    assert {book.stem for book in BOOKS} == {
        "batch_sensitivity", "from_nothing", "vicious_and_virtuous", "what_if",
    }  # fmt: skip


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_nothing_is_stored_that_a_run_has_made(book: Path):
    for cell in cells(book):
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_cells_are_short(book: Path):
    assert max(len(cell.source.splitlines()) for cell in cells(book)) <= MOST_LINES


def run(book: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the code cells of a copy of a notebook after a kernel of its own has run them."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    class Kernel(AsyncKernelManager):
        """The Python that runs the tests: none need be registered on the machine."""

        @property
        def kernel_spec(self) -> KernelSpec:
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name="Python", language="python")

    copied = folder / book.name
    shutil.copy(book, copied)
    source = str(Path(cyclesim.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((source, os.environ.get("PYTHONPATH", ""))))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setenv("PLOTLY_RENDERER", "plotly_mimetype")
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    monkeypatch.setenv("TMPDIR", str(folder))
    book_run = nbformat.read(copied, as_version=4)
    client = NotebookClient(
        book_run,
        timeout=300,
        kernel_manager_class=Kernel,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return [cell for cell in book_run.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
@pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")
def test_each_runs_through_and_shows_figures_and_tables(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    outputs = [output for cell in run(book, tmp_path, monkeypatch) for output in cell.outputs]
    assert not [each for each in outputs if each.output_type == "error"]
    shown = [each.data for each in outputs if "data" in each]
    assert any(FIGURE in data for data in shown)
    assert any("<table" in data.get("text/html", "") for data in shown)
    # What a reader sees is never the text of a whole run.
    assert max(len(data.get("text/plain", "")) for data in shown) < 2000

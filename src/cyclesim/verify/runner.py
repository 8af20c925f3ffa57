"""Run one model in one other engine: a script for a process of its own, its answer in files.

    python -P runner.py ENGINE MODEL FOLDER

FOLDER gets `answer.json`, and `values.npy` (one row a column's name, first the times) where the
engine ran. The script imports nothing of cyclesim, so that any interpreter can run it.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

Columns = tuple[list[str], Any]
"""Names, and an array of a row a name; the first is the time."""

LONGEST_MESSAGE = 300
PACKAGES = {"pysd": "pysd", "simlin": "pysimlin"}


class Withheld(Exception):
    """The model is kept from the engine, since it would do more than compute it."""


def run_pysd(model: Path) -> Columns:
    """Return every column that PySD gives; its Python code is written beside the model."""
    import pysd
    from pysd.builders.python.python_model_builder import ModelBuilder

    if model.suffix.casefold() == ".mdl":
        from pysd.translators.vensim.vensim_file import VensimFile as Translator
    else:
        from pysd.translators.xmile.xmile_file import XmileFile as Translator
    file = Translator(str(model))
    file.parse()
    abstract = file.get_abstract_model()
    make_harmless(abstract)
    table = pysd.load(str(ModelBuilder(abstract).build_model())).run()
    return _columns(table)


def make_harmless(abstract: Any) -> None:
    """Take from a translated model whatever PySD would write into its Python code as it stands.

    PySD 3.14.3 puts documentation between triple quotes and names of subscripts and macros
    between single ones without escaping, so that a model file could run code of its own.
    """
    for section in abstract.sections:
        for element in section.elements:
            element.documentation = ""
            element.units = ""
        strings = [section.name, *section.params]
        for subscripts in section.subscripts:
            strings += [text for _, text in _strings(subscripts)]
        for element in section.elements:
            strings += [text for role, text in _strings(element.components) if role != "reference"]
        harmful = [text for text in strings if set(text) & set("'\"\\\n\r")]
        if "/" in section.name:  # a macro's name becomes that of a file
            harmful.append(section.name)
        for text in harmful:
            shown = " ".join(text.split())
            raise Withheld(f"PySD would write {shown!r} into its Python code unescaped")


def _strings(node: Any, role: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text within dataclasses, lists and dictionaries, and the field it stands in."""
    if isinstance(node, str):
        yield role, node
    elif dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _strings(getattr(node, field.name), field.name)
    elif isinstance(node, dict):
        yield from _strings([*node.keys(), *node.values()], role)
    elif isinstance(node, list | tuple | set):
        for each in node:
            yield from _strings(each, role)


def run_simlin(model: Path) -> Columns:
    """Return every column that pysimlin gives."""
    import simlin

    return _columns(simlin.load(str(model)).run(analyze_loops=False).results)


def _columns(table: Any) -> Columns:
    import numpy as np

    values = np.vstack([np.asarray(table.index, dtype=float), table.to_numpy(dtype=float).T])
    return ["time", *map(str, table.columns)], values


RUNNERS: dict[str, Callable[[Path], Columns]] = {"pysd": run_pysd, "simlin": run_simlin}


def main(engine: str, model: str, folder: str) -> None:
    """Run a model and leave the answer in a folder."""
    answer: dict[str, Any] = {"status": "ran", "message": "", "version": None, "columns": []}
    try:
        __import__(engine)
        answer["version"] = metadata.version(PACKAGES[engine])
    except ModuleNotFoundError as error:
        own = error.name == engine
        answer |= {"status": "missing" if own else "broken", "message": _line(error)}
    except Exception as error:
        answer |= {"status": "broken", "message": _line(error)}
    if answer["status"] == "ran":
        try:
            import numpy as np

            answer["columns"], values = RUNNERS[engine](Path(model))
            np.save(Path(folder, "values.npy"), values)
        except Withheld as error:
            answer |= {"status": "withheld", "message": str(error)}
        except Exception as error:
            answer |= {"status": "refused", "message": _line(error)}
    Path(folder, "answer.json").write_text(json.dumps(answer), encoding="utf-8")


def _line(error: BaseException) -> str:
    """Return what an exception says, on one line."""
    said = " ".join(str(error).split())
    kind = type(error).__name__
    text = f"{kind}: {said}" if said else kind
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 3] + "..."


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])

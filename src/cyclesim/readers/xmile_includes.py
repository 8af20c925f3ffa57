"""Files that a file draws in: <include>, and the models that lie in files of their own.

A model file is untrusted: what it names is read from its own folder and below, nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from cyclesim.errors import ModelError
from cyclesim.names import displayed
from cyclesim.readers.findings import Findings
from cyclesim.readers.xml import Element, parse_xml

_DRAWN_IN = frozenset(["dimensions", "model_units", "macro", "model"])
"""What an included file gives; its header and the settings of its runs are its own."""


def with_includes(root: Element, findings: Findings) -> Element:
    """Return the file with what it includes in place of each <include>."""
    reader = _Includes(Path(findings.path).resolve().parent, findings)
    own = Path(findings.path).resolve()
    reader.read.add(own)
    children = tuple(reader.opened(root, PurePath(findings.path), (own,), True))
    return replace(root, children=list(children))


@dataclass
class _Includes:
    folder: Path
    findings: Findings
    read: set[Path] = field(default_factory=set)
    models: dict[Path, str] = field(default_factory=dict)

    def opened(
        self, root: Element, shown: PurePath, chain: tuple[Path, ...], main: bool
    ) -> Iterator[Element]:
        """Yield the children of a file, each <include> replaced by what it draws in."""
        for child in root.children:
            if child.tag == "include":
                yield from self.include(child, shown, chain)
            elif child.tag == "model":
                yield from self.model(child, shown, chain, main)
            elif main or child.tag in _DRAWN_IN:
                yield child
            elif child.tag == "behavior":
                message = "an included file cannot say how variables behave"
                self.findings.fault("include", message, child.location, "<behavior>")

    def include(
        self, element: Element, shown: PurePath, chain: tuple[Path, ...]
    ) -> Iterator[Element]:
        found = self.file(element, shown, chain)
        if found is None or found[1] in self.read:
            return
        path, real, root = *found, self.parsed(element, *found)
        self.read.add(real)
        if root is not None:
            yield from self.opened(root, path, (*chain, real), False)

    def model(
        self, element: Element, shown: PurePath, chain: tuple[Path, ...], main: bool
    ) -> Iterator[Element]:
        """Yield a model, and the models in other files that it is or that its modules are."""
        if not main and "name" not in element.attributes:
            if element.children:
                message = "the included file has a model without a name"
                hint = "Give it a name, and make a module of it."
                self.findings.fault("include", message, element.location, "<model>", hint)
            return
        if "resource" in element.attributes:
            name = displayed(element.attributes.get("name", ""))
            yield from self.outside(element, name, shown, chain)
            return
        yield element
        blocks = (*element.all("variables"), element)
        for module in (child for block in blocks for child in block.all("module")):
            if "resource" in module.attributes:
                name = displayed(module.attributes.get("name", ""))
                yield from self.outside(module, name, shown, chain)

    def outside(
        self, element: Element, name: str, shown: PurePath, chain: tuple[Path, ...]
    ) -> Iterator[Element]:
        """Yield the model that another file holds, under the name it has here."""
        found = self.file(element, shown, chain)
        if found is None:
            return
        path, real = found
        if self.models.get(real) == name:
            return
        self.models[real] = name
        root = self.parsed(element, path, real)
        first = next((child for child in root.all("model")), None) if root is not None else None
        if root is None or first is None:
            if root is not None:
                message = f"the file '{path}' holds no model"
                self.findings.fault("include", message, element.location, f"<{element.tag}>")
            return
        named = replace(first, attributes={**first.attributes, "name": name})
        others = [named if child is first else child for child in root.children]
        yield from self.opened(replace(root, children=others), path, (*chain, real), False)

    def file(
        self, element: Element, shown: PurePath, chain: tuple[Path, ...]
    ) -> tuple[PurePath, Path] | None:
        """Return the file that an element names, as it is shown and as it truly lies."""
        written = element.attributes.get("resource", "").strip()
        message, hint = "", ""
        path = PurePath(shown).parent / written
        real = (self.folder / Path(path).resolve()).resolve()
        if not written:
            message = "it names no file"
        elif "://" in written:
            message = f"'{written}' is an address; only files beside the model are read"
            hint = "Save it beside the model and name it there."
        elif not real.is_relative_to(self.folder):
            message = f"'{written}' lies outside the model's own folder and is not read"
            hint = "Copy it beside the model and name it there."
        elif real in chain:
            message = f"'{written}' includes itself in the end"
        elif not real.is_file():
            message = f"there is no file '{path}'"
        if not message:
            return path, real
        self.findings.fault("include", message, element.location, f"<{element.tag}>", hint)
        return None

    def parsed(self, element: Element, path: PurePath, real: Path) -> Element | None:
        """Return the root of another file, None where it cannot be read."""
        try:
            root = parse_xml(real.read_bytes(), str(path))
        except ModelError as error:
            self.findings.diagnostics.extend(error.diagnostics)
            return None
        except OSError as error:
            message = f"the file '{path}' cannot be read: {error.strerror}"
            self.findings.fault("include", message, element.location, f"<{element.tag}>")
            return None
        if root.tag != "xmile":
            message = f"the file is <{root.tag}>, not <xmile>"
            self.findings.fault("not-xmile", message, root.location)
            return None
        return root

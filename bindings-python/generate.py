"""Writes what follows from the clients' own definitions, so that no field is written twice.

`python generate.py` writes the list of models anew; `python generate.py --check` fails if it is not current.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

HERE = Path(__file__).parent
HEAD = "//! The models. Written by `bindings-python/generate.py` from the clients' sources; change those.\n"

# What `repr` shows: the first three of these that a model has, else its first two fields.
SHOWN = ["system_id", "hostname", "status_name", "name", "id", "username", "version", "cidr", "kind", "device"]


class Definition(NamedTuple):
    """One `model! { … }` or `…_enum! { … }` of a client."""

    macro: str
    name: str
    doc: list[str]
    fields: list[tuple[str, list[str]]]


def definitions(crate: Path) -> Iterator[Definition]:
    """All definitions of a client's sources, in the order of the files' names."""
    for path in sorted(crate.glob("src/**/*.rs")):
        source = path.read_text().split("#[cfg(test)]")[0]
        for macro, body in re.findall(r"^(model|numbered_enum|named_enum)! \{\n(.*?)^\}", source, re.M | re.S):
            doc: list[str] = []
            name, fields, about = "", [], []
            for line in (line.strip() for line in body.splitlines()):
                if line.startswith("///"):
                    doc.append(line[3:].strip())
                elif found := re.match(r"pub (?:struct|enum) (\w+)", line):
                    name, about, doc = found[1], doc, []
                elif found := re.match(r"(\w+): ", line):
                    fields.append((found[1], doc))
                    doc = []
                elif not line.startswith("#["):
                    doc = []
            yield Definition(macro, name, about, fields)


def comment(doc: list[str], indent: str) -> str:
    return "".join(f"{indent}/// {line}".rstrip() + "\n" for line in doc)


def models(crate: str, module: str) -> str:
    """The Rust source that gives each model its Python class."""
    found = list(definitions(HERE.parent / crate.replace("_", "-")))
    enums = [d.name for d in found if d.macro != "model"]
    text = HEAD + "\nuse crate::{convert::names, model::model};\n\n"
    text += "names!(" + ", ".join(f"{crate}::{name}" for name in enums) + ");\n"
    classes = [d for d in found if d.macro == "model"]
    for d in classes:
        names = [field for field, _ in d.fields]
        shown = [name for name in SHOWN if name in names][:3] or names[:2]
        text += "\nmodel! {\n" + comment(d.doc, "    ")
        text += f'    {d.name}({crate}::{d.name}) in "{module}", shown as ({", ".join(shown)});\n'
        for field, doc in d.fields:
            text += comment(doc, "    ") + f"    {field},\n"
        text += "}\n"
    text += "\ncrate::model::models!(" + ", ".join(d.name for d in classes) + ");\n"
    return subprocess.run(
        ["rustfmt", "--edition", "2024"], input=text, capture_output=True, text=True, check=True
    ).stdout


GENERATED = {HERE / "src/maas/models.rs": lambda: models("maas_client", "palette_maas.maas")}


def main() -> int:
    stale = [path for path, text in GENERATED.items() if not path.exists() or path.read_text() != text()]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(HERE)} is not current: run python bindings-python/generate.py", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GENERATED[path]())
    return 0


if __name__ == "__main__":
    sys.exit(main())

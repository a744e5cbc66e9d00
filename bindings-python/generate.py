"""Writes what follows from the clients' own definitions, so that no field is written twice.

`python generate.py` writes the list of models anew; `python generate.py --check` fails if it is not current.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

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


class Types:
    """TypedDicts for the engine's values, from its JSON Schemas."""

    HEAD = '''"""The engine's values, as dicts. Written by `bindings-python/generate.py` from the engine's JSON Schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import NotRequired
'''
    PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

    def __init__(self) -> None:
        self.classes: dict[str, str] = {}
        self.unions: dict[str, str] = {}

    def expression(self, schema: Any, name: str) -> str:
        """The type of one value; what has fields of its own becomes a class called `name`."""
        if not isinstance(schema, dict):
            return "Any"
        if "$ref" in schema:
            return str(schema["$ref"]).rsplit("/", 1)[1]
        if "const" in schema:
            return f"Literal[{schema['const']!r}]"
        if "enum" in schema:
            return f"Literal[{', '.join(map(repr, schema['enum']))}]"
        alternatives = schema.get("oneOf") or schema.get("anyOf")
        if alternatives and schema.get("properties"):
            return self.union([self.merged(schema, alternative) for alternative in alternatives], name)
        if alternatives:
            return self.union(alternatives, name)
        kind = schema.get("type")
        if isinstance(kind, list):
            return self.union([{**schema, "type": one} for one in kind], name)
        if kind == "array":
            return f"list[{self.expression(schema.get('items'), name + 'Item')}]"
        if kind == "object" and "properties" in schema:
            return self.typed_dict(schema, name)
        if kind == "object":
            return f"dict[str, {self.expression(schema.get('additionalProperties'), name + 'Value')}]"
        return self.PLAIN.get(str(kind), "Any")

    @staticmethod
    def merged(schema: dict[str, Any], alternative: dict[str, Any]) -> dict[str, Any]:
        return {
            **alternative,
            "properties": {**schema["properties"], **alternative.get("properties", {})},
            "required": schema.get("required", []) + alternative.get("required", []),
        }

    def union(self, alternatives: list[Any], name: str) -> str:
        members: list[str] = []
        for alternative in alternatives:
            member = self.expression(alternative, name + self.suffix(alternative))
            if member not in members:
                members.append(member)
        literals = [member[8:-1] for member in members if member.startswith("Literal[")]
        others = [member for member in members if not member.startswith("Literal[")]
        return " | ".join([f"Literal[{', '.join(literals)}]"] * bool(literals) + others)

    @staticmethod
    def suffix(alternative: Any) -> str:
        """What tells one alternative from the others: the tag's value, or the only key."""
        properties = alternative.get("properties", {})
        tags = [field["const"] for field in properties.values() if isinstance(field, dict) and "const" in field]
        words = tags or list(properties)[:1]
        return "".join(word.title().replace("_", "") for word in words)

    def typed_dict(self, schema: dict[str, Any], name: str) -> str:
        self.classes.setdefault(name, "")
        text, fields = f"class {name}(TypedDict):\n", dict[str, str]()
        if said := schema.get("description"):
            text += f'    """{self.said(said)}"""\n\n'
        for field, kind in schema["properties"].items():
            expression = self.expression(kind, name + field.title().replace("_", ""))
            if field not in schema.get("required", []):
                expression = f"NotRequired[{expression}]"
            fields[field] = expression
            text += f"    {field}: {expression}\n"
            if said := kind.get("description") if isinstance(kind, dict) else None:
                text += f'    """{self.said(said)}"""\n'
        if not schema["properties"]:
            text += "    pass\n"
        if any(map(keyword.iskeyword, fields)):
            # A field that is a word of Python itself fits no class body.
            text = f"{name} = TypedDict({name!r}, {fields!r})\n"
        self.classes[name] = text
        return name

    @staticmethod
    def said(description: str) -> str:
        plain = re.sub(r"\[`(\w+)`\]\([^)]*\)|\[`(\w+)`\]", lambda m: f"`{m[1] or m[2]}`", description)
        plain = plain.split("\n")[0].replace("\\", "\\\\")
        return plain + " " if plain.endswith('"') else plain

    def module(self) -> str:
        schemas = HERE.parent / "lifecycle-core/schemas"
        for path in sorted(schemas.glob("*.json")):
            if path.stem.endswith("-document"):
                continue
            schema = json.loads(path.read_text())
            for name, one in {**schema.get("$defs", {}), schema["title"]: schema}.items():
                if name in self.classes or name in self.unions:
                    continue
                expression = self.expression(one, name)
                if expression != name:
                    self.unions[name] = expression
        text = self.HEAD
        # Python evaluates an alias when it is made, so the members are named in quotes and joined by `Union`.
        for name in sorted(self.classes):
            text += "\n\n" + self.classes[name]
        text += "\n\n"
        for name, expression in sorted(self.unions.items()):
            members = [f'"{member}"' for member in self.split(expression)]
            text += f"{name} = Union[{', '.join(members)}]\n" if members[1:] else f"{name} = {expression}\n"
        return text

    @staticmethod
    def split(expression: str) -> list[str]:
        parts, depth, start = [], 0, 0
        for at, letter in enumerate(expression):
            depth += letter == "["
            depth -= letter == "]"
            if letter == "|" and depth == 0:
                parts.append(expression[start:at].strip())
                start = at + 1
        return [*parts, expression[start:].strip()]


GENERATED: dict[Path, Callable[[], str]] = {
    HERE / "src/maas/models.rs": lambda: models("maas_client", "palette_maas.maas"),
    HERE / "python/palette_maas/lifecycle_types.py": lambda: Types().module(),
}


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

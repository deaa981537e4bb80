"""The types of the page, made from what the routes say of themselves.

``python -m sparing.web.wire`` writes ``static/wire.d.ts`` anew; a test compares it.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

HERE = Path(__file__).parent / "static" / "wire.d.ts"
HEAD = "/* Made by python -m sparing.web.wire from the bodies of the routes: change those. */\n"
PLAIN = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the page."""
    from sparing.web.app import create_app

    with tempfile.TemporaryDirectory() as folder:
        where = SimpleNamespace(secret="of nobody")  # noqa: S106
        nothing: Any = SimpleNamespace(where=where, folder=Path(folder))
        return create_app(nothing).openapi()


def declarations(schemas: Mapping[str, Any]) -> Iterator[str]:
    """Yield one declaration for each schema, by name.

    Examples
    --------
    >>> pair = {"type": "object", "required": ["n"], "properties": {
    ...     "n": {"type": "integer"}, "of": {"anyOf": [{"$ref": "#/x/Other"}, {"type": "null"}]}}}
    >>> print(*declarations({"Pair": pair, "Side": {"enum": ["left", "right"]}}), sep="")
    export interface Pair {
      n: number;
      of?: Other | null;
    }
    export type Side = "left" | "right";
    """
    for name, schema in sorted(schemas.items()):
        if "properties" not in schema:
            yield f"export type {name} = {typescript(schema)};\n"
            continue
        lines = _members(schema)
        yield "".join([f"export interface {name} {{\n", *lines, "}\n"])


def _members(schema: Mapping[str, Any]) -> Iterator[str]:
    needed = schema.get("required", ())
    for name, part in schema["properties"].items():
        yield f"  {name}{'' if name in needed else '?'}: {typescript(part)};\n"


def typescript(schema: Mapping[str, Any]) -> str:
    """Return a schema as a type.

    Examples
    --------
    >>> typescript({"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}})
    '(number | null)[]'
    >>> typescript({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]})
    '[string, number]'
    >>> typescript({"type": "object", "additionalProperties": {"type": "integer"}})
    'Record<string, number>'
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema or "enum" in schema:
        return " | ".join(map(json.dumps, schema.get("enum", [schema.get("const")])))
    if "anyOf" in schema or "oneOf" in schema:
        return " | ".join(dict.fromkeys(map(typescript, schema.get("anyOf") or schema["oneOf"])))
    if schema.get("type") == "array":
        return _array(schema)
    if schema.get("type") == "object":
        return f"Record<string, {typescript(schema.get('additionalProperties') or {})}>"
    return PLAIN.get(schema.get("type", ""), "unknown")


def _array(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(map(typescript, schema['prefixItems']))}]"
    inner = typescript(schema.get("items", {}))
    return f"({inner})[]" if " | " in inner else f"{inner}[]"


def wire_types() -> str:
    """Return all that the page and the server send each other, as types."""
    return HEAD + "".join(declarations(document()["components"]["schemas"]))


if __name__ == "__main__":
    HERE.write_text(wire_types(), "utf-8")

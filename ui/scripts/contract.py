"""Write the contract between the Python models and the web element.

The models are the truth: this makes TypeScript types (`src/wire/contract.gen.ts`)
and a JSON Schema (`test/fixtures/contract.schema.json`) of every request, event
and record of the wire. Run it after the SDK or `chatkeep.protocol` changes:

    .venv/bin/python ui/scripts/contract.py
"""

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import PydanticJsonSchemaWarning

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the SDK warns of its own widget classes
    from chatkit import icons, types

    from chatkeep.protocol.requests import Request

JSON = dict[str, Any]

UI = Path(__file__).resolve().parent.parent
TYPESCRIPT = UI / "src" / "wire" / "contract.gen.ts"
SCHEMA = UI / "test" / "fixtures" / "contract.schema.json"

UNIONS: dict[str, Any] = {
    "IconName": icons.IconName,
    "Request": Request,
    "StreamingRequest": types.StreamingReq,
    "ThreadStreamEvent": types.ThreadStreamEvent,
    "ThreadItemUpdate": types.ThreadItemUpdate,
    "ThreadItem": types.ThreadItem,
    "ThreadStatus": types.ThreadStatus,
    "Task": types.Task,
    "WorkflowSummary": types.WorkflowSummary,
    "Source": types.Source,
    "Attachment": types.Attachment,
    "UserMessageContent": types.UserMessageContent,
    "StructuredInput": types.StructuredInput,
    "FeedbackKind": types.FeedbackKind,
}
"""What has a name on the wire, but is no model."""

REPLIES: dict[str, Any] = {
    "ThreadPage": types.Page[types.Thread],
    "ItemPage": types.Page[types.ThreadItem],
    "SyncCustomActionResponse": types.SyncCustomActionResponse,
    "TranscriptionResult": types.TranscriptionResult,
}
"""Answers that no request or event names."""

PLAIN_NAMES = {"Action_str_Any_": "Action"}
DYNAMIC_NODES = ("DynamicWidgetRoot", "DynamicWidgetComponent")

_INDENT = "  "
_WIDTH = 101


def schema() -> JSON:
    """Return the JSON Schema of the whole wire, each name under ``$defs``."""
    adapters = {name: TypeAdapter(kind) for name, kind in (UNIONS | REPLIES).items()}
    mode: Literal["serialization"] = "serialization"
    inputs = [(name, mode, adapter) for name, adapter in adapters.items()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)  # an odd default of the SDK's
        tops, whole = TypeAdapter.json_schemas(inputs)
    definitions = {name: _bare(definition) for name, definition in whole["$defs"].items()}
    by_name = {name: _bare(top) for (name, _), top in tops.items()}
    renames = {_target(top): name for name, top in by_name.items() if "$ref" in top} | PLAIN_NAMES
    named = definitions | {name: top for name, top in by_name.items() if "$ref" not in top}
    renamed = {renames.get(name, name): _renamed(value, renames) for name, value in named.items()}
    return {"$defs": dict(sorted(renamed.items()))}


def typescript(definitions: JSON) -> str:
    """Return the TypeScript types of ``$defs``."""
    names = {_key(definitions[name]): name for name in UNIONS}
    parts = [
        "// Made by ui/scripts/contract.py from the Python models: change those, never this.\n",
        "// What may be null or missing in Python is optional here; nulls are left out on the\n",
        "// wire, but a server that sends them is understood.\n",
    ]
    for name, definition in definitions.items():
        if "properties" in definition:
            parts.append(f"\nexport interface {name} {_object(definition, names)}\n")
        else:
            parts.append("\n" + _line(f"export type {name} =", _type(definition, names, top=True)))
    return "".join(parts)


def _bare(value: Any) -> Any:
    """The schema without what only people read."""
    if isinstance(value, list):
        return [_bare(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, part in value.items():
        if key == "properties":
            kept[key] = {name: _bare(field) for name, field in part.items()}
        elif key not in {"title", "description", "deprecated", "discriminator", "$defs"}:
            kept[key] = _bare(part)
    return kept


def _renamed(value: Any, renames: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(part, renames) for part in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        target = _target(value)
        return {"$ref": f"#/$defs/{renames.get(target, target)}"}
    return {key: _renamed(part, renames) for key, part in value.items()}


def _target(reference: JSON) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _key(definition: JSON) -> str:
    return json.dumps({k: v for k, v in definition.items() if k != "default"}, sort_keys=True)


def _object(definition: JSON, names: dict[str, str]) -> str:
    lines = []
    for name, field in definition["properties"].items():
        kind = _type(field, names)
        if optional := _is_optional(definition, name):
            kind = kind if kind == "unknown" else f"{kind} | null"
        lines.append(_line(f"{_INDENT}readonly {name}{'?' if optional else ''}:", kind, _INDENT))
    if definition.get("additionalProperties") is True:
        lines.append(f"{_INDENT}readonly [field: string]: unknown;\n")
    return "{\n" + "".join(lines) + "}"


def _line(start: str, kind: str, indent: str = "") -> str:
    """A line of code, or several if it is a union that is too long for one."""
    line = f"{start} {kind};\n"
    if len(line) <= _WIDTH:
        return line
    margin = f"\n{indent}{_INDENT}| "
    return start + margin + kind.replace(" | ", margin) + ";\n"


def _is_optional(definition: JSON, name: str) -> bool:
    field = definition["properties"][name]
    if name == "metadata" or {"type": "null"} in field.get("anyOf", ()):
        return True
    if name in definition.get("required", ()) or name == "type":
        return False
    # What has a default is always sent. A default that a function makes isn't in the
    # schema, but a typed dict, where nothing has one, is told by that.
    is_model = any("default" in other for other in definition["properties"].values())
    made = is_model and (field.get("type") in {"array", "object"} or "oneOf" in field)
    return field.get("default") is None and not made


def _type(definition: JSON, names: dict[str, str], *, top: bool = False) -> str:
    if not top and (name := names.get(_key(definition))):
        return name
    match definition:
        case {"$ref": _}:
            return _target(definition)
        case {"const": value}:
            return json.dumps(value)
        case {"enum": values}:
            return " | ".join(map(json.dumps, values))
        case {"anyOf": options} | {"oneOf": options}:
            return _union(options, names)
        case {"type": "array", "items": items}:
            return f"readonly {_grouped(_type(items, names))}[]"
        case {"type": "array"}:
            return "readonly unknown[]"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"Readonly<Record<string, {_type(values, names)}>>"
        case {"type": "object"}:
            return "Readonly<Record<string, unknown>>"
        case {"type": "string", "pattern": str(pattern)}:
            return f"`{pattern.removeprefix('^')}${{string}}`"
        case {"type": "integer" | "number"}:
            return "number"
        case {"type": "string" | "boolean" | "null" as plain}:
            return str(plain)
    return "unknown"


def _union(options: Iterable[JSON], names: dict[str, str]) -> str:
    kinds = [option for option in options if option != {"type": "null"}]
    if len(kinds) < len(list(options)) and (name := names.get(_key({"anyOf": kinds}))):
        return name
    # A widget may hold nodes that no model describes: the open type covers them all.
    targets = {_target(kind) for kind in kinds if "$ref" in kind}
    for dynamic in DYNAMIC_NODES:
        if dynamic in targets:
            many = any(kind.get("type") == "array" for kind in kinds)
            return f"{dynamic} | readonly {dynamic}[]" if many else dynamic
    return " | ".join(dict.fromkeys(_type(kind, names) for kind in kinds))


def _grouped(kind: str) -> str:
    return f"({kind})" if " " in kind else kind


def files() -> dict[Path, str]:
    """Return every file of the contract with what it should hold."""
    whole = schema()
    lines = [f" {json.dumps(name)}: {json.dumps(part)}" for name, part in whole["$defs"].items()]
    text = '{"$defs": {\n' + ",\n".join(lines) + "\n}}\n"
    return {TYPESCRIPT: typescript(whole["$defs"]), SCHEMA: text}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")

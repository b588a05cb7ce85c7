"""Makes JSON schemas of the custom resource definitions in FOLDER/crds.

    policy-schemas.py FOLDER

Each version of each kind becomes FOLDER/schemas/GROUP_VERSION_KIND.json. An API server drops
fields that a definition does not name, with a warning at most; a schema made here refuses them.
"""

import json
import sys
from pathlib import Path

import ruamel.yaml


def strict(schema):
    """The schema, with every field refused that it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {}
    for key, value in schema.items():
        if key == "properties":
            made[key] = {name: strict(part) for name, part in value.items()}
        elif key != "description":
            made[key] = strict(value)
    open_ended = {"additionalProperties", "x-kubernetes-preserve-unknown-fields"}
    if isinstance(made.get("properties"), dict) and not open_ended & made.keys():
        made["additionalProperties"] = False
    if made.get("nullable") and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def root(schema, group, kind, version):
    """What every resource has besides; a definition leaves it out or leaves it open."""
    schema = strict(schema)
    properties = schema.setdefault("properties", {})
    properties["apiVersion"] = {"const": f"{group}/{version}"}
    properties["kind"] = {"const": kind}
    properties["metadata"] = {"type": "object", "required": ["name"]}
    schema["required"] = sorted({"apiVersion", "kind", "metadata", *schema.get("required", [])})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def main(folder):
    schemas = folder / "schemas"
    schemas.mkdir()
    for path in sorted((folder / "crds").glob("*.yaml")):
        spec = ruamel.yaml.YAML(typ="safe").load(path)["spec"]
        group, kind = spec["group"], spec["names"]["kind"]
        for version in spec["versions"]:
            name, schema = version["name"], version["schema"]["openAPIV3Schema"]
            text = json.dumps(root(schema, group, kind, name), separators=(",", ":"))
            (schemas / f"{group}_{name}_{kind}.json").write_text(text)


main(Path(sys.argv[1]))

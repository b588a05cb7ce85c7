#!/usr/bin/env python3
"""Reads GitHub's published descriptions out of their npm packages for the forge of the test kit.

The REST description is cut down to the operations that the forge knows, and put into the JSON
Schema of today: OpenAPI 3.0 says `nullable` where JSON Schema names the type `null`.

usage: forge-contract.py NODE_MODULES OPERATIONS FOLDER
"""

import json
import sys
from pathlib import Path

METHODS = {"get", "put", "post", "delete", "patch"}


def main(modules, operations, folder):
    wanted = set(Path(operations).read_text().split())
    whole = json.loads((Path(modules) / "@octokit/openapi/generated/api.github.com.json").read_text())
    found = dict(described(whole, wanted))
    if missing := wanted - found.keys():
        sys.exit(f"no such operations: {', '.join(sorted(missing))}")
    document = {"operations": found, "components": {"schemas": {}}}
    add_schemas(whole, document)
    out = Path(folder)
    (out / "github-rest.json").write_text(json.dumps(document, separators=(",", ":")))
    schema = Path(modules) / "@octokit/graphql-schema/schema.graphql"
    (out / "github.graphql").write_text(schema.read_text())


def described(whole, wanted):
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            if method in METHODS and operation["operationId"] in wanted:
                yield operation["operationId"], shortened(whole, method, path, operation)


def shortened(whole, method, path, operation):
    parameters = [resolved(whole, it) for it in operation.get("parameters", [])]
    body = resolved(whole, operation.get("requestBody", {}))
    responses = operation["responses"].items()
    return {
        "method": method.upper(),
        "path": path,
        "parameters": [
            {
                "name": it["name"],
                "in": it["in"],
                "required": it.get("required", False),
                "schema": modern(it["schema"]),
            }
            for it in parameters
        ],
        "body": json_schema(body),
        "body_required": body.get("required", False),
        "responses": {status: json_schema(resolved(whole, it)) for status, it in responses},
    }


def json_schema(holder):
    """The schema of the JSON in a body or answer; None where it has none."""
    content = holder.get("content", {})
    for kind in ("application/json", "application/vnd.github.object"):
        if kind in content:
            return modern(content[kind]["schema"])
    return None


def resolved(whole, node):
    while "$ref" in node:
        node = at(whole, node["$ref"])
    return node


def at(whole, reference):
    for part in reference.removeprefix("#/").split("/"):
        whole = whole[part]
    return whole


def modern(node):
    """The same as JSON Schema, without what only readers need."""
    if isinstance(node, list):
        return [modern(it) for it in node]
    if not isinstance(node, dict):
        return node
    fields = {
        name: modern(it)
        for name, it in node.items()
        if name not in {"description", "example", "examples", "externalDocs", "nullable", "deprecated"}
        # Names of fields, though they may be called so.
        or (isinstance(it, dict) and ("type" in it or "$ref" in it))
    }
    if node.get("nullable") is not True:
        return fields
    return {"anyOf": [{"type": "null"}, fields]}


def add_schemas(whole, document):
    waiting = list(references(document["operations"]))
    schemas = document["components"]["schemas"]
    while waiting:
        name = waiting.pop().removeprefix("#/components/schemas/")
        if name not in schemas:
            schemas[name] = modern(whole["components"]["schemas"][name])
            waiting.extend(references(schemas[name]))


def references(node):
    if isinstance(node, list):
        for it in node:
            yield from references(it)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for it in node.values():
            yield from references(it)


main(*sys.argv[1:])

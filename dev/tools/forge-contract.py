#!/usr/bin/env python3
"""Reads GitHub's published descriptions out of their npm packages for the forge of the test kit.

The REST description is cut down to the operations that the forge knows: once as it is, for Prism,
and once in the JSON Schema of today, where OpenAPI 3.0 says `nullable` and JSON Schema names the
type `null`.

usage: forge-contract.py NODE_MODULES OPERATIONS FOLDER
"""

import json
import sys
from pathlib import Path

METHODS = {"get", "put", "post", "delete", "patch"}
# What a path gives for these has slashes, which GitHub takes and a template of OpenAPI does not.
LONG = {"path", "ref"}
LONGEST = 4


def main(modules, operations, folder):
    wanted = set(Path(operations).read_text().split())
    whole = json.loads((Path(modules) / "@octokit/openapi/generated/api.github.com.json").read_text())
    found = dict(described(whole, wanted))
    if missing := wanted - found.keys():
        sys.exit(f"no such operations: {', '.join(sorted(missing))}")
    document = {"operations": found, "components": {"schemas": {}}}
    add_schemas(whole, document)
    out = Path(folder)
    openapi = json.dumps(trimmed(whole, wanted), separators=(",", ":"))
    (out / "github-openapi.json").write_text(openapi)
    (out / "github-rest.json").write_text(json.dumps(document, separators=(",", ":")))
    schema = Path(modules) / "@octokit/graphql-schema/schema.graphql"
    (out / "github.graphql").write_text(schema.read_text())


def operations(whole, wanted):
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            if method in METHODS and operation["operationId"] in wanted:
                yield method, path, operation


def described(whole, wanted):
    for method, path, operation in operations(whole, wanted):
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


def trimmed(whole, wanted):
    """The description as it is published, of these operations alone."""
    document = {"openapi": whole["openapi"], "info": whole["info"], "paths": {}, "components": {}}
    for method, path, operation in operations(whole, wanted):
        operation = without_examples(operation)
        for longer, parameters in lengths(whole, path, operation.get("parameters", [])):
            described = {**operation, "parameters": parameters}
            if longer != path:
                described["operationId"] += longer.count("/") * "+"
            document["paths"].setdefault(longer, {})[method] = described
    add_components(whole, document)
    return document


def lengths(whole, path, parameters):
    """The path with its last parameter as one part, as two, and so on; each with its parameters."""
    yield path, parameters
    for name in LONG:
        one = f"/{{{name}}}"
        if one not in path:
            continue
        found = next(it for it in map(lambda it: resolved(whole, it), parameters) if it["name"] == name)
        parts, more = one, parameters
        for number in range(2, LONGEST + 1):
            parts += f"/{{{name}_{number}}}"
            more = [*more, {**without_examples(found), "name": f"{name}_{number}"}]
            yield path.replace(one, parts), more


def without_examples(node):
    if isinstance(node, list):
        return [without_examples(it) for it in node]
    if not isinstance(node, dict):
        return node
    return {name: without_examples(it) for name, it in node.items() if name != "examples"}


def add_components(whole, document):
    waiting = list(references(document["paths"]))
    while waiting:
        kind, name = waiting.pop().removeprefix("#/components/").split("/")
        known = document["components"].setdefault(kind, {})
        if name not in known:
            known[name] = without_examples(whole["components"][kind][name])
            waiting.extend(references(known[name]))


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

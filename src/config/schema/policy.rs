//! The schema of `verify`.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::bounded;
use crate::config::{
    attestation::{SLSA_1, SLSA_02, short_names},
    policy::{MAX_ATTESTATIONS, MAX_CONDITIONS, MAX_MEMBERS, MAX_TEXT, MAX_VALUES},
};

pub(in crate::config) fn issuer(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "uri", "pattern": "^https?://"})
}

pub(in crate::config) fn workflow(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": "^\\.github/workflows/[A-Za-z0-9_.-]+\\.ya?ml$"})
}

pub(in crate::config) fn coverage(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": ["either", "index", "manifest", "both"]})
}

pub(in crate::config) fn count(_: &mut SchemaGenerator) -> Schema {
    super::string_or_integer("^0*[1-9][0-9]?$", 1, MAX_MEMBERS as u64)
}

pub(in crate::config) fn predicate_type(_: &mut SchemaGenerator) -> Schema {
    let short: Vec<&str> = short_names().collect();
    json_schema!({"anyOf": [
        {"enum": short},
        {"type": "string", "format": "uri", "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$",
         "maxLength": 512, "not": {"const": "https://sigstore.dev/cosign/sign/v1"}},
    ]})
}

pub(in crate::config) fn accepted_texts(_: &mut SchemaGenerator) -> Schema {
    let text = json!({"type": "string", "minLength": 1, "maxLength": MAX_TEXT});
    json_schema!({"anyOf": [text, list_of(&text)]})
}

pub(in crate::config) fn predicate(_: &mut SchemaGenerator) -> Schema {
    let value = json!({"type": ["string", "number", "boolean", "null"], "maxLength": MAX_TEXT});
    json_schema!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": MAX_CONDITIONS,
        "propertyNames": {"pattern": "^/([^~]|~[01])*$", "maxLength": 256},
        "additionalProperties": {"anyOf": [value, list_of(&value)]},
    })
}

fn list_of(item: &Value) -> Value {
    json!({"type": "array", "minItems": 1, "maxItems": MAX_VALUES, "items": item})
}

const SIGNERS: [&str; 5] = ["key", "keyless", "any", "all", "threshold"];

/// A rule has a name pattern and exactly one way to be satisfied.
pub(in crate::config) fn rule(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["match"]));
    requirement(schema);
    bounded(schema, "attestations", Some(MAX_ATTESTATIONS));
}

/// Exactly one way to be satisfied; what belongs to a key stands beside one alone.
pub(in crate::config) fn requirement(schema: &mut Schema) {
    schema.insert("oneOf".to_owned(), each_alone(&SIGNERS));
    signers(schema);
}

/// At most one way to be satisfied; the shortcuts belong to SLSA's types.
pub(in crate::config) fn attestation(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["type"]));
    let mut choices = each_alone(&SIGNERS);
    if let Some(choices) = choices.as_array_mut() {
        let any_of: Vec<Value> = SIGNERS
            .iter()
            .map(|key| json!({"required": [key]}))
            .collect();
        choices.push(json!({"not": {"anyOf": any_of}}));
    }
    schema.insert("oneOf".to_owned(), choices);
    signers(schema);
    let slsa: Vec<&str> = short_names()
        .filter(|name| name.starts_with("slsa"))
        .chain([SLSA_02, SLSA_1])
        .collect();
    let shortcuts = ["builder", "source", "build_type"];
    schema.insert("if".to_owned(), json!({"anyOf": each_alone(&shortcuts)}));
    schema.insert(
        "then".to_owned(),
        json!({"properties": {"type": {"enum": slsa}}}),
    );
}

/// What all that name signers have in common.
fn signers(schema: &mut Schema) {
    let key = json!({"insecure_ignore_tlog": ["key"], "trusted_root": ["key"]});
    schema.insert("dependentRequired".to_owned(), key);
    // Where no log is asked for, nobody is believed about it.
    let no_log = json!({"insecure_ignore_tlog": {"const": true}});
    schema.insert(
        "not".to_owned(),
        json!({"required": ["insecure_ignore_tlog", "trusted_root"], "properties": no_log}),
    );
    bounded(schema, "any", Some(MAX_MEMBERS));
    bounded(schema, "all", Some(MAX_MEMBERS));
}

/// How many, of whom.
pub(in crate::config) fn threshold(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["count", "of"]));
    bounded(schema, "of", Some(MAX_MEMBERS));
}

/// A certificate is named in exactly one form, whose other keys belong to it alone.
pub(in crate::config) fn keyless(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["issuer"]));
    let forms = [
        "identity",
        "identity_regexp",
        "repository",
        "gitlab_project",
    ];
    schema.insert("oneOf".to_owned(), each_alone(&forms));
    schema.insert(
        "dependentRequired".to_owned(),
        json!({
            "repository": ["workflow", "ref"],
            "workflow": ["repository"],
            "gitlab_project": ["ref"],
            "config": ["gitlab_project"],
        }),
    );
}

/// One schema for each of `keys` that asks for it.
fn each_alone(keys: &[&str]) -> Value {
    keys.iter().map(|key| json!({"required": [key]})).collect()
}

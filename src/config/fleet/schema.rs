//! The JSON schema of fleet.yaml, for editors and CI.
//!
//! It cannot tell what only the whole file does: comments, sums and what refers to what.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::raw;
use crate::config::schema::bounded;

pub(super) fn file(schema: &mut Schema) {
    schema.insert(
        "required".to_owned(),
        json!(["version", "forge", "action", "image", "rings"]),
    );
    bounded(schema, "approved", None);
}

pub(super) fn action(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+@[0-9a-f]{40}$",
    })
}

pub(super) fn image(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": 512,
        "pattern": "^[^\\s@]+:v?[0-9]+\\.[0-9]+\\.[0-9]+[0-9A-Za-z.-]*@sha256:[0-9a-f]{64}$",
    })
}

pub(super) fn rings(generator: &mut SchemaGenerator) -> Schema {
    let ring = generator.subschema_for::<raw::Ring>();
    json_schema!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": super::ring::MAX_RINGS,
        "propertyNames": {"pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"},
        "additionalProperties": ring,
    })
}

pub(super) fn denials(generator: &mut SchemaGenerator) -> Schema {
    let entry = generator.subschema_for::<crate::config::deny::RawDenied>();
    json_schema!({"type": "array", "items": entry})
}

pub(super) fn deny_list(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": 512,
        "pattern": "^oci:[^\\s@]+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
    })
}

pub(super) fn forge_kind(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": ["github", "gitlab"]})
}

/// Each kind of forge has keys of its own.
pub(super) fn forge(schema: &mut Schema) {
    let own = |kind: &str, place: &str, others: &[&str]| {
        let others = others.iter().map(|key| ((*key).to_owned(), json!(false)));
        let mut properties: serde_json::Map<String, Value> = others.collect();
        properties.insert("kind".to_owned(), json!({"const": kind}));
        json!({"required": ["kind", place], "properties": properties})
    };
    schema.insert(
        "oneOf".to_owned(),
        json!([
            own("github", "owner", &["group", "component_source"]),
            own("gitlab", "group", &["owner"]),
        ]),
    );
}

pub(super) fn patterns(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 256}})
}

pub(super) fn topics(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 255}})
}

pub(super) fn visibility(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": super::select::Visibility::WORDS})
}

pub(super) fn repositories(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$",
        },
    })
}

/// A ring names its repositories or their share.
pub(super) fn ring(schema: &mut Schema) {
    schema.insert(
        "not".to_owned(),
        json!({"required": ["repositories", "percent"]}),
    );
}

pub(super) fn percent(_: &mut SchemaGenerator) -> Schema {
    number("^[1-9][0-9]?$", 1, 99)
}

pub(super) fn points(_: &mut SchemaGenerator) -> Schema {
    number("^([1-9]?[0-9]|100)$", 0, 100)
}

pub(super) fn count(_: &mut SchemaGenerator) -> Schema {
    number("^[1-9][0-9]{0,5}$", 1, 999_999)
}

pub(super) fn semver(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^v?[0-9]+\\.[0-9]+\\.[0-9]+[0-9A-Za-z.-]*$",
    })
}

/// Digits, with or without quotes.
fn number(pattern: &str, minimum: u64, maximum: u64) -> Schema {
    json_schema!({"anyOf": [
        {"type": "string", "pattern": pattern},
        {"type": "integer", "minimum": minimum, "maximum": maximum},
    ]})
}

//! The JSON schema of fullsend.yaml, for editors and CI.

mod policy;

pub(super) use policy::{
    accepted_texts, attestation, count, coverage, issuer, keyless, predicate, predicate_type,
    requirement, rule, threshold, workflow,
};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Value, json};

use super::raw;

/// The JSON schema of fullsend.yaml.
pub fn schema() -> Value {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<raw::File>()
        .to_value()
}

/// A pattern for a string, or an integer in a range: how YAML reads `512` and `"512m"`.
fn string_or_integer(pattern: &str, minimum: u64, maximum: u64) -> Schema {
    json_schema!({"anyOf": [
        {"type": "string", "pattern": pattern},
        {"type": "integer", "minimum": minimum, "maximum": maximum},
    ]})
}

pub(super) fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": [1, "1"]})
}

pub(super) fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1})
}

pub(super) fn texts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": {"type": ["string", "number", "boolean"]}})
}

pub(super) fn command(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}})
}

pub(super) fn never(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"not": {}})
}

pub(super) fn image(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": 512,
        "pattern": "^[^\\s@]+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$",
    })
}

pub(super) fn runtime(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": ["auto", "docker", "podman", "native", "kubernetes", "openshell"]})
}

pub(super) fn deny_unavailable(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": ["warn", "refuse"]})
}

pub(super) fn runtime_profile(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": ["default", "openshell"]})
}

pub(super) fn agents(generator: &mut SchemaGenerator) -> Schema {
    let agent = generator.subschema_for::<raw::Agent>();
    json_schema!({
        "type": "object",
        "propertyNames": {"pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"},
        "additionalProperties": agent,
    })
}

pub(super) fn cpus(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"anyOf": [
        {"type": "string", "pattern": "^[0-9]{1,4}(\\.[0-9]{1,3}0*)?$"},
        {"type": "number", "minimum": 0.01, "maximum": 1024},
    ]})
}

pub(super) fn size(_: &mut SchemaGenerator) -> Schema {
    string_or_integer(
        "^[0-9]+ *([kKmMgGtT]([iI]?[bB])?|[bB])?$",
        6 << 20,
        16 << 40,
    )
}

pub(super) fn pids(_: &mut SchemaGenerator) -> Schema {
    string_or_integer("^[1-9][0-9]{0,6}$", 1, 4_194_304)
}

pub(super) fn duration(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$", "maxLength": 32})
}

pub(super) fn env(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "uniqueItems": true,
        "items": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*\\??$"},
    })
}

pub(super) fn mounts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "uniqueItems": true,
        "items": {"type": "string", "pattern": "^.+:/[^:]+(:ro|:rw)?$"},
    })
}

pub(super) fn absolute(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": "^/[^:]*$"})
}

pub(super) fn user(_: &mut SchemaGenerator) -> Schema {
    string_or_integer(
        "^(image|host|[0-9]{1,10}(:[0-9]{1,10})?)$",
        0,
        4_294_967_294,
    )
}

pub(super) fn network(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"})
}

pub(super) fn semver(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"})
}

pub(super) fn date(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
}

pub(super) fn digest(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"})
}

pub(super) fn replacement(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}@sha256:[0-9a-f]{64}$",
    })
}

/// An entry names a version or a digest.
pub(super) fn denied(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["reason"]));
    let either = json!([{"required": ["version"]}, {"required": ["digest"]}]);
    schema.insert("oneOf".to_owned(), either);
}

/// The file names its format's version; an empty policy would refuse every image.
pub(super) fn file(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["version"]));
    bounded(schema, "verify", None);
}

/// A list of 1 to `most` members.
pub(super) fn bounded(schema: &mut Schema, key: &str, most: Option<usize>) {
    let list = schema.pointer_mut(&format!("/properties/{key}"));
    if let Some(list) = list.and_then(Value::as_object_mut) {
        list.insert("minItems".to_owned(), json!(1));
        if let Some(most) = most {
            list.insert("maxItems".to_owned(), json!(most));
        }
    }
}

#[cfg(test)]
mod tests;

//! The JSON schema of fullsend.yaml, for editors and CI.

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

pub(super) fn issuer(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "uri", "pattern": "^https?://"})
}

pub(super) fn workflow(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": "^\\.github/workflows/[A-Za-z0-9_.-]+\\.ya?ml$"})
}

/// The file names its format's version; an empty policy would refuse every image.
pub(super) fn file(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["version"]));
    not_empty(schema, "verify");
}

/// A rule has a name pattern and exactly one way to be satisfied.
pub(super) fn rule(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["match"]));
    requirement(schema);
}

/// Exactly one way to be satisfied; the log may be left out for a key alone.
pub(super) fn requirement(schema: &mut Schema) {
    exactly_one_of(schema, &["key", "keyless", "any"]);
    let key = json!({"insecure_ignore_tlog": ["key"]});
    schema.insert("dependentRequired".to_owned(), key);
    not_empty(schema, "any");
}

/// A certificate is named in exactly one form, whose other keys belong to it alone.
pub(super) fn keyless(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["issuer"]));
    exactly_one_of(
        schema,
        &[
            "identity",
            "identity_regexp",
            "repository",
            "gitlab_project",
        ],
    );
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

fn not_empty(schema: &mut Schema, key: &str) {
    let list = schema.pointer_mut(&format!("/properties/{key}"));
    if let Some(list) = list.and_then(Value::as_object_mut) {
        list.insert("minItems".to_owned(), json!(1));
    }
}

fn exactly_one_of(schema: &mut Schema, keys: &[&str]) {
    let each: Vec<Value> = keys.iter().map(|key| json!({"required": [key]})).collect();
    schema.insert("oneOf".to_owned(), Value::Array(each));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_json(yaml: &str) -> Value {
        serde_saphyr::from_str(yaml).unwrap()
    }

    /// Schema and parser must agree, or editors praise what `exec` refuses.
    fn verdicts(yaml: &str) -> (bool, bool) {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let by_schema = validator.is_valid(&as_json(yaml));
        let by_parser = super::super::parse(yaml.as_bytes(), "fullsend.yaml").is_ok();
        (by_schema, by_parser)
    }

    #[test]
    fn accepts_what_the_parser_accepts() {
        for good in [
            super::super::tests::EXAMPLE,
            "version: 1",
            "version: 1\nagents: {triage: {cpus: 1, memory: 2147483648, pids: '64'}}",
            "version: 1\nagents: {triage: {cpus: '1.5', memory: 512m, user: 1000, grace: 500ms}}",
            "version: 1\nagents: {own: {cpus: 1, memory: 1g, timeout: 1h30m, user: '0:0'}}",
            "version: 1\nagents: {own: {command: [sleep]}}",
            "version: 1\nagents: {triage: {entrypoint: [], command: [sleep, 5]}}",
            "version: 1\nverify: [{match: '**', any: [{key: a}, {any: [{key: 'env://K'}]}]}]",
            "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://gitlab.com', gitlab_project: a/b, ref: '**'}}]",
            "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://x.y', identity: me@x.y}}]",
            "version: 1\nhold: {version: v1.2.3, reason: slow, until: 2030-01-31}\ndeny: oci:a.b/c:1",
        ] {
            assert_eq!(verdicts(good), (true, true), "{good}");
        }
    }

    #[test]
    fn refuses_what_the_parser_refuses() {
        for bad in [
            "{}",
            "version: 2",
            "version: 1\nunknown: 1",
            "version: 1\nimage: ghcr.io/a/b",
            "version: 1\nruntime: dokcer",
            "version: 1\nagents: {triage: {memroy: 2GiB}}",
            "version: 1\nagents: {triage: {timeout: 5}}",
            "version: 1\nagents: {triage: {memory: 2 gigs}}",
            "version: 1\nagents: {triage: {memory: 0}}",
            "version: 1\nagents: {triage: {cpus: 0}}",
            "version: 1\nagents: {triage: {pids: 0}}",
            "version: 1\nagents: {triage: {env: [A=b]}}",
            "version: 1\nagents: {triage: {env: [A, A]}}",
            "version: 1\nagents: {triage: {mounts: ['.:here']}}",
            "version: 1\nagents: {triage: {workdir: here}}",
            "version: 1\nagents: {triage: {user: root}}",
            "version: 1\nagents: {triage: {network: 'container:x'}}",
            "version: 1\nagents: {triage: {command: []}}",
            "version: 1\nagents: {Own: {cpus: 1, memory: 1g, timeout: 1h}}",
            "version: 1\nverify: []",
            "version: 1\nverify: [{key: a}]",
            "version: 1\nverify: [{match: a.b/c}]",
            "version: 1\nverify: [{match: a.b/c, any: []}]",
            "version: 1\nverify: [{match: a.b/c, key: a, any: [{key: b}]}]",
            "version: 1\nverify: [{match: a.b/c, key: a, attestations: []}]",
            "version: 1\nverify: [{match: a.b/c, threshold: {count: 1, of: [{key: a}]}}]",
            "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://x.y'}}]",
            "version: 1\nverify: [{match: a.b/c, keyless: {identity: me@x.y}}]",
            "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://x.y', identity: a, workflow: .github/workflows/a.yml}}]",
            "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://gitlab.com', gitlab_project: a/b}}]",
            "version: 1\nverify: [{match: a.b/c, insecure_ignore_tlog: true, keyless: {issuer: 'https://x.y', identity: a}}]",
            "version: 1\nhold: {version: 1.2.3, until: 2030-01-31}",
            "version: 1\nhold: {version: 1.2.3, reason: r, until: tomorrow}",
        ] {
            assert_eq!(verdicts(bad), (false, false), "{bad}");
        }
    }
}

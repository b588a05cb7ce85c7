//! SARIF, held against the schema of its standard and what GitHub asks for on top.

use std::{path::Path, process::Command, sync::LazyLock};

use fullsend::{
    reference::{UNREADABLE_FILE, UNRESOLVED_IMAGE},
    report::{finding::Findings, sarif},
};
use serde_json::Value;

/// OASIS's schema, from the source of the crate that `Cargo.lock` names for it.
#[expect(
    clippy::disallowed_methods,
    reason = "asks cargo where the packages lie, and reads one"
)]
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--locked",
            "--format-version=1",
            "--manifest-path",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages
        .iter()
        .find(|p| p["name"] == "serde-sarif")
        .unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let schema = manifest.with_file_name("src").join("schema.json");
    let mut schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    // One pattern, in two places, closes a bracket that it never opened: no regular expression.
    for definition in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][definition]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    schema
});

#[track_caller]
pub(crate) fn assert_valid(document: &Value) {
    let validator = jsonschema::validator_for(&SCHEMA).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_fixtures_findings_are_valid_and_always_the_same() {
    let (_, findings) = super::read(&super::repository());
    assert!(findings.findings.len() > 5);
    let rules = [&UNREADABLE_FILE, &UNRESOLVED_IMAGE];
    let document = sarif::document(&findings, &rules);
    assert_valid(&document);
    let (_, again) = super::read(&super::repository());
    assert_eq!(
        document.to_string(),
        sarif::document(&again, &rules).to_string()
    );
    for result in document["runs"][0]["results"].as_array().unwrap() {
        let place = &result["locations"][0]["physicalLocation"];
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &document["runs"][0]["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(result["message"]["text"].is_string());
        assert!(result["partialFingerprints"].is_object());
    }
}

#[test]
fn no_findings_are_a_valid_document_too() {
    let document = sarif::document(&Findings::new(Vec::new()), &[&UNREADABLE_FILE]);
    assert_valid(&document);
    assert_eq!(document["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let mut document = sarif::document(&Findings::new(Vec::new()), &[]);
    document["runs"][0]["tool"]["driver"]["name"] = Value::Null;
    let validator = jsonschema::validator_for(&SCHEMA).unwrap();
    assert!(!validator.is_valid(&document));
}

//! When an image was built.

use super::*;
use fullsend_testkit::registry::Fault;
use serde_json::json;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const DAY: &str = "2024-11-18T10:20:30.5Z";

/// Pushes an image whose configuration is `config`; its digest.
fn push(registry: &Registry, kind: &str, config: &str, annotations: &serde_json::Value) -> String {
    let digest = registry.put_blob(config.to_owned());
    let manifest = json!({
        "schemaVersion": 2,
        "config": {"mediaType": kind, "digest": digest, "size": config.len()},
        "layers": [],
        "annotations": annotations,
    });
    registry.put_manifest("a/b", "1", OCI_MANIFEST, manifest.to_string())
}

async fn created(registry: &Registry, digest: &str) -> Option<String> {
    registry.clear_requests();
    let image = image(registry, &format!("a/b@{digest}"));
    let found = client().created(&image).await.unwrap();
    found.map(|time| time.to_string())
}

#[tokio::test]
async fn the_configuration_tells() {
    let registry = Registry::start();
    // Labels that differ by case alone are common, and nobody's business here.
    let config = format!(r#"{{"created":"{DAY}","config":{{"Labels":{{"a":"","A":""}}}}}}"#);
    let digest = push(&registry, CONFIG, &config, &json!({}));
    assert_eq!(created(&registry, &digest).await.as_deref(), Some(DAY));
    assert_eq!(registry.requests().len(), 2);

    let entry = |os: &str, digest: &str| json!({"mediaType": OCI_MANIFEST, "digest": digest, "size": 1, "platform": {"os": os, "architecture": "amd64"}});
    let other = Digest::of(b"absent").to_string();
    let index = json!({"schemaVersion": 2, "manifests": [entry("unknown", &other), entry("linux", &digest)]});
    let index = registry.put_manifest("a/b", "2", OCI_INDEX, index.to_string());
    assert_eq!(created(&registry, &index).await.as_deref(), Some(DAY));
    assert_eq!(registry.requests().len(), 3);

    // Who has the manifest already does not ask for it again.
    let client = client();
    let here = repository(&registry, "a/b");
    let fetched = client.manifest(&image(&registry, "a/b:1")).await.unwrap();
    registry.clear_requests();
    let time = client.created_of(&here, &fetched).await.unwrap();
    assert_eq!(time.unwrap().to_string(), DAY);
    assert_eq!(registry.requests().len(), 1);
}

#[tokio::test]
async fn an_annotation_saves_requests() {
    let registry = Registry::start();
    let annotations = json!({"org.opencontainers.image.created": DAY});
    let digest = push(&registry, CONFIG, "{}", &annotations);
    assert_eq!(created(&registry, &digest).await.as_deref(), Some(DAY));
    assert_eq!(registry.requests().len(), 1);
    let index = json!({"schemaVersion": 2, "manifests": [], "annotations": annotations});
    let index = registry.put_manifest("a/b", "2", OCI_INDEX, index.to_string());
    assert_eq!(created(&registry, &index).await.as_deref(), Some(DAY));
    assert_eq!(registry.requests().len(), 1);
}

#[tokio::test]
async fn what_is_not_told_is_unknown() {
    let registry = Registry::start();
    for config in [
        "{}",
        r#"{"created":null}"#,
        r#"{"created":""}"#,
        r#"{"created":"yesterday"}"#,
        r#"{"created":"0001-01-01T00:00:00Z"}"#,
        r#"{"created":"1970-01-01T00:00:01Z"}"#,
        r#"{"created":"1980-01-01T00:00:01Z"}"#,
        r#"{"created":"2012-12-31T23:59:59Z"}"#,
        r#"{"created":"999999-01-01T00:00:00Z"}"#,
    ] {
        let digest = push(&registry, CONFIG, config, &json!({}));
        assert_eq!(created(&registry, &digest).await, None, "{config}");
        assert_eq!(registry.requests().len(), 2);
    }
    // No image, so that what it is configured by is not even fetched.
    let digest = push(
        &registry,
        "application/vnd.oci.empty.v1+json",
        "{}",
        &json!({}),
    );
    assert_eq!(created(&registry, &digest).await, None);
    assert_eq!(registry.requests().len(), 1);
    let empty = registry.put_manifest(
        "a/b",
        "2",
        OCI_INDEX,
        r#"{"schemaVersion":2,"manifests":[]}"#,
    );
    assert_eq!(created(&registry, &empty).await, None);
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error() {
    let registry = Registry::start();
    let huge = format!(r#"{{"created":"{DAY}"}}{}"#, " ".repeat(4 << 20));
    for (config, expected) in [
        ("[1", "no image's configuration"),
        (&huge, "more than 4194304"),
    ] {
        let digest = push(&registry, CONFIG, config, &json!({}));
        let image = image(&registry, &format!("a/b@{digest}"));
        let error = client().created(&image).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let digest = push(&registry, CONFIG, "{}", &json!({}));
    registry.fault("*/blobs/*", Fault::status(500));
    let image = image(&registry, &format!("a/b@{digest}"));
    assert_reason!(
        client().created(&image).await.unwrap_err(),
        Reason::Server(_)
    );
}

//! The referrers list.

use super::*;
use fullsend::registry::Content as _;
use fullsend_testkit::registry::Fault;

/// Pushes `count` artifacts that refer to the image.
fn with_referrers(count: usize) -> (Registry, Repository, Digest) {
    let (registry, _) = with_image();
    let subject = Digest::of(MANIFEST.as_bytes());
    for number in 0..count {
        let artifact = MANIFEST.replacen(
            '{',
            &format!(
                r#"{{"artifactType":"t/{number}","subject":{{"mediaType":"{OCI_MANIFEST}","digest":"{subject}","size":{}}},"#,
                MANIFEST.len()
            ),
            1,
        );
        let digest = Digest::of(artifact.as_bytes());
        registry.put_manifest("a/b", digest.as_str(), OCI_MANIFEST, artifact);
    }
    let here = repository(&registry, "a/b");
    (registry, here, subject)
}

#[tokio::test]
async fn every_page_is_read() {
    let (registry, here, subject) = with_referrers(5);
    registry.referrers_page_size(2);
    let referrers = client().referrers(&here, &subject).await.unwrap().unwrap();
    let types: Vec<_> = referrers
        .iter()
        .map(|r| r.artifact_type.as_deref().unwrap())
        .collect();
    assert_eq!(types, ["t/0", "t/1", "t/2", "t/3", "t/4"]);
    assert_eq!(registry.requests().len(), 3);
}

#[tokio::test]
async fn none_is_not_unknown() {
    let (registry, here, subject) = with_referrers(0);
    let client = client();
    assert_eq!(
        client.referrers(&here, &subject).await.unwrap(),
        Some(vec![])
    );
    registry.referrers_api(false);
    assert_eq!(client.referrers(&here, &subject).await.unwrap(), None);
}

#[tokio::test]
async fn any_other_failure_is_an_error() {
    let (registry, here, subject) = with_referrers(3);
    let client = client();
    for status in [400, 401, 403, 405, 501] {
        registry.fault("*/referrers/*", Fault::status(status));
        let error = client.referrers(&here, &subject).await.unwrap_err();
        assert!(error.to_string().contains(subject.as_str()), "{error}");
    }
    let html = Fault::normal().header("Content-Type", "text/html");
    registry.fault("*/referrers/*", html.body("<html>"));
    assert_reason!(
        client.referrers(&here, &subject).await.unwrap_err(),
        Reason::Malformed(_)
    );
    registry.fault(
        "*/referrers/*",
        Fault::normal().header("Content-Type", "application/json"),
    );
    assert_reason!(
        client.referrers(&here, &subject).await.unwrap_err(),
        Reason::Malformed(_)
    );

    registry.clear_faults();
    registry.referrers_page_size(1);
    registry.fault("*/referrers/*", Fault::status(404).after(1));
    assert_reason!(
        client.referrers(&here, &subject).await.unwrap_err(),
        Reason::Malformed(_)
    );
}

#[tokio::test]
async fn throttling_is_not_unsigned() {
    let (registry, here, subject) = with_referrers(1);
    registry.fault("*/referrers/*", Fault::status(429).retry_after(60));
    let error = client().referrers(&here, &subject).await.unwrap_err();
    assert_reason!(error, Reason::RateLimited(_));
}

#[tokio::test]
async fn pages_stay_here_and_end() {
    let (registry, here, subject) = with_referrers(1);
    let elsewhere = Registry::start();
    let client = client();
    let link = |target: &str| Fault::normal().header("Link", &format!("<{target}>; rel=\"next\""));
    for (target, expected) in [
        (elsewhere.url("/v2/a/b/referrers/x"), "leads elsewhere"),
        ("/admin".to_owned(), "leads elsewhere"),
        ("?page=0".to_owned(), "circle"),
    ] {
        registry.fault("*/referrers/*", link(&target));
        let error = client.referrers(&here, &subject).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn pages_and_entries_are_bounded() {
    let (registry, here, subject) = with_referrers(40);
    registry.referrers_page_size(1);
    let error = client().referrers(&here, &subject).await.unwrap_err();
    assert_reason!(
        error,
        Reason::TooLarge {
            limit: 32,
            unit: "pages"
        }
    );
    let (registry, here, subject) = with_referrers(513);
    registry.referrers_page_size(300);
    let error = client().referrers(&here, &subject).await.unwrap_err();
    assert_reason!(error, Reason::TooLarge { limit: 512, .. });
}

#[tokio::test]
async fn an_image_under_the_fallback_tag_is_no_empty_list() {
    let (registry, here, subject) = with_referrers(1);
    let client = client();
    assert_eq!(client.fallback(&here, &subject).await.unwrap(), None);
    let tag = subject.fallback_tag();
    let list = r#"{"schemaVersion":2,"manifests":[]}"#;
    registry.put_manifest("a/b", &tag, OCI_INDEX, list);
    assert_eq!(
        client.fallback(&here, &subject).await.unwrap(),
        Some(vec![])
    );
    registry.put_manifest("a/b", &tag, OCI_MANIFEST, MANIFEST);
    let error = client.fallback(&here, &subject).await.unwrap_err();
    assert_reason!(&error, Reason::Malformed(_));
    assert!(error.to_string().contains(&tag), "{error}");
}

//! What a well-behaved registry answers, and what merely looks like it.

use super::*;
use fullsend::registry::Manifest;
use fullsend_testkit::registry::Fault;

#[tokio::test]
async fn a_manifest_by_tag_and_by_digest() {
    let (registry, image) = with_image();
    let client = client();
    let by_tag = client.manifest(&image).await.unwrap();
    assert_eq!(by_tag.bytes, MANIFEST);
    assert_eq!(by_tag.digest, Digest::of(MANIFEST.as_bytes()));
    assert!(matches!(by_tag.parsed, Manifest::Image(_)));

    let pinned = super::image(&registry, &format!("a/b:moved@{}", by_tag.digest));
    let by_digest = client.manifest(&pinned).await.unwrap();
    assert_eq!(by_digest.digest, by_tag.digest);
    let paths = registry.paths();
    assert_eq!(paths.len(), 2, "one request each: {paths:?}");
    assert!(paths[1].ends_with(&format!("/manifests/{}", by_tag.digest)));
    let connections = registry.requests().iter().map(|r| r.connection).max();
    assert_eq!(connections, Some(1), "the connection is used again");
}

#[tokio::test]
async fn the_digest_is_that_of_the_bytes() {
    let (registry, image) = with_image();
    let lie = format!("sha256:{}", "0".repeat(64));
    registry.fault("*", Fault::normal().header("Docker-Content-Digest", &lie));
    let manifest = client().manifest(&image).await.unwrap();
    assert_eq!(manifest.digest, Digest::of(MANIFEST.as_bytes()));

    let pinned = super::image(&registry, &format!("a/b@{}", manifest.digest));
    registry.fault("*", Fault::normal().body(MANIFEST.replace(":[]", ": []")));
    let (error, _) = failure(&client(), &pinned).await;
    assert_reason!(error, Reason::DigestMismatch { expected, .. } if *expected == manifest.digest);
}

#[tokio::test]
async fn a_tag_that_moves_gives_what_each_answer_holds() {
    let (registry, image) = with_image();
    let other = MANIFEST.replace(":[]", ": []");
    let first = Digest::of(MANIFEST.as_bytes());
    let second = registry.put_manifest("a/b", "2", OCI_MANIFEST, other);
    registry.move_tag("a/b", "1", &[first.as_str(), &second]);
    let client = client();
    assert_eq!(client.manifest(&image).await.unwrap().digest, first);
    assert_eq!(
        client.manifest(&image).await.unwrap().digest,
        digest(&second)
    );
}

#[tokio::test]
async fn only_a_registrys_404_means_absent() {
    let (registry, image) = with_image();
    let client = client();
    let here = repository(&registry, "a/b");
    assert!(client.manifest_by_tag(&here, "9").await.unwrap().is_none());
    assert!(client.manifest_by_tag(&here, "1").await.unwrap().is_some());
    let absent = super::image(&registry, "a/b:9");
    assert_reason!(
        client.manifest(&absent).await.unwrap_err(),
        Reason::NotFound
    );

    for status in [400, 401, 403, 405, 410, 418] {
        registry.fault("*", Fault::status(status));
        let error = client.manifest_by_tag(&here, "9").await.unwrap_err();
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
    let page = Fault::status(404).header("Content-Type", "text/html; charset=utf-8");
    registry.fault("*", page.body("<html>no such site</html>"));
    let error = client.manifest_by_tag(&here, "9").await.unwrap_err();
    assert_reason!(error, Reason::Malformed(_));
    let error = client
        .manifest_by_tag(&here, "../../admin")
        .await
        .unwrap_err();
    assert_reason!(error, Reason::Malformed(_));
    assert!(registry.paths().iter().all(|path| !path.contains("admin")));
    drop(image);
}

#[tokio::test]
async fn missing_is_what_the_registry_itself_calls_so() {
    let (registry, image) = with_image();
    let client = client();
    let here = repository(&registry, "a/b");
    let code = |code: &str| format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#);
    let header = ("Docker-Distribution-Api-Version", "registry/2.0");
    for (body, header, missing) in [
        (code("MANIFEST_UNKNOWN"), None, true),
        (code("NAME_UNKNOWN"), None, true),
        (code("NOT_FOUND"), None, true),
        (String::new(), Some(header), true),
        (code("DENIED"), Some(header), false),
        (String::new(), None, false),
        ("404 page not found\n".to_owned(), Some(header), false),
        (
            "<Error><Code>NoSuchKey</Code></Error>".to_owned(),
            None,
            false,
        ),
    ] {
        let fault = Fault::status(404).body(body.clone());
        let fault = header
            .into_iter()
            .fold(fault, |fault, (name, value)| fault.header(name, value));
        registry.fault("*", fault);
        let error = client.manifest(&image).await.unwrap_err();
        assert_eq!(error.is_missing(), missing, "{body:?} {header:?}: {error}");
        assert!(matches!(
            error.reason(),
            Reason::NotFound | Reason::BareNotFound
        ));
        // Who merely looks whether there is one takes each for no.
        assert!(client.manifest_by_tag(&here, "1").await.unwrap().is_none());
    }

    // A storage to which the registry redirects does not speak for it.
    let storage = Registry::start();
    registry.fault("*", Fault::redirect(&storage.url("/v2/a/b/manifests/1")));
    let error = client.manifest(&image).await.unwrap_err();
    assert_reason!(&error, Reason::BareNotFound);
    assert!(!error.is_missing());
    assert_eq!(storage.requests().len(), 1);
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let (registry, image) = with_image();
    let client = client();
    let config = r#""config":{"mediaType":"c","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;
    for (content_type, body, expected) in [
        ("text/html", "<!DOCTYPE html><p>Log in", "a web page"),
        (OCI_MANIFEST, "", "ends too early"),
        (OCI_MANIFEST, "[]", "malformed"),
        (OCI_INDEX, MANIFEST, "differs from"),
        ("text/html", MANIFEST, "differs from"),
        (
            OCI_MANIFEST,
            &format!(r#"{{"schemaVersion":2,{config}}}"#),
            "layers",
        ),
        (
            OCI_MANIFEST,
            &format!(r#"{{"schemaVersion":2,{config},"layers":[],"manifests":[]}}"#),
            "both",
        ),
        (
            OCI_INDEX,
            &format!(r#"{{"schemaVersion":2,{config},"manifests":[]}}"#),
            "both",
        ),
        (
            OCI_MANIFEST,
            &format!(r#"{{"schemaVersion":1,{config},"layers":[]}}"#),
            "schemaVersion",
        ),
        (
            OCI_MANIFEST,
            &format!(r#"{{"schemaVersion":2,{config},"layers":[],"Layers":[]}}"#),
            "twice",
        ),
        (
            OCI_MANIFEST,
            &MANIFEST.replace("sha256:44", "sha256:../"),
            "digest",
        ),
        (OCI_MANIFEST, &MANIFEST.replace(":2}", ":-2}"), "integer"),
        (
            "application/json",
            r#"{"schemaVersion":2}"#,
            "no media type",
        ),
        (
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            "{}",
            "not a kind",
        ),
    ] {
        let fault = Fault::normal().header("Content-Type", content_type);
        registry.fault("*", fault.body(body.to_owned()));
        let message = reason(&client, &image).await;
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

#[tokio::test]
async fn a_static_servers_content_type_is_no_lie() {
    let (registry, image) = with_image();
    registry.fault(
        "*",
        Fault::normal().header("Content-Type", "application/octet-stream"),
    );
    assert!(client().manifest(&image).await.is_ok());
}

#[tokio::test]
async fn an_index_tells_platforms() {
    let registry = Registry::start();
    let entry = |os: &str, architecture: &str| {
        format!(
            r#"{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":{},"platform":{{"os":"{os}","architecture":"{architecture}"}}}}"#,
            Digest::of(MANIFEST.as_bytes()),
            MANIFEST.len()
        )
    };
    let entries = [entry("linux", "arm64"), entry("unknown", "unknown")].join(",");
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{entries}],"annotations":null}}"#);
    registry.put_manifest("a/b", "1", OCI_INDEX, index);
    let manifest = client().manifest(&image(&registry, "a/b:1")).await.unwrap();
    let Manifest::Index(index) = manifest.parsed else {
        panic!("not an index");
    };
    let platforms: Vec<_> = index
        .manifests
        .iter()
        .map(fullsend::registry::Descriptor::platform)
        .collect();
    assert_eq!(platforms[0].as_ref().unwrap().to_string(), "linux/arm64");
    assert_eq!(platforms[1], None);
}

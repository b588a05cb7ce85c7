//! Pushing a file: what is sent, what is looked at before, and what is told where it is refused.

use fullsend::registry::{Artifact, Manifest};
use fullsend_testkit::registry::{Auth, Fault};

use super::*;
use crate::support::docker;

const LIST: &str = "[{\"version\": \"1.5.0\", \"reason\": \"it leaks\"}]\n";
const PLACE: &str = "acme/deny:latest";

fn artifact(text: &str) -> Artifact {
    let kind = "application/vnd.example.list.v1";
    Artifact::of_file(kind, "application/json", "deny.json", text.to_owned())
}

/// The one layer of what lies there.
async fn layer(client: &Client, image: &ImageReference) -> Vec<u8> {
    let fetched = client.manifest(image).await.unwrap();
    let Manifest::Image(manifest) = fetched.parsed else {
        panic!("{fetched:?}");
    };
    let [layer] = &manifest.layers[..] else {
        panic!("{manifest:?}");
    };
    let place = image.repository();
    let bytes = client.blob(place, &layer.digest, layer.size, 1 << 20).await;
    bytes.unwrap().to_vec()
}

/// How many requests wrote something.
fn writes(registry: &Registry) -> usize {
    let paths = registry.paths();
    paths.iter().filter(|it| !it.starts_with("GET ")).count()
}

#[tokio::test]
async fn what_is_pushed_is_read_and_never_pushed_twice() {
    let (registry, client) = (Registry::start(), client());
    let image = image(&registry, PLACE);
    assert!(!client.leads_to(&image, &artifact(LIST)).await.unwrap());
    assert!(client.push(&image, &artifact(LIST)).await.unwrap());
    assert_eq!(layer(&client, &image).await, LIST.as_bytes());
    // Two uploads of two requests each, and the manifest.
    assert_eq!(writes(&registry), 5, "{:#?}", registry.paths());
    let last = registry
        .paths()
        .into_iter()
        .rfind(|it| it.starts_with("PUT "));
    assert_eq!(last.unwrap(), "PUT /v2/acme/deny/manifests/latest");
    assert!(client.leads_to(&image, &artifact(LIST)).await.unwrap());

    registry.clear_requests();
    assert!(!client.push(&image, &artifact(LIST)).await.unwrap());
    assert_eq!(registry.paths(), ["GET /v2/acme/deny/manifests/latest"]);

    assert!(client.push(&image, &artifact("[]\n")).await.unwrap());
    assert_eq!(layer(&client, &image).await, b"[]\n");
    // The empty configuration was there.
    assert_eq!(writes(&registry), 3, "{:#?}", registry.paths());
}

#[tokio::test]
async fn a_real_registry_takes_it() {
    let registry = docker::Registry::start().await;
    let client = client();
    let image: ImageReference = registry.named(PLACE).parse().unwrap();
    client.check_push(image.repository()).await.unwrap();
    assert!(client.push(&image, &artifact("[]\n")).await.unwrap());
    assert!(client.push(&image, &artifact(LIST)).await.unwrap());
    assert!(!client.push(&image, &artifact(LIST)).await.unwrap());
    assert_eq!(layer(&client, &image).await, LIST.as_bytes());
}

#[tokio::test]
async fn a_try_that_failed_is_followed_by_a_look() {
    for fault in [Fault::status(502), Fault::status(429), Fault::disconnect()] {
        let (registry, client) = (Registry::start(), client());
        let image = image(&registry, PLACE);
        // The look passes, the push does not.
        registry.fault("*/manifests/latest", fault.after(1).times(1));
        assert!(client.push(&image, &artifact(LIST)).await.unwrap());
        let paths = registry.paths();
        let of = |start: &str| paths.iter().filter(|it| it.starts_with(start)).count();
        assert_eq!(of("POST "), 2, "each blob went up once: {paths:#?}");
        assert_eq!(of("PUT /v2/acme/deny/manifests/"), 2, "{paths:#?}");
        let refused = paths
            .iter()
            .position(|it| it.contains("PUT /v2/acme/deny/m"));
        let next = &paths[refused.unwrap() + 1];
        assert_eq!(next, "GET /v2/acme/deny/manifests/latest", "{paths:#?}");
    }
}

#[tokio::test]
async fn what_was_done_before_a_failure_is_found_and_not_done_again() {
    let (registry, client) = (Registry::start(), client());
    let image = image(&registry, PLACE);
    // The look and the push pass, reading back does not.
    let fault = Fault::disconnect().after(2).times(1);
    registry.fault("*/manifests/latest", fault);
    assert!(client.push(&image, &artifact(LIST)).await.unwrap());
    let paths = registry.paths();
    assert_eq!(writes(&registry), 5, "{paths:#?}");
    let looks = paths
        .iter()
        .filter(|it| it.ends_with("GET /v2/acme/deny/manifests/latest"));
    assert_eq!(looks.count(), 3, "{paths:#?}");
}

#[tokio::test]
async fn a_refusal_says_what_was_wanted_and_what_it_takes() {
    let (registry, client) = (Registry::start(), client());
    let image = image(&registry, PLACE);
    registry.fault("*/blobs/uploads/*", Fault::status(403));
    let error = client.push(&image, &artifact(LIST)).await.unwrap_err();
    assert_reason!(&error, Reason::Forbidden(_));
    let host = registry.host();
    let said = error.to_string();
    let wanted = format!("could not push {host}/{PLACE} to {host}: access is denied");
    assert!(said.starts_with(&wanted), "{said}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("may write to it"), "{hint}");
    let error = client.check_push(image.repository()).await.unwrap_err();
    assert_reason!(&error, Reason::Forbidden(_));
}

#[tokio::test]
async fn a_digest_is_no_place() {
    let (registry, client) = (Registry::start(), client());
    let place = format!("acme/deny@sha256:{}", "a".repeat(64));
    let error = client
        .push(&image(&registry, &place), &artifact(LIST))
        .await;
    assert_reason!(&error.unwrap_err(), Reason::Malformed(_));
    assert_eq!(registry.requests().len(), 0);
}

#[tokio::test]
async fn a_check_leaves_nothing_behind() {
    let (registry, client) = (Registry::start(), client());
    let image = image(&registry, PLACE);
    client.check_push(image.repository()).await.unwrap();
    let paths = registry.paths();
    assert_eq!(paths.len(), 2, "{paths:#?}");
    assert_eq!(paths[0], "POST /v2/acme/deny/blobs/uploads/");
    assert!(paths[1].starts_with("DELETE /v2/acme/deny/blobs/uploads/"));
    assert!(client.tags(image.repository()).await.is_err());
}

#[tokio::test]
async fn a_token_for_reading_is_not_taken_for_writing() {
    let (registry, client) = (Registry::start(), client());
    registry.put_manifest("acme/deny", "1", OCI_MANIFEST, MANIFEST);
    registry.require(Auth::bearer());
    client
        .manifest(&image(&registry, "acme/deny:1"))
        .await
        .unwrap();
    let list = artifact(LIST);
    assert!(client.push(&image(&registry, PLACE), &list).await.unwrap());
    let requests = registry.requests();
    let tokens = requests.iter().filter(|it| it.path == "/token");
    let scopes: Vec<&str> = tokens.map(|it| it.query.as_str()).collect();
    assert_eq!(scopes.len(), 2, "{scopes:?}");
    assert!(scopes[0].ends_with("%3Apull"), "{scopes:?}");
    assert!(scopes[1].ends_with("%3Apull%2Cpush"), "{scopes:?}");
}

#[tokio::test]
async fn what_lets_us_in_does_not_follow_an_upload_elsewhere() {
    let (registry, elsewhere, client) = (Registry::start(), Registry::start(), client());
    registry.require(Auth::bearer());
    let away = Fault::status(202).header("Location", &elsewhere.url("/up?state=1"));
    // The first is told what lets us in.
    registry.fault("*/blobs/uploads/", away);
    elsewhere.fault("/up", Fault::status(201));
    let pushed = client.push(&image(&registry, PLACE), &artifact(LIST)).await;
    assert!(pushed.is_ok(), "{pushed:?}");
    let requests = elsewhere.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert!(request.query.starts_with("state=1&digest=sha256%3A"));
        assert_eq!(request.header("authorization"), None);
    }
}

#[tokio::test]
async fn an_upload_is_not_sent_anywhere_at_all() {
    for location in [
        "ftp://r.example/up",
        "http://r.example/up",
        "https://u:p@r.example/",
        "",
    ] {
        let (registry, client) = (Registry::start(), client());
        let away = Fault::status(202).header("Location", location);
        registry.fault("*/blobs/uploads/", away);
        let pushed = client.push(&image(&registry, PLACE), &artifact(LIST)).await;
        // Nowhere is the place that it came from: a request that is no upload.
        assert!(pushed.is_err(), "{location}: {pushed:?}");
        let paths = registry.paths();
        assert!(!paths.iter().any(|it| it.contains("PUT /v2/acme/deny/m")));
    }
}

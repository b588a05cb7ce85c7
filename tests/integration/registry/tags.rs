//! The list of tags.

use super::*;
use fullsend_testkit::registry::Fault;

/// A registry with these tags of one image.
fn with_tags<'a>(tags: impl IntoIterator<Item = &'a str>) -> (Registry, Repository) {
    let registry = Registry::start();
    for tag in tags {
        registry.put_manifest("a/b", tag, OCI_MANIFEST, MANIFEST);
    }
    let here = repository(&registry, "a/b");
    (registry, here)
}

#[tokio::test]
async fn one_request_lists_a_thousand() {
    let names: Vec<String> = (0..1001).map(|number| format!("1.0.{number:04}")).collect();
    let (registry, here) = with_tags(names.iter().map(String::as_str));
    assert_eq!(client().tags(&here).await.unwrap(), names);
    let requests = registry.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].path, "/v2/a/b/tags/list");
    assert_eq!(requests[0].query, "n=1000");

    // A registry's own bound counts.
    registry.clear_requests();
    registry.tags_page_size(100);
    assert_eq!(client().tags(&here).await.unwrap(), names);
    assert_eq!(registry.requests().len(), 11);
}

#[tokio::test]
async fn none_is_not_an_unknown_repository() {
    let (registry, here) = with_tags(["1"]);
    registry.remove("a/b", "1");
    assert_eq!(client().tags(&here).await.unwrap(), [""; 0]);
    for body in [r#"{"name":"a/b","tags":null}"#, r#"{"name":"a/b"}"#] {
        registry.fault("*", Fault::normal().body(body));
        assert_eq!(client().tags(&here).await.unwrap(), [""; 0], "{body}");
    }
    let unknown = repository(&registry, "a/c");
    registry.clear_faults();
    let error = client().tags(&unknown).await.unwrap_err();
    assert!(error.is_missing(), "{error}");
    assert!(error.to_string().contains("the tags of"), "{error}");
}

#[tokio::test]
async fn what_has_not_the_form_of_a_tag_is_left_out() {
    let (registry, here) = with_tags(["1"]);
    let body = r#"{"tags":["1.2.3","../../x","a b","-x","","1.2.4\n"]}"#;
    registry.fault("*", Fault::normal().body(body));
    assert_eq!(client().tags(&here).await.unwrap(), ["1.2.3"]);
}

#[tokio::test]
async fn what_is_no_list_is_an_error() {
    let (registry, here) = with_tags(["1"]);
    for body in ["<html>", "[]", r#"{"tags":[1]}"#, r#"{"tags":"1"}"#, ""] {
        registry.fault("*", Fault::normal().body(body));
        let error = client().tags(&here).await.unwrap_err();
        assert_reason!(error, Reason::Malformed(_));
    }
    let link = Fault::normal().header("Link", "</v2/x/y/tags/list>; rel=next");
    registry.fault("*", link);
    assert_reason!(
        client().tags(&here).await.unwrap_err(),
        Reason::Malformed(_)
    );
    registry.fault("*", Fault::status(429).retry_after(60));
    assert_reason!(
        client().tags(&here).await.unwrap_err(),
        Reason::RateLimited(_)
    );
}

#[tokio::test]
async fn tags_pages_and_bytes_are_bounded() {
    let (registry, here) = with_tags(["1"]);
    let list = |count: usize| {
        let tags: Vec<String> = (0..count).map(|number| format!("\"{number}\"")).collect();
        Fault::normal().body(format!(r#"{{"tags":[{}]}}"#, tags.join(",")))
    };
    registry.fault("*", list(100_000));
    assert_eq!(client().tags(&here).await.unwrap().len(), 100_000);
    registry.fault("*", list(100_001));
    let error = client().tags(&here).await.unwrap_err();
    assert_reason!(error, Reason::TooLarge { limit: 100_000, .. });
    registry.fault("*", Fault::normal().body(vec![b' '; (16 << 20) + 1]));
    let error = client().tags(&here).await.unwrap_err();
    assert_reason!(error, Reason::TooLarge { unit: "bytes", .. });
}

//! What is tried again, how often, and after how long.

use super::*;
use fullsend::seam::http::HttpError;
use fullsend_testkit::registry::Fault;

#[tokio::test]
async fn a_passing_failure_is_waited_out() {
    for fault in [
        Fault::status(429),
        Fault::status(500),
        Fault::status(502),
        Fault::status(503),
        Fault::status(504),
        Fault::disconnect(),
    ] {
        let (registry, image) = with_image();
        registry.fault("*", fault.times(1));
        client().manifest(&image).await.unwrap();
        assert!(registry.requests().len() >= 2);
    }
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let (registry, image) = with_image();
    registry.fault("*", Fault::status(429).retry_after(1).times(1));
    client().manifest(&image).await.unwrap();
    let requests = registry.requests();
    let waited = requests[1].at - requests[0].at;
    assert!(waited >= Duration::from_millis(950), "{waited:?}");
}

#[tokio::test]
async fn a_long_retry_after_is_reported_at_once() {
    let (registry, image) = with_image();
    registry.fault("*", Fault::status(429).retry_after(3600));
    let (error, took) = failure(&client(), &image).await;
    assert_reason!(&error, Reason::RateLimited(_));
    assert!(error.to_string().contains("3600 s"), "{error}");
    assert!(error.hint().unwrap().contains("docker login"));
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(registry.requests().len(), 1);
}

#[tokio::test]
async fn a_failing_registry_is_given_up() {
    let (registry, image) = with_image();
    registry.fault("*", Fault::status(503));
    let (error, took) = failure(&client(), &image).await;
    assert_reason!(&error, Reason::Server(refusal) if refusal.status == 503);
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(registry.requests().len() > 3);
}

#[tokio::test]
async fn what_will_not_change_is_not_tried_again() {
    for status in [400, 401, 403, 404, 501, 505] {
        let (registry, image) = with_image();
        registry.fault("*", Fault::status(status));
        failure(&client(), &image).await;
        assert_eq!(registry.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_absent_registry_is_named_soon() {
    let gone = Registry::start().host();
    let image = format!("{gone}/a/b:1").parse().unwrap();
    let (error, took) = failure(&client(), &image).await;
    assert_reason!(&error, Reason::Transport(HttpError::Connect(_)));
    assert!(error.hint().unwrap().contains(&gone));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

//! Bodies that lie, and answers that never end.

use super::*;
use fullsend_testkit::registry::Fault;

#[tokio::test]
async fn a_blob_has_its_size_and_digest() {
    let (registry, _) = with_image();
    let client = client();
    let here = repository(&registry, "a/b");
    let blob = digest(&registry.put_blob("hello"));
    let get = async |size, cap| client.blob(&here, &blob, size, cap).await;
    assert_eq!(get(5, 5).await.unwrap(), "hello");
    for (size, received) in [(4, 5), (6, 5)] {
        assert_reason!(
            get(size, 10).await.unwrap_err(),
            Reason::SizeMismatch { received: r, .. } if *r == received
        );
    }
    registry.clear_requests();
    assert_reason!(
        get(5, 4).await.unwrap_err(),
        Reason::TooLarge { limit: 4, .. }
    );
    assert!(
        registry.requests().is_empty(),
        "refused before it is asked for"
    );

    registry.fault("*", Fault::corrupt());
    assert_reason!(get(5, 5).await.unwrap_err(), Reason::DigestMismatch { .. });
    registry.fault("*", Fault::endless());
    assert_reason!(get(5, 5).await.unwrap_err(), Reason::SizeMismatch { .. });
    registry.clear_faults();

    let absent = Digest::of(b"absent");
    let error = client.blob(&here, &absent, 5, 5).await.unwrap_err();
    assert_reason!(&error, Reason::NotFound);
    assert!(error.to_string().contains(absent.as_str()), "{error}");
}

#[tokio::test]
async fn a_manifest_is_at_most_four_mebibytes() {
    let (registry, image) = with_image();
    let client = client();
    for fault in [Fault::normal().body(vec![b' '; 64 << 20]), Fault::endless()] {
        registry.fault("*", fault);
        let (error, took) = failure(&client, &image).await;
        assert_reason!(
            error,
            Reason::TooLarge {
                limit: 4_194_304,
                ..
            }
        );
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

#[tokio::test]
async fn the_number_of_layers_is_bounded() {
    let (registry, image) = with_image();
    let layer = r#"{"mediaType":"l","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;
    let many = vec![layer; 1025].join(",");
    registry.fault(
        "*",
        Fault::normal().body(MANIFEST.replace("[]", &format!("[{many}]"))),
    );
    let message = reason(&client(), &image).await;
    assert!(message.contains("at most 1024"), "{message}");
}

#[tokio::test]
async fn a_truncated_body_is_an_error_after_some_tries() {
    let (registry, image) = with_image();
    registry.fault("*", Fault::truncate().times(1));
    assert!(
        client().manifest(&image).await.is_ok(),
        "one broken connection is healed"
    );
    registry.fault("*", Fault::truncate());
    let mut options = options();
    options.deadline = Duration::from_secs(2);
    let (error, took) = failure(&Client::new(&Environment::default(), options), &image).await;
    assert!(error.to_string().contains("broke off"), "{error}");
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[tokio::test]
async fn compression_is_refused() {
    let (registry, image) = with_image();
    registry.fault("*", Fault::normal().header("Content-Encoding", "gzip"));
    let message = reason(&client(), &image).await;
    assert!(message.contains("compressed"), "{message}");
}

#[tokio::test]
async fn a_hanging_registry_is_left_after_the_idle_time() {
    let (registry, image) = with_image();
    registry.fault("*", Fault::hang());
    let (error, took) = failure(&client(), &image).await;
    assert!(error.to_string().contains("no answer in time"), "{error}");
    assert!(error.hint().is_some());
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn a_dripping_registry_is_left_at_the_deadline() {
    let (registry, image) = with_image();
    registry.fault("*", Fault::drip(Duration::from_millis(50)));
    let mut options = options();
    options.deadline = Duration::from_millis(700);
    let (error, took) = failure(&Client::new(&Environment::default(), options), &image).await;
    assert_reason!(error, Reason::Deadline(_));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let (registry, image) = with_image();
    let flood = (0..200).fold(Fault::normal(), |fault, number| {
        fault.header(&format!("X-{number}"), "x")
    });
    registry.fault("*", flood);
    let mut options = options();
    options.deadline = Duration::from_secs(1);
    failure(&Client::new(&Environment::default(), options), &image).await;
}

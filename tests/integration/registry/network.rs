//! Redirects, offline mode, proxies, connections.

use super::*;
use fullsend::seam::http::HttpError;
use fullsend_testkit::registry::{Auth, Fault};

#[tokio::test]
async fn a_redirect_to_storage_is_followed_without_the_token() {
    let (registry, image) = with_image();
    let storage = Registry::start();
    registry.require(Auth::bearer());
    let blob = digest(&registry.put_blob("hello"));
    storage.put_blob("hello");
    let target = storage.url(&format!("/v2/s/blobs/{blob}?signature=x"));
    registry.fault("*/blobs/*", Fault::redirect(&target).after(1));
    let client = client();
    let got = client.blob(image.repository(), &blob, 5, 5).await.unwrap();
    assert_eq!(got, "hello");
    let again = client.blob(image.repository(), &blob, 5, 5).await.unwrap();
    assert_eq!(again, "hello");
    let seen = storage.requests();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter()
            .all(|request| request.header("authorization").is_none())
    );
    assert!(
        registry
            .requests()
            .last()
            .unwrap()
            .header("authorization")
            .is_some()
    );
}

#[tokio::test]
async fn a_storages_no_is_not_about_the_users_credential() {
    let (registry, image) = with_image();
    let storage = Registry::start();
    storage.fault("*", Fault::status(401).header("WWW-Authenticate", "Basic"));
    registry.fault("*", Fault::redirect(&storage.url("/x")));
    let (error, _) = failure(&client(), &image).await;
    assert_reason!(&error, Reason::Unexpected(_));
    assert_eq!(error.hint(), None);
    assert_eq!(storage.requests().len(), 1, "the challenge is not answered");
}

#[tokio::test]
async fn redirects_that_lead_nowhere_good_are_refused() {
    for (target, expected) in [
        ("", "too often"),
        ("http://192.0.2.1/x", "unencrypted"),
        ("ftp://127.0.0.1/x", "something else"),
        ("file:///etc/passwd", "something else"),
        ("http://user:pw@127.0.0.1/x", "user name"),
    ] {
        let (registry, image) = with_image();
        registry.fault("*", Fault::redirect(target));
        let message = reason(&client(), &image).await;
        assert!(message.contains(expected), "{message}");
        assert!(registry.requests().len() <= 6);
    }
    let (registry, image) = with_image();
    registry.fault("*", Fault::status(307));
    assert!(reason(&client(), &image).await.contains("to nowhere"));
}

#[tokio::test]
async fn offline_opens_no_connection_but_to_named_hosts() {
    let (registry, image) = with_image();
    let elsewhere = Registry::start();
    let with_offline = |hosts: Vec<String>| {
        let mut options = options();
        options.offline = Some(hosts);
        Client::new(&Environment::default(), options)
    };
    let (error, _) = failure(&with_offline(vec![]), &image).await;
    assert_reason!(&error, Reason::Transport(HttpError::Offline(_)));
    assert!(registry.requests().is_empty());

    let client = with_offline(vec![registry.host()]);
    client.manifest(&image).await.unwrap();
    registry.fault("*", Fault::redirect(&elsewhere.url("/x")));
    failure(&client, &image).await;
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_proxy_is_asked_for_other_machines_alone() {
    let (proxy, image) = with_image();
    let environment = [
        ("http_proxy".to_owned(), proxy.url("/")),
        ("https_proxy".to_owned(), proxy.url("/")),
    ];
    let mut options = options();
    options.insecure_hosts = vec!["plain.invalid".to_owned()];
    let client = Client::new(&environment.into_iter().collect(), options);
    client.manifest(&image).await.unwrap();
    assert_eq!(proxy.requests()[0].header("host"), Some(&*proxy.host()));

    let remote = "plain.invalid/a/b:1".parse().unwrap();
    client.manifest(&remote).await.unwrap();
    assert_eq!(proxy.requests()[1].header("host"), Some("plain.invalid"));
}

#[tokio::test]
async fn other_machines_are_spoken_to_in_tls() {
    // A name that resolves to this machine, but is not a loopback name: TLS to a plain server.
    let (registry, _) = with_image();
    let port = registry.host().split_once(':').unwrap().1.to_owned();
    let image = format!("0.0.0.0:{port}/a/b:1").parse().unwrap();
    let (error, _) = failure(&client(), &image).await;
    assert_reason!(&error, Reason::Transport(HttpError::Tls(_)));
    assert!(
        error
            .hint()
            .unwrap()
            .contains("--insecure-registry 0.0.0.0:")
    );
    assert!(registry.requests().is_empty());

    let mut options = options();
    options.insecure_hosts = vec![format!("0.0.0.0:{port}")];
    let client = Client::new(&Environment::default(), options);
    client.manifest(&image).await.unwrap();
}

#[tokio::test]
async fn questions_are_asked_side_by_side() {
    let (registry, image) = with_image();
    let delay = Duration::from_millis(400);
    registry.fault("*", Fault::normal().delay(delay));
    let client = client();
    let subject = Digest::of(MANIFEST.as_bytes());
    let here = image.repository();
    let (referrers, fallback, legacy) = tokio::join!(
        client.referrers(here, &subject),
        client.manifest_by_tag(here, "9"),
        client.manifest_by_tag(here, "8"),
    );
    assert!(referrers.is_ok() && fallback.is_ok() && legacy.is_ok());
    let requests = registry.requests();
    let spread = requests[2].at - requests[0].at;
    assert!(
        spread < delay,
        "none waited for another's answer: {spread:?}"
    );
}

#[tokio::test]
async fn tls_with_http_2_over_one_connection() {
    let (registry, pem) = Registry::start_tls();
    registry.put_manifest("a/b", "1", OCI_MANIFEST, MANIFEST);
    registry.require(Auth::bearer());
    let image = image(&registry, "a/b:1");
    let roots = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut roots.as_file(), pem.as_bytes()).unwrap();
    let client = client_in(&[("SSL_CERT_FILE", roots.path().to_str().unwrap())]);
    client.manifest(&image).await.unwrap();
    let (one, two) = tokio::join!(client.manifest(&image), client.manifest(&image));
    assert!(one.is_ok() && two.is_ok());
    let requests = registry.requests();
    assert_eq!(requests.len(), 5);
    assert!(requests.iter().all(|request| request.version == "HTTP/2.0"));
    assert!(requests.iter().all(|request| request.connection == 1));

    let plain = Registry::start();
    registry.fault("*", Fault::redirect(&plain.url("/x")));
    assert!(reason(&client, &image).await.contains("it redirects"));
    registry.fault("*", Fault::redirect("http://192.0.2.1/x"));
    assert!(reason(&client, &image).await.contains("unencrypted"));
    assert!(plain.requests().is_empty());

    let (error, _) = failure(&super::client(), &image).await;
    assert_reason!(&error, Reason::Transport(HttpError::Tls(_)));
    assert!(error.to_string().contains("certificate"), "{error}");
}

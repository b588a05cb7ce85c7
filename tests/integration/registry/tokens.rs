//! Token services: what they are asked, and what they get to see.

use fullsend_testkit::registry::{Auth, Fault};

use super::{
    credentials::{ENTRY, logged_in, never_shows},
    *,
};

#[tokio::test]
async fn one_anonymous_token_serves_all_requests() {
    let (registry, image) = with_image();
    registry.require(Auth::bearer());
    let client = client();
    client.manifest(&image).await.unwrap();
    client.manifest(&image).await.unwrap();
    let expected = [
        "GET /v2/a/b/manifests/1",
        "GET /token",
        "GET /v2/a/b/manifests/1",
        "GET /v2/a/b/manifests/1",
    ];
    assert_eq!(registry.paths(), expected, "no ping, one token");
    let query = registry.requests()[1].query.clone();
    assert_eq!(query, "service=kit&scope=repository%3Aa%2Fb%3Apull");
}

#[tokio::test]
async fn requests_side_by_side_fetch_one_token() {
    let (registry, image) = with_image();
    registry.require(Auth::bearer());
    registry.fault("/token", Fault::normal().delay(Duration::from_millis(50)));
    let client = client();
    let (one, two, three) = tokio::join!(
        client.manifest(&image),
        client.manifest(&image),
        client.manifest(&image)
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let tokens = registry
        .paths()
        .iter()
        .filter(|path| path.ends_with("/token"))
        .count();
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn a_token_is_for_one_repository() {
    let (registry, image) = with_image();
    registry.put_manifest("c", "1", OCI_MANIFEST, MANIFEST);
    registry.require(Auth::bearer());
    let client = client();
    client.manifest(&image).await.unwrap();
    client
        .manifest(&super::image(&registry, "c:1"))
        .await
        .unwrap();
    let shown = registry.requests()[3]
        .header("authorization")
        .map(str::to_owned);
    assert_eq!(
        shown, None,
        "the first request for `c` shows no token of `a/b`"
    );
}

#[tokio::test]
async fn an_expired_or_revoked_token_is_replaced() {
    let (registry, image) = with_image();
    // Shorter than the safety margin: expired for us as soon as it is there.
    registry.require(Auth::bearer().expires_in(2));
    let client = client();
    client.manifest(&image).await.unwrap();
    client.manifest(&image).await.unwrap();
    let unauthorized = Fault::status(401).header(
        "WWW-Authenticate",
        &format!(
            "Bearer realm=\"{}\",service=\"kit\"",
            registry.url("/token")
        ),
    );
    registry.require(Auth::bearer());
    client.manifest(&image).await.unwrap();
    registry.fault("*/manifests/*", unauthorized.clone().times(1));
    client.manifest(&image).await.unwrap();
    registry.fault("*/manifests/*", unauthorized);
    registry.clear_requests();
    let (error, _) = failure(&client, &image).await;
    assert_reason!(error, Reason::Unauthorized(_));
    assert_eq!(
        registry.requests().len(),
        3,
        "asked, got one token, asked again"
    );
}

#[tokio::test]
async fn a_failing_token_service_is_never_silently_anonymous() {
    let (registry, image) = with_image();
    registry.require(Auth::bearer().user("user", "secret-password"));
    let (client, _folder) = logged_in(&registry, ENTRY);
    for (fault, expected) in [
        (Fault::status(401), "answered 401"),
        (Fault::status(403), "answered 403"),
        (Fault::status(404), "answered 404"),
        (Fault::status(429).retry_after(99), "99 s"),
        (Fault::redirect("http://127.0.0.1:1/"), "redirects"),
        (Fault::normal().body("<html>secret-password"), "not a token"),
        (Fault::normal().body("{}"), "no token in it"),
        (
            Fault::normal().body(r#"{"token":"a b\r\nX: y"}"#),
            "no token in it",
        ),
        (Fault::normal().body(vec![b' '; 65 << 10]), "larger than"),
        (Fault::endless(), "larger than"),
        (Fault::hang(), "no answer in time"),
    ] {
        registry.fault("/token", fault);
        let (error, _) = failure(&client, &image).await;
        let message = error.to_string();
        assert!(message.contains("token service"), "{message}");
        assert!(message.contains(expected), "{expected}: {message}");
        never_shows(&error, "secret-password");
    }
    registry.clear_faults();
    registry.fault("/token", Fault::status(503).times(1));
    client.manifest(&image).await.unwrap();
}

#[tokio::test]
async fn a_token_service_elsewhere_gets_what_docker_would_send_it() {
    let (registry, image) = with_image();
    let service = Registry::start();
    service.fault(
        "/token",
        Fault::normal().body(r#"{"access_token":"elsewhere"}"#),
    );
    registry.require(Auth::bearer().realm(&service.url("/token?x=y")));
    registry.accept_token("elsewhere");
    let (client, _folder) = logged_in(&registry, ENTRY);
    client.manifest(&image).await.unwrap();
    let asked = &service.requests()[0];
    assert_eq!(
        asked.query,
        "x=y&service=kit&scope=repository%3Aa%2Fb%3Apull"
    );
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn a_token_of_the_job_goes_to_its_own_hosts_alone() {
    let (registry, image) = with_image();
    let service = Registry::start();
    registry.require(Auth::bearer().realm(&service.url("/token")));
    let host = registry.host();
    let job = [
        ("CI_REGISTRY", host.as_str()),
        ("CI_JOB_TOKEN", "job-secret"),
    ];
    let (error, _) = failure(&client_in(&job), &image).await;
    assert_reason!(&error, Reason::Credential(_));
    assert!(error.to_string().contains("CI_JOB_TOKEN"), "{error}");
    never_shows(&error, "job-secret");
    assert!(service.requests().is_empty());

    registry.require(Auth::bearer().user("gitlab-ci-token", "job-secret"));
    client_in(&job).manifest(&image).await.unwrap();
    let elsewhere = [("CI_REGISTRY", "r.example"), ("CI_JOB_TOKEN", "job-secret")];
    let (error, _) = failure(&client_in(&elsewhere), &image).await;
    assert_reason!(error, Reason::Unauthorized(_));
}

#[tokio::test]
async fn a_token_service_without_encryption_elsewhere_is_refused() {
    let (registry, image) = with_image();
    for realm in ["http://192.0.2.1/token", "http://localhost.example/token"] {
        registry.require(Auth::bearer().realm(realm));
        let (error, _) = failure(&client(), &image).await;
        assert_reason!(error, Reason::Credential(_));
    }
    registry.require(Auth::bearer().realm("file:///etc/passwd"));
    let (error, _) = failure(&client(), &image).await;
    assert_reason!(error, Reason::Malformed(_));
}

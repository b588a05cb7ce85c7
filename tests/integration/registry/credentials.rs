//! Authentication, and where credentials go.

use std::path::Path;

use super::*;
use fullsend::registry::{Credential, Secret};
use fullsend_testkit::registry::{Auth, Fault};

/// A folder for `DOCKER_CONFIG` with this `config.json`.
fn docker_config(json: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("config.json"), json);
    folder
}

fn write(path: &Path, text: &str) {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A client whose docker configuration has an entry for the registry.
fn logged_in(registry: &Registry, entry: &str) -> (Client, tempfile::TempDir) {
    let folder = docker_config(&format!(r#"{{"auths":{{"{}":{entry}}}}}"#, registry.host()));
    let client = client_in(&[("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
    (client, folder)
}

/// `user:secret-password` in base64.
const ENTRY: &str = r#"{"auth":"dXNlcjpzZWNyZXQtcGFzc3dvcmQ="}"#;

fn never_shows(error: &RegistryError, secret: &str) {
    let shown = format!("{error} {error:?} {:?}", error.hint());
    assert!(!shown.contains(secret), "{shown}");
}

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
async fn basic_authentication_by_dockers_configuration() {
    let (registry, image) = with_image();
    registry.require(Auth::basic("user", "secret-password"));
    let (logged_in, _folder) = logged_in(&registry, ENTRY);
    logged_in.manifest(&image).await.unwrap();
    logged_in.manifest(&image).await.unwrap();
    assert_eq!(registry.requests().len(), 3, "asked for once");
    let (error, _) = failure(&client(), &image).await;
    assert_reason!(&error, Reason::Unauthorized(_));
    let hint = error.hint().unwrap();
    assert!(
        hint.contains(&format!("docker login {}", registry.host())),
        "{hint}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_refused_once_and_not_shown() {
    let (registry, image) = with_image();
    registry.require(Auth::basic("user", "other"));
    let (client, _folder) = logged_in(&registry, ENTRY);
    let (error, _) = failure(&client, &image).await;
    assert_reason!(&error, Reason::Unauthorized(_));
    never_shows(&error, "secret-password");
    assert_eq!(registry.requests().len(), 2);
}

#[tokio::test]
async fn a_token_for_a_user() {
    let (registry, image) = with_image();
    registry.require(Auth::bearer().user("user", "secret-password"));
    let (by_password, _folder) = logged_in(&registry, ENTRY);
    by_password.manifest(&image).await.unwrap();

    registry.require(Auth::bearer().identity_token("refresh-me"));
    let entry = r#"{"auth":"dXNlcjo=","identitytoken":"refresh-me"}"#;
    let (by_token, _folder) = logged_in(&registry, entry);
    registry.clear_requests();
    by_token.manifest(&image).await.unwrap();
    assert_eq!(registry.paths()[1], "POST /token");
    let (error, _) = failure(&client(), &image).await;
    assert_reason!(error, Reason::Unauthorized(_));
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

/// A folder for `PATH` with a credential helper named `test`, beside a docker configuration.
fn with_helper(registry: &Registry, key: &str, script: &str) -> (Client, tempfile::TempDir) {
    let config = match key {
        "credsStore" => r#"{"credsStore":"test","auths":{}}"#.to_owned(),
        _ => format!(r#"{{"credHelpers":{{"{}":"test"}}}}"#, registry.host()),
    };
    let folder = docker_config(&config);
    let helper = folder.path().join("docker-credential-test");
    write(&helper, &format!("#!/bin/sh\n{script}\n"));
    let place = folder.path().to_str().unwrap();
    let path = format!("{place}:/usr/bin:/bin");
    let client = client_in(&[("DOCKER_CONFIG", place), ("PATH", &path)]);
    (client, folder)
}

async fn credential(
    client: &Client,
    image: &ImageReference,
) -> Result<Option<Credential>, RegistryError> {
    client.credential(image.repository()).await
}

#[tokio::test]
async fn credential_helpers_are_asked_as_docker_asks_them() {
    let (registry, image) = with_image();
    registry.require(Auth::basic("user", "from-helper"));
    let script = r#"[ "$1" = get ] && read -r server || [ -n "$server" ] && echo "{\"ServerURL\":\"$server\",\"Username\":\"user\",\"Secret\":\"from-helper\"}""#;
    for key in ["credHelpers", "credsStore"] {
        let (client, _folder) = with_helper(&registry, key, script);
        client.manifest(&image).await.unwrap();
    }
    let script = r#"echo '{"Username":"<token>","Secret":"identity"}'"#;
    let (client, _folder) = with_helper(&registry, "credsStore", script);
    let found = credential(&client, &image).await.unwrap().unwrap();
    assert!(matches!(found.secret, Secret::IdentityToken(_)));
    assert!(!format!("{found:?}").contains("identity\""));
}

#[tokio::test]
async fn a_helper_without_a_credential_is_no_error_and_a_failing_one_is() {
    let (registry, image) = with_image();
    let script = "echo 'credentials not found in native keychain'; exit 1";
    let (client, _folder) = with_helper(&registry, "credsStore", script);
    assert!(credential(&client, &image).await.unwrap().is_none());
    for (script, expected) in [
        ("echo boom; exit 1", "docker-credential-test"),
        ("echo '{\"Secret\":\"hunter2\"}'", "not a credential"),
        ("yes", "wrote more than"),
    ] {
        let (client, _folder) = with_helper(&registry, "credHelpers", script);
        let error = credential(&client, &image).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        never_shows(&error, "hunter2");
    }
    let folder = docker_config(r#"{"credsStore":"../../evil"}"#);
    let client = client_in(&[("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
    assert_reason!(
        credential(&client, &image).await.unwrap_err(),
        Reason::Credential(_)
    );
}

#[tokio::test]
async fn files_are_looked_through_in_order() {
    let (registry, image) = with_image();
    let host = registry.host();
    let folder = docker_config(&format!(r#"{{"auths":{{"{host}":{ENTRY}}}}}"#));
    let other = folder.path().join("auth.json");
    // other:1
    write(
        &other,
        &format!(r#"{{"auths":{{"{host}/a":{{"auth":"b3RoZXI6MQ=="}}}}}}"#),
    );
    let variables = [
        ("DOCKER_CONFIG", folder.path().to_str().unwrap()),
        ("REGISTRY_AUTH_FILE", other.to_str().unwrap()),
    ];
    let client = client_in(&variables);
    let found = credential(&client, &image).await.unwrap().unwrap();
    assert_eq!(found.username, "other");
    let elsewhere = super::image(&registry, "c:1");
    let found = credential(&client, &elsewhere).await.unwrap().unwrap();
    assert_eq!(found.username, "user");

    let broken = docker_config("{\"auths\": \"hunter2\"}");
    let client = client_in(&[("DOCKER_CONFIG", broken.path().to_str().unwrap())]);
    let error = credential(&client, &image).await.unwrap_err();
    assert!(error.to_string().contains("config.json"), "{error}");
    never_shows(&error, "hunter2");
}

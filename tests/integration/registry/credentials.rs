//! Authentication, and where credentials go.

use std::path::Path;

use super::*;
use fullsend::registry::{Credential, Secret};
use fullsend_testkit::registry::Auth;

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
pub(super) fn logged_in(registry: &Registry, entry: &str) -> (Client, tempfile::TempDir) {
    let folder = docker_config(&format!(r#"{{"auths":{{"{}":{entry}}}}}"#, registry.host()));
    let client = client_in(&[("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
    (client, folder)
}

/// `user:secret-password` in base64.
pub(super) const ENTRY: &str = r#"{"auth":"dXNlcjpzZWNyZXQtcGFzc3dvcmQ="}"#;

pub(super) fn never_shows(error: &RegistryError, secret: &str) {
    let shown = format!("{error} {error:?} {:?}", error.hint());
    assert!(!shown.contains(secret), "{shown}");
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

//! An app's installation, and who we are.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;

use super::*;
use crate::forge::{IdentityKind, Permission, Reason};

static KEY: LazyLock<String> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let text = BASE64_STANDARD.encode(der.as_ref());
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n")
});

/// A private key in PEM.
pub(super) fn key() -> String {
    KEY.clone()
}

/// An app at `server`, with a token beside it that does not count.
fn app(server: &Server) -> Arc<dyn Forge> {
    let key = key();
    let variables = [
        ("FULLSEND_APP_ID", "17"),
        ("FULLSEND_APP_PRIVATE_KEY", key.as_str()),
        ("GITHUB_TOKEN", "ghp_hunter2"),
    ];
    forge_with(server, &variables).unwrap()
}

fn minted(before: usize, minutes: i64) -> Say {
    let until = Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
    Say::status(
        201,
        &json!({
            "token": format!("ghs_{before}"),
            "expires_at": until.to_string(),
            "permissions": {"contents": "write", "pull_requests": "write", "metadata": "read"},
        }),
    )
}

/// GitHub with an installation whose tokens live for `minutes`.
fn github(minutes: i64) -> Server {
    Server::start(move |got, before| match got.line.as_str() {
        "GET /orgs/acme/installation" => Say::status(404, &json!({"message": "Not Found"})),
        "GET /users/acme/installation" => Say::json(&json!({"id": 42})),
        "POST /app/installations/42/access_tokens" => minted(before, minutes),
        _ => {
            let viewer = json!({"login": "fullsend[bot]", "databaseId": 7, "name": null});
            Say::data(&json!({"viewer": viewer}))
        }
    })
}

#[tokio::test]
async fn an_installation_is_found_and_speaks() {
    let server = github(60);
    let forge = app(&server);
    let identity = forge.identity().await.unwrap();
    assert_eq!(identity.kind, IdentityKind::App);
    assert_eq!(
        identity.sign_off(),
        "Signed-off-by: fullsend[bot] <7+fullsend[bot]@users.noreply.127.0.0.1>"
    );
    let granted = [Permission::Read, Permission::Contents, Permission::Requests];
    assert_eq!(identity.granted.as_deref(), Some(&granted[..]));
    forge.identity().await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /orgs/acme/installation",
            "GET /users/acme/installation",
            "POST /app/installations/42/access_tokens",
            "POST /graphql",
            "POST /graphql",
        ]
    );
    let got = server.got();
    // A signed statement of the app until there is a token; never the other token.
    assert!(got[..3].iter().all(|got| {
        got.header("authorization")
            .unwrap()
            .starts_with("Bearer ey")
    }));
    assert!(
        got[3..]
            .iter()
            .all(|got| got.header("authorization") == Some("Bearer ghs_2"))
    );
    assert!(!format!("{forge:?}").contains("ghs_"), "{forge:?}");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let server = github(4);
    let forge = app(&server);
    forge.identity().await.unwrap();
    let tokens = |server: &Server| {
        let lines = server.lines();
        lines
            .iter()
            .filter(|line| line.ends_with("access_tokens"))
            .count()
    };
    let before = tokens(&server);
    forge.identity().await.unwrap();
    assert!(tokens(&server) > before);
}

#[tokio::test]
async fn a_revoked_token_is_replaced_even_for_a_change() {
    let repository = repository().await;
    let server = Server::start(|got, before| match got.line.as_str() {
        "GET /orgs/acme/installation" => Say::json(&json!({"id": 42})),
        "POST /app/installations/42/access_tokens" => minted(before, 60),
        _ if got.header("authorization") == Some("Bearer ghs_1") => {
            Say::status(401, &json!({"message": "Bad credentials"}))
        }
        _ => Say::data(&json!({"createRef": {"clientMutationId": null}})),
    });
    let at = HEAD.parse().unwrap();
    app(&server)
        .create_branch(&repository, "x", &at)
        .await
        .unwrap();
    let writes = server.got().into_iter().filter(Got::is_graphql).count();
    assert_eq!(writes, 2);
}

#[tokio::test]
async fn a_bad_token_is_shown_once() {
    let server = Server::start(|_, _| Say::status(401, &json!({"message": "Bad credentials"})));
    let forge = forge(&server);
    for _ in 0..3 {
        let error = forge.identity().await.unwrap_err();
        assert!(matches!(error.reason(), Reason::Unauthorized(_)), "{error}");
        let hint = error.hint().unwrap();
        assert!(hint.contains("no longer, accepted"), "{hint}");
    }
    assert_eq!(server.lines(), ["POST /graphql"]);
}

#[tokio::test]
async fn the_settings_of_an_app_are_checked() {
    let server = github(60);
    let key = key();
    for (variables, expected) in [
        (vec![("FULLSEND_APP_ID", "1")], "FULLSEND_APP_PRIVATE_KEY"),
        (
            vec![
                ("FULLSEND_APP_ID", "1"),
                ("FULLSEND_APP_PRIVATE_KEY", "hunter2"),
            ],
            "no RSA private key",
        ),
        (
            vec![
                ("FULLSEND_APP_ID", "me"),
                ("FULLSEND_APP_PRIVATE_KEY", key.as_str()),
            ],
            "FULLSEND_APP_ID is not a number",
        ),
        (
            vec![
                ("FULLSEND_APP_ID", "1"),
                ("FULLSEND_APP_PRIVATE_KEY_FILE", "/nowhere"),
            ],
            "FULLSEND_APP_PRIVATE_KEY_FILE: could not read /nowhere",
        ),
        (vec![], "there is no token"),
    ] {
        let error = forge_with(&server, &variables).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn scopes_are_told_by_classic_tokens_alone() {
    for (scopes, login, expected) in [
        (None, "octocat", None),
        (Some(""), "octocat", Some(vec![Permission::Read])),
        (
            Some("repo, workflow"),
            "octocat",
            Some(vec![
                Permission::Read,
                Permission::Contents,
                Permission::Requests,
                Permission::Runs,
                Permission::Start,
                Permission::Workflows,
            ]),
        ),
        // A job's own token says nothing, but cannot change workflows.
        (
            None,
            "github-actions[bot]",
            Some(vec![
                Permission::Read,
                Permission::Contents,
                Permission::Requests,
                Permission::Runs,
                Permission::Start,
            ]),
        ),
    ] {
        let server = Server::start(move |_, _| {
            let viewer = json!({"login": login, "databaseId": 5, "name": "The Octocat"});
            let say = Say::data(&json!({"viewer": viewer}));
            match scopes {
                Some(scopes) => say.with("x-oauth-scopes", scopes),
                None => say,
            }
        });
        let identity = forge(&server).identity().await.unwrap();
        assert_eq!(identity.granted, expected, "{scopes:?} {login}");
        assert_eq!(identity.name, "The Octocat");
    }
}

/// Where GraphQL is closed, the app is known by REST.
#[tokio::test]
async fn an_app_knows_itself_by_rest_too() {
    let server = Server::start(|got, before| match got.line.as_str() {
        "GET /orgs/acme/installation" => Say::json(&json!({"id": 42})),
        "POST /app/installations/42/access_tokens" => minted(before, 60),
        "GET /app" => Say::json(&json!({"id": 17, "slug": "fullsend", "name": "Fullsend"})),
        "GET /users/fullsend%5Bbot%5D" => Say::json(&json!({"id": 7, "login": "fullsend[bot]"})),
        _ => Say::status(404, &json!({"message": "Not Found"})),
    });
    let identity = app(&server).identity().await.unwrap();
    assert_eq!(identity.login, "fullsend[bot]");
    assert!(identity.email.starts_with("7+fullsend[bot]@"));
    assert_eq!(identity.kind, IdentityKind::App);
}

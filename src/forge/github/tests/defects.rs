//! Each defect of octocrab that our way around it closes: docs/decisions/octocrab.md.

use super::*;
use crate::forge::Reason;

/// Its own paging sends page 2 without a token where the host is not github.com's.
#[tokio::test]
async fn every_page_shows_the_token() {
    let server = Server::start(|_, before| match before {
        0 => Say::data(&page(&[node("api")], Some("1"))),
        _ => Say::data(&page(&[node("web")], None)),
    });
    let seen = forge(&server).survey(&Watch::default()).await.unwrap();
    assert_eq!(seen.len(), 2);
    let got = server.got();
    assert_eq!(got.len(), 2);
    for got in &got {
        assert_eq!(got.header("authorization"), Some("Bearer ghp_hunter2"));
    }
    assert_eq!(got[1].body["variables"]["after"], "1");
}

/// Its `graphql()` throws the data away where there is an error beside it.
#[tokio::test]
async fn one_hidden_repository_does_not_hide_the_others() {
    let server = Server::start(|_, _| {
        let data = page(&[node("api"), Value::Null, node("web")], None);
        let path = json!(["repositoryOwner", "repositories", "nodes", 1]);
        let fault = json!({"type": "FORBIDDEN", "path": path, "message": "SAML enforcement"});
        Say::json(&json!({"data": data, "errors": [fault]}))
    });
    let seen = forge(&server).survey(&Watch::default()).await.unwrap();
    let names: Vec<_> = seen.iter().map(|it| it.repository.name.as_str()).collect();
    assert_eq!(names, ["api", "web"]);
}

/// It repeats a POST four times within milliseconds.
#[tokio::test]
async fn a_change_is_sent_once() {
    let repository = repository().await;
    for status in [500, 502, 503, 504] {
        let server = Server::start(move |_, _| Say::raw(status, b"<html>".to_vec()));
        let at = HEAD.parse().unwrap();
        let error = forge(&server)
            .create_branch(&repository, "x", &at)
            .await
            .unwrap_err();
        assert!(error.is_unsure(), "{error}");
        assert_eq!(server.lines(), ["POST /graphql"], "{status}");
    }
}

/// Its cache knows an answer by the address alone, and GraphQL has but one.
#[tokio::test]
async fn two_questions_get_two_answers() {
    let server = Server::start(|got, _| {
        let etag = |say: Say| {
            say.with("etag", "\"1\"")
                .with("cache-control", "max-age=60")
        };
        if got.query().contains("query Viewer") {
            let viewer = json!({"login": "octocat", "databaseId": 1, "name": null});
            return etag(Say::data(&json!({"viewer": viewer})));
        }
        etag(Say::data(&page(&[node("api")], None)))
    });
    let forge = forge(&server);
    assert_eq!(forge.identity().await.unwrap().login, "octocat");
    assert_eq!(forge.survey(&Watch::default()).await.unwrap().len(), 1);
    assert_eq!(server.got().len(), 2);
}

/// It posts to `/api/v3/graphql`, where an enterprise has nothing.
#[tokio::test]
async fn an_enterprises_graphql_is_beside_its_rest() {
    let server = Server::start(|got, _| {
        if got.line == "POST /api/graphql" {
            return Say::data(&json!({"nodes": []}));
        }
        Say::status(404, &json!({"message": "Not Found"}))
    });
    let api = Url::parse(&format!("{}/api/v3", server.url())).unwrap();
    let variables = [("GITHUB_TOKEN", "t")];
    let forge = connect_to(Some(api), "https://github.com", &variables).unwrap();
    let of = crate::forge::RunsOf {
        repository: "R".to_owned(),
        full_name: "acme/api".to_owned(),
        workflow: ".github/workflows/a.yml".to_owned(),
    };
    forge
        .runs(&[of], jiff::Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    let error = forge.survey(&Watch::default()).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::NotFound(_)), "{error}");
    assert_eq!(
        server.lines(),
        [
            "GET /api/v3/repos/acme/api/actions/workflows/a.yml",
            "POST /api/graphql"
        ]
    );
}

/// A redirect is never followed with the token.
#[tokio::test]
async fn a_token_goes_nowhere_else() {
    let other = Server::start(|_, _| Say::data(&page(&[], None)));
    let target = format!("{}/graphql", other.url());
    let server =
        Server::start(move |_, _| Say::status(307, &json!({})).with("location", target.clone()));
    let error = forge(&server).survey(&Watch::default()).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::Redirect(_)), "{error}");
    assert!(other.got().is_empty());
}

/// What fleet.yaml says alone decides nothing about tokens.
#[test]
fn an_address_in_fleet_yaml_collects_no_token() {
    let key = app::key();
    let token = [("GITHUB_TOKEN", "hunter2"), ("GH_TOKEN", "hunter2")];
    let app = [
        ("FULLSEND_APP_ID", "1"),
        ("FULLSEND_APP_PRIVATE_KEY", key.as_str()),
    ];
    for variables in [token, app] {
        let evil = connect_to(None, "https://evil.example", &variables);
        let error = evil.unwrap_err();
        assert!(matches!(error.reason(), Reason::NoToken), "{error}");
    }
    for variables in [token, app] {
        connect_to(None, "https://github.com", &variables).unwrap();
    }
}

//! Surveys, looks and texts.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::*;
use crate::{
    config::Visibility,
    forge::{Checks, EntryMode, FileAt, Mergeable, Reason, RequestState, blob_id},
};

/// A repository with our branch, our request, and a stranger's.
fn busy() -> Value {
    let mut node = node("api");
    let commit = |oid: &str, message: &str| json!({"oid": oid, "message": message, "author": {"name": "N", "user": {"login": "octocat"}}});
    node["defaultBranchRef"]["compare"] = json!({
        "aheadBy": 2, "behindBy": 3,
        "commits": {"nodes": [commit(HEAD, "first"), commit(NEXT, "second\n\nFullsend-Branch: x")]},
    });
    node["defaultBranchRef"]["refUpdateRule"] = json!({
        "requiresSignatures": false, "viewerCanPush": false, "requiredApprovingReviewCount": 1,
    });
    node["defaultBranchRef"]["rules"] = json!({"nodes": [
        {"type": "REQUIRED_SIGNATURES", "parameters": null},
        {"type": "PULL_REQUEST", "parameters": {"requiredApprovingReviewCount": 2}},
        {"type": "REQUIRED_STATUS_CHECKS", "parameters": {}},
    ]});
    node["branch"] = json!({"target": {
        "oid": NEXT,
        "f1": {"oid": "d4".repeat(20), "mode": 0o120_000, "size": 3, "type": "blob"},
    }});
    let mut fork = pull(9, "fullsend/enroll");
    fork["isCrossRepository"] = json!(true);
    node["newest"] = json!({"nodes": [fork.clone(), pull(8, "fullsend/enroll")]});
    fork["headRefName"] = json!("renovate/x");
    node["open"] = json!({"nodes": [fork, pull(7, "renovate/agents"), pull(6, "feature"), null]});
    node
}

#[tokio::test]
async fn everything_that_is_watched_is_seen() {
    let server = Server::start(|_, _| Say::data(&json!({"r0": busy()})));
    let seen = forge(&server)
        .look(&["api".to_owned()], &watch())
        .await
        .unwrap();
    let seen = seen.into_iter().next().unwrap().unwrap();
    assert_eq!(seen.head, Some(HEAD.parse().unwrap()));
    assert_eq!(seen.repository.visibility, Visibility::Private);
    assert_eq!(seen.repository.topics, ["agents"]);
    let rules = seen.repository.rules;
    assert_eq!(
        (rules.signed, rules.may_push, rules.approvals),
        (true, false, 2)
    );
    assert_eq!(seen.files.keys().collect::<Vec<_>>(), ["fullsend.yaml"]);
    assert_eq!(seen.files["fullsend.yaml"].mode, EntryMode::File);
    let branch = seen.branch.unwrap();
    assert_eq!(branch.files[".github/a.yml"].mode, EntryMode::Link);
    assert_eq!((branch.ahead_count, branch.behind_count), (2, 3));
    let newest: Vec<_> = branch.ahead.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(newest, ["second\n\nFullsend-Branch: x", "first"]);
    // Branches of forks are named by whoever made the fork.
    let request = seen.request.unwrap();
    assert_eq!((request.number, request.state), (8, RequestState::Open));
    assert_eq!(
        (request.checks, request.mergeable),
        (Checks::Passed, Mergeable::Clean)
    );
    assert_eq!(request.author, "fullsend[bot]");
    let open: Vec<_> = seen.open.iter().map(|it| it.number).collect();
    assert_eq!(open, [7]);
}

/// Whoever may fork a public repository may open requests from branches with our names.
#[tokio::test]
async fn a_crowd_of_strangers_hides_nothing() {
    let server = Server::start(|got, _| {
        if got.is_graphql() && got.query().contains("query One") {
            let id = got.body["variables"]["id"].as_str().unwrap();
            let number = id.trim_start_matches("PR_").parse().unwrap();
            let branch = if number == 1 {
                "fullsend/enroll"
            } else {
                "renovate/x"
            };
            return Say::data(&json!({"node": pull(number, branch)}));
        }
        if got.is_graphql() {
            let mut node = node("api");
            let crowd = |branch: &str, count: u64| -> Vec<Value> {
                let of = |number| {
                    let mut fork = pull(100 + number, branch);
                    fork["isCrossRepository"] = json!(true);
                    fork
                };
                (0..count).map(of).collect()
            };
            node["newest"] = json!({"nodes": crowd("fullsend/enroll", 10)});
            node["open"] = json!({"nodes": crowd("renovate/x", 20)});
            return Say::data(&json!({"r0": node}));
        }
        let told = |number: u64, branch: &str, repo: u64| {
            json!({
                "node_id": format!("PR_{number}"), "number": number, "title": "t",
                "html_url": "https://github.com/acme/api/pull/1", "state": "open",
                "head": {"ref": branch, "sha": NEXT, "repo": {"id": repo}},
                "base": {"ref": "main", "repo": {"id": 1}},
            })
        };
        let strangers: Vec<Value> = (0..100).map(|it| told(200 + it, "renovate/x", 2)).collect();
        if got.line.contains("head=acme%3Afullsend%2Fenroll") {
            Say::json(&json!([told(1, "fullsend/enroll", 1)]))
        } else if got.line.contains("page=2") {
            Say::json(&json!([told(2, "renovate/x", 1)]))
        } else {
            Say::json(&json!(strangers))
        }
    });
    let seen = forge(&server).look(&["api".to_owned()], &watch()).await;
    let seen = seen.unwrap().remove(0).unwrap();
    assert_eq!(seen.request.map(|it| it.number), Some(1));
    let open: Vec<u64> = seen.open.iter().map(|it| it.number).collect();
    assert_eq!(open, [2]);
}

#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let server = Server::start(|_, before| {
        let next = ["a", "b"][before % 2];
        Say::data(&page(&[], Some(next)))
    });
    let error = forge(&server).survey(&Watch::default()).await.unwrap_err();
    assert!(error.to_string().contains("has no end"), "{error}");
    assert_eq!(server.got().len(), 3);
}

#[tokio::test]
async fn what_was_handed_to_another_owner_is_gone() {
    let mut given = node("api");
    given["nameWithOwner"] = json!("evil/api");
    let server = Server::start(move |_, _| Say::data(&json!({"r0": given.clone()})));
    let names = ["api".to_owned()];
    let seen = forge(&server).look(&names, &Watch::default()).await;
    assert_eq!(seen.unwrap(), [None]);
}

#[tokio::test]
async fn only_what_is_watched_is_asked_for() {
    let server = Server::start(|_, _| Say::data(&json!({"r0": null})));
    forge(&server)
        .look(&["api".to_owned()], &Watch::default())
        .await
        .unwrap();
    let got = server.got();
    for field in [
        "compare",
        "branch:",
        "newest",
        "open:",
        "file(",
        "PullRequest {",
    ] {
        assert!(
            !got[0].query().contains(field),
            "{field}: {}",
            got[0].query()
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_none_and_what_is_not_told_an_error() {
    let absent = json!({"type": "NOT_FOUND", "path": ["r0"], "message": "Could not resolve"});
    // Without a common commit there is no comparison, and a stranger's branch is not taken for ours.
    let foreign =
        json!({"type": "NOT_FOUND", "path": ["r1", "defaultBranchRef", "compare"], "message": "x"});
    let server = Server::start(move |_, _| {
        let mut other = busy();
        other["defaultBranchRef"]["compare"] = Value::Null;
        Say::json(&json!({"data": {"r0": null, "r1": other}, "errors": [absent, foreign]}))
    });
    let names = ["gone".to_owned(), "api".to_owned()];
    let seen = forge(&server).look(&names, &watch()).await.unwrap();
    assert!(seen[0].is_none());
    let branch = seen[1].as_ref().unwrap().branch.as_ref().unwrap();
    assert!(branch.ahead_count > branch.ahead.len() as u64);

    let server = Server::start(|_, _| {
        let path = ["r0", "defaultBranchRef", "target", "f0"];
        let fault = json!({"message": "Something broke", "path": path});
        Say::json(&json!({"data": {"r0": node("api")}, "errors": [fault]}))
    });
    let error = forge(&server)
        .look(&names[1..], &watch())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Something broke"), "{error}");
}

#[tokio::test]
async fn a_page_that_is_too_much_is_asked_for_by_halves() {
    for sick in 0..3 {
        let server = Server::start(move |got, _| {
            let first = got.body["variables"]["first"].as_u64().unwrap();
            let after = got.body["variables"]["after"]
                .as_str()
                .map(|it| it.parse::<u64>().unwrap());
            let from = after.unwrap_or(0);
            if first > 30 {
                return match sick {
                    0 => Say::raw(502, b"<html>".to_vec()),
                    1 => Say::json(&json!({"data": null, "errors": [
                        {"message": "Something went wrong while executing your query."}]})),
                    _ => Say::json(&json!({"data": null, "errors": [
                        {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Too much"}]})),
                };
            }
            let to = (from + first).min(60);
            let nodes: Vec<_> = (from..to).map(|it| node(&format!("r{it:02}"))).collect();
            let next = to.to_string();
            Say::data(&page(&nodes, (to < 60).then_some(next.as_str())))
        });
        let seen = forge(&server).survey(&Watch::default()).await.unwrap();
        assert_eq!(seen.len(), 60, "{sick}");
        assert!(server.got().len() < 12, "{}", server.got().len());
    }
}

#[tokio::test]
async fn an_owner_that_is_not_there_is_said_so() {
    let server = Server::start(|_, _| Say::data(&json!({"repositoryOwner": null})));
    let error = forge(&server).survey(&Watch::default()).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::NotFound(_)), "{error}");
    assert!(
        error.to_string().contains("repositories of acme"),
        "{error}"
    );
}

#[tokio::test]
async fn a_hundred_names_are_one_question() {
    let server = Server::start(|got, _| {
        let names = got.body["variables"].as_object().unwrap();
        let names = names.iter().filter(|(key, _)| key.starts_with('n'));
        let nodes = names.map(|(key, name)| (key.replace('n', "r"), node(name.as_str().unwrap())));
        Say::data(&Value::Object(nodes.collect()))
    });
    let names: Vec<_> = (0..101).map(|it| format!("x{it}")).collect();
    let seen = forge(&server)
        .look(&names, &Watch::default())
        .await
        .unwrap();
    let seen: Vec<_> = seen
        .into_iter()
        .map(|it| it.unwrap().repository.name)
        .collect();
    assert_eq!(seen, names);
    assert_eq!(server.got().len(), 2);
}

fn file(bytes: &[u8]) -> FileAt {
    FileAt {
        repository: "R_api".to_owned(),
        full_name: "acme/api".to_owned(),
        commit: HEAD.parse().unwrap(),
        path: "a".to_owned(),
        blob: blob_id(bytes),
    }
}

/// What is told is believed where it has the name that it was asked by.
#[tokio::test]
async fn texts_are_read_once_and_proven() {
    let binary: &[u8] = b"\xff\0binary";
    let server = Server::start(move |got, _| {
        if !got.is_graphql() {
            assert_eq!(
                got.line,
                format!("GET /repos/acme/api/git/blobs/{}", blob_id(binary))
            );
            let content = BASE64_STANDARD.encode(binary);
            return Say::json(&json!({"content": content, "encoding": "base64"}));
        }
        let variables = got.body["variables"].as_object().unwrap();
        let oids = variables.iter().filter(|(key, _)| key.starts_with('o'));
        let told = oids.map(|(key, oid)| {
            let blob = match oid.as_str().unwrap() {
                oid if oid == blob_id(b"text") => {
                    json!({"byteSize": 4, "isBinary": false, "isTruncated": false, "text": "text"})
                }
                oid if oid == blob_id(binary) => {
                    json!({"byteSize": 8, "isBinary": true, "isTruncated": false, "text": null})
                }
                oid if oid == blob_id(b"huge") => {
                    json!({"byteSize": 5 << 20, "isBinary": false, "isTruncated": true, "text": "h"})
                }
                _ => Value::Null,
            };
            (key.replace('o', "t"), json!({"nameWithOwner": "acme/api", "object": blob}))
        });
        Say::data(&Value::Object(told.collect()))
    });
    let wanted: Vec<_> = [&b"text"[..], binary, b"huge", b"gone", b"text"]
        .map(file)
        .into();
    let texts = forge(&server).texts(&wanted).await.unwrap();
    let texts: Vec<_> = texts.iter().map(Option::as_deref).collect();
    assert_eq!(
        texts,
        [Some(&b"text"[..]), Some(binary), None, None, Some(b"text")]
    );
    assert_eq!(server.got().len(), 2);
}

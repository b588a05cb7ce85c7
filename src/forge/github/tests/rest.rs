//! Where GraphQL is closed.

use super::*;
use crate::forge::{Change, Checks, Mergeable, Merging, Message, Proposal, Reason};

const BLOB: &str = "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3";

fn pull_by_rest(state: &str) -> Value {
    json!({
        "node_id": "PR_3", "number": 3, "title": "Use it", "state": state, "merged_at": null,
        "html_url": "https://github.com/acme/api/pull/3", "draft": false,
        "head": {"ref": "fullsend/enroll", "sha": NEXT, "repo": {"id": 1}},
        "base": {"repo": {"id": 1}}, "user": {"login": "fullsend[bot]"},
        "mergeable_state": "clean", "auto_merge": null,
    })
}

fn told(line: &str, body: &Value) -> Option<Value> {
    let tree = |entries: &[(&str, &str, &str)]| {
        let entries = entries.iter().map(|(path, mode, sha)| {
            json!({"path": path, "mode": mode, "sha": sha, "type": "blob", "size": 12})
        });
        json!({"tree": entries.collect::<Vec<_>>()})
    };
    let (method, path) = line.split_once(' ')?;
    let path = path
        .split('?')
        .next()?
        .trim_start_matches("/repos/acme/api");
    Some(match (method, path) {
        ("GET", "/users/acme/repos") => json!([{"name": "api"}]),
        ("GET", "") => json!({
            "node_id": "R_api", "name": "api", "full_name": "acme/api", "archived": false,
            "fork": false, "mirror_url": null, "topics": ["agents"], "visibility": "internal",
            "default_branch": "main", "permissions": {"push": true}, "allow_squash_merge": true,
        }),
        ("GET", "/branches/main") => json!({"commit": {"sha": HEAD}, "protected": false}),
        ("GET", "/branches/fullsend%2Fenroll") => json!({"commit": {"sha": NEXT}}),
        ("GET", "/rules/branches/main") => json!([
            {"type": "required_signatures"},
            {"type": "pull_request", "parameters": {"required_approving_review_count": 2}},
        ]),
        ("GET", at) if at == format!("/git/trees/{HEAD}") => tree(&[
            ("fullsend.yaml", "100644", BLOB),
            (".github", "040000", "t1"),
        ]),
        ("GET", at) if at == format!("/git/trees/{NEXT}") => tree(&[(".github", "040000", "t1")]),
        ("GET", "/git/trees/t1") => tree(&[("a.yml", "100755", BLOB)]),
        ("GET", at) if at == format!("/compare/{HEAD}...{NEXT}") => json!({
            "ahead_by": 1, "behind_by": 0, "commits": [{
                "sha": NEXT, "author": {"login": "octocat"},
                "commit": {"message": "m", "author": {"name": "N"}},
            }],
        }),
        ("GET", "/pulls") => json!([pull_by_rest("open")]),
        ("GET", "/pulls/3") | ("POST", "/pulls") => pull_by_rest("open"),
        ("GET", at) if at.ends_with("/check-runs") => {
            json!({"check_runs": [{"status": "completed", "conclusion": "success"}]})
        }
        ("GET", at) if at.ends_with("/status") => json!({"state": "pending", "total_count": 0}),
        ("GET", at) if at.starts_with("/git/commits/") => json!({"tree": {"sha": "t0"}}),
        ("POST", "/git/blobs") => json!({"sha": BLOB}),
        ("POST", "/git/trees") => {
            assert_eq!(body["base_tree"], "t0");
            json!({"sha": "t2"})
        }
        ("POST", "/git/commits" | "/git/refs") => json!({"sha": NEXT}),
        ("PUT", "/pulls/3/merge") => json!({"merged": true}),
        ("PATCH", "/pulls/3") | ("DELETE", "/git/refs/heads/fullsend/enroll") => json!({}),
        ("GET", "/git/ref/heads/fullsend/enroll") => json!({"object": {"sha": NEXT}}),
        _ => return None,
    })
}

/// GitHub behind something that lets no GraphQL through.
fn closed() -> Server {
    Server::start(|got, _| match told(&got.line, &got.body) {
        Some(told) => Say::json(&told),
        None => Say::status(404, &json!({"message": "Not Found"})),
    })
}

#[tokio::test]
async fn a_survey_tells_the_same() {
    let server = closed();
    let forge = forge(&server);
    let mut watch = watch();
    watch.requests = vec!["fullsend/".to_owned()];
    let seen = forge.survey(&watch).await.unwrap();
    let [seen] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(seen.repository.id, "R_api");
    let rules = seen.repository.rules;
    assert_eq!(
        (rules.signed, rules.may_push, rules.approvals),
        (true, false, 2)
    );
    let files: Vec<_> = seen.files.keys().map(String::as_str).collect();
    assert_eq!(files, [".github/a.yml", "fullsend.yaml"]);
    let branch = seen.branch.as_ref().unwrap();
    assert_eq!((branch.ahead_count, branch.files.len()), (1, 1));
    assert_eq!(branch.ahead[0].author, "octocat");
    let request = seen.request.as_ref().unwrap();
    assert_eq!(
        (request.checks, request.mergeable),
        (Checks::Passed, Mergeable::Clean)
    );
    assert_eq!(seen.open, std::slice::from_ref(request));
    // That GraphQL is closed is found out once.
    assert_eq!(
        forge.look(&["gone".to_owned()], &watch).await.unwrap(),
        [None]
    );
    assert_eq!(
        server.got().iter().filter(|got| got.is_graphql()).count(),
        1
    );
}

async fn propose(server: &Server, signed: bool) -> Result<u64, ForgeError> {
    let mut repository = repository().await;
    repository.rules.signed = signed;
    let change = |path: &str, content: Option<&[u8]>| Change {
        path: path.to_owned(),
        content: content.map(<[u8]>::to_vec),
    };
    let changes = [
        change("a", Some(b"text")),
        change("b", Some(b"\xff")),
        change("c", None),
    ];
    let message = Message {
        headline: "H".to_owned(),
        body: "B".to_owned(),
    };
    let proposal = Proposal {
        repository: &repository,
        base: &HEAD.parse().unwrap(),
        branch: "fullsend/enroll",
        changes: &changes,
        message: &message,
        title: "T",
        body: "B",
    };
    let request = forge(server).propose(&proposal).await?;
    Ok(request.number)
}

#[tokio::test]
async fn a_proposal_is_made_of_its_parts() {
    let server = closed();
    assert_eq!(propose(&server, false).await.unwrap(), 3);
    let got = server.got();
    let writes: Vec<_> = got
        .iter()
        .filter(|got| got.line.starts_with("POST /repos"))
        .collect();
    let lines: Vec<_> = writes
        .iter()
        .map(|got| got.line.trim_start_matches("POST /repos/acme/api"))
        .collect();
    assert_eq!(
        lines,
        [
            "/git/blobs",
            "/git/trees",
            "/git/commits",
            "/git/refs",
            "/pulls"
        ]
    );
    assert_eq!(
        writes[1].body["tree"],
        json!([
            {"path": "a", "mode": "100644", "type": "blob", "content": "text"},
            {"path": "b", "mode": "100644", "type": "blob", "sha": BLOB},
            {"path": "c", "mode": "100644", "type": "blob", "sha": null},
        ])
    );
    assert_eq!(
        writes[2].body,
        json!({"message": "H\n\nB", "tree": "t2", "parents": [HEAD]})
    );
}

/// REST signs an app's commits alone, and an unsigned one is not even tried.
#[tokio::test]
async fn a_signed_commit_needs_an_app() {
    let server = closed();
    let error = propose(&server, true).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::NeedsApp), "{error}");
    let lines = server.lines();
    assert_eq!(lines, ["POST /graphql"], "{lines:?}");
}

#[tokio::test]
async fn the_rest_of_the_verbs() {
    let server = closed();
    let forge = forge(&server);
    let mut repository = repository().await;
    repository.methods.auto = false;
    let request = super::change::request();
    let head = NEXT.parse().unwrap();
    forge.close(&repository, &request).await.unwrap();
    let merging = forge.merge(&repository, &request, &head).await.unwrap();
    assert_eq!(merging, Merging::Merged);
    forge
        .delete_branch(&repository, "fullsend/enroll", &head)
        .await
        .unwrap();
    let other = HEAD.parse().unwrap();
    let moved = forge
        .delete_branch(&repository, "fullsend/enroll", &other)
        .await
        .unwrap_err();
    assert!(matches!(moved.reason(), Reason::Moved), "{moved}");
}

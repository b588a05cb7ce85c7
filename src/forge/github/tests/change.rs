//! Branches, commits and requests.

use super::*;
use crate::forge::{Change, Commit, Message, Proposal, Reason, Request};

fn changes() -> Vec<Change> {
    vec![
        Change {
            path: "fullsend.yaml".to_owned(),
            content: Some(b"version: 1\n".to_vec()),
        },
        Change {
            path: "old".to_owned(),
            content: None,
        },
    ]
}

async fn propose(server: &Server) -> Result<Request, ForgeError> {
    let repository = repository().await;
    let message = Message {
        headline: "Use it".to_owned(),
        body: "Fullsend-Branch: x".to_owned(),
    };
    let proposal = Proposal {
        repository: &repository,
        base: &HEAD.parse().unwrap(),
        branch: "fullsend/enroll",
        changes: &changes(),
        message: &message,
        title: "Use it",
        body: "Text",
    };
    forge(server).propose(&proposal).await
}

fn opened() -> Value {
    json!({"pullRequest": pull(3, "fullsend/enroll")})
}

#[tokio::test]
async fn a_proposal_is_one_request() {
    let server = Server::start(|_, _| {
        Say::data(&json!({
            "createRef": {"ref": {"id": "REF"}},
            "createCommitOnBranch": {"commit": {"oid": NEXT}},
            "createPullRequest": opened(),
        }))
    });
    assert_eq!(propose(&server).await.unwrap().number, 3);
    let got = server.got();
    assert_eq!(got.len(), 1);
    assert_eq!(
        got[0].body["variables"],
        json!({
            "branch": {"repositoryId": "R_api", "name": "refs/heads/fullsend/enroll", "oid": HEAD},
            "commit": {
                "branch": {"repositoryNameWithOwner": "acme/api", "branchName": "fullsend/enroll"},
                "expectedHeadOid": HEAD,
                "message": {"headline": "Use it", "body": "Fullsend-Branch: x"},
                "fileChanges": {
                    "additions": [{"path": "fullsend.yaml", "contents": "dmVyc2lvbjogMQo="}],
                    "deletions": [{"path": "old"}],
                },
            },
            "request": {
                "repositoryId": "R_api", "baseRefName": "main", "headRefName": "fullsend/enroll",
                "title": "Use it", "body": "Text",
            },
        })
    );
}

/// A fault of `field` in the answer to a proposal, with the parts before it done.
fn failing(field: &str, kind: Option<&str>, message: &str) -> Value {
    let mut data = json!({
        "createRef": {"ref": {"id": "REF"}},
        "createCommitOnBranch": {"commit": {"oid": NEXT}},
        "createPullRequest": null,
    });
    data[field] = Value::Null;
    json!({"data": data, "errors": [{"type": kind, "message": message, "path": [field]}]})
}

#[tokio::test]
async fn refusals_have_their_reasons() {
    type Is = fn(&Reason) -> bool;
    let cases: [(&str, Option<&str>, &str, Is); 8] = [
        (
            "createRef",
            Some("UNPROCESSABLE"),
            "A ref named \"refs/heads/fullsend/enroll\" already exists in the repository.",
            |reason| matches!(reason, Reason::Exists),
        ),
        (
            "createCommitOnBranch",
            Some("STALE_DATA"),
            "Expected branch to point to \"a\" but it did not. Pull and try again.",
            |reason| matches!(reason, Reason::Moved),
        ),
        (
            "createCommitOnBranch",
            None,
            "Repository rule violations found\n\nCommits must have verified signatures.",
            |reason| matches!(reason, Reason::Rules(_)),
        ),
        (
            "createRef",
            Some("FORBIDDEN"),
            "Resource not accessible by personal access token",
            |reason| matches!(reason, Reason::Lacks(_)),
        ),
        (
            "createCommitOnBranch",
            None,
            "refusing to allow a Personal Access Token to create or update workflow \
             `.github/workflows/a.yml` without `workflow` scope",
            |reason| matches!(reason, Reason::Lacks(said) if said == "the scope `workflow`"),
        ),
        (
            "createPullRequest",
            Some("UNPROCESSABLE"),
            "A pull request already exists for acme:fullsend/enroll.",
            |reason| matches!(reason, Reason::Exists),
        ),
        (
            "createRef",
            None,
            "a \u{1b}[2Jsentence\n::add-mask::of it",
            |reason| matches!(reason, Reason::Invalid(said) if !said.contains(char::is_control)),
        ),
        (
            "createCommitOnBranch",
            None,
            "Something went wrong while executing your query.",
            |reason| matches!(reason, Reason::Unsure(_)),
        ),
    ];
    for (field, kind, message, is) in cases {
        let server = Server::start(move |_, _| Say::json(&failing(field, kind, message)));
        let error = propose(&server).await.unwrap_err();
        assert!(is(error.reason()), "{message}: {error:?}");
        assert_eq!(server.got().len(), 1, "{message}");
    }
}

/// Whether GitHub sees its own branch at once is GitHub's matter.
#[tokio::test]
async fn what_one_document_left_undone_is_done_by_itself() {
    for (field, kind, rest) in [
        (
            "createCommitOnBranch",
            Some("NOT_FOUND"),
            &["createCommitOnBranch", "createPullRequest"][..],
        ),
        ("createPullRequest", None, &["createPullRequest"]),
    ] {
        let server = Server::start(move |got, before| {
            if before == 0 {
                return Say::json(&failing(field, kind, "No such branch"));
            }
            let data = if got.query().contains("createCommitOnBranch") {
                json!({"createCommitOnBranch": {"commit": {"oid": NEXT}}})
            } else {
                json!({"createPullRequest": opened()})
            };
            Say::data(&data)
        });
        assert_eq!(propose(&server).await.unwrap().number, 3);
        let got = server.got();
        assert_eq!(got.len(), 1 + rest.len());
        for (got, field) in got[1..].iter().zip(rest) {
            assert!(got.query().contains(field), "{}", got.query());
        }
    }
}

#[tokio::test]
async fn a_document_that_is_refused_goes_in_three() {
    let server = Server::start(|got, before| {
        let refused = json!({"message": "A query attribute must be specified", "path": ["x"]});
        match before {
            0 => Say::json(&json!({"errors": [refused]})),
            _ if got.query().contains("createRef") => {
                Say::data(&json!({"createRef": {"clientMutationId": null}}))
            }
            _ if got.query().contains("createCommit") => {
                Say::data(&json!({"createCommitOnBranch": {"commit": {"oid": NEXT}}}))
            }
            _ => Say::data(&json!({"createPullRequest": opened()})),
        }
    });
    assert_eq!(propose(&server).await.unwrap().number, 3);
    assert_eq!(server.got().len(), 4);
}

#[tokio::test]
async fn an_answer_that_tells_nothing_is_unsure() {
    for say in [
        Say::raw(200, b"{\"data\": {\"createRef\"".to_vec()),
        Say::json(&json!({"data": {
            "createRef": {}, "createCommitOnBranch": {}, "createPullRequest": {},
        }})),
    ] {
        let server = Server::start(move |_, _| say.clone());
        let error = propose(&server).await.unwrap_err();
        assert!(error.is_unsure(), "{error}");
        assert_eq!(server.got().len(), 1);
    }
}

#[tokio::test]
async fn a_commit_names_its_parent() {
    let repository = repository().await;
    let message = Message {
        headline: "H".to_owned(),
        body: "B".to_owned(),
    };
    let server = Server::start(|_, _| {
        Say::data(&json!({"createCommitOnBranch": {"commit": {"oid": NEXT}}}))
    });
    let parent = HEAD.parse().unwrap();
    let commit = Commit {
        repository: &repository,
        branch: "fullsend/state",
        parent: &parent,
        changes: &changes(),
        message: &message,
    };
    let made = forge(&server).commit(&commit).await.unwrap();
    assert_eq!(made.as_str(), NEXT);
    let input = &server.got()[0].body["variables"]["input"];
    assert_eq!(input["expectedHeadOid"], HEAD);
}

#[tokio::test]
async fn requests_are_closed_opened_and_described() {
    let repository = repository().await;
    let request = request();
    let server = Server::start(|_, _| Say::data(&json!({"x": {"clientMutationId": null}})));
    let forge = forge(&server);
    forge.close(&repository, &request).await.unwrap();
    forge.reopen(&repository, &request).await.unwrap();
    forge
        .describe(&repository, &request, "T", "B")
        .await
        .unwrap();
    let got = server.got();
    for (got, field) in
        got.iter()
            .zip(["closePullRequest", "reopenPullRequest", "updatePullRequest"])
    {
        assert!(got.query().contains(field), "{}", got.query());
        assert_eq!(got.body["variables"]["input"]["pullRequestId"], "PR_3");
    }
    let input = &got[2].body["variables"]["input"];
    assert_eq!(
        (&input["title"], &input["body"]),
        (&json!("T"), &json!("B"))
    );
}

/// A request as it is told.
pub(super) fn request() -> Request {
    let told: super::super::pull::Pull =
        serde_json::from_value(pull(3, "fullsend/enroll")).unwrap();
    told.into_request()
}

#[tokio::test]
async fn a_branch_is_deleted_where_it_is_still_ours() {
    let repository = repository().await;
    let head = HEAD.parse().unwrap();
    let server = Server::start(|_, _| Say::data(&json!({"updateRefs": {}})));
    forge(&server)
        .delete_branch(&repository, "fullsend/enroll", &head)
        .await
        .unwrap();
    assert_eq!(
        server.got()[0].body["variables"]["input"]["refUpdates"],
        json!([{"name": "refs/heads/fullsend/enroll", "beforeOid": HEAD, "afterOid": "0".repeat(40)}])
    );
    let failed = json!({"data": {"updateRefs": null}, "errors": [
        {"message": "Reference update failed", "path": ["updateRefs"]}]});
    for (tip, expected) in [
        (None, "gone"),
        (Some(NEXT), "moved"),
        (Some(HEAD), "refused"),
    ] {
        let failed = failed.clone();
        let server = Server::start(move |got, _| {
            if got.is_graphql() {
                return Say::json(&failed);
            }
            assert_eq!(
                got.line,
                "GET /repos/acme/api/git/ref/heads/fullsend/enroll"
            );
            match tip {
                None => Say::status(404, &json!({"message": "Not Found"})),
                Some(tip) => Say::json(&json!({"object": {"sha": tip}})),
            }
        });
        let done = forge(&server)
            .delete_branch(&repository, "fullsend/enroll", &head)
            .await;
        let found = match done.as_ref().map_err(ForgeError::reason) {
            Ok(()) => "gone",
            Err(Reason::Moved) => "moved",
            Err(_) => "refused",
        };
        assert_eq!(found, expected);
    }
}

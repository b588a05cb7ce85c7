//! Merging, by the first way that is open.

use super::{change::request, *};
use crate::forge::{MergeMethods, Merging, Reason};

/// A mutation is answered with nothing, or with a fault where `refuse` has its name.
fn github(refuse: &'static [(&'static str, &'static str)], state: &'static str) -> Server {
    Server::start(move |got, _| {
        let query = got.query();
        if query.starts_with("query") {
            let mut pull = pull(3, "fullsend/enroll");
            pull["mergeStateStatus"] = json!(state);
            return Say::data(&json!({"node": pull}));
        }
        let refused = refuse.iter().find(|(name, _)| query.contains(name));
        if let Some((name, message)) = refused {
            let fault = json!({"message": message, "path": [name], "type": "UNPROCESSABLE"});
            return Say::json(&json!({"data": {*name: null}, "errors": [fault]}));
        }
        Say::data(&json!({"mergePullRequest": {"pullRequest": {"state": "MERGED"}}}))
    })
}

async fn merge(server: &Server, methods: MergeMethods) -> Result<Merging, ForgeError> {
    let mut repository = repository().await;
    repository.methods = methods;
    let head = NEXT.parse().unwrap();
    forge(server).merge(&repository, &request(), &head).await
}

/// The names of what was changed.
fn changed(server: &Server) -> Vec<String> {
    let name = |got: Got| {
        let query = got.query().to_owned();
        let (_, fields) = query.split_once("{ ")?;
        let name = fields.split('(').next()?;
        assert_eq!(got.body["variables"]["input"]["expectedHeadOid"], NEXT);
        query.starts_with("mutation").then(|| name.to_owned())
    };
    let got = server.got().into_iter();
    got.filter(|got| got.query().starts_with("mutation"))
        .filter_map(name)
        .collect()
}

const SQUASH: MergeMethods = MergeMethods {
    merge: false,
    squash: true,
    rebase: false,
    auto: false,
    queue: false,
    deletes_branch: false,
};
const AUTO: MergeMethods = MergeMethods {
    auto: true,
    ..SQUASH
};
const QUEUE: MergeMethods = MergeMethods {
    queue: true,
    ..AUTO
};

#[tokio::test]
async fn by_the_first_way_that_is_open() {
    let clean = &[(
        "enablePullRequestAutoMerge",
        "Pull request is in clean status",
    )][..];
    let both = &["enablePullRequestAutoMerge", "mergePullRequest"][..];
    for (methods, refuse, expected, ways) in [
        (QUEUE, &[][..], Merging::Queued, &["enqueuePullRequest"][..]),
        (AUTO, &[], Merging::Automatic, &both[..1]),
        (AUTO, clean, Merging::Merged, both),
        (SQUASH, &[], Merging::Merged, &both[1..]),
    ] {
        let server = github(refuse, "CLEAN");
        assert_eq!(merge(&server, methods).await.unwrap(), expected);
        assert_eq!(changed(&server), ways);
    }
}

/// An administrator's token could merge all the same.
#[tokio::test]
async fn nothing_is_merged_past_a_protection() {
    for (state, expected) in [
        ("BLOCKED", "a review or a required check is missing"),
        ("BEHIND", "a review or a required check is missing"),
        ("DIRTY", "it conflicts with the default branch"),
        (
            "UNKNOWN",
            "GitHub has not found out yet whether it can be merged",
        ),
    ] {
        let server = github(&[], state);
        let merging = merge(&server, SQUASH).await.unwrap();
        assert_eq!(merging, Merging::Waiting(expected.to_owned()));
        assert_eq!(changed(&server), [""; 0]);
    }
    let server = github(
        &[("enqueuePullRequest", "A required review is missing")],
        "BLOCKED",
    );
    let merging = merge(&server, QUEUE).await.unwrap();
    assert_eq!(
        merging,
        Merging::Waiting("A required review is missing".to_owned())
    );
}

#[tokio::test]
async fn another_head_is_not_merged() {
    let mut repository = repository().await;
    repository.methods = SQUASH;
    let server = github(&[], "CLEAN");
    let other = HEAD.parse().unwrap();
    let error = forge(&server)
        .merge(&repository, &request(), &other)
        .await
        .unwrap_err();
    assert!(matches!(error.reason(), Reason::Moved), "{error}");
    assert!(server.got().is_empty());
    let server = github(
        &[(
            "mergePullRequest",
            "Head branch was modified. Review and try again.",
        )],
        "CLEAN",
    );
    let error = merge(&server, SQUASH).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::Moved), "{error}");
}

#[tokio::test]
async fn what_is_under_way_is_left_alone() {
    let mut request = request();
    request.is_on_its_way = true;
    let mut repository = repository().await;
    repository.methods = QUEUE;
    let server = github(&[], "CLEAN");
    let head = NEXT.parse().unwrap();
    let merging = forge(&server)
        .merge(&repository, &request, &head)
        .await
        .unwrap();
    assert_eq!(merging, Merging::Queued);
    request.is_on_its_way = false;
    request.is_draft = true;
    let merging = forge(&server)
        .merge(&repository, &request, &head)
        .await
        .unwrap();
    assert_eq!(merging, Merging::Waiting("it is a draft".to_owned()));
    assert!(server.got().is_empty());
}

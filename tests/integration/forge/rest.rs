//! GitHub's API, where git is closed.

use fullsend::{
    forge::{GitHosts, Reason, Refs},
    seam::environment::Environment,
};
use fullsend_testkit::git::{Fault, GitHost};

use super::{at, client, client_in, commit, options, url};

const BRANCHES: &str = "/api/v3/repos/o/r/branches?per_page=100&page=";
const TAGS: &str = "/api/v3/repos/o/r/tags?per_page=100&page=";

fn named(names: impl IntoIterator<Item = String>) -> String {
    let one = |name| {
        format!(
            r#"{{"name":"{name}","commit":{{"sha":"{}"}}}}"#,
            "1".repeat(40)
        )
    };
    let all: Vec<String> = names.into_iter().map(one).collect();
    format!("[{}]", all.join(","))
}

/// A host that lets nobody near git, but whose API knows `o/r`.
fn host(full_name: &str) -> GitHost {
    let host = GitHost::start();
    host.fault("*git-upload-pack", Fault::status(403));
    let about = format!(r#"{{"full_name":"{full_name}","default_branch":"trunk","id":1}}"#);
    host.json("/api/v3/repos/o/r", &about);
    host.json(&format!("{BRANCHES}1"), &named(["trunk".to_owned()]));
    let page = (0..100).map(|number| format!("v{number}"));
    host.json(&format!("{TAGS}1"), &named(page));
    host.json(&format!("{TAGS}2"), &named(["v100".to_owned()]));
    host
}

async fn refs(host: &GitHost) -> Refs {
    client(host).refs(&at(host, "o/r")).await.unwrap()
}

#[tokio::test]
async fn the_api_tells_tags_and_branches_page_by_page() {
    let host = host("O/R");
    let refs = refs(&host).await;
    assert_eq!((refs.tags.len(), refs.branches.len()), (101, 1));
    assert_eq!(refs.tags["v100"].commit, commit(&"1".repeat(40)));
    assert_eq!(refs.head.as_deref(), Some("trunk"));
    assert_eq!(refs.moved_to, None);
    assert_eq!(host.requests().len(), 5);
}

#[tokio::test]
async fn the_api_tells_of_a_new_name() {
    let host = host("new/name");
    assert_eq!(refs(&host).await.moved_to, Some(at(&host, "new/name")));
}

#[tokio::test]
async fn the_api_gets_the_token_in_its_own_way() {
    let host = host("o/r");
    let url = host.url("");
    let variables = [("GITHUB_TOKEN", "secret"), ("GITHUB_SERVER_URL", &*url)];
    client_in(&host, &variables)
        .refs(&at(&host, "o/r"))
        .await
        .unwrap();
    let requests = host.requests();
    let last = requests.last().unwrap().header("authorization");
    assert_eq!(last, Some("Bearer secret"));
}

#[tokio::test]
async fn gits_own_answer_counts_where_the_api_helps_no_more() {
    let host = GitHost::start();
    host.fault("*git-upload-pack", Fault::status(405));
    let error = client(&host).refs(&at(&host, "o/r")).await.unwrap_err();
    let Reason::Unexpected(refusal) = error.reason() else {
        panic!("{error}");
    };
    assert_eq!(refusal.status, 405);
    assert_eq!(host.paths().last().unwrap(), "GET /api/v3/repos/o/r");
}

#[tokio::test]
async fn what_the_api_must_not_say_is_refused() {
    for (path, body) in [
        ("/api/v3/repos/o/r", "<html>".to_owned()),
        (&*format!("{TAGS}2"), named(["a b".to_owned()])),
        (
            &*format!("{TAGS}2"),
            r#"[{"name":"a","commit":{"sha":"x"}}]"#.to_owned(),
        ),
    ] {
        let host = host("o/r");
        host.json(path, &body);
        let error = client(&host).refs(&at(&host, "o/r")).await.unwrap_err();
        assert!(matches!(error.reason(), Reason::Unauthorized(_)), "{error}");
    }
    // Pages without an end.
    let host = host("o/r");
    let page = named((0..100).map(|number| format!("v{number}")));
    for number in 1..=60 {
        host.json(&format!("{TAGS}{number}"), &page);
    }
    client(&host).refs(&at(&host, "o/r")).await.unwrap_err();
    assert_eq!(host.requests().len(), 1 + 1 + 1 + 50);
}

#[tokio::test]
async fn a_host_that_is_no_github_has_no_such_api() {
    let (github, other) = (host("o/r"), host("o/r"));
    let client = GitHosts::new(&Environment::default(), options(&github));
    client.refs(&at(&other, "o/r")).await.unwrap_err();
    assert_eq!(other.requests().len(), 1);
}

#[tokio::test]
async fn numbers_are_told_of_a_repository_and_its_owner() {
    let host = GitHost::start();
    let about =
        r#"{"full_name":"o/r","default_branch":"main","id":8,"owner":{"id":7,"login":"o"}}"#;
    host.json("/api/v3/repos/o/r", about);
    let (client, repository) = (client(&host), at(&host, "o/r"));
    let numbers = client.numbers(&repository).await.unwrap();
    assert_eq!((numbers.owner, numbers.repository), (7, 8));
    let error = client.numbers(&at(&host, "o/other")).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::NotFound(_)), "{error}");
    host.json("/api/v3/repos/o/r", r#"{"id":-1,"owner":{"id":7}}"#);
    let error = client.numbers(&repository).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::Malformed(_)), "{error}");
}

#[tokio::test]
async fn a_file_is_told_by_its_path_and_commit() {
    let host = GitHost::start();
    let commit = commit(&"1".repeat(40));
    let path = format!("/api/v3/repos/o/r/contents/a/action.yml?ref={commit}");
    host.json(&path, "runs: {}\n");
    let (client, repository) = (client(&host), at(&host, "o/r"));
    let file = async |path: &str| client.file(&repository, path, &commit).await;
    assert_eq!(
        file("a/action.yml").await.unwrap().as_deref(),
        Some(&b"runs: {}\n"[..])
    );
    assert_eq!(file("action.yml").await.unwrap(), None);
    for bad in [
        "",
        "a//b",
        "../../../user",
        "a/..",
        "%2e%2e/a",
        "a b",
        "a?b",
    ] {
        let error = file(bad).await.unwrap_err();
        assert!(
            matches!(error.reason(), Reason::Malformed(_)),
            "{bad}: {error}"
        );
    }
    assert_eq!(host.requests().len(), 2);
}

#[tokio::test]
async fn the_api_may_be_at_another_place() {
    let (host, api) = (GitHost::start(), GitHost::start());
    let about = r#"{"full_name":"o/r","default_branch":"main","id":8,"owner":{"id":7}}"#;
    api.json("/rest/repos/o/r", about);
    let mut options = options(&host);
    options.github_api = Some(url(&api.url("/rest")));
    let client = GitHosts::new(&Environment::default(), options);
    client.numbers(&at(&host, "o/r")).await.unwrap();
    assert_eq!(host.requests().len(), 0);
}

//! Tags and branches.

use std::fmt::Write as _;

use fullsend::forge::{Reason, Refs};
use fullsend_testkit::git::{Fault, Format, GitHost};

use super::{at, client, commit};

/// What `o/r` answers, which must cost `requests`.
async fn refs(host: &GitHost, requests: usize) -> Refs {
    let refs = client(host).refs(&at(host, "o/r")).await.unwrap();
    assert_eq!(host.requests().len(), requests, "{:?}", host.paths());
    refs
}

#[tokio::test]
async fn one_request_tells_tags_and_branches() {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    let first = repository.commit(&[], "first", 1_700_000_000);
    let second = repository.commit(&[&first], "second", 1_700_000_001);
    repository.branch("main", &second);
    repository.branch("releases/v1", &first);
    repository.tag("v1.0.0", &first);
    let tag = repository.annotate("v2.0.0", &second);
    // A tag of a tag leads to the commit in the end.
    repository.git(&["tag", "-a", "-m", "x", "nested", &tag]);
    repository.point("refs/pull/1/head", &first);

    let refs = refs(&host, 1).await;
    let (first, second) = (commit(&first), commit(&second));
    let names: Vec<&str> = refs.tags.keys().map(String::as_str).collect();
    assert_eq!(names, ["nested", "v1.0.0", "v2.0.0"]);
    assert_eq!(refs.tags["v1.0.0"].commit, first);
    assert_eq!(refs.tags["v1.0.0"].object, None);
    assert_eq!(refs.tags["v2.0.0"].commit, second);
    assert_eq!(refs.tags["v2.0.0"].object, Some(commit(&tag)));
    assert_eq!(refs.tags["nested"].commit, second);
    let branches: Vec<_> = refs.branches.iter().collect();
    let expected = [
        (&"main".to_owned(), &second),
        (&"releases/v1".to_owned(), &first),
    ];
    assert_eq!(branches, expected);
    assert_eq!(refs.head.as_deref(), Some("main"));
    assert_eq!(refs.moved_to, None);

    let request = &host.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/o/r.git/git-upload-pack")
    );
    assert_eq!(request.header("git-protocol"), Some("version=2"));
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn a_repository_without_commits_has_none() {
    let host = GitHost::start();
    host.repository("o/r");
    // What git says of it is what it says of a repository of another format: nothing.
    assert_eq!(refs(&host, 1).await, Refs::default());
}

#[tokio::test]
async fn a_repository_of_sha_256_takes_a_second_request() {
    let host = GitHost::start();
    let repository = host.repository_as("o/r", Format::Sha256);
    let first = repository.commit(&[], "first", 1_700_000_000);
    repository.tag("v1", &first);
    let refs = refs(&host, 2).await;
    assert_eq!(refs.tags["v1"].commit.as_str(), first);
    assert_eq!(first.len(), 64);
}

#[tokio::test]
async fn a_renamed_repository_is_found_and_reported() {
    let host = GitHost::start();
    let repository = host.repository("new/name");
    let first = repository.commit(&[], "first", 1_700_000_000);
    repository.tag("v1", &first);
    host.rename("o/r", &host.url("/new/name"));
    let refs = refs(&host, 2).await;
    assert_eq!(refs.tags["v1"].commit.as_str(), first);
    assert_eq!(refs.moved_to, Some(at(&host, "new/name")));
    let methods: Vec<_> = host.paths();
    assert_eq!(
        methods,
        [
            "POST /o/r.git/git-upload-pack",
            "POST /new/name.git/git-upload-pack"
        ]
    );
}

#[tokio::test]
async fn every_kind_of_redirect_repeats_the_question() {
    for status in [301, 302, 307, 308] {
        let host = GitHost::start();
        let repository = host.repository("o/r");
        repository.tag("v1", &repository.commit(&[], "first", 1_700_000_000));
        let fault = Fault::status(status).header("Location", "/o/r.git/git-upload-pack");
        host.fault("/o/old.git/*", fault);
        let refs = client(&host).refs(&at(&host, "o/old")).await.unwrap();
        assert_eq!(refs.tags.len(), 1, "{status}");
        assert_eq!(refs.moved_to, Some(at(&host, "o/r")), "{status}");
    }
}

#[tokio::test]
async fn redirects_end() {
    let host = GitHost::start();
    let circle = Fault::status(301).header("Location", "/o/r.git/git-upload-pack");
    host.fault("*", circle);
    let error = client(&host).refs(&at(&host, "o/r")).await.unwrap_err();
    assert!(
        matches!(error.reason(), Reason::Redirect("too often")),
        "{error}"
    );
    assert_eq!(host.requests().len(), 6);
}

#[tokio::test]
async fn many_tags_are_no_trouble() {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    let first = repository.commit(&[], "first", 1_700_000_000);
    let mut packed = String::from("# pack-refs with: peeled fully-peeled sorted\n");
    for number in 0..20_000 {
        writeln!(packed, "{first} refs/tags/v{number:06}").unwrap();
    }
    repository.put("packed-refs", &packed);
    assert_eq!(refs(&host, 1).await.tags.len(), 20_000);
}

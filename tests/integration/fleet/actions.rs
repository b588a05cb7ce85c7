//! What GitHub's lock says of actions, asked of real git behind an API.

use std::collections::BTreeSet;

use fullsend::{
    fleet::{actions, enrol::LockedAction},
    forge::{GitHosts, GitOptions},
    seam::{environment::Environment, http::Url},
};
use fullsend_testkit::git::{GitHost, GitRepository};

const LEAF: &str = "runs: {using: node24}\n";

fn sources(hosts: &[&GitHost]) -> Vec<GitHosts> {
    let of = |host: &&GitHost| {
        let url = Url::parse(&host.url("")).unwrap();
        GitHosts::new(&Environment::default(), GitOptions::new(url))
    };
    hosts.iter().map(of).collect()
}

/// A repository whose numbers are told.
fn repository(host: &GitHost, name: &str) -> GitRepository {
    let numbers = r#"{"id": 8, "owner": {"id": 7}}"#;
    host.json(&format!("/api/v3/repos/{name}"), numbers);
    host.repository(name)
}

/// What the API tells of the action below `path`.
fn action(host: &GitHost, name: &str, path: &str, commit: &str, text: &str) {
    let path = format!("/api/v3/repos/{name}/contents/{path}?ref={commit}");
    host.json(&path, text);
}

/// What is found of one that is used so.
async fn one(host: &GitHost, uses: &str) -> Result<LockedAction, String> {
    let wanted = BTreeSet::from([uses.to_owned()]);
    let found = actions(&sources(&[host]), wanted).await;
    found.into_values().next().unwrap()
}

#[tokio::test]
async fn a_commit_is_named_by_its_tag_or_by_a_branch_that_leads_to_it() {
    let host = GitHost::start();
    let git = repository(&host, "o/r");
    let [first, second, third] = ["1", "2", "3"].map(|it| git.commit(&[], it, 1_700_000_000));
    let tip = git.commit(&[&first, &second], "4", 1_700_000_000);
    git.branch("main", &tip);
    git.tag("v1", &second);
    git.tag("v1.2.0", &second);
    git.tag("v9", &third);
    for (reference, commit, named) in [
        (&*first, &first, "main"),
        (&second, &second, "v1.2.0"),
        (&tip, &tip, "main"),
        ("v1", &second, "v1"),
        ("main", &tip, "main"),
    ] {
        let found = one(&host, &format!("o/r/sub@{reference}")).await.unwrap();
        assert_eq!(found.reference, named, "{reference}");
        assert_eq!(found.commit.as_str(), commit);
        assert_eq!((found.numbers.owner, found.numbers.repository), (7, 8));
    }
    let unknown = "1".repeat(40);
    for (reference, why) in [
        ("v2", "it has no tag or branch v2"),
        ("v9", "no branch of it leads to "),
        (&*third, "no branch of it leads to "),
        (&unknown, "no branch of it leads to 111111111111"),
    ] {
        let error = one(&host, &format!("o/r@{reference}")).await.unwrap_err();
        assert!(error.starts_with(why), "{reference}: {error}");
    }
}

#[tokio::test]
async fn what_is_used_is_followed_as_far_as_github_does() {
    let host = GitHost::start();
    let git = repository(&host, "o/r");
    let commit = git.commit(&[], "1", 1_700_000_000);
    git.branch("main", &commit);
    for step in 0..12 {
        let uses = format!(
            "runs: {{using: composite, steps: [{{uses: o/r/{}@main}}]}}",
            step + 1
        );
        action(&host, "o/r", &format!("{step}/action.yml"), &commit, &uses);
    }
    // A repository's own parts are one entry of the lock, which uses nothing but itself.
    let error = one(&host, "o/r/0@main").await;
    assert!(
        error.as_ref().is_ok_and(|it| it.uses.is_empty()),
        "{error:?}"
    );

    let chain = |name: &str, next: Option<&str>| {
        let git = repository(&host, name);
        let commit = git.commit(&[], name, 1_700_000_000);
        git.branch("main", &commit);
        let text = next.map_or(LEAF.to_owned(), |next| {
            format!("runs: {{using: composite, steps: [{{uses: {next}@main}}]}}")
        });
        action(&host, name, "action.yaml", &commit, &text);
    };
    for step in 0..12 {
        chain(
            &format!("deep/a{step}"),
            Some(&format!("deep/a{}", step + 1)),
        );
    }
    let found = actions(
        &sources(&[&host]),
        BTreeSet::from(["deep/a0@main".to_owned()]),
    )
    .await;
    assert_eq!(found.len(), 11);
    let uses = &found["deep/a9@main"].as_ref().unwrap().uses;
    assert_eq!(uses, &BTreeSet::from(["deep/a10@main".to_owned()]));
    let last = found["deep/a10@main"].as_ref().unwrap_err();
    assert!(last.contains("more than 10 actions deep"), "{last}");
    assert!(!host.paths().iter().any(|path| path.contains("deep/a10")));
}

#[tokio::test]
async fn the_first_that_has_it_is_asked_and_nobody_by_a_former_name() {
    let (own, public) = (GitHost::start(), GitHost::start());
    let git = repository(&public, "o/r");
    let commit = git.commit(&[], "1", 1_700_000_000);
    git.branch("main", &commit);
    action(&public, "o/r", "action.yml", &commit, LEAF);
    let uses = BTreeSet::from(["o/r@main".to_owned()]);
    let found = actions(&sources(&[&own, &public]), uses.clone()).await;
    assert!(found["o/r@main"].is_ok(), "{found:?}");
    assert_eq!(own.paths(), ["GET /api/v3/repos/o/r"]);

    public.rename("o/r", &public.url("/o/new"));
    let new = repository(&public, "o/new");
    new.branch("main", &new.commit(&[], "1", 1_700_000_000));
    let error = one(&public, "o/r@main").await.unwrap_err();
    assert!(error.contains("is now called o/new"), "{error}");

    let nobody = actions(&[], uses).await;
    assert!(nobody["o/r@main"].is_err());
}

//! Commits of the repository, and strangers that its host has too.

use std::fmt::Write as _;

use fullsend::forge::Reach;
use fullsend_testkit::git::{Format, GitHost, GitRepository};

use super::{at, client, commit};

/// What `o/r` says of `id`, and how many requests that took beside the one for the refs.
async fn reach(host: &GitHost, id: &str) -> (Reach, usize) {
    let (client, repository) = (client(host), at(host, "o/r"));
    let refs = client.refs(&repository).await.unwrap();
    host.clear_requests();
    let reach = client.reach(&repository, &refs, &commit(id)).await.unwrap();
    (reach, host.requests().len())
}

/// A chain of commits with a day between each.
fn chain(repository: &GitRepository, name: &str, length: usize, start: i64) -> Vec<String> {
    let mut commits: Vec<String> = Vec::new();
    let mut time = start;
    for number in 0..length {
        let parent = commits.last().cloned();
        let parents: Vec<&str> = parent.as_deref().into_iter().collect();
        commits.push(repository.commit(&parents, &format!("{name} {number}"), time));
        time += 86_400;
    }
    commits
}

#[tokio::test]
async fn a_commit_belongs_to_a_repository_or_not() {
    for format in [Format::Sha1, Format::Sha256] {
        let host = GitHost::start();
        let repository = host.repository_as("o/r", format);
        let main = chain(&repository, "main", 8, 1_700_000_000);
        repository.branch("main", &main[7]);
        let side = repository.commit(&[&main[2]], "side", 1_700_500_000);
        let tag = repository.annotate("v1", &side);
        // Only in the store, as a fork's commits are on GitHub.
        let lost = repository.commit(&[&main[7]], "lost", 1_800_000_000);
        // The same content as a good commit's.
        let twin = repository.commit(&[&main[6]], "main 7", 1_800_000_000);
        let old = repository.commit(&[&main[1]], "old", 1_700_100_000);
        let stranger = chain(&repository, "stranger", 5, 1_600_000_000);
        let proposed = repository.commit(&[&main[7]], "proposed", 1_800_000_000);
        repository.point("refs/pull/1/head", &proposed);
        repository.point("refs/merge-requests/1/head", &stranger[4]);
        let absent = "1".repeat(main[0].len());
        let other = "1".repeat(104 - main[0].len());
        for (name, id, expected) in [
            ("a branch's tip", &main[7], (Reach::Reachable, 0)),
            ("a tag's commit", &side, (Reach::Reachable, 0)),
            ("a tag's object", &tag, (Reach::Reachable, 0)),
            ("a parent", &main[6], (Reach::Reachable, 1)),
            ("the root", &main[0], (Reach::Reachable, 1)),
            ("on no ref", &lost, (Reach::Impostor, 1)),
            ("a twin", &twin, (Reach::Impostor, 1)),
            ("an old twig", &old, (Reach::Impostor, 1)),
            ("of a pull request", &proposed, (Reach::Impostor, 1)),
            ("of another history", &stranger[4], (Reach::Impostor, 1)),
            ("its root", &stranger[0], (Reach::Impostor, 1)),
            ("nowhere", &absent, (Reach::Absent, 1)),
            ("of another format", &other, (Reach::Absent, 0)),
        ] {
            assert_eq!(reach(&host, id).await, expected, "{name}, {format:?}");
        }
    }
}

#[tokio::test]
async fn a_repository_without_refs_has_no_commits_of_its_own() {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    let lost = repository.commit(&[], "lost", 1_700_000_000);
    assert_eq!(reach(&host, &lost).await, (Reach::Impostor, 1));
    let absent = "1".repeat(40);
    assert_eq!(reach(&host, &absent).await, (Reach::Absent, 1));
}

#[tokio::test]
async fn a_commit_from_a_clock_gone_wrong_is_found() {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    let before = chain(&repository, "before", 3, 1_700_000_000);
    let future = repository.commit(&[&before[2]], "future", 4_000_000_000);
    let mut tip = future.clone();
    for number in 0..30 {
        let message = format!("after {number}");
        tip = repository.commit(&[&tip], &message, 1_701_000_000 + number);
    }
    repository.branch("main", &tip);
    assert_eq!(reach(&host, &future).await, (Reach::Reachable, 1));
    assert_eq!(reach(&host, &before[0]).await, (Reach::Reachable, 1));
}

#[tokio::test]
async fn a_shallow_repository_knows_what_it_has() {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    let main = chain(&repository, "main", 4, 1_700_000_000);
    repository.branch("main", &main[3]);
    repository.put(
        "shallow",
        &format!(
            "{}
",
            main[1]
        ),
    );
    assert_eq!(reach(&host, &main[2]).await, (Reach::Reachable, 1));
    assert_eq!(reach(&host, &main[1]).await, (Reach::Reachable, 1));
    // Beyond the cut, nothing leads there any more.
    assert_eq!(reach(&host, &main[0]).await, (Reach::Impostor, 1));
}

#[tokio::test]
async fn tips_beyond_a_request_are_asked_in_another() {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    let root = repository.commit(&[], "root", 1_700_000_000);
    let mut stream = format!("reset refs/heads/x\nfrom {root}\n\n");
    for number in 1..=10_000 {
        let time = 1_700_000_000 + number;
        let who = "committer K <k@example.com>";
        writeln!(stream, "commit refs/heads/x\n{who} {time} +0000\ndata 1\nx").unwrap();
    }
    repository.import(&stream);
    let mut packed = String::new();
    for (number, id) in repository.git(&["rev-list", "x"]).lines().enumerate() {
        writeln!(packed, "{id} refs/tags/t{number:05}").unwrap();
    }
    repository.put("packed-refs", &packed);
    let last = repository.commit(&[], "last", 1_600_000_000);
    let tip = repository.commit(&[&last], "tip", 1_600_000_001);
    // Tags are asked for in their order.
    repository.tag("z", &tip);
    assert_eq!(reach(&host, &last).await, (Reach::Reachable, 2));
    let lost = repository.commit(&[&tip], "lost", 1_600_000_002);
    assert_eq!(reach(&host, &lost).await, (Reach::Impostor, 2));
}

//! The times of commits.

use std::collections::HashMap;

use fullsend_testkit::git::{Format, GitHost};
use jiff::Timestamp;

use super::{at, client, commit};

/// What `o/r` says of `ids`, and how many requests that took.
async fn times(host: &GitHost, ids: &[&str]) -> (HashMap<String, i64>, usize) {
    let ids: Vec<_> = ids.iter().map(|id| commit(id)).collect();
    host.clear_requests();
    let found = client(host).commit_times(&at(host, "o/r"), &ids).await;
    let seconds = |(id, time): (_, Timestamp)| (format!("{id}"), time.as_second());
    let found = found.unwrap().into_iter().map(seconds).collect();
    (found, host.requests().len())
}

#[tokio::test]
async fn one_request_tells_the_times_of_many_commits() {
    for format in [Format::Sha1, Format::Sha256] {
        let host = GitHost::start();
        let repository = host.repository_as("o/r", format);
        repository.git(&["config", "uploadpack.allowFilter", "true"]);
        // Alike enough that git sends some as changes to others.
        let message = "the same long message again and again ".repeat(40);
        let mut expected = HashMap::new();
        let mut ids: Vec<String> = Vec::new();
        for number in 0..40 {
            let parent = ids.last().cloned();
            let parents: Vec<&str> = parent.as_deref().into_iter().collect();
            let time = 1_700_000_000 + number * 1000;
            let id = repository.commit(&parents, &format!("{message}{number}"), time);
            repository.tag(&format!("v{number}"), &id);
            expected.insert(id.clone(), time);
            ids.push(id);
        }
        repository.git(&["repack", "-adq"]);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(
            times(&host, &ids).await,
            (expected.clone(), 1),
            "{format:?}"
        );
        expected.retain(|id, _| id == ids[7]);
        assert_eq!(times(&host, &ids[7..8]).await, (expected, 1));
        assert_eq!(times(&host, &[]).await, (HashMap::new(), 0));
    }
}

#[tokio::test]
async fn a_host_that_cannot_filter_is_asked_for_more() {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    let first = repository.commit(&[], "first", 1_234_567_890);
    let second = repository.commit(&[&first], "second", 1_234_567_891);
    repository.branch("main", &second);
    let expected = [
        (first.clone(), 1_234_567_890),
        (second.clone(), 1_234_567_891),
    ];
    let found = times(&host, &[&first, &second]).await;
    assert_eq!(found, (HashMap::from(expected), 2));
}

#[tokio::test]
async fn what_is_no_commit_or_absent_has_no_time() {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let first = repository.commit(&[], "first", 1_234_567_890);
    repository.branch("main", &first);
    let tag = repository.annotate("v1", &first);
    let tree = repository.git(&["rev-parse", "main^{tree}"]);
    let (one, two) = ("1".repeat(40), "2".repeat(40));
    let expected = HashMap::from([(first.clone(), 1_234_567_890)]);
    let found = times(&host, &[&one, &first, &two]).await;
    assert_eq!(found, (expected.clone(), 3));
    let found = times(&host, &[&tree, &tag, &first]).await;
    assert_eq!(found, (expected, 1));
    assert_eq!(times(&host, &[&one]).await, (HashMap::new(), 1));
}

#[tokio::test]
async fn signed_and_merged_commits_tell_their_own_time() {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let first = repository.commit(&[], "first", 1_234_567_890);
    let tree = repository.git(&["rev-parse", &format!("{first}^{{tree}}")]);
    let raw = format!(
        "tree {tree}\nparent {first}\nauthor A <a@b> 1 +0000\ncommitter C > <c@d> 1500000000 -0730\n\
         gpgsig -----BEGIN\n committer X <x@y> 5 +0000\n -----END\n\ncommitter Y <y@z> 7 +0000\n"
    );
    let signed = repository.object("commit", &raw);
    repository.branch("main", &signed);
    let expected = HashMap::from([(signed.clone(), 1_500_000_000)]);
    assert_eq!(times(&host, &[&signed]).await, (expected, 1));
}

//! Hosts that fail, and what they answer instead.

use std::{collections::BTreeSet, time::Duration};

use fullsend::{
    forge::{ForgeError, GitHosts, GitOptions, Reason, RemoteRepository},
    seam::{environment::Environment, http::HttpError},
};
use fullsend_testkit::git::{Fault, GitHost};

use super::{at, client, commit, options, url};

/// A host with `o/r`, which has one tag.
fn host() -> GitHost {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    repository.tag("v1", &repository.commit(&[], "first", 1_700_000_000));
    host
}

/// Why the refs of `o/r` cannot be had, and the requests that it took to know.
async fn failure(host: &GitHost) -> (ForgeError, usize) {
    let error = client(host).refs(&at(host, "o/r")).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&host.host()), "{message}");
    assert!(message.contains("o/r"), "{message}");
    (error, host.requests().len())
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    for fault in [
        Fault::status(500),
        Fault::status(502),
        Fault::status(503).retry_after(0),
        Fault::status(429).retry_after(0),
        Fault::disconnect(),
        Fault::truncate(),
    ] {
        let host = host();
        host.fault("*", fault.times(2));
        let refs = client(&host).refs(&at(&host, "o/r")).await.unwrap();
        assert_eq!((refs.tags.len(), host.requests().len()), (1, 3));
    }
}

#[tokio::test]
async fn what_does_not_pass_is_told() {
    let host = host();
    host.fault("*", Fault::status(500));
    let (error, requests) = failure(&host).await;
    assert!(matches!(error.reason(), Reason::Server(_)), "{error}");
    assert_eq!(requests, 6);
    assert!(error.hint().unwrap().contains("try again later"));
}

#[tokio::test]
async fn a_long_wait_is_reported_and_not_waited_for() {
    let host = host();
    host.fault("*", Fault::status(429).retry_after(3600));
    let (error, requests) = failure(&host).await;
    let Reason::RateLimited { until: Some(until) } = error.reason() else {
        panic!("{error}");
    };
    let wait = until.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((3590..=3600).contains(&wait), "{wait}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn what_is_absent_or_private_is_told_apart() {
    let host = GitHost::start();
    let (error, requests) = failure(&host).await;
    assert!(matches!(error.reason(), Reason::NotFound(_)), "{error}");
    // The API of a GitHub may be open where git is not.
    assert_eq!(requests, 2);
    host.require_token("secret");
    host.clear_requests();
    let (error, requests) = failure(&host).await;
    assert!(matches!(error.reason(), Reason::Unauthorized(_)), "{error}");
    assert_eq!(requests, 1);
    assert!(error.hint().unwrap().contains("GITHUB_TOKEN"));
}

#[tokio::test]
async fn a_host_that_hangs_or_drips_does_not_hold_us() {
    for fault in [Fault::hang(), Fault::drip(Duration::from_millis(100))] {
        let host = host();
        host.fault("*", fault);
        let impatient = GitOptions {
            deadline: Duration::from_millis(700),
            ..options(&host)
        };
        let client = GitHosts::new(&Environment::default(), impatient);
        let started = std::time::Instant::now();
        let error = client.refs(&at(&host, "o/r")).await.unwrap_err();
        assert!(matches!(error.reason(), Reason::Deadline(_)), "{error}");
        assert!(started.elapsed() < Duration::from_secs(2));
    }
    let host = host();
    host.fault("*", Fault::hang());
    let idle = GitOptions {
        idle_timeout: Duration::from_millis(200),
        ..options(&host)
    };
    let client = GitHosts::new(&Environment::default(), idle);
    let error = client.refs(&at(&host, "o/r")).await.unwrap_err();
    let timeout = matches!(error.reason(), Reason::Unreachable(HttpError::Timeout));
    assert!(timeout, "{error}");
}

#[tokio::test]
async fn nothing_listens() {
    let gone = host().url("/");
    let repository = RemoteRepository::new(&url(&gone), "o/r").unwrap();
    let client = GitHosts::new(&Environment::default(), options(&host()));
    let error = client.refs(&repository).await.unwrap_err();
    let refused = matches!(error.reason(), Reason::Unreachable(HttpError::Connect(_)));
    assert!(refused, "{error}");
}

#[tokio::test]
async fn what_is_not_gits_protocol_is_refused() {
    let of_git = "application/x-git-upload-pack-result";
    for (kind, body, expected) in [
        ("text/html", "<html>Sign in</html>", "content type"),
        (of_git, "<html>Sign in</html>", "not git's protocol"),
        (of_git, "0003", "not git's protocol"),
        (of_git, "fff1", "not git's protocol"),
        (of_git, "0008", "ends within a line"),
        (of_git, "0001", "has no end"),
        (of_git, "0009hello0000", "not that of a ref"),
        (of_git, "000fERR \u{1b}[2J no", "it says: \u{fffd}[2J no"),
        (of_git, "", "without an answer"),
    ] {
        let host = host();
        let fault = Fault::status(200).header("Content-Type", kind).body(body);
        host.fault("*", fault);
        let (error, requests) = failure(&host).await;
        assert!(error.to_string().contains(expected), "{body:?}: {error}");
        let once_more = usize::from(body.is_empty());
        assert_eq!(requests, 1 + once_more, "{body:?}");
    }
}

#[tokio::test]
async fn names_that_git_does_not_allow_are_refused() {
    let id = "1".repeat(40);
    for name in [
        "a b", "a\nb", "a\u{7f}", "a..b", "/a", ".a", "a@{1", "", "a:b",
    ] {
        let line = format!("{id} refs/tags/{name}\n");
        let body = format!("{:04x}{line}0000", line.len() + 4);
        let host = host();
        let fault =
            Fault::status(200).header("Content-Type", "application/x-git-upload-pack-result");
        host.fault("*", fault.body(body));
        let found = client(&host).refs(&at(&host, "o/r")).await;
        // A space ends a name, as more about the ref may follow.
        match name {
            "a b" => assert!(found.unwrap().tags.contains_key("a")),
            name => assert!(found.is_err(), "{name:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_cut_off() {
    let host = host();
    let of_git = "application/x-git-upload-pack-result";
    host.fault("*", Fault::endless().header("Content-Type", of_git));
    // Zeros are no digits.
    let (error, _) = failure(&host).await;
    assert!(matches!(error.reason(), Reason::Malformed(_)), "{error}");
}

#[tokio::test]
async fn a_pack_that_is_none_is_refused() {
    let host = host();
    let id = commit(&"1".repeat(40));
    let client = client(&host);
    let refs = client.refs(&at(&host, "o/r")).await.unwrap();
    for (body, expected) in [
        ("000dpackfile\n0005\u{1}0000", "not complete"),
        (
            "000dpackfile\n0011\u{1}PICK\0\0\0\u{2}\0\0\0\x000000",
            "does not hold the commits",
        ),
        ("000dpackfile\n000a\u{3}broke0000", "it says: broke"),
        ("000dpackfile\n0006\u{4}x0000", "not git's protocol"),
        ("0000", "no pack"),
        ("0014acknowledgments\n", "no pack"),
    ] {
        let of_git = "application/x-git-upload-pack-result";
        let fault = Fault::status(200).header("Content-Type", of_git);
        host.fault("*", fault.body(body));
        let error = client
            .reach(&at(&host, "o/r"), &refs, &id)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{body:?}: {error}");
        assert!(error.to_string().contains("111111111111"), "{error}");
        let ids = std::slice::from_ref(&id);
        let error = client
            .commit_times(&at(&host, "o/r"), ids)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{body:?}: {error}");
    }
}

#[tokio::test]
async fn offline_only_named_hosts_are_asked() {
    let host = host();
    for (named, expected) in [(vec![host.host()], true), (vec![], false)] {
        let offline = GitOptions {
            offline: Some(named.into_iter().collect::<BTreeSet<_>>()),
            ..options(&host)
        };
        let client = GitHosts::new(&Environment::default(), offline);
        match client.refs(&at(&host, "o/r")).await {
            Ok(_) => assert!(expected),
            Err(error) => {
                assert!(
                    !expected && matches!(error.reason(), Reason::Offline),
                    "{error}"
                );
                assert!(error.hint().unwrap().contains("--offline"));
            }
        }
    }
    assert_eq!(host.requests().len(), 1);
}

#[tokio::test]
async fn plain_http_is_for_this_machine_and_named_hosts() {
    let host = host();
    let client = client(&host);
    let base = url("http://git.example.com");
    let repository = RemoteRepository::new(&base, "o/r").unwrap();
    let error = client.refs(&repository).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::Plain), "{error}");
    for target in [
        "http://git.example.com/o/r.git/git-upload-pack",
        "ftp://127.0.0.1/",
    ] {
        host.fault("*", Fault::redirect(target));
        let (error, _) = failure(&host).await;
        assert!(matches!(error.reason(), Reason::Redirect(_)), "{error}");
    }
}

//! Where tokens go, and where they do not.

use fullsend::forge::Reason;
use fullsend_testkit::git::GitHost;

use super::{at, client_in};

/// A host with `o/r`, which has one tag.
fn host() -> GitHost {
    let host = GitHost::start();
    let repository = host.repository("o/r");
    repository.tag("v1", &repository.commit(&[], "first", 1_700_000_000));
    host
}

fn shown(host: &GitHost) -> Vec<bool> {
    let requests = host.requests();
    let shown = requests
        .iter()
        .map(|one| one.header("authorization").is_some());
    shown.collect()
}

#[tokio::test]
async fn a_private_repository_opens_to_the_jobs_token() {
    let host = host();
    host.require_token("secret");
    let (url, name) = (host.url(""), host.host());
    for variables in [
        [("GITHUB_TOKEN", "secret"), ("GITHUB_SERVER_URL", &url)],
        [("GITLAB_TOKEN", "secret"), ("CI_SERVER_FQDN", &name)],
        [("CI_JOB_TOKEN", "secret"), ("CI_SERVER_FQDN", &name)],
    ] {
        host.clear_requests();
        let client = client_in(&host, &variables);
        assert_eq!(client.refs(&at(&host, "o/r")).await.unwrap().tags.len(), 1);
        assert_eq!(shown(&host), [true], "{variables:?}");
        assert!(!format!("{client:?}").contains("secret"));
    }
}

#[tokio::test]
async fn a_token_of_elsewhere_stays_at_home() {
    let host = host();
    let client = client_in(
        &host,
        &[
            ("GITHUB_TOKEN", "secret"),
            ("GITLAB_TOKEN", "secret"),
            ("CI_SERVER_HOST", "gitlab.example.com"),
        ],
    );
    client.refs(&at(&host, "o/r")).await.unwrap();
    assert_eq!(shown(&host), [false]);
}

#[tokio::test]
async fn a_token_that_is_refused_is_left_out_once() {
    for status in [401, 403] {
        let host = host();
        host.shut_out("secret", status);
        let url = host.url("");
        let variables = [("GITHUB_TOKEN", "secret"), ("GITHUB_SERVER_URL", &*url)];
        let client = client_in(&host, &variables);
        assert_eq!(client.refs(&at(&host, "o/r")).await.unwrap().tags.len(), 1);
        assert_eq!(shown(&host), [true, false]);
        // What is closed to everyone stays so, and the token's answer is told.
        host.require_token("other");
        host.clear_requests();
        let error = client.refs(&at(&host, "o/r")).await.unwrap_err();
        let Reason::Unauthorized(refusal) = error.reason() else {
            panic!("{error}");
        };
        assert!(refusal.with_token);
        assert!(!error.with_hint().contains("secret"));
        assert_eq!(shown(&host), [true, false]);
    }
}

#[tokio::test]
async fn a_redirect_does_not_take_the_token_to_another_host() {
    let (home, abroad) = (host(), host());
    home.rename("o/old", &abroad.url("/o/r"));
    abroad.rename("o/away", &home.url("/o/r"));
    let url = home.url("");
    let variables = [("GITHUB_TOKEN", "secret"), ("GITHUB_SERVER_URL", &*url)];
    let client = client_in(&home, &variables);
    let refs = client.refs(&at(&home, "o/old")).await.unwrap();
    assert_eq!(refs.moved_to, Some(at(&abroad, "o/r")));
    assert_eq!((shown(&home), shown(&abroad)), (vec![true], vec![false]));
    // Nor does a stranger's redirect make us show it at home, for what is private there.
    home.require_token("secret");
    home.clear_requests();
    let refs = client.refs(&at(&abroad, "o/away")).await;
    assert!(refs.is_err());
    assert_eq!(shown(&home), [false]);
}

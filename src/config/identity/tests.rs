//! Which certificates are accepted, and how requirements are made.

use super::{super::forge::GITHUB_ISSUER, *};

const RELEASE: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3";

fn workflow() -> Identity {
    Identity::GitHub {
        repository: "acme/app".to_owned(),
        workflow: Some(".github/workflows/release.yml".to_owned()),
        r#ref: Some("refs/tags/v*".parse().unwrap()),
    }
}

fn made(
    issuer: &str,
    host: Option<&str>,
    identity: Identity,
) -> Result<KeylessRequirement, ValueError> {
    let host = host.map(str::to_owned);
    KeylessRequirement::new(issuer.to_owned(), host, identity, SourceClaims::default())
}

fn github() -> KeylessRequirement {
    made(GITHUB_ISSUER, None, workflow()).unwrap()
}

fn claims() -> Claims {
    Claims {
        source_repository: Some("https://github.com/acme/app".to_owned()),
        source_ref: Some("refs/tags/v1.2.3".to_owned()),
        trigger: Some("push".to_owned()),
    }
}

#[test]
fn a_github_workflow_is_bound_as_a_whole() {
    let identity = github().identity;
    assert!(identity.matches(Some("github.com"), RELEASE));
    for bad in [
        RELEASE.replace("acme/app", "acme/app-evil"),
        RELEASE.replace("acme/app", "evil/acme/app"),
        RELEASE.replace("release.yml", "test.yml"),
        RELEASE.replace("github.com", "github.com.evil.example"),
        RELEASE.replace("https", "http"),
        RELEASE.replace("refs/tags/v1.2.3", "refs/heads/v1"),
        RELEASE.replace("refs/tags/v1.2.3", "refs/tags/v1/x"),
        RELEASE.replace("refs/tags/v1.2.3", ""),
        format!(" {RELEASE}"),
        String::new(),
    ] {
        assert!(!identity.matches(Some("github.com"), &bad), "{bad}");
    }
    assert!(!identity.matches(None, RELEASE));
}

#[test]
fn any_workflow_is_one_file() {
    let identity = Identity::GitHub {
        repository: "acme/app".to_owned(),
        workflow: None,
        r#ref: None,
    };
    assert!(identity.matches(Some("github.com"), RELEASE));
    for bad in [
        "https://github.com/acme/app/.github/workflows/a/b.yml@refs/heads/main",
        "https://github.com/acme/app/.github/workflows/x@refs/heads/main",
        "https://github.com/acme/app/other/a.yml@refs/heads/main",
        "https://github.com/acme/app/.github/workflows/a.yml@",
    ] {
        assert!(!identity.matches(Some("github.com"), bad), "{bad}");
    }
}

#[test]
fn a_gitlab_subject_has_two_slashes() {
    let identity = Identity::GitLab {
        project: "acme/team/app".to_owned(),
        config: Identity::GITLAB_CONFIG.to_owned(),
        r#ref: Some("refs/tags/*".parse().unwrap()),
    };
    let subject = "https://gitlab.com/acme/team/app//.gitlab-ci.yml@refs/tags/v1";
    assert!(identity.matches(Some("gitlab.com"), subject));
    assert!(!identity.matches(Some("gitlab.com"), &subject.replace("//.git", "/.git")));
    assert!(!identity.matches(Some("gitlab.com"), &subject.replace("team/app", "team")));
}

#[test]
fn issuer_and_claims_must_fit_too() {
    let wanted = github();
    assert_eq!(wanted.accepts(GITHUB_ISSUER, RELEASE, &claims()), Ok(()));
    let bare = Claims {
        source_repository: Some("acme/app".to_owned()),
        ..claims()
    };
    assert_eq!(wanted.accepts(GITHUB_ISSUER, RELEASE, &bare), Ok(()));
    let slash = format!("{GITHUB_ISSUER}/");
    assert!(wanted.accepts(&slash, RELEASE, &claims()).is_err());
    assert!(
        wanted
            .accepts(GITHUB_ISSUER, RELEASE, &Claims::default())
            .is_err()
    );
    let stranger = Claims {
        source_repository: Some("https://github.com/evil/caller".to_owned()),
        ..claims()
    };
    let error = wanted
        .accepts(GITHUB_ISSUER, RELEASE, &stranger)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificate's source repository is `https://github.com/evil/caller`, not `acme/app`"
    );
    let mut triggered = github();
    triggered.source.trigger = Some("release".to_owned());
    assert!(
        triggered
            .accepts(GITHUB_ISSUER, RELEASE, &claims())
            .is_err()
    );
    let mut from_main = github();
    from_main.source.r#ref = Some("refs/heads/main".parse().unwrap());
    assert!(
        from_main
            .accepts(GITHUB_ISSUER, RELEASE, &claims())
            .is_err()
    );
}

#[test]
fn a_forge_needs_a_host_and_its_own_issuer() {
    let gitlab = Identity::GitLab {
        project: "acme/app".to_owned(),
        config: Identity::GITLAB_CONFIG.to_owned(),
        r#ref: None,
    };
    assert_eq!(github().host.as_deref(), Some("github.com"));
    let ghes = "https://ghes.example";
    let error = made(ghes, None, workflow()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the issuer does not tell the forge's host"
    );
    let named = made(ghes, Some("ghes.example"), workflow()).unwrap();
    let subject = RELEASE.replace("github.com", "ghes.example");
    assert_eq!(named.accepts(ghes, &subject, &claims()), Ok(()));
    assert!(named.accepts(ghes, RELEASE, &claims()).is_err());
    let error = made(GITHUB_ISSUER, Some("ghes.example"), workflow()).unwrap_err();
    assert_eq!(
        error.hint().unwrap(),
        "the issuer of that host is `https://ghes.example/_services/token`"
    );
    assert!(made(GITHUB_ISSUER, None, gitlab.clone()).is_err());
    let moved = made(
        "https://id.acme.example",
        Some("git.acme.example"),
        gitlab.clone(),
    );
    assert_eq!(moved.unwrap().host.as_deref(), Some("git.acme.example"));
    for identity in [workflow(), gitlab] {
        for host in [None, Some("acme.ghe.com"), Some("git.acme.example:8443")] {
            let issuer = identity.usual_issuer(host).unwrap();
            let told = made(&issuer, None, identity.clone()).unwrap().host;
            let usual = ["github.com", "gitlab.com"].contains(&told.as_deref().unwrap());
            assert_eq!(usual, host.is_none(), "{issuer}");
            assert!(host.is_none() || told.as_deref() == host, "{issuer}");
        }
    }
}

#[test]
fn only_a_workflow_of_github_has_a_source_by_default() {
    assert_eq!(github().source.repository.as_deref(), Some("acme/app"));
    let source = SourceClaims {
        repository: Some("acme/caller".to_owned()),
        ..SourceClaims::default()
    };
    let called =
        KeylessRequirement::new(GITHUB_ISSUER.to_owned(), None, workflow(), source).unwrap();
    assert_eq!(called.source.repository.as_deref(), Some("acme/caller"));
    let exact = made(GITHUB_ISSUER, None, Identity::Exact(RELEASE.to_owned())).unwrap();
    assert_eq!(exact.source, SourceClaims::default());
    assert!(!github().is_same_signer(&called) && github().is_same_signer(&github()));
}

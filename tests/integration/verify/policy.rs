//! fullsend.yaml's rules: which one applies, and whom it accepts.

use Verdict::{Untrusted, Verified};
use fullsend_testkit::signing::{Flaw, claim};

use super::*;

fn two_keys(rules: &str, first: &SigningKey, second: &SigningKey) -> Asked {
    let variables = [("A", first.public_pem()), ("B", second.public_pem())];
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, pem)| (*name, pem.as_str()))
        .collect();
    Asked::rules(rules, &variables)
}

const KEY_A: &str = "{key: 'env://A', insecure_ignore_tlog: true}";
const KEY_B: &str = "{key: 'env://B', insecure_ignore_tlog: true}";

#[tokio::test]
async fn the_first_rule_that_matches_decides() {
    let (a, b, scene) = (SigningKey::p256(), SigningKey::p256(), Scene::new());
    scene.bundle(&Signing::with_key(&b).bundle(scene.digest()));
    let rules = |first: &str| {
        format!(
            "- {{match: '{first}', key: 'env://A', insecure_ignore_tlog: true}}\n\
             - {{match: '127.0.0.1:*/acme/*', key: 'env://B', insecure_ignore_tlog: true}}"
        )
    };
    for (first, rule, expected) in [
        ("**/agent", 0, Untrusted),
        ("127.0.0.1:*/**", 0, Untrusted),
        ("127.0.0.1:*/*", 1, Verified),
        ("ghcr.io/acme/agent", 1, Verified),
        ("127.0.0.1:*/acme/agen", 1, Verified),
    ] {
        let verification = scene.verify(&two_keys(&rules(first), &a, &b)).await;
        assert_verdict(&verification, expected, first);
        assert_eq!(verification.rule, Some(rule));
    }
}

#[tokio::test]
async fn an_image_that_no_rule_matches_is_untrusted_and_nothing_is_fetched() {
    let (key, scene) = (SigningKey::p256(), Scene::new());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let rule = "- {match: 'ghcr.io/**', key: 'env://KEY', insecure_ignore_tlog: true}";
    let asked = Asked::rules(rule, &[("KEY", &key.public_pem())]);
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Untrusted, "no rule");
    assert_eq!(verification.rule, None);
    assert!(scene.registry.requests().is_empty());
}

#[tokio::test]
async fn any_of_several_and_the_rotation_of_a_key() {
    let (a, b, stranger) = (SigningKey::p256(), SigningKey::p384(), SigningKey::p256());
    let rule = format!("- {{match: '**', any: [{KEY_A}, {KEY_B}]}}");
    let asked = two_keys(&rule, &a, &b);
    for (key, expected) in [(&a, Verified), (&b, Verified), (&stranger, Untrusted)] {
        let (scene, old) = (Scene::new(), Scene::new());
        let signing = Signing::with_key(key);
        scene.bundle(&signing.bundle(scene.digest()));
        old.legacy(&legacy(&signing, old.digest()));
        for scene in [scene, old] {
            let verification = scene.verify(&asked).await;
            assert_verdict(&verification, expected, key.fingerprint());
            if expected == Verified {
                let by = verification.accepted().unwrap().identity.clone();
                assert_eq!(by, Some(key.fingerprint()));
            }
        }
    }
}

#[tokio::test]
async fn each_key_has_its_own_permission_to_be_in_no_log() {
    let (a, b) = (SigningKey::p256(), SigningKey::p256());
    let rule = format!("- {{match: '**', any: [{{key: 'env://A'}}, {KEY_B}]}}");
    let asked = two_keys(&rule, &a, &b).trusting(&Sigstore::new());
    for (key, expected) in [(&a, Verdict::Invalid), (&b, Verified)] {
        let scene = Scene::new();
        scene.bundle(&Signing::with_key(key).bundle(scene.digest()));
        assert_verdict(&scene.verify(&asked).await, expected, key.fingerprint());
    }
}

#[tokio::test]
async fn a_key_or_a_certificate() {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    let rule = format!(
        "- {{match: '**', any: [{KEY_A}, {{keyless: {{issuer: '{}', identity: '{}'}}}}]}}",
        ci().issuer(),
        ci().name()
    );
    let asked = two_keys(&rule, &key, &key).trusting(&pki);
    for signing in [Signing::with_key(&key), Signing::keyless(&pki, ci())] {
        let scene = Scene::new();
        scene.bundle(&signing.bundle(scene.digest()));
        assert_verdict(&scene.verify(&asked).await, Verified, "either");
        let scene = Scene::new();
        scene.bundle(&signing.flaw(Flaw::Signature).bundle(scene.digest()));
        assert_verdict(&scene.verify(&asked).await, Verdict::Invalid, "broken");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_read_are_usage_errors_that_name_their_place() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::p256();
    key.write(folder.path()).unwrap();
    let rule = |key: &str| format!("- {{match: '**', key: '{key}', insecure_ignore_tlog: true}}");
    for (source, expected) in [
        ("missing.pub", "missing.pub"),
        ("cosign.key", "private key"),
        ("cosign.key", "cosign.key"),
        ("env://UNSET", "UNSET"),
        ("env://BAD", "BAD"),
    ] {
        let mut asked = Asked::rules(&rule(source), &[("BAD", "no key")]);
        folder.path().clone_into(&mut asked.folder);
        let error = scene.try_verify(":1", &asked).await.unwrap_err();
        assert!(error.contains(expected), "{source}: {error}");
        assert!(!error.contains("BEGIN PRIVATE"), "{error}");
    }
    let mut asked = Asked::rules(&rule("cosign.pub"), &[]);
    folder.path().clone_into(&mut asked.folder);
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    assert_verdict(
        &scene.verify(&asked).await,
        Verified,
        "beside fullsend.yaml",
    );
}

#[test]
fn policies_that_accept_nobody_or_anybody_are_refused() {
    for (rules, expected) in [
        ("[]", "policy is empty"),
        ("- {match: '**', any: []}", "names no signer"),
        ("- {match: '**'}", "whose signature"),
        ("- {key: a.pub}", "match"),
        ("- {match: '**', key: a.pub, any: [{key: b.pub}]}", "both"),
        ("- {match: '**', key: 'awskms:///alias/x'}", "awskms"),
        (
            "- {match: '**', key: 'https://evil.example/a.pub'}",
            "never fetched",
        ),
        (
            "- {match: '**', keyless: {issuer: 'https://gitlab.com'}}",
            "anyone could sign",
        ),
        ("- {match: '**', keyless: {identity: x}}", "issuer"),
        (
            "- {match: '**', keyless: {issuer: 'https://gitlab.com', identity_regexp: '.*'}}",
            "empty subject",
        ),
        ("- {match: '**', all: []}", "names no signer"),
        (
            "- {match: '**', threshold: {count: 0, of: [{key: a.pub}]}}",
            "count",
        ),
        (
            "- {match: '**', key: a.pub, attestations: []}",
            "attestations",
        ),
    ] {
        let text = format!(
            "version: 1\nverify: {}{rules}\n",
            if rules == "[]" { "" } else { "\n" }
        );
        let error = config::parse(text.as_bytes(), "fullsend.yaml").unwrap_err();
        assert!(
            error.render(false).contains(expected),
            "{rules}: {}",
            error.render(false)
        );
    }
}

/// A policy of one keyless rule, and the verdict on what `identity` signs.
async fn verdict_on(pki: &Sigstore, keyless: &str, identity: &Identity) -> Verification {
    let rule = format!("- {{match: '**', keyless: {{{keyless}}}}}");
    let asked = Asked::rules(&rule, &[]).trusting(pki);
    let scene = Scene::new();
    scene.bundle(&Signing::keyless(pki, identity.clone()).bundle(scene.digest()));
    scene.verify(&asked).await
}

const GITHUB: &str = "issuer: 'https://token.actions.githubusercontent.com', repository: acme/agent, \
    workflow: .github/workflows/release.yml, ref: 'refs/tags/v*'";

#[tokio::test]
async fn a_github_workflow() {
    let pki = Sigstore::new();
    let of = |repository: &str, workflow: &str, reference: &str| {
        let workflow = format!(".github/workflows/{workflow}");
        Identity::github(repository, &workflow, reference)
    };
    for (identity, expected) in [
        (ci(), Verified),
        (of("acme/agent", "release.yml", "refs/tags/v1/x"), Untrusted),
        (of("acme/agent", "release.yml", "refs/heads/v1"), Untrusted),
        (of("acme/agent", "test.yml", "refs/tags/v1"), Untrusted),
        (
            of("acme/agent-evil", "release.yml", "refs/tags/v1"),
            Untrusted,
        ),
        (of("evil/agent", "release.yml", "refs/tags/v1"), Untrusted),
        (
            ci().issued_by("https://token.actions.githubusercontent.com.evil"),
            Untrusted,
        ),
        // Reusable: the workflow is ours, and somebody else called it.
        (
            ci().claim(
                claim::SOURCE_REPOSITORY_URI,
                "https://github.com/evil/caller",
            ),
            Untrusted,
        ),
        (ci().without_claim(claim::SOURCE_REPOSITORY_URI), Untrusted),
    ] {
        let verification = verdict_on(&pki, GITHUB, &identity).await;
        assert_verdict(&verification, expected, &identity);
    }
}

#[tokio::test]
async fn a_reusable_workflow_and_its_callers() {
    let pki = Sigstore::new();
    let rule = format!(
        "{GITHUB}, source_repository: acme/caller, source_ref: refs/heads/main, trigger: push"
    );
    let call = |repository: &str, reference: &str, trigger: &str| {
        ci().claim(claim::SOURCE_REPOSITORY_URI, repository)
            .claim(claim::SOURCE_REPOSITORY_REF, reference)
            .claim(claim::BUILD_TRIGGER, trigger)
    };
    let caller = "https://github.com/acme/caller";
    for (identity, expected) in [
        (call(caller, "refs/heads/main", "push"), Verified),
        (call(caller, "refs/heads/fork", "push"), Untrusted),
        (
            call(caller, "refs/heads/main", "pull_request_target"),
            Untrusted,
        ),
        (
            call(
                "https://github.com/acme/caller-evil",
                "refs/heads/main",
                "push",
            ),
            Untrusted,
        ),
        (ci(), Untrusted),
    ] {
        let verification = verdict_on(&pki, &rule, &identity).await;
        assert_verdict(&verification, expected, &identity);
    }
}

#[tokio::test]
async fn a_gitlab_pipeline() {
    let pki = Sigstore::new();
    let rule = "issuer: 'https://gitlab.com', gitlab_project: acme/team/agent, ref: 'refs/tags/*'";
    let of =
        |project: &str, config: &str, reference: &str| Identity::gitlab(project, config, reference);
    for (identity, expected) in [
        (
            of("acme/team/agent", ".gitlab-ci.yml", "refs/tags/v1"),
            Verified,
        ),
        (
            of("acme/team/agent", ".gitlab-ci.yml", "refs/heads/main"),
            Untrusted,
        ),
        (
            of("acme/team/agent", "other.yml", "refs/tags/v1"),
            Untrusted,
        ),
        (
            of("acme/agent", ".gitlab-ci.yml", "refs/tags/v1"),
            Untrusted,
        ),
        (
            of("evil/acme/team/agent", ".gitlab-ci.yml", "refs/tags/v1"),
            Untrusted,
        ),
    ] {
        let verification = verdict_on(&pki, rule, &identity).await;
        assert_verdict(&verification, expected, &identity);
    }
}

#[tokio::test]
async fn an_expression_covers_the_whole_subject() {
    let pki = Sigstore::new();
    let rule = |regexp: &str| {
        format!(
            "issuer: 'https://token.actions.githubusercontent.com', identity_regexp: '{regexp}'"
        )
    };
    let evil = Identity::github("acme/agent-evil", ".github/workflows/x.yml", "refs/tags/v1");
    for (regexp, identity, expected) in [
        (r"https://github\.com/acme/agent", ci(), Untrusted),
        (r"https://github\.com/acme/agent/.*", ci(), Verified),
        (
            r"https://github\.com/acme/agent/.*",
            evil.clone(),
            Untrusted,
        ),
        (r"x|https://github\.com/acme/agent", evil, Untrusted),
    ] {
        let verification = verdict_on(&pki, &rule(regexp), &identity).await;
        assert_verdict(&verification, expected, (regexp, identity.name()));
    }
}

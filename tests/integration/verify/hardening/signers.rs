//! Who signed, and how many.

use super::*;

#[tokio::test]
async fn point_07_an_identity_is_matched_whole_and_a_careless_one_is_warned_of() {
    let pki = Sigstore::new();
    let of = |repository: &str| {
        Identity::github(repository, ".github/workflows/x.yml", "refs/heads/main")
    };
    let issuer = ci().issuer().to_owned();
    let regexp = |regexp: &str| format!("issuer: '{issuer}', identity_regexp: '{regexp}'");
    let open = regexp(r"https://github\.com/fullsend-ai/fullsend");
    let whole = regexp(r"https://github\.com/fullsend-ai/fullsend/.*");
    let structured = format!(
        "issuer: '{issuer}', repository: fullsend-ai/fullsend, \
         workflow: .github/workflows/x.yml, ref: refs/heads/main"
    );
    let (ours, evil) = (of("fullsend-ai/fullsend"), of("fullsend-ai/fullsend-evil"));
    // Called from our own repository, so that nothing but the subject tells.
    let source = "https://github.com/fullsend-ai/fullsend";
    let evil = evil.claim(claim::SOURCE_REPOSITORY_URI, source);
    for (rule, identity, expected) in [
        (&open, &evil, Untrusted),
        (&whole, &evil, Untrusted),
        (&whole, &ours, Verified),
        (&structured, &evil, Untrusted),
        (&structured, &ours, Verified),
    ] {
        assert_keyless(&pki, rule, identity, expected).await;
    }
    for (careless, says) in [
        ("https://github.com/a/b/.*", "unescaped `.`"),
        (r"https://github\.com/a/b", "cosign does not anchor"),
    ] {
        let rule = format!(
            "version: 1\nverify:\n- {{match: '**', keyless: {{{}}}}}",
            regexp(careless)
        );
        let warnings = config::parse(rule.as_bytes(), "fullsend.yaml")
            .unwrap()
            .warnings();
        assert!(warnings.concat().contains(says), "{warnings:?}");
    }
}

#[tokio::test]
async fn point_08_the_issuer_is_named_and_exact_and_an_empty_policy_is_an_error() {
    let pki = Sigstore::new();
    let issuer = ci().issuer().to_owned();
    let rule = format!("issuer: '{issuer}', identity: '{}'", ci().name());
    assert_keyless(&pki, &rule, &ci(), Verified).await;
    for suffix in [".evil.example", "/", "/other"] {
        let other = ci().issued_by(&format!("{issuer}{suffix}"));
        assert_keyless(&pki, &rule, &other, Untrusted).await;
    }
    let unnamed = refusal("\n- {match: '**', keyless: {identity: x}}");
    assert!(unnamed.contains("`issuer` is missing"), "{unnamed}");
    for (empty, says) in [
        (" []", "policy is empty"),
        ("\n- {match: '**'}", "whose signature"),
        ("\n- {match: '**', any: []}", "names no signer"),
    ] {
        let refused = refusal(empty);
        assert!(refused.contains(says), "{refused}");
    }
}

#[tokio::test]
async fn point_09_the_caller_of_a_reusable_workflow_is_asked_for_too() {
    let pki = Sigstore::new();
    let rule = format!(
        "issuer: '{}', repository: acme/agent, workflow: .github/workflows/release.yml, \
         ref: 'refs/tags/*'",
        ci().issuer()
    );
    let called = |repository: &str, reference: &str, trigger: &str| {
        let url = format!("https://github.com/{repository}");
        ci().claim(claim::SOURCE_REPOSITORY_URI, &url)
            .claim(claim::SOURCE_REPOSITORY_REF, reference)
            .claim(claim::BUILD_TRIGGER, trigger)
    };
    let main = "refs/heads/main";
    // The workflow's own repository, unless the rule names another.
    assert_keyless(&pki, &rule, &called("acme/agent", main, "push"), Verified).await;
    assert_keyless(&pki, &rule, &called("evil/agent", main, "push"), Untrusted).await;
    let rule = format!("{rule}, source_repository: acme/caller, source_ref: {main}, trigger: push");
    for (identity, expected) in [
        (called("acme/caller", main, "push"), Verified),
        (called("evil/caller", main, "push"), Untrusted),
        (called("acme/caller", "refs/heads/fork", "push"), Untrusted),
        (
            called("acme/caller", main, "pull_request_target"),
            Untrusted,
        ),
    ] {
        assert_keyless(&pki, &rule, &identity, expected).await;
    }
}

#[tokio::test]
async fn point_11_conditions_hold_on_one_signature_and_a_threshold_counts_signers() {
    let pki = Sigstore::new();
    let evil = Identity::github("evil/agent", ".github/workflows/x.yml", "refs/heads/main");
    let elsewhere = ci().issued_by("https://gitlab.com");
    // One has the issuer, the other the subject.
    let scene = Scene::new();
    for identity in [evil.issued_by(ci().issuer()), elsewhere] {
        scene.bundle(&Signing::keyless(&pki, identity).bundle(scene.digest()));
    }
    let asked = Asked::keyless(&pki, &ci());
    assert_verdict(&scene.verify(&asked).await, Untrusted, "half and half");

    let (a, b) = (SigningKey::p256(), SigningKey::p256());
    let (pem_a, pem_b) = (a.public_pem(), b.public_pem());
    let keys = [("A", &*pem_a), ("A2", &*pem_a), ("B", &*pem_b)];
    let leaf = |name: &str| format!("{{key: 'env://{name}', insecure_ignore_tlog: true}}");
    let of = ["A", "A2", "B"].map(leaf).join(", ");
    let rule = format!("- {{match: '**', threshold: {{count: 2, of: [{of}]}}}}");
    let asked = Asked::rules(&rule, &keys);
    let scene = Scene::new();
    for _ in 0..2 {
        scene.bundle(&Signing::with_key(&a).bundle(scene.digest()));
    }
    let verification = scene.try_verify(":1", &asked).await.unwrap();
    assert_verdict(&verification, Untrusted, "one signer twice");
    scene.bundle(&Signing::with_key(&b).bundle(scene.digest()));
    assert_verdict(&scene.verify(&asked).await, Verified, "two signers");

    // Both must attest to it: one attestation has the value, the other the second signer.
    let rule = format!(
        "- {{match: '**', any: [{}], attestations: [{{type: 'https://x.test/v1', \
         predicate: {{/ok: [true]}}, all: [{}, {}]}}]}}",
        leaf("A"),
        leaf("A"),
        leaf("B")
    );
    let asked = Asked::rules(&rule, &keys);
    let attest = |key: &SigningKey, ok: bool| {
        let predicate = format!("{{\"ok\":{ok}}}");
        scene.bundle(&Signing::with_key(key).statement(
            scene.digest(),
            "https://x.test/v1",
            &predicate,
        ));
    };
    attest(&a, true);
    attest(&b, false);
    let verification = scene.try_verify(":1", &asked).await.unwrap();
    assert_verdict(&verification, Untrusted, "the second says otherwise");
    attest(&b, true);
    assert_verdict(&scene.verify(&asked).await, Verified, "both say so");
}

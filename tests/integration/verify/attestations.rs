//! Attestations that a rule demands beside a signature: their type, signer, place and predicate.

use std::process::Command;

use Verdict::{Invalid, Unavailable, Unsigned, Untrusted, Verified};
use fullsend_testkit::{
    registry::Fault,
    signing::{AttestationEntry, Flaw, SIGN_PREDICATE, SLSA_PREDICATE},
};

use super::*;

const SLSA_02: &str = "https://slsa.dev/provenance/v0.2";
const SPDX: &str = "https://spdx.dev/Document/v2.3";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";

const PROVENANCE_02: &str = r#"{"builder":{"id":"https://b.test/1"},"buildType":"https://b.test/type","invocation":{"configSource":{"uri":"git+https://github.com/acme/agent@refs/tags/v1"}}}"#;
const PROVENANCE_1: &str = r#"{"buildDefinition":{"buildType":"https://b.test/type","externalParameters":{"workflow":{"repository":"https://github.com/acme/agent"}}},"runDetails":{"builder":{"id":"https://b.test/1"}}}"#;

/// An image that A has signed; B signs attestations only.
struct Attested {
    scene: Scene,
    a: SigningKey,
    b: SigningKey,
}

impl Attested {
    fn new() -> Self {
        let attested = Self {
            scene: Scene::new(),
            a: SigningKey::p256(),
            b: SigningKey::p256(),
        };
        let signature = Signing::with_key(&attested.a).bundle(attested.scene.digest());
        attested.scene.bundle(&signature);
        attested
    }

    /// Asks for A's signature and these attestations.
    fn asked(&self, demanded: &str) -> Asked {
        let rule = format!(
            "- {{match: '**', key: 'env://A', insecure_ignore_tlog: true, attestations: [{demanded}]}}"
        );
        let (a, b) = (self.a.public_pem(), self.b.public_pem());
        Asked::rules(&rule, &[("A", &a), ("B", &b)])
    }

    async fn verdict(&self, demanded: &str) -> Verification {
        self.scene.verify(&self.asked(demanded)).await
    }

    fn statement(&self, predicate_type: &str, predicate: &str) -> Bundle {
        Signing::with_key(&self.a).statement(self.scene.digest(), predicate_type, predicate)
    }
}

#[tokio::test]
async fn a_demanded_attestation_by_the_images_signer() {
    let attested = Attested::new();
    let verification = attested.verdict("{type: slsaprovenance1}").await;
    assert_verdict(&verification, Untrusted, "none");
    let reason = verification.reason.as_deref();
    assert_eq!(reason, Some("it has no attestation `slsaprovenance1`"));
    attested.scene.bundle(&attested.statement(SPDX, "{}"));
    let verification = attested.verdict("{type: slsaprovenance1}").await;
    assert_verdict(&verification, Untrusted, "of another type");
    attested
        .scene
        .bundle(&attested.statement(SLSA_PREDICATE, PROVENANCE_1));
    let verification = attested.verdict("{type: slsaprovenance1}").await;
    assert_verdict(&verification, Verified, "provenance");
    let types: Vec<_> = verification
        .attestations
        .iter()
        .map(|row| row.predicate_type.as_deref())
        .collect();
    assert_eq!(types, [Some(SLSA_PREDICATE)]);
    assert_eq!(verification.signatures.len(), 1);
    let both = "{type: slsaprovenance1}, {type: spdxjson}";
    assert_verdict(&attested.verdict(both).await, Verified, "two");
    let three = "{type: slsaprovenance1}, {type: spdxjson}, {type: vuln}";
    assert_verdict(&attested.verdict(three).await, Untrusted, "three");
}

#[tokio::test]
async fn an_attestation_by_a_signer_of_its_own() {
    let by_b = "{type: slsaprovenance1, key: 'env://B', insecure_ignore_tlog: true}";
    let attested = Attested::new();
    let digest = attested.scene.digest();
    let made_by = |key: &SigningKey| Signing::with_key(key).attestation(digest);
    attested.scene.bundle(&made_by(&attested.a));
    let verification = attested.verdict(by_b).await;
    assert_verdict(&verification, Untrusted, "by the image's signer");
    assert_eq!(verification.attestations[0].verdict, Untrusted);
    attested.scene.bundle(&made_by(&SigningKey::p256()));
    attested.scene.bundle(&made_by(&attested.b));
    let verification = attested.verdict(by_b).await;
    assert_verdict(&verification, Verified, "beside a stranger's");
    // B may attest and not sign.
    let attested = Attested::new();
    let scene = Scene::new();
    let digest = scene.digest();
    scene.bundle(&Signing::with_key(&attested.b).bundle(digest));
    scene.bundle(&Signing::with_key(&attested.b).attestation(digest));
    let verification = scene.verify(&attested.asked(by_b)).await;
    assert_verdict(&verification, Untrusted, "signed by B");
}

#[tokio::test]
async fn one_type_demanded_of_two_signers() {
    let by = |key: &str, builder: &str| {
        format!(
            "{{type: slsaprovenance1, key: 'env://{key}', insecure_ignore_tlog: true, builder: '{builder}'}}"
        )
    };
    let both = format!(
        "{}, {}",
        by("A", "https://b.test/1"),
        by("B", "https://b.test/2")
    );
    let predicate = |builder: &str| PROVENANCE_1.replace("https://b.test/1", builder);
    for (of_a, of_b, expected) in [
        ("https://b.test/1", "https://b.test/2", Verified),
        ("https://b.test/2", "https://b.test/1", Untrusted),
        ("https://b.test/1", "https://b.test/1", Untrusted),
    ] {
        let attested = Attested::new();
        let digest = attested.scene.digest().to_owned();
        for (key, builder) in [(&attested.a, of_a), (&attested.b, of_b)] {
            let signing = Signing::with_key(key);
            let bundle = signing.statement(&digest, SLSA_PREDICATE, &predicate(builder));
            attested.scene.bundle(&bundle);
        }
        let verification = attested.verdict(&both).await;
        assert_verdict(&verification, expected, (of_a, of_b));
        // A row that no demand counts is not shown as if one did.
        let accepted = |row: &&Signature| row.verdict == Verified;
        let rows = verification.attestations.iter().filter(accepted).count();
        assert_eq!(rows == 2, expected == Verified, "{verification:#?}");
    }
}

#[tokio::test]
async fn conditions_on_what_it_says() {
    for (kind, predicate_type, predicate, conditions) in [
        (
            "slsaprovenance",
            SLSA_02,
            PROVENANCE_02,
            &[
                ("builder: 'https://b.test/1'", Verified),
                ("builder: 'https://b.test/2'", Untrusted),
                (
                    "builder: ['https://b.test/2', 'https://b.test/1']",
                    Verified,
                ),
                ("build_type: 'https://b.test/type'", Verified),
                ("source: 'https://github.com/acme/agent'", Verified),
                ("source: 'https://github.com/acme/agent-evil'", Untrusted),
            ] as &[(&str, Verdict)],
        ),
        (
            "slsaprovenance1",
            SLSA_PREDICATE,
            PROVENANCE_1,
            &[
                ("builder: 'https://b.test/1'", Verified),
                ("builder: 'https://b.test'", Untrusted),
                ("source: 'https://github.com/acme/agent'", Verified),
                ("source: 'https://github.com/acme'", Untrusted),
                ("build_type: 'https://b.test/other'", Untrusted),
            ],
        ),
        (
            "spdxjson",
            SPDX,
            r#"{"spdxVersion":"SPDX-2.3","packages":[{"name":"a"}]}"#,
            &[
                ("predicate: {/spdxVersion: SPDX-2.3}", Verified),
                ("predicate: {/spdxVersion: [SPDX-2.2, SPDX-2.3]}", Verified),
                ("predicate: {/packages/0/name: a}", Verified),
                ("predicate: {/packages/1/name: a}", Untrusted),
            ],
        ),
        (
            "cyclonedx",
            CYCLONEDX,
            r#"{"bomFormat":"CycloneDX","version":1}"#,
            &[
                ("predicate: {/bomFormat: CycloneDX, /version: 1}", Verified),
                ("predicate: {/bomFormat: CycloneDX, /version: 2}", Untrusted),
                ("predicate: {/version: '1'}", Untrusted),
            ],
        ),
    ] {
        let attested = Attested::new();
        attested
            .scene
            .bundle(&attested.statement(predicate_type, predicate));
        for (condition, expected) in conditions {
            let demanded = format!("{{type: {kind}, {condition}}}");
            let verification = attested.verdict(&demanded).await;
            assert_verdict(&verification, *expected, &demanded);
            assert_eq!(verification.attestations[0].verdict, *expected);
            if *expected == Untrusted {
                let reason = verification.reason.unwrap();
                assert!(reason.contains("the predicate's"), "{reason}");
            }
        }
    }
}

#[tokio::test]
async fn conditions_hold_on_one_attestation_together() {
    let attested = Attested::new();
    let demanded =
        "{type: slsaprovenance1, builder: 'https://b.test/1', build_type: 'https://b.test/type'}";
    for (from, to) in [("b.test/1", "b.test/2"), ("b.test/type", "b.test/other")] {
        let half = PROVENANCE_1.replace(from, to);
        attested
            .scene
            .bundle(&attested.statement(SLSA_PREDICATE, &half));
    }
    let verification = attested.verdict(demanded).await;
    assert_verdict(&verification, Untrusted, "two halves");
    attested
        .scene
        .bundle(&attested.statement(SLSA_PREDICATE, PROVENANCE_1));
    let verification = attested.verdict(demanded).await;
    assert_verdict(&verification, Verified, "and a whole one beside them");
}

/// Puts a bundle beside the image in one way or another.
type Put<'a> = &'a dyn Fn(&Attested, &Bundle);

#[tokio::test]
async fn wherever_it_lies() {
    let places: [(&str, Put<'_>); 4] = [
        ("annotated", &|attested, bundle| {
            attested.scene.bundle(bundle);
        }),
        ("not annotated", &|attested, bundle| {
            attested.scene.bundle_called(bundle, None);
        }),
        ("annotated as a signature", &|attested, bundle| {
            attested.scene.bundle_called(bundle, Some(SIGN_PREDICATE));
        }),
        ("by the fallback tag", &|attested, bundle| {
            let signature = Signing::with_key(&attested.a).bundle(attested.scene.digest());
            attested.scene.fallback(&signature);
            attested.scene.fallback(bundle);
        }),
    ];
    for (place, put) in places {
        let attested = Attested::new();
        put(&attested, &attested.statement(SLSA_PREDICATE, PROVENANCE_1));
        let verification = attested.verdict("{type: slsaprovenance1}").await;
        assert_verdict(&verification, Verified, place);
        assert_eq!(verification.signatures.len(), 1, "{place}");
    }
}

#[tokio::test]
async fn legacy_attestations_in_either_entry() {
    let pki = Sigstore::new();
    let (issuer, name) = (ci().issuer().to_owned(), ci().name().to_owned());
    let rule = format!(
        "- {{match: '**', keyless: {{issuer: '{issuer}', identity: '{name}'}}, \
         attestations: [{{type: slsaprovenance1, builder: 'https://example.test/builder'}}]}}"
    );
    let asked = Asked::rules(&rule, &[]).trusting(&pki);
    for entry in [AttestationEntry::Dsse, AttestationEntry::Intoto] {
        let scene = Scene::new();
        let signing = Signing::keyless(&pki, ci());
        scene.bundle(&signing.bundle(scene.digest()));
        scene.legacy_attestation(&signing.legacy_attestation(scene.digest(), entry));
        let verification = scene.verify(&asked).await;
        assert_verdict(&verification, Verified, entry);
        assert!(verification.attestations[0].log.is_some());
        let broken = signing.flaw(Flaw::Signature);
        scene.legacy_attestation(&broken.legacy_attestation(scene.digest(), entry));
        assert_verdict(&scene.verify(&asked).await, Invalid, entry);
        let stranger = Identity::github("evil/agent", ".github/workflows/x.yml", "refs/heads/x");
        let stranger = Signing::keyless(&pki, stranger);
        scene.legacy_attestation(&stranger.legacy_attestation(scene.digest(), entry));
        assert_verdict(&scene.verify(&asked).await, Untrusted, entry);
    }
}

#[tokio::test]
async fn of_the_index_or_of_the_manifest() {
    for on_index in [true, false] {
        let image = agent("amd64");
        let mut attested = Attested::new();
        attested.scene = Scene::of(Image::index([image.clone(), agent("arm64")]));
        let signing = Signing::with_key(&attested.a);
        let digest = attested.scene.digest().to_owned();
        attested.scene.bundle(&signing.bundle(&digest));
        if on_index {
            attested.scene.bundle(&signing.attestation(&digest));
        } else {
            let attestation = signing.attestation(image.digest());
            attested.scene.bundle_to(&image.manifest, &attestation);
        }
        let mut asked = attested.asked("{type: slsaprovenance1}");
        let verification = attested.scene.verify(&asked).await;
        assert_verdict(&verification, Verified, on_index);
        // The neighbour's is not its own.
        asked.wanted = Wanted::Platform("linux/arm64".parse().unwrap());
        let expected = if on_index { Verified } else { Untrusted };
        assert_verdict(&attested.scene.verify(&asked).await, expected, on_index);
    }
}

#[tokio::test]
async fn attestations_and_signatures_never_stand_for_each_other() {
    let attested = Attested::new();
    let scene = Scene::new();
    for number in 0..2 {
        let predicate = format!("{{\"n\":{number}}}");
        let signing = Signing::with_key(&attested.a);
        scene.bundle(&signing.statement(scene.digest(), SLSA_PREDICATE, &predicate));
    }
    let asked = attested.asked("{type: slsaprovenance1}");
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Unsigned, "attested twice, and not signed");
    assert_eq!(verification.attestations.len(), 2);
    // A signature that calls itself an attestation.
    let signature = Signing::with_key(&attested.a).bundle(scene.digest());
    scene.bundle_called(&signature, Some(SLSA_PREDICATE));
    scene.bundle_called(&signature, None);
    let attested = Attested::new();
    let signature = Signing::with_key(&attested.a).bundle(attested.scene.digest());
    attested
        .scene
        .bundle_called(&signature, Some(SLSA_PREDICATE));
    let verification = attested.verdict("{type: slsaprovenance1}").await;
    assert_verdict(&verification, Untrusted, "signed twice, and not attested");
    assert_eq!(verification.attestations, []);
}

#[tokio::test]
async fn what_is_attested_of_another_digest_or_called_what_it_is_not() {
    let attested = Attested::new();
    let signing = Signing::with_key(&attested.a);
    attested.scene.bundle(&signing.attestation(&elsewhere()));
    let verification = attested.verdict("{type: slsaprovenance1}").await;
    assert_verdict(&verification, Invalid, "of another image");
    let attested = Attested::new();
    let spdx = attested.statement(SPDX, "{}");
    attested.scene.bundle_called(&spdx, Some(SLSA_PREDICATE));
    let verification = attested.verdict("{type: slsaprovenance1}").await;
    assert_verdict(&verification, Untrusted, "the annotation lies");
}

#[tokio::test]
async fn what_cannot_be_read_breaks_no_signature() {
    let subject = format!("{{\"digest\":{{\"sha256\":\"{}\"}}}}", "0".repeat(64));
    let many = vec![subject; 2000].join(",");
    let statement = |subjects: &str, predicate: &str| {
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{subjects}],"predicateType":"{SLSA_PREDICATE}","predicate":{predicate}}}"#
        )
    };
    for payload in [
        statement(&many, "{}"),
        statement("", r#"{"builder":{"id":"good","id":"evil"}}"#),
    ] {
        let attested = Attested::new();
        let broken = signed_text(&attested.a, &payload);
        attested.scene.bundle_called(&broken, Some(SLSA_PREDICATE));
        let verification = attested.verdict("{type: slsaprovenance1}").await;
        assert_verdict(&verification, Invalid, "demanded");
        assert_eq!(verification.signatures.len(), 1);
        assert_eq!(verification.attestations.len(), 1);
        let verification = attested.verdict("{type: spdxjson}").await;
        assert_verdict(&verification, Untrusted, "not demanded");
        // Without a signature it is no broken one.
        let scene = Scene::new();
        scene.bundle_called(&broken, Some(SLSA_PREDICATE));
        let asked = attested.asked("{type: slsaprovenance1}");
        assert_verdict(&scene.verify(&asked).await, Unsigned, "unsigned");
    }
}

#[tokio::test]
async fn many_attestations_neither_hide_a_signature_nor_become_absent() {
    let attested = Attested::new();
    for number in 0..70 {
        let predicate = format!("{{\"n\":{number}}}");
        attested
            .scene
            .bundle(&attested.statement(SLSA_PREDICATE, &predicate));
    }
    let demanded = "{type: slsaprovenance1}";
    assert_verdict(&attested.verdict(demanded).await, Verified, "any will do");
    let demanded = "{type: slsaprovenance1, predicate: {/n: 100}}";
    let verification = attested.verdict(demanded).await;
    assert_verdict(
        &verification,
        Unavailable,
        "it may be one that was not read",
    );
    let alone = Asked::key(&attested.a);
    assert_verdict(&attested.scene.verify(&alone).await, Verified, "signed");
}

#[tokio::test]
async fn an_attestation_out_of_reach() {
    for place in ["*.att", "*/referrers/*", "*/blobs/*"] {
        let attested = Attested::new();
        let demanded = "{type: slsaprovenance1}";
        attested.scene.legacy(&legacy(
            &Signing::with_key(&attested.a),
            attested.scene.digest(),
        ));
        if place != "*.att" {
            attested
                .scene
                .bundle(&attested.statement(SLSA_PREDICATE, PROVENANCE_1));
        }
        attested.scene.registry.fault(place, Fault::status(403));
        let verification = attested.verdict(demanded).await;
        assert_verdict(&verification, Unavailable, place);
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is run as a user runs it"
)]
fn the_command_demands_and_reports_them() {
    let attested = Attested::new();
    let folder = tempfile::tempdir().unwrap();
    attested.a.write(folder.path()).unwrap();
    attested
        .scene
        .bundle(&attested.statement(SLSA_PREDICATE, PROVENANCE_1));
    let image = format!("{}/{REPOSITORY}:1", attested.scene.host());
    let verify = |types: &[&str]| {
        let types = types.iter().flat_map(|one| ["--attestation-type", one]);
        let output = Command::new(env!("CARGO_BIN_EXE_fullsend"))
            .env_clear()
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .args([
                "verify",
                &image,
                "--key",
                "cosign.pub",
                "--insecure-ignore-tlog",
            ])
            .args(["--format", "json"])
            .args(types)
            .output()
            .unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), json)
    };
    let (code, json) = verify(&["slsaprovenance"]);
    assert_eq!((code, json["verdict"].as_str()), (0, Some("verified")));
    assert_eq!(json["attestations"][0]["predicate_type"], SLSA_PREDICATE);
    assert_eq!(json["signatures"][0]["predicate_type"], json!(null));
    let (code, json) = verify(&["slsaprovenance", "cyclonedx"]);
    assert_eq!((code, json["verdict"].as_str()), (12, Some("untrusted")));
    assert_eq!(json["reason"], "it has no attestation `cyclonedx`");
}

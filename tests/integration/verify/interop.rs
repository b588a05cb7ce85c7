//! Beside the real cosign: what it signs and attests, and where the two disagree.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use Verdict::{Invalid, Unavailable, Unsigned, Untrusted, Verified};
use fullsend_testkit::{registry::Fault, signing::Flaw};

use super::*;
use crate::support::cosign::{cosign, folder_of, run};

const SLSA_02: &str = r#"{"builder":{"id":"https://b.test/1"},"buildType":"https://b.test/type","invocation":{"configSource":{}}}"#;
const SLSA_1: &str = r#"{"buildDefinition":{"buildType":"https://b.test/type","externalParameters":{}},"runDetails":{"builder":{"id":"https://b.test/1"}}}"#;
const SPDX: &str = r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"agent"}"#;
const CYCLONEDX: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","version":1}"#;

fn by_digest(scene: &Scene) -> String {
    format!("{}/{REPOSITORY}@{}", scene.host(), scene.digest())
}

/// Signs and attests with cosign, in one format.
fn attest(
    cosign: &Path,
    folder: &Path,
    scene: &Scene,
    format: &str,
    (kind, predicate): (&str, &str),
) {
    let file = fullsend::seam::files::AtomicFile::open(&folder.join("p.json"));
    file.and_then(|file| file.commit(predicate.as_bytes()))
        .unwrap();
    let image = by_digest(scene);
    let common = [
        "--tlog-upload=false",
        "--use-signing-config=false",
        "-y",
        "--key",
        "real.key",
        format,
    ];
    run(
        cosign,
        folder,
        &[&["sign"], &common[..], &[&image]].concat(),
    );
    let of_type = ["--type", kind, "--predicate", "p.json", &image];
    run(
        cosign,
        folder,
        &[&["attest"], &common[..], &of_type].concat(),
    );
}

/// Whether cosign accepts the image by the key in this folder.
#[expect(clippy::disallowed_methods, reason = "cosign is run as a user runs it")]
fn accepts(cosign: &Path, folder: &Path, command: &[&str], scene: &Scene) -> bool {
    let ended = Command::new(cosign)
        .args(command)
        .args(["--key", "cosign.pub", "--private-infrastructure"])
        .arg(format!("{}/{REPOSITORY}:1", scene.host()))
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    ended.status.success()
}

fn demanding(key: &SigningKey, attestation: &str) -> Asked {
    let rule = format!(
        "- {{match: '**', key: 'env://KEY', insecure_ignore_tlog: true, attestations: [{attestation}]}}"
    );
    Asked::rules(&rule, &[("KEY", &key.public_pem())])
}

#[tokio::test]
async fn attestations_by_cosign_in_both_formats() {
    let (cosign, key) = (cosign(), SigningKey::p256());
    let folder = folder_of(&cosign, &key);
    for (kind, predicate, condition, other) in [
        (
            "slsaprovenance",
            SLSA_02,
            "builder: 'https://b.test/1'",
            "slsaprovenance1",
        ),
        (
            "slsaprovenance1",
            SLSA_1,
            "builder: 'https://b.test/1'",
            "slsaprovenance02",
        ),
        (
            "spdxjson",
            SPDX,
            "predicate: {/spdxVersion: SPDX-2.3}",
            "cyclonedx",
        ),
        (
            "cyclonedx",
            CYCLONEDX,
            "predicate: {/bomFormat: CycloneDX}",
            "spdxjson",
        ),
    ] {
        for format in ["--new-bundle-format=true", "--new-bundle-format=false"] {
            let scene = Scene::new();
            attest(&cosign, folder.path(), &scene, format, (kind, predicate));
            let demanded = format!("{{type: {kind}, {condition}}}");
            let verification = scene.verify(&demanding(&key, &demanded)).await;
            assert_verdict(&verification, Verified, (kind, format));
            assert_eq!(verification.attestations.len(), 1);
            let other = scene
                .verify(&demanding(&key, &format!("{{type: {other}}}")))
                .await;
            assert_verdict(&other, Untrusted, (kind, format, "another type"));
            let stranger = demanding(&SigningKey::p256(), &demanded);
            let stranger = scene.verify(&stranger).await;
            assert_verdict(&stranger, Untrusted, (kind, format, "another key"));
        }
    }
}

/// Attaches a bundle whose manifest says that it has `size` bytes.
fn sized(scene: &Scene, key: &SigningKey, size: u32) {
    let bundle = Signing::with_key(key).bundle(scene.digest());
    let referrer = bundle.referrer(&scene.image.manifest);
    let mut manifest: serde_json::Value = serde_json::from_slice(&referrer.manifest.bytes).unwrap();
    manifest["layers"][0]["size"] = json!(size);
    let manifest = Manifest::new(&referrer.manifest.media_type, &manifest);
    scene.put_blobs(&referrer.blobs);
    scene.put_manifest(&manifest.digest, &manifest);
}

/// What lies in the registry, by a name, and what comes of it: cosign's answer and ours.
type Case<'a> = (&'a str, &'a dyn Fn(&Scene, &SigningKey), bool, Verdict);

#[tokio::test]
async fn where_cosign_and_the_verdict_agree_and_where_not() {
    let cosign = cosign();
    let simple = |digest: &str, kind: &str| {
        format!(
            r#"{{"critical":{{"identity":{{"docker-reference":""}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"{kind}"}},"optional":null}}"#
        )
    };
    let cases: [Case<'_>; 14] = [
        ("nothing", &|_, _| {}, false, Unsigned),
        (
            "a bundle",
            &|scene, key| {
                scene.bundle(&Signing::with_key(key).bundle(scene.digest()));
            },
            true,
            Verified,
        ),
        (
            "a legacy signature",
            &|scene, key| {
                scene.legacy(&legacy(&Signing::with_key(key), scene.digest()));
            },
            true,
            Verified,
        ),
        (
            "a stranger's bundle",
            &|scene, _| {
                scene.bundle(&Signing::with_key(&SigningKey::p256()).bundle(scene.digest()));
            },
            false,
            Untrusted,
        ),
        (
            "a broken bundle",
            &|scene, key| {
                let broken = Signing::with_key(key).flaw(Flaw::Signature);
                scene.bundle(&broken.bundle(scene.digest()));
            },
            false,
            Invalid,
        ),
        (
            "of another digest",
            &|scene, key| {
                scene.bundle(&Signing::with_key(key).bundle(&elsewhere()));
            },
            false,
            Invalid,
        ),
        (
            "a legacy signature of another digest",
            &|scene, key| {
                scene.legacy(&legacy(&Signing::with_key(key), &elsewhere()));
            },
            false,
            Invalid,
        ),
        // cosign takes any statement about the image for its signature.
        (
            "an attestation alone",
            &|scene, key| {
                scene.bundle(&Signing::with_key(key).attestation(scene.digest()));
            },
            true,
            Unsigned,
        ),
        // cosign does not look at what kind of payload was signed.
        (
            "a legacy payload of another type",
            &|scene, key| {
                let payload = simple(scene.digest(), "something else");
                scene.legacy(&signed_legacy_text(key, &payload));
            },
            true,
            Unsigned,
        ),
        (
            "a size that is wrong",
            &|scene, key| sized(scene, key, 100_000),
            false,
            Unavailable,
        ),
        // cosign reads one page of referrers.
        (
            "on the second page of referrers",
            &|scene, key| {
                scene.registry.referrers_page_size(1);
                scene.bundle(&Signing::with_key(&SigningKey::p256()).attestation(scene.digest()));
                scene.bundle(&Signing::with_key(key).bundle(scene.digest()));
            },
            false,
            Verified,
        ),
        // For cosign what it cannot fetch is not there.
        (
            "a bundle that is missing",
            &|scene, key| {
                scene.bundle(&Signing::with_key(key).bundle(scene.digest()));
                scene.registry.fault("*/blobs/*", Fault::status(404));
            },
            false,
            Unavailable,
        ),
        (
            "a bundle that is cut short",
            &|scene, key| {
                scene.bundle(&Signing::with_key(key).bundle(scene.digest()));
                scene.registry.fault("*/blobs/*", Fault::truncate());
            },
            false,
            Unavailable,
        ),
        // Both say yes: the legacy signature satisfies the rule by itself.
        (
            "an outage of the referrers beside a legacy signature",
            &|scene, key| {
                scene.legacy(&legacy(&Signing::with_key(key), scene.digest()));
                scene.registry.fault("*/referrers/*", Fault::status(500));
            },
            true,
            Verified,
        ),
    ];
    for (name, prepare, by_cosign, by_us) in cases {
        let (scene, key) = (Scene::new(), SigningKey::p256());
        let folder = tempfile::tempdir().unwrap();
        key.write(folder.path()).unwrap();
        prepare(&scene, &key);
        assert_eq!(
            accepts(&cosign, folder.path(), &["verify"], &scene),
            by_cosign,
            "{name}"
        );
        assert_verdict(&scene.verify(&Asked::key(&key)).await, by_us, name);
    }
}

/// Puts something beside the image, with the key that is asked for.
type Put<'a> = &'a dyn Fn(&Scene, &SigningKey);

#[tokio::test]
async fn attestations_that_cosign_refuses_are_refused() {
    let cosign = cosign();
    let cases: [(&str, Put<'_>, bool, Verdict); 6] = [
        ("none", &|_, _| {}, false, Untrusted),
        (
            "good",
            &|scene, key| {
                scene.bundle(&Signing::with_key(key).attestation(scene.digest()));
            },
            true,
            Verified,
        ),
        (
            "of another type",
            &|scene, key| {
                let signing = Signing::with_key(key);
                scene.bundle(&signing.statement(scene.digest(), "https://spdx.dev/Document", SPDX));
            },
            false,
            Untrusted,
        ),
        (
            "by a stranger",
            &|scene, _| {
                scene.bundle(&Signing::with_key(&SigningKey::p256()).attestation(scene.digest()));
            },
            false,
            Untrusted,
        ),
        (
            "broken",
            &|scene, key| {
                let broken = Signing::with_key(key).flaw(Flaw::Signature);
                scene.bundle(&broken.attestation(scene.digest()));
            },
            false,
            Invalid,
        ),
        (
            "of another digest",
            &|scene, key| {
                scene.bundle(&Signing::with_key(key).attestation(&elsewhere()));
            },
            false,
            Invalid,
        ),
    ];
    for (name, prepare, by_cosign, by_us) in cases {
        let (scene, key) = (Scene::new(), SigningKey::p256());
        let folder = tempfile::tempdir().unwrap();
        key.write(folder.path()).unwrap();
        scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
        prepare(&scene, &key);
        let command = ["verify-attestation", "--type", "slsaprovenance1"];
        assert_eq!(
            accepts(&cosign, folder.path(), &command, &scene),
            by_cosign,
            "{name}"
        );
        let verification = scene
            .verify(&demanding(&key, "{type: slsaprovenance1}"))
            .await;
        assert_verdict(&verification, by_us, name);
    }
}

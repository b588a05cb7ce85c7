//! Signatures that the real cosign has made.

use std::path::Path;

use super::*;
use crate::support::cosign::{cosign, folder_of, run};

const OFFLINE: [&str; 4] = [
    "sign",
    "--tlog-upload=false",
    "--use-signing-config=false",
    "-y",
];

/// Imports `key`, signs in both formats with and without the referrers API, and asks for each.
async fn signs(cosign: &Path, key: &SigningKey, name: &str) {
    let folder = folder_of(cosign, key);
    let asked = Asked::key(key);
    for referrers in [true, false] {
        for format in ["--new-bundle-format=true", "--new-bundle-format=false"] {
            let scene = Scene::new();
            scene.registry.referrers_api(referrers);
            assert_verdict(&scene.verify(&asked).await, Verdict::Unsigned, name);
            let image = format!("{}/{REPOSITORY}@{}", scene.host(), scene.digest());
            let sign = [&OFFLINE[..], &["--key", "real.key", format, &image]].concat();
            run(cosign, folder.path(), &sign);
            let verification = scene.verify(&asked).await;
            assert_verdict(&verification, Verdict::Verified, (name, referrers, format));
            let stranger = scene.verify(&Asked::key(&SigningKey::p256())).await;
            assert_verdict(&stranger, Verdict::Untrusted, (name, referrers, format));
        }
    }
}

#[tokio::test]
async fn keys_that_cosign_imports_sign_in_both_formats() {
    let cosign = cosign();
    // No Ed25519: cosign 3.1 signs the hash (Ed25519ph), and cannot verify that itself either.
    for (name, key) in [
        ("p256", SigningKey::p256()),
        ("p384", SigningKey::p384()),
        ("p521", SigningKey::p521()),
    ] {
        signs(&cosign, &key, name).await;
    }
}

#[tokio::test]
async fn an_attestation_by_cosign_is_no_signature() {
    let cosign = cosign();
    let (scene, key, folder) = (
        Scene::new(),
        SigningKey::p256(),
        tempfile::tempdir().unwrap(),
    );
    key.write(folder.path()).unwrap();
    run(
        &cosign,
        folder.path(),
        &[
            "import-key-pair",
            "--key",
            "cosign.key",
            "--output-key-prefix",
            "real",
        ],
    );
    let predicate = fullsend::seam::files::AtomicFile::open(&folder.path().join("p.json"));
    predicate.and_then(|file| file.commit(b"{}")).unwrap();
    let image = format!("{}/{REPOSITORY}@{}", scene.host(), scene.digest());
    let attest = [
        "attest",
        "--tlog-upload=false",
        "--use-signing-config=false",
        "-y",
        "--key",
        "real.key",
        "--type",
        "https://example.test/x/v1",
        "--predicate",
        "p.json",
        &image,
    ];
    run(&cosign, folder.path(), &attest);
    let verification = scene.verify(&Asked::key(&key)).await;
    assert_verdict(&verification, Verdict::Unsigned, "attested");
}

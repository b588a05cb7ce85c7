//! Signs the seeds of `bundle` and `payload` anew, with the trust that they are held against, and
//! writes those of `validate` and `mask` from the rules' own examples:
//! `cargo run --manifest-path fuzz/Cargo.toml --example seeds`.

use std::{fs, io, path::Path};

use fullsend::validate::{self, Kind};
use fullsend_testkit::{
    digest_of,
    signing::{Identity, LegacySignature, Signing, SigningKey, Sigstore},
};

fn main() -> io::Result<()> {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    let ci = Identity::github("acme/agent", ".github/workflows/release.yml", "refs/tags/v1");
    let digest = digest_of(b"an image");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::write(folder.join("trust/trusted_root.json"), pki.trusted_root())?;
    fs::write(folder.join("trust/cosign.pub"), key.public_pem())?;

    let signings = [
        ("key", Signing::with_key(&key)),
        ("logged-key", Signing::with_key(&key).logged_in(&pki)),
        ("keyless", Signing::keyless(&pki, ci.clone()).timestamped()),
        ("rekor-v2", Signing::keyless(&pki, ci).rekor_v2()),
    ];
    for (name, signing) in &signings {
        let bundle = folder.join("seeds/bundle").join(name);
        fs::write(bundle, signing.bundle(&digest).bytes())?;
    }
    for (name, signing) in &signings[..3] {
        let payload = folder.join("seeds/payload").join(name);
        let signature = signing.legacy(&digest, "registry.test/agent");
        fs::write(payload, in_parts(&signature))?;
    }
    let attestation = signings[0].1.attestation(&digest);
    fs::write(folder.join("seeds/bundle/attestation"), attestation.bytes())?;
    examples(folder)
}

/// The rules' examples, behind the byte by which the targets choose a kind.
fn examples(folder: &Path) -> io::Result<()> {
    for rule in validate::rules() {
        let place = Kind::ALL.iter().position(|kind| Some(*kind) == rule.kind());
        let kind = place.and_then(|place| u8::try_from(place).ok()).unwrap_or(1);
        for (number, example) in rule.bad.iter().chain(rule.good).enumerate() {
            for target in ["validate", "mask"] {
                let seeds = folder.join("seeds").join(target);
                fs::create_dir_all(&seeds)?;
                let bytes = [&[kind], example.text.as_bytes()].concat();
                fs::write(seeds.join(format!("{}-{number}", rule.about.id)), bytes)?;
            }
        }
    }
    Ok(())
}

/// The payload and its annotations as the target `payload` reads them.
fn in_parts(signature: &LegacySignature) -> String {
    let annotations = [
        "dev.cosignproject.cosign/signature",
        "dev.sigstore.cosign/certificate",
        "dev.sigstore.cosign/chain",
        "dev.sigstore.cosign/bundle",
        "dev.sigstore.cosign/rfc3161timestamp",
    ];
    let value = |name: &&str| signature.annotations.get(*name)?.as_str().map(str::to_owned);
    let values = annotations.iter().map(|name| value(name).unwrap_or_default());
    let parts: Vec<String> = [signature.payload.clone()].into_iter().chain(values).collect();
    parts.join("\0")
}

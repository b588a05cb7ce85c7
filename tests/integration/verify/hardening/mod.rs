//! The eighteen points on which verifiers of signatures have failed, one test each: every one is
//! seen to fail where its check is taken out (`dev/mutations.sh`).

mod binding;
mod bounds;
mod signers;
mod times;
mod verdicts;

use Verdict::{Invalid, Unavailable, Unsigned, Untrusted, Verified};
use fullsend::signature::{Instance, TufRoot};
use fullsend_testkit::{
    image::{INDEX, MANIFEST},
    registry::{Auth, Fault},
    signing::{Flaw, SIGN_PREDICATE, SLSA_PREDICATE, claim},
    tuf::{self, Role},
};
use serde_json::Value;

use super::*;

/// 2023, when no certificate of these tests was valid.
const LONG_AGO: i64 = 1_700_000_000;

/// A key whose bundle is attached to the scene's image.
fn signed() -> (Scene, SigningKey, Asked) {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let asked = Asked::key(&key);
    (scene, key, asked)
}

/// The verdict on an image with this one signature, as a bundle and as a legacy one.
async fn assert_both(signing: &Signing<'_>, asked: &Asked, expected: Verdict) {
    let (bundle, old) = (Scene::new(), Scene::new());
    bundle.bundle(&signing.bundle(bundle.digest()));
    old.legacy(&legacy(signing, old.digest()));
    assert_verdict(&bundle.verify(asked).await, expected, "bundle");
    assert_verdict(&old.verify(asked).await, expected, "legacy");
}

/// The verdict on an image with nothing but this bundle.
async fn verdict_on(bundle: &Bundle, asked: &Asked) -> Verification {
    let scene = Scene::new();
    scene.bundle(bundle);
    scene.verify(asked).await
}

/// Every image of these tests has this one's digest.
fn digest() -> String {
    agent("amd64").digest().to_owned()
}

fn changed(bundle: &Bundle, change: impl FnOnce(&mut Value)) -> Bundle {
    let mut json = bundle.json().clone();
    change(&mut json);
    bundle.clone().with_json(json)
}

fn keyless_rule(pki: &Sigstore, keyless: &str) -> Asked {
    let rule = format!("- {{match: '**', keyless: {{{keyless}}}}}");
    Asked::rules(&rule, &[]).trusting(pki)
}

async fn assert_keyless(pki: &Sigstore, rule: &str, identity: &Identity, expected: Verdict) {
    let bundle = Signing::keyless(pki, identity.clone()).bundle(&digest());
    let verification = verdict_on(&bundle, &keyless_rule(pki, rule)).await;
    assert_verdict(&verification, expected, (rule, identity));
}

/// Why a configuration with these rules is refused.
fn refusal(rules: &str) -> String {
    let text = format!("version: 1\nverify:{rules}\n");
    let refused = config::parse(text.as_bytes(), "fullsend.yaml");
    refused.unwrap_err().render(false)
}

/// A referrer of the image that is this bundle's, with another manifest.
fn put_changed(scene: &Scene, bundle: &Bundle, change: impl FnOnce(&mut Value)) {
    let referrer = bundle.referrer(&scene.image.manifest);
    scene.put_blobs(&referrer.blobs);
    let mut json: Value = serde_json::from_slice(&referrer.manifest.bytes).unwrap();
    change(&mut json);
    let manifest = Manifest::new(MANIFEST, &json);
    scene.put_manifest(&manifest.digest, &manifest);
}

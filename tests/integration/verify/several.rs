//! Rules that ask for several signers: `all`, `threshold`, and `any` inside them.

use Verdict::{Invalid, Unavailable, Unsigned, Untrusted, Verified};
use fullsend_testkit::{registry::Fault, signing::Flaw};

use super::*;

const A: &str = "{key: 'env://A', insecure_ignore_tlog: true}";
const B: &str = "{key: 'env://B', insecure_ignore_tlog: true}";
const C: &str = "{key: 'env://C', insecure_ignore_tlog: true}";

/// Three signers, of whom a rule knows two or three.
struct Keys([SigningKey; 3]);

impl Keys {
    fn new() -> Self {
        Self([SigningKey::p256(), SigningKey::p384(), SigningKey::p256()])
    }

    fn asked(&self, requirement: &str) -> Asked {
        let pems = self.0.each_ref().map(SigningKey::public_pem);
        let names = ["A", "B", "C"].into_iter();
        let variables: Vec<_> = names.zip(pems.iter().map(String::as_str)).collect();
        Asked::rules(&format!("- {{match: '**', {requirement}}}"), &variables)
    }

    /// An image that the named signers have signed; `!` after a name breaks its signature.
    fn scene(&self, signers: &[&str]) -> Scene {
        let scene = Scene::new();
        for (number, signer) in signers.iter().enumerate() {
            let stranger = SigningKey::p256();
            let key = match signer.as_bytes()[0] {
                b'?' => &stranger,
                letter => &self.0[usize::from(letter - b'A')],
            };
            let mut signing = Signing::with_key(key);
            if signer.ends_with('!') {
                signing = signing.flaw(Flaw::Signature);
            }
            if number % 2 == 0 {
                scene.bundle(&signing.bundle(scene.digest()));
            } else {
                scene.legacy(&legacy(&signing, scene.digest()));
            }
        }
        scene
    }
}

#[tokio::test]
async fn who_must_have_signed_and_who_has() {
    let keys = Keys::new();
    let all = format!("all: [{A}, {B}]");
    let two = format!("threshold: {{count: 2, of: [{A}, {B}, {C}]}}");
    let rotated = format!("threshold: {{count: 2, of: [{A}, {{any: [{B}, {C}]}}]}}");
    let nested = format!("any: [{{all: [{A}, {B}]}}, {C}]");
    for (rule, signers, expected) in [
        (&all, &[] as &[&str], Unsigned),
        (&all, &["A"], Untrusted),
        (&all, &["B"], Untrusted),
        (&all, &["A", "A"], Untrusted),
        (&all, &["A", "C"], Untrusted),
        (&all, &["C"], Untrusted),
        (&all, &["A", "B"], Verified),
        (&all, &["?", "B", "A"], Verified),
        (&all, &["A", "?", "?", "B!"], Untrusted),
        (&two, &["A"], Untrusted),
        (&two, &["A", "A", "A"], Untrusted),
        (&two, &["A", "C"], Verified),
        (&two, &["C", "B"], Verified),
        (&rotated, &["A", "B"], Verified),
        (&rotated, &["A", "C"], Verified),
        (&rotated, &["B", "C"], Untrusted),
        (&nested, &["C"], Verified),
        (&nested, &["A"], Untrusted),
        (&nested, &["B", "A"], Verified),
    ] {
        let scene = keys.scene(signers);
        let verification = scene.verify(&keys.asked(rule)).await;
        assert_verdict(&verification, expected, (rule, signers));
        assert_eq!(verification.signatures.len(), signers.len());
        if expected == Untrusted {
            assert_ne!(verification.reason.as_deref(), Some(""));
        }
    }
}

#[tokio::test]
async fn a_needed_signature_that_is_broken_makes_it_invalid() {
    let keys = Keys::new();
    let asked = keys.asked(&format!("all: [{A}, {B}]"));
    // The hint says whose the broken bundle is; a legacy signature has none.
    let verification = keys.scene(&["A!", "B"]).verify(&asked).await;
    assert_verdict(&verification, Invalid, "hinted");
    let verification = keys.scene(&["A!", "B", "A"]).verify(&asked).await;
    assert_verdict(&verification, Verified, "and a good one beside it");
}

#[tokio::test]
async fn who_is_missing_is_said() {
    let keys = Keys::new();
    let missing = format!("no signature by the key {}", &keys.0[1].fingerprint()[..16]);
    for (rule, reason) in [
        (format!("all: [{A}, {B}]"), missing.as_str()),
        (format!("any: [{{all: [{A}, {B}]}}, {C}]"), &missing),
        (
            format!("threshold: {{count: 2, of: [{A}, {B}]}}"),
            "1 of the 2 signers",
        ),
    ] {
        let verification = keys.scene(&["A"]).verify(&keys.asked(&rule)).await;
        let said = verification.reason.unwrap();
        assert!(said.contains(reason), "{rule}: {said}");
    }
}

#[tokio::test]
async fn a_part_and_an_outage_are_unavailable() {
    let keys = Keys::new();
    for rule in [
        format!("all: [{A}, {B}]"),
        format!("threshold: {{count: 2, of: [{A}, {B}]}}"),
    ] {
        let asked = keys.asked(&rule);
        let scene = keys.scene(&["A", "B"]);
        assert_verdict(&scene.verify(&asked).await, Verified, &rule);
        scene.registry.fault("*.sig", Fault::status(403));
        let verification = scene.verify(&asked).await;
        assert_verdict(&verification, Unavailable, &rule);
        assert_eq!(verification.proven_digests, [""; 0]);
    }
}

#[tokio::test]
async fn one_key_under_two_names_is_one_signer() {
    let (key, other) = (SigningKey::p256(), SigningKey::p256());
    let (pem, other_pem) = (key.public_pem(), other.public_pem());
    let names = [("A", pem.as_str()), ("B", &pem), ("C", &other_pem)];
    let rule = format!("- {{match: '**', threshold: {{count: 2, of: [{A}, {B}, {C}]}}}}");
    let asked = Asked::rules(&rule, &names);
    let scene = Scene::new();
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    scene.legacy(&legacy(&Signing::with_key(&key), scene.digest()));
    assert_verdict(&scene.verify(&asked).await, Untrusted, "one key twice");
    scene.bundle(&Signing::with_key(&other).bundle(scene.digest()));
    assert_verdict(&scene.verify(&asked).await, Verified, "and another");
}

fn keyless(regexp: &str) -> String {
    format!(
        "{{keyless: {{issuer: '{}', identity_regexp: '{regexp}'}}}}",
        ci().issuer()
    )
}

#[tokio::test]
async fn one_workflow_at_two_refs_is_one_signer() {
    let pki = Sigstore::new();
    let wide = keyless(r"https://github\.com/acme/.*");
    let narrow = keyless(r"https://github\.com/acme/agent/.*");
    let rule = format!("- {{match: '**', threshold: {{count: 2, of: [{wide}, {narrow}]}}}}");
    let asked = Asked::rules(&rule, &[]).trusting(&pki);
    let at = |path: &str, reference: &str| Identity::github("acme/agent", path, reference);
    let release = ".github/workflows/release.yml";
    for (first, second, expected) in [
        (
            at(release, "refs/tags/v1"),
            at(release, "refs/tags/v1"),
            Untrusted,
        ),
        (
            at(release, "refs/tags/v1"),
            at(release, "refs/heads/x"),
            Untrusted,
        ),
        (
            at(release, "refs/tags/v1"),
            at(".github/workflows/audit.yml", "refs/tags/v1"),
            Verified,
        ),
    ] {
        let scene = Scene::new();
        for identity in [&first, &second] {
            let signing = Signing::keyless(&pki, identity.clone());
            scene.bundle(&signing.bundle(scene.digest()));
        }
        let verification = scene.verify(&asked).await;
        assert_verdict(&verification, expected, (first.name(), second.name()));
    }
}

#[tokio::test]
async fn one_certificate_fills_one_of_the_members_that_accept_it() {
    let pki = Sigstore::new();
    let wide = keyless(r"https://github\.com/acme/.*");
    let narrow = keyless(r"https://github\.com/acme/agent/.*");
    let asked = |count: u8, kind: &str| {
        let list = format!("[{narrow}, {wide}]");
        let rule = match kind {
            "all" => format!("- {{match: '**', all: {list}}}"),
            _ => format!("- {{match: '**', threshold: {{count: {count}, of: {list}}}}}"),
        };
        Asked::rules(&rule, &[]).trusting(&pki)
    };
    let scene = Scene::new();
    scene.bundle(&Signing::keyless(&pki, ci()).bundle(scene.digest()));
    assert_verdict(&scene.verify(&asked(1, "of")).await, Verified, "one of two");
    assert_verdict(
        &scene.verify(&asked(2, "of")).await,
        Untrusted,
        "two of two",
    );
    // `all` asks that each demand is met, by whomever.
    assert_verdict(&scene.verify(&asked(2, "all")).await, Verified, "all");
}

#[tokio::test]
async fn signatures_of_two_manifests_do_not_add_up() {
    let keys = Keys::new();
    let image = agent("amd64");
    let scene = Scene::of(Image::index([image.clone(), agent("arm64")]));
    let asked = keys.asked(&format!("all: [{A}, {B}]"));
    let by = |key: usize, digest: &str| Signing::with_key(&keys.0[key]).bundle(digest);
    scene.bundle(&by(0, scene.digest()));
    scene.bundle_to(&image.manifest, &by(1, image.digest()));
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Untrusted, "one on each");
    let reason = verification.reason.unwrap();
    assert!(reason.contains("not all of one manifest"), "{reason}");
    scene.bundle_to(&image.manifest, &by(0, image.digest()));
    assert_verdict(&scene.verify(&asked).await, Verified, "both on one");
}

#[tokio::test]
async fn each_leaf_believes_its_own_root() {
    let (ours, theirs) = (Sigstore::new(), Sigstore::without_logs());
    let folder = tempfile::tempdir().unwrap();
    for (name, pki) in [("ours.json", &ours), ("theirs.json", &theirs)] {
        let file = fullsend::seam::files::AtomicFile::open(&folder.path().join(name));
        file.and_then(|file| file.commit(pki.trusted_root().as_bytes()))
            .unwrap();
    }
    let other = Identity::github("acme/audit", ".github/workflows/x.yml", "refs/heads/main");
    let leaf = |identity: &Identity, root: &str| {
        let (issuer, name) = (identity.issuer(), identity.name());
        format!("{{keyless: {{issuer: '{issuer}', identity: '{name}', trusted_root: {root}}}}}")
    };
    let rule = |kind: &str| {
        let (a, b) = (leaf(&ci(), "ours.json"), leaf(&other, "theirs.json"));
        let mut asked = Asked::rules(&format!("- {{match: '**', {kind}: [{a}, {b}]}}"), &[]);
        folder.path().clone_into(&mut asked.folder);
        asked
    };
    let stamped = |pki, identity: &Identity| Signing::keyless(pki, identity.clone()).timestamped();
    let scene = Scene::new();
    // Each by the other's instance.
    scene.bundle(&stamped(&theirs, &ci()).bundle(scene.digest()));
    scene.bundle(&stamped(&ours, &other).bundle(scene.digest()));
    for kind in ["any", "all"] {
        let verification = scene.verify(&rule(kind)).await;
        assert_ne!(verification.verdict, Verified, "{verification:#?}");
        assert_eq!(verification.accepted(), None);
    }
    scene.bundle(&stamped(&ours, &ci()).bundle(scene.digest()));
    assert_verdict(&scene.verify(&rule("any")).await, Verified, "one");
    assert_verdict(&scene.verify(&rule("all")).await, Untrusted, "one of two");
    scene.bundle(&stamped(&theirs, &other).bundle(scene.digest()));
    assert_verdict(&scene.verify(&rule("all")).await, Verified, "both");
}

#[tokio::test]
async fn leaves_with_equal_roots_both_count() {
    let pki = Sigstore::new();
    let folder = tempfile::tempdir().unwrap();
    let file = fullsend::seam::files::AtomicFile::open(&folder.path().join("root.json"));
    file.and_then(|file| file.commit(pki.trusted_root().as_bytes()))
        .unwrap();
    let (issuer, name) = (ci().issuer().to_owned(), ci().name().to_owned());
    let leaf =
        |more: &str| format!("{{keyless: {{issuer: '{issuer}', identity: '{name}'{more}}}}}");
    let rule = format!(
        "- {{match: '**', all: [{}, {}]}}",
        leaf(""),
        leaf(", trusted_root: root.json")
    );
    let mut asked = Asked::rules(&rule, &[]).trusting(&pki);
    folder.path().clone_into(&mut asked.folder);
    let scene = Scene::new();
    scene.bundle(&Signing::keyless(&pki, ci()).bundle(scene.digest()));
    assert_verdict(
        &scene.verify(&asked).await,
        Verified,
        "two names of one root",
    );
}

#[tokio::test]
async fn signatures_in_a_repository_of_their_own() {
    let (key, scene) = (SigningKey::p256(), Scene::new());
    let bundle = Signing::with_key(&key).bundle(scene.digest());
    let referrer = bundle.referrer(&scene.image.manifest);
    scene.put_blobs(&referrer.blobs);
    let manifest = &referrer.manifest;
    scene.registry.put_manifest(
        "acme/signatures",
        &manifest.digest,
        &manifest.media_type,
        manifest.bytes.clone(),
    );
    let beside = Asked::key(&key);
    assert_verdict(&scene.verify(&beside).await, Unsigned, "beside the image");
    let rule = format!(
        "- {{match: '**', key: 'env://KEY', insecure_ignore_tlog: true, \
         signature_repository: '{}/acme/signatures'}}",
        scene.host()
    );
    let asked = Asked::rules(&rule, &[("KEY", &key.public_pem())]);
    assert_verdict(&scene.verify(&asked).await, Verified, "where the rule says");
    // Nowhere else is looked, so that what lies beside the image does not count.
    scene.bundle(&bundle);
    scene.registry.remove("acme/signatures", &manifest.digest);
    assert_ne!(scene.verify(&asked).await.verdict, Verified);
}

//! What is refused is neither pulled nor created, and nothing but the proven digest ever runs.

use fullsend_testkit::{
    registry::Registry,
    signing::{Flaw, Signing, SigningKey},
};
use jiff::Timestamp;
use serde_json::json;

use super::{
    bench::{Bench, busybox, docker, events},
    process::Ended,
};

/// Runs the agent in `image`, which must be refused without a trace in the daemon.
#[track_caller]
fn refused(bench: &Bench, image: &str, code: u8, verdict: &str) -> Ended {
    let since = Timestamp::now();
    let ended = bench.shell("echo ran").args(["--image", image]).run();
    ended.is(code, &json!({"kind": "refused", "verdict": verdict}));
    ended.wrote("");
    assert_eq!(events(since, &bench.mark), Vec::<String>::new());
    let name = format!("{}/{}/*", bench.host(), bench.mark);
    assert_eq!(docker(&["image", "ls", "-q", &name]), "");
    assert_eq!(ended.report["verification"]["verdict"], verdict);
    assert_eq!(ended.report["runtime"]["container_id"], json!(null));
    assert_eq!(ended.report["image"]["requested"], image);
    assert!(
        ended.closing().starts_with("t: refused, "),
        "{}",
        ended.stderr
    );
    ended
}

#[test]
fn a_proven_image_is_pulled_by_its_digest_alone() {
    let bench = Bench::empty();
    let image = bench.push("agent", "1.0.0", &busybox());
    bench.sign("agent", image.digest(), &bench.key);
    bench.configure(&bench.reference("agent", &image), "");
    let since = Timestamp::now();
    bench.shell("exit 0").run().exited(0);
    let events = events(since, &bench.mark);
    let about = |what: &str| {
        let found: Vec<_> = events.iter().filter(|it| it.starts_with(what)).collect();
        assert_eq!(found.len(), 1, "{what}: {events:?}");
        found[0].clone()
    };
    let name = format!("{}@{}", bench.repository("agent"), image.digest());
    assert!(about("image pull").contains(&name));
    // What is created is named by the digest of its configuration, which no tag can move.
    let configuration = &image.blobs[1].digest;
    let created = about("container create");
    assert!(created.ends_with(configuration), "{created}");
}

#[test]
fn an_image_without_a_signature() {
    let bench = Bench::new();
    let image = bench.push("bare", "1.0.0", &busybox());
    let ended = refused(&bench, &bench.reference("bare", &image), 10, "unsigned");
    ended.said("has no signature");
}

#[test]
fn an_image_that_a_stranger_signed() {
    let bench = Bench::new();
    let image = bench.push("strange", "1.0.0", &busybox());
    bench.sign("strange", image.digest(), &SigningKey::p256());
    refused(&bench, &bench.reference("strange", &image), 12, "untrusted");
}

#[test]
fn an_image_that_no_rule_matches() {
    let bench = Bench::new();
    let other = Registry::start();
    let image = format!("{}/{}/x:1@{}", other.host(), bench.mark, digest());
    refused(&bench, &image, 12, "untrusted");
    // Nothing needs to be asked to know that.
    assert_eq!(other.paths(), Vec::<String>::new());
}

#[test]
fn an_image_whose_signature_does_not_hold() {
    let bench = Bench::new();
    for (name, flaw) in [
        ("flipped", Flaw::Signature),
        ("foreign", Flaw::ForeignKey),
        ("other", Flaw::Digest(digest())),
    ] {
        let image = bench.push(name, "1.0.0", &busybox());
        let signing = Signing::with_key(&bench.key).flaw(flaw);
        bench.attach(name, image.digest(), &signing.bundle(image.digest()));
        refused(&bench, &bench.reference(name, &image), 11, "invalid");
    }
}

#[test]
fn a_good_signature_beside_bad_ones_is_enough() {
    let bench = Bench::empty();
    let image = bench.push("agent", "1.0.0", &busybox());
    bench.sign("agent", image.digest(), &SigningKey::p256());
    let flawed = Signing::with_key(&bench.key).flaw(Flaw::Signature);
    bench.attach("agent", image.digest(), &flawed.bundle(image.digest()));
    bench.sign("agent", image.digest(), &bench.key);
    bench.configure(&bench.reference("agent", &image), "");
    bench.shell("echo ran").run().exited(0).wrote("ran\n");
}

#[test]
fn a_registry_that_is_gone_or_denies_the_image() {
    let bench = Bench::new();
    let missing = format!("{}:1.0.0@{}", bench.repository("missing"), digest());
    refused(&bench, &missing, 3, "unavailable");
    let closed = format!("127.0.0.1:1/{}/x:1@{}", bench.mark, digest());
    let key = bench.path("cosign.pub").display().to_string();
    let ended = bench
        .shell("echo ran")
        .args(["--image", &closed, "--key", &key, "--insecure-ignore-tlog"])
        .run();
    ended.is(3, &json!({"kind": "refused", "verdict": "unavailable"}));
}

#[test]
fn a_denied_image() {
    let bench = Bench::new();
    let image = bench.push("bad", "1.0.0", &busybox());
    bench.sign("bad", image.digest(), &bench.key);
    let reference = bench.reference("bad", &image);
    let deny = |text: String| {
        let path = bench.write("deny.yaml", text);
        let agent = format!("deny: {}\n", path.display());
        bench.configure(&reference, "");
        let before = super::bench::read(&bench.path("fullsend.yaml")).unwrap();
        bench.write("fullsend.yaml", before + &agent);
    };
    deny(format!(
        "- {{digest: \"{}\", reason: it leaks}}\n",
        image.digest()
    ));
    refused(&bench, &reference, 13, "denied").said("it leaks");
    deny("- {version: 1.0.0, reason: too old}\n".to_owned());
    refused(&bench, &reference, 13, "denied").said("too old");
    // Its replacement is proven as any image is, and then runs.
    let good = bench.signed("bad", &busybox().file("etc/which", "good\n", 0o644));
    let (_, digest) = good.split_once('@').unwrap();
    deny(format!(
        "- {{version: 1.0.0, reason: x, replacement: \"1.0.1@{digest}\"}}\n"
    ));
    let ended = bench.shell("cat /etc/which").run();
    ended
        .exited(0)
        .wrote("good\n")
        .said("is denied (x); using ");
    assert_eq!(ended.report["image"]["digest"], digest);
}

#[test]
fn a_deny_list_that_cannot_be_had() {
    let bench = Bench::new();
    let list = bench.path("none.yaml").display().to_string();
    let ended = bench.shell("exit 4").args(["--deny", &list]).run();
    ended.exited(4).said("warning: ");
    let text = super::bench::read(&bench.path("fullsend.yaml")).unwrap();
    bench.write("fullsend.yaml", text + "deny_unavailable: refuse\n");
    let ended = bench.shell("exit 4").args(["--deny", &list]).run();
    ended.is(3, &json!({"kind": "refused", "verdict": "unavailable"}));
}

#[test]
fn a_local_image_of_the_same_name_is_never_used() {
    let bench = Bench::empty();
    let which = |word: &str| busybox().file("etc/which", word, 0o644);
    let evil = bench.push("evil", "1.0.0", &which("evil"));
    let good = bench.signed("agent", &which("good"));
    let (tagged, _) = good.split_once('@').unwrap();
    let evil = format!("{}@{}", bench.repository("evil"), evil.digest());
    docker(&["pull", "-q", &evil]);
    docker(&["tag", &evil, tagged]);
    for image in [tagged, good.as_str()] {
        bench.configure(image, "");
        let ended = bench.shell("cat /etc/which").run();
        ended.exited(0).wrote("good");
    }
    // The impostor was there all the time.
    let cat = [
        "run",
        "--rm",
        "--pull",
        "never",
        tagged,
        "cat",
        "/etc/which",
    ];
    assert_eq!(docker(&cat), "evil");
    docker(&["rmi", tagged]);
}

#[test]
fn a_tag_that_moves_between_proof_and_pull_changes_nothing() {
    let bench = Bench::empty();
    let registry = Registry::start();
    let put = |word: &str| {
        let image = busybox()
            .label("test", &bench.mark)
            .file("etc/which", word, 0o644)
            .build();
        for blob in &image.blobs {
            registry.put_blob(blob.bytes.clone());
        }
        let manifest = &image.manifest;
        registry.put_manifest(
            &bench.mark,
            &manifest.digest,
            &manifest.media_type,
            manifest.bytes.clone(),
        );
        image.digest().to_owned()
    };
    let (good, evil) = (put("good"), put("evil"));
    let bundle = Signing::with_key(&bench.key).bundle(&good);
    let pusher = fullsend_testkit::push::Pusher::new(&registry.host()).unwrap();
    let discovery = fullsend_testkit::push::Discovery::Automatic;
    bench
        .block_on(pusher.bundle(&bench.mark, &good, &bundle, discovery))
        .unwrap();
    registry.move_tag(&bench.mark, "1", &[&good, &evil]);
    let image = format!("{}/{}:1", registry.host(), bench.mark);
    bench.configure(&image, "");
    let key = bench.path("cosign.pub").display().to_string();
    let ended = bench
        .shell("cat /etc/which")
        .args(["--key", &key, "--insecure-ignore-tlog"])
        .run();
    ended.exited(0).wrote("good");
    ended.said("the policy options replace the rules of fullsend.yaml");
    assert_eq!(ended.report["image"]["digest"], good);
    let by_tag = registry.paths();
    let by_tag = by_tag.iter().filter(|path| path.ends_with("/manifests/1"));
    assert_eq!(by_tag.count(), 1);
    docker(&["rmi", &format!("{}/{}@{good}", registry.host(), bench.mark)]);
}

#[test]
fn with_a_digest_the_tag_is_never_resolved() {
    let bench = Bench::new();
    let image = bench.signed("tagless", &busybox());
    let image = image.replace(":1.0.0@", ":9.9.9@");
    bench
        .shell("exit 0")
        .args(["--image", &image])
        .run()
        .exited(0);
}

/// A digest that nothing has.
fn digest() -> String {
    fullsend_testkit::digest_of(b"nothing")
}

//! Images that the real cosign signed, in both of its formats, and keyless signatures.

use fullsend_testkit::{
    push::Discovery,
    signing::{Identity, Signing, Sigstore},
};
use serde_json::json;

use super::bench::{Bench, busybox, command};
use crate::support::cosign::cosign;

fn run_cosign<const N: usize>(bench: &Bench, words: [&str; N]) {
    let output = command(cosign())
        .args(words)
        .current_dir(bench.folder.path())
        .env("COSIGN_PASSWORD", "")
        .env("HOME", bench.folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cosign {words:?}: {said}");
}

#[test]
fn what_cosign_signs_is_run() {
    let bench = Bench::empty();
    run_cosign(&bench, ["generate-key-pair", "--output-key-prefix", "real"]);
    let sign = |name: &str, bundle: &str| {
        let image = bench.push(name, "1.0.0", &busybox());
        let by_digest = format!("{}@{}", bench.repository(name), image.digest());
        let format = format!("--new-bundle-format={bundle}");
        let offline = ["--tlog-upload=false", "--use-signing-config=false", "-y"];
        let [log, config, yes] = offline;
        let words = [
            "sign", "--key", "real.key", log, config, yes, &format, &by_digest,
        ];
        run_cosign(&bench, words);
        bench.reference(name, &image)
    };
    for (name, bundle, format) in [("new", "true", "bundle"), ("old", "false", "legacy")] {
        let image = sign(name, bundle);
        bench.configure(&image, "");
        let accepted = bench
            .shell("exit 7")
            .args(["--key", "real.pub", "--insecure-ignore-tlog"])
            .run();
        accepted.exited(7);
        assert_eq!(accepted.report["verification"]["format"], format);
        assert_eq!(accepted.report["verification"]["method"], "key");
        // The bench's own key signed nothing here.
        let refused = bench.shell("exit 7").run();
        refused.is(12, &json!({"kind": "refused", "verdict": "untrusted"}));
    }
}

#[test]
fn a_keyless_signature_names_who_and_when() {
    let bench = Bench::empty();
    let pki = Sigstore::new();
    let issuer = "https://token.actions.githubusercontent.com";
    let workflow = ".github/workflows/release.yml";
    let identity = Identity::github("acme/agent", workflow, "refs/tags/v1");
    let image = bench.push("agent", "1.0.0", &busybox());
    let bundle = Signing::keyless(&pki, identity.clone()).logged_in(&pki);
    let bundle = bundle.bundle(image.digest());
    let path = format!("{}/agent", bench.mark);
    let pusher = bench.pusher();
    let pushing = pusher.bundle(&path, image.digest(), &bundle, Discovery::Automatic);
    bench.block_on(pushing).unwrap();
    bench.configure(&bench.reference("agent", &image), "");
    bench.write("root.json", pki.trusted_root());
    let exec = |repository: &str| {
        let exec = bench.shell("exit 7").args(["--trusted-root", "root.json"]);
        exec.args([
            "--github-repository",
            repository,
            "--github-ref",
            "refs/tags/v*",
        ])
    };
    let ended = exec("acme/agent").run();
    ended.exited(7);
    let verification = &ended.report["verification"];
    assert_eq!(verification["method"], "keyless");
    assert_eq!(verification["identity"], identity.name());
    assert_eq!(verification["issuer"], issuer);
    assert!(verification["logged_at"].is_string(), "{verification}");
    let ended = exec("acme/other").run();
    ended.is(12, &json!({"kind": "refused", "verdict": "untrusted"}));
    // Without that root, nobody vouches for certificate and log.
    let ended = bench
        .shell("exit 7")
        .args(["--github-repository", "acme/agent"])
        .run();
    ended.is(11, &json!({"kind": "refused", "verdict": "invalid"}));
}

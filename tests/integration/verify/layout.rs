//! `fullsend verify oci:DIR`: an image in a folder, by the rule that `--as` chooses.

use std::path::Path;

use serde_json::Value;

use super::{
    command::{fullsend, text, write},
    *,
};

/// An image as `1` with a bundle by `key` in `layout`, beside the key's public half.
fn laid_out(key: &SigningKey) -> (tempfile::TempDir, Image) {
    let (folder, image) = (tempfile::tempdir().unwrap(), agent("amd64"));
    key.write(folder.path()).unwrap();
    let referrer = Signing::with_key(key)
        .bundle(image.digest())
        .referrer(&image.manifest);
    let blobs = image.blobs.iter().chain(&referrer.blobs);
    let blobs = blobs.map(|blob| (&blob.digest, &blob.bytes));
    let manifests = [&image.manifest, &referrer.manifest].map(|one| (&one.digest, &one.bytes));
    for (digest, bytes) in blobs.chain(manifests) {
        let name = format!("layout/blobs/{}", digest.replace(':', "/"));
        write(folder.path(), &name, bytes);
    }
    let mut entry = image.manifest.descriptor();
    entry["annotations"] = json!({"org.opencontainers.image.ref.name": "1"});
    let index = json!({"schemaVersion": 2, "manifests": [entry, referrer.manifest.descriptor()]});
    write(folder.path(), "layout/index.json", index.to_string());
    write(
        folder.path(),
        "layout/oci-layout",
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    );
    (folder, image)
}

const KEY: &[&str] = &["--key", "cosign.pub", "--insecure-ignore-tlog"];

#[track_caller]
fn verdict(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let output = fullsend(folder, &[arguments, &["--format", "json"]].concat());
    let json = serde_json::from_slice(&output.stdout);
    let json = json.unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    (output.status.code().unwrap(), json)
}

#[test]
fn by_tag_by_digest_and_by_nothing() {
    let (folder, image) = laid_out(&SigningKey::p256());
    let by_digest = format!("oci:layout@{}", image.digest());
    for name in ["oci:layout:1", &by_digest] {
        let (code, json) = verdict(folder.path(), &[&[name], KEY].concat());
        assert_eq!(code, 0, "{json:#}");
        assert_eq!(json["image"], name);
        assert_eq!(json["digest"], image.digest());
        assert_eq!(json["platform"], "linux/amd64");
    }
    for (name, reason) in [("oci:layout:2", "`2`"), ("oci:absent", "oci:")] {
        let (code, json) = verdict(folder.path(), &[&[name], KEY].concat());
        assert_eq!((code, &json["verdict"]), (3, &json!("unavailable")));
        let why = json["reason"].as_str().unwrap();
        assert!(why.contains(reason), "{why}");
    }
}

#[test]
fn the_rule_is_chosen_by_the_caller_and_not_by_the_layout() {
    let (ours, theirs) = (SigningKey::p256(), SigningKey::p256());
    let (folder, _) = laid_out(&ours);
    write(folder.path(), "theirs.pub", theirs.public_pem());
    let rules = "version: 1\nverify:\n\
                 - {match: r.example/ours, key: cosign.pub, insecure_ignore_tlog: true}\n\
                 - {match: r.example/theirs, key: theirs.pub, insecure_ignore_tlog: true}\n";
    write(folder.path(), "fullsend.yaml", rules);
    for (name, code, rule) in [
        ("r.example/ours", 0, json!(0)),
        ("r.example/theirs", 12, json!(1)),
        ("r.example/other", 12, Value::Null),
    ] {
        let (ended, json) = verdict(folder.path(), &["oci:layout:1", "--as", name]);
        assert_eq!((ended, &json["rule"]), (code, &rule), "{name}: {json:#}");
    }
    for (arguments, expected) in [
        (&["oci:layout:1"] as &[&str], "--as REPOSITORY"),
        (&["r.example/ours:1", "--as", "r.example/ours"], "--as"),
        (
            &["oci:layout:1", "--as", "r.example/Ours"],
            "repository path",
        ),
        (&["--all", "--as", "r.example/ours"], "cannot be used with"),
    ] {
        let output = fullsend(folder.path(), arguments);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    }
}

#[test]
fn the_deny_list_counts_for_layouts_too() {
    let (folder, image) = laid_out(&SigningKey::p256());
    let by_digest = format!("- {{digest: '{}', reason: stolen}}", image.digest());
    write(folder.path(), "digest.yaml", &by_digest);
    write(
        folder.path(),
        "version.yaml",
        "- {version: 1.0.0, reason: broken}",
    );
    let denied = |list: &str| {
        let arguments = [&["oci:layout:1", "--deny", list], KEY].concat();
        verdict(folder.path(), &arguments).0
    };
    assert_eq!(denied("digest.yaml"), 13);
    assert_eq!(denied("version.yaml"), 0);
    let index = folder.path().join("layout/index.json");
    let renamed = fullsend::seam::files::read(&index, 1 << 20).unwrap();
    let renamed = text(&renamed).replace(r#""1""#, r#""r.example/a:1.0.0""#);
    write(folder.path(), "layout/index.json", &renamed);
    let arguments = [
        &["oci:layout:r.example/a:1.0.0", "--deny", "version.yaml"],
        KEY,
    ]
    .concat();
    assert_eq!(verdict(folder.path(), &arguments).0, 13);
}

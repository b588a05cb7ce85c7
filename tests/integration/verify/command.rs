//! `fullsend verify` from outside: exit codes, JSON, text, and what goes to which stream.

use std::{
    path::Path,
    process::{Command, Output},
};

use fullsend_testkit::{registry::Fault, signing::Flaw};
use serde_json::Value;

use super::*;

/// Runs `fullsend verify` on the scene's image in a folder of its own.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is run as a user runs it"
)]
pub(super) fn fullsend(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fullsend"))
        .env_clear()
        .env("HOME", folder)
        .env("KEY_IN_ENV", SigningKey::p256().public_pem())
        .current_dir(folder)
        .arg("verify")
        .args(arguments)
        .output()
        .unwrap()
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs in both formats; both must end alike, and the JSON must be all of stdout.
fn both(folder: &Path, arguments: &[&str]) -> (i32, Value, String) {
    let human = fullsend(folder, arguments);
    let json = fullsend(folder, &[arguments, &["--format", "json"]].concat());
    assert_eq!(human.status.code(), json.status.code());
    let document = serde_json::from_slice(&json.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", text(&json.stdout), text(&json.stderr)));
    (json.status.code().unwrap(), document, text(&human.stdout))
}

pub(super) fn keyed(scene: &Scene) -> (SigningKey, tempfile::TempDir, String) {
    let (key, folder) = (SigningKey::p256(), tempfile::tempdir().unwrap());
    key.write(folder.path()).unwrap();
    (key, folder, format!("{}/{REPOSITORY}:1", scene.host()))
}

pub(super) fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = fullsend::seam::files::AtomicFile::open(&path);
    file.and_then(|file| file.commit(content.as_ref())).unwrap();
}

/// What makes an unsigned image one of some verdict.
type Prepare<'a> = &'a dyn Fn(&Scene, &SigningKey);

#[test]
fn every_verdict_has_its_exit_code_and_its_word() {
    let verdicts: [(&str, i32, Prepare<'_>); 6] = [
        ("unsigned", 10, &|_, _| {}),
        ("invalid", 11, &|scene, key| {
            let signing = Signing::with_key(key).flaw(Flaw::Signature);
            scene.bundle(&signing.bundle(scene.digest()));
        }),
        ("untrusted", 12, &|scene, _| {
            scene.bundle(&Signing::with_key(&SigningKey::p256()).bundle(scene.digest()));
        }),
        ("unavailable", 3, &|scene, _| {
            scene.registry.fault("*.sig", Fault::status(403));
        }),
        ("verified", 0, &|scene, key| {
            scene.bundle(&Signing::with_key(key).bundle(scene.digest()));
        }),
        ("denied", 13, &|scene, key| {
            scene.bundle(&Signing::with_key(key).bundle(scene.digest()));
        }),
    ];
    for (word, code, prepare) in verdicts {
        let scene = Scene::new();
        let (key, folder, image) = keyed(&scene);
        prepare(&scene, &key);
        let list = format!("- {{digest: '{}', reason: stolen}}", scene.digest());
        write(folder.path(), "deny.yaml", &list);
        let mut arguments = vec![
            &image as &str,
            "--key",
            "cosign.pub",
            "--insecure-ignore-tlog",
        ];
        if word == "denied" {
            arguments.extend(["--deny", "deny.yaml"]);
        }
        let (ended, json, human) = both(folder.path(), &arguments);
        assert_eq!(
            (ended, json["verdict"].as_str()),
            (code, Some(word)),
            "{json:#}"
        );
        assert!(human.starts_with(&format!("{image}: {word}\n")), "{human}");
        assert_keys(&json);
    }
}

/// Every key of the contract, also where there is nothing to say.
fn assert_keys(json: &Value) {
    let keys = |value: &Value, expected: &[&str]| {
        let object = value.as_object().unwrap();
        for key in expected {
            assert!(object.contains_key(*key), "{key} in {value:#}");
        }
    };
    keys(
        json,
        &[
            "schema_version",
            "image",
            "digest",
            "manifest_digest",
            "platform",
            "verdict",
            "rule",
            "signatures",
        ],
    );
    assert_eq!(json["schema_version"], 1);
    for signature in json["signatures"].as_array().unwrap() {
        keys(
            signature,
            &[
                "format", "method", "verdict", "identity", "issuer", "claims", "log", "reason",
            ],
        );
        if signature["log"].is_object() {
            keys(&signature["log"], &["id", "index", "logged_at"]);
        }
    }
}

#[test]
fn the_json_is_as_its_schema_says() {
    let (pki, scene) = (Sigstore::new(), Scene::new());
    let (_, folder, image) = keyed(&scene);
    scene.bundle(&Signing::keyless(&pki, ci()).bundle(scene.digest()));
    scene.legacy(&legacy(
        &Signing::with_key(&SigningKey::p256()),
        scene.digest(),
    ));
    write(folder.path(), "trusted_root.json", pki.trusted_root());
    let (code, json, _) = both(
        folder.path(),
        &[
            &image,
            "--trusted-root",
            "trusted_root.json",
            "--platform",
            "linux/amd64",
            "--offline",
            "--github-repository",
            "acme/agent",
            "--github-workflow",
            ".github/workflows/release.yml",
            "--github-ref",
            "refs/tags/v*",
        ],
    );
    assert_eq!(code, 0, "{json:#}");
    assert_keys(&json);
    let signature = &json["signatures"][0];
    assert_eq!(signature["identity"], ci().name());
    assert_eq!(signature["issuer"], ci().issuer());
    assert_eq!(json["rule"], 0);
    assert_eq!(json["platform"], "linux/amd64");
    #[expect(
        clippy::disallowed_methods,
        reason = "the program under test is run as a user runs it"
    )]
    let schema = Command::new(env!("CARGO_BIN_EXE_fullsend"))
        .args(["schema", "verify"])
        .output()
        .unwrap();
    let schema = serde_json::from_slice(&schema.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&json)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn policy_options_replace_the_files_rules_and_say_so() {
    let scene = Scene::new();
    let (key, folder, image) = keyed(&scene);
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let file = "version: 1\nverify:\n  - {match: '**', key: 'env://KEY_IN_ENV', insecure_ignore_tlog: true}\n";
    write(folder.path(), "fullsend.yaml", file);
    let by_file = fullsend(folder.path(), &[&image]);
    assert_eq!(by_file.status.code(), Some(12), "{}", text(&by_file.stderr));
    let by_flags = [
        &image,
        "--key",
        "cosign.pub",
        "--insecure-ignore-tlog",
        "--format",
        "json",
    ];
    let by_flags = fullsend(folder.path(), &by_flags);
    assert_eq!(by_flags.status.code(), Some(0));
    assert!(text(&by_flags.stderr).contains("replace the rules of fullsend.yaml"));
    assert!(serde_json::from_slice::<Value>(&by_flags.stdout).is_ok());
}

#[test]
fn a_policy_that_makes_no_sense_is_a_usage_error_before_any_request() {
    let scene = Scene::new();
    let (_, folder, image) = keyed(&scene);
    write(folder.path(), "broken.json", "{");
    for (arguments, expected) in [
        (&[] as &[&str], "polic"),
        (&["--key", "missing.pub"], "missing.pub"),
        (&["--key", "cosign.key"], "private key"),
        (&["--key", "awskms:///alias/x"], "awskms"),
        (&["--certificate-identity", "x"], "certificate-oidc-issuer"),
        (&["--certificate-oidc-issuer", "https://x.test"], "identity"),
        (
            &["--key", "cosign.pub", "--github-repository", "a/b"],
            "cannot be used with",
        ),
        (&["--insecure-ignore-tlog"], "--key"),
        (
            &["--key", "cosign.pub", "--trusted-root", "broken.json"],
            "trusted root",
        ),
        (&["--key", "cosign.pub", "--platform", "amd64"], "platform"),
    ] {
        let all = [&[&image as &str], arguments].concat();
        let output = fullsend(folder.path(), &all);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty());
    }
    assert!(scene.registry.requests().is_empty());
}

//! `fullsend verify-bundle` on vectors of our own, good and bad, as a user runs it.

mod artifact;
mod files;
mod flaws;
mod forms;
mod signers;

use std::{
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fullsend_testkit::{
    digest_of,
    signing::{Identity, LegacySignature, Signing, SigningKey, Sigstore},
};
use serde_json::{Value, json};

const VERIFIED: i32 = 0;
const USAGE: i32 = 2;
const INVALID: i32 = 11;
const UNTRUSTED: i32 = 12;

/// What is signed in most of these tests.
const CONTENT: &[u8] = b"a file\n";

/// A folder with `artifact`, `cosign.pub` and `trusted_root.json`, and who made the latter two.
struct Desk {
    folder: tempfile::TempDir,
    pki: Sigstore,
    key: SigningKey,
}

impl Desk {
    fn new() -> Self {
        let (pki, key) = (Sigstore::new(), SigningKey::p256());
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder, pki, key };
        desk.write("artifact", CONTENT);
        desk.write("cosign.pub", desk.key.public_pem());
        desk.write("trusted_root.json", desk.pki.trusted_root());
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        use std::io::Write as _;
        let mut options = std::fs::OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o644);
        let mut file = options.open(self.path(name)).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
    }

    fn keyless(&self) -> Signing<'_> {
        Signing::keyless(&self.pki, ci()).timestamped()
    }

    fn keyed(&self) -> Signing<'_> {
        Signing::with_key(&self.key).logged_in(&self.pki)
    }

    /// Writes `bundle` and asks whether `who` signed it for `artifact`.
    #[track_caller]
    fn ask(&self, bundle: impl AsRef<[u8]>, who: &[&str], artifact: &str) -> (i32, Value) {
        self.write("bundle.json", bundle);
        let arguments = [&["--bundle", "bundle.json"], who, &[artifact]].concat();
        let output = fullsend(self.folder.path(), &arguments);
        let code = output.status.code().unwrap();
        if code == USAGE {
            assert!(output.stdout.is_empty());
            return (code, json!({"error": text(&output.stderr)}));
        }
        let json: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
        check(code, &json);
        (code, json)
    }

    #[track_caller]
    fn expect(&self, bundle: &Value, who: &[&str], expected: i32, what: impl std::fmt::Debug) {
        for artifact in ["artifact", &digest_of(CONTENT)] {
            let (code, json) = self.ask(bundle.to_string(), who, artifact);
            assert_eq!(code, expected, "{what:?}, {artifact}: {json:#}");
        }
    }
}

/// What holds for every answer.
#[track_caller]
fn check(code: i32, json: &Value) {
    let word = json["verdict"].as_str().unwrap();
    let words = [
        (VERIFIED, "verified"),
        (INVALID, "invalid"),
        (UNTRUSTED, "untrusted"),
    ];
    assert!(words.contains(&(code, word)), "{code} {json:#}");
    assert_eq!(code == VERIFIED, json["reason"].is_null(), "{json:#}");
    assert_eq!(json["schema_version"], 1);
    if code == VERIFIED {
        assert!(
            json["identity"].is_string() && json["digest"].is_string(),
            "{json:#}"
        );
    }
}

/// The options that ask for the key of the folder.
const BY_KEY: [&str; 4] = ["--key", "cosign.pub", "--trusted-root", "trusted_root.json"];

/// The options that ask for [`ci`].
const BY_CI: [&str; 6] = [
    "--certificate-identity",
    "https://github.com/acme/agent/.github/workflows/release.yml@refs/tags/v1.0.0",
    "--certificate-oidc-issuer",
    "https://token.actions.githubusercontent.com",
    "--trusted-root",
    "trusted_root.json",
];

fn ci() -> Identity {
    Identity::github(
        "acme/agent",
        ".github/workflows/release.yml",
        "refs/tags/v1.0.0",
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is run as a user runs it"
)]
fn fullsend(folder: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_fullsend"));
    told(&mut program, folder, arguments)
}

/// The same by `program`, which may be another that leads to it.
fn told(program: &mut Command, folder: &Path, arguments: &[&str]) -> Output {
    program
        .env_clear()
        .current_dir(folder)
        .args(["--format", "json", "verify-bundle"])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The statement's bundle for [`CONTENT`].
fn about_content(signing: &Signing<'_>) -> Value {
    signing.bundle(&digest_of(CONTENT)).json().clone()
}

/// The same evidence around a file's own signature: what legacy signing signs and logs is a text
/// like any other. Returns that text and the bundle.
fn message_signature(signing: &Signing<'_>) -> (String, Value) {
    let signed = signing.legacy(&digest_of(CONTENT), "registry.test/agent");
    let note = |name: &str| signed.annotations.get(name).and_then(Value::as_str);
    let logged = note("dev.sigstore.cosign/bundle").unwrap();
    let logged: Value = serde_json::from_str(logged).unwrap();
    let payload = &logged["Payload"];
    let body = BASE64_STANDARD
        .decode(payload["body"].as_str().unwrap())
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let log_id = hex::decode(payload["logID"].as_str().unwrap()).unwrap();
    let mut material = match note("dev.sigstore.cosign/certificate") {
        Some(pem) => json!({"x509CertificateChain": {"certificates": [{"rawBytes": der(pem)}]}}),
        None => json!({"publicKey": {"hint": ""}}),
    };
    material["tlogEntries"] = json!([{
        "logIndex": payload["logIndex"].to_string(),
        "logId": {"keyId": BASE64_STANDARD.encode(log_id)},
        "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
        "integratedTime": payload["integratedTime"].to_string(),
        "inclusionPromise": {"signedEntryTimestamp": logged["SignedEntryTimestamp"]},
        "canonicalizedBody": payload["body"],
    }]);
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": material,
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": sha256(&signed)},
            "signature": note("dev.cosignproject.cosign/signature"),
        },
    });
    (signed.payload, bundle)
}

fn sha256(signed: &LegacySignature) -> String {
    let digest = digest_of(signed.payload.as_bytes());
    BASE64_STANDARD.encode(hex::decode(digest.trim_start_matches("sha256:")).unwrap())
}

fn der(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

/// `bundle` with one part of it set to `value`.
fn with(bundle: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = bundle.clone();
    *changed.pointer_mut(pointer).unwrap() = value;
    changed
}

/// `bundle` without the member `name` of the object at `pointer`.
fn without(bundle: &Value, pointer: &str, name: &str) -> Value {
    let mut changed = bundle.clone();
    let object = changed.pointer_mut(pointer).unwrap();
    object.as_object_mut().unwrap().remove(name).unwrap();
    changed
}

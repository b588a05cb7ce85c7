//! What the bundle is about: a file or a digest.

use super::*;

#[test]
fn another_file_or_digest() {
    let desk = Desk::new();
    desk.write("other", b"another file");
    let bundle = about_content(&desk.keyless()).to_string();
    for artifact in ["other", &digest_of(b"another file"), &digest_of(b"")] {
        let (code, json) = desk.ask(&bundle, &BY_CI, artifact);
        assert_eq!(code, INVALID, "{json:#}");
    }
}

#[test]
fn a_files_own_signature() {
    let desk = Desk::new();
    for (signing, who) in [(desk.keyless(), &BY_CI as &[&str]), (desk.keyed(), &BY_KEY)] {
        let (signed, bundle) = message_signature(&signing);
        desk.write("signed", &signed);
        let text = bundle.to_string();
        for artifact in ["signed", &digest_of(signed.as_bytes())] {
            let (code, json) = desk.ask(&text, who, artifact);
            assert_eq!(code, VERIFIED, "{json:#}");
            assert_eq!(json["digest"], digest_of(signed.as_bytes()));
            assert!(json["predicate_type"].is_null());
        }
        let (code, _) = desk.ask(&text, who, "artifact");
        assert_eq!(code, INVALID);
        // The digest in the bundle is only a hint; the signature decides.
        let lying = with(
            &bundle,
            "/messageSignature/messageDigest/digest",
            json!("AAAA"),
        );
        assert_eq!(desk.ask(lying.to_string(), who, "signed").0, INVALID);
        let silent = without(&bundle, "/messageSignature", "messageDigest");
        assert_eq!(desk.ask(silent.to_string(), who, "signed").0, VERIFIED);
        assert_ne!(desk.ask(silent.to_string(), who, "artifact").0, VERIFIED);
    }
}

/// Ed25519 hashes the bytes itself: no digest of ours can stand in for them.
#[test]
fn a_file_that_is_signed_by_its_bytes() {
    let desk = Desk {
        key: SigningKey::ed25519(),
        ..Desk::new()
    };
    desk.write("cosign.pub", desk.key.public_pem());
    let (signed, bundle) = message_signature(&desk.keyed());
    desk.write("signed", &signed);
    let (code, json) = desk.ask(bundle.to_string(), &BY_KEY, "signed");
    assert_eq!(code, VERIFIED, "{json:#}");
    let (code, json) = desk.ask(bundle.to_string(), &BY_KEY, &digest_of(signed.as_bytes()));
    assert_eq!(code, USAGE);
    assert!(
        json["error"].as_str().unwrap().contains("name the file"),
        "{json:#}"
    );
    let (code, _) = desk.ask(bundle.to_string(), &BY_KEY, "artifact");
    assert_eq!(code, INVALID);
}

#[test]
fn what_has_the_form_of_a_digest_is_a_file_where_there_is_one() {
    let desk = Desk::new();
    let bundle = about_content(&desk.keyless()).to_string();
    let name = digest_of(CONTENT);
    desk.write(&name, b"not what its name says");
    assert_eq!(desk.ask(&bundle, &BY_CI, &name).0, INVALID);
    desk.write(&name, CONTENT);
    let other = digest_of(b"another file");
    desk.write(&other, CONTENT);
    for named in [&name, &other] {
        let (code, json) = desk.ask(&bundle, &BY_CI, named);
        assert_eq!((code, &json["digest"]), (VERIFIED, &json!(name)));
    }
}

#[test]
fn what_is_neither_a_file_nor_a_digest() {
    let desk = Desk::new();
    let bundle = about_content(&desk.keyless()).to_string();
    let hex = digest_of(CONTENT).trim_start_matches("sha256:").to_owned();
    for artifact in [
        "absent",
        "sha256:",
        &format!("sha256:{}", &hex[1..]),
        &format!("sha256:{hex}0"),
        &format!("sha256:{}g", &hex[1..]),
        &format!("SHA256:{hex}"),
        &format!("sha512:{hex}{hex}"),
        &hex,
        "",
        ".",
        "/dev/null",
        "artifact/x",
    ] {
        let (code, json) = desk.ask(&bundle, &BY_CI, artifact);
        assert_eq!(code, USAGE, "{artifact}: {json:#}");
    }
    let upper = format!("sha256:{}", hex.to_uppercase());
    assert_eq!(desk.ask(&bundle, &BY_CI, &upper).0, VERIFIED);
}

/// A file of any size is hashed as it is read.
#[test]
fn a_file_that_is_larger_than_memory_need_be() {
    let desk = Desk::new();
    let file = std::fs::File::create(desk.path("large")).unwrap();
    file.set_len(300 << 20).unwrap();
    // SHA-256 of 300 MiB of zeros.
    let digest = "sha256:17a88af83717f68b8bd97873ffcf022c8aed703416fe9b08e0fa9e3287692bf0";
    let bundle = desk.keyless().bundle(digest);
    let (_, json) = desk.ask(bundle.bytes(), &BY_CI, "large");
    assert_eq!(json["digest"], digest, "{json:#}");
}

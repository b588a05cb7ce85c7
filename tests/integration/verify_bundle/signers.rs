//! Whom the options name, and who signed.

use super::*;

#[test]
fn the_subject_and_the_issuer_are_exact() {
    let desk = Desk::new();
    let bundle = about_content(&desk.keyless());
    let (name, issuer) = (BY_CI[1], BY_CI[3]);
    for (identity, by, expected) in [
        (name.to_owned(), issuer.to_owned(), VERIFIED),
        (
            name[..name.len() - 1].to_owned(),
            issuer.to_owned(),
            UNTRUSTED,
        ),
        (format!("{name}0"), issuer.to_owned(), UNTRUSTED),
        (name.to_uppercase(), issuer.to_owned(), UNTRUSTED),
        (".*".to_owned(), issuer.to_owned(), UNTRUSTED),
        (format!(" {name}"), issuer.to_owned(), UNTRUSTED),
        (name.to_owned(), format!("{issuer}/"), UNTRUSTED),
        (name.to_owned(), "https://gitlab.com".to_owned(), UNTRUSTED),
        (issuer.to_owned(), name.to_owned(), UNTRUSTED),
        (String::new(), issuer.to_owned(), USAGE),
        (name.to_owned(), String::new(), USAGE),
    ] {
        let who = [
            "--certificate-identity",
            &identity,
            "--certificate-oidc-issuer",
            &by,
        ];
        let who = [&who[..], &BY_CI[4..]].concat();
        desk.expect(&bundle, &who, expected, (&identity, &by));
    }
}

#[test]
fn the_answer_names_who_signed_what() {
    let desk = Desk::new();
    let bundle = desk.keyless().attestation(&digest_of(CONTENT));
    let (_, json) = desk.ask(bundle.bytes(), &BY_CI, "artifact");
    assert_eq!(json["identity"], ci().name());
    assert_eq!(json["issuer"], ci().issuer());
    assert_eq!(json["method"], "keyless");
    assert_eq!(json["predicate_type"], "https://slsa.dev/provenance/v1");
    assert_eq!(json["digest"], digest_of(CONTENT));
    assert_eq!(json["claims"]["build_trigger"], "push");
    assert_eq!(
        (&json["bundle"], &json["artifact"]),
        (&json!("bundle.json"), &json!("artifact"))
    );

    let (_, json) = desk.ask(
        about_content(&desk.keyed()).to_string(),
        &BY_KEY,
        "artifact",
    );
    assert_eq!(json["identity"], desk.key.fingerprint());
    assert_eq!(json["method"], "key");
}

#[test]
fn another_key_is_somebody_elses() {
    let desk = Desk::new();
    let other = SigningKey::p256();
    let theirs = about_content(&Signing::with_key(&other).logged_in(&desk.pki));
    desk.expect(&theirs, &BY_KEY, UNTRUSTED, "theirs");
    let hint = "/verificationMaterial/publicKey/hint";
    let disguised = with(&theirs, hint, json!(desk.key.hint()));
    desk.expect(&disguised, &BY_KEY, INVALID, "theirs with our hint");
    let ours = with(&about_content(&desk.keyed()), hint, json!(""));
    desk.expect(&ours, &BY_KEY, VERIFIED, "ours without a hint");
}

#[test]
fn a_key_is_no_certificate_and_the_other_way_round() {
    let desk = Desk::new();
    desk.expect(&about_content(&desk.keyed()), &BY_CI, UNTRUSTED, "a key");
    desk.expect(
        &about_content(&desk.keyless()),
        &BY_KEY,
        UNTRUSTED,
        "a certificate",
    );
}

#[test]
fn each_kind_of_key() {
    for key in [
        SigningKey::p256(),
        SigningKey::p384(),
        SigningKey::ed25519(),
    ] {
        let desk = Desk { key, ..Desk::new() };
        desk.write("cosign.pub", desk.key.public_pem());
        desk.expect(&about_content(&desk.keyed()), &BY_KEY, VERIFIED, &desk.key);
    }
}

#[test]
fn another_sigstore_vouches_for_nobody_here() {
    let (desk, other) = (Desk::new(), Sigstore::new());
    let bundle = about_content(&desk.keyless());
    desk.write("trusted_root.json", other.trusted_root());
    desk.expect(&bundle, &BY_CI, INVALID, "another root");
    for instance in [&["--staging"] as &[&str], &[]] {
        let who = [instance, &BY_CI[..4]].concat();
        desk.expect(&bundle, &who, INVALID, instance);
    }
    desk.write("trusted_root.json", desk.pki.trusted_root());
    let who = [&["--staging"] as &[&str], &BY_CI].concat();
    desk.expect(
        &bundle,
        &who,
        VERIFIED,
        "a named root replaces any instance",
    );
}

#[test]
fn options_that_name_nobody_or_two() {
    let desk = Desk::new();
    let bundle = about_content(&desk.keyed());
    for who in [
        &[] as &[&str],
        &BY_CI[..2],
        &BY_CI[2..4],
        &[
            "--key",
            "cosign.pub",
            "--certificate-identity",
            "x",
            "--certificate-oidc-issuer",
            "y",
        ],
        &["--key", "cosign.pub", "--certificate-oidc-issuer", "y"],
        &["--key", "absent.pub"],
        &["--key", "trusted_root.json"],
        &["--key", "."],
        &["--key", "cosign.pub", "--trusted-root", "cosign.pub"],
        &["--key", "cosign.pub", "--trusted-root", "absent.json"],
    ] {
        desk.expect(&bundle, who, USAGE, who);
    }
}

//! What a bundle may look like, and what it may not.

use super::*;

const LOG_ENTRIES: &str = "/verificationMaterial/tlogEntries";
const STAMPS: &str = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps";

fn in_a_chain(bundle: &Value) -> Value {
    let mut changed = without(bundle, "/verificationMaterial", "certificate");
    let certificate = &bundle["verificationMaterial"]["certificate"];
    changed["verificationMaterial"]["x509CertificateChain"] =
        json!({"certificates": [certificate]});
    changed
}

#[test]
fn each_version_by_its_media_type() {
    let desk = Desk::new();
    let single = about_content(&desk.keyless());
    let chain = in_a_chain(&single);
    let old = |version: &str| format!("application/vnd.dev.sigstore.bundle+json;version={version}");
    let new = |version: &str| format!("application/vnd.dev.sigstore.bundle.v{version}+json");
    for (media_type, of_one, of_chain) in [
        (old("0.1"), VERIFIED, VERIFIED),
        (old("0.2"), VERIFIED, VERIFIED),
        (old("0.3"), VERIFIED, INVALID),
        (new("0.3"), VERIFIED, INVALID),
        (old("0.4"), INVALID, INVALID),
        (new("0.2"), INVALID, INVALID),
        (new("0.30"), INVALID, INVALID),
        ("application/json".into(), INVALID, INVALID),
        (new("0.3").to_uppercase(), INVALID, INVALID),
        (String::new(), INVALID, INVALID),
    ] {
        for (bundle, expected) in [(&single, of_one), (&chain, of_chain)] {
            let bundle = with(bundle, "/mediaType", json!(media_type));
            desk.expect(&bundle, &BY_CI, expected, &media_type);
        }
    }
}

#[test]
fn a_part_that_is_missing() {
    let desk = Desk::new();
    let bundle = about_content(&desk.keyless());
    for (object, name) in [
        ("", "verificationMaterial"),
        ("", "dsseEnvelope"),
        ("/verificationMaterial", "certificate"),
        ("/verificationMaterial", "tlogEntries"),
        ("/verificationMaterial/tlogEntries/0", "logId"),
        ("/verificationMaterial/tlogEntries/0", "canonicalizedBody"),
        ("/verificationMaterial/tlogEntries/0", "inclusionProof"),
        (
            "/verificationMaterial/tlogEntries/0/inclusionProof",
            "checkpoint",
        ),
        (
            "/verificationMaterial/tlogEntries/0/inclusionProof",
            "hashes",
        ),
        ("/dsseEnvelope", "payload"),
        ("/dsseEnvelope", "payloadType"),
        ("/dsseEnvelope", "signatures"),
    ] {
        let bundle = without(&bundle, object, name);
        desk.expect(&bundle, &BY_CI, INVALID, name);
    }
    let empty = with(&bundle, LOG_ENTRIES, json!([]));
    desk.expect(&empty, &BY_CI, INVALID, "no log entry");
    let unlogged = about_content(&Signing::with_key(&desk.key));
    desk.expect(&unlogged, &BY_KEY, INVALID, "a key in no log");
    let unproven = without(
        &bundle,
        "/verificationMaterial/tlogEntries/0",
        "inclusionProof",
    );
    let unproven = without(
        &unproven,
        "/verificationMaterial/tlogEntries/0",
        "inclusionPromise",
    );
    let mut beside = bundle;
    let entry = unproven.pointer(LOG_ENTRIES).unwrap()[0].clone();
    beside[LOG_ENTRIES.split('/').nth(1).unwrap()]["tlogEntries"]
        .as_array_mut()
        .unwrap()
        .push(entry);
    desk.expect(
        &beside,
        &BY_CI,
        INVALID,
        "an entry without proof beside a good one",
    );
}

#[test]
fn a_statement_that_is_none() {
    let desk = Desk::new();
    let bundle = about_content(&desk.keyed());
    let kind = with(&bundle, "/dsseEnvelope/payloadType", json!("text/plain"));
    desk.expect(&kind, &BY_KEY, INVALID, "payload type");
    let twice = bundle["dsseEnvelope"]["signatures"][0].clone();
    let twice = with(&bundle, "/dsseEnvelope/signatures", json!([twice, twice]));
    desk.expect(&twice, &BY_KEY, INVALID, "two signatures");
    let none = with(&bundle, "/dsseEnvelope/signatures", json!([]));
    desk.expect(&none, &BY_KEY, INVALID, "no signature");
    let both = with(
        &bundle,
        "/dsseEnvelope/payload",
        json!(BASE64_STANDARD.encode("{}")),
    );
    desk.expect(&both, &BY_KEY, INVALID, "no statement");
}

#[test]
fn bounds_on_what_is_checked() {
    let desk = Desk::new();
    let bundle = about_content(&desk.keyless());
    for list in [LOG_ENTRIES, STAMPS] {
        let one = bundle.pointer(list).unwrap()[0].clone();
        for (count, expected) in [(8, VERIFIED), (9, INVALID), (100, INVALID)] {
            let many = with(&bundle, list, json!(vec![one.clone(); count]));
            desk.expect(&many, &BY_CI, expected, (list, count));
        }
    }
}

#[test]
fn text_that_is_no_bundle() {
    let desk = Desk::new();
    let good = about_content(&desk.keyless()).to_string();
    let (head, tail) = good.split_at(good.len() / 2);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (what, text) in [
        ("empty", Vec::new()),
        ("null", b"null".to_vec()),
        ("list", b"[]".to_vec()),
        ("object", b"{}".to_vec()),
        ("cut", head.into()),
        ("tail", tail.into()),
        ("twice", good.repeat(2).into_bytes()),
        ("not UTF-8", [good.as_bytes(), b"\xff"].concat()),
        (
            "UTF-16",
            good.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        ("byte order mark", ["\u{feff}", &good].concat().into_bytes()),
        ("deep", deep.into_bytes()),
    ] {
        let (code, json) = desk.ask(text, &BY_CI, "artifact");
        assert_eq!(code, INVALID, "{what}: {json:#}");
    }
}

/// Whatever a reader takes of two, we take neither.
#[test]
fn a_key_that_stands_twice() {
    let desk = Desk::new();
    let good = about_content(&desk.keyless());
    let other = desk.keyless().bundle(&digest_of(b"another file"));
    let part = |from: &Value, name: &str| format!("\"{name}\":{}", from[name]);
    for name in ["mediaType", "verificationMaterial", "dsseEnvelope"] {
        for (first, second) in [(&good, other.json()), (other.json(), &good)] {
            let rest = good.as_object().unwrap().keys().filter(|key| *key != name);
            let mut parts: Vec<String> = rest.map(|key| part(&good, key)).collect();
            parts.extend([part(first, name), part(second, name)]);
            let (code, json) = desk.ask(format!("{{{}}}", parts.join(",")), &BY_CI, "artifact");
            assert_eq!(code, INVALID, "{name}: {json:#}");
        }
    }
    let text = good.to_string();
    for (once, twice) in [
        ("\"payload\":", "\"payload\":\"e30=\",\"payload\":"),
        ("\"tlogEntries\":", "\"tlogEntries\":[],\"tlogEntries\":"),
        ("\"certificate\":", "\"publicKey\":{},\"certificate\":"),
        (
            "\"dsseEnvelope\":",
            "\"messageSignature\":{\"signature\":\"AA==\"},\"dsseEnvelope\":",
        ),
        ("\"rawBytes\":", "\"rawBytes\":\"AA==\",\"rawBytes\":"),
    ] {
        assert!(text.contains(once));
        let (code, json) = desk.ask(text.replacen(once, twice, 1), &BY_CI, "artifact");
        assert_eq!(code, INVALID, "{twice}: {json:#}");
    }
}

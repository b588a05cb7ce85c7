//! A simple-signing payload names the digest that any reader of it would find, or none; and with
//! its annotations it proves nothing about a digest that nobody signed.
//!
//! The input's parts are separated by bytes of zero: the payload, then the annotations' values.
#![no_main]

use fullsend::{fuzzing::read_payload, model::digest::Digest};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const ROOT: &str = include_str!("../trust/trusted_root.json");
const KEY: &str = include_str!("../trust/cosign.pub");

fuzz_target!(|input: &[u8]| {
    let parts: Vec<&[u8]> = input.splitn(6, |byte| *byte == 0).collect();
    let Some((payload, annotations)) = parts.split_first() else {
        return;
    };
    let annotations: Vec<&str> = annotations
        .iter()
        .filter_map(|part| std::str::from_utf8(part).ok())
        .collect();
    let unsigned = Digest::of(b"an image that nobody signed");
    let Some(read) = read_payload(payload, &annotations, ROOT, KEY, &unsigned) else {
        return;
    };
    let value: Value = serde_json::from_slice(payload).expect("it was read as JSON before");
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    assert_eq!(
        text("/critical/image/docker-manifest-digest"),
        Some(read.digest.as_str())
    );
    assert_eq!(text("/critical/type"), Some("cosign container image signature"));
    assert!(!read.is_proven);
});

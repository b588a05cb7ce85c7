//! A digest is `sha256:` and 64 lower-case hexadecimal digits, and nothing else is one.
#![no_main]

use fullsend::model::digest::Digest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_one = text
        .strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(lower_hex));
    let parsed = text.parse::<Digest>();
    assert_eq!(parsed.is_ok(), is_one);
    let Ok(digest) = parsed else { return };
    assert_eq!(digest.to_string(), text);
    assert_eq!(Digest::from_sha256(digest.sha256()), digest);
    let json = serde_json::to_string(&digest).unwrap();
    assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
});

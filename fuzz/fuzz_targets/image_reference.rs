//! A reference means the same when it is written out and read again, and no part of it can leave
//! its place in a URL.
#![no_main]

use fullsend::model::image::ImageReference;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(reference) = text.parse::<ImageReference>() else {
        return;
    };
    let written = reference.to_string();
    assert_eq!(written.parse::<ImageReference>().as_ref(), Ok(&reference));
    assert!(reference.tag().is_some() || reference.digest().is_some());

    let repository = reference.repository();
    let host = repository.host();
    assert!(!host.is_empty() && !host.contains(['/', '@', '?', '#', '\\', '%']));
    let component = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        part.bytes().all(|byte| plain(byte) || b"._-".contains(&byte))
            && part.bytes().next().is_some_and(plain)
            && part.bytes().last().is_some_and(plain)
    };
    assert!(repository.path().split('/').all(component));
    if let Some(tag) = reference.tag() {
        assert!((1..=128).contains(&tag.len()) && !tag.starts_with(['.', '-']));
        assert!(!tag.contains(['/', ':', '@', '?', '#', '%']));
    }
});

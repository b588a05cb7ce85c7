//! Whatever a registry answers, a token is asked for over HTTP alone, from a host, and without a
//! name or password that the registry chose.
#![no_main]

use fullsend::fuzzing::token_realm;
use libfuzzer_sys::fuzz_target;

// Every line is a header of its own.
fuzz_target!(|headers: &str| {
    let Some(realm) = token_realm(headers) else {
        return;
    };
    let rest = realm
        .strip_prefix("https://")
        .or_else(|| realm.strip_prefix("http://"))
        .expect("a scheme of the web");
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    assert!(!authority.is_empty() && !authority.contains('@'), "{realm}");
    assert!(!realm.contains(|c: char| c.is_control() || c == ' '), "{realm}");
    let quoted = realm.replace('\\', r"\\").replace('"', "\\\"");
    let again = format!("Bearer realm=\"{quoted}\"");
    assert_eq!(token_realm(&again).as_ref(), Some(&realm), "{headers}");
});

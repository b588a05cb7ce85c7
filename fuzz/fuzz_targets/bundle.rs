//! A bundle is read within its bounds or refused; and whatever it holds, it proves nothing about a
//! digest that nobody signed.
#![no_main]

use fullsend::{
    fuzzing::{MOST, read_bundle},
    model::digest::Digest,
};
use libfuzzer_sys::fuzz_target;

/// A trusted root whose signers made the seeds, so that small changes of theirs get far.
const ROOT: &str = include_str!("../trust/trusted_root.json");
const KEY: &str = include_str!("../trust/cosign.pub");

fuzz_target!(|json: &[u8]| {
    let unsigned = Digest::of(b"an image that nobody signed");
    let Some(bundle) = read_bundle(json, ROOT, KEY, &unsigned) else {
        return;
    };
    assert!(!bundle.is_proven);
    let [log_entries, time_stamps, subjects] = MOST;
    assert!(bundle.log_entries <= log_entries && bundle.time_stamps <= time_stamps);
    assert!(bundle.subjects.len() <= subjects);
    for subject in &bundle.subjects {
        assert_eq!(subject.as_str().parse().as_ref(), Ok(subject));
    }
});

//! Whatever a git host answers, its lines and its pack are read to an end, and the pack in the same
//! way however it comes in.
#![no_main]

use fullsend::fuzzing::read_answer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = read_answer(bytes, bytes.len());
    assert_eq!(read_answer(bytes, 7), whole);
});

//! Any bytes as any kind of file: judged without a panic, findings lie within the file, and a mend
//! leaves a text that can be judged again.
#![no_main]

use std::path::Path;

use fullsend::{
    document::edit,
    validate::{self, Kind, NoFiles},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((which, bytes)) = input.split_first() else {
        return;
    };
    let kind = Kind::ALL[usize::from(*which) % Kind::ALL.len()];
    let path = Path::new("a.yml");
    let checked = validate::check(path, bytes, Some(kind), &NoFiles);
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    for problem in &checked.problems {
        let finding = &problem.finding;
        assert!(finding.line.is_none_or(|line| line <= lines));
        assert!(!finding.message.contains(char::is_control));
        if let Ok(text) = std::str::from_utf8(bytes)
            && !problem.fix.is_empty()
        {
            let mended = edit::apply(text, &problem.fix).unwrap();
            validate::check(path, mended.as_bytes(), Some(kind), &NoFiles);
        }
    }
});

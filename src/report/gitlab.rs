//! GitLab's log sections: ours are written, the agent's are made harmless.

/// The marker that opens a collapsible section; `at` is Unix time in seconds.
pub fn section_start(name: &str, title: &str, at: i64) -> String {
    format!("\x1b[0Ksection_start:{at}:{name}\r\x1b[0K{title}\n")
}

/// The marker that closes the section.
pub fn section_end(name: &str, at: i64) -> String {
    format!("\x1b[0Ksection_end:{at}:{name}\r\x1b[0K\n")
}

/// Removes the power of section markers from a stream, over any number of pieces.
///
/// GitLab folds the log at `section_start:` and `section_end:`; a `_` that an agent prints inside
/// one of these words becomes `-`. Nothing else changes, and no byte is added or lost.
#[derive(Debug, Default)]
pub struct SectionFilter {
    /// How much of `section_` the stream's end matches so far.
    matched: usize,
}

impl SectionFilter {
    const WORD: &[u8] = b"section_";

    /// Changes `bytes`, the stream's next piece, in place.
    ///
    /// The decision needs only what came before, so nothing is held back: the underscore is the
    /// last byte of the word.
    pub fn filter(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if *byte == Self::WORD[self.matched] {
                self.matched += 1;
            } else {
                // No proper suffix of `section` starts the word again but its first letter.
                self.matched = usize::from(*byte == Self::WORD[0]);
            }
            if self.matched == Self::WORD.len() {
                *byte = b'-';
                self.matched = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_lose_their_power_wherever_they_are_cut() {
        let text =
            b"a\x1b[0Ksection_start:1:x\r\x1b[0Khi ssection_end:2:x section-ok sect".to_vec();
        for cut in 0..text.len() {
            let mut filtered = text.clone();
            let mut filter = SectionFilter::default();
            let (left, right) = filtered.split_at_mut(cut);
            filter.filter(left);
            filter.filter(right);
            assert!(
                !filtered.windows(8).any(|window| window == b"section_"),
                "cut at {cut}"
            );
            assert_eq!(filtered.len(), text.len());
        }
    }
}

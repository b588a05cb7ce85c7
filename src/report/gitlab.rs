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
/// GitLab folds the log at `section_start:` and `section_end:`; the colon that an agent prints
/// behind either becomes `;`. No other byte changes, and none is added, lost or held back.
#[derive(Debug, Default)]
pub struct SectionFilter {
    /// How much of each word the stream's end matches so far.
    matched: [usize; 2],
}

impl SectionFilter {
    const WORDS: [&[u8]; 2] = [b"section_start:", b"section_end:"];

    /// Changes `bytes`, the stream's next piece, in place.
    pub fn filter(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            for (word, matched) in Self::WORDS.iter().zip(&mut self.matched) {
                let next = word.get(*matched);
                // Neither word has a part that begins it again but its first letter.
                *matched = match next {
                    Some(next) if next == byte => *matched + 1,
                    _ => usize::from(*byte == b's'),
                };
                if *matched == word.len() {
                    *byte = b';';
                    *matched = 0;
                }
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
            b"a\x1b[0Ksection_start:1:x\r\x1b[0Khi ssection_end:2:x section_id: sect".to_vec();
        for cut in 0..text.len() {
            let mut filtered = text.clone();
            let mut filter = SectionFilter::default();
            let (left, right) = filtered.split_at_mut(cut);
            filter.filter(left);
            filter.filter(right);
            let expected = "a\x1b[0Ksection_start;1:x\r\x1b[0Khi ssection_end;2:x section_id: sect";
            assert_eq!(
                String::from_utf8(filtered).unwrap(),
                expected,
                "cut at {cut}"
            );
        }
    }
}

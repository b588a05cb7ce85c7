//! The one file of a tar archive, as the archive API sends it.

const BLOCK: usize = 512;

/// The contents of the archive's first entry, if that is a regular file of at most `limit` bytes.
pub(super) fn only_file(tar: &[u8], limit: usize) -> Option<Vec<u8>> {
    let (header, body) = tar.split_at_checked(BLOCK)?;
    // `0` and NUL both mean a regular file; a link, folder or extension header is neither.
    if !matches!(header[156], b'0' | 0) {
        return None;
    }
    let size = octal(&header[124..136])?;
    (size <= limit).then_some(())?;
    body.get(..size).map(<[u8]>::to_vec)
}

fn octal(field: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(|c| c == ' ' || c == '\0');
    usize::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(kind: u8, size: &str, body: &[u8]) -> Vec<u8> {
        let mut tar = vec![0; BLOCK];
        tar[124..124 + size.len()].copy_from_slice(size.as_bytes());
        tar[156] = kind;
        tar.extend(body);
        tar
    }

    #[test]
    fn a_regular_file_within_the_limit_is_read() {
        let tar = archive(b'0', "00000000005\0", b"hello and padding");
        assert_eq!(only_file(&tar, 5).unwrap(), b"hello");
        assert_eq!(only_file(&tar, 4), None);
    }

    #[test]
    fn what_is_torn_or_no_file_is_none() {
        assert_eq!(only_file(b"", 9), None);
        assert_eq!(only_file(&archive(b'0', "00000000005", b"hel"), 9), None);
        assert_eq!(only_file(&archive(b'5', "00000000000", b""), 9), None);
        assert_eq!(only_file(&archive(b'2', "00000000000", b""), 9), None);
        assert_eq!(only_file(&archive(b'0', "7777777777x", b""), 9), None);
        assert_eq!(only_file(&archive(b'0', "", b""), 9), None);
    }
}

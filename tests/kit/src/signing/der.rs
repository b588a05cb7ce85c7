//! As much DER as certificates by hand need.

/// Encodes one value under a one-byte `tag`.
pub(super) fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut der = vec![tag];
    match length {
        [] => der.push(0),
        [short] if *short < 0x80 => der.push(*short),
        long => {
            der.extend(u8::try_from(long.len()).map(|count| 0x80 | count));
            der.extend(long);
        }
    }
    der.extend(content);
    der
}

/// Encodes a `UTF8String`.
pub(super) fn utf8(text: &str) -> Vec<u8> {
    encode(0x0c, text.as_bytes())
}

/// Encodes an `OCTET STRING`.
pub(super) fn octets(content: &[u8]) -> Vec<u8> {
    encode(0x04, content)
}

/// Returns the first element inside the outer one, header included: of a certificate, the part
/// that is signed.
pub(super) fn first_inside(der: &[u8]) -> Option<&[u8]> {
    let inside = der.get(header(der)?.0..)?;
    let (head, length) = header(inside)?;
    inside.get(..head + length)
}

/// Returns the sizes of the element's header and content.
fn header(der: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*der.get(1)?);
    if first < 0x80 {
        return Some((2, first));
    }
    let count = first & 0x7f;
    let bytes = der.get(2..2 + count)?;
    let length = bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    Some((2 + count, length))
}

#[cfg(test)]
mod tests {
    use super::{encode, first_inside, octets};

    #[test]
    fn long_lengths_are_minimal() {
        assert_eq!(encode(4, &[])[..], [4, 0]);
        assert_eq!(encode(4, &[0; 0x7f])[..2], [4, 0x7f]);
        assert_eq!(encode(4, &[0; 0x80])[..3], [4, 0x81, 0x80]);
        assert_eq!(encode(4, &[0; 0x1234])[..4], [4, 0x82, 0x12, 0x34]);
    }

    #[test]
    fn the_first_element_is_found() {
        let inner = octets(&[7; 300]);
        let outer = encode(0x30, &[inner.clone(), octets(b"rest")].concat());
        assert_eq!(first_inside(&outer), Some(inner.as_slice()));
    }
}

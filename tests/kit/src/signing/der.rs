//! As much DER as certificates and timestamps by hand need.

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

/// Encodes a `SEQUENCE` of encoded values.
pub(super) fn sequence(values: &[&[u8]]) -> Vec<u8> {
    encode(0x30, &values.concat())
}

/// Encodes an explicit `[0]` around an encoded value.
pub(super) fn explicit(value: &[u8]) -> Vec<u8> {
    encode(0xa0, value)
}

/// Encodes a `UTF8String`.
pub(super) fn utf8(text: &str) -> Vec<u8> {
    encode(0x0c, text.as_bytes())
}

/// Encodes an `OCTET STRING`.
pub(super) fn octets(content: &[u8]) -> Vec<u8> {
    encode(0x04, content)
}

/// Encodes an `INTEGER` below 128.
pub(super) fn small(number: u8) -> Vec<u8> {
    encode(0x02, &[number])
}

/// Encodes an `OBJECT IDENTIFIER` that begins with 1 or 2.
pub(super) fn oid(arcs: &[u64]) -> Vec<u8> {
    let (head, rest) = arcs.split_at(2);
    let first = head[0] * 40 + head[1];
    let mut content = Vec::new();
    for arc in std::iter::once(&first).chain(rest) {
        let septets = (0..10).map(|place| (arc >> (7 * place)).to_le_bytes()[0] & 0x7f);
        let septets: Vec<u8> = septets.collect();
        let last = septets.iter().rposition(|septet| *septet != 0).unwrap_or(0);
        for place in (0..=last).rev() {
            content.push(septets[place] | if place == 0 { 0 } else { 0x80 });
        }
    }
    encode(0x06, &content)
}

/// Splits what is inside `der` into its elements, headers included; stops at the first broken one.
pub(super) fn children(der: &[u8]) -> Vec<&[u8]> {
    let mut rest = header(der).and_then(|(head, _)| der.get(head..));
    let mut elements = Vec::new();
    while let Some(bytes) = rest.filter(|bytes| !bytes.is_empty()) {
        let split = header(bytes).and_then(|(head, length)| bytes.split_at_checked(head + length));
        elements.extend(split.map(|(element, _)| element));
        rest = split.map(|(_, after)| after);
    }
    elements
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
    use super::{children, encode, octets, oid, sequence, small};

    #[test]
    fn long_lengths_are_minimal() {
        assert_eq!(encode(4, &[])[..], [4, 0]);
        assert_eq!(encode(4, &[0; 0x7f])[..2], [4, 0x7f]);
        assert_eq!(encode(4, &[0; 0x80])[..3], [4, 0x81, 0x80]);
        assert_eq!(encode(4, &[0; 0x1234])[..4], [4, 0x82, 0x12, 0x34]);
    }

    #[test]
    fn elements_are_found_inside() {
        let long = octets(&[7; 300]);
        let outer = sequence(&[&long, &small(3)]);
        assert_eq!(children(&outer), [&long[..], &small(3)[..]]);
    }

    #[test]
    fn an_identifier_is_in_base_128() {
        assert_eq!(
            oid(&[1, 2, 840, 10045]),
            [6, 5, 0x2a, 0x86, 0x48, 0xce, 0x3d]
        );
    }
}

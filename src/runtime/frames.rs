//! Docker's framing of a container's output: 8 bytes of header, then the bytes themselves.
//!
//! A header is the stream's number (1 is stdout, 2 is stderr), three zeros and the length, big
//! endian. The decoder hands out slices of the buffer that was read into, so that an agent's
//! output is copied once from the socket and once to where it goes.

/// One of a container's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output; with a terminal the only one.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Bytes that are not in docker's framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the output's framing is broken: a header starts with {0}")]
pub(super) struct FramingError(u8);

const HEADER: usize = 8;

/// Where the decoder stands between two reads.
#[derive(Debug, Default)]
pub(super) struct Demultiplexer {
    header: [u8; HEADER],
    header_len: usize,
    /// What is left of the current frame.
    remaining: usize,
    stream: Option<OutputStream>,
}

impl Demultiplexer {
    /// Takes the next piece of one stream off the front of `input`.
    ///
    /// `None` means that all of `input` is used up.
    pub(super) fn next<'a>(
        &mut self,
        input: &mut &'a [u8],
    ) -> Result<Option<(OutputStream, &'a [u8])>, FramingError> {
        loop {
            if let (Some(stream), 1..) = (self.stream, self.remaining) {
                let (piece, rest) = input.split_at(self.remaining.min(input.len()));
                *input = rest;
                self.remaining -= piece.len();
                return Ok((!piece.is_empty()).then_some((stream, piece)));
            }
            if input.is_empty() {
                return Ok(None);
            }
            self.take_header(input)?;
        }
    }

    /// Whether the input ended between two frames.
    pub(super) fn is_complete(&self) -> bool {
        self.header_len == 0 && self.remaining == 0
    }

    fn take_header(&mut self, input: &mut &[u8]) -> Result<(), FramingError> {
        let wanted = HEADER - self.header_len;
        let (part, rest) = input.split_at(wanted.min(input.len()));
        *input = rest;
        self.header[self.header_len..self.header_len + part.len()].copy_from_slice(part);
        self.header_len += part.len();
        if self.header_len < HEADER {
            return Ok(());
        }
        self.header_len = 0;
        let [kind, _, _, _, length @ ..] = self.header;
        self.remaining = u32::from_be_bytes(length) as usize;
        self.stream = Some(match kind {
            // Docker echoes stdin to nobody, and names it stdout where it does.
            0 | 1 => OutputStream::Stdout,
            2 => OutputStream::Stderr,
            // 3 carries the daemon's own errors, which belong to neither output.
            other => return Err(FramingError(other)),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(frames: &[(bool, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (is_stderr, payload) in frames {
            bytes.extend([1 + u8::from(*is_stderr), 0, 0, 0]);
            bytes.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
            bytes.extend(payload);
        }
        bytes
    }

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, Vec<u8>, bool), FramingError> {
        let mut decoder = Demultiplexer::default();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        for piece in pieces {
            let mut input = *piece;
            while let Some((stream, bytes)) = decoder.next(&mut input)? {
                match stream {
                    OutputStream::Stdout => stdout.extend(bytes),
                    OutputStream::Stderr => stderr.extend(bytes),
                }
            }
            assert!(input.is_empty());
        }
        Ok((stdout, stderr, decoder.is_complete()))
    }

    proptest! {
        #[test]
        fn every_split_gives_the_same_streams(
            frames in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..8)
        ) {
            let bytes = encode(&frames);
            let of = |wanted: bool| -> Vec<u8> {
                frames.iter().filter(|(is, _)| *is == wanted).flat_map(|(_, p)| p.clone()).collect()
            };
            for at in 0..=bytes.len() {
                let (stdout, stderr, complete) = decode(&[&bytes[..at], &bytes[at..]]).unwrap();
                prop_assert_eq!(&stdout, &of(false));
                prop_assert_eq!(&stderr, &of(true));
                prop_assert!(complete);
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(decode(&single).unwrap().0, of(false));
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&[&bytes]);
        }
    }

    #[test]
    fn a_torn_frame_and_a_false_header_are_noticed() {
        let bytes = encode(&[(false, b"hello".to_vec())]);
        assert!(!decode(&[&bytes[..bytes.len() - 1]]).unwrap().2);
        assert!(!decode(&[&bytes[..3]]).unwrap().2);
        assert_eq!(decode(&[b"HTTP/1.1 400"]), Err(FramingError(b'H')));
    }
}

//! The lines that git's protocol is made of: four hexadecimal digits of length, then the content.

use bytes::{Buf, Bytes, BytesMut};

use crate::{
    forge::{Reason, git::limits},
    model::text,
    seam::http::Response,
};

/// The longest line, its length included.
const LONGEST: usize = 65_520;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::forge::git) enum Packet {
    /// Its content, maybe empty.
    Data(Bytes),
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a section.
    Delimiter,
    /// `0002`: the end of the whole answer.
    End,
}

/// What is no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::forge::git) struct NotAPacket;

impl Packet {
    /// Takes the first line off `buffer`; `None` where more must come first.
    pub(in crate::forge::git) fn take(buffer: &mut BytesMut) -> Result<Option<Self>, NotAPacket> {
        let Some(digits) = buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = length(*digits).ok_or(NotAPacket)?;
        let special = match length {
            0 => Self::Flush,
            1 => Self::Delimiter,
            2 => Self::End,
            3 => return Err(NotAPacket),
            _ if length > LONGEST => return Err(NotAPacket),
            _ if length > buffer.len() => return Ok(None),
            _ => {
                let mut line = buffer.split_to(length).freeze();
                line.advance(4);
                return Ok(Some(Self::Data(line)));
            }
        };
        buffer.advance(4);
        Ok(Some(special))
    }
}

fn length(digits: [u8; 4]) -> Option<usize> {
    digits.iter().try_fold(0, |length, &digit| {
        let value = char::from(digit).to_digit(16)?;
        Some(length << 4 | value as usize)
    })
}

/// The lines of an answer as they come.
#[derive(Debug)]
pub(super) struct Packets {
    response: Response,
    buffer: BytesMut,
    received: u64,
    limit: u64,
}

impl Packets {
    pub(super) fn new(response: Response, limit: u64) -> Self {
        Self {
            response,
            buffer: BytesMut::new(),
            received: 0,
            limit,
        }
    }

    /// The next line; `None` at the end of the answer. What the host says instead of an answer is
    /// an error.
    pub(super) async fn next(&mut self) -> Result<Option<Packet>, Reason> {
        loop {
            let packet = Packet::take(&mut self.buffer);
            let packet =
                packet.map_err(|NotAPacket| Reason::Malformed("it is not git's protocol"))?;
            match packet {
                Some(Packet::Data(line)) if line.starts_with(b"ERR ") => {
                    return Err(Reason::Said(message(&line[4..])));
                }
                Some(packet) => return Ok(Some(packet)),
                None => {}
            }
            let Some(chunk) = self.response.chunk().await? else {
                return match (self.received, self.buffer.is_empty()) {
                    (0, _) => Err(Reason::Silent),
                    (_, true) => Ok(None),
                    (_, false) => Err(Reason::Malformed("it ends within a line")),
                };
            };
            self.received += chunk.len() as u64;
            if self.received > self.limit {
                return Err(Reason::TooLarge {
                    limit: self.limit,
                    unit: "bytes",
                });
            }
            self.buffer.extend_from_slice(&chunk);
        }
    }
}

/// What a host says, fit for a sentence.
pub(super) fn message(bytes: &[u8]) -> String {
    text::shortened(String::from_utf8_lossy(bytes).trim(), limits::MESSAGE)
}

/// A request, written line by line.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u8>);

impl Lines {
    /// Starts with a command, the capabilities that go with it, and what parts them from the rest.
    pub(super) fn command(name: &str, format: super::ObjectFormat) -> Self {
        let mut lines = Self::default();
        lines.line(&format!("command={name}"));
        if let Some(capability) = format.capability() {
            lines.line(capability);
        }
        lines.0.extend_from_slice(b"0001");
        lines
    }

    /// Adds a line; all of them are short.
    pub(super) fn line(&mut self, text: &str) {
        self.0
            .extend_from_slice(format!("{:04x}{text}\n", text.len() + 5).as_bytes());
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"0000");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::forge::git::protocol::ObjectFormat;

    fn take(bytes: &[u8]) -> Result<Option<Packet>, NotAPacket> {
        Packet::take(&mut bytes.into())
    }

    #[test]
    fn a_line_says_how_long_it_is() {
        let data = |text: &'static str| Ok(Some(Packet::Data(Bytes::from(text))));
        assert_eq!(take(b"0006a\nrest"), data("a\n"));
        assert_eq!(take(b"000Aabcdefrest"), data("abcdef"));
        assert_eq!(take(b"0004"), data(""));
        assert_eq!(take(b"0000"), Ok(Some(Packet::Flush)));
        assert_eq!(take(b"0001"), Ok(Some(Packet::Delimiter)));
        assert_eq!(take(b"0002"), Ok(Some(Packet::End)));
        for more in [&b""[..], b"00", b"0006a", b"fff0"] {
            assert_eq!(take(more), Ok(None));
        }
        for bad in [
            &b"0003"[..],
            b"fff1",
            b"ffff",
            b"+004",
            b"00 4",
            b"\0\0\0\0",
        ] {
            assert_eq!(take(bad), Err(NotAPacket), "{bad:?}");
        }
    }

    #[test]
    fn a_request_is_made_of_lines() {
        let mut lines = Lines::command("ls-refs", ObjectFormat::Sha256);
        lines.line("peel");
        let expected = b"0014command=ls-refs\n0019object-format=sha256\n00010009peel\n0000";
        assert_eq!(lines.finish(), expected);
        let lines = Lines::command("fetch", ObjectFormat::Sha1);
        assert_eq!(lines.finish(), b"0012command=fetch\n00010000");
    }

    #[test]
    fn a_message_is_short_and_steers_nothing() {
        let long = "\u{1b}[2J".to_owned() + &"x".repeat(1000);
        let message = message(long.as_bytes());
        assert!(message.chars().count() <= limits::MESSAGE + 1);
        assert!(!message.contains('\u{1b}'));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(texts in prop::collection::vec("[a-z ]{1,40}", 0..8)) {
            let mut lines = Lines::default();
            for text in &texts {
                lines.line(text);
            }
            let mut buffer = BytesMut::from(&lines.finish()[..]);
            for text in &texts {
                let expected = Packet::Data(Bytes::from(format!("{text}\n")));
                prop_assert_eq!(Packet::take(&mut buffer), Ok(Some(expected)));
            }
            prop_assert_eq!(Packet::take(&mut buffer), Ok(Some(Packet::Flush)));
            prop_assert!(buffer.is_empty());
        }

        #[test]
        fn any_bytes_come_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            let mut left = buffer.len();
            while let Ok(Some(_)) = Packet::take(&mut buffer) {
                prop_assert!(buffer.len() <= left - 4);
                left = buffer.len();
            }
        }
    }
}

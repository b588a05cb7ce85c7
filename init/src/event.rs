//! What PID 1 tells the CLI, and a decoder for its side of the connection.

use crate::parse::{RecordError, take_line};
use crate::record::{RECORD_LIMIT, Record};

/// Something that PID 1 said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// PID 1 is there and speaks this version.
    Hello,
    /// The agent's exec succeeded.
    Started,
    /// The agent ended and nothing of its tree is left. The last event.
    Record(Record),
}

impl Event {
    /// The bytes that PID 1 sends.
    pub fn encode(&self) -> String {
        match self {
            Self::Hello => "hello 1\n".into(),
            Self::Started => "started\n".into(),
            Self::Record(record) => record.encode(),
        }
    }
}

/// Turns the bytes of one connection into events, in the one order in which they may come.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    next: Next,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Next {
    #[default]
    Hello,
    StartOrRecord,
    Record,
    Nothing,
}

impl Decoder {
    /// Adds bytes as they were read, and returns what they complete.
    ///
    /// After an error the connection is worthless: what comes later must not be believed.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, RecordError> {
        let mut events = Vec::new();
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > 2 * RECORD_LIMIT {
            return Err(RecordError::TooLong);
        }
        while let Some(event) = self.step()? {
            events.push(event);
        }
        Ok(events)
    }

    /// Whether the record arrived whole; if not at the connection's end, the outcome is unknown.
    pub fn is_finished(&self) -> bool {
        self.next == Next::Nothing && self.buffer.is_empty()
    }

    fn step(&mut self) -> Result<Option<Event>, RecordError> {
        match self.next {
            Next::Hello => match take_line(&mut self.buffer)?.as_deref() {
                None => Ok(None),
                Some("hello 1") => Ok(self.advance(Next::StartOrRecord, Event::Hello)),
                Some(other) if other.starts_with("hello ") => Err(RecordError::Version),
                Some(_) => Err(RecordError::Malformed),
            },
            Next::StartOrRecord if b"started\n".starts_with(head(&self.buffer, 8)) => {
                if self.buffer.len() < 8 {
                    return Ok(None);
                }
                self.buffer.drain(..8);
                Ok(self.advance(Next::Record, Event::Started))
            }
            Next::StartOrRecord | Next::Record => self.record(),
            Next::Nothing if self.buffer.is_empty() => Ok(None),
            Next::Nothing => Err(RecordError::Malformed),
        }
    }

    fn record(&mut self) -> Result<Option<Event>, RecordError> {
        let last = self
            .buffer
            .windows(5)
            .position(|window| window == b"\nend ");
        let end = last.and_then(|last| {
            let rest = self.buffer.iter().skip(last + 1);
            rest.copied()
                .position(|byte| byte == b'\n')
                .map(|more| last + 1 + more)
        });
        match end {
            Some(end) => {
                let bytes: Vec<u8> = self.buffer.drain(..=end).collect();
                let record = Record::parse(&bytes)?;
                Ok(self.advance(Next::Nothing, Event::Record(record)))
            }
            None if self.buffer.len() > RECORD_LIMIT => Err(RecordError::TooLong),
            None => Ok(None),
        }
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "reads as the result of the step it ends"
    )]
    fn advance(&mut self, next: Next, event: Event) -> Option<Event> {
        self.next = next;
        Some(event)
    }
}

fn head(buffer: &[u8], length: usize) -> &[u8] {
    buffer.get(..length).unwrap_or(buffer)
}

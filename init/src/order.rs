//! What the CLI asks of PID 1.

use std::fmt;
use std::time::Duration;

use crate::parse::{RecordError, take_line};

/// A line from the CLI to PID 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Send the signal to the agent's process group; kill the whole tree after the grace period.
    Terminate {
        /// The signal's number, 1 to 31.
        signal: i32,
        /// How long the agent has to end by itself.
        grace: Duration,
    },
    /// Kill the whole tree now.
    Kill,
}

impl fmt::Display for Order {
    /// Writes the line that PID 1 reads, its newline included.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminate { signal, grace } => {
                writeln!(out, "terminate {signal} {}", grace.as_millis())
            }
            Self::Kill => out.write_str("kill\n"),
        }
    }
}

impl Order {
    /// Takes the first whole order off `buffer`, or `None` until there is one.
    pub fn take(buffer: &mut Vec<u8>) -> Result<Option<Self>, RecordError> {
        match take_line(buffer)? {
            Some(line) => Self::parse(&line).map(Some).ok_or(RecordError::Malformed),
            None => Ok(None),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        if line == "kill" {
            return Some(Self::Kill);
        }
        let (signal, grace) = line.strip_prefix("terminate ")?.split_once(' ')?;
        let signal = signal
            .parse()
            .ok()
            .filter(|signal| (1..=31).contains(signal))?;
        Some(Self::Terminate {
            signal,
            grace: Duration::from_millis(grace.parse().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_the_wire_in_any_pieces() {
        let sent = [
            Order::Terminate {
                signal: 15,
                grace: Duration::from_secs(5),
            },
            Order::Kill,
        ];
        let wire: String = sent.iter().map(Order::to_string).collect();
        let (mut buffer, mut received) = (Vec::new(), Vec::new());
        for byte in wire.bytes() {
            buffer.push(byte);
            received.extend(Order::take(&mut buffer).unwrap());
        }
        assert_eq!(received, sent);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "kill ",
            "terminate 15",
            "terminate 0 1",
            "terminate 64 1",
            "terminate 9 -1",
        ] {
            let mut buffer = format!("{line}\n").into_bytes();
            assert_eq!(
                Order::take(&mut buffer),
                Err(RecordError::Malformed),
                "{line:?}"
            );
        }
        assert_eq!(Order::take(&mut vec![b'x'; 65]), Err(RecordError::TooLong));
    }
}

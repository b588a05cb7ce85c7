//! Reads a record back, and refuses every text that PID 1 would not have written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::record::{Ending, ExecFailure, KilledBy, RECORD_LIMIT, Record, Stage, WaitStatus};
use crate::{LINE_LIMIT, NONCE_LIMIT};

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// More bytes than the protocol allows.
    TooLong,
    /// Cut off before its last line.
    Torn,
    /// Of a version that this library does not know.
    Version,
    /// Not what PID 1 writes.
    Malformed,
}

impl fmt::Display for RecordError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::TooLong => "the sandbox's record is too long",
            Self::Torn => "the sandbox's record is cut off",
            Self::Version => "the sandbox's record is of another version",
            Self::Malformed => "the sandbox's record is malformed",
        })
    }
}

impl std::error::Error for RecordError {}

impl Record {
    /// Reads a complete record, of [`RECORD_LIMIT`] bytes at most.
    ///
    /// Accepts exactly what [`Record::encode`] writes: one spelling, one order, nothing twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > RECORD_LIMIT {
            return Err(RecordError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RecordError::Malformed)?;
        let body = text.strip_suffix('\n').ok_or(RecordError::Torn)?;
        let (head, last) = body.rsplit_once('\n').ok_or(RecordError::Torn)?;
        if !last.starts_with("end ") {
            return Err(RecordError::Torn);
        }
        let head = match head.split_once('\n') {
            Some(("record 1", rest)) => rest,
            Some((first, _)) if first.starts_with("record ") => return Err(RecordError::Version),
            _ => return Err(RecordError::Malformed),
        };
        let record = Self::from_lines(head).ok_or(RecordError::Malformed)?;
        if record.encode() == text {
            Ok(record)
        } else {
            Err(RecordError::Malformed)
        }
    }

    fn from_lines(head: &str) -> Option<Self> {
        let mut ending = None;
        let mut killed_by = None;
        let mut wall = None;
        let mut record = Self::new(Ending::Unreaped);
        for line in head.split('\n') {
            let (key, value) = line.split_once(' ')?;
            match key {
                "nonce" => record.nonce = Some(nonce(value)?),
                "ending" => ending = Some(parse_ending(value)?),
                "killed_by" => killed_by = Some(parse_killed_by(value)?),
                "agent_oom" => record.agent_oom = Some(number(value)?),
                "wall_ms" => wall = Some(Duration::from_millis(number(value)?)),
                "cpu_user_us" => record.cpu_user = Some(Duration::from_micros(number(value)?)),
                "cpu_system_us" => record.cpu_system = Some(Duration::from_micros(number(value)?)),
                "memory_peak_bytes" => record.memory_peak_bytes = Some(number(value)?),
                "oom_kills" => record.oom_kills = Some(number(value)?),
                "pids_limit_hits" => record.pids_limit_hits = Some(number(value)?),
                _ => return None,
            }
        }
        Some(Self {
            ending: ending?,
            killed_by: killed_by?,
            wall: wall?,
            ..record
        })
    }
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn nonce(text: &str) -> Option<String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain && !text.is_empty() && text.len() <= NONCE_LIMIT).then(|| text.to_owned())
}

fn parse_ending(text: &str) -> Option<Ending> {
    let mut words = text.split(' ');
    let ending = match words.next()? {
        "waited" => Ending::Waited(WaitStatus(number(words.next()?)?)),
        "not-started" => Ending::NotStarted(ExecFailure {
            stage: Stage::from_name(words.next()?)?,
            errno: number(words.next()?)?,
        }),
        "unreaped" => Ending::Unreaped,
        _ => return None,
    };
    words.next().is_none().then_some(ending)
}

fn parse_killed_by(text: &str) -> Option<KilledBy> {
    match text.split_once(' ') {
        Some(("terminate", signal)) => Some(KilledBy::Terminate(number(signal)?)),
        Some(_) => None,
        None => match text {
            "none" => Some(KilledBy::Nobody),
            "timeout" => Some(KilledBy::Timeout),
            "cli-gone" => Some(KilledBy::CliGone),
            "kill" => Some(KilledBy::Kill),
            _ => None,
        },
    }
}

/// Takes the first whole line off `buffer`; an endless line is an error, not a growing buffer.
pub(crate) fn take_line(buffer: &mut Vec<u8>) -> Result<Option<String>, RecordError> {
    let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else {
        let fits = buffer.len() <= LINE_LIMIT;
        return if fits {
            Ok(None)
        } else {
            Err(RecordError::TooLong)
        };
    };
    if end > LINE_LIMIT {
        return Err(RecordError::TooLong);
    }
    let line: Vec<u8> = buffer.drain(..=end).take(end).collect();
    String::from_utf8(line)
        .map(Some)
        .map_err(|_| RecordError::Malformed)
}

//! Sizes, CPU counts, durations, and the limits that an agent runs within.

use std::{fmt, str::FromStr, time::Duration};

use super::text::excerpt;

/// A number of bytes.
///
/// Read as docker reads `--memory`: `k`, `m`, `g`, `t`, with or without `b` or `ib`, in either
/// case, are powers of 1024; a bare number is bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

/// A number of CPUs, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cpus(u32);

/// A length of time with a unit, as Go and docker write it: `90s`, `5m`, `1h30m`, `500ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

/// A value that is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The text is no size.
    #[error("`{0}` is not a size: write a whole number and a unit, for example `2GiB` or `512m`")]
    Size(String),
    /// The size lies outside what a container can have.
    #[error("a memory limit lies between 6 MiB and 16 TiB")]
    SizeRange,
    /// The text is no number.
    #[error("`{0}` is not a number of CPUs: write for example `1.5`")]
    Cpus(String),
    /// The number lies outside what a machine can have.
    #[error("a CPU limit lies between 0.01 and 1024, in steps of 0.001")]
    CpusRange,
    /// The text is no duration.
    #[error("`{0}` is not a duration: write for example `90s`, `5m` or `1h30m`")]
    Span(String),
    /// The duration lies outside what makes sense.
    #[error("a duration lies between 1ms and 30 days")]
    SpanRange,
    /// The number of processes lies outside what the kernel allows.
    #[error("a process limit lies between 1 and 4194304")]
    Pids,
}

impl ByteSize {
    /// Docker refuses less.
    pub const MIN_MEMORY: Self = Self(6 << 20);
    /// More than any machine has.
    pub const MAX_MEMORY: Self = Self(16 << 40);

    /// Exactly `bytes`.
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// `gib` times 1024³ bytes.
    pub const fn gib(gib: u64) -> Self {
        Self(gib << 30)
    }

    /// The number of bytes.
    pub const fn as_bytes(self) -> u64 {
        self.0
    }

    /// Reads a memory limit, whose range is checked as well.
    pub fn parse_memory(text: &str) -> Result<Self, LimitError> {
        let size = text.parse::<Self>()?;
        if (Self::MIN_MEMORY..=Self::MAX_MEMORY).contains(&size) {
            Ok(size)
        } else {
            Err(LimitError::SizeRange)
        }
    }
}

impl FromStr for ByteSize {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || LimitError::Size(excerpt(text));
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().map_err(|_| bad())?;
        let shift = match text[digits..].trim_start().to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            "t" | "tb" | "tib" => 40,
            _ => return Err(bad()),
        };
        number
            .checked_mul(1 << shift)
            .map(Self)
            .ok_or(LimitError::SizeRange)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] {
            let whole = self.0 >> shift;
            if whole == 0 {
                continue;
            }
            let tenths = ((self.0 & ((1 << shift) - 1)) * 10) >> shift;
            return match tenths {
                0 => write!(f, "{whole} {unit}"),
                _ => write!(f, "{whole}.{tenths} {unit}"),
            };
        }
        write!(f, "{} bytes", self.0)
    }
}

impl Cpus {
    /// `thousandths` of a CPU.
    pub const fn thousandths(thousandths: u32) -> Self {
        Self(thousandths)
    }

    /// As a fraction: 1.5.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// In billionths of a CPU, docker's `NanoCpus`.
    pub fn as_nanos(self) -> i64 {
        i64::from(self.0) * 1_000_000
    }
}

impl FromStr for Cpus {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || LimitError::Cpus(excerpt(text));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(bad());
        }
        if whole.len() > 4 || fraction.trim_end_matches('0').len() > 3 {
            return Err(LimitError::CpusRange);
        }
        let fraction = format!("{fraction:0<3.3}");
        let thousandths = whole.parse::<u32>().map_err(|_| bad())? * 1000
            + fraction.parse::<u32>().map_err(|_| bad())?;
        if (10..=1_024_000).contains(&thousandths) {
            Ok(Self(thousandths))
        } else {
            Err(LimitError::CpusRange)
        }
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_f64().fmt(f)
    }
}

impl Span {
    const MAX: Duration = Duration::from_hours(30 * 24);

    /// `seconds` seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// `minutes` minutes.
    pub const fn minutes(minutes: u64) -> Self {
        Self(Duration::from_secs(minutes * 60))
    }

    /// As the standard library's type.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Span {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || LimitError::Span(excerpt(text));
        if text.is_empty() || text.len() > 32 {
            return Err(bad());
        }
        let mut total: u64 = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
            rest = &rest[digits..];
            let unit = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let millis = match &rest[..unit] {
                "ms" => 1,
                "s" => 1000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(bad()),
            };
            rest = &rest[unit..];
            total = number
                .checked_mul(millis)
                .and_then(|part| total.checked_add(part))
                .ok_or(LimitError::SpanRange)?;
        }
        let duration = Duration::from_millis(total);
        if duration.is_zero() || duration > Self::MAX {
            return Err(LimitError::SpanRange);
        }
        Ok(Self(duration))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let (minutes, seconds) = (millis / 60_000, millis % 60_000 / 1000);
        match (minutes, seconds, millis % 1000) {
            (0, 0, millis) => write!(f, "{millis} ms"),
            (0, seconds, 0) => write!(f, "{seconds} s"),
            (0, seconds, millis) => write!(f, "{seconds}.{} s", millis / 100),
            (minutes, 0, _) => write!(f, "{minutes} min"),
            (minutes, seconds, _) => write!(f, "{minutes} min {seconds} s"),
        }
    }
}

/// What an agent may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// CPU time per wall time.
    pub cpus: Cpus,
    /// Memory; swap is off.
    pub memory: ByteSize,
    /// Processes and threads.
    pub pids: u32,
    /// Wall time from the agent's start.
    pub timeout: Span,
}

impl Default for Limits {
    /// Triage's, the smallest of the built-in ones.
    fn default() -> Self {
        Self::built_in(1000, 2, 5)
    }
}

impl Limits {
    /// The process limit where none is configured.
    pub const DEFAULT_PIDS: u32 = 512;
    /// The kernel's own ceiling for process identifiers.
    pub const MAX_PIDS: u32 = 4_194_304;

    /// The built-in limits of `agent`, if it is one of the four known by name.
    pub fn of_agent(agent: &str) -> Option<Self> {
        match agent {
            "triage" => Some(Self::default()),
            "review" | "fix" => Some(Self::built_in(1500, 4, 15)),
            "code" => Some(Self::built_in(2000, 8, 30)),
            _ => None,
        }
    }

    const fn built_in(thousandths: u32, gib: u64, minutes: u64) -> Self {
        Self {
            cpus: Cpus(thousandths),
            memory: ByteSize::gib(gib),
            pids: Self::DEFAULT_PIDS,
            timeout: Span::minutes(minutes),
        }
    }

    /// The agents that [`Self::of_agent`] knows.
    pub const AGENTS: [&str; 4] = ["triage", "review", "code", "fix"];
}

/// Reads a process limit.
pub fn parse_pids(text: &str) -> Result<u32, LimitError> {
    text.parse()
        .ok()
        .filter(|pids| (1..=Limits::MAX_PIDS).contains(pids))
        .ok_or(LimitError::Pids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_does() {
        for (text, bytes) in [
            ("512m", 512 << 20),
            ("2GiB", 2 << 30),
            ("2 gb", 2 << 30),
            ("7", 7),
        ] {
            assert_eq!(
                text.parse::<ByteSize>().map(ByteSize::as_bytes),
                Ok(bytes),
                "{text}"
            );
        }
        for bad in [
            "",
            "GiB",
            "-1g",
            "1.5g",
            "2 giga",
            "99999999999999999999",
            "é",
        ] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
        assert_eq!(
            "18446744073709551615t".parse::<ByteSize>(),
            Err(LimitError::SizeRange)
        );
        assert_eq!(ByteSize::parse_memory("0"), Err(LimitError::SizeRange));
        assert_eq!(ByteSize::gib(2).to_string(), "2 GiB");
        assert_eq!(ByteSize::bytes(1_610_612_736).to_string(), "1.5 GiB");
    }

    #[test]
    fn cpus_are_thousandths() {
        for (text, thousandths) in [("1", 1000), ("1.5", 1500), ("0.01", 10), ("2.000", 2000)] {
            assert_eq!(text.parse::<Cpus>(), Ok(Cpus(thousandths)), "{text}");
        }
        for bad in [
            "", "0", "0.001", "-1", "1e3", "NaN", ".5", "1.", "1.2345", "1025", "99999",
        ] {
            assert!(bad.parse::<Cpus>().is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_have_units() {
        for (text, millis) in [("500ms", 500), ("90s", 90_000), ("1h30m", 5_400_000)] {
            assert_eq!(
                text.parse::<Span>().map(|s| s.0.as_millis()),
                Ok(millis),
                "{text}"
            );
        }
        for bad in [
            "",
            "5",
            "0s",
            "5 m",
            "-5m",
            "31d",
            "m",
            "18446744073709551615h",
            "1w",
        ] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
        assert_eq!(Span::seconds(90).to_string(), "1 min 30 s");
        assert_eq!(Span::minutes(5).to_string(), "5 min");
    }
}

//! The record: how the agent ended, as the kernel told its parent.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// The largest encoded record, in bytes.
pub const RECORD_LIMIT: usize = 4096;

/// What PID 1 knows at the end of a run. What it could not learn is `None`, never zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What the record file held before the run: proof that no one else wrote the record.
    pub nonce: Option<String>,
    /// How the agent ended, or why it never began.
    pub ending: Ending,
    /// Which of PID 1's own acts, if any, came before the agent's end.
    pub killed_by: KilledBy,
    /// Whether the kernel killed the agent itself for memory; `None` where no counter is readable.
    pub agent_oom: Option<bool>,
    /// From just before the fork to the agent's end, suspension included.
    pub wall: Duration,
    /// User time of the whole tree.
    pub cpu_user: Option<Duration>,
    /// System time of the whole tree.
    pub cpu_system: Option<Duration>,
    /// The cgroup's highest memory use, or else the largest process's resident set.
    pub memory_peak_bytes: Option<u64>,
    /// Processes of the cgroup that the kernel killed for memory during the run.
    pub oom_kills: Option<u64>,
    /// Forks that the cgroup's limit on processes refused during the run.
    pub pids_limit_hits: Option<u64>,
}

/// How the agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The agent ran and the kernel reported this status.
    Waited(WaitStatus),
    /// The agent never ran.
    NotStarted(ExecFailure),
    /// The agent was still dying, despite SIGKILL, when PID 1 stopped waiting for it.
    Unreaped,
}

/// A raw wait status as `waitpid(2)` gives it: it tells `exit 137` from a SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitStatus(pub i32);

impl WaitStatus {
    /// The exit code, if the process exited.
    pub fn code(self) -> Option<u8> {
        (self.reason() == 0).then_some(self.0.to_le_bytes()[1])
    }

    /// The signal, real-time ones included, if a signal ended the process.
    pub fn signal(self) -> Option<i32> {
        // 0x7f marks a process that stopped, which is no end.
        Some(self.reason()).filter(|reason| (1..0x7f).contains(reason))
    }

    /// Zero for an exit, else the signal.
    fn reason(self) -> i32 {
        self.0 & 0x7f
    }
}

/// Why the agent never ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecFailure {
    /// The step that failed.
    pub stage: Stage,
    /// The system's error number.
    pub errno: i32,
}

/// The steps between PID 1 and a running agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// No process could be made.
    Fork,
    /// No session of its own.
    Setsid,
    /// The terminal could not be handed over.
    Terminal,
    /// The promise to gain no new privileges could not be made.
    NoNewPrivileges,
    /// No file of the command's name.
    Lookup,
    /// The file is there and cannot be executed.
    Exec,
    /// The file is there and the interpreter or loader that it names is not.
    Interpreter,
}

impl Stage {
    pub(crate) const ALL: [Self; 7] = [
        Self::Fork,
        Self::Setsid,
        Self::Terminal,
        Self::NoNewPrivileges,
        Self::Lookup,
        Self::Exec,
        Self::Interpreter,
    ];

    /// The word that stands for this stage in a record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Setsid => "setsid",
            Self::Terminal => "tty",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::Lookup => "lookup",
            Self::Exec => "exec",
            Self::Interpreter => "interpreter",
        }
    }

    /// The stage of this number, as `stage as i32` gives it.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| *stage as i32 == number)
    }

    /// The stage of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// The first of PID 1's own acts that set out to end the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KilledBy {
    /// None: the agent's end is its own.
    Nobody,
    /// The time-out passed.
    Timeout,
    /// The CLI's end of the connection closed.
    CliGone,
    /// The CLI asked for this signal and then the grace period.
    Terminate(i32),
    /// The CLI asked for the whole tree to die at once.
    Kill,
}

impl fmt::Display for KilledBy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => out.write_str("none"),
            Self::Timeout => out.write_str("timeout"),
            Self::CliGone => out.write_str("cli-gone"),
            Self::Terminate(signal) => write!(out, "terminate {signal}"),
            Self::Kill => out.write_str("kill"),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waited(WaitStatus(raw)) => write!(out, "waited {raw}"),
            Self::NotStarted(ExecFailure { stage, errno }) => {
                write!(out, "not-started {} {errno}", stage.name())
            }
            Self::Unreaped => out.write_str("unreaped"),
        }
    }
}

impl Record {
    /// The record of which nothing but the ending is known.
    pub fn new(ending: Ending) -> Self {
        Self {
            nonce: None,
            ending,
            killed_by: KilledBy::Nobody,
            agent_oom: None,
            wall: Duration::ZERO,
            cpu_user: None,
            cpu_system: None,
            memory_peak_bytes: None,
            oom_kills: None,
            pids_limit_hits: None,
        }
    }

    /// The record as text: a line per value, then the count of lines before it, so that any cut
    /// shows.
    pub fn encode(&self) -> String {
        let mut text = String::from("record 1\n");
        let micros = |time: Option<Duration>| time.map(|time| time.as_micros());
        line(&mut text, "nonce", self.nonce.as_ref());
        line(&mut text, "ending", Some(&self.ending));
        line(&mut text, "killed_by", Some(&self.killed_by));
        line(&mut text, "agent_oom", self.agent_oom.as_ref());
        line(&mut text, "wall_ms", Some(&self.wall.as_millis()));
        line(&mut text, "cpu_user_us", micros(self.cpu_user).as_ref());
        line(&mut text, "cpu_system_us", micros(self.cpu_system).as_ref());
        line(
            &mut text,
            "memory_peak_bytes",
            self.memory_peak_bytes.as_ref(),
        );
        line(&mut text, "oom_kills", self.oom_kills.as_ref());
        line(&mut text, "pids_limit_hits", self.pids_limit_hits.as_ref());
        let lines = text.lines().count();
        line(&mut text, "end", Some(&lines));
        text
    }

    /// The exit code that stands for this record where only a number fits, as shells and
    /// `timeout(1)` have it. 125 means that the agent's end is not known.
    pub fn exit_code(&self) -> u8 {
        match (self.killed_by, self.ending) {
            (_, Ending::NotStarted(failure)) => match failure.stage {
                Stage::Lookup => 127,
                Stage::Exec | Stage::Interpreter => 126,
                _ => 125,
            },
            (KilledBy::Timeout, _) => 124,
            (KilledBy::Terminate(signal), _) => above_128(signal),
            (_, Ending::Waited(status)) => status
                .code()
                .or_else(|| status.signal().map(above_128))
                .unwrap_or(125),
            (_, Ending::Unreaped) => 125,
        }
    }
}

fn above_128(signal: i32) -> u8 {
    u8::try_from(signal).map_or(u8::MAX, |signal| signal.saturating_add(128))
}

fn line<T: fmt::Display>(text: &mut String, key: &str, value: Option<&T>) {
    if let Some(value) = value {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key} {value}");
    }
}

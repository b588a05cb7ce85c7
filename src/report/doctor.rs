//! What a machine lacks for `exec`, for people and programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::text::printable;

/// What `fullsend doctor` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DoctorReport {
    /// 1.
    pub schema_version: u8,
    /// Whether nothing blocks `exec`.
    pub ready: bool,
    /// In the order in which `exec` meets them.
    pub checks: Vec<Check>,
}

/// One thing that `exec` needs or is better off with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What was looked at, in one or two words.
    pub name: &'static str,
    /// What it means for `exec`.
    pub state: State,
    /// What was found, in a sentence without its full stop.
    pub found: String,
    /// The least privilege that would do; null where none is needed.
    pub privilege: Option<&'static str>,
    /// The command or the change that mends it; null where there is nothing to mend.
    pub mend: Option<String>,
}

/// What a finding means for `exec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Good,
    /// `exec` works, and is weaker than it could be.
    Weak,
    /// `exec` cannot work.
    Blocked,
    /// It could not be looked at.
    Unknown,
}

impl DoctorReport {
    /// What the checks come to.
    pub fn new(checks: Vec<Check>) -> Self {
        Self {
            schema_version: 1,
            ready: checks.iter().all(|check| check.state != State::Blocked),
            checks,
        }
    }

    /// A few lines for each check, with a final newline.
    pub fn text(&self) -> String {
        let mut text: String = self.checks.iter().map(Check::text).collect();
        text.push_str(if self.ready {
            "nothing blocks `fullsend exec`\n"
        } else {
            "`fullsend exec` cannot work on this machine yet\n"
        });
        text
    }
}

impl Check {
    /// What is as it should be.
    pub fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, State::Good, found)
    }

    /// What was found, with nothing to say about it yet.
    pub fn new(name: &'static str, state: State, found: impl Into<String>) -> Self {
        Self {
            name,
            state,
            found: found.into(),
            privilege: None,
            mend: None,
        }
    }

    /// The same with what mends it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// The same with the least privilege that would do.
    #[must_use]
    pub fn privilege(mut self, privilege: &'static str) -> Self {
        self.privilege = Some(privilege);
        self
    }

    fn text(&self) -> String {
        let state = match self.state {
            State::Good => "good",
            State::Weak => "weak",
            State::Blocked => "blocked",
            State::Unknown => "unknown",
        };
        let mut text = format!("{state:<8} {:<16} {}\n", self.name, printable(&self.found));
        for (word, line) in [("needs", self.privilege), ("mend", self.mend.as_deref())] {
            if let Some(line) = line {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{:25} {word}: {}", "", printable(line));
            }
        }
        text
    }
}

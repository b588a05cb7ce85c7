//! How a request would end, for people and programs.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::text::printable;

/// The document that `fullsend validate --simulate` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Decision {
    /// The version of this format.
    pub schema_version: u32,
    /// The policy, as it was named.
    pub file: String,
    /// The generation that the policy is read for: `0.0`, `0.1`, or null where nothing tells.
    pub generation: Option<String>,
    /// The request, as the proxy sees it.
    pub request: ShownRequest,
    /// How it would end.
    pub outcome: Ending,
    /// Whether it would reach its host.
    pub allowed: bool,
    /// Why, in a sentence.
    pub reason: String,
    /// What decided; null where nothing of the policy did.
    pub decided_by: Option<Place>,
    /// Every network policy, and how far the request came with it.
    pub tried: Vec<Tried>,
    /// What must hold besides, which only the sandbox can know.
    pub conditions: Vec<String>,
}

/// A request, as the proxy sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShownRequest {
    /// In capitals.
    pub method: String,
    /// As it was asked for.
    pub url: String,
    /// Without brackets.
    pub host: String,
    /// The URL's, else its scheme's.
    pub port: u16,
    /// With needless escapes undone.
    pub path: String,
    /// The program, and those that started it.
    pub binaries: Vec<String>,
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A rule allows it.
    Allowed,
    /// The connection is allowed, and nobody looks at what goes through it.
    Uninspected,
    /// No rule allows it, but the endpoint only logs what it would deny.
    Audited,
    /// It is refused.
    Denied,
    /// Its body decides, which is not known here.
    Undecided,
}

impl Ending {
    /// Whether such a request reaches its host.
    pub(super) fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed | Self::Uninspected | Self::Audited)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Uninspected => "allowed, uninspected",
            Self::Audited => "allowed, only logged",
            Self::Denied => "denied",
            Self::Undecided => "undecided",
        }
    }
}

/// A place in the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// The key of the network policy.
    pub policy: String,
    /// What part of it: `endpoint api.github.com:443, rule 2`.
    pub part: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// A network policy that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tried {
    /// Its key.
    pub policy: String,
    /// How far the request came.
    pub result: String,
    /// The line of its key.
    pub line: usize,
}

/// The lines for people.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = &self.request;
        let program = request.binaries.first().map(|path| format!(" by {path}"));
        let mut lines = vec![
            format!(
                "{}: {} {}{}",
                self.outcome.as_str(),
                request.method,
                request.url,
                program.unwrap_or_default()
            ),
            format!("  {}", self.reason),
        ];
        if let Some(place) = &self.decided_by {
            let (file, line, column) = (&self.file, place.line, place.column);
            let (policy, part) = (&place.policy, &place.part);
            lines.push(format!("  {file}:{line}:{column}: `{policy}`, {part}"));
        }
        for tried in &self.tried {
            lines.push(format!("  tried `{}`: {}", tried.policy, tried.result));
        }
        for condition in &self.conditions {
            lines.push(format!("  note: {condition}"));
        }
        // What strangers wrote reaches the terminal as printable text.
        for line in lines {
            writeln!(f, "{}", printable(&line))?;
        }
        Ok(())
    }
}

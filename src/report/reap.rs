//! What `exec --reap` removed, for programs and for people.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::text::printable;

/// The containers of ours that the runtime had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reaped {
    /// 1.
    pub schema_version: u8,
    /// The containers that are gone now.
    pub removed: Vec<String>,
    /// The containers whose CLI lives, or may live.
    pub kept: Vec<String>,
    /// The containers that could not be removed, each with the reason.
    pub failed: Vec<String>,
}

impl Default for Reaped {
    fn default() -> Self {
        Self {
            schema_version: 1,
            removed: Vec::new(),
            kept: Vec::new(),
            failed: Vec::new(),
        }
    }
}

impl Reaped {
    /// The text for people, with a final newline: the counts, and a line for each failure.
    pub fn to_text(&self) -> String {
        let mut text = format!("removed {}, kept {}", self.removed.len(), self.kept.len());
        if !self.failed.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(text, ", could not remove {}", self.failed.len());
        }
        text.push('\n');
        for failure in &self.failed {
            let _ = writeln!(text, "  {}", printable(failure));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told() {
        let mut reaped = Reaped {
            removed: vec!["a".to_owned()],
            ..Reaped::default()
        };
        assert_eq!(reaped.to_text(), "removed 1, kept 0\n");
        reaped.failed.push("b: the device is\nbusy".to_owned());
        assert_eq!(
            reaped.to_text(),
            "removed 1, kept 0, could not remove 1\n  b: the device is\u{fffd}busy\n"
        );
    }
}

//! What `fullsend pin` found and did: a row a reference, for programs and for people.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    finding::{Finding, Findings, Rule, Severity, lossy},
    style::Style,
};
use crate::model::{
    exit_code,
    pinning::{CAN_BE_MOVED, ReferenceKind, Status},
    span::Span,
    text::{printable, shortened},
};

/// The document that `fullsend pin --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct References {
    /// 1.
    pub schema_version: u8,
    /// In the order of files and places.
    pub references: Vec<ReferenceRow>,
    /// How many references have each status.
    pub summary: BTreeMap<&'static str, usize>,
    /// With `--diff`: the patch that `git apply` takes.
    pub diff: Option<String>,
}

/// One reference of a file, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReferenceRow {
    /// The file, relative to the repository's root.
    #[serde(serialize_with = "lossy")]
    #[schemars(with = "String")]
    pub file: PathBuf,
    /// The line, from 1; null for a file that could not be read.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: Option<usize>,
    /// What is referred to; null for a file that could not be read.
    pub kind: Option<ReferenceKind>,
    /// The reference as it was written, with the version in its comment.
    pub before: Option<String>,
    /// As it is now, or would be without `--check`; null where it is to be left alone.
    pub after: Option<String>,
    /// How it stands.
    pub status: Status,
    /// Why, and what to do about it.
    pub reason: Option<String>,
    /// Whether a registry, a forge or a trust service gave no answer: of what has the status
    /// `error` that ends with 3, and all else, as a file that cannot be read or written, with 1.
    #[serde(skip)]
    pub is_unanswered: bool,
    /// The whole stretch.
    #[serde(skip)]
    pub span: Option<Span>,
}

macro_rules! status_rule {
    ($name:ident, $id:literal, $severity:ident, $summary:literal, $help:literal) => {
        #[doc = $summary]
        pub static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            help: $help,
            severity: Severity::$severity,
            page: concat!("docs/guide/pin.md#", $id),
        };
    };
}

status_rule!(
    UNPINNED,
    "pin-unpinned",
    Warning,
    "What a reference runs can be changed by others at any time",
    "`fullsend pin` writes the commit or digest beside the version."
);
status_rule!(
    MISMATCH,
    "pin-mismatch",
    Error,
    "A digest or commit is not that of the version beside it",
    "Find out which of the two is meant, remove the other, and run `fullsend pin`."
);
status_rule!(
    IMPOSTOR,
    "pin-impostor",
    Error,
    "A commit is on no branch and behind no tag of the repository that it is said to be of",
    "Take a released version: the commit may be of a fork, and by anybody."
);
status_rule!(
    MISSING,
    "pin-missing",
    Error,
    "What a reference names does not exist, or no longer",
    "Take a version that exists."
);
status_rule!(
    STALE,
    "pin-stale",
    Note,
    "A pin is safe, and there is something newer or more exact to say",
    "`fullsend pin` writes the exact version; with `--update` it moves to a newer one."
);
status_rule!(
    UNKNOWN,
    "pin-unknown",
    Note,
    "How a reference stands could not be found out",
    "Run it again where the registry and the forge can be reached."
);
status_rule!(
    ERROR,
    "pin-error",
    Warning,
    "A file could not be read or written, or a registry or forge gave no usable answer",
    "Run it again: what was done already is not done twice."
);

/// The rules of references that are not as they should be.
pub static RULES: [&Rule; 7] = [
    &UNPINNED, &MISMATCH, &IMPOSTOR, &MISSING, &STALE, &UNKNOWN, &ERROR,
];

fn rule(status: Status) -> Option<&'static Rule> {
    match status {
        Status::Pinned | Status::Changed | Status::Ignored => None,
        Status::Unpinned => Some(&UNPINNED),
        Status::Mismatch => Some(&MISMATCH),
        Status::Impostor => Some(&IMPOSTOR),
        Status::Missing => Some(&MISSING),
        Status::Stale => Some(&STALE),
        Status::Unknown => Some(&UNKNOWN),
        Status::Error => Some(&ERROR),
    }
}

/// What fails a check.
const FAILURES: [Status; 5] = [
    Status::Unpinned,
    Status::Mismatch,
    Status::Impostor,
    Status::Missing,
    Status::Error,
];

/// Which rows people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What fails a check, and nothing else.
    Failures,
    /// What changed, or has something to be said of it.
    Usual,
    /// Every row with its reason.
    All,
}

impl References {
    /// The document of `references`, in the order of files and places.
    pub fn new(mut references: Vec<ReferenceRow>, diff: Option<String>) -> Self {
        references.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        let mut summary: BTreeMap<_, _> = Status::ALL
            .iter()
            .map(|status| (status.as_str(), 0))
            .collect();
        for reference in &references {
            *summary.entry(reference.status.as_str()).or_default() += 1;
        }
        Self {
            schema_version: 1,
            references,
            summary,
            diff,
        }
    }

    fn count(&self, status: Status) -> usize {
        self.summary
            .get(status.as_str())
            .copied()
            .unwrap_or_default()
    }

    /// 3 where somebody gave no answer, 1 where something is to be mended; what is merely stale is
    /// something only where newer versions were `asked_for`.
    pub fn exit_code(&self, asked_for: bool) -> u8 {
        let unanswered = |row: &ReferenceRow| row.status == Status::Error && row.is_unanswered;
        let has = |status: &Status| self.count(*status) > 0;
        if self.references.iter().any(unanswered) {
            exit_code::UNAVAILABLE
        } else if FAILURES.iter().any(has) || (asked_for && has(&Status::Stale)) {
            exit_code::FINDINGS
        } else {
            exit_code::OK
        }
    }

    /// The files that were edited.
    pub fn changed_files(&self) -> BTreeSet<Cow<'_, str>> {
        let changed = self.references.iter();
        let changed = changed.filter(|row| row.status == Status::Changed);
        changed.map(|row| row.file.to_string_lossy()).collect()
    }

    /// What is not as it should be, as findings.
    pub fn findings(&self) -> Findings {
        Findings::new(
            self.references
                .iter()
                .filter_map(ReferenceRow::finding)
                .collect(),
        )
    }

    /// The rows that a patch says nothing of, for people who should read them.
    pub fn beside_diff(&self) -> String {
        let mut text = String::new();
        let rows = self.references.iter();
        for row in rows.filter(|row| !row.is_to_change() && !row.is_quiet()) {
            row.write(&mut text, Style::default(), false);
        }
        text
    }

    /// The rows for people, as many as `detail` says.
    pub fn text(&self, style: Style, detail: Detail) -> String {
        let mut text = String::new();
        for row in &self.references {
            if row.is_in(detail) {
                row.write(&mut text, style, detail == Detail::All);
            }
        }
        if detail == Detail::Failures {
            return text;
        }
        let counts = Status::ALL.iter().filter(|status| self.count(**status) > 0);
        let counts: Vec<_> = counts
            .map(|status| format!("{} {status}", self.count(*status)))
            .collect();
        let all = self.references.len();
        let plural = if all == 1 { "" } else { "s" };
        let counts = match counts.as_slice() {
            [] => String::new(),
            some => format!(": {}", some.join(", ")),
        };
        let _ = writeln!(text, "{all} reference{plural}{counts}");
        text
    }
}

impl ReferenceRow {
    /// Whether it says something else afterwards.
    pub fn is_to_change(&self) -> bool {
        self.after.is_some() && self.after != self.before
    }

    fn finding(&self) -> Option<Finding> {
        let rule = rule(self.status)?;
        let before = self.before.as_deref().unwrap_or("the file");
        let reason = self.reason.as_deref().unwrap_or(rule.summary);
        let message = format!("{before}: {reason}");
        let finding = match self.span {
            Some(span) => Finding::at(rule, &self.file, span, message),
            None => Finding::whole_file(rule, &self.file, message),
        };
        Some(match self.after.as_ref().filter(|_| self.is_to_change()) {
            Some(after) => finding.help(format!("write `{after}`, as `fullsend pin` does")),
            None => finding,
        })
    }

    /// Whether nobody has to read it.
    fn is_in(&self, detail: Detail) -> bool {
        match detail {
            Detail::All => true,
            Detail::Usual => !self.is_quiet(),
            Detail::Failures => FAILURES.contains(&self.status),
        }
    }

    fn is_quiet(&self) -> bool {
        match self.status {
            Status::Pinned => self.reason.is_none(),
            status => status == Status::Ignored,
        }
    }

    fn write(&self, text: &mut String, style: Style, wanted: bool) {
        let file = printable(&self.file.to_string_lossy());
        // Writing to a String cannot fail.
        text.push_str(&file);
        for number in [self.line, self.column].into_iter().flatten() {
            let _ = write!(text, ":{number}");
        }
        let status = style.status(self.status);
        let before = self.before.as_deref().map(short).unwrap_or_default();
        let _ = write!(text, ": {status} {before}");
        if let Some(after) = self.after.as_deref().filter(|_| self.is_to_change()) {
            let _ = write!(text, " -> {}", short(after));
        }
        text.push('\n');
        // That needs no words where it was mended, or will be.
        let is_plain =
            |reason: &&String| !wanted && self.is_to_change() && reason.ends_with(CAN_BE_MOVED);
        if let Some(reason) = self.reason.as_ref().filter(|reason| !is_plain(reason)) {
            let _ = writeln!(text, "  {}", shortened(&printable(reason), 1_000));
        }
    }
}

/// A reference as people compare it: of a digest or commit, its first twelve digits.
fn short(reference: &str) -> String {
    let reference = printable(reference);
    let mut short = String::new();
    for (number, piece) in reference.split('@').enumerate() {
        if number > 0 {
            short.push('@');
        }
        let (prefix, rest) = match piece.strip_prefix("sha256:") {
            Some(rest) => ("sha256:", rest),
            None => ("", piece),
        };
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        short.push_str(prefix);
        if digits >= 40 {
            short.push_str(&rest[..12]);
            short.push('…');
            short.push_str(&rest[digits..]);
        } else {
            short.push_str(rest);
        }
    }
    short
}

//! The verdicts on all images that a repository's files name, with the places where they stand.

use std::{fmt::Write as _, path::PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    finding::{Finding, Findings, Rule, Severity, lossy},
    style::Style,
    verification::Verification,
};
use crate::model::{exit_code, span::Span, text::printable, verdict::Verdict};

/// The document that `fullsend verify --all --format json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct VerifyAll {
    /// 1.
    pub schema_version: u8,
    /// Each image once, in the order of the first places.
    pub images: Vec<LocatedVerification>,
    /// Files that could not be read, and images of which the file does not tell which they are.
    pub findings: Vec<Finding>,
    /// How many images have each verdict.
    pub summary: Summary,
}

/// The verdict on one image, and where it is named.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LocatedVerification {
    /// The verdict, as `fullsend verify IMAGE` gives it.
    #[serde(flatten)]
    pub verification: Verification,
    /// Every place, in the order of files.
    pub locations: Vec<Location>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Location {
    /// The file, relative to the repository's root.
    #[serde(serialize_with = "lossy")]
    #[schemars(with = "String")]
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The whole stretch.
    #[serde(skip)]
    pub span: Span,
}

/// How many images have each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// A rule of the policy is satisfied.
    pub verified: usize,
    /// On the deny list.
    pub denied: usize,
    /// Signed, but by nobody whom the policy accepts; or no rule matches.
    pub untrusted: usize,
    /// A signature does not hold.
    pub invalid: usize,
    /// No signature.
    pub unsigned: usize,
    /// Something needed could not be fetched.
    pub unavailable: usize,
}

macro_rules! image_rule {
    ($name:ident, $id:literal, $severity:ident, $summary:literal, $help:literal) => {
        static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            help: $help,
            severity: Severity::$severity,
            page: concat!("docs/verify.md#", $id),
        };
    };
}

image_rule!(
    UNSIGNED,
    "image-unsigned",
    Error,
    "An image has no signature",
    "Sign the image, or use one that is signed."
);
image_rule!(
    INVALID,
    "image-invalid",
    Error,
    "A signature of an image does not hold",
    "Do not run the image before it is known who changed it or its signature."
);
image_rule!(
    UNTRUSTED,
    "image-untrusted",
    Error,
    "An image is signed by nobody whom the policy accepts",
    "Use an image whose signer the policy accepts, or add a rule for this one."
);
image_rule!(
    DENIED,
    "image-denied",
    Error,
    "An image is on the deny list",
    "Replace the image: its entry on the list says by which."
);
image_rule!(
    UNAVAILABLE,
    "image-unavailable",
    Warning,
    "What an image's verdict needs could not be fetched",
    "Try again, and see to it that the registry can be reached and read."
);

/// The rules of images that are not verified.
pub static RULES: [&Rule; 5] = [&UNSIGNED, &INVALID, &UNTRUSTED, &DENIED, &UNAVAILABLE];

fn rule(verdict: Verdict) -> Option<&'static Rule> {
    match verdict {
        Verdict::Verified => None,
        Verdict::Unsigned => Some(&UNSIGNED),
        Verdict::Invalid => Some(&INVALID),
        Verdict::Untrusted => Some(&UNTRUSTED),
        Verdict::Denied => Some(&DENIED),
        Verdict::Unavailable => Some(&UNAVAILABLE),
    }
}

impl VerifyAll {
    /// Puts the verdicts and what else was found together, and counts.
    pub fn new(images: Vec<LocatedVerification>, findings: Vec<Finding>) -> Self {
        let mut summary = Summary::default();
        for image in &images {
            *summary.count(image.verification.verdict) += 1;
        }
        Self {
            schema_version: 1,
            images,
            findings: Findings::new(findings).findings,
            summary,
        }
    }

    /// Everything that is wrong: each place of an image that is not verified, and the findings.
    pub fn all_findings(&self) -> Findings {
        let images = self.images.iter().flat_map(LocatedVerification::findings);
        Findings::new(images.chain(self.findings.iter().cloned()).collect())
    }

    /// [`exit_code::UNAVAILABLE`] where that is the only trouble; a finding alone is trouble only
    /// where it is an error.
    pub fn exit_code(&self) -> u8 {
        let Summary {
            verified,
            unavailable,
            ..
        } = self.summary;
        let broken = self.findings.iter().any(|f| f.severity == Severity::Error);
        if broken || verified + unavailable < self.images.len() {
            exit_code::FINDINGS
        } else if unavailable > 0 {
            exit_code::UNAVAILABLE
        } else {
            exit_code::OK
        }
    }

    /// For people: a line an image, then why each is not verified, then the count.
    pub fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for image in &self.images {
            let Verification {
                image: name,
                verdict,
                ..
            } = &image.verification;
            let verdict = style.verdict(*verdict, "unavailable".len());
            let name = short(&printable(name));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{verdict}  {name}  {}", image.first_place());
        }
        for image in &self.images {
            image.explain(&mut text, style);
        }
        for finding in &self.findings {
            text.push('\n');
            style.paragraph(&mut text, &finding.to_string());
        }
        let blank = if text.is_empty() { "" } else { "\n" };
        text + blank + &self.summary.text() + "\n"
    }
}

impl LocatedVerification {
    fn findings(&self) -> impl Iterator<Item = Finding> {
        let rule = rule(self.verification.verdict);
        rule.into_iter().flat_map(|rule| {
            let message = self.message();
            self.locations
                .iter()
                .map(move |at| Finding::at(rule, &at.file, at.span, &message))
        })
    }

    fn message(&self) -> String {
        let Verification {
            image,
            verdict,
            reason,
            ..
        } = &self.verification;
        match reason {
            Some(reason) if !reason.is_empty() => format!("{image} is {verdict}: {reason}"),
            _ => format!("{image} is {verdict}"),
        }
    }

    fn first_place(&self) -> String {
        let first = self.locations.first().map(Location::text);
        let first = first.unwrap_or_default();
        match self.locations.len() {
            0 | 1 => first,
            count => format!("{first} and {} more", count - 1),
        }
    }

    /// Why it is not verified, and where it stands.
    fn explain(&self, text: &mut String, style: Style) {
        let Verification {
            image,
            verdict,
            reason,
            ..
        } = &self.verification;
        if *verdict == Verdict::Verified {
            return;
        }
        let verdict = style.verdict(*verdict, 0);
        let _ = writeln!(text, "\n{}: {verdict}", printable(image));
        let refused = self.verification.signatures.iter();
        let refused = refused.chain(&self.verification.attestations);
        if let Some(reason) = reason {
            style.row(text, 1, "reason", reason);
        }
        for signature in refused {
            if let (Some(identity), Some(_)) = (&signature.identity, &signature.reason) {
                style.row(text, 1, "signed by", identity);
            }
        }
        for place in self.locations.iter().take(MAX_PLACES) {
            style.row(text, 1, "at", &place.text());
        }
        if let Some(more) = self.locations.len().checked_sub(MAX_PLACES + 1) {
            style.row(text, 1, "at", &format!("{} more places", more + 1));
        }
    }
}

/// The places of one image that people are shown; JSON and SARIF have all.
const MAX_PLACES: usize = 10;

impl Location {
    /// The place of `span` in `file`.
    pub fn new(file: PathBuf, span: Span) -> Self {
        Self {
            file,
            line: span.start.line,
            column: span.start.column,
            span,
        }
    }

    fn text(&self) -> String {
        let file = printable(&self.file.to_string_lossy());
        format!("{file}:{}:{}", self.line, self.column)
    }
}

impl Summary {
    fn count(&mut self, verdict: Verdict) -> &mut usize {
        match verdict {
            Verdict::Verified => &mut self.verified,
            Verdict::Denied => &mut self.denied,
            Verdict::Untrusted => &mut self.untrusted,
            Verdict::Invalid => &mut self.invalid,
            Verdict::Unsigned => &mut self.unsigned,
            Verdict::Unavailable => &mut self.unavailable,
        }
    }

    fn text(mut self) -> String {
        let verdicts = [
            Verdict::Verified,
            Verdict::Denied,
            Verdict::Untrusted,
            Verdict::Invalid,
            Verdict::Unsigned,
            Verdict::Unavailable,
        ];
        let counts = verdicts.map(|verdict| (*self.count(verdict), verdict));
        let total: usize = counts.iter().map(|(count, _)| count).sum();
        let parts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, verdict)| format!("{count} {verdict}"))
            .collect();
        match total {
            0 => "no image is named".to_owned(),
            1 => format!("1 image: {}", parts.join(", ")),
            _ => format!("{total} images: {}", parts.join(", ")),
        }
    }
}

/// `image` with the digest as short as git's, for a line.
fn short(image: &str) -> String {
    match image.split_once("@sha256:") {
        Some((name, hex)) => format!("{name}@sha256:{}", hex.get(..12).unwrap_or(hex)),
        None => image.to_owned(),
    }
}

//! Tags as versions: what they say, which are of one line, and which is newer.
//!
//! Tags are no semantic versions. They have a path or a name in front (`action-x/v1.2.0`), one to
//! four numbers (`24.04`), and behind these what runs beside it (`1.4.2-alpine3.20`), how finished
//! it is (`3.13.0rc2-slim`) or how often it was built (`1.2.3-debian-12-r3`). Nothing here asks a
//! server: it is told the tags.

mod grammar;
mod pick;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

pub use pick::{Moves, Step, most_exact, moves, newer};

/// More than four are no version.
const MOST_NUMBERS: usize = 4;

/// Whose tag it is, which decides what words behind the numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// An image's. A word is a variant (`-alpine`), unless it is one of those that people use for
    /// what is unfinished (`-rc.1`); `_` stands for the `+` that image tags cannot have.
    Image,
    /// A git repository's. What follows a hyphen is a pre-release, as in semantic versions.
    Git,
}

/// A tag that is a version.
///
/// Its order is that of age as far as numbers tell; it means something within a series only, and
/// is total over all tags, the tag's own text being what counts last.
#[derive(Clone, Debug)]
pub struct TagVersion<'a> {
    tag: &'a str,
    prefix: &'a str,
    v: bool,
    /// Those that are not written are 0.
    numbers: [u64; MOST_NUMBERS],
    precision: usize,
    pre: Vec<&'a str>,
    variant: Vec<&'a str>,
    build: Option<&'a str>,
    revision: Option<u64>,
    /// Whether it names a line of builds (`-nightly`) and not one of them.
    channel: bool,
}

/// How the first number counts; tags that count in different ways cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Era {
    Plain,
    Year,
    Date,
}

impl<'a> TagVersion<'a> {
    /// Longer tags are none: registries stop at 128, and git hosts at little more.
    const MAX_LENGTH: usize = 256;

    /// Reads a tag; `None` where it is no version, as `latest`, `main`, commits, and the tags under
    /// which signatures lie.
    ///
    /// A version is visible ASCII throughout, so that it can stand in a line of any file.
    pub fn parse(tag: &'a str, flavor: Flavor) -> Option<Self> {
        grammar::parse(tag, flavor)
    }

    /// The tag as it was read.
    pub fn tag(&self) -> &'a str {
        self.tag
    }

    /// What stands before the version, with its separator: `action-x/`, mostly nothing.
    pub fn prefix(&self) -> &'a str {
        self.prefix
    }

    /// How many numbers it has, 1 to 4.
    pub fn precision(&self) -> usize {
        self.precision
    }

    /// The numbers that are written.
    pub fn numbers(&self) -> &[u64] {
        &self.numbers[..self.precision]
    }

    /// Whether it names one release: three numbers or a date, and no line of builds such as
    /// `-nightly`.
    pub fn is_exact(&self) -> bool {
        (self.precision >= 3 || self.era() == Era::Date) && !self.channel
    }

    /// Whether it calls itself unfinished.
    pub fn is_prerelease(&self) -> bool {
        !self.pre.is_empty()
    }

    /// Whether both are releases of one thing in one variant, so that one may take the other's
    /// place.
    ///
    /// A leading `v` makes no difference, nor do the numbers at the end of build metadata.
    pub fn same_series(&self, other: &TagVersion<'_>) -> bool {
        self.prefix == other.prefix
            && self.era() == other.era()
            && self.variant == other.variant
            && self.build.map(line_of) == other.build.map(line_of)
    }

    /// The semantic version that it is, with zeros for absent numbers; `None` with four numbers, a
    /// variant or a revision, which semantic versions cannot say.
    pub fn semver(&self) -> Option<semver::Version> {
        if self.precision > 3 || !self.variant.is_empty() || self.revision.is_some() {
            return None;
        }
        let [major, minor, patch, _] = self.numbers;
        Some(semver::Version {
            pre: semver::Prerelease::new(&self.pre.join("-")).ok()?,
            build: semver::BuildMetadata::new(self.build.unwrap_or_default()).ok()?,
            ..semver::Version::new(major, minor, patch)
        })
    }

    /// Whether `self` is `line` with more numbers or the same: `v4.3.1` of `v4`.
    pub fn refines(&self, line: &TagVersion<'_>) -> bool {
        self.same_series(line) && self.numbers().starts_with(line.numbers())
    }

    /// The order of releases, for which `v1`, `1` and `1.0` are the same one.
    fn cmp_age(&self, other: &TagVersion<'_>) -> Ordering {
        let finished = |version: &TagVersion<'_>| !version.is_prerelease();
        let age = self.numbers.cmp(&other.numbers);
        age.then_with(|| finished(self).cmp(&finished(other)))
            .then_with(|| natural_order(&self.pre, &other.pre))
            .then_with(|| natural_order(self.build.as_slice(), other.build.as_slice()))
            .then_with(|| self.revision.cmp(&other.revision))
    }

    fn era(&self) -> Era {
        let first = self.numbers[0];
        let is_year = |year| (1990..2100).contains(&year);
        match first.checked_ilog10() {
            Some(3) if is_year(first) => Era::Year,
            Some(digits @ (7 | 9 | 11 | 13)) if is_year(first / 10_u64.pow(digits - 3)) => {
                Era::Date
            }
            _ => Era::Plain,
        }
    }
}

impl Ord for TagVersion<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_age(other)
            .then_with(|| self.precision.cmp(&other.precision))
            .then_with(|| self.tag.cmp(other.tag))
    }
}

impl PartialOrd for TagVersion<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for TagVersion<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for TagVersion<'_> {}

/// Build metadata without the number that counts: `k3s` of `k3s2`.
fn line_of(build: &str) -> &str {
    build.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Semantic versions' order of pre-releases, but `rc10` comes after `rc9`, and `RC` is `rc`.
fn natural_order(one: &[&str], other: &[&str]) -> Ordering {
    runs(one).cmp(runs(other))
}

/// A part of a text; numbers come before words, as in semantic versions.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Run {
    /// Its digits after leading zeros: more of them is greater.
    Number(usize, String),
    Word(String),
}

fn runs(texts: &[&str]) -> impl Iterator<Item = Run> {
    let parts = texts.iter().flat_map(|text| text.split(['.', '-', '_']));
    parts.flat_map(|part| {
        let kind = |a: &u8, b: &u8| a.is_ascii_digit() == b.is_ascii_digit();
        let chunks = part.as_bytes().chunk_by(kind);
        chunks.map(|chunk| {
            let text = String::from_utf8_lossy(chunk);
            if chunk.iter().all(u8::is_ascii_digit) {
                let digits = text.trim_start_matches('0');
                Run::Number(digits.len(), digits.to_owned())
            } else {
                Run::Word(text.to_ascii_lowercase())
            }
        })
    })
}

//! For which generation of the product a policy is written.
//!
//! Both write `version: 1`, so a file that uses no key of only one of them has to say it: in a comment
//! (`# openshell: 0.1`), or in the command line that generated files carry.

use std::{fmt, str::FromStr};

use super::names;
use crate::{
    document::{Source, yaml::Node},
    model::skew,
};

/// A generation of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// Releases 0.0.x.
    V0_0,
    /// Releases from 0.1 on.
    V0_1,
}

/// Comments further down are about something else.
const MAX_LINES: usize = 60;

impl Generation {
    /// The minor version of the newest; the one before it is known too, as the rules of skew have it.
    const NEWEST: u32 = 1;

    /// What the file itself says.
    pub(super) fn of(source: &Source<'_>, root: Option<&Node<'_>>) -> Option<Self> {
        let comments = source.text().lines().take(MAX_LINES);
        let said = comments
            .filter_map(|line| line.trim_start_matches('\u{feff}').strip_prefix('#'))
            .find_map(said);
        said.or_else(|| shown(root?))
    }

    /// The number that stands for it in `--set` and in comments.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_0 => "0.0",
            Self::V0_1 => "0.1",
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A version that is of neither generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a release of a known generation: write 0.0 or 0.1, or a release such as 0.1.9")]
pub struct UnknownGeneration;

impl FromStr for Generation {
    type Err = UnknownGeneration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let major = parts.next();
        let minor = parts.next().filter(|it| matches!(it.len(), 1..=3));
        let minor = minor.filter(|it| it.bytes().all(|b| b.is_ascii_digit()));
        let minor = minor.and_then(|minor| minor.parse().ok());
        let rest_is_plain = parts.all(|part| {
            let digits = |c: char| c.is_ascii_digit() || c == 'x';
            !part.is_empty() && part.chars().all(digits)
        });
        let (Some("0"), Some(minor), true) = (major, minor, rest_is_plain) else {
            return Err(UnknownGeneration);
        };
        skew::policy_syntax(Self::NEWEST, minor).map_err(|_| UnknownGeneration)?;
        Ok(if minor == Self::NEWEST {
            Self::V0_1
        } else {
            Self::V0_0
        })
    }
}

/// The generation that a comment names behind the product's name.
fn said(comment: &str) -> Option<Generation> {
    let lower = comment.to_ascii_lowercase();
    names::COMMENT_WORDS.iter().find_map(|word| {
        lower.match_indices(word).find_map(|(at, _)| {
            let rest = lower[at + word.len()..].trim_start_matches([' ', ':', '=']);
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
            let version = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            version.parse().ok()
        })
    })
}

/// The generation whose keys the policy uses.
fn shown(root: &Node<'_>) -> Option<Generation> {
    let policies = root.all("network_policies").into_iter();
    let policies: Vec<_> = policies.flat_map(|map| map.own_entries()).collect();
    let listed = |key: &'static str| {
        let lists = policies.iter().flat_map(move |(_, policy)| policy.all(key));
        lists.flat_map(|list| list.items())
    };
    let new = listed("endpoints").any(|endpoint| {
        let options = endpoint.get("mcp");
        options.is_some_and(|options| options.get("versions").is_some())
    });
    if new {
        return Some(Generation::V0_1);
    }
    let old_tls = |endpoint: Node<'_>| {
        let tls = endpoint.get("tls");
        matches!(
            tls.and_then(|tls| tls.text()),
            Some("terminate" | "passthrough")
        )
    };
    let old = listed("binaries").any(|binary| binary.get("harness").is_some())
        || listed("endpoints").any(old_tls);
    old.then_some(Generation::V0_0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_names_it() {
        for (comment, expected) in [
            (" openshell: 0.1", Some(Generation::V0_1)),
            (" For OpenShell v0.0.111.", Some(Generation::V0_0)),
            (
                " To change it, run: fullsend generate openshell-policy --set openshell=0.1",
                Some(Generation::V0_1),
            ),
            (" openshell is at 1.0", None),
            (" openshell 0.10", None),
            (" openshell", None),
        ] {
            assert_eq!(said(comment), expected, "{comment}");
        }
    }
}

//! Patterns over names: `*` stops at `/`, `**` does not, everything else is literal.

use std::{fmt, str::FromStr};

use regex::Regex;

use super::value::ValueError;
use crate::model::image::Repository;

/// A pattern over the whole of a text, as `ref` has it: `refs/tags/v*`.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    regex: Regex,
}

/// A pattern over normalised repository names, as `match` has it: `ghcr.io/acme/**`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(Glob);

impl Glob {
    /// Longer patterns are refused.
    pub const MAX_LENGTH: usize = 256;

    /// The pattern that only `text` itself matches, whatever stars it has.
    ///
    /// Returns nothing for a text that is too long for a pattern.
    pub fn literal(text: &str) -> Option<Self> {
        Self::compile(text, &regex::escape(text)).ok()
    }

    /// Whether the whole of `text` matches. Takes time linear in its length.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The same pattern for texts whose letters' case does not count.
    #[must_use]
    pub fn ignoring_case(self) -> Self {
        let regex = Regex::new(&format!("(?i){}", self.regex));
        Self {
            regex: regex.unwrap_or(self.regex),
            text: self.text,
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn compile(text: &str, body: &str) -> Result<Self, ValueError> {
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(ValueError::new(format!(
                "a pattern has 1 to {} characters",
                Self::MAX_LENGTH
            )));
        }
        let regex = Regex::new(&format!(r"(?s)\A(?:{body})\z"))
            .map_err(|_| ValueError::new("the pattern is too complex"))?;
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }
}

impl FromStr for Glob {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().any(|c| c.is_control() || c == ' ') {
            return Err(ValueError::new(
                "a pattern has neither spaces nor control characters",
            ));
        }
        let mut body = String::new();
        let mut rest = text;
        while let Some(star) = rest.find('*') {
            body.push_str(&regex::escape(&rest[..star]));
            let stars = rest[star..].bytes().take_while(|&b| b == b'*').count();
            body.push_str(match stars {
                1 => "[^/]*",
                2 => ".*",
                _ => {
                    return Err(ValueError::new("three stars in a row mean nothing")
                        .mend("write `*` for one part of a path, `**` for any number of parts"));
                }
            });
            rest = &rest[star + stars..];
        }
        body.push_str(&regex::escape(rest));
        Self::compile(text, &body)
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for Glob {}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl NamePattern {
    /// The pattern that every image matches, for a policy given by flags.
    pub fn any() -> Option<Self> {
        "**".parse().ok()
    }

    /// Whether `repository`'s normalised name, host included, matches.
    pub fn matches(&self, repository: &Repository) -> bool {
        self.0.matches(&repository.to_string())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for NamePattern {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let last = text.rsplit('/').next().unwrap_or(text);
        if text.contains('@') || (last.contains(':') && text.contains('/')) {
            return Err(
                ValueError::new("a pattern names repositories, without tag or digest")
                    .mend("leave out what follows the name"),
            );
        }
        let host = text.split('/').next().unwrap_or(text);
        if !host.contains(['.', ':', '*']) && host != "localhost" {
            return Err(ValueError::new(format!(
                "the pattern can match no image: `{host}` is not a registry"
            ))
            .mend(format!(
                "names are matched with their registry: write `docker.io/{}{text}`",
                if text.contains('/') { "" } else { "library/" }
            )));
        }
        Ok(Self(text.parse()?))
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        pattern
            .parse::<NamePattern>()
            .unwrap()
            .matches(&name.parse().unwrap())
    }

    #[test]
    fn one_star_stops_at_a_slash_and_two_do_not() {
        assert!(matches("ghcr.io/acme/*", "ghcr.io/acme/sandbox"));
        assert!(!matches("ghcr.io/acme/*", "ghcr.io/acme/a/b"));
        assert!(matches("ghcr.io/acme/**", "ghcr.io/acme/a/b"));
        assert!(matches("ghcr.io/**/b", "ghcr.io/acme/a/b"));
        assert!(matches("**", "alpine"));
    }

    #[test]
    fn a_pattern_covers_the_whole_normalised_name() {
        assert!(matches("docker.io/library/alpine", "alpine"));
        assert!(!matches("ghcr.io/acme/a", "ghcr.io/acme/ab"));
        assert!(!matches("ghcr.io/acme/**", "ghcr.io/acme-evil/a"));
        assert!(!matches("ghcr.io/a.b", "ghcr.io/axb"));
        assert!(!matches("ghcr.io/**", "evil.example/ghcr.io/a"));
    }

    #[test]
    fn refuses_what_can_match_nothing() {
        for bad in [
            "",
            "***",
            "ghcr.io/a:1",
            "ghcr.io/a@sha256:1",
            "alpine",
            "acme/*",
            "ghcr.io/a b",
        ] {
            assert!(bad.parse::<NamePattern>().is_err(), "{bad:?}");
        }
        let long = format!("a.b/{}", "a".repeat(300));
        assert!(long.parse::<NamePattern>().is_err());
    }

    /// The plain recursive meaning of a pattern, exponential but obviously right.
    fn means(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', b'*', rest @ ..] => (0..=text.len()).any(|n| means(rest, &text[n..])),
            [b'*', rest @ ..] => (0..=text.len())
                .take_while(|&n| !text[..n].contains(&b'/'))
                .any(|n| means(rest, &text[n..])),
            [byte, rest @ ..] => text.first() == Some(byte) && means(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn matches_as_the_plain_meaning(pattern in "[a./*]{1,8}", text in "[a./]{0,10}") {
            if let Ok(glob) = pattern.parse::<Glob>() {
                prop_assert_eq!(glob.matches(&text), means(pattern.as_bytes(), text.as_bytes()));
            }
        }

        #[test]
        fn everything_but_stars_is_literal(text in "[^*\\p{C} ]{1,40}") {
            if let Ok(glob) = text.parse::<Glob>() {
                prop_assert!(glob.matches(&text));
                let longer = format!("{text}x");
                prop_assert!(!glob.matches(&longer));
            }
        }
    }
}

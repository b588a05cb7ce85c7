//! Regular expressions over certificate subjects, always anchored and bounded.

use std::{fmt, str::FromStr};

use regex::{Regex, RegexBuilder};

use super::value::ValueError;

/// A regular expression that always covers the whole text, unlike cosign's.
#[derive(Clone, Debug)]
pub struct AnchoredRegexp {
    text: String,
    anchored: Regex,
    unanchored: Regex,
}

impl AnchoredRegexp {
    const MAX_LENGTH: usize = 1024;
    const MAX_COMPILED_BYTES: usize = 256 * 1024;

    /// The expression as it was written, without the anchors.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the expression covers the whole of `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.anchored.is_match(text)
    }

    /// What to warn of: a neighbour's name that passes here or in cosign, or a careless dot.
    pub fn warning(&self) -> Option<String> {
        let advice = "`repository`, `workflow` and `ref` say it better";
        let evil = self.neighbour();
        if self.matches(&evil) {
            return Some(format!(
                "`{self}` accepts `{evil}` too: end the repository's name with `/`; {advice}"
            ));
        }
        if self.unanchored.is_match(&evil) {
            return Some(format!(
                "cosign does not anchor `{self}` and would accept `{evil}` too; fullsend matches \
                 the whole subject; {advice}"
            ));
        }
        has_bare_dot(&self.text).then(|| {
            format!("an unescaped `.` in `{self}` matches any character: write `\\.`; {advice}")
        })
    }

    /// A subject whose repository only begins like the one that is meant.
    fn neighbour(&self) -> String {
        let plain = self.text.trim_start_matches('^').replace('\\', "");
        let special = ['*', '+', '(', '[', '{', '?', '|', '$', '@'];
        let stem = plain.split(special).next().unwrap_or_default();
        let stem = stem.trim_end_matches(['.', '/']);
        format!("{stem}-evil/.github/workflows/x.yml@refs/heads/main")
    }
}

impl FromStr for AnchoredRegexp {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(ValueError::new(format!(
                "a regular expression has 1 to {} characters",
                Self::MAX_LENGTH
            )));
        }
        let compile = |pattern: &str| {
            RegexBuilder::new(pattern)
                .size_limit(Self::MAX_COMPILED_BYTES)
                .build()
        };
        let refuse = |error: regex::Error| match error {
            regex::Error::CompiledTooBig(_) => {
                ValueError::new("the regular expression is too large once compiled")
            }
            other => {
                let text = other.to_string();
                let reason = text.lines().last().unwrap_or_default();
                ValueError::new(format!(
                    "not a regular expression: {}",
                    reason.trim_start_matches("error: ")
                ))
            }
        };
        // By itself first: `a)|(b` is no expression, though it closes our group.
        let unanchored = compile(text).map_err(refuse)?;
        let anchored = compile(&format!(r"\A(?:{text})\z")).map_err(refuse)?;
        if anchored.is_match("") {
            return Err(
                ValueError::new("the regular expression matches an empty subject")
                    .mend("name at least the repository"),
            );
        }
        Ok(Self {
            text: text.to_owned(),
            anchored,
            unanchored,
        })
    }
}

impl PartialEq for AnchoredRegexp {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for AnchoredRegexp {}

impl fmt::Display for AnchoredRegexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a dot stands for any character without a repetition behind it that says so on purpose.
fn has_bare_dot(pattern: &str) -> bool {
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class && !matches!(characters.peek(), Some('*' | '+' | '?' | '{')) => {
                return true;
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_expressions_cover_the_whole_subject() {
        let regexp: AnchoredRegexp = "https://github.com/acme/app".parse().unwrap();
        assert!(!regexp.matches("https://github.com/acme/app-evil/x"));
        let alternatives: AnchoredRegexp = "a|b".parse().unwrap();
        assert!(alternatives.matches("b") && !alternatives.matches("ax"));
        for bad in ["", "(", "a)|(b", ".*", "(a{1000}){1000}", "(?x) a # b"] {
            assert!(bad.parse::<AnchoredRegexp>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn careless_expressions_are_warned_of() {
        let warning = |text: &str| text.parse::<AnchoredRegexp>().unwrap().warning();
        let unanchored = warning(r"https://github\.com/acme/app").unwrap();
        assert!(
            unanchored.contains("cosign") && unanchored.contains("app-evil"),
            "{unanchored}"
        );
        let open = warning(r"https://github\.com/acme/app.*").unwrap();
        assert!(
            open.contains("accepts") && open.contains("app-evil"),
            "{open}"
        );
        let dot = warning(r"^https://github.com/acme/app/.*$").unwrap();
        assert!(dot.contains("unescaped"), "{dot}");
        assert_eq!(warning(r"^https://github\.com/acme/app/.*$"), None);
    }
}

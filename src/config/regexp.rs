//! Regular expressions over certificate subjects, always anchored and bounded.

use std::{fmt, str::FromStr};

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

use super::value::{ValueError, excerpt};

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

    /// What to warn of, each with a subject that the writer did not mean: a neighbour's name that
    /// passes here, a subject that cosign would let in, a dot for any character.
    pub fn warnings(&self) -> Vec<String> {
        let advice = "`repository`, `workflow` and `ref` say it better";
        let shown = excerpt(&self.text);
        let evil = neighbour_of(&self.stem());
        let mut warnings = Vec::new();
        if self.matches(&evil) {
            warnings.push(format!(
                "`{shown}` accepts `{evil}` too: end the repository's name with `/`; {advice}"
            ));
        } else if let Some(evil) = self.let_in_by_cosign(evil) {
            warnings.push(format!(
                "cosign does not anchor `{shown}` and would accept `{evil}` too; fullsend matches \
                 the whole subject; {advice}"
            ));
        }
        if has_bare_dot(&self.text) {
            let such = self.example().map(|such| format!(", as in `{such}`"));
            warnings.push(format!(
                "an unescaped `.` in `{shown}` matches any character{}: write `\\.`; {advice}",
                such.unwrap_or_default()
            ));
        }
        warnings
    }

    /// A subject that contains a match and is none: `neighbour`, or one made from an example.
    fn let_in_by_cosign(&self, neighbour: String) -> Option<String> {
        let examples = self.example().into_iter().flat_map(|meant| {
            [
                neighbour_of(&meant),
                format!("{meant}-evil"),
                format!("https://evil.example/{meant}"),
            ]
        });
        std::iter::once(neighbour)
            .chain(examples)
            .find(|subject| self.unanchored.is_match(subject) && !self.matches(subject))
    }

    /// A short subject that the expression covers, if one is easily found.
    fn example(&self) -> Option<String> {
        let expression = regex_syntax::parse(&self.text).ok()?;
        let mut example = String::new();
        append_example(&expression, &mut example)?;
        self.matches(&example).then_some(example)
    }

    /// What stands before anything that is not literal: the repository, or a part of its name.
    fn stem(&self) -> String {
        let plain = self.text.trim_start_matches('^').replace('\\', "");
        let special = ['*', '+', '(', '[', '{', '?', '|', '$', '@'];
        let stem = plain.split(special).next().unwrap_or_default();
        stem.trim_end_matches(['.', '/']).to_owned()
    }
}

/// A subject whose repository only begins like `stem`.
fn neighbour_of(stem: &str) -> String {
    let stem = stem.trim_end_matches('/');
    format!("{stem}-evil/.github/workflows/x.yml@refs/heads/main")
}

/// Appends the shortest text that `expression` stands for, in plain letters where it may choose.
///
/// Anchors are taken to hold. Returns nothing once the text is too long to be shown.
fn append_example(expression: &Hir, text: &mut String) -> Option<()> {
    const LONGEST: usize = 200;
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => text.push(plainest(class)?),
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Capture(group) => append_example(&group.sub, text)?,
        HirKind::Concat(parts) => parts
            .iter()
            .try_for_each(|part| append_example(part, text))?,
        HirKind::Alternation(choices) => append_example(choices.first()?, text)?,
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                let before = text.len();
                append_example(&repetition.sub, text)?;
                if text.len() == before {
                    break;
                }
            }
        }
    }
    (text.len() <= LONGEST).then_some(())
}

/// A letter that `class` has, else its first character.
fn plainest(class: &ClassUnicode) -> Option<char> {
    let has = |wanted: &char| {
        let mut ranges = class.iter();
        ranges.any(|range| (range.start()..=range.end()).contains(wanted))
    };
    let letter = ['x', 'a', 'X', 'A', '1', '0'].into_iter().find(has);
    letter.or_else(|| class.iter().next().map(ClassUnicodeRange::start))
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

    fn warnings(text: &str) -> Vec<String> {
        text.parse::<AnchoredRegexp>().unwrap().warnings()
    }

    #[test]
    fn careless_expressions_are_warned_of() {
        let open = warnings(r"https://github\.com/acme/app.*");
        assert_eq!(open.len(), 1);
        assert!(
            open[0].contains("accepts `https://github.com/acme/app-evil/"),
            "{open:?}"
        );
        let dot = warnings("^https://github.com/acme/app/.*$");
        assert_eq!(dot.len(), 1);
        assert!(
            dot[0].contains("as in `https://githubxcom/acme/app/`"),
            "{dot:?}"
        );
        let sound = [
            r"^https://github\.com/acme/app/.*$",
            r"^https://github\.com/acme/app/\.github/workflows/[a-z]+\.yml@refs/tags/v\d+$",
            r"\Ahttps://github\.com/acme/(app|lib)/.+\z",
        ];
        for text in sound {
            assert_eq!(warnings(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn whoever_passes_cosign_alone_is_shown() {
        for (text, evil) in [
            (
                r"https://github\.com/acme/app",
                "https://github.com/acme/app-evil/.github/workflows/x.yml@refs/heads/main",
            ),
            (
                r"^https://github\.com/acme/(app|lib)",
                "https://github.com/acme/app-evil/.github/workflows/x.yml@refs/heads/main",
            ),
            (
                r"https://github\.com/acme/app/.*",
                "https://evil.example/https://github.com/acme/app/",
            ),
            (
                r"^https://github\.com/acme/app/\.github/workflows/r\.yml@refs/tags/v1",
                "https://github.com/acme/app/.github/workflows/r.yml@refs/tags/v1-evil/.github/workflows/x.yml@refs/heads/main",
            ),
            (
                "[a-z]{3}@acme\\.example",
                "xxx@acme.example-evil/.github/workflows/x.yml@refs/heads/main",
            ),
            ("me@acme\\.example$", "https://evil.example/me@acme.example"),
        ] {
            let warning = warnings(text).remove(0);
            assert!(warning.starts_with("cosign does not anchor"), "{warning}");
            assert!(
                warning.contains(&format!("would accept `{evil}` too")),
                "{warning}"
            );
            let regexp: AnchoredRegexp = text.parse().unwrap();
            assert!(
                regexp.unanchored.is_match(evil) && !regexp.matches(evil),
                "{text}"
            );
        }
    }

    #[test]
    fn examples_are_found_quickly_or_not_at_all() {
        let example = |text: &str| text.parse::<AnchoredRegexp>().unwrap().example();
        assert_eq!(example("a{3}(b|c)?[0-9]+.").as_deref(), Some("aaa1x"));
        assert_eq!(example("a{300}"), None);
        assert_eq!(example("a$b|c"), None);
        assert_eq!(example("(?:(?:){1000}){1000}a").as_deref(), Some("a"));
        let long = "é".repeat(500);
        assert!(warnings(&long).iter().all(|warning| warning.len() < 2000));
    }
}

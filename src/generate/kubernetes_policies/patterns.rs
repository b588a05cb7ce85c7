//! Patterns of images in the languages of others.
//!
//! Ours cover a repository's normalised name; one star stops at a slash, two do not. Everything here
//! covers exactly the same images, or is refused: a pattern that covers fewer would let the rest by,
//! and one that covers more would let an image in by another's signature.

/// A pattern as wildcards that cross slashes, as Kyverno reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wildcards {
    pub(super) include: Vec<String>,
    /// Those of the included that are not meant.
    pub(super) exclude: Vec<String>,
}

/// `pattern` for Kyverno; nothing where its wildcards cannot say it.
pub(super) fn wildcards(pattern: &str) -> Option<Wildcards> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/:*-".contains(c);
    if !pattern.chars().all(plain) {
        return None;
    }
    let doubles = pattern.contains("**");
    let singles = pattern.replace("**", "").contains('*');
    // With both, the slashes that a single star may not cross cannot be told from the others.
    if doubles && singles {
        return None;
    }
    let wide = pattern.replace("**", "*");
    let exclude = if singles {
        let stars = wide.match_indices('*');
        stars
            .map(|(at, _)| format!("{}*/*{}", &wide[..at], &wide[at + 1..]))
            .collect()
    } else {
        Vec::new()
    };
    Some(Wildcards {
        include: with_ends(&wide),
        exclude: exclude.iter().flat_map(|wide| with_ends(wide)).collect(),
    })
}

/// A pattern of repositories as patterns of images, which have a tag, a digest, or both.
fn with_ends(wide: &str) -> Vec<String> {
    if wide.ends_with('*') {
        return vec![wide.to_owned()];
    }
    vec![format!("{wide}:*"), format!("{wide}@*")]
}

impl Wildcards {
    /// The same as one pattern of Kyverno's own.
    pub(super) fn pattern(&self) -> String {
        let without: Vec<String> = self.exclude.iter().map(|it| format!("!{it}")).collect();
        let each = self.include.iter().map(|it| {
            let mut all = vec![it.clone()];
            all.extend(without.iter().cloned());
            all.join(" & ")
        });
        each.collect::<Vec<_>>().join(" | ")
    }
}

/// `pattern` as an expression of RE2 for images as pods name them, with tag or digest.
pub(super) fn regexp(pattern: &str) -> String {
    format!("^{}([:@].*)?$", stars(pattern, "[^/:@]*", "[^:@]*"))
}

/// `pattern` over texts that may hold anything, as an anchored expression of RE2.
pub(super) fn subject_regexp(pattern: &str) -> String {
    stars(pattern, "[^/]*", ".*")
}

fn stars(pattern: &str, single: &str, double: &str) -> String {
    let parts = pattern.split("**").map(|part| {
        let literals = part.split('*').map(regex::escape);
        literals.collect::<Vec<_>>().join(single)
    });
    parts.collect::<Vec<_>>().join(double)
}

/// `pattern` as globs of the policy-controller, which has our stars and its own name for Docker Hub.
pub(super) fn globs(pattern: &str) -> Vec<String> {
    let named = match pattern.strip_prefix("docker.io/") {
        Some(rest) => format!("index.docker.io/{rest}"),
        None => pattern.to_owned(),
    };
    with_ends(&named)
}

/// Whether an image could match both patterns; true where that is not plain.
pub(super) fn may_meet(one: &str, other: &str) -> bool {
    let before = |pattern: &str| pattern.split('*').next().unwrap_or_default().to_owned();
    let (one_start, other_start) = (before(one), before(other));
    let literal = |pattern: &str| !pattern.contains('*');
    match (literal(one), literal(other)) {
        (true, true) => one == other,
        (true, false) => one.starts_with(&other_start),
        (false, true) => other.starts_with(&one_start),
        (false, false) => {
            one_start.starts_with(&other_start) || other_start.starts_with(&one_start)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::NamePattern;

    /// Kyverno's wildcards: a star is any text.
    fn fits(pattern: &str, text: &str) -> bool {
        let body = pattern
            .split('*')
            .map(regex::escape)
            .collect::<Vec<_>>()
            .join(".*");
        regex::Regex::new(&format!("^{body}$"))
            .unwrap()
            .is_match(text)
    }

    fn covered(pattern: &Wildcards, image: &str) -> bool {
        pattern.include.iter().any(|it| fits(it, image))
            && !pattern.exclude.iter().any(|it| fits(it, image))
    }

    proptest! {
        #[test]
        fn every_language_covers_the_same_images(
            pattern in "(r\\.io|localhost:5000)/([ab*]|\\*\\*)(/([ab*]|\\*\\*|a\\*)){0,3}",
            name in "(r\\.io|localhost:5000)/[ab](/[ab]){0,4}",
            end in "(:1|@sha256:[0-9a-f]{4})",
        ) {
            let Ok(ours) = pattern.parse::<NamePattern>() else { return Ok(()) };
            let expected = ours.matches(&name.parse().unwrap());
            let image = format!("{name}{end}");
            let regexp = regex::Regex::new(&regexp(&pattern)).unwrap();
            prop_assert_eq!(regexp.is_match(&image), expected);
            if let Some(wild) = wildcards(&pattern) {
                prop_assert_eq!(covered(&wild, &image), expected);
            }
        }

        #[test]
        fn what_meets_is_told(
            one in "r/([ab*]|\\*\\*)(/[ab*]){0,2}", other in "r/([ab*]|\\*\\*)(/[ab*]){0,2}",
            name in "r/[ab](/[ab]){0,3}",
        ) {
            let both = [&one, &other].into_iter().all(|pattern| {
                let body = stars(pattern, "[^/]*", ".*");
                regex::Regex::new(&format!("^{body}$")).unwrap().is_match(&name)
            });
            prop_assert!(!both || may_meet(&one, &other));
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        assert_eq!(wildcards("r.io/**/a/*"), None);
        assert_eq!(wildcards("r.io/{{x}}"), None);
        assert_eq!(wildcards("r.io/a|b"), None);
        let exact = wildcards("r.io/a").unwrap();
        assert_eq!(exact.pattern(), "r.io/a:* | r.io/a@*");
        let single = wildcards("r.io/*").unwrap();
        assert_eq!(single.pattern(), "r.io/* & !r.io/*/*");
    }
}

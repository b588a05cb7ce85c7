//! Patterns, as the sandbox's policy engine reads them.
//!
//! The engine compiles with globset and lets no wildcard cross `/`. It has one delimiter at a time:
//! another is put between slashes, and a slash that delimits nothing becomes a character that no
//! pattern names.

use globset::{GlobBuilder, GlobMatcher};

/// Longer patterns match nothing here: no endpoint has reason for one.
const MAX_LENGTH: usize = 4096;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Glob {
    matcher: GlobMatcher,
    delimiter: char,
}

impl Glob {
    /// Compiles `pattern`, whose wildcards stop at `delimiter`; nothing for what is no pattern, which
    /// the engine takes for one that matches nothing.
    pub(super) fn new(pattern: &str, delimiter: char) -> Option<Self> {
        if pattern.len() > MAX_LENGTH {
            return None;
        }
        let matcher = GlobBuilder::new(&prepared(pattern, delimiter)?)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .ok()?
            .compile_matcher();
        Some(Self { matcher, delimiter })
    }

    /// Whether all of `text` matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        prepared(text, self.delimiter).is_some_and(|text| self.matcher.is_match(text))
    }
}

/// Whether `pattern` matches all of `text`.
pub(super) fn matches(pattern: &str, delimiter: char, text: &str) -> bool {
    Glob::new(pattern, delimiter).is_some_and(|glob| glob.matches(text))
}

/// `text` with the slash as its only delimiter.
fn prepared(text: &str, delimiter: char) -> Option<String> {
    if text.contains('\0') {
        return None;
    }
    if delimiter == '/' {
        return Some(text.to_owned());
    }
    let slashed = text.replace('/', "\0");
    Some(slashed.replace(delimiter, &format!("/{delimiter}/")))
}

/// What is wrong with `pattern`, in a few words, if it does not mean what it seems to.
pub(super) fn fault(pattern: &str, delimiter: char) -> Option<&'static str> {
    let crossing = pattern
        .split(delimiter)
        .any(|segment| segment.contains("**") && segment != "**");
    if Glob::new(pattern, delimiter).is_none() {
        return Some("is no pattern: a bracket or a brace is not closed, or it is too long");
    }
    crossing.then_some("has `**` beside other characters, where it means no more than `*`")
}

/// Whether the selector `pattern` of an endpoint covers `path`.
///
/// It is read by other code than rules: a final `/**` includes what stands before it, and wildcards
/// cross slashes.
pub(super) fn selects(pattern: &str, path: &str) -> bool {
    if matches!(pattern, "" | "**" | "/**") || pattern == path {
        return true;
    }
    if let Some(folder) = pattern.strip_suffix("/**") {
        let below = path.strip_prefix(folder);
        return below.is_some_and(|below| below.is_empty() || below.starts_with('/'));
    }
    // Braces and backslashes mean themselves in this dialect, and a star crosses anything.
    let mut plain = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if matches!(c, '{' | '}' | '\\' | ',') {
            plain.push('\\');
        }
        plain.push(c);
    }
    let glob = GlobBuilder::new(&plain)
        .literal_separator(false)
        .backslash_escape(true)
        .build();
    pattern.len() <= MAX_LENGTH && glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stop_at_the_delimiter() {
        for (pattern, delimiter, text, expected) in [
            ("/repos/*/*/issues/*", '/', "/repos/a/b/issues/1", true),
            (
                "/repos/*/*/issues/*",
                '/',
                "/repos/a/b/issues/1/comments",
                false,
            ),
            ("/repos/**", '/', "/repos", false),
            ("/repos/**", '/', "/repos/", true),
            ("/repos/**", '/', "/repos/a/b", true),
            ("/a/**/z", '/', "/a/z", true),
            ("/a/**/z", '/', "/a/b/c/z", true),
            ("/a**", '/', "/ab", true),
            ("/a**", '/', "/ab/c", false),
            ("/v?/x", '/', "/v1/x", true),
            ("/{a,b}/x", '/', "/b/x", true),
            ("/[!a]", '/', "/b", true),
            ("/[!a]", '/', "/a", false),
            ("**", '/', "/a/b", true),
            ("*.example.com", '.', "a.example.com", true),
            ("*.example.com", '.', "a.b.example.com", false),
            ("**.example.com", '.', "a.b.example.com", true),
            ("**.example.com", '.', "example.com", false),
            ("*-api.example.com", '.', "eu-api.example.com", true),
            ("*", '.', "a.b", false),
            ("*", '.', "a/b", true),
            ("a[", '/', "a[", false),
        ] {
            assert_eq!(
                matches(pattern, delimiter, text),
                expected,
                "{pattern} {text}"
            );
        }
        assert!(!matches("*", '/', "a\0b"));
        assert!(!matches(&"a".repeat(5000), '/', &"a".repeat(5000)));
    }

    #[test]
    fn selectors_are_read_more_widely() {
        for (pattern, path, expected) in [
            ("", "/a", true),
            ("/v1/**", "/v1", true),
            ("/v1/**", "/v1/a/b", true),
            ("/v1/**", "/v10", false),
            ("/v1/*", "/v1/a/b", true),
            ("/{a,b}", "/a", false),
            ("/a[", "/b", false),
        ] {
            assert_eq!(selects(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn tells_what_does_not_mean_what_it_seems_to() {
        assert!(fault("/a**", '/').is_some());
        assert!(fault("/a[", '/').is_some());
        assert_eq!(fault("/a/**", '/'), None);
        assert_eq!(fault("**", '/'), None);
    }
}

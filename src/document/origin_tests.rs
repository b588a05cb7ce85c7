//! Values traced back to their bytes.

use std::path::Path;

use proptest::prelude::*;

use super::{
    Source,
    tests::scalars,
    yaml::{self, Scalar},
};

fn source(text: &str) -> Source<'_> {
    Source::decode(Path::new("a.yml"), text.as_bytes()).unwrap()
}

/// Runs `check` with the value of the first document's `x`.
fn with_value<T>(text: &str, check: impl FnOnce(&Source<'_>, &Scalar<'_>) -> T) -> T {
    let source = source(text);
    let tree = yaml::parse(&source).unwrap();
    let root = tree.documents().next().unwrap();
    check(&source, &root.get("x").unwrap().scalar().unwrap())
}

/// How each character of the value is written.
fn written(text: &str) -> Vec<String> {
    with_value(text, |source, scalar| {
        let origin = scalar.origin(source);
        let chars = scalar.value.char_indices();
        chars
            .map(|(at, c)| source.slice(origin.range(at..at + c.len_utf8())).to_owned())
            .collect()
    })
}

#[test]
fn escapes_folds_and_quotes_are_traced() {
    for (text, shown) in [
        ("x: ab\n", "a|b"),
        ("x: a\n  b\n", "a|\n|b"),
        ("x: a\n\n\n  b\n", "a|\n|\n|b"),
        ("x: 'a''b'", "a|'|b"),
        ("x: 'a\n\n  b'", "a|\n|b"),
        ("x: \"\\\"\\x41é\\n\"", "\\\"|\\x41|é|\\n"),
        ("x: \"a \\\n   \\ b\"", "a| |\\ |b"),
        ("x: >\n  a\n  b\n\n  c\n   d\n", "a|\n|b|\n|c|\n| |d|\n"),
        ("x: |2-\n    a\n  b\n\ny: 1", " | |a|\n|b"),
        ("x: | # c\n\n   a\n\n", "\n|a|\n"),
        ("x: |1\n |\n", "||\n"),
        ("x: \"a\\\n\n  b\"", "a|\n|b"),
    ] {
        assert_eq!(written(text).join("|"), shown, "{text:?}");
    }
}

#[test]
fn only_what_is_written_alike_is_exact() {
    with_value("x: \"a\\tbc\"\n", |source, scalar| {
        let origin = scalar.origin(source);
        assert_eq!(origin.exact(2..4), Some(7..9));
        assert_eq!(origin.exact(1..3), None);
        assert_eq!(origin.exact(0..1), Some(4..5));
        assert_eq!(origin.range(0..4), 4..9);
    });
    with_value("x: |\n  ab\n  cd\n", |source, scalar| {
        let origin = scalar.origin(source);
        assert_eq!(origin.exact(0..2), Some(7..9));
        assert_eq!(origin.exact(3..5), Some(12..14));
        assert_eq!(origin.exact(0..5), None);
        assert_eq!(source.slice(origin.range(0..5)), "ab\n  cd");
        assert_eq!(origin.to_file(99), 15);
    });
}

proptest! {
    #[test]
    fn every_character_of_a_literal_block_is_found(
        lines in prop::collection::vec("[-a#: é\\t|'\"\\\\]{0,6}", 1..8),
        indent in 1_usize..6,
        chomp in prop::sample::select(vec!["", "-", "+"]),
        crlf in any::<bool>(),
        behind in prop::sample::select(vec!["", "\n", "\ny: 1\n", "\n\n\n", "\n# c\ny: 1\n"]),
    ) {
        let newline = if crlf { "\r\n" } else { "\n" };
        let pad = " ".repeat(indent);
        let body: Vec<String> = lines.iter().map(|line| format!("{pad}{line}")).collect();
        let text = format!("\u{feff}x: |{indent}{chomp}\n{}{behind}", body.join("\n"));
        let text = text.replace('\n', newline);
        prop_assume!(lines.iter().any(|line| !line.trim_matches([' ', '\t']).is_empty()));
        with_value(&text, |source, scalar| {
            let origin = scalar.origin(source);
            for (at, c) in scalar.value.char_indices() {
                let file = origin.to_file(at);
                let found = text[file..].chars().next();
                let ends = file == text.len() && c == '\n';
                prop_assert!(found == Some(c) || ends, "{c:?} at {at} of {text:?}: {found:?}");
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_is_exact_is_the_same(text in "(x: |- |\\||>|\"|'|\\\\n|\\\\|''|#|a|é|  | |\\n|\\r\\n){0,30}") {
        let source = source(&text);
        if let Ok(tree) = yaml::parse(&source) {
            let mut found = Vec::new();
            for root in tree.documents() {
                scalars(&root, &mut found);
            }
            for scalar in found {
                let origin = scalar.origin(&source);
                for (at, c) in scalar.value.char_indices() {
                    let range = at..at + c.len_utf8();
                    prop_assert!(text.get(origin.range(range.clone())).is_some());
                    if let Some(file) = origin.exact(range) {
                        prop_assert_eq!(source.slice(file), c.to_string());
                    }
                }
            }
        }
    }
}

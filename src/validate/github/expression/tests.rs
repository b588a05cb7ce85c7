//! Expressions as GitHub reads them.

use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> Result<Expr<'_>, SyntaxError> {
    parse(text, 0..text.len())
}

/// The paths in `text`, with `*` for what is no name.
fn paths(text: &str) -> Vec<String> {
    let tree = parsed(text).unwrap();
    let paths = tree.paths();
    let path = |expr: &&Expr<'_>| {
        let segments = expr.path().unwrap();
        let names = segments.iter().map(|segment| segment.name.unwrap_or("*"));
        names.collect::<Vec<_>>().join(".")
    };
    paths.iter().map(path).collect()
}

#[test]
fn what_github_reads_is_read() {
    for text in [
        "true",
        "-1.5e3",
        "0xFF",
        "0o17",
        "NaN",
        "-Infinity",
        ".5",
        "'it''s'",
        "github.event.issue.number",
        "github['event']",
        "github.event.*.labels[0].name",
        "a[*].b",
        "!a && (b || !c)",
        "fromJSON('[1]')[0]",
        "(a).b",
        "steps.a-b.outputs._c",
        "contains(github.event.labels.*.name, 'x') == true",
        "foo.true",
        "always ()",
        "1 < 2 == true",
        "success(\n)",
    ] {
        parsed(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    }
}

#[test]
fn what_github_refuses_is_refused_where_it_is_wrong() {
    for (text, at, message) in [
        ("", 0..0, "the expression is empty"),
        ("a == \"b\"", 5..6, "single quotes"),
        ("a = b", 2..3, "`==`"),
        ("a & b", 2..3, "`&&`"),
        ("a == 'b", 5..7, "never closed"),
        ("a ==", 4..4, "a value is missing"),
        ("a b", 2..3, "an operator"),
        ("f(a", 3..3, "`)`"),
        ("f(a,)", 4..5, "a value"),
        ("a.", 2..2, "a name"),
        ("a.'b'", 2..5, "a name"),
        ("'a'.b", 3..5, "not a number"),
        ("1x", 0..2, "not a number"),
        ("a }", 2..3, "means nothing"),
        ("${{ a", 0..1, "another `${{`"),
        ("é", 0..2, "means nothing"),
    ] {
        let error = parsed(text).unwrap_err();
        assert_eq!(error.at, at, "{text}: {}", error.message);
        assert!(error.message.contains(message), "{text}: {}", error.message);
    }
}

#[test]
fn depth_is_bounded() {
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    parsed(&deep(MAX_DEPTH)).unwrap();
    for text in [
        deep(MAX_DEPTH + 1),
        deep(9_000),
        "!".repeat(10_000),
        format!("a{}", ".b".repeat(9_000)),
        format!("a{}", "==a".repeat(5_000)),
        "f(".repeat(9_000),
        "a[".repeat(9_000),
    ] {
        let error = parsed(&text).unwrap_err();
        assert!(error.message.contains("50 levels"), "{}", error.message);
    }
    let wide = format!("a{}", " || a".repeat(4_000));
    assert_eq!(parsed(&wide).unwrap().parts().len(), 4_001);
}

#[test]
fn paths_are_the_longest_and_know_their_names() {
    assert_eq!(
        paths("github.event['issue'].number"),
        ["github.event.issue.number"]
    );
    assert_eq!(paths("f(a.b, c[d.e]) || g"), ["a.b", "c.*", "d.e", "g"]);
    assert_eq!(paths("fromJSON(a.b).c"), ["a.b"]);
    assert_eq!(paths("a.*.b"), ["a.*.b"]);
    let tree = parsed("needs.build.result").unwrap();
    let path = tree.path().unwrap();
    assert_eq!(path[1].at, 6..11);
}

#[test]
fn expressions_are_found_in_texts() {
    let found = |text: &str| -> Vec<String> {
        let found = find(text).into_iter();
        found
            .map(|found| {
                assert_eq!(&text[found.whole.start..found.inside.start], "${{");
                let closed = if found.closed { "" } else { "?" };
                format!("{}{closed}", &text[found.inside])
            })
            .collect()
    };
    assert_eq!(found("a ${{ b }}-${{c}} d"), [" b ", "c"]);
    assert_eq!(found("${{ '}}' }}"), [" '}}' "]);
    assert_eq!(found("${{ 'it''s }}' }} ${{ b }}"), [" 'it''s }}' ", " b "]);
    assert_eq!(found("${{ a } ${{ b }}"), [" a } ${{ b "]);
    assert_eq!(found("${{ 'a }}"), [" 'a }}?"]);
    assert_eq!(found("$ {{ a }} ${x} {{ b }}"), [""; 0]);
}

proptest! {
    #[test]
    fn nothing_panics_and_every_part_lies_inside(text in "[a-c.*\\[\\]()!<>=&|' ,0-9${}é\\n-]{0,80}") {
        for found in find(&text) {
            prop_assert!(text.get(found.whole.clone()).is_some());
            prop_assert!(text.get(found.inside.clone()).is_some());
        }
        match parse(&text, 0..text.len()) {
            Ok(tree) => for part in tree.all() {
                prop_assert!(text.get(part.at.clone()).is_some());
                for segment in part.path().unwrap_or_default() {
                    prop_assert!(text.get(segment.at).is_some());
                }
            },
            Err(error) => prop_assert!(error.at.end <= text.len()),
        }
    }
}

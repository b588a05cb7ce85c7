//! The same image in every guise that YAML has, and files that mean harm.

use std::path::Path;

use fullsend::reference::{self, Reference};
use proptest::prelude::*;

fn images(path: &str, text: &str) -> Vec<Reference> {
    reference::images(Path::new(path), text.as_bytes()).unwrap()
}

/// What stands for the image in a pattern.
const HERE: &str = "@@";

/// Files in which exactly one place, the marked one, is an image.
const PATTERNS: &[(&str, &str)] = &[
    (
        ".github/workflows/a.yml",
        "on: push\njobs:\n  a:\n    container: @@\n    steps:\n      - run: |\n          container: x:1\n",
    ),
    (
        ".github/workflows/a.yml",
        "on: push\njobs:\n  a:\n    container:\n      image:   @@ # why\n      env: {image: x:1}\n",
    ),
    (
        "starter/ci.yml",
        "\"on\": push\njobs: {a: {services: {db: {image: @@ }}}}\n",
    ),
    (".gitlab-ci.yml", "a:\n\n  image:\n    @@\n  script: x\n"),
    (
        "ci/part.yml",
        "x: &i @@\na: {script: [x], image: *i}\nb: {script: [x], image: *i}\n",
    ),
    (".gitlab-ci.yml", "a:\n  services:\n  - @@\n  - name:\n"),
    (
        "d/pod.yml",
        "---\n---\napiVersion: v1\nkind: Pod\nspec: {containers: [{image: @@ }]}\n",
    ),
    ("values.yaml", "a:\n  - b:\n      image: @@\n"),
    ("fullsend.yaml", "agents:\n  é: {image: @@ }\n"),
];

proptest! {
    #[test]
    fn the_image_is_found_exactly_where_it_stands(
        pattern in proptest::sample::select(PATTERNS),
        image in "[a-z]{1,8}(\\.[a-z]{2,3}/[a-z]{1,6}(-[a-z]{1,6})?)?:[a-zA-Z0-9][a-zA-Z0-9._]{0,8}(@sha256:[0-9a-f]{64})?",
        quote in proptest::sample::select(&["", "'", "\"", "!t ", "&anchor "][..]),
        crlf in any::<bool>(),
        mark in any::<bool>(),
        comment in "[ a-zé{}:$]{0,12}",
    ) {
        let (path, pattern) = pattern;
        let closing = if quote.len() == 1 { quote } else { "" };
        // A node has one anchor.
        let quote = if pattern.contains("&i") && quote.starts_with('&') { "" } else { quote };
        let mut text = pattern.replace(HERE, &format!("{quote}{image}{closing}"));
        text = format!("{}#{comment}\n{text}", if mark { "\u{feff}" } else { "" });
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let found = images(path, &text);
        prop_assert_eq!(found.len(), 1, "{:?}: {:?}", text, found);
        let found = &found[0];
        prop_assert_eq!(&found.written, &image);
        prop_assert_eq!(&text[found.span.bytes()], &image);
        let line = text.split('\n').nth(found.span.start.line - 1).unwrap();
        let column = found.span.start.column - 1;
        let at: String = line.chars().skip(column).take(image.len()).collect();
        prop_assert_eq!(at, image.clone());
        prop_assert!(found.image().is_ok(), "{:?}", found.image());
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        path in proptest::sample::select(&[
            ".github/workflows/a.yml", "action.yml", ".gitlab-ci.yml", "Dockerfile", "values.yaml",
            "config.toml", "fullsend.yaml", "x.yml",
        ][..]),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        text in "(FROM |ARG A=|COPY --from=|RUN <<E\n|\\$\\{A|\\}|:-|\\\\\n|image: |jobs:\n|on: |\\[\\[runners\\]\\]\n|image = \"|a:1|\"|\n|  |- |&a |\\*a |<<: |é){0,30}",
    ) {
        let _ = reference::images(Path::new(path), &bytes);
        if let Ok(found) = reference::images(Path::new(path), text.as_bytes()) {
            for image in found {
                prop_assert!(text.get(image.span.bytes()).is_some());
            }
        }
    }
}

#[test]
fn arguments_have_their_defaults_and_no_more() {
    let resolved = |text: &str| -> Vec<String> {
        let shown = |found: &Reference| match found.image() {
            Ok(image) => image.to_string(),
            Err(reason) => format!("! {reason}"),
        };
        images("Dockerfile", text).iter().map(shown).collect()
    };
    let variable = "! a variable decides, whose value is known only when it runs";
    for (text, wanted) in [
        ("ARG A=x/a:1\nFROM $A", "docker.io/x/a:1"),
        (
            "ARG A=\"x/a\" T=1\nFROM ${A}:$T AS b\nFROM B",
            "docker.io/x/a:1",
        ),
        (
            "ARG A=x/a\nARG B=$A:2\nFROM --platform=linux/amd64 $B",
            "docker.io/x/a:2",
        ),
        ("FROM x/a:${T:-3}", "docker.io/x/a:3"),
        ("ARG T=\nFROM x/a:${T:-3}", "docker.io/x/a:3"),
        ("FROM \"x/a:1\"", "docker.io/x/a:1"),
        ("ARG A\nFROM $A", variable),
        ("FROM $A", variable),
        ("ARG A=a:1\nFROM ${A:+b:1}", variable),
        ("ARG A=a:1\nFROM ${A%1}2", variable),
        ("FROM ${A", variable),
        // An argument of a stage is not one of the file.
        ("FROM scratch\nARG A=a:1\nFROM $A", variable),
        ("FROM scratch\nCOPY --from=$A b c", variable),
    ] {
        assert_eq!(resolved(text), [wanted], "{text:?}");
    }
    let mut bomb = "ARG A=aaaaaaaaaa\n".to_owned();
    for _ in 0..200 {
        bomb.push_str("ARG A=$A$A$A$A\n");
    }
    assert_eq!(resolved(&format!("{bomb}FROM $A:1")), [variable]);
}

#[test]
fn files_of_other_programs_are_not_read() {
    for (path, text) in [
        ("Cargo.toml", "[package\nimage = \""),
        (".pre-commit-config.yaml", "repos: [\n"),
        ("openapi.yaml", "image: [\n"),
        ("README.md", "image: a:1"),
    ] {
        assert_eq!(images(path, text), [], "{path}");
    }
    let huge = vec![b'a'; 2 << 20];
    assert_eq!(reference::images(Path::new("x.yml"), &huge), Ok(Vec::new()));
    assert!(reference::images(Path::new("Dockerfile"), &huge).is_err());
}

#[test]
fn words_that_are_spelled_with_escapes_are_found() {
    for (path, text) in [
        (
            "d/pod.yml",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{\"im\\x61ge\": evil:1}]}\n",
        ),
        (
            "d/pod.yml",
            "\"api\\u0056ersion\": v1\nkind: Pod\nspec: {containers: [{image: evil:1}]}\n",
        ),
        (
            "d/pod.yml",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - ? \"im\\\n      age\"\n    : evil:1\n",
        ),
        ("values.yaml", "a:\n  \"\\U00000069mage\": evil:1\n"),
    ] {
        assert_eq!(images(path, text).len(), 1, "{text}");
    }
}

#[test]
fn a_megabyte_of_malice_ends() {
    let fill = |part: &str| part.repeat((1 << 20) / part.len() - 100);
    let aliases = "*a,".repeat(50_000);
    for (path, text) in [
        ("values.yaml", format!("x: [{}]", fill("{image: aé:1},"))),
        (
            "values.yaml",
            format!("a: &a {{x: {{image: b:1}}}}\nb:\n  <<: [{aliases}]\n"),
        ),
        ("Dockerfile", fill("FROM a AS b\n")),
        ("Dockerfile", format!("RUN {}", fill("é\\\n"))),
    ] {
        let start = std::time::Instant::now();
        images(path, &text);
        // Unoptimised and beside other tests; what grows with the square takes minutes.
        let took = start.elapsed();
        assert!(took.as_secs() < 40, "{path} took {took:?}");
    }
}

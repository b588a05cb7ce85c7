//! YAML trees: places, aliases, and files that mean harm.

use std::path::Path;

use proptest::prelude::*;

use super::{
    DocumentError, Problem, Source,
    yaml::{self, Node, Yaml},
};

fn read(text: &str) -> Result<Yaml, DocumentError> {
    yaml::parse(&Source::decode(Path::new("a.yml"), text.as_bytes())?)
}

/// The value and the bytes of the first document's `image`.
fn image(text: &str) -> (String, String) {
    let source = Source::decode(Path::new("a.yml"), text.as_bytes()).unwrap();
    let tree = yaml::parse(&source).unwrap();
    let root = tree.documents().next().unwrap();
    let scalar = root.get("image").unwrap().scalar().unwrap();
    let written = source.slice(scalar.at.clone()).to_owned();
    (scalar.value.to_owned(), written)
}

fn same(text: &str) -> (String, String) {
    (text.to_owned(), text.to_owned())
}

#[test]
fn scalars_know_their_bytes_however_they_are_written() {
    for text in [
        "image: a:1",
        "image: a:1   # comment\nb: 2\n",
        "image:\n  a:1\n",
        "image: 'a:1'",
        "image: \"a:1\" # c",
        "image: &x a:1\n",
        "image: !t a:1\n",
        "image: !t &x 'a:1'\n",
        "image: >-\n  a:1\n\nb: 2\n",
        "image: |+ # keep\n    a:1\n\n\n",
        "{image: a:1, b: 2}",
        "{\"image\":\"a:1\"}",
        "? image\n: a:1\n",
        "\u{feff}image: a:1\r\nb: 2\r\n",
        "# é ü\r\n'image': a:1\t\r\n",
        "%YAML 1.1\n---\nimage: a:1\n...\n---\nb: 1\n",
    ] {
        let (value, written) = image(text);
        assert_eq!(
            (value.trim_end().to_owned(), written),
            same("a:1"),
            "{text:?}"
        );
    }
    assert_eq!(
        image("image: \"a\\x3a1\""),
        ("a:1".to_owned(), "a\\x3a1".to_owned())
    );
}

#[test]
fn null_is_no_text_unless_quoted() {
    for text in ["image:", "image: ~", "image: null\nb: 1"] {
        let tree = read(text).unwrap();
        let root = tree.documents().next().unwrap();
        assert!(root.get("image").unwrap().text().is_none(), "{text:?}");
    }
    assert_eq!(image("image: 'null'"), same("null"));
}

#[test]
fn aliases_lead_to_where_the_value_is_written() {
    let text = "x: &x a:1\nimage: *x\n";
    let tree = read(text).unwrap();
    let root = tree.documents().next().unwrap();
    assert_eq!(root.get("image").unwrap().at(), 6..9);
    // The last anchor of a name counts.
    assert_eq!(image("x: &x b:1\ny: &x a:1\nimage: *x\n"), same("a:1"));
    assert!(read("image: *x\n").is_err());
    // Anchors end with their document.
    assert!(read("x: &x 1\n---\nimage: *x\n").is_err());
}

#[test]
fn merge_keys_bring_what_is_not_there() {
    assert_eq!(image("x: &x {image: a:1}\n<<: *x\n"), same("a:1"));
    assert_eq!(
        image("x: &x {image: b:1}\n<<: *x\nimage: a:1\n"),
        same("a:1")
    );
    let listed = "x: &x {image: a:1}\ny: &y {b: 1}\n<<: [*y, *x]\n";
    assert_eq!(image(listed), same("a:1"));
    let tree = read(listed).unwrap();
    let root = tree.documents().next().unwrap();
    let keys: Vec<_> = root
        .entries()
        .iter()
        .filter_map(|(key, _)| key.text())
        .collect();
    assert_eq!(keys, ["x", "y", "b", "image"]);
}

#[test]
fn equal_keys_are_all_kept() {
    let tree = read("a: 1\na: 2\n").unwrap();
    let root = tree.documents().next().unwrap();
    let values: Vec<_> = root.all("a").iter().filter_map(Node::text).collect();
    assert_eq!(values, ["1", "2"]);
}

#[test]
fn what_grows_without_bound_is_refused() {
    use std::fmt::Write as _;
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let alias = format!("*a{}", level - 1);
        let items = vec![alias; 10].join(", ");
        writeln!(laughs, "a{level}: &a{level} [{items}]").unwrap();
    }
    let problem = |text: &str| read(text).unwrap_err().problem;
    let nodes = Problem::TooManyNodes {
        limit: yaml::MAX_NODES,
    };
    assert_eq!(problem(&laughs), nodes);
    // No less when each document stays below the limit.
    let shorter: String = laughs.split_inclusive('\n').take(5).collect();
    assert!(read(&shorter).is_ok());
    assert_eq!(problem(&format!("{shorter}---\n").repeat(100)), nodes);
    let wide = format!("[{}]", "[],".repeat(yaml::MAX_NODES));
    assert_eq!(problem(&wide), nodes);
    let deep = Problem::TooDeep {
        limit: yaml::MAX_DEPTH,
    };
    assert_eq!(problem(&"[".repeat(100_000)), deep);
    assert_eq!(problem(&"- ".repeat(100_000)), deep);
    let mut chain = "a0: &a0 x\n".to_owned();
    for level in 1..100 {
        writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    assert_eq!(problem(&chain), deep);
    assert_eq!(problem("&a [*a]"), Problem::Cycle);
    assert_eq!(problem("&a {b: {c: [*a]}}"), Problem::Cycle);
    let long = " ".repeat(super::MAX_BYTES + 1);
    assert!(matches!(problem(&long), Problem::TooLarge { .. }));
}

#[test]
fn errors_name_file_line_and_column() {
    let shown = |text: &[u8]| {
        let source = Source::decode(Path::new("dir/a\u{1b}.yml"), text);
        source
            .and_then(|source| yaml::parse(&source))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        shown(b"a: 1\nb: \xff\n"),
        "dir/a\u{fffd}.yml:2:4: the file is not UTF-8"
    );
    let tab = shown(b"a:\n\tb: 1\n");
    assert!(tab.starts_with("dir/a\u{fffd}.yml:2:"), "{tab}");
    assert!(tab.contains(": not valid YAML: "), "{tab}");
    assert!(shown(b"a: [\n").contains(": not valid YAML: "));
}

/// Every scalar of `node`, keys included.
fn scalars<'t>(node: &Node<'t>, into: &mut Vec<yaml::Scalar<'t>>) {
    into.extend(node.scalar());
    for (key, value) in node.own_entries() {
        scalars(&key, into);
        scalars(&value, into);
    }
    for item in node.items() {
        scalars(&item, into);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "([-:?&*!|>%@#'\"\\[\\]{},<.~\\t\\r\\n a-cé0-9]|<<: |: |- |\\n  ){0,60}") {
        let source = Source::decode(Path::new("a.yml"), text.as_bytes()).unwrap();
        if let Ok(tree) = yaml::parse(&source) {
            let mut found = Vec::new();
            for root in tree.documents() {
                scalars(&root, &mut found);
                let _ = root.entries();
            }
            for scalar in found {
                // The range lies in the file and on the boundaries of characters.
                let written = text.get(scalar.at.clone());
                prop_assert!(written.is_some(), "{:?}", scalar);
                let one_line = written.is_some_and(|w| !w.contains(['\n', '\r']));
                if scalar.style == yaml::Style::Plain && one_line {
                    prop_assert_eq!(written, Some(scalar.value));
                }
            }
        }
    }
}

//! YAML trees: places, aliases, and files that mean harm.

use std::path::Path;

use proptest::prelude::*;

use super::{
    Comment, DocumentError, Language, Problem, Source, comments,
    jsonc::{self, Dialect},
    yaml::{self, Kind, Node, Yaml},
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
pub(super) fn scalars<'t>(node: &Node<'t>, into: &mut Vec<yaml::Scalar<'t>>) {
    into.extend(node.scalar());
    for (key, value) in node.own_entries() {
        scalars(&key, into);
        scalars(&value, into);
    }
    for item in node.items() {
        scalars(&item, into);
    }
}

#[test]
fn kinds_are_those_of_the_core_schema() {
    let kinds = [
        ("~ null Null NULL !!null|", Kind::Null),
        ("true True FALSE !!bool|yes", Kind::Boolean),
        ("0 -19 +3 007 0o17 0x1F !!int|'3'", Kind::Integer),
        (
            "1.5 -.5 1. 1e3 12e03 +1.0E-2 .inf -.INF .nan !!float|1",
            Kind::Float,
        ),
        (
            "yes on NO y 1_000 0b1 1:30 2001-01-01 . e5 +. 0x 0o8 1.2.3 -0x1 .NAN5 '1' \"true\" \
             !!str|1 !!str|null !|1 !x|true nULL tRUE",
            Kind::Text,
        ),
        ("{} {a:|b}", Kind::Mapping),
        ("[] [a]", Kind::Sequence),
    ];
    for (written, kind) in kinds {
        for written in written.split(' ') {
            let text = format!("x: {}\n", written.replace('|', " "));
            let tree = read(&text).unwrap();
            let root = tree.documents().next().unwrap();
            let node = root.get("x").unwrap();
            assert_eq!(node.kind(), kind, "{text:?}");
            let single = !matches!(kind, Kind::Null | Kind::Mapping | Kind::Sequence);
            assert_eq!(node.scalar().is_some(), single, "{text:?}");
        }
    }
    assert_eq!(
        read("x:\n")
            .unwrap()
            .documents()
            .next()
            .unwrap()
            .get("x")
            .unwrap()
            .kind(),
        Kind::Null
    );
}

#[test]
fn keys_that_repeat_are_told() {
    let text = "a: 1\nb: 2\n'a': 3\n? [a]\n: 4\n? [a]\n: 5\na: 6\n";
    let tree = read(text).unwrap();
    let root = tree.documents().next().unwrap();
    let at: Vec<usize> = root
        .duplicate_keys()
        .iter()
        .map(|key| key.at().start)
        .collect();
    assert_eq!(
        at,
        [text.find("'a'").unwrap() + 1, text.rfind('a').unwrap()]
    );
}

/// The comments of `text`, those that stand alone marked.
fn shown(text: &str, language: Language) -> Vec<String> {
    let source = Source::decode(Path::new("a"), text.as_bytes()).unwrap();
    let found = comments(&source, language).unwrap();
    let shown = |comment: &Comment| {
        let alone = if comment.alone { "alone " } else { "" };
        format!("{alone}{}", source.slice(comment.at.clone()))
    };
    found.iter().map(shown).collect()
}

#[test]
fn comments_are_never_inside_of_a_value() {
    let yaml = "\u{feff}# a\r\n  # b \r\nx: y#z # c\nu: '#' #d\nv: \"\n # no\n\"\nw: | # e\n  # no\n  a # no\n\
        # f\nl: [a, # g\n  b#c] #h\n? k # i\n: - # j\n    1\n--- # k\n%a # l\n# m";
    let wanted = [
        "alone # a",
        "alone # b",
        "# c",
        "#d",
        "# e",
        "alone # f",
        "# g",
        "#h",
        "# i",
        "# j",
        "# k",
        "# l",
        "alone # m",
    ];
    assert_eq!(shown(&yaml.replace("%a", "a"), Language::Yaml), wanted);
    let toml = "# a\nb = '#' # c\nd = \"\"\"\n# no\n\"\"\" #e\nf = [ # g\n # h\n]\n\"#\" = 1#i";
    let wanted = ["alone # a", "# c", "#e", "# g", "alone # h", "#i"];
    assert_eq!(shown(toml, Language::Toml), wanted);
    let dockerfile = "# syntax=a/b:1\n # b\r\nRUN a # no \\\n  # c\n  d\nRUN <<E\n# no\nE\n#e";
    let wanted = ["alone # b", "alone # c", "alone #e"];
    assert_eq!(shown(dockerfile, Language::Dockerfile), wanted);
    let json = "// a\n{\"//\": '/*' /* b */, // c\r\n c: 1 /* d\n e */ }//f";
    let wanted = ["alone // a", "/* b */", "// c", "/* d\n e */", "//f"];
    assert_eq!(shown(json, Language::Json), wanted);
}

fn json(text: &str, dialect: Dialect) -> Result<Yaml, DocumentError> {
    jsonc::parse(
        &Source::decode(Path::new("a.json5"), text.as_bytes())?,
        dialect,
    )
}

#[test]
fn json_is_read_into_the_same_tree() {
    let text = "\u{feff}// é\n{a: [1, -0x1F, +.5, Infinity, 'it\\'s',], \"b\\u0041\": {c: null, d: true}, a: ''}";
    let source = Source::decode(Path::new("a.json5"), text.as_bytes()).unwrap();
    let tree = jsonc::parse(&source, Dialect::Json5).unwrap();
    let root = tree.documents().next().unwrap();
    let list = root.get("a").unwrap();
    assert_eq!(
        source.slice(list.at()),
        "[1, -0x1F, +.5, Infinity, 'it\\'s',]"
    );
    let kinds: Vec<Kind> = list.items().map(|item| item.kind()).collect();
    assert_eq!(
        kinds,
        [
            Kind::Integer,
            Kind::Integer,
            Kind::Float,
            Kind::Float,
            Kind::Text
        ]
    );
    let last = list.items().last().unwrap().scalar().unwrap();
    assert_eq!(
        (last.value, source.slice(last.at.clone())),
        ("it's", "it\\'s")
    );
    let inner = root.get("bA").unwrap();
    assert_eq!(inner.get("c").unwrap().kind(), Kind::Null);
    assert_eq!(inner.get("d").unwrap().text(), Some("true"));
    assert_eq!(root.duplicate_keys().len(), 1);
    assert_eq!(tree.comments().len(), 1);
    assert_eq!(json("", Dialect::Json).unwrap().documents().count(), 0);
}

#[test]
fn each_dialect_has_no_more_than_it_allows() {
    let loose = ["{a: 1}", "'a'", "0x1", "+1", ".5", "NaN", "\"\\x41\""];
    let commented = ["[1,]", "// a\n1", "{\"a\": 1, /* b */}"];
    for text in loose {
        json(text, Dialect::Json5).unwrap();
        json(text, Dialect::Jsonc).unwrap_err();
    }
    for text in commented {
        json(text, Dialect::Jsonc).unwrap();
        json(text, Dialect::Json).unwrap_err();
    }
    for text in [
        "[1 2]",
        "{\"a\" 1}",
        "[",
        "{\"a\":}",
        "1 2",
        "[,]",
        "\"",
        "/*",
        "{1}",
        "}",
        "\u{1}",
    ] {
        json(text, Dialect::Json5).unwrap_err();
    }
    let error = json("{\n \"é\": x\n}", Dialect::Json).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("a.json5:2:7: not valid JSON: "),
        "{error}"
    );
}

#[test]
fn json_is_bounded() {
    let problem = |text: &str| json(text, Dialect::Json5).unwrap_err().problem;
    let limit = yaml::MAX_DEPTH;
    assert_eq!(problem(&"[".repeat(1 << 20)), Problem::TooDeep { limit });
    assert_eq!(
        problem(&format!("{}{}", "[".repeat(65), "]".repeat(65))),
        Problem::TooDeep { limit }
    );
    assert_eq!(problem(&"{a:".repeat(100_000)), Problem::TooDeep { limit });
    let limit = yaml::MAX_NODES;
    assert_eq!(
        problem(&format!("[{}]", "1,".repeat(yaml::MAX_NODES))),
        Problem::TooManyNodes { limit }
    );
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(text in "([\\[\\]{}:,'\"\\\\/* a1.+x\\n\u{2028}é-]|//|/\\*|\\*/|\\\\u00e9|\\\\ud83d|NaN|null){0,30}") {
        for dialect in [Dialect::Json, Dialect::Json5] {
            if let Ok(tree) = json(&text, dialect) {
                let mut found = Vec::new();
                for root in tree.documents() {
                    scalars(&root, &mut found);
                }
                for scalar in found {
                    prop_assert!(text.get(scalar.at.clone()).is_some());
                }
            }
        }
        let source = Source::decode(Path::new("a"), text.as_bytes()).unwrap();
        comments(&source, Language::Json).unwrap();
    }

    #[test]
    fn comments_of_yaml_mean_nothing(text in "(#|a|x: |- |\\[|\\]|,|\"|'|\\||>|\\?|  | |\\n| #b|---\\n){0,30}") {
        let source = Source::decode(Path::new("a"), text.as_bytes()).unwrap();
        if let Ok(tree) = yaml::parse(&source) {
            let mut blank = text.clone();
            for comment in tree.comments() {
                let at = comment.at.clone();
                prop_assert!(text[at.clone()].starts_with('#'));
                blank.replace_range(at.clone(), &format!("#{}", "c".repeat(at.len() - 1)));
            }
            let again = read(&blank).unwrap();
            let values = |tree: &Yaml| {
                let mut found = Vec::new();
                tree.documents().for_each(|root| scalars(&root, &mut found));
                found.iter().map(|scalar| scalar.value.to_owned()).collect::<Vec<_>>()
            };
            prop_assert_eq!(values(&again), values(&tree));
        }
    }

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

//! TOML trees: places of keys and values, what may be defined twice, files that mean harm.

use std::{fmt::Write as _, path::Path};

use proptest::prelude::*;

use super::*;
use crate::document::{Problem, yaml};

fn source(text: &str) -> Source<'_> {
    Source::decode(Path::new("a.toml"), text.as_bytes()).unwrap()
}

/// `text` as lines of `path at=written`, in order.
fn outline(source: &Source<'_>, table: &Table) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in table.entries() {
        let key = source.slice(entry.key_at.clone());
        value(source, key, &entry.value, &mut lines);
    }
    lines
}

fn value(source: &Source<'_>, path: &str, value_: &Value, lines: &mut Vec<String>) {
    let written = source.slice(value_.at.clone());
    match &value_.data {
        Data::Table(table) => {
            lines.push(format!("{path} {written}"));
            for line in outline(source, table) {
                lines.push(format!("{path}.{line}"));
            }
        }
        Data::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                value(source, &format!("{path}[{index}]"), item, lines);
            }
        }
        _ => lines.push(format!("{path} {written}")),
    }
}

fn problem(text: &str) -> Problem {
    parse(&source(text)).unwrap_err().problem
}

#[test]
fn keys_and_values_know_their_bytes() {
    let text = "\u{feff}# é\r\nconcurrent = 0x1F\r\n[[runners]]\r\n  name = 'a' # b\r\n\
        [runners.\"docker\"]\r\n tls.verify = true\r\n tls . 'x y' = -1.5\r\n[[runners]]\r\n\
        at = 1979-05-27\r\nlist = [1, {a.b = 2, c = \"\"\"\n x\"\"\"}]\r\n[x.y]\r\n[x]\r\n";
    let source = source(text);
    let found = outline(&source, &parse(&source).unwrap());
    assert_eq!(
        found,
        [
            "concurrent 0x1F",
            "runners[0] [[runners]]",
            "runners[0].name 'a'",
            "runners[0].\"docker\" [runners.\"docker\"]",
            "runners[0].\"docker\".tls tls",
            "runners[0].\"docker\".tls.verify true",
            "runners[0].\"docker\".tls.'x y' -1.5",
            "runners[1] [[runners]]",
            "runners[1].at 1979-05-27",
            "runners[1].list[0] 1",
            "runners[1].list[1] {a.b = 2, c = \"\"\"\n x\"\"\"}",
            "runners[1].list[1].a a",
            "runners[1].list[1].a.b 2",
            "runners[1].list[1].c \"\"\"\n x\"\"\"",
            "x [x]",
            "x.y [x.y]",
        ]
    );
}

#[test]
fn values_have_their_types() {
    let text = "a = 'x\\'\nb = \"\\u00e9\\t\"\nc = -9223372036854775808\nd = 1_000\ne = 1e3\n\
        f = -inf\ng = true\nh = 07:32:00\ni = []\nj = {}\n";
    let source = source(text);
    let root = parse(&source).unwrap();
    let data = |key: &str| root.get(key).unwrap().data.clone();
    assert_eq!(root.get("a").unwrap().as_str(), Some("x\\"));
    assert_eq!(root.get("b").unwrap().as_str(), Some("é\t"));
    assert_eq!(data("c"), Data::Integer(i64::MIN));
    assert_eq!(data("d"), Data::Integer(1000));
    assert_eq!(data("e"), Data::Float(1000.0));
    assert_eq!(data("f"), Data::Float(f64::NEG_INFINITY));
    assert_eq!(data("g"), Data::Boolean(true));
    assert_eq!(data("h"), Data::Datetime);
    assert_eq!(data("i"), Data::Array(Vec::new()));
    assert_eq!(root.get("j").unwrap().type_name(), "a table");
}

#[test]
fn texts_know_their_bytes_without_quotes() {
    for written in ["\"a:1\"", "'a:1'", "\"\"\"a:1\"\"\"", "'''a:1'''"] {
        let text = format!("\u{feff}# é\r\nImage   =\t{written} # b\r\nx = 1\r\n");
        let source = source(&text);
        let root = parse(&source).unwrap();
        let entry = root.get_ignoring_case("image").next().unwrap();
        assert_eq!(source.slice(entry.key_at.clone()), "Image");
        let Data::String { value, inside } = &entry.value.data else {
            panic!("{written} is a string");
        };
        assert_eq!(
            (value.as_str(), source.slice(inside.clone())),
            ("a:1", "a:1")
        );
    }
    assert!(matches!(
        &parse(&source("a = ''")).unwrap().get("a").unwrap().data,
        Data::String { inside, .. } if *inside == (5..5)
    ));
}

#[test]
fn keys_are_found_as_go_finds_them() {
    let root = parse(&source("Image = 1\nimage = 2\n\"\u{212a}ey\" = 3\n")).unwrap();
    assert_eq!(root.get_ignoring_case("IMAGE").count(), 2);
    assert_eq!(root.get_ignoring_case("key").count(), 1);
    assert!(root.get("IMAGE").is_none());
}

#[test]
fn what_toml_forbids_to_define_twice_is_refused() {
    for wrong in [
        "a = 1\na = 2",
        "a = 1\n[a]",
        "[a]\n[a]",
        "[a]\n[[a]]",
        "[[a]]\n[a]",
        "a = []\n[[a]]",
        "a = {}\n[a.b]",
        "a = {}\na.b = 1",
        "a = {b = 1, b.c = 2}",
        "a = {b.c = 1, b.c = 2}",
        "a.b = 1\n[a]",
        "[a]\nb.c = 1\n[a.b]",
        "[a.b.c]\n[a]\nb.c.d = 1",
        "[[a.b]]\n[a]\nb.c = 1",
        "a = 1\na.b = 2",
        "a = [{}]\n[a.b]",
    ] {
        let problem = problem(wrong).to_string();
        assert!(problem.contains("is already set"), "{wrong}: {problem}");
    }
    for right in [
        "[a.b]\n[a]\nc = 1",
        "a.b = 1\na.c = 2\n[x]\n[a.d]",
        "[[a]]\n[a.b]\n[[a]]\n[a.b]",
        "[a.b.c]\n[a]\nb.d = 1",
        "[a]\nb.c = 1\n[a.b.d]",
        "a = {b.c = 1, b.d = 2}",
    ] {
        parse(&source(right)).unwrap();
    }
}

#[test]
fn errors_name_their_place() {
    let shown = |text: &str| parse(&source(text)).unwrap_err().to_string();
    assert!(shown("a = 1\nb = \n").starts_with("a.toml:2:5: "));
    assert!(shown("a = 1\n\u{1b}").starts_with("a.toml:2:1: "));
    assert!(shown("x = 1\n# \u{1}\n").starts_with("a.toml:2:3: "));
    assert!(shown("a = 1979-13-01").starts_with("a.toml:1:5: "));
    assert!(shown("a = 9223372036854775808").contains("64 bits"));
    assert!(shown("a = 1e999").contains("too large"));
    assert!(shown("é = 1").starts_with("a.toml:1:1: "));
    assert_eq!(
        shown("[a]\nx = 1\nx = 2"),
        "a.toml:3:1: not valid TOML: the key `x` is already set"
    );
}

#[test]
fn depth_and_number_are_bounded() {
    let deep = Problem::TooDeep {
        limit: yaml::MAX_DEPTH,
    };
    let nest = |depth: usize| format!("a = {}{}", "[".repeat(depth), "]".repeat(depth));
    parse(&source(&nest(50))).unwrap();
    assert_eq!(problem(&nest(100)), deep);
    assert_eq!(problem(&format!("a = {}", "[".repeat(1 << 19))), deep);
    let dotted = vec!["a"; 100].join(".");
    assert_eq!(problem(&format!("{dotted} = 1")), deep);
    assert_eq!(problem(&format!("[{dotted}]")), deep);
    let half = vec!["a"; 40].join(".");
    assert_eq!(problem(&format!("[{half}]\n{half} = 1")), deep);
    let many = format!("a = [{}]", "1,".repeat(yaml::MAX_NODES));
    let limit = yaml::MAX_NODES;
    assert_eq!(problem(&many), Problem::TooManyNodes { limit });
}

#[test]
fn a_value_of_yaml_is_read_where_it_stands() {
    let text = "runners:\n  config: |\n    [[runners]]\n\n      [runners.docker]\n        \
        image = \"a:1\"\n      x.y = 1\n";
    let file = source(text);
    let tree = yaml::parse(&file).unwrap();
    let root = tree.documents().next().unwrap();
    let config = root.get("runners").unwrap().get("config").unwrap();
    let scalar = config.scalar().unwrap();
    let found = outline(&file, &parse_embedded(&file, &scalar).unwrap());
    assert_eq!(
        found,
        [
            "runners[0] [[runners]]",
            "runners[0].docker [runners.docker]",
            "runners[0].docker.image \"a:1\"",
            "runners[0].docker.x x",
            "runners[0].docker.x.y 1",
        ]
    );
    let wrong = text.replace("\"a:1\"", "");
    let file = source(&wrong);
    let tree = yaml::parse(&file).unwrap();
    let root = tree.documents().next().unwrap();
    let scalar = root.get("runners").unwrap().get("config").unwrap().scalar();
    let error = parse_embedded(&file, &scalar.unwrap()).unwrap_err();
    assert!(error.to_string().starts_with("a.toml:6:17: "), "{error}");
}

#[test]
fn headers_far_apart_cost_no_more() {
    let mut text = String::new();
    for form in ["", ".y"] {
        for index in (0..30_000).rev() {
            writeln!(text, "[x{index}{form}]").unwrap();
        }
    }
    // Headers of the tables below come first, as no shift of entries would be cheap then.
    let (above, below) = text.split_at(text.find("[x29999.y]").unwrap());
    let text = format!("{below}{above}");
    assert_eq!(parse(&source(&text)).unwrap().entries().len(), 30_000);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(a|b|\\.|=|\\[|\\]|\\[\\[|\\]\\]|\\{|\\}|,|\"|'|\"\"\"|#|1|é|\\\\|\\n|\\r\\n| |a = 1\\n){0,40}") {
        let source = source(&text);
        if let Ok(root) = parse(&source) {
            // Every key has bytes of its own.
            let lines = outline(&source, &root);
            prop_assert!(lines.iter().all(|line| !line.starts_with(' ')), "{lines:?}");
            // Every comment can go.
            let mut kept = text.clone();
            for at in comments(&source).into_iter().rev() {
                kept.replace_range(at, "");
            }
            let again = super::parse(&self::source(&kept)).unwrap();
            prop_assert_eq!(again.entries().len(), root.entries().len());
        }
    }
}

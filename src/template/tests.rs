//! Values that would be syntax, and templates that do not fit.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::document::{self, Source};

/// What people and attackers write, and where it hurts.
const HOSTILE: &[&str] = &[
    "a: b",
    "- a",
    "# a",
    "a #b",
    "'a'",
    "\"a\"",
    "\\",
    "a\nb: c",
    "a\r\nb",
    "{a: 1}",
    "[a]",
    "*a",
    "&a b",
    "!!int 1",
    "%a",
    "@a",
    "`a`",
    "|",
    ">-",
    "null",
    "~",
    "true",
    "no",
    "1",
    "0x10",
    "1e3",
    "12:30",
    "2020-01-01",
    "",
    " ",
    "a ",
    "=",
    "<<",
    "---",
    "...",
    "$(id)",
    "`id`",
    "a'; rm -rf / #",
    "{% x %}",
    "[= x =]",
    "[% x %]",
    "é 😀",
];

fn template(name: &'static str, source: &'static str) -> Template {
    Template {
        name,
        source,
        revision: 1,
    }
}

fn filled(name: &'static str, source: &'static str, value: &str) -> Result<String, TemplateError> {
    let context = std::collections::BTreeMap::from([("x", value)]);
    render_template(&template(name, source), &context)
}

#[track_caller]
fn assert_refused(name: &'static str, source: &'static str, value: &str) {
    let error = filled(name, source, value).unwrap_err();
    assert!(matches!(error, TemplateError::Value { .. }), "{error:?}");
}

fn yaml_value(text: &str) -> String {
    let source = Source::decode(Path::new("a.yml"), text.as_bytes()).unwrap();
    let tree = document::yaml::parse(&source).unwrap();
    let root = tree.documents().next().unwrap();
    assert_eq!(root.entries().len(), 2, "{text}");
    assert_eq!(root.get("z").unwrap().text(), Some("1"));
    let value = root.get("a").unwrap();
    let list = value.items().next();
    list.unwrap_or(value).text().unwrap_or_default().to_owned()
}

#[test]
fn every_value_stays_one_scalar() {
    for value in HOSTILE.iter().filter(|value| !value.contains('\r')) {
        for source in ["a: [= x =]\nz: 1\n", "a: [[= x =], b] # c\nz: 1\n"] {
            let text = filled("a.yml.j2", source, value).unwrap();
            assert_eq!(yaml_value(&text), *value, "{text}");
        }
    }
}

#[test]
fn lists_are_written_in_brackets() {
    let context = std::collections::BTreeMap::from([("x", vec!["a, b", "c"])]);
    let text = render_template(&template("a.yml.j2", "a: [= x =]\nz: 1\n"), &context).unwrap();
    assert_eq!(text, "a: [\"a, b\", c]\nz: 1\n");
    let text = render_template(&template("a.toml.j2", "a = [= x =]\n"), &context).unwrap();
    assert_eq!(text, "a = [\"a, b\", \"c\"]\n");
}

#[test]
fn numbers_and_flags_are_themselves() {
    let context = std::collections::BTreeMap::from([("x", true)]);
    let text = render_template(&template("a.yml.j2", "a: [= x =] [= 1.5 =]"), &context);
    assert_eq!(text.unwrap(), "a: true 1.5");
}

#[test]
fn what_cannot_be_seen_is_refused() {
    for value in [
        "\u{0}",
        "\u{1b}[31m",
        "a\rb",
        "\u{202e}a",
        "\u{2028}",
        "\u{feff}",
    ] {
        for name in ["a.yml.j2", "a.toml.j2", "a.sh.j2", "a.json.j2", "a.md.j2"] {
            assert_refused(name, "[= x =]", value);
        }
        for source in ["[= x | sh =]", "[= x | word =]", "[= x | line =]"] {
            assert_refused("a.yml.j2", source, value);
        }
    }
    assert_refused("a.unknown.j2", "[= x =]", "a");
}

/// Quotes do not stop a platform from replacing what it takes for an expression.
#[test]
fn what_the_platform_would_evaluate_is_refused() {
    for (name, value) in [
        ("github/a.yml.j2", "${{ secrets.X }}"),
        ("github/a.yml.j2", "a${{"),
        ("gitlab/a.yml.j2", "$X"),
        ("gitlab/a.yml.j2", "$[[ inputs.x ]]"),
        ("helm/a.yaml.j2", "{{ .Values.x }}"),
        ("kubernetes/a.yaml.j2", "{{ request.x }}"),
    ] {
        assert_refused(name, "a: [= x =]", value);
    }
    assert_refused("github/a.yml.j2", "run: echo [= x | sh =]", "${{ x }}");
    assert_refused("gitlab/a.yml.j2", "- echo [= x | sh =]", "$[[ x ]]");
    assert_refused("github/a.yml.j2", "if: a == [= x | expr =]", "x }} y");
    assert_eq!(
        filled("gitlab/a.yml.j2", "[= x | sh =]", "$X").unwrap(),
        "'$X'"
    );
    assert_eq!(
        filled("runner/a.toml.j2", "[= x =]", "$X").unwrap(),
        "\"$X\""
    );
}

#[test]
fn pieces_are_what_their_place_needs() {
    let of = |source, value| filled("github/a.yml.j2", source, value);
    assert_eq!(of("[= x | expr =]", "it's").unwrap(), "'it''s'");
    assert_eq!(of("[= x | sh =]", "it's").unwrap(), "'it'\\''s'");
    assert_eq!(of("[= x | line =]", "a: b").unwrap(), "a: b");
    for value in ["", "a b", "a:b", "$a", "a\nb", "a#"] {
        assert_refused("github/a.yml.j2", "[= x | word =]", value);
    }
    assert_refused("github/a.yml.j2", "# [= x | line =]", "a\nb: c");
    assert_refused("github/a.yml.j2", "run: [= x | sh =]", "a\nb");
    assert_refused("a.md.j2", "[= x =]", "<!-- a -->");
}

#[test]
fn what_a_template_lacks_is_a_mistake_of_ours() {
    for source in [
        "[= y =]",
        "[% if y %][% endif %]",
        "[= x.y =]",
        "[% for a in x %]",
    ] {
        let error = filled("a.yml.j2", source, "a").unwrap_err();
        assert!(matches!(error, TemplateError::Broken { .. }), "{error:?}");
    }
    let context = std::collections::BTreeMap::from([("x", None::<String>)]);
    let error = render_template(&template("a.yml.j2", "[= x =]"), &context).unwrap_err();
    assert!(matches!(error, TemplateError::Broken { .. }), "{error:?}");
}

#[test]
fn the_platforms_own_brackets_pass() {
    let source = "${{ a }} $[[ b ]] {{ c }} {% d %} [[ $e ]] [ -f g ]";
    assert_eq!(filled("github/a.yml.j2", source, "").unwrap(), source);
}

proptest! {
    #[test]
    fn any_value_stays_one_scalar_or_is_refused(value in any::<String>()) {
        if let Ok(text) = filled("a.yml.j2", "a: [= x =]\nz: 1\n", &value) {
            prop_assert_eq!(yaml_value(&text), value);
        }
    }

    #[test]
    fn any_value_stays_one_toml_string_or_is_refused(value in any::<String>()) {
        if let Ok(text) = filled("a.toml.j2", "a = [= x =]\nz = 1\n", &value) {
            let source = Source::decode(Path::new("a.toml"), text.as_bytes()).unwrap();
            document::toml::parse(&source).unwrap();
            prop_assert_eq!(text.lines().count(), 2);
        }
    }
}

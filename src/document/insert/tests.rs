//! What is put in is what is read, what is taken out is gone, and every other byte stays.

use proptest::prelude::*;

use super::*;

const JSON5: Notation = Notation::Json(Dialect::Json5);
const YAML: Notation = Notation::Yaml;

/// `extends`, `updates.0.ignore`.
fn path(text: &str) -> Vec<Step<'_>> {
    let steps = text.split('/').filter(|step| !step.is_empty());
    steps
        .map(|step| match step.parse() {
            Ok(number) => Step::Item(number),
            Err(_) => Step::Key(step),
        })
        .collect()
}

fn component() -> Value {
    Value::texts([("component", "$CI_SERVER_FQDN/a/b/c@1.2.3")])
}

/// Pushes an item, and takes it away again.
#[track_caller]
fn assert_pushed(notation: Notation, at: &str, item: &Value, before: &str, after: &str) {
    let at = path(at);
    let (pushed, made) = push(before, notation, &at, item).unwrap();
    assert_eq!(pushed, after);
    let parsed = Parsed::read(&pushed, notation).unwrap();
    let document = parsed.document(&pushed, notation).unwrap();
    let last = document.node(&at).unwrap().items().count() - 1;
    assert_eq!(pull(&pushed, notation, &at, last, made).unwrap(), before);
}

#[test]
fn items_are_added_as_their_neighbours_are_written() {
    let ring = Value::text("github>acme/fleet//renovate/ring-a");
    for (before, after) in [
        (r#"{"extends":["a"]}"#, r#"{"extends":["a","R"]}"#),
        (
            r#"{"extends": ["a"], "b": 1}"#,
            r#"{"extends": ["a", "R"], "b": 1}"#,
        ),
        (r#"{"extends": []}"#, r#"{"extends": ["R"]}"#),
        (r#"{"extends": [ ] }"#, r#"{"extends": ["R" ] }"#),
        (
            "{\n  \"extends\": [\n    \"a\"\n  ]\n}\n",
            "{\n  \"extends\": [\n    \"a\",\n    \"R\"\n  ]\n}\n",
        ),
        (
            "{\r\n\t\"extends\": [\r\n\t\t\"a\"\r\n\t]\r\n}",
            "{\r\n\t\"extends\": [\r\n\t\t\"a\",\r\n\t\t\"R\"\r\n\t]\r\n}",
        ),
        (
            "{\n  extends: [\n    'a', // why\n    'b' // [\n    // more\n  ],\n}",
            "{\n  extends: [\n    'a', // why\n    'b', // [\n    'R'\n    // more\n  ],\n}",
        ),
        (
            "{\n  extends: [\n    'a', /* , */\n  ],\n}",
            "{\n  extends: [\n    'a', /* , */\n    'R',\n  ],\n}",
        ),
        ("{\n  extends: ['a',],\n}", "{\n  extends: ['a', 'R',],\n}"),
        (
            "{\n  \"extends\": [\n    \"a\",\n    \"b\"]\n}",
            "{\n  \"extends\": [\n    \"a\",\n    \"b\",\n    \"R\"]\n}",
        ),
        (
            "{\n  \"extends\": [\n  ]\n}",
            "{\n  \"extends\": [\n    \"R\"\n  ]\n}",
        ),
        (
            r#"{"extends": "a" /* b */}"#,
            r#"{"extends": ["a", "R"] /* b */}"#,
        ),
        ("{}\n", "{\"extends\": [\"R\"]}\n"),
        ("{\n}\n", "{\n  \"extends\": [\"R\"]\n}\n"),
        (
            "// a\n{\n    b: 1, // c\n}\n",
            "// a\n{\n    b: 1, // c\n    extends: [\"R\"],\n}\n",
        ),
        ("\u{feff}{\"a\":1}", "\u{feff}{\"a\":1,\"extends\":[\"R\"]}"),
    ] {
        let after = after.replace('R', "github>acme/fleet//renovate/ring-a");
        assert_pushed(JSON5, "extends", &ring, before, &after);
    }
}

#[test]
fn items_are_added_to_blocks() {
    for (before, after) in [
        (
            "include:\n  - local: a.yml\n",
            "include:\n  - local: a.yml\n  - C\n",
        ),
        (
            "include:\n- local: a.yml # b\n\njob: {}\n",
            "include:\n- local: a.yml # b\n- C\n\njob: {}\n",
        ),
        (
            "include:\n  -   local: a.yml\n      ref: b",
            "include:\n  -   local: a.yml\n      ref: b\n  -   C",
        ),
        (
            "include:\r\n  - {local: a.yml}\r\n",
            "include:\r\n  - {local: a.yml}\r\n  - {C}\r\n",
        ),
        ("include: [a.yml]\n", "include: [a.yml, {C}]\n"),
        ("include: []\n", "include: [{C}]\n"),
        ("include: a.yml\n", "include:\n  - a.yml\n  - C\n"),
        (
            "include: a.yml # b\njob:\n  script:\n  - c\n",
            "include:\n- a.yml # b\n- C\njob:\n  script:\n  - c\n",
        ),
        (
            "include: {local: a.yml}\n",
            "include:\n  - {local: a.yml}\n  - {C}\n",
        ),
        (
            "include:\n  local: a.yml\n\n  # why\n  ref: b\n",
            "include:\n  - local: a.yml\n\n    # why\n    ref: b\n  - C\n",
        ),
        ("include:\n   a.yml\n", "include:\n   - a.yml\n   - C\n"),
        ("include:\n  [a.yml, b]\n", "include:\n  [a.yml, b, {C}]\n"),
        (
            "include: # why\n  {local: a.yml,\n   ref: b}\n",
            "include: # why\n  - {local: a.yml,\n     ref: b}\n  - {C}\n",
        ),
        ("include:\n", "include:\n  - C\n"),
        (
            "include: # none\njob: {}",
            "include: # none\n  - C\njob: {}",
        ),
        (
            "job:\n  script: a\n",
            "job:\n  script: a\ninclude:\n  - C\n",
        ),
        ("# a\n", "# a\ninclude:\n  - C\n"),
        ("", "include:\n  - C\n"),
        (
            "job:\n  script:\n    - |\n      a\n\n      b\n# c\n",
            "job:\n  script:\n    - |\n      a\n\n      b\ninclude:\n  - C\n# c\n",
        ),
        (
            "x: &a [1]\ny: *a # b\n",
            "x: &a [1]\ny: *a # b\ninclude:\n  - C\n",
        ),
    ] {
        let after = after.replace('C', "component: $CI_SERVER_FQDN/a/b/c@1.2.3");
        assert_pushed(YAML, "include", &component(), before, &after);
    }
}

#[test]
fn several_entries_of_an_item_stand_below_each_other() {
    let item = Value::Map(vec![
        (
            "action".to_owned(),
            Value::Noted("a/b@c".to_owned(), "v1.2.3".to_owned()),
        ),
        ("image".to_owned(), Value::text("a/b:1")),
    ]);
    let before = "approved:\n  - action: x\n    image: y\nrings: {}\n";
    let after = "approved:\n  - action: x\n    image: y\n  - action: a/b@c # v1.2.3\n    \
                 image: a/b:1\nrings: {}\n";
    assert_pushed(YAML, "approved", &item, before, after);
    let before = "version: 1\n";
    let after = "version: 1\napproved:\n  - action: a/b@c # v1.2.3\n    image: a/b:1\n";
    assert_pushed(YAML, "approved", &item, before, after);
}

#[track_caller]
fn assert_set(at: &str, value: &Value, before: &str, after: &str) {
    assert_eq!(set(before, YAML, &path(at), value).unwrap(), after);
}

#[test]
fn values_are_set_where_they_stand() {
    let noted = |text: &str| Value::Noted(text.to_owned(), "v2.0.0".to_owned());
    assert_set(
        "action",
        &noted("a@2"),
        "action: a@1 # v1.0.0\nb: 1\n",
        "action: a@2 # v2.0.0\nb: 1\n",
    );
    assert_set(
        "action",
        &noted("a@2"),
        "action: 'a@1'\r\nb: 1\n",
        "action: a@2 # v2.0.0\r\nb: 1\n",
    );
    let version = Value::text("1.4.2");
    assert_set(
        "r/a/version",
        &version,
        "r:\n  a: {version: 1.2.3} # b\n",
        "r:\n  a: {version: 1.4.2} # b\n",
    );
    assert_set(
        "r/a/version",
        &version,
        "r:\n  a: {percent: 5}\n",
        "r:\n  a: {percent: 5, version: \"1.4.2\"}\n",
    );
    assert_set(
        "r/a/version",
        &version,
        "r:\n  a: {}\n",
        "r:\n  a: {version: \"1.4.2\"}\n",
    );
    assert_set(
        "r/a/version",
        &version,
        "r:\n  a:\n    percent: 5\n  b:\n",
        "r:\n  a:\n    percent: 5\n    version: \"1.4.2\"\n  b:\n",
    );
    let hold = Value::texts([("version", "a"), ("reason", "b: c")]);
    assert_set(
        "hold",
        &hold,
        "hold:\n    version: 1\n    x: 2\nb: 1\n",
        "hold:\n    version: a\n    reason: \"b: c\"\nb: 1\n",
    );
    assert_set(
        "hold",
        &hold,
        "hold: {version: 1}\n",
        "hold: {version: a, reason: \"b: c\"}\n",
    );
}

#[test]
fn what_has_no_room_says_why() {
    let reason = |text: &str, at: &str| {
        let error = push(text, YAML, &path(at), &Value::text("x")).unwrap_err();
        error.to_string()
    };
    for (text, at, why) in [
        ("a: [1]\n---\nb: 1\n", "a", "several documents"),
        ("a: [1]\na: [2]\n", "a", "`a` stands twice"),
        (
            "x: &x {a: [1]}\nb:\n  <<: *x\n",
            "b/a",
            "brought by a merge key",
        ),
        ("x: &x [1]\na: *x\n", "a", "no small edit"),
        ("x: &x [1]\na: *x\n", "x", "no small edit"),
        ("a: [1\n", "a", "not valid YAML"),
        ("- a\n", "a", "`` is a list"),
        ("a: 1\n", "b/c", "`b` is not there"),
        ("a: !\n", "a", "no small edit"),
        ("a: !b c\n", "a", "no small edit"),
        ("a: &b c\n", "a", "no small edit"),
        ("{a: 1}\nx", "a", "not valid YAML"),
        ("a: !b [c\n]\n...\n...\n", "d/e", "is not there"),
    ] {
        let said = reason(text, at);
        assert!(said.contains(why), "{text:?}: {said}");
    }
    let strict = Notation::Json(Dialect::Json);
    let refused = push("{a: 1}", strict, &path("a"), &Value::text("x")).unwrap_err();
    assert!(matches!(refused, NoRoom::Unreadable(_)), "{refused}");
    let noted = Value::Noted("a".to_owned(), "b".to_owned());
    let refused = push("a: [b]", YAML, &path("a"), &noted).unwrap_err();
    assert!(matches!(refused, NoRoom::Intricate(_)), "{refused}");
}

#[test]
fn entries_go_with_their_lines() {
    let remove = |at: &str, text: &str| remove(text, YAML, &path(at)).unwrap();
    assert_eq!(
        remove("b", "a: 1\n# why\nb: # c\n  - 1\n\nc: 2\n"),
        "a: 1\n# why\n\nc: 2\n"
    );
    assert_eq!(remove("b", "a: 1\r\nb: 2"), "a: 1");
    assert_eq!(remove("a", "a: 1\n"), "");
    assert_eq!(remove("a/0", "a: [1, 2, 3]\n"), "a: [2, 3]\n");
    assert_eq!(remove("a/1", "a: [1, 2, 3]\n"), "a: [1, 3]\n");
    assert_eq!(remove("a/2", "a: [1, 2, 3]\n"), "a: [1, 2]\n");
    assert_eq!(
        remove("a/0/b", "a:\n  - b: 1\n    c: 2\n"),
        "a:\n  - c: 2\n"
    );
    assert_eq!(
        remove("a/1", "a: [\n  1,\n  2, # b\n  3\n]\n"),
        "a: [\n  1,\n  3\n]\n"
    );
    assert_eq!(remove("a/1", "a: [\n  1,\n  2 # b\n]\n"), "a: [\n  1\n]\n");
}

/// A document, with everything that may stand in it.
fn documents() -> impl Strategy<Value = (Notation, String)> {
    let yaml = "(a: ?[\\[{&*!]?[bx01]{0,2}[\\]}]? ?(# c)?|  ?[ -] [bc]: ?[|>]?[-+]?|  [-] [xy]|\
                extends:|include:|[\\[\\]{}],?|<<: \\*x|---|#|\"a\": 'b'|\\t|\u{feff}|é: \\?)";
    let json = "([{}\\[\\],]|\"extends\":|\"a\": ?|'b'|// c|/\\* d \\*/|x:|[0-9]|null|\\t|\\n| )";
    let lines = prop::collection::vec((yaml, "(\n|\r\n|\n\n)"), 0..8);
    let yaml = lines.prop_map(|lines| {
        let lines = lines.into_iter().map(|(line, end)| line + &end);
        (YAML, lines.collect::<String>())
    });
    let json = prop::collection::vec(json, 0..14);
    let json = json.prop_map(|parts| (JSON5, format!("{{\"extends\": {}", parts.concat())));
    prop_oneof![yaml, json, any::<String>().prop_map(|text| (YAML, text))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_document_is_broken((notation, text) in documents(), at in "(a|extends|include|a/0|a/b)", word in any::<String>()) {
        let at = path(&at);
        let item = [at.clone(), vec![Step::Item(0)]].concat();
        for edited in [
            push(&text, notation, &at, &Value::text(word.clone())).map(|it| it.0),
            set(&text, notation, &at, &Value::text(word.clone())),
            remove(&text, notation, &at),
            remove(&text, notation, &item),
            unlist(&text, notation, &at, Made::Pair),
            unlist(&text, notation, &at, Made::Below),
            set(&text, notation, &item, &Value::text(word.clone())),
        ].into_iter().flatten() {
            let read = Parsed::read(&edited, notation);
            prop_assert!(read.is_ok(), "{text:?} -> {edited:?}");
        }
    }
    #[test]
    fn what_is_pushed_is_pulled((notation, text) in documents(), at in "(a|extends|include|a/b)", word in any::<String>()) {
        let at = path(&at);
        for item in [Value::text(word.clone()), Value::texts([("k", word.as_str()), ("l", "m")])] {
            let Ok((pushed, made)) = push(&text, notation, &at, &item) else {
                continue;
            };
            let read = Parsed::read(&pushed, notation).unwrap();
            let document = read.document(&pushed, notation).unwrap();
            let last = document.node(&at).unwrap().items().count() - 1;
            let pulled = pull(&pushed, notation, &at, last, made);
            // A word for nothing becomes a list in brackets, which stays one.
            let is_word = ["null", "~"].iter().any(|word| text.contains(word));
            if !is_word {
                prop_assert_eq!(pulled.as_deref(), Ok(text.as_str()), "{:?}", pushed);
            }
        }
    }
}

//! What a predicate must hold, and what people read when it does not.

use serde_json::json;

use super::*;

fn exactly(pointers: &[&str], expected: &[Value]) -> Condition {
    Condition {
        pointers: pointers.iter().map(|&pointer| pointer.to_owned()).collect(),
        expected: expected.to_vec(),
        comparison: Comparison::Exact,
    }
}

#[test]
fn a_scalar_equals_any_of_the_expected() {
    let predicate = json!({"a/b": {"~": ["x", 1, true, null, 1.0, "1"]}});
    let at = |index: usize, expected: &[Value]| {
        exactly(&[&format!("/a~1b/~0/{index}")], expected).holds(&predicate)
    };
    assert_eq!(at(0, &[json!("y"), json!("x")]), Ok(()));
    assert_eq!(at(1, &[json!(1)]), Ok(()));
    assert_eq!(at(1, &[json!(1.0)]), Ok(()));
    assert_eq!(at(4, &[json!(1)]), Ok(()));
    assert_eq!(at(2, &[json!(true)]), Ok(()));
    assert_eq!(at(3, &[Value::Null]), Ok(()));
    for (index, wrong) in [
        (0, json!("X")),
        (1, json!("1")),
        (1, json!(true)),
        (2, json!("true")),
        (3, json!("")),
        (3, json!(false)),
        (5, json!(1)),
        (6, Value::Null),
    ] {
        assert!(
            at(index, std::slice::from_ref(&wrong)).is_err(),
            "{index} {wrong}"
        );
    }
}

#[test]
fn large_numbers_are_never_rounded() {
    let found = json!({"n": 9_007_199_254_740_993_u64});
    assert!(
        exactly(&["/n"], &[json!(9_007_199_254_740_992.0)])
            .holds(&found)
            .is_err()
    );
    assert!(
        exactly(&["/n"], &[json!(9_007_199_254_740_993_u64)])
            .holds(&found)
            .is_ok()
    );
}

#[test]
fn every_place_that_is_filled_in_counts() {
    let condition = exactly(&["/a", "/b"], &[json!(1)]);
    assert_eq!(condition.holds(&json!({"b": 1})), Ok(()));
    assert_eq!(condition.holds(&json!({"a": 1, "b": 1})), Ok(()));
    assert!(condition.holds(&json!({"a": 1, "b": 2})).is_err());
    assert!(condition.holds(&json!({"a": 2, "b": 1})).is_err());
    assert!(condition.holds(&json!({"a": 1, "b": null})).is_err());
}

#[test]
fn messages_say_what_was_expected_and_found() {
    let told = |condition: &Condition, predicate: Value| {
        condition.holds(&predicate).unwrap_err().to_string()
    };
    let one = exactly(&["/a", "/b"], &[json!("x")]);
    assert_eq!(
        told(&one, json!({})),
        "the predicate's `/a` or `/b` is absent, not `x`"
    );
    assert_eq!(
        told(&one, json!([])),
        "the predicate's `/a` or `/b` is absent, not `x`"
    );
    assert_eq!(
        told(&one, json!({"a": {}})),
        "the predicate's `/a` is an object, not `x`"
    );
    assert_eq!(
        told(&one, json!({"b": ["x"]})),
        "the predicate's `/b` is a list, not `x`"
    );
    let many = exactly(
        &["/a"],
        &[json!(1), json!(2), json!(3), json!(null), json!(4)],
    );
    assert_eq!(
        told(&many, json!({"a": "\u{1b}[31m"})),
        "the predicate's `/a` is `\u{fffd}[31m`, not one of `1`, `2`, `3` and 2 more"
    );
    let long = told(&one, json!({"a": "y".repeat(10_000)}));
    assert!(long.len() < 200, "{long}");
}

#[test]
fn a_source_is_the_repository_whatever_is_written_around_it() {
    let expected = parse_repository_url("git+https://github.com/acme/app.git").unwrap();
    let condition = Condition {
        comparison: Comparison::Repository,
        ..exactly(&["/uri"], &[json!(expected)])
    };
    let commit = "0123456789abcdef0123456789abcdef01234567";
    for good in [
        "https://github.com/acme/app".to_owned(),
        "https://github.com/acme/app.git".to_owned(),
        "git+https://github.com/acme/app".to_owned(),
        "git+https://github.com/acme/app@refs/heads/main".to_owned(),
        "git+https://github.com/acme/app.git@refs/tags/v1@2".to_owned(),
        format!("git+https://github.com/acme/app@{commit}"),
    ] {
        assert_eq!(condition.holds(&json!({"uri": good})), Ok(()), "{good}");
    }
    for bad in [
        "https://github.com/acme/app-evil",
        "https://github.com/acme/app/evil",
        "https://github.com/acme/app@evil",
        "https://github.com/acme/app@refs/x/../../evil",
        "https://github.com/acme/app@evil/x@refs/heads/main",
        "https://github.com/acme/app#refs/heads/main",
        "https://github.com/acme/app?x",
        "https://github.com/acme/app.git.git",
        "git+git+https://github.com/acme/app",
        "http://github.com/acme/app",
        "git+ssh://github.com/acme/app",
        "github.com/acme/app",
        "https://github.com/Acme/app",
        "https://github.com@refs/acme/app",
        "",
    ] {
        assert!(condition.holds(&json!({"uri": bad})).is_err(), "{bad}");
    }
    assert!(condition.holds(&json!({"uri": null})).is_err());
}

#[test]
fn sources_and_pointers_are_checked_where_they_are_written() {
    for bad in [
        "",
        "github.com/acme/app",
        "http://github.com/acme/app",
        "https://github.com",
        "https://github.com/",
        "https://user@github.com/acme/app",
        "https://github.com/acme/app@refs/heads/main",
        "https://github.com/acme/app?x",
    ] {
        assert!(
            parse_repository_url(bad).unwrap_err().hint().is_some(),
            "{bad}"
        );
    }
    assert_eq!(
        parse_repository_url("https://github.com/acme/app/").as_deref(),
        Ok("https://github.com/acme/app")
    );
    for good in ["/", "/a", "/a~0b~1c/0", "/é"] {
        assert_eq!(parse_pointer(good).as_deref(), Ok(good));
    }
    let long = format!("/{}", "a".repeat(256));
    for bad in ["", "a", "#/a", "/a~", "/~2", "/a\nb", &long] {
        assert!(parse_pointer(bad).unwrap_err().hint().is_some(), "{bad}");
    }
}

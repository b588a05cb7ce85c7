//! What the settings refuse, and what an intent never opens.

use crate::{
    config,
    generate::{GenerateError, Given, Kind, Pins, regenerate, tests::TODAY},
    model::files::NoFiles,
};

fn text(set: &[(&str, &str)]) -> Result<String, GenerateError> {
    let kind = Kind::named("openshell-policy").unwrap();
    let config = config::parse(b"version: 1\n", "fullsend.yaml").unwrap();
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let settings: Vec<_> = set.iter().map(owned).collect();
    let given = Given {
        settings: &settings,
        today: TODAY,
    };
    let made = regenerate(kind, &config, given, &NoFiles, Pins::Kept)?;
    Ok(made.files[0].text.clone())
}

#[test]
fn hostile_values_are_refused() {
    for (key, value) in [
        ("agent", "../../etc/passwd"),
        ("agent", "a: b"),
        ("openshell", "0.2"),
        ("intents", "github-read,everything"),
        ("repositories", "*/*"),
        ("repositories", "acme/../evil"),
        ("repositories", "acme/{a,b}"),
        ("programs", "node"),
        ("programs", "/**"),
        ("programs", "/usr/bin/../../tmp/x"),
        ("read-write", "/"),
        ("read-write", "/tmp/../etc"),
        ("read-only", "etc"),
        ("host-api-port", "0"),
        ("landlock", "off"),
    ] {
        assert!(text(&[(key, value)]).is_err(), "{key}={value}");
    }
    let many: Vec<String> = (0..120).map(|n| format!("/a{n}")).collect();
    let many = many.join(",");
    text(&[("read-only", &many), ("read-write", &many)]).unwrap();
    let more: Vec<String> = (0..250).map(|n| format!("/{n}")).collect();
    let more = more.join(",");
    text(&[("read-only", &more)]).unwrap_err();
}

#[test]
fn odd_paths_stay_values() {
    let written = text(&[("read-only", "/a: b,/- x # y,/[z],/\"q\" '*")]).unwrap();
    for line in [
        "- \"/a: b\"",
        "- \"/- x # y\"",
        "- \"/[z]\"",
        "- '/\"q\" ''*'",
    ] {
        assert!(written.contains(line), "{line} is not in\n{written}");
    }
}

#[test]
fn what_is_named_is_all_that_is_opened() {
    let one = text(&[
        ("intents", "github-write,git-clone"),
        ("repositories", "acme/app"),
    ])
    .unwrap();
    assert!(!one.contains("/repos/*"));
    assert!(!one.contains("receive-pack") && !one.contains("merge") && !one.contains("graphql"));
    let none = text(&[("agent", "triage"), ("intents", "pypi")]).unwrap();
    assert!(!none.contains("github.com"));
    // Nothing is left to audit mode, and no host is a pattern.
    let everything = super::intents::NAMES.join(",");
    let all = text(&[("intents", &everything)]).unwrap();
    let count = |what: &str| all.matches(what).count();
    assert_eq!(count("- host:"), count("enforcement: enforce"));
    assert_eq!(count("- host:"), count("protocol:"));
    assert!(!all.contains("host: \"*") && !all.contains("access:"));
}

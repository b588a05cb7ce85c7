//! What the settings and the languages refuse.

use crate::{
    config,
    generate::{GenerateError, GeneratedFile, Given, Kind, Pins, regenerate, tests::TODAY},
    model::files::NoFiles,
};

const KEYLESS: &str = "keyless: {issuer: 'https://token.actions.githubusercontent.com', \
    repository: acme/app, workflow: .github/workflows/release.yml, ref: refs/tags/v*}";

fn files(verify: &str, set: &[(&str, &str)]) -> Result<Vec<GeneratedFile>, GenerateError> {
    let kind = Kind::named("kubernetes-policies").unwrap();
    let text = format!("version: 1\nverify:\n{verify}");
    let config = config::parse(text.as_bytes(), "fullsend.yaml").unwrap();
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let settings: Vec<_> = set.iter().map(owned).collect();
    let given = Given {
        settings: &settings,
        today: TODAY,
    };
    regenerate(kind, &config, given, &NoFiles, Pins::Kept).map(|made| made.files)
}

fn refusal(verify: &str, engine: &str) -> Option<String> {
    let found = files(verify, &[("engines", engine)]);
    found.err().map(|error| error.to_string())
}

#[test]
fn hostile_settings_are_refused() {
    let verify = format!("  - {{match: 'r.io/**', {KEYLESS}}}\n");
    for (key, value) in [
        ("namespace", "a: b"),
        ("namespace", "-a"),
        ("namespace", "A"),
        ("namespace", "{{request.namespace}}"),
        ("egress", "all"),
        ("egress", "10.0.0.0/33"),
        ("egress", "10.0.0.0"),
        ("egress", "10.0.0.0/+8"),
        ("ports", "0"),
        ("ports", "https"),
        ("engines", "gatekeeper"),
        ("pods", "0"),
    ] {
        assert!(files(&verify, &[(key, value)]).is_err(), "{key}={value}");
    }
    assert_eq!(
        files(&verify, &[("runtime-class", "kata")]).unwrap().len(),
        3
    );
}

#[test]
fn no_language_says_less_than_the_policy_does() {
    let key = |name: &str| format!("{{key: {name}.pub}}");
    let two = format!(
        "  - match: r.io/**\n    threshold: {{count: 2, of: [{}, {}, {}]}}\n",
        key("a"),
        key("b"),
        key("c")
    );
    assert_eq!(refusal(&two, "kyverno"), None);
    assert_eq!(refusal(&two, "kyverno-cluster-policy"), None);
    let reason = refusal(&two, "policy-controller").unwrap();
    assert!(reason.contains("threshold"), "{reason}");

    let order =
        format!("  - {{match: 'r.io/*', key: a.pub}}\n  - {{match: 'r.io/**', {KEYLESS}}}\n");
    assert_eq!(refusal(&order, "kyverno"), None);
    for engine in ["kyverno-cluster-policy", "policy-controller"] {
        let reason = refusal(&order, engine).unwrap();
        assert!(reason.contains("earlier rule"), "{engine}: {reason}");
    }

    let odd = "  - {match: \"r.io/a'b{{x}}/*\", key: a.pub}\n";
    assert_eq!(refusal(odd, "kyverno"), None);
    assert!(refusal(odd, "kyverno-cluster-policy").is_some());
    assert!(refusal(odd, "policy-controller").is_some());

    for (more, what) in [
        ("attestations: [{type: spdxjson}]", "attestations"),
        ("signed: both", "platform"),
    ] {
        let rule = format!("  - {{match: 'r.io/**', {KEYLESS}, {more}}}\n");
        for engine in ["kyverno", "kyverno-cluster-policy", "policy-controller"] {
            if let Some(reason) = refusal(&rule, engine) {
                assert!(reason.contains(what), "{reason}");
            } else {
                panic!("{engine} says nothing about {more}");
            }
        }
    }

    let claims = KEYLESS.replace("ref:", "source_repository: acme/other, ref:");
    let claims = format!("  - {{match: 'r.io/**', {claims}}}\n");
    assert_eq!(refusal(&claims, "kyverno"), None);
    assert!(
        refusal(&claims, "policy-controller")
            .unwrap()
            .contains("claims")
    );
}

#[test]
fn the_first_rule_decides_and_no_rule_refuses() {
    let verify = format!(
        "  - {{match: r.io/a, key: a.pub}}\n  - {{match: 'r.io/**', any: [{{{KEYLESS}}}, {{key: b.pub}}]}}\n"
    );
    let made = files(&verify, &[]).unwrap();
    let text = &made[1].text;
    let at = |what: &str| {
        text.find(what)
            .unwrap_or_else(|| panic!("no {what} in\n{text}"))
    };
    assert!(at("image.matches('^r\\\\.io/a([:@].*)?$')") < at("image.matches('^r\\\\.io/[^:@]*"));
    assert!(text.contains(
        "rule2signer2]) > 0 || verifyImageSignatures(image, [attestors.rule2signer3]) > 0"
    ));
    assert!(text.contains("subjectRegExp: \"^https://github\\\\.com/acme/app/\\\\.github/workflows/release\\\\.yml@refs/tags/v[^/]*$\"")
        || text.contains("subjectRegExp: '^https://github\\.com/acme/app/\\.github/workflows/release\\.yml@refs/tags/v[^/]*$'"), "{text}");
    assert_eq!(text.matches("          false\n").count(), 3, "{text}");
}

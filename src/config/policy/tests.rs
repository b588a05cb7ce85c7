//! Rules: what they mean, and what people read when they are wrong.

use serde_json::json;

use crate::config::{
    AttestationRequirement, Claims, Comparison, Condition, Config, ConfigError, Coverage,
    KeyRequirement, KeySource, Requirement, RootSource, parse, rule_for,
};

/// A file of one rule for `a.b/c`, whose further lines are `body`, at column 5 from line 4.
fn file(body: &str) -> String {
    let lines = body.replace('\n', "\n    ");
    format!("version: 1\nverify:\n  - match: a.b/c\n    {lines}\n")
}

fn read(body: &str) -> Config {
    match parse(file(body).as_bytes(), "fullsend.yaml") {
        Ok(config) => config,
        Err(error) => panic!("{}", error.render(false)),
    }
}

fn error(body: &str) -> ConfigError {
    match parse(file(body).as_bytes(), "fullsend.yaml") {
        Ok(config) => panic!("accepted: {body}\n{config:?}"),
        Err(error) => error,
    }
}

/// The first error's place and message, and its mend.
#[track_caller]
fn assert_refused(body: &str, message: &str, hint: &str) {
    let error = error(body);
    assert_eq!(
        error.to_string(),
        format!("fullsend.yaml:{message}"),
        "{body}"
    );
    assert_eq!(error.hint().unwrap_or_default(), hint, "{body}");
}

fn key(path: &str) -> Requirement {
    Requirement::Key(KeyRequirement {
        source: KeySource::File(path.into()),
        insecure_ignore_tlog: false,
        trusted_root: None,
    })
}

fn attestations(body: &str) -> Vec<AttestationRequirement> {
    let body = format!("key: a.pub\nattestations:\n{body}");
    read(&body).verify.remove(0).attestations
}

#[test]
fn all_and_thresholds_are_read() {
    let config = read("all: [{key: a.pub}, {any: [{key: b.pub}, {key: c.pub}]}]");
    let either = Requirement::Any(vec![key("b.pub"), key("c.pub")]);
    let all = Requirement::All(vec![key("a.pub"), either.clone()]);
    assert_eq!(config.verify[0].requirement, all);
    let config = read(
        "threshold:\n  count: 2\n  of:\n  - key: a.pub\n  - any: [{key: b.pub}, {key: c.pub}]",
    );
    let threshold = Requirement::Threshold {
        count: 2,
        of: vec![key("a.pub"), either],
    };
    assert_eq!(config.verify[0].requirement, threshold);
    let nested = read("all: [{key: a.pub}, {threshold: {count: '1', of: [{key: b.pub}]}}]");
    assert!(matches!(&nested.verify[0].requirement, Requirement::All(all) if all.len() == 2));
}

#[test]
fn a_threshold_can_be_reached_and_means_something() {
    assert_refused(
        "threshold: {count: 3, of: [{key: a}, {key: b}]}",
        "4:24: 3 of 2 signers can never be reached",
        "write a number from 1 to 2",
    );
    assert_refused(
        "threshold: {count: 0, of: [{key: a}, {key: b}]}",
        "4:24: a threshold of 0 would accept an unsigned image",
        "write a number from 1 to 2",
    );
    assert_refused(
        "threshold: {count: half, of: [{key: a}]}",
        "4:24: `half` is not a count",
        "write `1`",
    );
    assert_refused(
        "threshold: {of: [{key: a}]}",
        "4:16: the key `count` is missing",
        "say how many of them must have signed: `count: 2`",
    );
    assert_refused(
        "threshold: {count: 1}",
        "4:16: the key `of` is missing",
        "name the signers: `of: [{key: …}, {key: …}]`",
    );
    assert_refused(
        "threshold: {count: 1, of: []}",
        "4:31: `of` of nothing names no signer",
        "add a `key` or a `keyless` to the list",
    );
    for member in [
        "all: [{key: b}]",
        "threshold: {count: 1, of: [{key: b}]}",
        "any: [{all: [{key: b}]}]",
    ] {
        assert_refused(
            &format!("threshold: {{count: 1, of: [{{key: a}}, {{{member}}}]}}"),
            "4:42: a member of a threshold stands for one signer",
            "name a `key`, a `keyless`, or `any` of such",
        );
    }
}

#[test]
fn a_signer_stands_once_in_a_threshold() {
    let twice = error(
        "threshold:\n  count: 2\n  of:\n  - key: keys/a.pub\n  - key: ./keys//a.pub\n    insecure_ignore_tlog: true",
    );
    assert_eq!(
        twice.render(false).trim_end(),
        "\
error: the same signer stands twice
 --> fullsend.yaml:8:9
  |
7 |       - key: keys/a.pub
  |         - first here
8 |       - key: ./keys//a.pub
  |         ^
  |
  = help: a signer counts once, however often it signed: name another, or remove it"
    );
    let ci = "keyless: {issuer: 'https://gitlab.com', gitlab_project: a/b, ref: 'refs/tags/*'";
    for (one, other, is_same) in [
        ("key: env://A".to_owned(), "key: env://A".to_owned(), true),
        ("key: env://A".to_owned(), "key: A".to_owned(), false),
        (format!("{ci}}}"), format!("{ci}}}"), true),
        (
            format!("{ci}}}"),
            format!("{ci}, trusted_root: github}}"),
            true,
        ),
        (format!("{ci}}}"), format!("{ci}, config: b.yml}}"), false),
    ] {
        let body = format!("threshold:\n  count: 2\n  of:\n  - {one}\n  - {other}");
        let is_refused = parse(file(&body).as_bytes(), "f").is_err();
        assert_eq!(is_refused, is_same, "{body}");
    }
}

#[test]
fn lists_of_signers_are_bounded() {
    for key in ["any", "all"] {
        assert_refused(
            &format!("{key}: []"),
            &format!("4:10: `{key}` of nothing names no signer"),
            "add a `key` or a `keyless` to the list",
        );
        let many = "{key: a}, ".repeat(33);
        assert_refused(
            &format!("{key}: [{many}]"),
            &format!("4:10: `{key}` has 33 members, more than the 32 allowed"),
            "split the rule by `match`, or flatten its lists",
        );
    }
    let deep = format!(
        "{}{{key: a}}{}",
        "all: [{".repeat(4) + "any: [",
        "]".to_owned() + &"}]".repeat(4)
    );
    assert_refused(
        &deep,
        "4:38: `any` is nested too deeply",
        "split the rule by `match`, or flatten its lists",
    );
    let few = "{key: a}, ".repeat(22);
    let body = format!("all: [{{any: [{few}]}}, {{any: [{few}]}}, {{any: [{few}]}}]");
    assert_refused(
        &body,
        "3:5: the rule names 66 signers, more than the 64 allowed",
        "split it by `match`, or name identities by patterns",
    );
}

#[test]
fn exactly_one_kind_of_signer_is_named() {
    assert_refused(
        "all: [{key: a}, {}]",
        "4:21: the rule does not say whose signature it accepts",
        "add exactly one of `key`, `keyless`, `any`, `all` or `threshold`",
    );
    assert_refused(
        "all: [{key: a}]\nthreshold: {count: 1, of: [{key: a}]}",
        "5:16: the rule has both `all` and `threshold`",
        "to accept either, write `any: [{key: …}, {keyless: …}]`; to demand both, `all: […]`",
    );
    assert_refused(
        "any: [{key: a, attestations: []}]",
        "4:34: `attestations` belong to the rule, not to a signer",
        "write them beside `match`; each may name its own signer",
    );
}

#[test]
fn trusted_roots_belong_to_single_signers() {
    let config = read(
        "any:\n- {key: a, trusted_root: ./root.json}\n- keyless: {issuer: 'https://a.b', identity: c, trusted_root: github}",
    );
    let Requirement::Any(members) = &config.verify[0].requirement else {
        panic!("{config:?}");
    };
    let roots: Vec<_> = members
        .iter()
        .map(|member| match member {
            Requirement::Key(key) => key.trusted_root.clone(),
            Requirement::Keyless(keyless) => keyless.trusted_root.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(roots[0], Some(RootSource::File("./root.json".into())));
    assert_eq!(roots[1], Some(RootSource::GitHub));
    assert_refused(
        "key: a\ninsecure_ignore_tlog: true\ntrusted_root: github",
        "6:19: `trusted_root` has no meaning where the log is ignored",
        "keep one of the two: a key by itself needs no trusted root",
    );
    assert!(
        read("key: a\ninsecure_ignore_tlog: false\ntrusted_root: github")
            .verify
            .len()
            == 1
    );
    assert_refused(
        "any: [{key: a}]\ntrusted_root: github",
        "5:19: `trusted_root` belongs to a single signer",
        "write it beside a `key`, or inside `keyless`",
    );
    assert_refused(
        "any: [{key: a}]\ninsecure_ignore_tlog: true",
        "5:27: `insecure_ignore_tlog` belongs to a `key`",
        "a certificate lives for minutes: only the log proves that it signed in time",
    );
    assert_refused(
        "key: a\ntrusted_root: git-hub",
        "5:19: `git-hub` is not a Sigstore instance",
        "did you mean `github`? A file of this name is written `./git-hub`",
    );
    assert_refused(
        "keyless: {issuer: 'https://a.b', identity: c, trusted_root: 'https://a.b/c'}",
        "4:65: a trusted root is never fetched (`https://`): whoever serves it would decide whom to trust",
        "name a `trusted_root.json`, `public-good` or `github`",
    );
}

#[test]
fn coverage_and_the_signatures_place_are_read() {
    let rule = read("key: a").verify.remove(0);
    assert_eq!(
        (rule.coverage, rule.signature_repository),
        (Coverage::Either, None)
    );
    for (word, coverage) in [
        ("either", Coverage::Either),
        ("index", Coverage::Index),
        ("manifest", Coverage::Manifest),
        ("both", Coverage::Both),
    ] {
        let rule = read(&format!("key: a\nsigned: {word}")).verify.remove(0);
        assert_eq!(rule.coverage, coverage);
    }
    assert_refused(
        "key: a\nsigned: idnex",
        "5:13: `idnex` is not a coverage",
        "did you mean `index`? Known: either, index, manifest, both",
    );
    let rule = read("key: a\nsignature_repository: localhost:5000/sigs")
        .verify
        .remove(0);
    assert_eq!(
        rule.signature_repository.unwrap().to_string(),
        "localhost:5000/sigs"
    );
    for (bad, message) in [
        ("sigs", "`sigs` does not name its registry"),
        ("acme/sigs", "`acme/sigs` does not name its registry"),
        (
            "a.b/Sigs",
            "`Sigs` is not a repository path: lower-case letters, digits and single separators",
        ),
        (
            "a.b/sigs:1",
            "`sigs:1` is not a repository path: lower-case letters, digits and single separators",
        ),
        ("https://a.b/c", "`https:` is not a registry host"),
    ] {
        let error = error(&format!("key: a\nsignature_repository: {bad}"));
        assert_eq!(error.to_string(), format!("fullsend.yaml:5:27: {message}"));
        assert!(error.hint().is_some(), "{bad}");
    }
}

#[test]
fn attestations_have_types_signers_and_conditions() {
    let read = attestations(
        "- type: slsaprovenance
  builder: https://b.example/1
  source: git+https://github.com/acme/app
  build_type: [https://t.example/1, https://t.example/2]
- type: https://a.b/c
  key: b.pub
  predicate: {/a~1b: [x, 1, 1.5, true, null], /c: 'yes'}",
    );
    assert_eq!(read[0].by, None);
    let condition = |pointers: &[&str], expected, comparison| Condition {
        pointers: pointers.iter().map(|&pointer| pointer.to_owned()).collect(),
        expected,
        comparison,
    };
    assert_eq!(
        read[0].conditions,
        [
            condition(
                &["/builder/id", "/runDetails/builder/id"],
                vec![json!("https://b.example/1")],
                Comparison::Exact
            ),
            condition(
                &[
                    "/invocation/configSource/uri",
                    "/buildDefinition/externalParameters/workflow/repository",
                    "/buildDefinition/resolvedDependencies/0/uri",
                ],
                vec![json!("https://github.com/acme/app")],
                Comparison::Repository
            ),
            condition(
                &["/buildType", "/buildDefinition/buildType"],
                vec![json!("https://t.example/1"), json!("https://t.example/2")],
                Comparison::Exact
            ),
        ]
    );
    assert_eq!(read[1].by, Some(key("b.pub")));
    assert!(read[1].predicate_type.accepts("https://a.b/c"));
    assert_eq!(
        read[1].conditions,
        [
            condition(
                &["/a~1b"],
                vec![json!("x"), json!(1), json!(1.5), json!(true), json!(null)],
                Comparison::Exact
            ),
            condition(&["/c"], vec![json!("yes")], Comparison::Exact),
        ]
    );
    let one = attestations("- {type: slsaprovenance1, builder: x}");
    assert_eq!(one[0].conditions[0].pointers, ["/runDetails/builder/id"]);
    let old = attestations("- {type: 'https://slsa.dev/provenance/v0.2', builder: x}");
    assert_eq!(old[0].conditions[0].pointers, ["/builder/id"]);
}

#[test]
fn shortcuts_hold_for_what_builders_write() {
    let read = attestations(
        "- {type: slsaprovenance, builder: b, source: 'https://github.com/acme/app', build_type: t}",
    );
    let holds = |predicate: &serde_json::Value| {
        read[0]
            .conditions
            .iter()
            .try_for_each(|condition| condition.holds(predicate))
    };
    let old = json!({
        "builder": {"id": "b"},
        "buildType": "t",
        "invocation": {"configSource": {"uri": "git+https://github.com/acme/app@refs/tags/v1"}},
    });
    let new = json!({
        "runDetails": {"builder": {"id": "b"}},
        "buildDefinition": {
            "buildType": "t",
            "externalParameters": {"workflow": {"repository": "https://github.com/acme/app"}},
            "resolvedDependencies": [{"uri": "git+https://github.com/acme/app@refs/heads/main"}],
        },
    });
    assert_eq!((holds(&old), holds(&new)), (Ok(()), Ok(())));
    let mut foreign = new.clone();
    foreign["buildDefinition"]["resolvedDependencies"][0]["uri"] =
        json!("git+https://github.com/evil/app");
    assert!(holds(&foreign).is_err());
    let mut stray = new;
    stray["builder"] = json!({"id": "b"});
    stray["runDetails"]["builder"]["id"] = json!("evil");
    assert!(holds(&stray).is_err());
}

#[test]
fn attestations_are_refused_where_they_mean_nothing() {
    for (entry, message, hint) in [
        (
            "{}",
            "6:7: the key `type` is missing",
            "name its kind: `type: slsaprovenance`",
        ),
        (
            "{type: slsaprovenence}",
            "6:14: `slsaprovenence` is not a type of attestation",
            "did you mean `slsaprovenance`? Known: slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson, cyclonedx, vuln, openvex, custom, or a URI",
        ),
        (
            "{type: 'https://sigstore.dev/cosign/sign/v1'}",
            "6:14: this is the type of signatures, not of an attestation",
            "leave it out: `key` and `keyless` ask for a signature already",
        ),
        (
            "{type: spdx, builder: x}",
            "6:29: `builder` stands in SLSA's provenance alone",
            "point into this type's own predicate: `predicate: {\"/name\": value}`",
        ),
        (
            "{type: slsaprovenance, builder: 1}",
            "6:39: `builder` is a text, not `1`",
            "quote it: `\"1\"`",
        ),
        (
            "{type: slsaprovenance, build_type: ''}",
            "6:42: the value is empty",
            "write the URI that the builder writes",
        ),
        (
            "{type: slsaprovenance, builder: []}",
            "6:39: 1 to 32 values are compared, not 0",
            "write one value, or a list of those that are accepted",
        ),
        (
            "{type: slsaprovenance, source: github.com/acme/app}",
            "6:38: `github.com/acme/app` is not the URL of a repository",
            "write for example `https://github.com/OWNER/NAME`",
        ),
        (
            "{type: slsaprovenance, source: 'https://github.com/a/b@refs/heads/main'}",
            "6:38: a source is a repository, without git reference",
            "write `https://github.com/a/b`, and ask for the reference with `predicate:`",
        ),
        (
            "{type: vuln, predicate: {}}",
            "6:31: `predicate` has 1 to 32 conditions, not 0",
            "write for example `{\"/buildDefinition/buildType\": \"https://…\"}`",
        ),
        (
            "{type: vuln, predicate: {scanner: x}}",
            "6:32: `scanner` is not a JSON pointer",
            "write for example `/buildDefinition/buildType`",
        ),
        (
            "{type: vuln, predicate: {/a~: x}}",
            "6:32: `~` stands alone in a JSON pointer",
            "write `~0` for `~` and `~1` for a `/` inside a name",
        ),
        (
            "{type: vuln, key: a, all: [{key: b}]}",
            "6:33: the rule has both `key` and `all`",
            "to accept either, write `any: [{key: …}, {keyless: …}]`; to demand both, `all: […]`",
        ),
        (
            "{type: vuln, trusted_root: github}",
            "6:34: `trusted_root` belongs to a single signer",
            "write it beside a `key`, or inside `keyless`",
        ),
    ] {
        assert_refused(&format!("key: a\nattestations:\n- {entry}"), message, hint);
    }
    assert_refused(
        "key: a\nattestations: []",
        "5:19: `attestations` of nothing asks for nothing",
        "leave out the key, or add `{type: slsaprovenance}`",
    );
    let many = "{type: vuln}, ".repeat(17);
    assert_refused(
        &format!("key: a\nattestations: [{many}]"),
        "5:19: 17 attestations are more than the 16 allowed",
        "split the rule by `match`",
    );
    let long = "x".repeat(1025);
    let error = error(&format!(
        "key: a\nattestations: [{{type: vuln, predicate: {{/a: {long}}}}}]"
    ));
    assert!(
        error
            .to_string()
            .contains("longer than the 1024 characters allowed"),
        "{error}"
    );
}

#[test]
fn values_of_the_wrong_shape_are_named_in_plain_words() {
    for (value, message) in [
        (
            "{a: b}",
            "expected a single value or a list of them, found a mapping",
        ),
        ("[[a]]", "expected a single value, found a list"),
        (".inf", "non-finite"),
    ] {
        let error = error(&format!(
            "key: a\nattestations:\n- {{type: vuln, predicate: {{/a: {value}}}}}"
        ));
        assert!(error.to_string().contains(message), "{value}: {error}");
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = "version: 1\nverify: [{match: a.b/c, key: 1}, {match: 'a.b/**', key: 2}, {match: '**', key: 3}]";
    let rules = parse(rules.as_bytes(), "f").unwrap().verify;
    for (name, expected) in [("a.b/c", 0), ("a.b/c/d", 1), ("c.d/e", 2)] {
        let (index, rule) = rule_for(&rules, &name.parse().unwrap()).unwrap();
        assert_eq!((index, &rules[index]), (expected, rule));
    }
    assert_eq!(rule_for(&rules[..2], &"c.d/e".parse().unwrap()), None);
}

#[test]
fn careless_expressions_are_warned_of_wherever_they_stand() {
    let careless =
        "keyless: {issuer: 'https://a.b', identity_regexp: 'https://github\\.com/acme/app'}";
    for body in [
        careless.to_owned(),
        format!("all: [{{any: [{{{careless}}}]}}]"),
        format!("threshold: {{count: 1, of: [{{{careless}}}]}}"),
        format!("key: a\nattestations: [{{type: vuln, {careless}}}]"),
    ] {
        let warnings = read(&body).warnings();
        assert_eq!(warnings.len(), 1, "{body}");
        assert!(
            warnings[0].starts_with("the rule for `a.b/c`: cosign does not anchor"),
            "{warnings:?}"
        );
        assert!(
            warnings[0].contains("https://github.com/acme/app-evil/"),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_host_is_told_or_named() {
    let github = "repository: a/b, workflow: .github/workflows/c.yml, ref: '**'";
    assert_refused(
        &format!("keyless: {{issuer: 'https://ghes.example', {github}}}"),
        "4:23: the issuer does not tell the forge's host",
        "add the host, for example `github.example.com`",
    );
    assert_refused(
        &format!(
            "keyless: {{issuer: 'https://token.actions.githubusercontent.com', host: ghes.example, {github}}}"
        ),
        "4:23: the issuer vouches for github.com, not for `ghes.example`",
        "the issuer of that host is `https://ghes.example/_services/token`",
    );
    let both = error(&format!(
        "keyless: {{issuer: 'https://ghes.example', host: 'a b', {github}}}"
    ));
    assert_eq!(both.diagnostics().len(), 1);
    let config = read(&format!(
        "keyless: {{issuer: 'https://ghes.example', host: ghes.example, {github}}}"
    ));
    let Requirement::Keyless(keyless) = &config.verify[0].requirement else {
        panic!("{config:?}");
    };
    let claims = Claims {
        source_repository: Some("https://ghes.example/a/b".to_owned()),
        ..Claims::default()
    };
    let subject = "https://ghes.example/a/b/.github/workflows/c.yml@refs/heads/main";
    assert_eq!(
        keyless.accepts("https://ghes.example", subject, &claims),
        Ok(())
    );
}

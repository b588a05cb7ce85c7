//! Whole files: what is accepted, and what people read when it is not.

use proptest::prelude::*;

use super::*;
use crate::model::limits::{ByteSize, Cpus, Limits, Span};

/// The file that the documentation shows.
pub(super) const EXAMPLE: &str = "\
version: 1
image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
runtime: auto
verify:
  - match: ghcr.io/fullsend-ai/**
    keyless:
      issuer: https://token.actions.githubusercontent.com
      repository: fullsend-ai/fullsend
      workflow: .github/workflows/release.yml
      ref: refs/tags/v*
  - match: registry.example.com/agents/*
    any:
      - key: cosign.pub
        insecure_ignore_tlog: true # the signature is in no transparency log
      - key: env://COSIGN_NEXT
agents:
  triage: {cpus: 1.0, memory: 2GiB, timeout: 5m, command: [claude, -p, /triage], env: [GH_TOKEN, \"HTTPS_PROXY?\"]}
  review: {cpus: 1.5, memory: 4GiB, timeout: 15m, pids: 512, network: none, read_only: true, mounts: [.:/workspace], workdir: /workspace, user: host}
";

fn error(text: &str) -> ConfigError {
    match parse(text.as_bytes(), "fullsend.yaml") {
        Ok(config) => panic!("accepted: {text}\n{config:?}"),
        Err(error) => error,
    }
}

#[track_caller]
fn assert_render(text: &str, expected: &str) {
    let rendered = error(text).render(false);
    assert_eq!(rendered.trim_end(), expected.trim(), "\n{rendered}");
}

#[test]
fn the_documented_file_means_what_it_says() {
    let config = parse(EXAMPLE.as_bytes(), "fullsend.yaml").unwrap();
    assert_eq!(config.image.as_ref().unwrap().tag(), Some("1.4.2"));
    let repository = config.image.as_ref().unwrap().repository();
    let (index, rule) = rule_for(&config.verify, repository).unwrap();
    assert_eq!(index, 0);
    let Requirement::Keyless(keyless) = &rule.requirement else {
        panic!("{rule:?}");
    };
    let subject =
        "https://github.com/fullsend-ai/fullsend/.github/workflows/release.yml@refs/tags/v1";
    let claims = Claims {
        source_repository: Some("fullsend-ai/fullsend".to_owned()),
        ..Claims::default()
    };
    let issuer = "https://token.actions.githubusercontent.com";
    assert_eq!(keyless.accepts(issuer, subject, &claims), Ok(()));
    assert!(
        keyless
            .accepts(issuer, subject, &Claims::default())
            .is_err()
    );
    let Requirement::Any(members) = &config.verify[1].requirement else {
        panic!("{:?}", config.verify[1]);
    };
    let key = |source, insecure_ignore_tlog| {
        Requirement::Key(KeyRequirement {
            source,
            insecure_ignore_tlog,
            trusted_root: None,
        })
    };
    assert_eq!(members[0], key(KeySource::File("cosign.pub".into()), true));
    assert_eq!(
        members[1],
        key(KeySource::Env("COSIGN_NEXT".to_owned()), false)
    );
    let triage = &config.agents["triage"];
    assert_eq!(triage.limits, Limits::of_agent("triage").unwrap());
    assert_eq!(triage.command.as_ref().unwrap()[2], "/triage");
    assert!(triage.env[1].is_optional());
    let review = &config.agents["review"];
    assert_eq!(review.network, Some(Network::None));
    assert_eq!(review.user, Some(User::Host));
    assert!(review.read_only && !triage.read_only);
    assert_eq!(config.warnings(), Vec::<String>::new());
}

#[test]
fn numbers_and_strings_are_the_same_limits() {
    for (memory, cpus) in [("2GiB", "1.0"), ("2147483648", "1"), ("'2g'", "'1.0'")] {
        let text =
            format!("version: 1\nagents: {{a: {{memory: {memory}, cpus: {cpus}, timeout: 90s}}}}");
        let limits = parse(text.as_bytes(), "f").unwrap().agents["a"].limits;
        let expected = Limits {
            cpus: Cpus::thousandths(1000),
            memory: ByteSize::gib(2),
            pids: Limits::DEFAULT_PIDS,
            timeout: Span::seconds(90),
        };
        assert_eq!(limits, expected, "{text}");
    }
}

#[test]
fn entrypoints_may_be_cleared() {
    let config = parse(b"version: 1\nagents: {triage: {entrypoint: []}}", "f").unwrap();
    assert_eq!(config.agents["triage"].entrypoint, Some(vec![]));
    assert_eq!(config.agents["triage"].command, None);
}

#[test]
fn agents_without_a_file_have_their_defaults() {
    let config = Config::default();
    assert_eq!(
        config.agent("fix").unwrap().limits,
        Limits::of_agent("fix").unwrap()
    );
    let unknown = config.agent("traige").unwrap_err();
    assert_eq!(unknown.to_string(), "no agent is called `traige`");
    assert_eq!(
        unknown.hint().unwrap(),
        "did you mean `triage`? Known agents: triage, review, code, fix"
    );
}

#[test]
fn an_unknown_key_suggests_the_nearest() {
    assert_render(
        "version: 1\nagents:\n  triage: {cpus: 1.0, memroy: 2GiB}\n",
        "\
error: unknown key `memroy`
 --> fullsend.yaml:3:23
  |
3 |   triage: {cpus: 1.0, memroy: 2GiB}
  |                       ^^^^^^ did you mean `memory`?
  |
  = help: known here: image, cpus, memory, pids, timeout, grace, command, entrypoint, env, mounts, workdir, user, read_only, network, runtime_profile",
    );
}

#[test]
fn a_duplicate_key_shows_both_places() {
    assert_render(
        "version: 1\nagents:\n  triage: {cpus: 1}\n  triage: {cpus: 2}\n",
        "\
error: the key `triage` stands twice
 --> fullsend.yaml:4:3
  |
3 |   triage: {cpus: 1}
  |   ------ first here
4 |   triage: {cpus: 2}
  |   ^^^^^^ again here
  |
  = help: keep one of the two",
    );
}

#[test]
fn a_duration_without_unit_is_mended() {
    assert_render(
        "version: 1\nagents:\n  triage:\n    timeout: 5\n",
        "\
error: `5` has no unit
 --> fullsend.yaml:4:14
  |
4 |     timeout: 5
  |              ^
  |
  = help: write `5m` for minutes or `5s` for seconds",
    );
}

#[test]
fn two_kinds_of_signature_need_any() {
    assert_render(
        "version: 1\nverify:\n  - match: ghcr.io/a/**\n    key: a.pub\n    any: [{key: b.pub}]\n",
        "\
error: the rule has both `key` and `any`
 --> fullsend.yaml:5:10
  |
4 |     key: a.pub
  |          ----- `key` stands here
5 |     any: [{key: b.pub}]
  |          ^
  |
  = help: to accept either, write `any: [{key: …}, {keyless: …}]`; to demand both, `all: […]`",
    );
}

#[test]
fn all_errors_are_found_in_one_pass() {
    let error = error(
        "version: 1\nruntime: dokcer\nimage: ghcr.io/a/b\nagents:\n  triage: {cpus: 0, memory: 1, pids: 0, grace: 5}\n",
    );
    assert_eq!(error.diagnostics().len(), 6);
    assert!(error.to_string().starts_with("fullsend.yaml:2:10: "));
    assert!(error.to_string().ends_with("(and 5 more)"));
    assert!(error.diagnostics().iter().all(|d| d.hint().is_some()));
}

#[test]
fn at_most_twenty_errors_are_shown() {
    let names = "bad name, ".repeat(30);
    let error = error(&format!(
        "version: 1\nagents: {{triage: {{env: [{names}]}}}}"
    ));
    assert_eq!(error.diagnostics().len(), ConfigError::MAX_DIAGNOSTICS);
    assert!(
        error
            .render(false)
            .ends_with("10 more errors are not shown")
    );
}

#[test]
fn a_value_that_may_be_secret_is_never_shown() {
    let error = error("version: 1\nagents: {triage: {env: [\"TOKEN=hunter2é\", B C]}}");
    let shown = format!("{} {error} {error:?}", error.render(true));
    assert!(
        shown.contains("TOKEN=***") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn terminals_are_not_steered() {
    for text in [
        "version: 1\nimage: \"\\e[31mred:1\"",
        "version: 1\n\"\\e[2J\": 1",
        "version: 1\nimage: \u{1b}[31mred:1",
        "version: 1\nruntime: \u{202e}reversed",
    ] {
        let error = error(text);
        let shown = format!("{} {error}", error.render(false));
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    }
}

#[test]
fn shapes_and_syntax_are_named_in_plain_words() {
    for (text, message) in [
        ("", "fullsend.yaml: the file is empty"),
        ("# nothing\n", "fullsend.yaml: the file is empty"),
        ("{}", "fullsend.yaml:1:1: the key `version` is missing"),
        (
            "- 1",
            "fullsend.yaml:1:1: expected a mapping (`key: value`), found a list",
        ),
        (
            "version: 1\nagents: [a]",
            "fullsend.yaml:2:9: expected a mapping",
        ),
        (
            "version: 1\nagents: {triage: {command: claude -p}}",
            "fullsend.yaml:2:28: expected a list",
        ),
        (
            "version: 1\nagents: {triage: {memory: }}",
            "fullsend.yaml:2:25: the key has no value",
        ),
        (
            "version: 1\nagents: {triage: {read_only: yes}}",
            "fullsend.yaml:2:30: expected `true` or `false`",
        ),
        (
            "version: 1\n---\nversion: 1",
            "fullsend.yaml:3:1: the file has more than one YAML document",
        ),
        (
            "version: 1\nimage: !mine a:1",
            "fullsend.yaml:2:14: YAML tags",
        ),
        (
            "version: 1\nagents: {triage: *t}",
            "fullsend.yaml:2:18: no anchor",
        ),
        (
            "version: 1\nagents: {triage: &t {}, fix: {<<: *t}}",
            "fullsend.yaml:2:31: merge keys",
        ),
        (
            "version: 1\nagents:\n\ttriage: {}",
            "fullsend.yaml:3:2: not valid YAML",
        ),
        ("version: 1\nagents: {", "fullsend.yaml:2:9: not valid YAML"),
    ] {
        let shown = error(text).to_string();
        assert!(shown.starts_with(message), "{text}: {shown}");
    }
    let tab = error("version: 1\nagents:\n\ttriage: {}").hint();
    assert_eq!(
        tab.unwrap(),
        "YAML is indented with spaces, never with tabs"
    );
}

#[test]
fn windows_files_are_read() {
    let crlf = EXAMPLE.replace('\n', "\r\n");
    assert_eq!(parse(crlf.as_bytes(), "f"), parse(EXAMPLE.as_bytes(), "f"));
    let marked = format!("\u{feff}{EXAMPLE}");
    assert_eq!(
        parse(marked.as_bytes(), "f"),
        parse(EXAMPLE.as_bytes(), "f")
    );
    let wide: Vec<u8> = "\u{feff}version: 1"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let refused = parse(&wide, "f").unwrap_err();
    assert_eq!(refused.to_string(), "f: the file is UTF-16, not UTF-8");
}

#[test]
fn hostile_files_are_refused_quickly() {
    let latin = parse(b"version: 1\nimage: \xe9\n", "f").unwrap_err();
    assert_eq!(latin.to_string(), "f:2:8: the file is not UTF-8");
    let huge = vec![b'#'; 10 << 20];
    let huge = parse(&huge, "f").unwrap_err();
    assert!(
        huge.to_string().contains("more than the 1048576 allowed"),
        "{huge}"
    );
    // Under a key that takes anything, so that only the budget can stop it.
    let head = "version: 1\nverify:\n  - match: a.b/c\n    any:\n    - attestations:\n        a0: &a0 [x, x]\n";
    let bomb = (1..12).fold(head.to_owned(), |text, n| {
        let below = n - 1;
        text + &format!("        a{n}: &a{n} [*a{below}, *a{below}, *a{below}, *a{below}]\n")
    });
    let refused = parse(bomb.as_bytes(), "f").unwrap_err().to_string();
    assert!(
        refused.contains("once its aliases are expanded"),
        "{refused}"
    );
    let deep = format!(
        "version: 1\nverify: [{{match: a.b/c, any: [{{attestations: {}",
        "[".repeat(100)
    );
    let refused = parse(deep.as_bytes(), "f").unwrap_err().to_string();
    assert!(refused.contains("nested too deeply"), "{refused}");
    for text in [
        "[".repeat(100_000),
        format!("version: 1\nimage: {}", "{a: ".repeat(5_000)),
        format!("version: 1\nverify: {}", "[{any: ".repeat(5_000)),
        "- ".repeat(50_000),
        "? ".repeat(50_000),
        "a: ".repeat(50_000),
        format!("version: 1\nimage: {}", "x".repeat(1_000_000)),
    ] {
        assert!(parse(text.as_bytes(), "f").is_err());
    }
}

#[test]
fn keys_in_a_management_service_are_refused() {
    let kms = error("version: 1\nverify: [{match: a.b/c, key: 'awskms://x'}]").to_string();
    assert!(kms.contains("key management service"), "{kms}");
}

#[test]
fn an_alias_is_blamed_where_it_was_defined() {
    let error = error("version: 1\nagents: {triage: &t {cpus: 0}, review: *t}");
    assert_eq!(error.diagnostics().len(), 1);
    assert!(error.to_string().starts_with("fullsend.yaml:2:28: "));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        if let Err(error) = parse(text.as_bytes(), "f") {
            error.render(true);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = parse(&bytes, "f") {
            error.render(false);
        }
        if let Err(error) = DenyList::parse(&bytes, "f") {
            error.render(false);
        }
    }

    #[test]
    fn no_damage_to_a_good_file_panics(at in 0..EXAMPLE.len(), with in "[-\\[\\]{}:,&*!|>'\"#%@`\t\r\n é0a]{0,3}") {
        let mut damaged = EXAMPLE.to_owned();
        damaged.replace_range(at..=at, &with);
        if let Err(error) = parse(damaged.as_bytes(), "f") {
            let shown = error.render(false);
            prop_assert!(shown.contains("error: "), "{}", shown);
        }
    }
}

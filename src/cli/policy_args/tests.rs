//! The rule that options make, and the one that they amend.

use clap::Parser;

use super::*;
use crate::config::Claims;

#[derive(Parser)]
struct Probe {
    #[command(flatten)]
    policy: PolicyArgs,
}

fn args(line: &str) -> PolicyArgs {
    Probe::try_parse_from(format!("probe {line}").split_whitespace())
        .unwrap_or_else(|error| panic!("{error}"))
        .policy
}

fn rule(line: &str) -> Rule {
    args(line).rule(Path::new("/work")).unwrap().unwrap()
}

fn keyless(line: &str) -> KeylessRequirement {
    match rule(line).requirement {
        Requirement::Keyless(keyless) => keyless,
        other => panic!("{other:?}"),
    }
}

/// The message and the mend of a usage error.
fn refused(line: &str) -> (String, String) {
    match args(line).rule(Path::new("")) {
        Ok(rule) => panic!("{line}: {rule:?}"),
        Err(error) => (error.to_string(), error.hint().unwrap_or_default()),
    }
}

fn claims(repository: &str) -> Claims {
    Claims {
        source_repository: Some(repository.to_owned()),
        ..Claims::default()
    }
}

#[test]
fn a_forge_is_told_by_its_host_or_its_issuer() {
    for (options, issuer, host) in [
        (
            "",
            "https://token.actions.githubusercontent.com",
            "github.com",
        ),
        (
            "--forge-host ghes.example",
            "https://ghes.example/_services/token",
            "ghes.example",
        ),
        (
            "--forge-host acme.ghe.com",
            "https://token.actions.acme.ghe.com",
            "acme.ghe.com",
        ),
        (
            "--certificate-oidc-issuer https://ghes.example/_services/token",
            "https://ghes.example/_services/token",
            "ghes.example",
        ),
        (
            "--certificate-oidc-issuer https://id.example --forge-host ghes.example",
            "https://id.example",
            "ghes.example",
        ),
    ] {
        let keyless = keyless(&format!("--github-repository a/b {options}"));
        let subject = format!("https://{host}/a/b/.github/workflows/c.yml@refs/heads/main");
        let own = keyless.accepts(issuer, &subject, &claims("a/b"));
        assert_eq!(own, Ok(()), "{options}");
        // As in the file: a reusable workflow called from elsewhere is not meant.
        assert!(
            keyless
                .accepts(issuer, &subject, &claims("evil/b"))
                .is_err()
        );
    }
    let gitlab = keyless("--gitlab-project a/b --forge-host git.example");
    let subject = "https://git.example/a/b//.gitlab-ci.yml@refs/heads/main";
    assert_eq!(
        gitlab.accepts("https://git.example", subject, &Claims::default()),
        Ok(())
    );
}

#[test]
fn options_that_name_nobody_are_refused() {
    let (message, hint) =
        refused("--github-repository a/b --certificate-oidc-issuer https://ghes.example");
    assert_eq!(message, "the issuer does not tell the forge's host");
    assert!(hint.contains("--forge-host"), "{hint}");
    let (message, _) = refused(
        "--github-repository a/b --forge-host ghes.example \
         --certificate-oidc-issuer https://token.actions.githubusercontent.com",
    );
    assert_eq!(
        message,
        "the issuer vouches for github.com, not for `ghes.example`"
    );
    for (line, expected) in [
        (
            "--forge-host ghes.example",
            "a forge's host names no signer",
        ),
        (
            "--certificate-oidc-issuer https://a.b",
            "an issuer alone would accept everybody who has an account there",
        ),
        (
            "--certificate-identity me@a.b",
            "an identity means nothing without the one who vouches for it",
        ),
        (
            "--certificate-identity me@a.b --certificate-oidc-issuer https://a.b --forge-host a.b",
            "--forge-host has no meaning beside --certificate-identity",
        ),
        (
            "--github-repository ab",
            "--github-repository: `ab` is not a repository: a repository of GitHub is written `OWNER/NAME`",
        ),
    ] {
        assert_eq!(refused(line).0, expected, "{line}");
    }
    for line in [
        "--key a --forge-host b.c",
        "--forge-host https://a.b",
        "--trusted-root git-hub",
        "--attestation-type provenance",
        "--signature-repository sigs",
    ] {
        let parsed = Probe::try_parse_from(format!("probe {line}").split_whitespace());
        assert!(parsed.is_err(), "{line}");
    }
}

#[test]
fn attestations_and_the_signatures_place_amend_any_rule() {
    let options = "--attestation-type slsaprovenance --attestation-type https://a.b/c \
                   --signature-repository a.b/sigs";
    let with_signer = rule(&format!("--key a.pub {options}"));
    assert_eq!(with_signer.attestations.len(), 2);
    assert!(
        with_signer.attestations[1]
            .predicate_type
            .accepts("https://a.b/c")
    );
    assert_eq!(
        with_signer
            .signature_repository
            .as_ref()
            .unwrap()
            .to_string(),
        "a.b/sigs"
    );
    let alone = args(options);
    assert!(alone.rule(Path::new("")).unwrap().is_none());
    let written = rule("--key b.pub");
    let amended = alone.amend(vec![written.clone()]).remove(0);
    assert_eq!(amended.requirement, written.requirement);
    assert_eq!(amended.attestations, with_signer.attestations);
    assert_eq!(
        amended.signature_repository,
        with_signer.signature_repository
    );
    assert_eq!(args("").amend(vec![written.clone()]), [written]);
}

#[test]
fn paths_start_at_the_folder_and_names_do_not() {
    let Requirement::Key(key) = rule("--key a.pub").requirement else {
        panic!("no key");
    };
    assert_eq!(key.source, KeySource::File("/work/a.pub".into()));
    let root = |line: &str| args(line).trusted_root(Path::new("/work"));
    assert_eq!(root(""), RootSource::PublicGood);
    assert_eq!(root("--trusted-root github"), RootSource::GitHub);
    assert_eq!(
        root("--trusted-root r.json"),
        RootSource::File("/work/r.json".into())
    );
}

#[test]
fn careless_expressions_are_warned_of() {
    let careless = rule(
        r"--certificate-identity-regexp https://github\.com/acme/app --certificate-oidc-issuer https://a.b",
    );
    let warnings = careless.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("https://github.com/acme/app-evil/"),
        "{warnings:?}"
    );
}

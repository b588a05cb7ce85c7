//! Namespaces of agents, and policies about their images.

use std::path::Path;

use fullsend::{model::files::NoFiles, validate};

use super::{Case, cases, write};
use crate::support::tools;

const KEYLESS: &str = "\
version: 1
verify:
  - match: ghcr.io/fullsend-ai/**
    keyless:
      issuer: https://token.actions.githubusercontent.com
      repository: fullsend-ai/fullsend
      workflow: .github/workflows/release.yml
      ref: refs/tags/v*
agents:
  triage: {cpus: 1.0, memory: 2GiB}
  code: {cpus: 2.5, memory: 8GiB}
";

const MANY: &str = "\
version: 1
verify:
  - match: registry.example.com:5000/agents/*
    any:
      - key: \"keys/it's new.pub\"
        insecure_ignore_tlog: true
      - key: env://OLD_KEY
  - match: docker.io/acme/sandbox
    all:
      - keyless: {issuer: 'https://gitlab.example.com', gitlab_project: acme/agents/sandbox, ref: refs/tags/*}
      - keyless: {issuer: 'https://accounts.google.com', identity: \"release@acme.example\"}
    signature_repository: registry.example.com/signatures
  - match: ghcr.io/acme/**
    keyless:
      issuer: https://token.actions.githubusercontent.com
      identity_regexp: https://github\\.com/acme/[a-z]+/\\.github/workflows/build\\.yml@refs/heads/main
";

const COUNTED: &str = "\
version: 1
verify:
  - match: ghcr.io/acme/**
    threshold:
      count: 2
      of:
        - key: a.pub
        - key: b.pub
        - keyless: {issuer: 'https://accounts.google.com', identity: release@acme.example}
  - match: ghcr.io/other/*
    keyless:
      issuer: https://token.actions.githubusercontent.com
      repository: acme/app
      workflow: .github/workflows/release.yml
      ref: refs/heads/main
      source_repository: acme/other
      source_ref: refs/heads/main
      trigger: push
";

const fn policies(name: &'static str, config: &'static str, set: &'static [&'static str]) -> Case {
    Case {
        kind: "kubernetes-policies",
        name,
        config,
        set,
    }
}

pub(super) const CASES: &[Case] = &[
    policies("plain", "version: 1\n", &[]),
    policies(
        "every-engine",
        KEYLESS,
        &[
            "engines=kyverno,kyverno-cluster-policy,policy-controller",
            "runtime-class=gvisor",
        ],
    ),
    policies(
        "legacy",
        KEYLESS,
        &[
            "engines=kyverno-cluster-policy,policy-controller",
            "signature-format=legacy",
            "namespace=a-0",
            "pod-security=baseline",
            "pods=1",
            "egress=203.0.113.0/24,2001:db8::/32",
            "ports=443,8443",
            "runtime-class=kata",
        ],
    ),
    policies(
        "many-signers",
        MANY,
        &["engines=kyverno,kyverno-cluster-policy,policy-controller"],
    ),
    policies(
        "counted",
        COUNTED,
        &["engines=kyverno,kyverno-cluster-policy"],
    ),
];

#[test]
fn kubernetes_and_its_policy_engines_have_nothing_to_say() {
    let folder = tempfile::tempdir().unwrap();
    for case in cases().filter(|case| case.kind == "kubernetes-policies") {
        let mut paths = Vec::new();
        for file in case.files() {
            let path = folder.path().join(case.name_of(&file));
            write(&path, &file.text);
            let name = file.path.to_string_lossy().into_owned();
            if name.contains("polic") {
                assert_eq!(tools::kyverno_schema(&path), "", "{}", file.text);
            }
            paths.push(path);
        }
        assert_eq!(tools::kubernetes_validate(&paths), "", "{}", case.name);
    }
}

#[test]
fn our_own_rules_have_nothing_to_say() {
    let own = ["kubernetes-policies", "openshell-policy"];
    for case in cases().filter(|case| own.contains(&case.kind)) {
        for file in case.files() {
            let checked = validate::check(&file.path, file.text.as_bytes(), None, &NoFiles);
            assert!(
                checked.kind.is_some(),
                "{} is of no kind",
                case.name_of(&file)
            );
            assert!(
                checked.problems.is_empty(),
                "{}: {:#?}",
                case.name_of(&file),
                checked.problems
            );
            assert!(Path::new(&file.path).is_relative());
        }
    }
}

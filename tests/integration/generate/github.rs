//! GitHub's workflows.

use std::path::PathBuf;

use super::{ACTION, Case, cases, write};
use crate::support::tools;

const PLAIN: &str = "version: 1\n";

const AGENTS: &str = "\
version: 1
image: ghcr.io/acme/agent:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
agents:
  triage: {env: [GH_TOKEN, ANTHROPIC_API_KEY, \"HTTPS_PROXY?\"]}
  review: {timeout: 90s, env: [GITHUB_TOKEN, ANTHROPIC_API_KEY]}
  code: {timeout: 1h30m}
  9_lives: {}
";

const fn workflow(name: &'static str, config: &'static str, set: &'static [&'static str]) -> Case {
    Case {
        kind: "github-workflow",
        name,
        config,
        set,
    }
}

const fn pipeline(name: &'static str, set: &'static [&'static str]) -> Case {
    Case {
        kind: "github-image-pipeline",
        name,
        config: AGENTS,
        set,
    }
}

pub(super) const CASES: &[Case] = &[
    workflow("default", PLAIN, &[ACTION]),
    workflow(
        "secrets",
        AGENTS,
        &[ACTION, "vars=MODEL", "environment=agents"],
    ),
    workflow("review", AGENTS, &[ACTION, "agent=review", "cancel=true"]),
    workflow("code", AGENTS, &[ACTION, "agent=code", "outcome-job=false"]),
    workflow("fix", AGENTS, &[ACTION, "agent=fix", "launch-minutes=3"]),
    workflow(
        "strangers-pull-requests",
        AGENTS,
        &[
            ACTION,
            "agent=review",
            "events=pull_request_target,issue_comment",
            "checkout=head",
            "trust=OWNER,MEMBER,COLLABORATOR,CONTRIBUTOR,NONE",
        ],
    ),
    workflow(
        "label",
        AGENTS,
        &[
            ACTION,
            "agent=review",
            "events=issues,pull_request_target",
            "label=ready for 'review'",
        ],
    ),
    workflow(
        "called",
        AGENTS,
        &[
            ACTION,
            "events=workflow_call",
            "checkout=none",
            "secrets=ANTHROPIC_API_KEY,GH_TOKEN",
        ],
    ),
    workflow(
        "schedule",
        AGENTS,
        &[
            ACTION,
            "agent=9_lives",
            "events=schedule",
            "cron=*/30  8-18 * * MON-FRI",
            "permissions=contents:read,id-token:write",
        ],
    ),
    workflow(
        "everything",
        AGENTS,
        &[
            ACTION,
            "events=issues,issue_comment,pull_request,pull_request_target,workflow_dispatch,\
             schedule,workflow_call",
            "runner=self-hosted,linux,x64",
            "command=@bot please, it's \"urgent\" # now",
            "login=acme-agent",
            "config=ci/full send.yaml",
        ],
    ),
    workflow("any-comment", AGENTS, &[ACTION, "command=any"]),
    pipeline("default", &[ACTION]),
    pipeline(
        "other-registry",
        &[
            ACTION,
            "image=registry.example.com:5000/agents/triage",
            "context=images/triage/",
            "branch=trunk",
            "version-command=agent --version",
            "environment=publish: now",
        ],
    ),
    pipeline(
        "emulated",
        &[
            ACTION,
            "runner-arm64=emulate",
            "code-scanning=true",
            "severity=critical",
        ],
    ),
    pipeline(
        "one-platform",
        &[
            ACTION,
            "platforms=amd64",
            "dockerfile=images/Dockerfile.agent",
            "environment=",
        ],
    ),
];

#[test]
fn github_and_its_linters_have_nothing_to_say() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths: Vec<PathBuf> = Vec::new();
    for case in cases().filter(|case| case.kind.starts_with("github-")) {
        for file in case.files() {
            let name = format!(".github/workflows/{}-{}.yml", case.kind, case.name);
            let path = folder.path().join(name);
            write(&path, &file.text);
            paths.push(path);
        }
    }
    assert_eq!(paths.len(), CASES.len());
    assert_eq!(tools::actionlint(&paths), "");
    assert_eq!(tools::check_jsonschema("github-workflows", &paths), "");
    assert_eq!(tools::zizmor(&paths), "");
}

//! Policies of agents' sandboxes.

use super::Case;

const CONFIG: &str = "\
version: 1
agents:
  code: {timeout: 30m}
  9_lives: {}
";

const fn policy(name: &'static str, set: &'static [&'static str]) -> Case {
    Case {
        kind: "openshell-policy",
        name,
        config: CONFIG,
        set,
    }
}

pub(super) const CASES: &[Case] = &[
    policy("default", &[]),
    policy(
        "older",
        &["openshell=0.0", "agent=review", "landlock=best_effort"],
    ),
    policy(
        "one-repository",
        &[
            "agent=code",
            "intents=github-read,github-graphql,git-clone,git-push,anthropic,host-api",
            "repositories=acme/app, acme/lib.rs",
            "host-api-port=9000",
        ],
    ),
    policy(
        "everything",
        &[
            "intents=github-read,github-graphql,github-write,git-clone,git-push,pypi,npm,anthropic,\
             openai,google,host-api",
            "programs=/opt/agent/bin/agent: x # y",
            "read-only=/opt/it's \"here\"",
            "read-write=/cache",
        ],
    ),
    policy("nothing", &["agent=9_lives"]),
];

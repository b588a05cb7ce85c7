//! Renovate's configuration of a repository, and the presets of a fleet.

use fullsend::{
    config,
    generate::{self, Pins, renovate::presets},
    model::files::NoFiles,
};

use super::{Case, is_as_checked_in};

const HELD: &str = "\
version: 1
image: docker.io/acme/agent:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
hold: {version: 1.2.3, reason: 1.3 is \\\"slow\\\", until: 2030-01-31}
";

const fn case(name: &'static str, config: &'static str, set: &'static [&'static str]) -> Case {
    Case {
        kind: "renovate",
        name,
        config,
        set,
    }
}

pub(super) const CASES: &[Case] = &[
    case("default", "version: 1\n", &[]),
    case(
        "everything",
        HELD,
        &[
            "presets=local>platform/fullsend//renovate#v1.4.0",
            "fleet=github>acme/fleet//renovate",
            "ring=early",
            "automerge=true",
        ],
    ),
];

const FLEETS: &[(&str, &str)] = &[
    ("github-fleet", "{kind: github, owner: acme}"),
    (
        "gitlab-fleet",
        "{kind: gitlab, group: acme, url: 'https://gitlab.example.com', component_source: platform/fullsend}",
    ),
];

const FLEET: &str = "\
version: 1
forge: FORGE
action: fullsend-ai/sandbox@0123456789abcdef0123456789abcdef01234567 # v1.4.0
image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
approved:
  - action: fullsend-ai/sandbox@1123456789abcdef0123456789abcdef01234567 # v1.3.0
    image: ghcr.io/fullsend-ai/agent-sandbox:1.3.0@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
  - action: fullsend-ai/sandbox@2123456789abcdef0123456789abcdef01234567 # v1.2.0
    image: ghcr.io/fullsend-ai/agent-sandbox:1.2.4@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
rings:
  canary: {repositories: [sandbox-a]}
  stable: {version: 1.2.4}
deny:
  - {version: 1.3.0, reason: It leaks., replacement: '1.2.4@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc'}
  - {version: 1.1.0, reason: It is too old.}
";

#[test]
fn every_fleet_is_as_checked_in() {
    for (name, forge) in FLEETS {
        let text = FLEET.replace("FORGE", forge);
        let fleet = config::parse_fleet(text.as_bytes(), "fleet.yaml").unwrap();
        let drafts = presets(&fleet).unwrap();
        for file in generate::settle(drafts, &NoFiles, Pins::Kept).unwrap() {
            let path = format!("renovate/{name}/{}", file.path.display());
            assert!(
                is_as_checked_in(&path, &file.text),
                "{path}: run with UPDATE_GENERATED=1"
            );
        }
    }
}

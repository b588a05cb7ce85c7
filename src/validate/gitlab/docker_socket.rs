//! Jobs that speak to the host's Docker.

use std::collections::HashSet;

use super::Pipeline;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-docker-socket",
        summary: "A job uses the Docker socket of its host",
        help: "Use a rootless builder, or a runner of the shell executor with rootless Podman of its own user.",
        severity: Severity::Warning,
        page: "docs/rules/gitlab-docker-socket.md",
    },
    why: "Who reaches the socket is root on the runner's host, and sees the containers and the \
          secrets of every other job there.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "build:\n  variables: {DOCKER_HOST: \"unix:///var/run/docker.sock\"}\n  script: [docker build .]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "build:\n  script:\n    - docker run -v /var/run/docker.sock:/var/run/docker.sock builder\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "build:\n  variables: {DOCKER_HOST: \"unix:///run/user/1000/podman/podman.sock\"}\n  script: [docker build .]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let mut seen = HashSet::new();
    for holder in pipeline.holders() {
        let variables = Pipeline::texts_of(&holder, &["variables"]);
        for found in Pipeline::script_of(&holder).into_iter().chain(variables) {
            let Some(offset) = found.value.find("/var/run/docker.sock") else {
                continue;
            };
            if seen.insert(found.at.start) {
                let at = pipeline.within(&found, offset.."/var/run/docker.sock".len() + offset);
                report.at(
                    &RULE,
                    at,
                    "the socket of the host's Docker makes the job root there",
                );
            }
        }
    }
}

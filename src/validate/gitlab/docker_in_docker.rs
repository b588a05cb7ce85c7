//! Docker inside the job.

use super::{Pipeline, fault::brief, image};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-docker-in-docker",
        summary: "Docker runs inside the job",
        help: "Build with a rootless builder (buildah, BuildKit), or launch from a shell executor with rootless Podman.",
        severity: Severity::Warning,
        page: "docs/rules/gitlab-docker-in-docker.md",
    },
    why: "The service `docker:dind` needs a privileged runner: every job of that runner, this \
          one's scripts and whatever an agent is told to do among them, is root on the runner's \
          host.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "build:\n  services: [docker:28-dind]\n  script: [docker build .]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "build:\n  script: [buildah build .]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    for found in image::all(pipeline).filter(|found| found.is_service) {
        let name = &found.reference.written;
        let last = name.rsplit('/').next().unwrap_or_default();
        let last = last.split('@').next().unwrap_or_default();
        let is_daemon = last.starts_with("docker:") && last.contains("dind");
        if is_daemon {
            let message = format!("`{}` needs a privileged runner", brief(name));
            report.at(&RULE, found.reference.span.bytes(), message);
        }
    }
}

//! Sockets of container runtimes.

use super::{
    RunnerConfig,
    view::{Containers, Text, shown},
};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-runtime-socket",
        summary: "Jobs get the socket of the container runtime",
        help: "Take the socket away. For building images use BuildKit or Podman without root; for \
          an agent, an executor that starts the sandbox itself.",
        severity: Severity::Error,
        page: "docs/rules/runner-runtime-socket.md",
    },
    why: "Whoever reaches the socket starts a container with the host's disk in it: every job \
          is root on the host, and so is every text that an agent believes.",
    bad: &[
        Example {
            path: "config.toml",
            text: docker![r#"volumes = ["/var/run/docker.sock:/var/run/docker.sock", "/cache"]"#],
        },
        Example {
            path: "config.toml",
            text: kubernetes![
                "[[runners.kubernetes.volumes.host_path]]",
                r#"  name = "docker""#,
                r#"  mount_path = "/var/run/docker.sock""#
            ],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: docker![r#"volumes = ["/cache"]"#],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for runner in &config.runners {
        let disposable = runner.is_disposable();
        for containers in runner.containers() {
            for (text, host) in host_paths(containers) {
                if !is_socket(host) {
                    continue;
                }
                let message = format!("`{}` makes every job root on the host", shown(host));
                let problem = config.at(report, &RULE, text.at, message);
                // The host is the job's own, and gone after it.
                if disposable {
                    problem.severity(Severity::Warning);
                }
            }
        }
    }
}

/// What of the host its containers see: the text that says so, and the host's path in it.
pub(super) fn host_paths(containers: Containers<'_>) -> Vec<(Text<'_>, &str)> {
    let section = containers.section;
    if containers.kind == "docker" {
        let volumes = section.texts("volumes");
        let paths = volumes.filter_map(|text| {
            let host = text.value.split_once(':')?.0;
            Some((text, host))
        });
        return paths.filter(|(_, host)| host.starts_with('/')).collect();
    }
    let volumes = section.section("volumes").into_iter();
    let volumes = volumes.flat_map(|volumes| volumes.sections("host_path"));
    let paths = volumes.filter_map(|volume| {
        // Where the host's path is not named, it is the one inside.
        let named = volume
            .text("host_path")
            .filter(|text| !text.value.is_empty());
        let text = named.or_else(|| volume.text("mount_path"))?;
        let host = text.value;
        Some((text, host))
    });
    paths.collect()
}

pub(super) fn is_socket(path: &str) -> bool {
    let name = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path);
    let sockets = [
        "docker.sock",
        "podman.sock",
        "containerd.sock",
        "crio.sock",
        "buildkitd.sock",
    ];
    sockets.contains(&name)
}

//! Folders of the host.

use super::{
    RunnerConfig,
    runtime_socket::{host_paths, is_socket},
    view::shown,
};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-host-path",
        summary: "Jobs see a part of the host that is not theirs",
        help: "Mount a folder of the jobs' own, read-only where that is enough.",
        severity: Severity::Warning,
        page: "docs/rules/runner-host-path.md",
    },
    why: "From the host's `/etc`, `/proc`, `/root` or the folders of its container runtime a \
          job reads other jobs' secrets and the runner's token, and can change what runs next.",
    bad: &[Example {
        path: "config.toml",
        text: docker![r#"volumes = ["/etc:/host/etc:ro", "/cache"]"#],
    }],
    good: &[Example {
        path: "config.toml",
        text: docker![r#"volumes = ["/srv/models:/models:ro", "/cache"]"#],
    }],
    check: Check::Runner(check),
};

/// Folders of the host that hold more than a job should know.
const FOLDERS: &[&str] = &[
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/run",
];

/// Files and folders below them that are mounted for good reasons.
const HARMLESS: &[&str] = &[
    "/dev/fuse",
    "/dev/kvm",
    "/dev/shm",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/resolv.conf",
    "/etc/ssl/certs",
    "/etc/timezone",
    "/sys/fs/cgroup",
    "/usr/local/share/ca-certificates",
    "/usr/share",
];

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers() {
        for (text, host) in host_paths(containers) {
            let path = host.trim_end_matches('/');
            let root = path.is_empty();
            let exact = FOLDERS.contains(&path);
            let secret = path.starts_with("/etc/gitlab-runner") || path.contains("/.ssh");
            if is_socket(host) || HARMLESS.contains(&path) || !(root || exact || secret) {
                continue;
            }
            let message = format!("every job sees the host's `{}`", shown(host));
            config.at(report, &RULE, text.at, message);
        }
    }
}

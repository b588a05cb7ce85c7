//! Filters of the runtime.

use super::RunnerConfig;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-unconfined",
        summary: "Jobs run without a filter that the runtime puts around them",
        help: "Leave `security_opt` out, or name a profile that allows what the job needs.",
        severity: Severity::Warning,
        page: "docs/rules/runner-unconfined.md",
    },
    why: "Seccomp, AppArmor and SELinux keep a container from most of the kernel; a job \
          without them needs one fault in the kernel to be root on the host.",
    bad: &[Example {
        path: "config.toml",
        text: docker![r#"security_opt = ["seccomp=unconfined"]"#],
    }],
    good: &[Example {
        path: "config.toml",
        text: docker![r#"security_opt = ["no-new-privileges:true"]"#],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers() {
        for key in ["security_opt", "services_security_opt"] {
            for text in containers.section.texts(key) {
                let plain = text.value.to_ascii_lowercase().replace('=', ":");
                let off =
                    plain.ends_with(":unconfined") || matches!(plain.as_str(), "label:disable");
                if off {
                    let message = format!("`{}` takes a filter away from every job", text.shown());
                    config.at(report, &RULE, text.at, message);
                }
            }
        }
    }
}

//! Feature flags.

use super::{RunnerConfig, view::shown};
use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-feature-flag",
        summary: "A feature flag that GitLab runner does not have",
        help: "Write the flag that was meant, or take it away.",
        severity: Severity::Warning,
        page: "docs/rules/runner-feature-flag.md",
    },
    why: "The runner ignores a flag that it does not know, so that what was to be switched \
          stays as it was.",
    bad: &[Example {
        path: "config.toml",
        text: runner!["[runners.feature_flags]", "  FF_NETWORK_PER_BUIDL = true"],
    }],
    good: &[Example {
        path: "config.toml",
        text: runner!["[runners.feature_flags]", "  FF_NETWORK_PER_BUILD = true"],
    }],
    check: Check::Runner(check),
};

/// The flags of GitLab runner 19.4.
const FLAGS: &[&str] = &[
    "FF_CLEAN_UP_FAILED_CACHE_EXTRACT",
    "FF_CONCRETE",
    "FF_DISABLE_AUTOMATIC_TOKEN_ROTATION",
    "FF_DISABLE_POWERSHELL_STDIN",
    "FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR",
    "FF_DISABLE_UMASK_FOR_KUBERNETES_EXECUTOR",
    "FF_ENABLE_BASH_EXIT_CODE_CHECK",
    "FF_ENABLE_JOB_CLEANUP",
    "FF_ENABLE_JOB_INPUTS_INTERPOLATION",
    "FF_EXPORT_HIGH_CARDINALITY_METRICS",
    "FF_GIT_URLS_WITHOUT_TOKENS",
    "FF_HASH_CACHE_KEYS",
    "FF_KUBERNETES_HONOR_ENTRYPOINT",
    "FF_LOG_IMAGES_CONFIGURED_FOR_JOB",
    "FF_MASK_ALL_DEFAULT_TOKENS",
    "FF_NETWORK_PER_BUILD",
    "FF_POSIXLY_CORRECT_ESCAPES",
    "FF_PRINT_POD_EVENTS",
    "FF_RESOLVE_FULL_TLS_CHAIN",
    "FF_SCRIPT_SECTIONS",
    "FF_SCRIPT_TO_STEP_MIGRATION",
    "FF_SECRET_RESOLVING_FAILS_IF_MISSING",
    "FF_SUSPENDABLE_ENVIRONMENTS",
    "FF_TIMESTAMPS",
    "FF_USE_ADAPTIVE_REQUEST_CONCURRENCY",
    "FF_USE_ADVANCED_POD_SPEC_CONFIGURATION",
    "FF_USE_DIRECT_DOWNLOAD",
    "FF_USE_DOCKER_AUTOSCALER_DIAL_STDIO",
    "FF_USE_DUMB_INIT_WITH_KUBERNETES_EXECUTOR",
    "FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL",
    "FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY",
    "FF_USE_FASTZIP",
    "FF_USE_FLEETING_ACQUIRE_HEARTBEATS",
    "FF_USE_GITALY_CORRELATION_ID",
    "FF_USE_GIT_BUNDLE_URIS",
    "FF_USE_GIT_NATIVE_CLONE",
    "FF_USE_GIT_PROACTIVE_AUTH",
    "FF_USE_INIT_WITH_DOCKER_EXECUTOR",
    "FF_USE_JOB_ROUTER",
    "FF_USE_LEGACY_BASH_EVAL",
    "FF_USE_LEGACY_GCS_CACHE_ADAPTER",
    "FF_USE_LEGACY_KUBERNETES_EXECUTION_STRATEGY",
    "FF_USE_LEGACY_S3_CACHE_ADAPTER",
    "FF_USE_NATIVE_CONTAINER_STOP",
    "FF_USE_PARALLEL_ARTIFACT_TRANSFER",
    "FF_USE_PARALLEL_CACHE_TRANSFER",
    "FF_USE_POD_ACTIVE_DEADLINE_SECONDS",
    "FF_USE_POWERSHELL_PATH_RESOLVER",
    "FF_USE_WINDOWS_JOB_OBJECT",
    "FF_USE_WINDOWS_LEGACY_PROCESS_STRATEGY",
    "FF_WAIT_FOR_POD_TO_BE_REACHABLE",
];

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for runner in &config.runners {
        let flags = runner.section.section("feature_flags");
        for entry in flags
            .iter()
            .flat_map(|flags| flags.0.entries())
            .take(MAX_FLAGS)
        {
            if FLAGS.contains(&entry.key.as_str()) {
                continue;
            }
            let message = format!("there is no feature flag `{}`", shown(&entry.key));
            let problem = config.at(report, &RULE, entry.key_at.clone(), message);
            match suggest(&entry.key, FLAGS.iter().copied())
                .filter(|near| is_near(near, &entry.key))
            {
                Some(near) => problem.help(format!("Did you mean `{near}`?")),
                None => problem
                    .severity(Severity::Note)
                    .help("GitLab runner 19.4 does not have it: it is newer, or gone."),
            };
        }
    }
}

/// A third of a long name is another flag and no slip.
fn is_near(known: &str, written: &str) -> bool {
    known.len().abs_diff(written.len()) <= 2
}

/// More than there are flags by far.
const MAX_FLAGS: usize = 200;

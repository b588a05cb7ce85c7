//! The values that keywords of GitLab CI share, and the words that stand for them.

use super::shape::{One, Shape, Words};

pub(super) const ANYTHING: Shape = Shape {
    one: None,
    list: None,
    mapping: None,
};
pub(super) static ANY: Shape = ANYTHING;
pub(super) static TEXT: Shape = Shape::one(One::Text);
pub(super) static BOOL: Shape = Shape::one(One::Bool);
pub(super) static SCALAR: Shape = Shape::one(One::Scalar);
pub(super) static DURATION: Shape = Shape::one(One::Duration);
pub(super) static TEXTS: Shape = Shape::list(&TEXT);
pub(super) static TEXT_OR_TEXTS: Shape = Shape::one(One::Text).or_list(&TEXT);
/// Lists in lists are what anchors and `!reference` make of them, and GitLab flattens them.
pub(super) static NESTED_TEXTS: Shape = Shape::list(&NESTED_TEXT);
pub(super) static NESTED_TEXT: Shape = Shape::one(One::Text).or_list(&NESTED_TEXT);
pub(super) static SCALARS: Shape = Shape::list(&SCALAR);
pub(super) static INTEGER: Shape = Shape::one(One::Integer(i64::MIN, i64::MAX));
pub(super) static TEXT_OR_NUMBER: Shape = SCALAR;

/// A mapping of known keys.
macro_rules! keys {
    ($name:ident, $of:literal, [$(($key:literal, $shape:expr)),* $(,)?]
        $(, needs [$($needed:expr),*])? $(, gone [$($gone:expr),*])?) => {
        static $name: Mapping = Mapping::Known(&Keys {
            of: $of,
            known: &[$(($key, &$shape)),*],
            needed: &[$($(&$needed),*)?],
            gone: &[$($($gone),*)?],
        });
    };
}
pub(super) use keys;

macro_rules! words {
    ($name:ident, $($word:literal),+ $(; $option:ident)*) => {
        pub(super) static $name: Shape = Shape::one(One::Word(&Words {
            known: &[$($word),+],
            grows: words!(@has grows $($option)*),
            variable: words!(@has variable $($option)*),
        }));
    };
    (@has grows grows) => { true };
    (@has variable variable) => { true };
    (@has $wanted:ident $($other:ident)*) => { false };
}

words!(
    WHEN,
    "on_success",
    "on_failure",
    "always",
    "manual",
    "delayed"
);
words!(
    RULE_WHEN,
    "on_success",
    "on_failure",
    "always",
    "never",
    "manual",
    "delayed"
);
words!(NEVER_OR_ALWAYS, "never", "always");
words!(AFTER, "on_success", "on_failure", "always");
words!(ACCESS, "none", "developer", "maintainer", "all"; grows);
words!(CACHE_POLICY, "pull-push", "pull", "push"; variable);
words!(PULL_POLICY, "always", "never", "if-not-present");
words!(RETRY_WHEN, "always", "unknown_failure", "script_failure", "api_failure",
    "stuck_or_timeout_failure", "stuck_pending_with_matching_runners",
    "stuck_pending_no_matching_runners", "no_updates_running", "no_updates_canceling",
    "runner_system_failure", "runner_configuration_error", "runner_external_dependency_failure",
    "runner_interrupted", "runner_unsupported", "runner_provisioning_timeout", "stale_schedule",
    "job_execution_timeout", "job_execution_server_timeout", "server_timeout_running",
    "server_timeout_canceling", "archived_failure", "unmet_prerequisites", "scheduler_failure",
    "data_integrity_failure"; grows);
words!(ON_JOB_FAILURE, "none", "all"; grows);
words!(ON_NEW_COMMIT, "conservative", "interruptible", "none"; grows);
words!(STRATEGY, "depend", "mirror"; grows);
words!(ACTION, "start", "prepare", "stop", "verify", "access"; variable);
words!(TIER, "production", "staging", "testing", "development", "other"; variable);
words!(LINK, "runbook", "package", "image", "other");
words!(COVERAGE_FORMAT, "cobertura", "jacoco"; grows);
words!(INPUT_TYPE, "string", "number", "boolean", "array"; grows);
words!(COMPONENT_FACT, "name", "sha", "version", "reference"; grows);
words!(IDENTITY, "google_cloud"; grows);
words!(INHERITED, "after_script", "artifacts", "before_script", "cache", "hooks", "id_tokens",
    "identity", "image", "interruptible", "retry", "services", "tags", "timeout"; grows);

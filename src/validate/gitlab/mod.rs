//! GitLab CI: pipelines, what they include, and components.

mod agent_timeout;
mod bad_value;
mod circle;
mod component_moving;
mod condition;
mod docker_in_docker;
mod docker_socket;
mod duplicate_key;
mod extends_cycle;
mod fault;
mod given;
mod image;
mod image_unpinned;
mod image_variable;
mod include;
mod include_missing;
mod include_project;
mod include_remote;
mod input_declaration;
mod input_missing;
mod input_undeclared;
mod input_unknown;
mod input_unused;
mod input_value;
mod inputs;
mod interpolation;
mod job_token_argument;
mod job_without_script;
mod keywords;
mod missing_keyword;
mod nearest;
mod need;
mod need_cycle;
mod need_later_stage;
mod pipeline;
mod reference;
mod reference_cycle;
mod rules_with_only;
mod scalar;
mod secret_variable;
mod shape;
#[cfg(test)]
mod tests;
mod unknown_extends;
mod unknown_keyword;
mod unknown_need;
mod unknown_reference;
mod unknown_stage;
mod vocabulary;
mod world;
mod wrong_type;

pub(super) use pipeline::{Pipeline, looks_like_pipeline};

use super::{Report, Rule, Subject, rule::Check};
use crate::document::yaml::Yaml;

pub(super) static RULES: &[&Rule] = &[
    &unknown_keyword::RULE,
    &wrong_type::RULE,
    &bad_value::RULE,
    &missing_keyword::RULE,
    &duplicate_key::RULE,
    &job_without_script::RULE,
    &unknown_stage::RULE,
    &unknown_need::RULE,
    &need_later_stage::RULE,
    &need_cycle::RULE,
    &unknown_extends::RULE,
    &extends_cycle::RULE,
    &unknown_reference::RULE,
    &reference_cycle::RULE,
    &rules_with_only::RULE,
    &include_missing::RULE,
    &input_undeclared::RULE,
    &input_unused::RULE,
    &input_declaration::RULE,
    &input_unknown::RULE,
    &input_missing::RULE,
    &input_value::RULE,
    &image_unpinned::RULE,
    &image_variable::RULE,
    &docker_in_docker::RULE,
    &docker_socket::RULE,
    &secret_variable::RULE,
    &component_moving::RULE,
    &include_remote::RULE,
    &include_project::RULE,
    &job_token_argument::RULE,
    &agent_timeout::RULE,
];

/// Looks at a file of GitLab CI with every rule.
pub(super) fn check(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let view = Pipeline::of(subject, tree);
    for rule in RULES {
        if let Check::Gitlab(check) = rule.check {
            check(&view, report);
        }
    }
}

//! The rules about workflows.

mod absent_file;
mod absent_need;
mod action_input;
mod bad_id;
mod bad_value;
mod call_input;
mod condition_always_true;
mod cron;
mod dispatch_input;
mod duplicate_key;
mod empty_matrix;
mod event_filter;
mod event_type;
mod expression_not_allowed;
mod expression_syntax;
mod function_arguments;
mod job_shape;
mod merge_key;
pub(super) mod missing_key;
mod needs_cycle;
mod permission;
mod runner_label;
mod step_shape;
mod unavailable_context;
mod unavailable_function;
mod undefined_input;
mod undefined_matrix_key;
mod undefined_need;
mod undefined_property;
mod undefined_step;
mod unknown_context;
mod unknown_event;
mod unknown_function;
mod unknown_key;
mod uses_format;
mod wrong_type;

use crate::validate::Rule;

pub(in crate::validate) static RULES: &[&Rule] = &[
    &unknown_key::RULE,
    &missing_key::RULE,
    &wrong_type::RULE,
    &bad_value::RULE,
    &duplicate_key::RULE,
    &merge_key::RULE,
    &expression_not_allowed::RULE,
    &expression_syntax::RULE,
    &unknown_context::RULE,
    &unavailable_context::RULE,
    &unknown_function::RULE,
    &unavailable_function::RULE,
    &function_arguments::RULE,
    &undefined_step::RULE,
    &undefined_need::RULE,
    &undefined_input::RULE,
    &undefined_matrix_key::RULE,
    &undefined_property::RULE,
    &condition_always_true::RULE,
    &unknown_event::RULE,
    &event_filter::RULE,
    &event_type::RULE,
    &cron::RULE,
    &absent_need::RULE,
    &needs_cycle::RULE,
    &bad_id::RULE,
    &job_shape::RULE,
    &step_shape::RULE,
    &empty_matrix::RULE,
    &permission::RULE,
    &uses_format::RULE,
    &runner_label::RULE,
    &dispatch_input::RULE,
    &call_input::RULE,
    &action_input::RULE,
    &absent_file::RULE,
];

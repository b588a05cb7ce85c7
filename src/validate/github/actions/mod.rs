//! The rules about actions' metadata.

mod bad_id;
mod condition_always_true;
mod duplicate_key;
mod empty_output;
mod expression_not_allowed;
mod expression_syntax;
mod function_arguments;
mod ignored_key;
mod merge_key;
pub(super) mod missing_key;
mod step_shape;
mod unavailable_context;
mod unavailable_function;
mod undefined_input;
mod undefined_property;
mod undefined_step;
mod unknown_context;
mod unknown_function;
mod unknown_key;
mod uses_format;
mod using;
mod wrong_type;

use crate::validate::Rule;

pub(in crate::validate) static RULES: &[&Rule] = &[
    &unknown_key::RULE,
    &ignored_key::RULE,
    &missing_key::RULE,
    &wrong_type::RULE,
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
    &undefined_input::RULE,
    &undefined_property::RULE,
    &condition_always_true::RULE,
    &using::RULE,
    &step_shape::RULE,
    &bad_id::RULE,
    &uses_format::RULE,
    &empty_output::RULE,
];

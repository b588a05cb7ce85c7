//! The risks of workflows and actions: who can make them run what, and with which rights.

/// A workflow that `$on` starts, with the further lines of its one job.
macro_rules! flow {
    ($on:literal $($line:literal)*) => {
        concat!(
            "on: ", $on, "\n",
            "permissions: {}\n",
            "jobs:\n",
            "  work:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            $($line),*
        )
    };
}

/// A composite action, with its further lines.
macro_rules! composite {
    ($($line:literal)*) => {
        concat!(
            "name: Greet\n",
            "description: Greets somebody\n",
            "inputs:\n",
            "  who:\n",
            "    description: Whom to greet\n",
            "    required: true\n",
            "runs:\n",
            "  using: composite\n",
            "  steps:\n",
            $($line),*
        )
    };
}

mod action_injection;
mod action_unpinned_action;
mod action_unpinned_image;
mod agent;
mod agent_privileged;
mod agent_unlimited;
mod agent_unverified;
mod author;
mod code;
mod event_in_env;
mod flow;
mod gate;
mod injection;
mod mend;
mod permissions_broad;
mod permissions_missing;
mod persisted_credentials;
mod pin;
mod secrets_inherit;
mod secrets_without_environment;
mod self_hosted_public;
mod target_checkout;
mod template_injection;
#[cfg(test)]
mod tests;
mod trigger;
mod unpinned_action;
mod unpinned_image;
mod untrusted_trigger;
mod uses;
mod version_skew;

use crate::validate::Rule;

pub(super) use agent::Agents;

/// The rules about workflows, then those about actions.
pub(in crate::validate) static RULES: &[&Rule] = &[
    &template_injection::RULE,
    &target_checkout::RULE,
    &untrusted_trigger::RULE,
    &permissions_missing::RULE,
    &permissions_broad::RULE,
    &unpinned_action::RULE,
    &unpinned_image::RULE,
    &secrets_inherit::RULE,
    &secrets_without_environment::RULE,
    &self_hosted_public::RULE,
    &persisted_credentials::RULE,
    &agent_unverified::RULE,
    &agent_unlimited::RULE,
    &agent_privileged::RULE,
    &event_in_env::RULE,
    &version_skew::RULE,
    &action_injection::RULE,
    &action_unpinned_action::RULE,
    &action_unpinned_image::RULE,
];

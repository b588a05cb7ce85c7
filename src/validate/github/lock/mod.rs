//! GitHub's lock of actions, `.github/workflows/actions.lock`, and the rules about it.

mod local_action;
mod malformed;
mod missing_action;
mod unknown_version;
mod unused_entry;
mod view;

use crate::validate::{Example, Rule};

pub(in crate::validate) use view::Lock;

pub(in crate::validate) static RULES: &[&Rule] = &[
    &unknown_version::RULE,
    &malformed::RULE,
    &missing_action::RULE,
    &unused_entry::RULE,
    &local_action::RULE,
];

/// The workflow that the examples lock.
const BUILD: Example = Example {
    path: ".github/workflows/build.yml",
    text: job!(
        "    steps:\n"
        "      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n"
        "        with: {persist-credentials: false}\n"
        "      - run: make\n"
    ),
};

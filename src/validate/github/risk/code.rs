//! Where a value becomes part of a program.

use super::uses;
use crate::validate::github::{
    place,
    view::{Expression, Step},
};

/// Inputs of actions that are run as programs.
const CODE: &[(&str, &[&str])] = &[
    ("actions/github-script", &["script"]),
    ("addnab/docker-run-action", &["run"]),
    ("amadevus/pwsh-script", &["script"]),
    ("appleboy/ssh-action", &["script"]),
    ("azure/cli", &["inlinescript"]),
    ("azure/powershell", &["inlinescript"]),
    ("cardinalby/js-eval-action", &["expression"]),
    ("cross-platform-actions/action", &["run"]),
    ("devcontainers/ci", &["runcmd"]),
    ("jannekem/run-python-script-action", &["script"]),
    ("mikefarah/yq", &["cmd"]),
    (
        "nick-fields/retry",
        &["command", "new_command_on_retry", "on_retry_command"],
    ),
    ("nick-invision/retry", &["command", "on_retry_command"]),
    (
        "reactivecircus/android-emulator-runner",
        &["script", "pre-emulator-launch-script"],
    ),
    ("uraimo/run-on-arch-action", &["install", "run", "setup"]),
    ("vmactions/freebsd-vm", &["prepare", "run"]),
    ("vmactions/netbsd-vm", &["prepare", "run"]),
    ("vmactions/openbsd-vm", &["prepare", "run"]),
    ("vmactions/solaris-vm", &["prepare", "run"]),
];

/// A place where a value becomes part of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// `run`.
    Run,
    /// An input of an action.
    Input,
}

/// Whether what `expression` of `step` yields is run.
pub(super) fn of(expression: &Expression<'_>, step: &Step<'_>) -> Option<Code> {
    let place = expression.place;
    if *place == place::STEP_RUN || *place == place::ACTION_STEP_RUN {
        return Some(Code::Run);
    }
    if *place != place::STEP_WITH && *place != place::ACTION_STEP_WITH {
        return None;
    }
    let action = uses::name(step.uses.as_ref()?.value);
    let (_, inputs) = CODE.iter().find(|(known, _)| *known == action)?;
    let key = expression.key.to_ascii_lowercase();
    inputs.contains(&key.as_str()).then_some(Code::Input)
}

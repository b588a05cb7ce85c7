//! From options and fullsend.yaml to the image and the policy on it, for every verb that verifies.

use std::{collections::BTreeSet, path::Path};

use super::configuration::Loaded;
use crate::{
    cli::{Context, failure::CliFailure, policy_args::PolicyArgs},
    config::{DenySource, Rule},
    launch::ImageRequest,
    model::image::ImageReference,
    signature::{Policy, TrustStore},
};

/// An image, and the options that say whether it may run.
pub(super) struct ImageOptions<'a> {
    pub(super) image: ImageReference,
    /// Whether the command line itself names the image.
    pub(super) is_named: bool,
    pub(super) policy: &'a PolicyArgs,
    pub(super) deny: Option<&'a DenySource>,
}

/// Puts `options` and what `loaded` says together; relative paths of options start at `here`.
pub(super) fn build(
    options: ImageOptions<'_>,
    loaded: &Loaded,
    here: &Path,
    context: &Context,
) -> Result<ImageRequest, CliFailure> {
    let ImageOptions {
        image,
        is_named,
        policy,
        deny,
    } = options;
    let named = is_named.then_some(&image);
    let is_offline = context.global.offline;
    Ok(ImageRequest {
        registry: context.global.registry_options(named, deny),
        policy: self::policy(policy, deny, is_offline, loaded, here, context)?,
        image,
    })
}

/// The policy of `options`, `deny` and what `loaded` says; offline, no trust is fetched for it.
pub(super) fn policy(
    options: &PolicyArgs,
    deny: Option<&DenySource>,
    is_offline: bool,
    loaded: &Loaded,
    here: &Path,
    context: &Context,
) -> Result<Policy, CliFailure> {
    let rules = rules(options, loaded, here, context)?;
    let without = without_rules(options, deny, is_offline, loaded, here, context)?;
    Ok(Policy { rules, ..without })
}

/// [`policy`] for what only the deny list decides: it accepts nothing.
pub(super) fn without_rules(
    options: &PolicyArgs,
    deny: Option<&DenySource>,
    is_offline: bool,
    loaded: &Loaded,
    here: &Path,
    context: &Context,
) -> Result<Policy, CliFailure> {
    let store = TrustStore::new(&context.environment, is_offline.then(BTreeSet::new));
    Ok(Policy {
        rules: Vec::new(),
        files: loaded.files.clone(),
        trust: options.trust(here, &loaded.files, &store)?,
        store,
        deny: deny
            .map(|deny| from_here(here, deny))
            .or_else(|| loaded.config.deny.clone()),
        deny_unavailable: loaded.config.deny_unavailable,
    })
}

/// The rules of the file, unless options replace them; never none.
fn rules(
    policy: &PolicyArgs,
    loaded: &Loaded,
    here: &Path,
    context: &Context,
) -> Result<Vec<Rule>, CliFailure> {
    let written = &loaded.config.verify;
    let Some(rule) = policy.rule(here)? else {
        if written.is_empty() {
            return Err(CliFailure::usage_with(
                "there is no policy: nothing says whose signature is accepted",
                "add `verify:` to fullsend.yaml, or name a signer with --key, \
                 --github-repository, --gitlab-project or --certificate-identity",
            ));
        }
        return Ok(policy.amend(written.clone()));
    };
    if !written.is_empty() {
        context
            .terminal
            .warn("the policy options replace the rules of fullsend.yaml");
    }
    for warning in rule.warnings() {
        context.terminal.warn(&warning);
    }
    Ok(vec![rule])
}

/// A relative file on the command line starts at the working directory.
fn from_here(here: &Path, source: &DenySource) -> DenySource {
    match source {
        DenySource::File(path) => DenySource::File(here.join(path)),
        other => other.clone(),
    }
}

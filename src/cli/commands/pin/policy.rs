//! What the deny list and the policy on signatures say: where two peers meet.

use async_trait::async_trait;

use super::PinArgs;
use crate::{
    cli::{
        Context,
        commands::{configuration::Loaded, image_request},
        failure::CliFailure,
    },
    config::DenyList,
    model::{chain::chain, image::ImageReference, verdict::Verdict},
    pin::{Judge, Known},
    seam::files,
    signature::{Verifier, Wanted},
};

/// The policy on images, as far as it is asked for.
pub(super) struct Policy {
    verifier: Verifier,
}

impl Policy {
    /// Prepares the policy of `args` and `loaded`; without `--verify` only its deny list counts.
    pub(super) fn new(
        args: &PinArgs,
        loaded: &Loaded,
        context: &Context,
    ) -> Result<Self, CliFailure> {
        let here = files::working_directory()
            .map_err(|error| CliFailure::System("find the working directory", error))?;
        let make = if args.verify {
            image_request::policy
        } else {
            image_request::without_rules
        };
        let deny = args.deny.as_ref();
        let offline = context.global.offline;
        let policy = make(&args.policy, deny, offline, loaded, &here, context)?;
        let options = context.global.registry_options(None, policy.deny.as_ref());
        Ok(Self {
            verifier: Verifier::new(policy, options, context.environment.clone()),
        })
    }

    /// The versions that must not run.
    pub(super) async fn denied(&self, context: &Context) -> Result<DenyList, CliFailure> {
        let list = self.verifier.deny_list(|why| context.terminal.warn(why));
        match list.await? {
            Ok(list) => Ok(list.cloned().unwrap_or_default()),
            Err(message) => Err(CliFailure::Unavailable {
                message,
                hint: "nothing is moved without it, as `deny_unavailable: refuse` says",
            }),
        }
    }
}

#[async_trait(?Send)]
impl Judge for Policy {
    async fn refusal(&self, image: &ImageReference) -> Known<Option<String>> {
        let judged = self.verifier.verify(image, &Wanted::All).await;
        let verification = judged.map_err(|error| chain(&error))?.verification;
        let reason = || verification.reason.clone().unwrap_or_default();
        match verification.verdict {
            Verdict::Verified => Ok(None),
            Verdict::Unavailable => Err(reason()),
            Verdict::Unsigned => Ok(Some("it has no signature".to_owned())),
            refused => Ok(Some(format!("it is {}, {}", refused.as_str(), reason()))),
        }
    }
}

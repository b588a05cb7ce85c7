//! Which image is to run, and the proof that it is what its maintainers signed.

use super::{
    console::Console,
    deny::{self, DenyError},
    failure::{Failure, chain},
    request::ImageRequest,
};
use crate::{
    config::{
        Choice, DenyList, DenyUnavailable, Hold, Requirement, Rule, choose, denied, effective,
    },
    model::{digest::Digest, image::ImageReference, platform::Platform, verdict::Verdict},
    registry::Registry,
    report::verification::Verification,
    seam::environment::Environment,
    signature::{self, Policy, Request, Verified},
};

/// The verdict on the image that is to run, which may be another than was asked for.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) image: ImageReference,
    pub(super) verified: Verified,
}

/// Chooses and verifies images for one command.
pub(super) struct Prover<'a> {
    pub(super) request: &'a ImageRequest,
    pub(super) hold: Option<&'a Hold>,
    pub(super) registry: &'a Registry,
    pub(super) environment: &'a Environment,
    pub(super) console: &'a dyn Console,
}

/// Verifies an image for `fullsend verify`: policy and deny list, and no hold.
///
/// An error is one of usage, in a sentence.
pub async fn verify(
    request: &ImageRequest,
    platform: &Platform,
    environment: &Environment,
    console: &dyn Console,
) -> Result<Verification, String> {
    let registry = Registry::new(environment, request.registry.clone());
    let prover = Prover {
        request,
        hold: None,
        registry: &registry,
        environment,
        console,
    };
    let asked = &request.image;
    let proof = async {
        let Some(list) = prover.deny_list().await? else {
            return prover.judge(asked, platform).await;
        };
        if let Some(entry) = list.find(asked, None) {
            return Ok(Verified::refused(
                asked,
                Verdict::Denied,
                entry.reason.clone(),
            ));
        }
        let mut verified = prover.judge(asked, platform).await?;
        let digests = digests_of(&verified);
        let denied = digests
            .iter()
            .find_map(|digest| list.find(asked, Some(digest)));
        if let Some(entry) = denied {
            verified.verification.verdict = Verdict::Denied;
            verified.verification.reason = Some(entry.reason.clone());
        }
        Ok(verified)
    };
    match proof.await {
        Ok(verified) => Ok(verified.verification),
        Err(Stop::Usage(sentence)) => Err(sentence),
        Err(Stop::Unavailable(reason)) => {
            Ok(Verified::refused(asked, Verdict::Unavailable, reason).verification)
        }
    }
}

/// Why there is no proof to speak of.
enum Stop {
    Usage(String),
    /// The deny list, where the run must not go on without it.
    Unavailable(String),
}

impl Prover<'_> {
    /// Chooses the image by hold and deny list and verifies it for `platform`.
    pub(super) async fn prove(&self, platform: &Platform) -> Result<Proof, Failure> {
        match self.choose_and_judge(platform).await {
            Ok(proof) => Ok(proof),
            Err(Stop::Usage(sentence)) => Err(Failure::usage(sentence)),
            Err(Stop::Unavailable(reason)) => {
                let image = self.request.image.clone();
                let verified = Verified::refused(&image, Verdict::Unavailable, reason);
                Ok(Proof { image, verified })
            }
        }
    }

    async fn choose_and_judge(&self, platform: &Platform) -> Result<Proof, Stop> {
        let list = self.deny_list().await?;
        let hold = effective(self.hold, jiff::Zoned::now().date());
        let image = match self.allowed(choose(&self.request.image, hold, list.as_ref()), hold) {
            Ok(image) => image,
            Err(refused) => return Ok(*refused),
        };
        let verified = self.judge(&image, platform).await?;
        let Some(choice) = denial(&image, &verified, list.as_ref()) else {
            return Ok(Proof { image, verified });
        };
        let image = match self.allowed(choice, hold) {
            Ok(image) => image,
            Err(refused) => return Ok(*refused),
        };
        let verified = self.judge(&image, platform).await?;
        // A replacement is not replaced again.
        let verified = match denial(&image, &verified, list.as_ref()) {
            Some(Choice::Denied { reason, .. } | Choice::Replaced { reason, .. }) => {
                Verified::refused(&image, Verdict::Denied, reason)
            }
            Some(Choice::Requested(_) | Choice::Held(_)) | None => verified,
        };
        Ok(Proof { image, verified })
    }

    /// The image of `choice`, said to the person where it is another than was asked for.
    fn allowed(&self, choice: Choice, hold: Option<&Hold>) -> Result<ImageReference, Box<Proof>> {
        match choice {
            Choice::Requested(image) => Ok(image),
            Choice::Held(image) => {
                if let Some(hold) = hold {
                    let (until, reason) = (hold.until, &hold.reason);
                    self.console
                        .warn(&format!("held at {image} until {until}: {reason}"));
                }
                Ok(image)
            }
            Choice::Replaced {
                image,
                denied,
                reason,
            } => {
                self.console.warn(&format!(
                    "{denied} is denied ({reason}); using {image} instead"
                ));
                Ok(image)
            }
            Choice::Denied { image, reason } => {
                let verified = Verified::refused(&image, Verdict::Denied, reason);
                Err(Box::new(Proof { image, verified }))
            }
        }
    }

    async fn deny_list(&self) -> Result<Option<DenyList>, Stop> {
        let Some(source) = &self.request.deny else {
            return Ok(None);
        };
        match deny::fetch(source, &self.request.files, self.registry).await {
            Ok(list) => Ok(Some(list)),
            Err(DenyError::Malformed(reason)) => Err(Stop::Usage(reason)),
            Err(DenyError::Unavailable(reason)) => match self.request.deny_unavailable {
                DenyUnavailable::Warn => {
                    self.console
                        .warn(&format!("going on without the deny list: {reason}"));
                    Ok(None)
                }
                DenyUnavailable::Refuse => Err(Stop::Unavailable(format!(
                    "the deny list is unavailable: {reason}"
                ))),
            },
        }
    }

    /// Verifies `image` by the first rule that matches it.
    async fn judge(&self, image: &ImageReference, platform: &Platform) -> Result<Verified, Stop> {
        let rule = self.rule_for(image);
        let policy = rule
            .map(|(_, rule)| self.load(&rule.requirement))
            .transpose()?;
        let request = Request {
            image,
            platform,
            rule: rule.map(|(index, _)| index).zip(policy.as_ref()),
            trust: &self.request.trust,
        };
        Ok(signature::verify(self.registry, &request).await)
    }

    fn rule_for(&self, image: &ImageReference) -> Option<(usize, &Rule)> {
        let mut rules = self.request.rules.iter().enumerate();
        rules.find(|(_, rule)| rule.pattern.matches(image.repository()))
    }

    fn load(&self, requirement: &Requirement) -> Result<Policy, Stop> {
        Policy::load(requirement, &self.request.files, self.environment)
            .map_err(|error| Stop::Usage(chain(&error)))
    }
}

/// What becomes of an image whose digests are known, if the list names one of them.
///
/// A list wins over any other verdict.
fn denial(image: &ImageReference, verified: &Verified, list: Option<&DenyList>) -> Option<Choice> {
    let list = list?;
    let digests = digests_of(verified);
    digests
        .iter()
        .find_map(|digest| denied(image, Some(digest), list))
}

/// The digests that would run: an index's, and that of the one image in it.
fn digests_of(verified: &Verified) -> Vec<Digest> {
    let verification = &verified.verification;
    [&verification.digest, &verification.manifest_digest]
        .into_iter()
        .flatten()
        .filter_map(|digest| digest.parse().ok())
        .collect()
}

//! Which image is to run, and the proof that it is what its maintainers signed.

use super::{
    console::Console,
    deny::{self, DenyError},
    failure::{Failure, chain, with_hint},
    request::ExecRequest,
};
use crate::{
    config::{Choice, DenyList, DenyUnavailable, Hold, Rule, choose, denied, effective},
    model::{image::ImageReference, outcome::Outcome, platform::Platform, verdict::Verdict},
    registry::Registry,
    report::run::RunReport,
    seam::environment::Environment,
    signature::{Policy, PolicyError, Request, Verified, verify},
};

/// An image that may run.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) image: ImageReference,
    pub(super) verified: Verified,
}

/// Proves images for one run.
pub(super) struct Prover<'a> {
    pub(super) request: &'a ExecRequest,
    pub(super) registry: &'a Registry,
    pub(super) environment: &'a Environment,
    pub(super) console: &'a dyn Console,
}

impl Prover<'_> {
    /// Chooses the image by hold and deny list and verifies it for `platform`.
    ///
    /// The report says what was found, also where that is a refusal.
    pub(super) async fn prove(
        &self,
        platform: &Platform,
        report: &mut RunReport,
    ) -> Result<Proven, Failure> {
        report.image.requested = Some(self.request.image.to_string());
        let deny = self.deny_list().await?;
        let today = jiff::Zoned::now().date();
        let hold = effective(self.request.hold.as_ref(), today);
        let choice = choose(&self.request.image, hold, deny.as_ref());
        let image = self.allowed(choice, hold, report)?;
        let proven = self.verify(image, platform, report).await;
        // A list may name digests, which are known only now; it wins over any other refusal.
        let digest = report
            .image
            .digest
            .as_deref()
            .and_then(|digest| digest.parse().ok());
        let image = match &proven {
            Ok(proven) => &proven.image,
            Err(_) => &self.request.image,
        };
        match deny.and_then(|list| denied(image, digest.as_ref(), &list)) {
            None => proven,
            Some(choice) => {
                let replacement = self.allowed(choice, hold, report)?;
                self.verify(replacement, platform, report).await
            }
        }
    }

    async fn deny_list(&self) -> Result<Option<DenyList>, Failure> {
        let Some(source) = &self.request.deny else {
            return Ok(None);
        };
        let folder = &self.request.folder;
        match deny::fetch(source, folder, self.registry, self.environment).await {
            Ok(list) => Ok(Some(list)),
            Err(DenyError::Malformed(reason)) => Err(Failure::usage(reason)),
            Err(DenyError::Unavailable(reason)) => match self.request.deny_unavailable {
                DenyUnavailable::Warn => {
                    self.console
                        .warn(&format!("running without the deny list: {reason}"));
                    Ok(None)
                }
                DenyUnavailable::Refuse => Err(Failure {
                    outcome: Outcome::Refused {
                        verdict: Verdict::Unavailable,
                    },
                    reason: Some(format!("the deny list is unavailable: {reason}")),
                }),
            },
        }
    }

    /// The image of `choice`, said to the person where it is another than was asked for.
    fn allowed(
        &self,
        choice: Choice,
        hold: Option<&Hold>,
        report: &mut RunReport,
    ) -> Result<ImageReference, Failure> {
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
                report.verification.verdict = Some(Verdict::Denied);
                report.image.requested = Some(image.to_string());
                Err(Failure {
                    outcome: Outcome::Refused {
                        verdict: Verdict::Denied,
                    },
                    reason: Some(reason),
                })
            }
        }
    }

    async fn verify(
        &self,
        image: ImageReference,
        platform: &Platform,
        report: &mut RunReport,
    ) -> Result<Proven, Failure> {
        let rule = rule_for(&self.request.rules, &image);
        let policy = rule
            .map(|(_, rule)| {
                Policy::load(&rule.requirement, &self.request.folder, self.environment)
            })
            .transpose()
            .map_err(|error| policy_failure(&error))?;
        for warning in policy.iter().flat_map(Policy::warnings) {
            self.console.warn(&warning);
        }
        let request = Request {
            image: &image,
            platform,
            rule: rule.map(|(index, _)| index).zip(policy.as_ref()),
            trust: &self.request.trust,
        };
        let verified = verify(self.registry, &request).await;
        report.set_verification(&verified.verification);
        report.timings_ms.resolve = Some(crate::report::run::millis(verified.resolve_time));
        report.timings_ms.verify = Some(crate::report::run::millis(verified.verify_time));
        match verified.verification.verdict {
            Verdict::Verified => Ok(Proven { image, verified }),
            verdict => Err(Failure {
                outcome: Outcome::Refused { verdict },
                reason: verified.verification.reason,
            }),
        }
    }
}

fn rule_for<'a>(rules: &'a [Rule], image: &ImageReference) -> Option<(usize, &'a Rule)> {
    rules
        .iter()
        .enumerate()
        .find(|(_, rule)| rule.pattern.matches(image.repository()))
}

fn policy_failure(error: &PolicyError) -> Failure {
    Failure::usage(with_hint(chain(error), None))
}

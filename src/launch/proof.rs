//! Which image is to run, and the proof that it is what its maintainers signed.

use jiff::{Timestamp, tz::TimeZone};

use super::{console::Console, failure::Failure};
use crate::{
    config::Hold,
    model::{chain::chain, image::ImageReference, platform::Platform},
    signature::{Judgement, Verifier, VerifyError, Wanted},
};

/// The verdict on the image that is to run, which may be another than was asked for.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) image: ImageReference,
    pub(super) judgement: Judgement,
}

/// Chooses and verifies images for one run.
pub(super) struct Prover<'a> {
    pub(super) image: &'a ImageReference,
    pub(super) hold: Option<&'a Hold>,
    pub(super) verifier: &'a Verifier,
    pub(super) console: &'a dyn Console,
}

impl Prover<'_> {
    /// Chooses the image by hold and deny list and verifies it for `platform`.
    pub(super) async fn prove(&self, platform: &Platform) -> Result<Proof, Failure> {
        self.choose_and_judge(platform)
            .await
            .map_err(|error| Failure::usage(chain(&error)))
    }

    async fn choose_and_judge(&self, platform: &Platform) -> Result<Proof, VerifyError> {
        let list = self
            .verifier
            .deny_list(|why| self.console.warn(why))
            .await?;
        // The verifier refuses what needs a list that is not there.
        let list = list.unwrap_or_default();
        let proof = self.judge(self.chosen(), platform).await?;
        let entry = proof.judgement.denied.as_ref();
        let replacement = entry.zip(list).and_then(|(entry, list)| {
            let replacement = list.replacement(&proof.image, entry)?;
            Some((replacement, &entry.reason))
        });
        let Some((replacement, reason)) = replacement else {
            return Ok(proof);
        };
        self.console.warn(&format!(
            "{} is denied ({reason}); using {replacement} instead",
            proof.image
        ));
        // A replacement is not replaced again.
        self.judge(replacement, platform).await
    }

    /// The image that is asked for, or the held version of it.
    fn chosen(&self) -> ImageReference {
        // The same day on every runner, wherever it stands.
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let hold = self.hold.filter(|hold| hold.is_in_force(today));
        let held = hold.and_then(|hold| Some((hold, hold.image_of(self.image)?)));
        let Some((hold, image)) = held else {
            return self.image.clone();
        };
        let (until, reason) = (hold.until, &hold.reason);
        self.console
            .warn(&format!("held at {image} until {until}: {reason}"));
        image
    }

    async fn judge(
        &self,
        image: ImageReference,
        platform: &Platform,
    ) -> Result<Proof, VerifyError> {
        let wanted = Wanted::Platform(platform.clone());
        let judgement = self.verifier.verify(&image, &wanted).await?;
        Ok(Proof { image, judgement })
    }
}

//! Decisions about images.

use super::{
    decision::{Decision, Pin},
    facts::{Facts, Lack, Tagged},
    git::{MAX_CANDIDATES, too_young, within_bounds},
    options::Options,
};
use crate::{
    model::{
        digest::Digest,
        pinning::{CAN_BE_MOVED, Status},
        version::{Flavor, Moves, Step, moves, newer},
    },
    reference::ImageName,
};

/// What an image without a tag means.
const LATEST: &str = "latest";

/// Decides about `image`.
pub(super) fn decide(
    image: &ImageName,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    let decision = match (&image.tag, &image.digest) {
        (None, Some(digest)) => return at_digest(image, digest, facts),
        (Some(tag), Some(digest)) => at_both(image, tag, digest, facts, options)?,
        (tag, None) => at_tag(image, tag.as_deref(), facts)?,
    };
    let decision = match decision.status {
        Status::Unpinned | Status::Pinned | Status::Stale => {
            let tag = image.tag.as_deref().unwrap_or(LATEST);
            updated(decision, image, tag, facts, options)?
        }
        _ => decision,
    };
    accepted(decision, image, facts, options)
}

/// The digest behind `tag`.
fn behind<'f>(image: &ImageName, tag: &str, facts: &'f Facts) -> Result<Option<&'f Tagged>, Lack> {
    match image.repository.tagged(tag) {
        Some(image) => facts.digest(&image),
        None => Ok(None),
    }
}

fn at_tag(image: &ImageName, tag: Option<&str>, facts: &Facts) -> Result<Decision, Lack> {
    let name = tag.unwrap_or(LATEST);
    let Some(found) = behind(image, name, facts)? else {
        return Ok(no_such_tag(image, name));
    };
    let reason = match tag {
        Some(_) => format!("a tag {CAN_BE_MOVED}"),
        None => "without a tag `latest` is meant, which moves".to_owned(),
    };
    Ok(Decision::new(Status::Unpinned)
        .to(pin(name, &found.digest))
        .because(reason))
}

fn at_digest(image: &ImageName, digest: &Digest, facts: &Facts) -> Result<Decision, Lack> {
    let found = facts.digest(&image.repository.at(digest))?;
    Ok(match found {
        Some(_) => Decision::new(Status::Pinned).because(
            "it has no tag: nobody sees its version, and Renovate would move it to `latest`",
        ),
        None => no_such_digest(image),
    })
}

fn at_both(
    image: &ImageName,
    tag: &str,
    digest: &Digest,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    let found = behind(image, tag, facts)?;
    if let Some(found) = found {
        if found.digest == *digest {
            return Ok(Decision::new(Status::Pinned));
        }
        if found.platforms.contains(digest) {
            let reason = "the digest is that of one platform: others cannot run it";
            return Ok(Decision::new(Status::Pinned).because(reason));
        }
    }
    // Only where something is wrong: does what runs still exist?
    match facts.digest(&image.repository.at(digest)) {
        Ok(None) => return Ok(no_such_digest(image)),
        Ok(Some(_)) | Err(Lack::Failed(_)) => {}
        Err(unasked) => return Err(unasked),
    }
    let Some(found) = found else {
        return Ok(no_such_tag(image, tag));
    };
    if moves(tag, Flavor::Image) == Moves::Moving {
        let stale = Decision::new(Status::Stale);
        if options.step == Step::None {
            return Ok(stale.because(format!(
                "{tag} has moved on since: `--update patch` takes what it is now"
            )));
        }
        return Ok(match refused(image, tag, found, facts, options)? {
            Some(reason) => stale.because(format!("{tag} has moved on since; {reason}")),
            None => stale
                .to(pin(tag, &found.digest))
                .because(format!("{tag} has moved on since")),
        });
    }
    Ok(Decision::new(Status::Mismatch).because(format!(
        "{tag} is {}, not the digest beside it: find out which is meant, then remove the digest \
         and pin again",
        found.digest
    )))
}

fn no_such_tag(image: &ImageName, tag: &str) -> Decision {
    let reason = format!(
        "{} has no tag {tag}, or no longer: take one that exists",
        image.repository
    );
    Decision::new(Status::Missing).because(reason)
}

fn no_such_digest(image: &ImageName) -> Decision {
    Decision::new(Status::Missing).because(format!(
        "{} has no such digest, or no longer, so that only who has pulled it can run it: remove \
         the digest and pin again",
        image.repository
    ))
}

fn pin(tag: &str, digest: &Digest) -> Pin {
    Pin::Image {
        tag: tag.to_owned(),
        digest: digest.clone(),
    }
}

/// Why `image` may not be moved to `found`, which is its `tag`.
fn refused(
    image: &ImageName,
    tag: &str,
    found: &Tagged,
    facts: &Facts,
    options: &Options,
) -> Result<Option<String>, Lack> {
    let wanted = image.repository.tagged_at(tag, &found.digest);
    let refused = wanted.and_then(|it| options.bounds.refuse_image(&it, options.now));
    match refused {
        Some(reason) => Ok(Some(reason)),
        None => too_young(options, tag, || {
            facts.created(&image.repository.at(&found.digest))
        }),
    }
}

/// `decision` with the newest version that may be moved to.
fn updated(
    decision: Decision,
    image: &ImageName,
    current: &str,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    if options.step == Step::None {
        return Ok(decision);
    }
    let tags = facts.tags(&image.repository)?.iter().map(String::as_str);
    let candidates = newer(current, tags, options.step, Flavor::Image);
    let refuse = |tag: &str| {
        let wanted = image.repository.tagged(tag)?;
        options.bounds.refuse_image(&wanted, options.now)
    };
    let (candidates, mut held_back) = within_bounds(candidates, &refuse);
    for candidate in candidates.into_iter().take(MAX_CANDIDATES) {
        let Some(found) = behind(image, candidate, facts)? else {
            continue;
        };
        let Some(reason) = refused(image, candidate, found, facts, options)? else {
            let status = match decision.status {
                Status::Unpinned => Status::Unpinned,
                _ => Status::Stale,
            };
            return Ok(Decision::new(status)
                .to(pin(candidate, &found.digest))
                .because(format!("{candidate} is newer than {current}")));
        };
        held_back.get_or_insert(reason);
    }
    Ok(match held_back {
        Some(reason) => decision.because(reason),
        None => decision,
    })
}

/// `decision`, unless the deny list or the policy is against what will run by it.
fn accepted(
    decision: Decision,
    image: &ImageName,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    let runs = match (&decision.to, &image.tag, &image.digest) {
        (Some(Pin::Image { tag, digest }), ..) | (None, Some(tag), Some(digest)) => {
            image.repository.tagged_at(tag, digest)
        }
        _ => None,
    };
    let Some(runs) = runs else {
        return Ok(decision);
    };
    if let Some(reason) = options.bounds.denies(&runs) {
        let replacement = options.bounds.replacement(&runs);
        let replacement = replacement.filter(|_| options.step != Step::None);
        let denied = Decision::new(Status::Unpinned).because(reason);
        return Ok(
            match replacement
                .as_ref()
                .and_then(|it| it.tag().zip(it.digest()))
            {
                Some((tag, digest)) => denied.to(pin(tag, digest)),
                None => denied,
            },
        );
    }
    let refusal = if options.verify {
        facts.refusal(&runs)?
    } else {
        None
    };
    Ok(match refusal {
        Some(reason) => {
            Decision::new(Status::Unpinned).because(format!("the policy refuses {runs}: {reason}"))
        }
        None => decision,
    })
}

//! `fullsend verify --all`: the verdicts on every image that the repository's files name.

use std::path::Path;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    findings,
    job::{self, ReportFile},
    selection::{Selection, Wanted},
    verify::Session,
};
use crate::{
    cli::{Context, Outcome, failure::CliFailure},
    model::{image::ImageReference, verdict::Verdict},
    reference::{self, NamedImages, UNREADABLE_FILE, UNRESOLVED_IMAGE},
    report::{
        finding::Rule,
        verification::Verification,
        verify_all::{self, LocatedVerification, VerifyAll},
    },
};

/// How many images are verified at the same time.
const PARALLEL: usize = 8;

/// The most images that are looked at: files with more are no one's deployment.
const MAX_IMAGES: usize = 2_000;

/// Verifies the images that the files at or below `path` name, each once, and prints what came
/// of it.
///
/// Two tags of one digest are two images, whose manifest is fetched for each.
pub(super) async fn run(
    path: &Path,
    session: &Session<'_>,
    report: ReportFile,
    context: &Context,
) -> Outcome {
    let named = search(path)?;
    session.warn().await?;
    let verifying = named.images.iter().enumerate();
    let verifying = verifying.map(|(number, image)| verify(number, &image.reference, session));
    let verified: Vec<_> = stream::iter(verifying)
        .buffered(PARALLEL)
        .try_collect()
        .await?;
    let images = verified.into_iter().zip(named.images);
    let located = images.map(|(verification, image)| LocatedVerification {
        verification,
        locations: image.locations,
    });
    let all = VerifyAll::new(located.collect(), named.findings);
    print(&all, context)?;
    report.write(&all)?;
    let exit_code = all.exit_code();
    job::tell_github(context, &format!("exit-code={exit_code}\n"), "");
    Ok(exit_code)
}

async fn verify(
    number: usize,
    image: &ImageReference,
    session: &Session<'_>,
) -> Result<Verification, CliFailure> {
    let verification = if number < MAX_IMAGES {
        let judgement = session.verifier.verify(image, &session.wanted).await?;
        judgement.verification
    } else {
        let reason = format!("it is not looked at: more than {MAX_IMAGES} images are named");
        Verification {
            reason: Some(reason),
            ..Verification::blank(image, Verdict::Unavailable)
        }
    };
    Ok(Verification {
        policy: session.policy_file.clone(),
        ..verification
    })
}

fn print(all: &VerifyAll, context: &Context) -> Result<(), CliFailure> {
    let reference = [&UNREADABLE_FILE, &UNRESOLVED_IMAGE];
    let rules: Vec<&'static Rule> = verify_all::RULES.into_iter().chain(reference).collect();
    findings::print(
        context,
        &all.all_findings(),
        &rules,
        |style| all.text(style),
        all,
    )
}

/// Reads every file at or below `path` that may name images.
fn search(path: &Path) -> Result<NamedImages, CliFailure> {
    let wanted = Wanted {
        is_candidate: reference::is_candidate,
        exclude: &[],
    };
    let selection = Selection::of(&[path.to_owned()], wanted)?;
    let mut named = NamedImages::default();
    for file in &selection.files {
        match file.read() {
            Ok(bytes) => named.add(&file.name, &bytes),
            Err(error) => named.findings.push(file.unread(&UNREADABLE_FILE, &error)),
        }
    }
    named.findings.extend(selection.unread(&UNREADABLE_FILE));
    Ok(named)
}

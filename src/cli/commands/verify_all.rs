//! `fullsend verify --all`: the verdicts on every image that the repository's files name.

use std::{collections::HashMap, path::Path};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    job::{self, ReportFile},
    selection::{Selected, Selection},
    verify::Session,
};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    model::{chain::chain, image::ImageReference, verdict::Verdict},
    reference::{self, FoundImage, UNREADABLE_FILE, UNRESOLVED_IMAGE},
    report::{
        annotation, code_quality,
        finding::{Finding, Rule},
        sarif,
        verification::Verification,
        verify_all::{self, LocatedVerification, Location, VerifyAll},
    },
    seam::files,
};

/// How many images are verified at the same time.
const PARALLEL: usize = 8;

/// The largest file that is read. Only one that could not name an image may have more than
/// [`MAX_BYTES`](crate::document::MAX_BYTES), and that its bytes have to tell.
const MAX_FILE_BYTES: u64 = 16 << 20;

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
    let search = Search::at(path)?;
    session.warn().await?;
    let verifying = search.images.iter().enumerate();
    let verifying = verifying.map(|(number, image)| verify(number, &image.reference, session));
    let verified: Vec<_> = stream::iter(verifying)
        .buffered(PARALLEL)
        .try_collect()
        .await?;
    let images = verified.into_iter().zip(search.images);
    let located = images.map(|(verification, image)| LocatedVerification {
        verification,
        locations: image.locations,
    });
    let all = VerifyAll::new(located.collect(), search.findings);
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
    let Context {
        global,
        environment,
        ..
    } = context;
    match global.format {
        Format::Human => Terminal::print(&all.text(Terminal::stdout_style(global, environment))),
        Format::Json => Terminal::print_json(all),
        Format::Sarif => {
            let reference = [&UNREADABLE_FILE, &UNRESOLVED_IMAGE];
            let rules: Vec<&'static Rule> =
                verify_all::RULES.into_iter().chain(reference).collect();
            Terminal::print_json(&sarif::document(&all.all_findings(), &rules))
        }
        Format::Github => Terminal::print(&annotation::github(&all.all_findings())),
        Format::Gitlab => Terminal::print_json(&code_quality::issues(&all.all_findings())),
    }
}

/// An image and every place that names it.
struct NamedImage {
    reference: ImageReference,
    locations: Vec<Location>,
}

/// What the files name, and what is wrong with them.
#[derive(Default)]
struct Search {
    images: Vec<NamedImage>,
    /// Where in `images` each is.
    known: HashMap<ImageReference, usize>,
    findings: Vec<Finding>,
}

impl Search {
    /// Reads every file at or below `path` that may name images.
    fn at(path: &Path) -> Result<Self, CliFailure> {
        let selection = Selection::of(&[path.to_owned()], reference::is_candidate)?;
        let mut search = Self::default();
        for file in &selection.files {
            search.read(file);
        }
        for unread in &selection.unread {
            search.unread(&unread.path, unread.reason.clone());
        }
        if selection.truncated {
            let reason = "there are more files than are looked at".to_owned();
            search.unread(Path::new("."), reason);
        }
        Ok(search)
    }

    fn read(&mut self, file: &Selected) {
        let bytes = match files::read(&file.path, MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => return self.unread(&file.shown, chain(&error)),
        };
        match reference::images(&file.name, &bytes) {
            Ok(found) => found.into_iter().for_each(|found| self.add(file, found)),
            Err(error) => self.report(file, reference::unreadable(&error)),
        }
    }

    fn add(&mut self, file: &Selected, found: FoundImage) {
        if let Some(finding) = reference::unresolved(&found) {
            self.report(file, finding);
        }
        let Ok(image) = found.image else {
            return;
        };
        let location = Location::new(file.shown.clone(), found.span);
        let number = *self.known.entry(image.clone()).or_insert_with(|| {
            self.images.push(NamedImage {
                reference: image,
                locations: Vec::new(),
            });
            self.images.len() - 1
        });
        self.images[number].locations.push(location);
    }

    fn report(&mut self, file: &Selected, finding: Finding) {
        let file = file.shown.clone();
        self.findings.push(Finding { file, ..finding });
    }

    fn unread(&mut self, file: &Path, reason: String) {
        let finding = Finding::whole_file(&UNREADABLE_FILE, file, reason);
        self.findings.push(finding);
    }
}

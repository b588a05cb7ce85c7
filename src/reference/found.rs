//! One image as a file names it.

use std::{collections::HashSet, fmt, ops::Range, path::PathBuf};

use crate::{
    document::{Source, yaml::Scalar},
    model::{
        image::{ImageReference, ImageReferenceError},
        span::Span,
    },
};

/// An image that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundImage {
    /// The file, as it was given.
    pub file: PathBuf,
    /// The whole reference as it is written; of several pieces, put together.
    pub written: String,
    /// What it names, or why that cannot be told.
    pub image: Result<ImageReference, Unresolved>,
    /// Where it is written; of several pieces, where the name is.
    pub span: Span,
    /// Each piece with its place: one, unless the file keeps name, tag and digest apart.
    pub pieces: Vec<Piece>,
    /// What the file does with it.
    pub place: ImagePlace,
}

/// A piece of a reference that stands by itself in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which part of the reference it is.
    pub part: Part,
    /// Its value; equal to the bytes at `span` unless they hold escapes or folds.
    pub text: String,
    /// Where it stands, without quotes.
    pub span: Span,
}

/// The parts of a reference that a file can keep apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The registry's host.
    Registry,
    /// The repository.
    Repository,
    /// The tag.
    Tag,
    /// The digest.
    Digest,
}

/// What a file does with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ImagePlace {
    /// GitHub: a job's `container`.
    GithubContainer,
    /// GitHub: one of a job's `services`.
    GithubService,
    /// GitHub: a step that uses `docker://`.
    GithubStep,
    /// GitHub: `runs.image` of an action.
    GithubAction,
    /// GitLab: `image` of a job, of `default` or of the file.
    GitlabImage,
    /// GitLab: `services` of a job, of `default` or of the file.
    GitlabService,
    /// Dockerfile: `FROM`.
    DockerfileFrom,
    /// Dockerfile: `--from` of `COPY`, or `from=` of a mount of `RUN`.
    DockerfileCopy,
    /// Dockerfile: the frontend that `# syntax=` names.
    DockerfileSyntax,
    /// Kubernetes: the image of a container or of an image volume.
    Kubernetes,
    /// Helm: values, whole or as repository, tag and digest.
    Helm,
    /// GitLab runner's config.toml: where jobs run that name no image.
    RunnerImage,
    /// GitLab runner's config.toml: the runner's own helpers.
    RunnerHelper,
    /// GitLab runner's config.toml: services of every job.
    RunnerService,
    /// fullsend.yaml and fleet.yaml.
    Fullsend,
}

impl fmt::Display for ImagePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GithubContainer => "a job's container",
            Self::GithubService | Self::GitlabService | Self::RunnerService => "a service",
            Self::GithubStep => "a step",
            Self::GithubAction => "an action",
            Self::GitlabImage => "a job's image",
            Self::DockerfileFrom => "a base image",
            Self::DockerfileCopy => "a source of files",
            Self::DockerfileSyntax => "a Dockerfile frontend",
            Self::Kubernetes => "a container",
            Self::Helm => "a chart's value",
            Self::RunnerImage => "a runner's default image",
            Self::RunnerHelper => "a runner's helper image",
            Self::Fullsend => "an agent's image",
        })
    }
}

/// Why the file alone does not tell which image is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// It is put together from variables or expressions.
    #[error("a variable decides, whose value is known only when it runs")]
    Variable,
    /// No reference, or one without tag and digest.
    #[error(transparent)]
    Malformed(#[from] ImageReferenceError),
}

/// The image that `written` names; whatever holds a variable is left unresolved.
pub(super) fn resolve(written: &str) -> Result<ImageReference, Unresolved> {
    if written.contains('$') || written.contains("{{") {
        return Err(Unresolved::Variable);
    }
    Ok(written.parse()?)
}

/// Gathers what one document names.
pub(super) struct Found<'s> {
    source: &'s Source<'s>,
    images: Vec<FoundImage>,
    /// Aliases lead to the same place more than once.
    seen: HashSet<(usize, usize)>,
}

impl<'s> Found<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        Self {
            source,
            images: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// A reference in one piece, which an empty text is not.
    pub(super) fn whole(&mut self, place: ImagePlace, text: &str, at: Range<usize>) {
        self.resolved(place, text, at, resolve(text));
    }

    /// [`Found::whole`] for the value of a YAML scalar.
    pub(super) fn scalar(&mut self, place: ImagePlace, scalar: &Scalar<'_>) {
        self.whole(place, scalar.value, scalar.at.clone());
    }

    /// [`Found::scalar`] without `prefix`, which a value that is no image lacks.
    pub(super) fn prefixed(&mut self, place: ImagePlace, scalar: &Scalar<'_>, prefix: &str) {
        let Some(text) = scalar.value.strip_prefix(prefix) else {
            return;
        };
        let mut at = scalar.at.clone();
        if self.source.slice(at.clone()).starts_with(prefix) {
            at.start += prefix.len();
        }
        self.whole(place, text, at);
    }

    /// A reference in one piece that was resolved by who found it.
    pub(super) fn resolved(
        &mut self,
        place: ImagePlace,
        text: &str,
        at: Range<usize>,
        image: Result<ImageReference, Unresolved>,
    ) {
        let piece = self.piece(Part::Whole, text, &at);
        self.add(place, text.to_owned(), image, vec![piece], 0);
    }

    /// A reference in pieces: at least its repository.
    pub(super) fn split(&mut self, place: ImagePlace, pieces: &[(Part, Scalar<'_>)]) {
        let mut written = String::new();
        for (part, scalar) in pieces {
            match part {
                Part::Tag => written.push(':'),
                Part::Digest => written.push('@'),
                _ => {}
            }
            written.push_str(scalar.value);
            if *part == Part::Registry {
                written.push('/');
            }
        }
        let name = pieces
            .iter()
            .position(|(part, _)| *part == Part::Repository)
            .unwrap_or_default();
        let image = resolve(&written);
        let pieces = pieces
            .iter()
            .map(|(part, scalar)| self.piece(*part, scalar.value, &scalar.at))
            .collect();
        self.add(place, written, image, pieces, name);
    }

    fn piece(&self, part: Part, text: &str, at: &Range<usize>) -> Piece {
        Piece {
            part,
            text: text.to_owned(),
            span: self.source.span(at),
        }
    }

    fn add(
        &mut self,
        place: ImagePlace,
        written: String,
        image: Result<ImageReference, Unresolved>,
        pieces: Vec<Piece>,
        name: usize,
    ) {
        let span = pieces[name].span;
        let new = self.seen.insert((span.start.offset, span.end.offset));
        if new && !written.trim().is_empty() {
            self.images.push(FoundImage {
                file: self.source.file().to_owned(),
                written,
                image,
                span,
                pieces,
                place,
            });
        }
    }

    pub(super) fn into_images(mut self) -> Vec<FoundImage> {
        self.images.sort_by_key(|image| image.span.start.offset);
        self.images
    }
}

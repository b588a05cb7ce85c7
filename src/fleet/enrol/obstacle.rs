//! Why a repository cannot be enrolled.

use crate::{
    config::{Members, Ring},
    document::insert::NoRoom,
    fleet::{Refusal, RefusalKind},
    forge::{MAX_FILE_BYTES, Repository},
    generate::GenerateError,
    model::text::{excerpt, with_hint},
};

/// Why a repository cannot be enrolled, or cannot leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Nothing can be written to it.
    #[error("it is archived")]
    Archived,
    /// Its owner or the forge switched it off.
    #[error("it is disabled")]
    Disabled,
    /// It has no commit.
    #[error("it is empty")]
    Empty,
    /// It is somebody's copy, and no ring names it.
    #[error("it is a fork; a ring that names it takes it in")]
    Fork,
    /// It follows another.
    #[error("it is a mirror")]
    Mirror,
    /// We may not make a branch.
    #[error("we may not push to it")]
    NoPush,
    /// Nobody can ask it for anything.
    #[error("requests are switched off in it")]
    NoRequests,
    /// fleet.yaml does not say where GitLab's components are.
    #[error("fleet.yaml names no `component_source`, which GitLab's pipelines include")]
    NoComponents,
    /// GitHub's lock of actions would end the new workflow before it starts.
    #[error(
        "GitHub's lock of actions has to have what our workflows use: {0}; where that does not \
         help, make the workflows with `fullsend generate github-workflow`, lock them with `gh \
         actions-lock`, and commit both"
    )]
    NeedsLock(String),
    /// Something else moves versions, and cannot be told not to.
    #[error("its ring would not decide: {0}")]
    NotRingControlled(String),
    /// A person changed a file of ours.
    #[error("somebody edited {0}, which was generated; `fullsend generate --force` makes it again")]
    Edited(String),
    /// A file of somebody else has the name of ours.
    #[error("{0} is there already, and not ours")]
    Foreign(String),
    /// A file cannot be read; the sentence names it.
    #[error("{0}")]
    Unreadable(String),
    /// A link lies where a file should.
    #[error("{0} is a symbolic link, which is not followed")]
    Link(String),
    /// A folder lies where a file should.
    #[error("{0} is a folder")]
    Folder(String),
    /// A file that nobody wrote by hand.
    #[error("{0} has more than {MAX_FILE_BYTES} bytes")]
    TooLarge(String),
    /// What fleet.yaml and fullsend.yaml say does not give a file.
    #[error("{0}")]
    NoFile(String),
}

impl Obstacle {
    /// Its name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Archived => "archived",
            Self::Disabled => "disabled",
            Self::Empty => "empty",
            Self::Fork => "fork",
            Self::Mirror => "mirror",
            Self::NoPush => "no-push",
            Self::NoRequests => "no-requests",
            Self::NoComponents => "no-components",
            Self::NeedsLock(_) => "needs-lock",
            Self::NotRingControlled(_) => "not-ring-controlled",
            Self::Edited(_) => "edited",
            Self::Foreign(_) => "foreign",
            Self::Unreadable(_) => "unreadable",
            Self::Link(_) => "symlink",
            Self::Folder(_) => "folder",
            Self::TooLarge(_) => "too-large",
            Self::NoFile(_) => "no-file",
        }
    }

    /// `path` cannot be read, for this reason.
    pub(super) fn unreadable(path: &str, why: &str) -> Self {
        Self::Unreadable(format!("{}: {why}", excerpt(path)))
    }

    /// `what` cannot be written into `path`, by which the ring would decide.
    pub(super) fn uncontrolled(path: &str, what: &str, error: &NoRoom) -> Self {
        match error {
            NoRoom::Unreadable(_) => Self::no_room(path, error),
            error => Self::NotRingControlled(format!("{path} has no room for {what}: {error}")),
        }
    }

    /// There is no room in `path`.
    pub(super) fn no_room(path: &str, error: &NoRoom) -> Self {
        Self::unreadable(path, &in_file(error))
    }
}

/// The words of `error` without the name of a file, which it does not know.
pub(super) fn in_file(error: &NoRoom) -> String {
    match error {
        NoRoom::Unreadable(error) => match error.position {
            Some(at) => format!("line {}: {}", at.line, error.problem),
            None => error.problem.to_string(),
        },
        error => error.to_string(),
    }
}

impl From<GenerateError> for Obstacle {
    fn from(error: GenerateError) -> Self {
        Self::NoFile(with_hint(&error, error.hint()))
    }
}

impl From<Obstacle> for Refusal {
    fn from(obstacle: Obstacle) -> Self {
        let kind = match obstacle {
            Obstacle::Archived
            | Obstacle::Disabled
            | Obstacle::Empty
            | Obstacle::Fork
            | Obstacle::Mirror => RefusalKind::Skipped,
            Obstacle::Edited(_) => RefusalKind::Edited,
            _ => RefusalKind::Blocked,
        };
        Self::new(kind, obstacle.to_string())
    }
}

/// Refuses a repository that nothing can or should be written to.
pub(super) fn why_not(
    ring: &Ring,
    repository: &Repository,
    has_commit: bool,
) -> Result<(), Obstacle> {
    let names = match &ring.members {
        Members::Named(names) => names.as_slice(),
        Members::Percent(_) | Members::Rest => &[],
    };
    let is_named = names
        .iter()
        .any(|name| name.to_lowercase() == repository.name.to_lowercase());
    may_write(repository, has_commit)?;
    if repository.is_fork && !is_named {
        return Err(Obstacle::Fork);
    }
    Ok(())
}

/// Refuses a repository that nothing can be written to.
pub(super) fn may_write(repository: &Repository, has_commit: bool) -> Result<(), Obstacle> {
    for (stands, obstacle) in [
        (repository.is_archived, Obstacle::Archived),
        (repository.is_disabled, Obstacle::Disabled),
        (repository.is_mirror, Obstacle::Mirror),
        (
            !has_commit || repository.default_branch.is_none(),
            Obstacle::Empty,
        ),
        (!repository.may_push, Obstacle::NoPush),
        (!repository.takes_requests, Obstacle::NoRequests),
    ] {
        if stands {
            return Err(obstacle);
        }
    }
    Ok(())
}

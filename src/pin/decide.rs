//! From what a file names and what is known outside to a decision. No input or output.

use super::{
    component,
    decision::{Decision, Pin},
    facts::{Facts, Lack, Question},
    git::{self, AtReference},
    image,
    options::Options,
};
use crate::{
    forge::RemoteRepository,
    model::{chain::chain, pinning::Status},
    reference::{NotEditable, Reference, Target},
    seam::http::authority,
};

/// What GitLab calls its own host in a pipeline.
pub(super) const OWN_HOST: [&str; 2] = ["$CI_SERVER_FQDN", "$CI_SERVER_HOST"];

/// Decides about `reference`, or says what has to be asked first.
pub fn decide(
    reference: &Reference,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Question> {
    if let Some(decision) = excluded(reference, options) {
        return Ok(decision);
    }
    match of_target(reference, facts, options) {
        Ok(decision) => Ok(decision),
        Err(Lack::Failed(reason)) => Ok(Decision::new(Status::Error).because(reason)),
        Err(Lack::Unasked(question)) => Err(question),
    }
}

/// The decision about a reference that the user wants left alone.
pub(super) fn excluded(reference: &Reference, options: &Options) -> Option<Decision> {
    let matches = |name: String| options.exclude.is_match(name);
    let reason = if options.only.is_some_and(|only| !only.has(reference.kind())) {
        "not asked for"
    } else if reference.name().is_some_and(matches) {
        "excluded"
    } else {
        return None;
    };
    Some(Decision::new(Status::Ignored).because(reason))
}

/// The decision about a reference that is nothing to pin, whatever is known outside.
pub(super) fn left_alone(reference: &Reference, options: &Options) -> Option<Decision> {
    let ignored = |reason: &str| Some(Decision::new(Status::Ignored).because(reason));
    if let Some(elsewhere @ (NotEditable::Derived | NotEditable::ChartVersion)) =
        reference.obstacle()
    {
        return ignored(&elsewhere.to_string());
    }
    match &reference.target {
        Target::Project { .. } if options.gitlab.is_none() => Some(unknown_gitlab()),
        Target::Component { host, .. } if host.starts_with('$') && options.gitlab.is_none() => {
            Some(unknown_gitlab())
        }
        Target::Project {
            reference: None, ..
        } => Some(Decision::new(Status::Unpinned).because(
            "without `ref:` the project's default branch is meant: add one with a version",
        )),
        Target::Local => ignored("of this repository, at the same commit"),
        Target::Variable => ignored("a variable decides, whose value only a run knows"),
        Target::Pattern => ignored("a pattern, which allows images and names none"),
        Target::Malformed(reason) => Some(Decision::new(Status::Unpinned).because(chain(reason))),
        Target::Image(_)
        | Target::Action { .. }
        | Target::Component { .. }
        | Target::Project { .. }
        | Target::Remote { .. } => None,
    }
}

/// The repository that a git host is asked about; nothing for what lies in none.
pub(super) fn repository_of(
    target: &Target,
    options: &Options,
) -> Result<Option<RemoteRepository>, Lack> {
    let is_action = matches!(target, Target::Action { .. });
    let (base, path) = match target {
        Target::Action { repository, .. } => (options.github.clone(), repository),
        Target::Component { host, project, .. } => {
            let base = match &options.gitlab {
                Some(own) if OWN_HOST.contains(&host.as_str()) || authority(own) == *host => {
                    own.clone()
                }
                _ => format!("https://{host}")
                    .parse()
                    .map_err(|error| Lack::Failed(format!("`{host}` is no host: {error}")))?,
            };
            (base, project)
        }
        Target::Project { project, .. } => match &options.gitlab {
            Some(own) => (own.clone(), project),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let remote = if is_action {
        RemoteRepository::github(&base, path)
    } else {
        RemoteRepository::new(&base, path)
    };
    let remote = remote
        .map_err(|error| Lack::Failed(format!("could not ask for {path} of {base}: {error}")))?;
    Ok(Some(remote))
}

pub(super) fn of_target(
    reference: &Reference,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    if let Some(decision) = left_alone(reference, options) {
        return Ok(decision);
    }
    let remote = repository_of(&reference.target, options)?;
    let version = reference.version();
    match (&reference.target, &remote) {
        (Target::Image(image), _) => image::decide(image, facts, options),
        (Target::Remote { url, integrity }, _) => remote_file(url, integrity.as_deref(), facts),
        (
            Target::Action {
                repository,
                reference,
                ..
            },
            Some(remote),
        ) => {
            let asked = AtReference {
                repository: remote,
                reference,
                version,
                refuse: &|tag| options.bounds.refuse_action(repository, tag, options.now),
            };
            git::decide(&asked, facts, options)
        }
        (
            Target::Component { reference, .. }
            | Target::Project {
                reference: Some(reference),
                ..
            },
            Some(remote),
        ) => component::decide(remote, reference, version, facts, options),
        _ => Ok(Decision::new(Status::Ignored)),
    }
}

fn unknown_gitlab() -> Decision {
    Decision::new(Status::Unknown).because(
        "which GitLab it is on is not known: set CI_SERVER_URL, or add the remote `origin`",
    )
}

/// A file of the web, which GitLab takes only with the right digest where one is written.
fn remote_file(url: &str, integrity: Option<&str>, facts: &Facts) -> Result<Decision, Lack> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let found = facts.content(url)?;
    let found = format!("sha256-{}", STANDARD.encode(found.sha256()));
    Ok(match integrity {
        Some(written) if written == found => Decision::new(Status::Pinned),
        Some(_) => Decision::new(Status::Mismatch).because(format!(
            "what lies there is {found}: read what has changed, then remove `integrity` and pin \
             again"
        )),
        None => Decision::new(Status::Unpinned)
            .to(Pin::Integrity(found))
            .because("whoever runs that server decides what runs"),
    })
}

//! How GitHub words what it refuses.

use crate::forge::{Actor, ActorKind, Refused, Right, Told};

/// A refusal in GraphQL: its kind and its sentence.
#[derive(Clone, Debug)]
pub(super) struct Fail {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl Fail {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new("NOT_FOUND", message)
    }

    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new("UNPROCESSABLE", message)
    }

    pub(super) fn no_node(id: &str) -> Self {
        Self::not_found(format!(
            "Could not resolve to a node with the global id of '{id}'"
        ))
    }
}

/// What a refusal is called, told to `by` about `act`, `CreateRef` for example.
pub(super) fn fail(refused: &Refused, by: &Actor, told: Told, act: &str) -> Fail {
    let kind = match refused {
        Refused::NotFound => "NOT_FOUND",
        Refused::Lacks(_) if told == Told::Scopes && by.kind == ActorKind::User => {
            "INSUFFICIENT_SCOPES"
        }
        Refused::Lacks(_) | Refused::Archived | Refused::Workflow(_) => "FORBIDDEN",
        Refused::Moved { .. } => "STALE_DATA",
        _ => "UNPROCESSABLE",
    };
    Fail::new(kind, sentence(refused, by, told, act))
}

/// The sentence of a refusal.
pub(super) fn sentence(refused: &Refused, by: &Actor, told: Told, act: &str) -> String {
    match refused {
        Refused::NotFound => format!("Could not resolve what `{act}` is about."),
        Refused::Archived => "Repository was archived so is read-only.".to_owned(),
        Refused::Lacks(right) => lacking(*right, by, told, act),
        Refused::Workflow(path) => workflow(path, by),
        Refused::Protected(_) => rules("Changes must be made through a pull request."),
        Refused::Unsigned(_) => rules("Commits must have verified signatures."),
        Refused::Moved { at, .. } => format!(
            "Expected branch to point to \"{}\" but it did not. Pull and try again.",
            at.map(|at| at.to_string()).unwrap_or_default()
        ),
        Refused::Exists(name) => {
            format!("A ref named \"{name}\" already exists in the repository.")
        }
        Refused::NotFastForward => "Update is not a fast forward".to_owned(),
        Refused::NothingNew { base, head } => format!("No commits between {base} and {head}"),
        Refused::State(what) => what.clone(),
    }
}

fn rules(what: &str) -> String {
    format!("Repository rule violations found\n\n{what}\n\n")
}

fn lacking(right: Right, by: &Actor, told: Told, act: &str) -> String {
    match (by.kind, told) {
        (ActorKind::App, _) => "Resource not accessible by integration".to_owned(),
        (_, Told::Nothing) => "Resource not accessible by personal access token".to_owned(),
        (_, Told::Scopes) if right != Right::Contents => format!(
            "Your token has not been granted the required scopes to execute this query. The \
             '{act}' field requires one of the following scopes: ['public_repo']."
        ),
        _ => format!(
            "{} does not have the correct permissions to execute `{act}`",
            by.login
        ),
    }
}

fn workflow(path: &str, by: &Actor) -> String {
    match by.kind {
        ActorKind::App => format!(
            "refusing to allow a GitHub App to create or update workflow `{path}` without \
             `workflows` permission"
        ),
        ActorKind::User => format!(
            "refusing to allow a Personal Access Token to create or update workflow `{path}` \
             without `workflow` scope"
        ),
    }
}

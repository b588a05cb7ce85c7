//! What a verb needs of its token and of the repositories, found out before the first write.

use crate::{
    config::FleetForge,
    forge::{Identity, IdentityKind, Permission, Repository, Seen},
};

/// What the verbs do with repositories, as far as their tokens are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Looks at repositories and their runs.
    Status,
    /// Opens and closes requests that change workflows.
    Enroll,
    /// The same, to take away what was written.
    Unenroll,
    /// And waits for runs, and merges.
    Upgrade,
    /// And starts runs.
    UpgradeBySmoke,
    /// And writes to the configuration repository.
    Rollback,
    /// Opens a request that changes fullsend.yaml alone.
    Hold,
}

impl Verb {
    /// The word for it, as on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Enroll => "enroll",
            Self::Unenroll => "unenroll",
            Self::Upgrade | Self::UpgradeBySmoke => "upgrade",
            Self::Rollback => "rollback",
            Self::Hold => "hold",
        }
    }

    /// What the token must be allowed on this forge.
    pub fn needs(self, forge: &FleetForge) -> Vec<Permission> {
        use Permission::{Contents, Read, Requests, Runs, Start, Workflows};
        let mut needs = match self {
            Self::Status => vec![Read, Runs],
            Self::Enroll | Self::Unenroll => vec![Read, Contents, Requests, Workflows],
            Self::Upgrade | Self::Rollback => vec![Read, Contents, Requests, Workflows, Runs],
            Self::UpgradeBySmoke => vec![Read, Contents, Requests, Workflows, Runs, Start],
            Self::Hold => vec![Read, Contents, Requests],
        };
        // GitLab has no permission of its own for pipelines' files.
        if matches!(forge, FleetForge::GitLab { .. }) {
            needs.retain(|it| *it != Workflows);
        }
        needs
    }
}

/// What stands between an identity and a verb.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// What the token is known to lack.
    pub lacks: Vec<Permission>,
    /// The forge does not tell what the token may do.
    pub is_unknown: bool,
    /// Repositories that we may not push to.
    pub closed: Vec<String>,
    /// Repositories whose rules want signed commits, which by REST only an app makes.
    pub signed: Vec<String>,
    /// We may not push to the default branch of the configuration repository, so that a rollback
    /// has to wait for a review, or cannot even see it.
    pub must_ask: bool,
}

impl Access {
    /// Whether nothing is known to stand in the way.
    pub fn is_open(&self) -> bool {
        self.lacks.is_empty() && self.closed.is_empty() && !self.must_ask
    }
}

/// Finds out what stands between `identity` and `verb`.
pub fn access<'a>(
    verb: Verb,
    forge: &FleetForge,
    identity: &Identity,
    members: impl IntoIterator<Item = &'a Seen>,
    configuration: Option<&Seen>,
) -> Access {
    let mut found = Access {
        lacks: identity.lacks(&verb.needs(forge)),
        is_unknown: identity.granted.is_none(),
        ..Access::default()
    };
    if verb == Verb::Status {
        return found;
    }
    for seen in members {
        let Repository {
            name,
            may_push,
            rules,
            ..
        } = &seen.repository;
        if !may_push {
            found.closed.push(name.clone());
        }
        if rules.signed && identity.kind != IdentityKind::App {
            found.signed.push(name.clone());
        }
    }
    if matches!(verb, Verb::Upgrade | Verb::UpgradeBySmoke | Verb::Rollback) {
        // What cannot be seen cannot be written to either.
        found.must_ask =
            configuration.is_none_or(|it| !it.repository.may_push || !it.repository.rules.may_push);
    }
    found
}

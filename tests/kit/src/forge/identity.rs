//! Who asks, and what they may do.

use std::collections::BTreeSet;

/// What somebody may do, whatever the forge calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// To read repositories.
    Read,
    /// To push branches.
    Contents,
    /// To open and merge requests.
    Requests,
    /// To change workflow files (GitHub).
    Workflows,
    /// To read runs and their checks.
    Runs,
    /// To do what rules forbid to others.
    Admin,
}

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A person, or a program with a person's token.
    User,
    /// An installation of an App, or a group's bot.
    App,
}

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The forge's number for them.
    pub id: u64,
    /// The account; an App's ends in `[bot]`.
    pub login: String,
    /// The name for commits.
    pub name: String,
    /// The address for commits.
    pub email: String,
    /// What they are.
    pub kind: ActorKind,
    /// What they may do.
    pub rights: BTreeSet<Right>,
}

impl Actor {
    /// A person who may do all that rules do not forbid.
    pub fn user(login: &str) -> Self {
        use Right::{Contents, Read, Requests, Runs, Workflows};
        Self {
            id: number(login),
            login: login.to_owned(),
            name: login.to_owned(),
            email: format!("{login}@example.com"),
            kind: ActorKind::User,
            rights: [Read, Contents, Requests, Workflows, Runs].into(),
        }
    }

    /// A person whom no rule stops.
    pub fn admin(login: &str) -> Self {
        let mut admin = Self::user(login);
        admin.rights.insert(Right::Admin);
        admin
    }

    /// An App's installation, called `<slug>[bot]`.
    pub fn app(slug: &str) -> Self {
        Self {
            kind: ActorKind::App,
            ..Self::user(&format!("{slug}[bot]"))
        }
    }

    /// The same with these rights alone.
    #[must_use]
    pub fn with(mut self, rights: &[Right]) -> Self {
        self.rights = rights.iter().copied().collect();
        self
    }

    /// Whether they have the right.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}

/// A number that is always the same for a name.
fn number(login: &str) -> u64 {
    let bytes = crate::sha256(login.as_bytes());
    1_000_000 + u64::from(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]))
}

/// How a token tells what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// By scopes in the answer's headers: GitHub's classic tokens, GitLab's tokens.
    Scopes,
    /// Not at all: GitHub's fine-grained tokens.
    Nothing,
    /// By the answer that gave it: an installation's.
    Permissions,
}

/// A token as the forge knows it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who shows it.
    pub actor: Actor,
    /// How it tells what it may do.
    pub told: Told,
    /// Seconds since 1970.
    pub expires: Option<i64>,
    /// It is no longer accepted.
    pub revoked: bool,
}

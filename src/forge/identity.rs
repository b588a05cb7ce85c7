//! Who we are on a forge.

/// Who we are on a forge, and what we may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account, `octocat` or `fullsend[bot]`.
    pub login: String,
    /// The name for commits.
    pub name: String,
    /// The address for commits, the forge's own no-reply address where it has one.
    pub email: String,
    /// What it is.
    pub kind: IdentityKind,
    /// What the token was granted; `None` where the forge does not tell (fine-grained tokens).
    pub granted: Option<Vec<Permission>>,
}

impl Identity {
    /// The line by which a commit is signed off.
    pub fn sign_off(&self) -> String {
        format!("Signed-off-by: {} <{}>", self.name, self.email)
    }

    /// Those of `needed` that the token is known to lack.
    pub fn lacks(&self, needed: &[Permission]) -> Vec<Permission> {
        let Some(granted) = &self.granted else {
            return Vec::new();
        };
        let needed = needed.iter().copied();
        needed.filter(|it| !granted.contains(it)).collect()
    }
}

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// A person's token.
    User,
    /// An app's installation, or a bot: the forge signs its commits.
    App,
}

/// What a verb may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// To read repositories.
    Read,
    /// To push branches.
    Contents,
    /// To open and merge requests.
    Requests,
    /// To change workflows (GitHub).
    Workflows,
    /// To read runs and their checks.
    Runs,
    /// To start runs.
    Start,
}

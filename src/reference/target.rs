//! What a reference names.

use std::fmt;

use crate::model::{
    digest::Digest,
    image::{ImageReference, ImageReferenceError, Repository},
};

/// What a reference names, or why that is not for a pin to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A container image.
    Image(ImageName),
    /// A GitHub action or reusable workflow.
    Action {
        /// `actions/checkout`
        repository: String,
        /// What is used of it, where that is not the repository itself.
        path: Option<String>,
        /// What stands behind the `@`: a commit, a tag or a branch.
        reference: String,
    },
    /// A component of GitLab.
    Component {
        /// `gitlab.com`, or a variable such as `$CI_SERVER_FQDN`.
        host: String,
        /// `acme/lint`
        project: String,
        /// The last part of the path.
        component: String,
        /// What stands behind the `@`: a commit, a tag, a branch, `~latest`, `1` or `1.2`.
        reference: String,
    },
    /// Files of another project of the same GitLab.
    Project {
        /// `acme/lint`
        project: String,
        /// Its `ref`; without one it is the default branch.
        reference: Option<String>,
    },
    /// A file at an address.
    Remote {
        /// Where it lies.
        url: String,
        /// Its hash: `sha256-` and base64.
        integrity: Option<String>,
    },
    /// Something of the same repository at the same commit, which has no version.
    Local,
    /// A variable or an expression decides, whose value is known only when it runs.
    Variable,
    /// A pattern, which names more than one.
    Pattern,
    /// No reference.
    Malformed(Malformed),
}

/// An image as it is named; without tag and digest where nothing says which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageName {
    /// Where the image lies.
    pub repository: Repository,
    /// The tag.
    pub tag: Option<String>,
    /// The digest, which alone counts where there is one.
    pub digest: Option<Digest>,
}

/// Why a text is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It stands where an image is named.
    #[error(transparent)]
    Image(#[from] ImageReferenceError),
    /// It has nothing behind an `@`.
    #[error("it names no version: `@` and a commit, a tag or a branch are missing")]
    NoReference,
    /// It names an image as an action's step does, but for the case.
    #[error("an image is named with `docker://` in lower case: write it so")]
    DockerCase,
    /// It stands where an action is named.
    #[error("an action is named `OWNER/NAME@REF` or `OWNER/NAME/PATH@REF`")]
    Action,
    /// It stands where a component is named.
    #[error("a component is named `HOST/PROJECT/COMPONENT@REF`")]
    Component,
    /// It stands where a project is named.
    #[error("a project is named `GROUP/NAME`, and its `ref` is a commit, a tag or a branch")]
    Project,
}

/// Whether a variable or an expression has a part in `text`.
pub(super) fn is_variable(text: &str) -> bool {
    text.contains('$') || text.contains("{{")
}

impl Target {
    /// The image that `text` names.
    pub(super) fn image(text: &str) -> Self {
        if is_variable(text) {
            return Self::Variable;
        }
        match ImageName::parse(text) {
            Ok(name) => Self::Image(name),
            Err(error) => Self::Malformed(error.into()),
        }
    }

    /// The action or reusable workflow that `text` names.
    pub fn action(text: &str) -> Self {
        if ["./", "../", "$/"]
            .iter()
            .any(|start| text.starts_with(start))
        {
            return Self::Local;
        }
        if is_variable(text) {
            return Self::Variable;
        }
        if text.to_ascii_lowercase().starts_with("docker://") {
            return Self::Malformed(Malformed::DockerCase);
        }
        let Some((name, reference)) = text.split_once('@') else {
            return Self::Malformed(Malformed::NoReference);
        };
        let mut parts = name.splitn(3, '/');
        let (owner, name) = (parts.next(), parts.next());
        let path = parts.next();
        match (owner, name) {
            (Some(owner), Some(name))
                if [owner, name].into_iter().chain(path).all(is_path)
                    && is_reference(reference) =>
            {
                Self::Action {
                    repository: format!("{owner}/{name}"),
                    path: path.map(str::to_owned),
                    reference: reference.to_owned(),
                }
            }
            _ if reference.is_empty() => Self::Malformed(Malformed::NoReference),
            _ => Self::Malformed(Malformed::Action),
        }
    }

    /// The component that `text` names.
    pub(super) fn component(text: &str) -> Self {
        let (name, reference) = match text.split_once('@') {
            Some((name, reference)) => (name, Some(reference)),
            None => (text, None),
        };
        let (host, path) = name.split_once('/').unwrap_or((name, ""));
        // Every pipeline knows the host of its own GitLab.
        let own = ["$CI_SERVER_FQDN", "$CI_SERVER_HOST"].contains(&host);
        if is_variable(path) || reference.is_some_and(is_variable) || (!own && is_variable(host)) {
            return Self::Variable;
        }
        let Some(reference) = reference.filter(|reference| !reference.is_empty()) else {
            return Self::Malformed(Malformed::NoReference);
        };
        match path.rsplit_once('/') {
            Some((project, component))
                if !host.is_empty() && is_path(path) && is_reference(reference) =>
            {
                Self::Component {
                    host: host.to_owned(),
                    project: project.to_owned(),
                    component: component.to_owned(),
                    reference: reference.to_owned(),
                }
            }
            _ => Self::Malformed(Malformed::Component),
        }
    }

    /// The project that is called `name`, at its `ref`.
    pub(super) fn project(name: &str, reference: Option<&str>) -> Self {
        if is_variable(name) || reference.is_some_and(is_variable) {
            return Self::Variable;
        }
        let name = name.trim_matches('/');
        if !is_path(name) || !reference.is_none_or(is_reference) {
            return Self::Malformed(Malformed::Project);
        }
        Self::Project {
            project: name.to_owned(),
            reference: reference.map(str::to_owned),
        }
    }

    /// The commit, tag or branch that it names.
    pub(super) fn reference(&self) -> Option<&str> {
        match self {
            Self::Action { reference, .. } | Self::Component { reference, .. } => Some(reference),
            Self::Project { reference, .. } => reference.as_deref(),
            _ => None,
        }
    }

    /// What it is called, without its version; nothing where there is none to be had.
    pub(super) fn name(&self) -> Option<String> {
        Some(match self {
            Self::Image(image) => image.repository.to_string(),
            Self::Action {
                repository, path, ..
            } => match path {
                Some(path) => format!("{repository}/{path}"),
                None => repository.clone(),
            },
            Self::Component {
                host,
                project,
                component,
                ..
            } => format!("{host}/{project}/{component}"),
            Self::Project { project, .. } => project.clone(),
            Self::Remote { url, .. } => url.clone(),
            Self::Local | Self::Variable | Self::Pattern | Self::Malformed(_) => return None,
        })
    }
}

/// The parts of a path, none of which leads elsewhere.
fn is_path(path: &str) -> bool {
    path.split('/').all(|part| {
        let known = |c: char| c.is_ascii_alphanumeric() || "._-+ ".contains(c);
        !part.is_empty() && part != "." && part != ".." && part.chars().all(known)
    })
}

/// Whether `text` could be a commit, a tag or a branch that needs no quotes anywhere.
pub fn is_reference(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "._/~+-".contains(c);
    !text.is_empty() && text.len() <= 250 && text.chars().all(known)
}

impl ImageName {
    /// Reads `text` as [`ImageReference`] does, but for tag and digest, which may both be missing.
    pub(super) fn parse(text: &str) -> Result<Self, ImageReferenceError> {
        match text.parse::<ImageReference>() {
            Ok(image) => Ok(Self {
                repository: image.repository().clone(),
                tag: image.tag().map(str::to_owned),
                digest: image.digest().cloned(),
            }),
            Err(ImageReferenceError::Unpinned) => Ok(Self {
                repository: text.parse()?,
                tag: None,
                digest: None,
            }),
            Err(error) => Err(error),
        }
    }

    /// How long the name is that the reference `text` begins with.
    pub(super) fn length(text: &str) -> usize {
        let name = text.split('@').next().unwrap_or_default();
        let slash = name.rfind('/').map_or(0, |slash| slash + 1);
        match name[slash..].find(':') {
            Some(colon) => slash + colon,
            None => name.len(),
        }
    }

    /// The reference that can be asked for; an error without tag and digest.
    pub fn reference(&self) -> Result<ImageReference, ImageReferenceError> {
        self.to_string().parse()
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest
            .iter()
            .try_for_each(|digest| write!(f, "@{digest}"))
    }
}

//! What kind of file it is, for those that are judged.

use std::path::Path;

use super::{openshell, renovate, runner};
use crate::{
    document::yaml::{Node, Yaml},
    reference::FileKind,
};

/// The kinds of file that are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// fullsend.yaml.
    Config,
    /// fleet.yaml.
    Fleet,
    /// A GitHub workflow.
    GithubWorkflow,
    /// A GitHub action's metadata.
    GithubAction,
    /// GitHub's lock of actions, `.github/workflows/actions.lock`.
    ActionsLock,
    /// GitLab CI: a pipeline, a file that it includes, or a component.
    GitlabCi,
    /// GitLab runner's config.toml.
    RunnerConfig,
    /// Helm values of the runner's chart.
    HelmValues,
    /// Kubernetes manifests, Kyverno's and policy-controller's policies among them.
    Kubernetes,
    /// Renovate's configuration.
    Renovate,
    /// A policy of `OpenShell`.
    OpenshellPolicy,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Config,
        Self::Fleet,
        Self::GithubWorkflow,
        Self::GithubAction,
        Self::ActionsLock,
        Self::GitlabCi,
        Self::RunnerConfig,
        Self::HelmValues,
        Self::Kubernetes,
        Self::Renovate,
        Self::OpenshellPolicy,
    ];

    /// The word for it on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Fleet => "fleet",
            Self::GithubWorkflow => "github-workflow",
            Self::GithubAction => "github-action",
            Self::ActionsLock => "actions-lock",
            Self::GitlabCi => "gitlab-ci",
            Self::RunnerConfig => "runner-config",
            Self::HelmValues => "helm-values",
            Self::Kubernetes => "kubernetes",
            Self::Renovate => "renovate",
            Self::OpenshellPolicy => "openshell-policy",
        }
    }

    /// The kind that `path` alone tells.
    pub fn of_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        if name == "actions.lock" {
            return path
                .parent()
                .is_some_and(|folder| folder.ends_with(".github/workflows"))
                .then_some(Self::ActionsLock);
        }
        if renovate::is_name(path) {
            return Some(Self::Renovate);
        }
        // What it holds tells whether it is the runner's.
        if path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("toml"))
        {
            return Some(Self::RunnerConfig);
        }
        match FileKind::of_path(path)? {
            FileKind::GithubWorkflow => Some(Self::GithubWorkflow),
            FileKind::GithubAction => Some(Self::GithubAction),
            FileKind::GitlabCi => Some(Self::GitlabCi),
            FileKind::RunnerConfig => Some(Self::RunnerConfig),
            FileKind::Fullsend if name.starts_with("fleet.") => Some(Self::Fleet),
            FileKind::Fullsend => Some(Self::Config),
            FileKind::Dockerfile | FileKind::Kubernetes | FileKind::HelmValues => None,
        }
    }

    /// The kind that what the file holds tells.
    pub(super) fn of_shape(tree: &Yaml) -> Option<Self> {
        tree.documents().find_map(|root| of_document(&root))
    }
}

fn of_document(root: &Node<'_>) -> Option<Kind> {
    if runner::are_values(root) {
        return Some(Kind::HelmValues);
    }
    if openshell::is_policy(root) {
        return Some(Kind::OpenshellPolicy);
    }
    match FileKind::of_shape(root)? {
        FileKind::GithubWorkflow => Some(Kind::GithubWorkflow),
        FileKind::GithubAction => Some(Kind::GithubAction),
        FileKind::GitlabCi => super::gitlab::looks_like_pipeline(root).then_some(Kind::GitlabCi),
        FileKind::Kubernetes => Some(Kind::Kubernetes),
        FileKind::Dockerfile
        | FileKind::HelmValues
        | FileKind::RunnerConfig
        | FileKind::Fullsend => None,
    }
}

/// Whether a file of this name is worth reading at all.
pub fn is_candidate(path: &Path) -> bool {
    let is_yaml = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("yml") || end.eq_ignore_ascii_case("yaml"));
    is_yaml || Kind::of_path(path).is_some()
}

/// A key of each kind that is told by what the file holds.
const KEYS: [&str; 10] = [
    "apiVersion",
    "jobs",
    "runs",
    "script",
    "spec",
    "network_policies",
    "runners",
    "filesystem_policy",
    "network_middlewares",
    "landlock",
];

/// Whether YAML of no telling name could be of a known kind: some line begins with one of its keys.
pub(super) fn may_be_ours(bytes: &[u8]) -> bool {
    let is_key = |key: &str| {
        memchr::memmem::find_iter(bytes, key.as_bytes()).any(|at| {
            let before = bytes[..at].iter().rev();
            let begins = before
                .take_while(|byte| **byte != b'\n')
                .all(|byte| b" \t\r\"'{-?\xef\xbb\xbf".contains(byte));
            let after = bytes.get(at + key.len());
            begins && after.is_some_and(|byte| b":\"' ".contains(byte))
        })
    };
    KEYS.into_iter().any(is_key)
}

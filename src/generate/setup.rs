//! What is known about a repository before it has a fullsend.yaml.

use std::path::Path;

use crate::{
    config::AgentName,
    model::{
        files::Files,
        image::ImageReference,
        remote::{ForgeKind, Remote},
    },
};

/// The public key that `cosign generate-key-pair` leaves.
const KEY: &str = "cosign.pub";
/// A file with more is nobody's first.
const MAX_AGENTS: usize = 100;

/// What is known about a repository and its agents.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The image of all agents.
    pub image: Option<ImageReference>,
    /// The file of the public key that signs it, from fullsend.yaml's folder on.
    pub key: Option<String>,
    /// Where the repository is pushed to.
    pub remote: Option<Remote>,
    /// The agents, sorted, each once; none stands for the four that are known by name.
    pub agents: Vec<AgentName>,
}

impl Setup {
    /// What `files` tell of a repository that is pushed to `remote`: all but the image, with
    /// fullsend.yaml in its root.
    pub fn of(files: &dyn Files, remote: Option<Remote>) -> Self {
        Self {
            image: None,
            key: key(files),
            remote,
            agents: agents(files),
        }
    }
}

/// The public key in the root of `files`, by its name.
pub fn key(files: &dyn Files) -> Option<String> {
    let marker = b"-----BEGIN PUBLIC KEY-----";
    let bytes = files.found(Path::new(KEY))?;
    let is_key = bytes.trim_ascii_start().starts_with(marker);
    is_key.then(|| KEY.to_owned())
}

/// What the forge of a repository runs on, where one of the two alone has its files in it.
pub fn forge_kind(files: &dyn Files) -> Option<ForgeKind> {
    let workflows = Path::new(".github/workflows");
    let has_workflows = !files.list(workflows).is_empty();
    match (has_workflows, files.has(Path::new(".gitlab-ci.yml"))) {
        (true, false) => Some(ForgeKind::GitHub),
        (false, true) => Some(ForgeKind::GitLab),
        _ => None,
    }
}

/// `agents/NAME/instructions.md` and `.claude/agents/NAME.md`, where NAME can be an agent's.
fn agents(files: &dyn Files) -> Vec<AgentName> {
    let folders = files.folders(Path::new("agents")).into_iter();
    let described = folders.filter(|folder| files.has(&folder.join("instructions.md")));
    let notes = files.list(Path::new(".claude/agents")).into_iter();
    let notes = notes.filter(|path| path.extension().is_some_and(|it| it == "md"));
    let names = described.chain(notes);
    let names = names.filter_map(|path| path.file_stem()?.to_str()?.parse().ok());
    let mut names: Vec<AgentName> = names.take(MAX_AGENTS).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::PathBuf};

    use super::*;

    #[test]
    fn a_repository_tells_its_agents_its_key_and_its_forge() {
        let files: BTreeMap<PathBuf, &str> = [
            ("cosign.pub", "\n-----BEGIN PUBLIC KEY-----\n"),
            (".gitlab-ci.yml", ""),
            ("agents/review/instructions.md", ""),
            ("agents/empty/README.md", ""),
            ("agents/no name/instructions.md", ""),
            (".claude/agents/triage.md", ""),
            (".claude/agents/review.md", ""),
            (".claude/agents/notes.txt", ""),
        ]
        .map(|(path, text)| (PathBuf::from(path), text))
        .into();
        let setup = Setup::of(&files, None);
        let agents: Vec<&str> = setup.agents.iter().map(AgentName::as_str).collect();
        assert_eq!(agents, ["review", "triage"]);
        assert_eq!(setup.key.as_deref(), Some("cosign.pub"));
        assert_eq!(forge_kind(&files), Some(ForgeKind::GitLab));
        let both = [".gitlab-ci.yml", ".github/workflows/a.yml"];
        let both: BTreeMap<_, _> = both.map(|path| (PathBuf::from(path), "")).into();
        assert_eq!(forge_kind(&both), None);
        assert_eq!(Setup::of(&both, None).key, None);
    }
}

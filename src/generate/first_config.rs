//! The first fullsend.yaml of a repository, from what the repository holds.

use super::{GenerateError, Setup, github_image_pipeline};
use crate::{
    config::{AgentName, github_issuer, gitlab_issuer},
    model::{
        image::{ImageReference, Repository},
        limits::Limits,
        remote::{ForgeKind, Remote},
    },
    template::{
        self,
        first_config::{Agent, FirstConfig as Context, Image, Signer},
    },
};

/// A first fullsend.yaml or fleet.yaml.
#[derive(Clone, Debug)]
pub struct FirstConfig {
    /// The whole file.
    pub text: String,
    /// What somebody has to add before anything can run.
    pub missing: Vec<Missing>,
}

/// What nobody has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Which image the agents run in.
    Image,
    /// The image's digest.
    Digest,
    /// Who signs the image.
    Signer,
    /// Where a fleet's repositories are.
    Forge,
    /// Which action goes with the image.
    Action,
}

/// Writes the file. Who signs is told by a key beside it, or follows from where the image lies.
pub fn first_config(setup: &Setup) -> Result<FirstConfig, GenerateError> {
    let signer = setup.image.as_ref().and_then(|image| signer(image, setup));
    let mut missing = Vec::new();
    match &setup.image {
        None => missing.push(Missing::Image),
        Some(image) if image.digest().is_none() => missing.push(Missing::Digest),
        Some(_) => {}
    }
    if signer.is_none() {
        missing.push(Missing::Signer);
    }
    let context = Context {
        image: setup.image.as_ref().map(Image::of),
        signer,
        agents: agents(&setup.agents),
    };
    let text = template::render(&context)?;
    Ok(FirstConfig { text, missing })
}

/// Who signs `image`, as far as that can be known.
fn signer(image: &ImageReference, setup: &Setup) -> Option<Signer> {
    let repository = image.repository();
    let signer = Signer {
        images: repository.to_string(),
        ..Signer::default()
    };
    if repository.host() == "ghcr.io" && repository.path().starts_with("fullsend-ai/") {
        return Some(Signer {
            issuer: Some(github_issuer("github.com")),
            repository: Some("fullsend-ai/fullsend".to_owned()),
            workflow: Some(".github/workflows/release.yml".to_owned()),
            ..signer
        });
    }
    if setup.key.is_some() {
        return Some(Signer {
            key: setup.key.clone(),
            ..signer
        });
    }
    let forge = setup.remote.as_ref()?;
    let is_own = is_of(repository, forge);
    match forge.kind {
        _ if !is_own => None,
        ForgeKind::GitHub => Some(Signer {
            issuer: Some(github_issuer(&forge.host)),
            repository: Some(forge.path.clone()),
            workflow: Some(github_image_pipeline::PATH.to_owned()),
            ..signer
        }),
        ForgeKind::GitLab => Some(Signer {
            issuer: Some(gitlab_issuer(&forge.host)),
            gitlab_project: Some(forge.path.clone()),
            ..signer
        }),
    }
}

/// Whether the image lies where its forge puts what this very repository builds.
fn is_of(image: &Repository, forge: &Remote) -> bool {
    let path = forge.path.to_ascii_lowercase();
    match forge.kind {
        // One owner's packages share a place, so that the name has to be the repository's.
        ForgeKind::GitHub => {
            let registry = match forge.host.as_str() {
                "github.com" => "ghcr.io".to_owned(),
                host => format!("containers.{host}"),
            };
            image.host() == registry && is_at_or_below(image.path(), &path)
        }
        ForgeKind::GitLab => {
            let host = image.host().split(':').next().unwrap_or_default();
            let forge = forge.host.split(':').next().unwrap_or_default();
            let is_registry = host == forge || host.strip_prefix("registry.") == Some(forge);
            is_registry && is_at_or_below(image.path(), &path)
        }
    }
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn agents(names: &[AgentName]) -> Vec<Agent> {
    let of = |name: &str| {
        let limits = Limits::of_agent(name).unwrap_or_default();
        Agent {
            name: name.to_owned(),
            cpus: limits.cpus.as_f64(),
            // The built-in limits are whole in both.
            memory: format!("{}GiB", limits.memory.as_bytes() >> 30),
            timeout: format!("{}m", limits.timeout.duration().as_secs() / 60),
        }
    };
    if names.is_empty() {
        return Limits::AGENTS.into_iter().map(of).collect();
    }
    names.iter().map(|name| of(name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Config};

    const PINNED: &str = "ghcr.io/acme/agents/box:1.2.3@sha256:\
                          aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn setup(image: &str, remote: &str) -> Setup {
        Setup {
            image: Some(image.parse().unwrap()),
            remote: Remote::of(remote, None),
            ..Setup::default()
        }
    }

    #[track_caller]
    fn read(text: &str) -> Config {
        let config = config::parse(text.as_bytes(), "fullsend.yaml");
        config.unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The file, which can be read.
    #[track_caller]
    fn written(setup: &Setup, missing: &[Missing]) -> String {
        let first = first_config(setup).unwrap();
        let config = read(&first.text);
        assert_eq!(config.image, setup.image);
        assert_eq!(config.warnings(), [""; 0]);
        assert_eq!(first.missing, missing);
        first.text
    }

    #[track_caller]
    fn has(text: &str, part: &str) {
        assert!(text.contains(part), "no {part:?} in {text}");
    }

    #[test]
    fn what_is_not_known_is_explained() {
        let text = written(&Setup::default(), &[Missing::Image, Missing::Signer]);
        has(&text, "\n# image: ");
        has(&text, "\n# verify:\n");
        has(
            &text,
            "\n  triage:\n    cpus: 1.0\n    memory: 2GiB\n    timeout: 5m\n",
        );
        has(
            &text,
            "\n  code:\n    cpus: 2.0\n    memory: 8GiB\n    timeout: 30m\n",
        );
        // What is commented out can be taken in.
        let whole = text.replace("sha256:...", PINNED.split_once('@').unwrap().1);
        let lines = whole.lines().map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with([' ', 'i', 'v']) => rest,
            _ => line,
        });
        let whole = lines.collect::<Vec<_>>().join("\n");
        let config = read(&whole);
        assert!(config.image.is_some() && config.verify.len() == 1);
    }

    #[test]
    fn who_signs_follows_from_where_the_image_lies() {
        let text = written(&setup(PINNED, "git@github.com:Acme/agents.git"), &[]);
        has(&text, &format!("\nimage: {PINNED}\n"));
        has(
            &text,
            "\n  - match: ghcr.io/acme/agents/box\n    keyless:\n",
        );
        has(
            &text,
            "\n      issuer: https://token.actions.githubusercontent.com\n",
        );
        has(&text, "\n      repository: Acme/agents\n");
        has(
            &text,
            "\n      workflow: .github/workflows/fullsend-image.yml\n",
        );

        let image = "registry.git.example.com/a/b/c/box:1.2.3";
        let mut own = setup(image, "");
        own.remote = Remote::of(
            "https://x:secret@git.example.com/a/b/c",
            Some(ForgeKind::GitLab),
        );
        let text = written(&own, &[Missing::Digest]);
        has(&text, "\n      issuer: https://git.example.com\n");
        has(&text, "\n      gitlab_project: a/b/c\n");
        assert!(!text.contains("secret"));

        let ours = setup("ghcr.io/fullsend-ai/agent-sandbox:1.4.2", "");
        has(
            &written(&ours, &[Missing::Digest]),
            "\n      repository: fullsend-ai/fullsend\n",
        );
    }

    #[test]
    fn a_key_beside_it_signs_what_is_not_ours() {
        let mut setup = setup(PINNED, "https://github.com/acme/agents");
        setup.key = Some("cosign.pub".to_owned());
        let text = written(&setup, &[]);
        has(&text, "\n    key: cosign.pub\n");
        assert!(!text.contains("keyless"), "{text}");
    }

    #[test]
    fn nobody_is_believed_for_lying_nearby() {
        for remote in [
            "https://github.com/acme/agent",
            "https://github.com/ghcr.io/acme",
            "https://gitlab.com/acme/agents",
            "https://github.example.com/acme/agents",
            "https://github.com/acme/agents/more",
            "file:///acme/agents",
            "/github/acme:agents",
            "https://github.com/acme/ag\nents",
            "",
        ] {
            written(&setup(PINNED, remote), &[Missing::Signer]);
        }
    }

    #[test]
    fn agents_have_the_limits_of_their_names() {
        let names = ["fix", "on", "1"].map(|name| name.parse().unwrap());
        let text = written(
            &Setup {
                agents: names.into(),
                ..Setup::default()
            },
            &[Missing::Image, Missing::Signer],
        );
        let config = read(&text);
        let limits = |name| config.agent(name).unwrap().limits;
        assert_eq!(limits("fix"), Limits::of_agent("fix").unwrap());
        assert_eq!(limits("on"), Limits::default());
        assert_eq!(limits("1"), Limits::default());
        assert!(!text.contains("triage"));
    }
}

//! The first fleet.yaml of an organisation, from what its configuration repository holds.

use std::path::Path;

use super::{FirstConfig, GenerateError, Missing};
use crate::{
    config::{self, ActionPin, CONFIG_FILE},
    model::{
        files::Files,
        image::ImageReference,
        remote::{ForgeKind, Remote},
        skew::OWN_ACTION,
    },
    reference::{self, Reference, Target},
    template::{
        self,
        first_config::Image,
        first_fleet::{Action, FirstFleet as Context, Forge},
    },
};

/// What is known about a fleet before it has a fleet.yaml.
#[derive(Clone, Debug, Default)]
pub struct FleetSetup {
    /// Where the configuration repository is pushed to; its neighbours are the fleet.
    pub remote: Option<Remote>,
    /// The action of the release.
    pub action: Option<ActionPin>,
    /// The image of the release.
    pub image: Option<ImageReference>,
}

impl FleetSetup {
    /// What `files` tell of a repository that is pushed to `remote`: a fleet that begins with one
    /// repository begins with what that one runs.
    pub fn of(files: &dyn Files, remote: Option<Remote>) -> Self {
        let own = files.found(Path::new(CONFIG_FILE));
        let own = own.and_then(|text| config::parse(&text, CONFIG_FILE).ok());
        Self {
            remote,
            action: action(files),
            image: own.and_then(|own| own.image),
        }
    }
}

/// Writes the file, with one ring that all repositories are in.
pub fn first_fleet(setup: &FleetSetup) -> Result<FirstConfig, GenerateError> {
    let forge = setup.remote.as_ref().and_then(forge);
    let mut missing = Vec::new();
    if forge.is_none() {
        missing.push(Missing::Forge);
    }
    if setup.action.is_none() {
        missing.push(Missing::Action);
    }
    match &setup.image {
        None => missing.push(Missing::Image),
        Some(image) if image.digest().is_none() => missing.push(Missing::Digest),
        Some(_) => {}
    }
    let context = Context {
        forge,
        action: setup.action.as_ref().map(|action| Action {
            pin: format!("{}@{}", action.repository, action.commit),
            version: action.version.to_string(),
        }),
        image: setup.image.as_ref().map(Image::of),
    };
    let text = template::render(&context)?;
    Ok(FirstConfig { text, missing })
}

/// The place that holds `repository` and its neighbours.
fn forge(repository: &Remote) -> Option<Forge> {
    let (place, _) = repository.path.rsplit_once('/')?;
    let (kind, key, usual) = match repository.kind {
        ForgeKind::GitHub => ("github", "owner", "github.com"),
        ForgeKind::GitLab => ("gitlab", "group", "gitlab.com"),
    };
    let host = &repository.host;
    Some(Forge {
        kind,
        key,
        place: place.to_owned(),
        url: (host != usual).then(|| format!("https://{host}")),
    })
}

/// Our action, as the first workflow that uses it has it.
fn action(files: &dyn Files) -> Option<ActionPin> {
    let workflows = files.list(Path::new(".github/workflows")).into_iter();
    let mut pins = workflows.flat_map(|path| {
        let text = files.found(&path).unwrap_or_default();
        let found = reference::references(&path, &text).unwrap_or_default();
        found.iter().filter_map(pin).collect::<Vec<_>>()
    });
    pins.next()
}

fn pin(found: &Reference) -> Option<ActionPin> {
    let Target::Action { repository, .. } = &found.target else {
        return None;
    };
    let is_own = repository.eq_ignore_ascii_case(OWN_ACTION);
    let written = format!("{} # {}", found.written, found.version()?);
    written.parse().ok().filter(|_| is_own)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::PathBuf};

    use super::*;
    use crate::config::{Fleet, FleetForge, Members, parse_fleet};

    const IMAGE: &str = "ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:\
                         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const ACTION: &str = "fullsend-ai/sandbox@0123456789012345678901234567890123456789 # v1.4.0";

    fn setup(remote: &str, hint: ForgeKind) -> FleetSetup {
        FleetSetup {
            remote: Remote::of(remote, Some(hint)),
            action: Some(ACTION.parse().unwrap()),
            image: Some(IMAGE.parse().unwrap()),
        }
    }

    #[track_caller]
    fn read(text: &str) -> Fleet {
        let fleet = parse_fleet(text.as_bytes(), "fleet.yaml");
        fleet.unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_neighbours_of_the_repository_are_the_fleet() {
        for (remote, hint, kind, place, url) in [
            (
                "git@github.com:acme/fleet.git",
                ForgeKind::GitHub,
                "owner",
                "acme",
                "https://github.com",
            ),
            (
                "https://x:hunter2@ghe.example:8443/acme/fleet",
                ForgeKind::GitHub,
                "owner",
                "acme",
                "https://ghe.example:8443",
            ),
            (
                "https://gitlab.com/a/b/fleet",
                ForgeKind::GitLab,
                "group",
                "a/b",
                "https://gitlab.com",
            ),
            (
                "git@git.example:on/fleet.git",
                ForgeKind::GitLab,
                "group",
                "on",
                "https://git.example",
            ),
        ] {
            let first = first_fleet(&setup(remote, hint)).unwrap();
            assert!(first.missing.is_empty() && !first.text.contains("hunter2"));
            let fleet = read(&first.text);
            let found = match &fleet.forge {
                FleetForge::GitHub { owner, .. } => ("owner", owner),
                FleetForge::GitLab { group, .. } => ("group", group),
            };
            assert_eq!((found.0, &**found.1, fleet.forge.url()), (kind, place, url));
            assert_eq!(fleet.release.action.to_string(), ACTION);
            assert_eq!(fleet.release.image().to_string(), IMAGE);
            assert_eq!(fleet.rings.len(), 1);
        }
    }

    #[test]
    fn what_is_commented_out_can_be_taken_in() {
        let first =
            first_fleet(&setup("git@gitlab.com:acme/fleet.git", ForgeKind::GitLab)).unwrap();
        let is_key = |line: &str| {
            line.trim_start().split(':').next().is_some_and(|key| {
                !key.is_empty()
                    && line.contains(':')
                    && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            })
        };
        let taken = first.text.lines().map(|line| match line.split_once("# ") {
            Some((before, rest)) if before.trim().is_empty() && is_key(rest) => {
                format!("{before}{rest}")
            }
            _ => line.to_owned(),
        });
        let whole = taken.collect::<Vec<_>>().join("\n");
        let fleet = read(&whole);
        let names: Vec<&str> = fleet.rings.iter().map(|ring| ring.name.as_str()).collect();
        assert_eq!(names, ["canary", "early", "stable"]);
        assert_eq!(fleet.rings[1].members, Members::Percent(5));
        let plain = read(&first.text);
        assert_eq!(fleet.gates, plain.gates, "the defaults");
        assert_ne!(fleet.select, plain.select);
    }

    #[test]
    fn what_is_not_known_is_explained() {
        let first = first_fleet(&FleetSetup::default()).unwrap();
        assert_eq!(
            first.missing,
            [Missing::Forge, Missing::Action, Missing::Image]
        );
        let digest = IMAGE.split_once('@').unwrap().1;
        let whole = first.text.replace("COMMIT", &"0123456789".repeat(4));
        let whole = whole
            .replace("sha256:...", digest)
            .replace("\n# forge:", "\nforge:");
        read(
            &whole
                .replace("\n# action:", "\naction:")
                .replace("\n# image:", "\nimage:"),
        );
        let unpinned = FleetSetup {
            image: Some("ghcr.io/fullsend-ai/agent-sandbox:1.4.2".parse().unwrap()),
            ..setup("git@github.com:acme/fleet.git", ForgeKind::GitHub)
        };
        let first = first_fleet(&unpinned).unwrap();
        assert_eq!(first.missing, [Missing::Digest]);
        let image = "\nimage: ghcr.io/fullsend-ai/agent-sandbox:1.4.2";
        read(&first.text.replace(image, &format!("{image}@{digest}")));
    }

    #[test]
    fn a_repository_that_runs_agents_tells_its_release() {
        let workflow = format!(
            "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - uses: {ACTION}\n"
        );
        let files: BTreeMap<PathBuf, String> = [
            (
                CONFIG_FILE,
                format!("version: 1\nimage: {IMAGE}\nagents: {{triage: {{}}}}\n"),
            ),
            (".github/workflows/agents.yml", workflow),
        ]
        .map(|(path, text)| (PathBuf::from(path), text))
        .into();
        let setup = FleetSetup::of(&files, None);
        assert_eq!(setup.action, ACTION.parse().ok());
        assert_eq!(setup.image, IMAGE.parse().ok());
    }
}

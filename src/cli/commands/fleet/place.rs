//! Where fleet.yaml is, and where its forge is.

use std::path::{Path, PathBuf};

use crate::{
    cli::{failure::CliFailure, global::GlobalArgs},
    config::{FLEET_FILE, FleetForge, parse_github_repository, parse_gitlab_project},
    forge::Site,
    model::remote::{ForgeKind, Remote},
    seam::{
        environment::Environment,
        files,
        http::{Url, authority},
    },
};

/// Where fleet.yaml is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file of this machine.
    File(PathBuf),
    /// A repository that has it at its root.
    Repository {
        /// The forge and the owner or group.
        forge: FleetForge,
        /// Below the owner or group.
        name: String,
    },
}

impl Place {
    /// Reads `--fleet`, where relative paths start at `here`.
    ///
    /// What is there as a file or folder is meant, else a repository. `OWNER/REPO` alone is on the
    /// forge that the variables of a CI job tell, else on github.com.
    pub(super) fn read(
        text: Option<&str>,
        here: &Path,
        environment: &Environment,
    ) -> Result<Self, CliFailure> {
        let text = text.unwrap_or(".");
        let path = here.join(text);
        if files::is_folder(&path) {
            return Ok(Self::File(path.join(FLEET_FILE)));
        }
        if files::lies_at(&path)? {
            return Ok(Self::File(path));
        }
        let on_gitlab = environment.get("CI_API_V4_URL").is_some()
            && environment.get("GITHUB_API_URL").is_none();
        let kind = if on_gitlab {
            ForgeKind::GitLab
        } else {
            ForgeKind::GitHub
        };
        let found = match text.split_once("://") {
            Some((scheme, _)) => Remote::of(text, Some(kind)).and_then(|it| {
                Self::repository(it.kind, format!("{scheme}://{}", it.host), &it.path)
            }),
            None => Self::repository(kind, usual_site(kind, environment), text),
        };
        found.ok_or_else(|| {
            CliFailure::usage_with(
                format!(
                    "`--fleet {}` is neither a folder or file nor a repository",
                    without_credentials(text)
                ),
                "write the folder of fleet.yaml, `OWNER/REPO`, or the repository's address",
            )
        })
    }

    fn repository(kind: ForgeKind, url: String, path: &str) -> Option<Self> {
        match kind {
            ForgeKind::GitHub => parse_github_repository(path),
            ForgeKind::GitLab => parse_gitlab_project(path),
        }
        .ok()?;
        let (owner, name) = path.rsplit_once('/')?;
        let owner = owner.to_owned();
        let forge = match kind {
            ForgeKind::GitHub => FleetForge::GitHub { owner, url },
            ForgeKind::GitLab => FleetForge::GitLab {
                group: owner,
                url,
                component_source: None,
            },
        };
        let name = name.to_owned();
        Some(Self::Repository { forge, name })
    }
}

/// `text` without the account and password that an address may have.
fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// The address of the forge that a CI job is of, else of the public one.
fn usual_site(kind: ForgeKind, environment: &Environment) -> String {
    let (variable, usual) = match kind {
        ForgeKind::GitHub => ("GITHUB_SERVER_URL", "https://github.com"),
        ForgeKind::GitLab => ("CI_SERVER_URL", "https://gitlab.com"),
    };
    let site = environment.get(variable).unwrap_or(usual);
    site.trim_end_matches('/').to_owned()
}

/// How the forge at `place` is spoken to.
///
/// A job's variable counts where the job is of the same forge, or does not tell: its API is where
/// the token goes.
pub(super) fn site(
    place: FleetForge,
    given: Option<&Url>,
    environment: &Environment,
    global: &GlobalArgs,
) -> Site {
    let (api, server) = match &place {
        FleetForge::GitHub { .. } => ("GITHUB_API_URL", "GITHUB_SERVER_URL"),
        FleetForge::GitLab { .. } => ("CI_API_V4_URL", "CI_SERVER_URL"),
    };
    let server = environment.get(server);
    let is_same = server.is_none_or(|server| host_of(server) == host_of(place.url()));
    let of_job = environment.get(api).filter(|_| is_same);
    let of_job = of_job.and_then(|text| Url::parse(text).ok());
    let named = || given.map(authority).into_iter().collect();
    Site {
        api: given.cloned().or(of_job),
        insecure_hosts: global.insecure_registry.clone(),
        offline: global.offline.then(named),
        place,
    }
}

/// The host of a forge's address, with its port.
pub(super) fn host_of(url: &str) -> Option<String> {
    let host = authority(&Url::parse(url).ok()?);
    Some(host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().copied().collect()
    }

    fn read(text: &str, pairs: &[(&str, &str)]) -> Option<(String, String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::read(Some(text), folder.path(), &environment(pairs)).ok()?;
        let Place::Repository { forge, name } = place else {
            return None;
        };
        let url = forge.url().to_owned();
        Some(match forge {
            FleetForge::GitHub { owner, .. } => (url, owner, name),
            FleetForge::GitLab { group, .. } => (url, group, name),
        })
    }

    #[test]
    fn what_lies_there_goes_before_a_repository_of_that_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme/fleet/fleet.yaml");
        files::make_parents(&path).unwrap();
        files::create(&path, b"", 0o600).unwrap();
        let of = |text| {
            let here = folder.path();
            Place::read(text, here, &Environment::default()).ok()
        };
        assert_eq!(of(Some("acme/fleet")), Some(Place::File(path.clone())));
        assert_eq!(of(Some("acme/fleet/fleet.yaml")), Some(Place::File(path)));
        let usual = folder.path().join(".").join("fleet.yaml");
        assert_eq!(of(None), Some(Place::File(usual)));
    }

    #[test]
    fn repositories_are_named_or_have_an_address() {
        let job = [
            ("CI_API_V4_URL", "https://git.example.com/api/v4"),
            ("CI_SERVER_URL", "https://git.example.com"),
        ];
        let of = |url: &str, owner: &str, name: &str| {
            Some((url.to_owned(), owner.to_owned(), name.to_owned()))
        };
        let github = of("https://github.com", "acme", "fleet");
        assert_eq!(read("acme/fleet", &[]), github);
        assert_eq!(read("https://github.com/acme/fleet.git", &job), github);
        let gitlab = of("https://git.example.com", "acme/agents", "fleet");
        assert_eq!(read("acme/agents/fleet", &job), gitlab);
        let other = "https://gitlab.example.org/acme/fleet";
        assert_eq!(
            read(other, &[]),
            of("https://gitlab.example.org", "acme", "fleet")
        );
        for bad in [
            "fleet",
            "acme/agents/fleet",
            "./acme",
            "/acme/fleet",
            "a b/c",
        ] {
            assert_eq!(read(bad, &[]), None, "{bad}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        for bad in ["https://x:hunter2@/acme", "https://x:hunter2@git.example"] {
            let read = Place::read(Some(bad), folder.path(), &Environment::default());
            let told = read.unwrap_err().to_string();
            assert!(
                told.contains("https://") && !told.contains("hunter2"),
                "{told}"
            );
        }
    }

    #[test]
    fn the_jobs_api_is_used_for_the_jobs_forge_alone() {
        let global = || {
            let global =
                crate::cli::command().try_get_matches_from(["fullsend", "schema", "fleet"]);
            <GlobalArgs as clap::FromArgMatches>::from_arg_matches(&global.unwrap()).unwrap()
        };
        let place = || FleetForge::GitHub {
            owner: "acme".to_owned(),
            url: "https://github.com".to_owned(),
        };
        let api = |pairs: &[(&str, &str)]| {
            let site = site(place(), None, &environment(pairs), &global());
            site.api.map(|it| it.to_string())
        };
        let of_job = ("GITHUB_API_URL", "https://api.github.com");
        let found = Some("https://api.github.com/".to_owned());
        assert_eq!(api(&[of_job]), found);
        assert_eq!(
            api(&[of_job, ("GITHUB_SERVER_URL", "https://GitHub.com/")]),
            found
        );
        assert_eq!(
            api(&[of_job, ("GITHUB_SERVER_URL", "https://ghes.example.com")]),
            None
        );
        assert_eq!(api(&[("CI_API_V4_URL", "https://x.example/api/v4")]), None);
    }
}

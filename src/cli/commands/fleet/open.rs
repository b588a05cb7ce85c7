//! Reads fleet.yaml and finds the way to its forge.

use std::{path::Path, sync::Arc};

use super::{
    FleetArgs,
    place::{Place, host_of, site},
};
use crate::{
    cli::{
        Context,
        commands::configuration::{shown, working_directory},
        failure::CliFailure,
    },
    config::{self, FLEET_FILE, Fleet, FleetForge, MAX_FILE_BYTES},
    forge::{FileAt, Forge, Governor, Limits, Watch, connect},
    model::remote::{ForgeKind, Remote},
    seam::{files, git::Repository, http::Url, stop::Stop},
};

/// A fleet, and the way to its forge.
pub(super) struct Opened {
    /// What fleet.yaml says.
    pub(super) fleet: Fleet,
    /// Its name in messages.
    pub(super) name: String,
    /// Where the repositories are.
    pub(super) forge: Arc<dyn Forge>,
    /// The pace that the forge is asked at.
    pub(super) governor: Arc<Governor>,
    /// The full name of the repository that holds fleet.yaml, where that is on the same forge and
    /// below the same owner or group.
    pub(super) config_repository: Option<String>,
}

impl Opened {
    /// The owner or group.
    pub(super) fn owner(&self) -> &str {
        owner(&self.fleet.forge)
    }

    /// The configuration repository, by its name below the owner or group.
    pub(super) fn configuration(&self) -> Option<&str> {
        let full_name = self.config_repository.as_deref()?;
        full_name.get(self.owner().len() + 1..)
    }

    /// `name` below the owner or group, with which it may be written.
    pub(super) fn below<'n>(&self, name: &'n str) -> &'n str {
        let owner = self.owner();
        if is_below(name, owner) {
            name.get(owner.len() + 1..).unwrap_or(name)
        } else {
            name
        }
    }

    /// What to do where the configuration repository is not known.
    pub(super) fn hint(&self) -> String {
        let owner = owner(&self.fleet.forge);
        format!(
            "{} is in no clone of a repository of {owner} on {}: name the repository with \
             `--fleet {owner}/REPO`, or start in a clone whose origin it is",
            self.name,
            self.forge.host()
        )
    }
}

/// Reads the fleet that `args` names, and connects to its forge.
pub(super) async fn open(args: &FleetArgs, context: &Context) -> Result<Opened, CliFailure> {
    open_with(args, None, context).await
}

/// [`open`] for a verb that writes: the user's wish to stop ends what is waited for, and from now on
/// is the verb's to look at.
pub(super) async fn open_to_write(
    args: &FleetArgs,
    context: &Context,
) -> Result<(Opened, Stop), CliFailure> {
    let stop = Stop::listen().map_err(|error| CliFailure::System("listen to signals", error))?;
    let opened = open_with(args, Some(&stop), context).await?;
    Ok((opened, stop))
}

async fn open_with(
    args: &FleetArgs,
    stop: Option<&Stop>,
    context: &Context,
) -> Result<Opened, CliFailure> {
    let here = working_directory()?;
    let place = Place::read(args.fleet.as_deref(), &here, &context.environment)?;
    match place {
        Place::File(path) => open_file(&path, &here, args, stop, context),
        Place::Repository { forge, name } => {
            open_repository(forge, &name, args, stop, context).await
        }
    }
}

fn open_file(
    path: &Path,
    here: &Path,
    args: &FleetArgs,
    stop: Option<&Stop>,
    context: &Context,
) -> Result<Opened, CliFailure> {
    let name = shown(path, here);
    let text = files::read(path, MAX_FILE_BYTES as u64)?;
    let fleet = config::parse_fleet(&text, &name)?;
    let config_repository = in_clone(path, &fleet.forge, context)?;
    let (forge, governor) = forge_at(&fleet.forge, args, stop, context)?;
    Ok(Opened {
        fleet,
        name,
        forge,
        governor,
        config_repository,
    })
}

async fn open_repository(
    place: FleetForge,
    name: &str,
    args: &FleetArgs,
    stop: Option<&Stop>,
    context: &Context,
) -> Result<Opened, CliFailure> {
    let full_name = format!("{}/{name}", owner(&place));
    let (forge, governor) = forge_at(&place, args, stop, context)?;
    let text = fetch(forge.as_ref(), name).await?.ok_or_else(|| {
        let host = forge.host();
        CliFailure::usage_with(
            format!("{full_name} on {host} has no {FLEET_FILE} at its root, or cannot be seen"),
            "check the name, and whether the token may read it",
        )
    })?;
    let shown = format!("{full_name}/{FLEET_FILE}");
    let fleet = config::parse_fleet(&text, &shown)?;
    let is_beside = host_of(fleet.forge.url()) == host_of(place.url())
        && is_below(&full_name, owner(&fleet.forge));
    let is_same = is_beside && owner(&fleet.forge).eq_ignore_ascii_case(owner(&place));
    let (forge, governor) = if is_same {
        (forge, governor)
    } else {
        forge_at(&fleet.forge, args, stop, context)?
    };
    Ok(Opened {
        forge,
        governor,
        fleet,
        name: shown,
        config_repository: is_beside.then_some(full_name),
    })
}

/// fleet.yaml of the default branch of `name`.
async fn fetch(forge: &dyn Forge, name: &str) -> Result<Option<Vec<u8>>, CliFailure> {
    let watch = Watch {
        paths: vec![FLEET_FILE.to_owned()],
        ..Watch::default()
    };
    let seen = forge
        .look(&[name.to_owned()], &watch)
        .await?
        .pop()
        .flatten();
    let wanted = seen.and_then(|seen| {
        Some(FileAt {
            repository: seen.repository.id,
            full_name: seen.repository.full_name,
            commit: seen.head?,
            path: FLEET_FILE.to_owned(),
            blob: seen.files.get(FLEET_FILE)?.id.clone(),
        })
    });
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let text = forge.texts(&[wanted]).await?.pop().flatten();
    Ok(text.map(|text| text.to_vec()))
}

fn forge_at(
    place: &FleetForge,
    args: &FleetArgs,
    stop: Option<&Stop>,
    context: &Context,
) -> Result<(Arc<dyn Forge>, Arc<Governor>), CliFailure> {
    let given = args.forge_url.as_ref();
    let site = site(place.clone(), given, &context.environment, &context.global);
    // A thousand repositories take an hour, whatever we do: they are waited for, and it is said.
    let governor = Governor::new(Limits::of(place, site.api.as_ref())).patient();
    let governor = Arc::new(match stop {
        Some(stop) => governor.stopped_by(stop.clone()),
        None => governor,
    });
    let forge = connect(&site, &context.environment, Arc::clone(&governor))?;
    Ok((forge, governor))
}

/// The repository that the clone around `path` is of, where the fleet could hold it.
fn in_clone(
    path: &Path,
    forge: &FleetForge,
    context: &Context,
) -> Result<Option<String>, CliFailure> {
    let Some(clone) = Repository::around(path, context.global.offline)? else {
        return Ok(None);
    };
    // A git that cannot tell is no obstacle to verbs that only read.
    let origin = clone.origin().ok().flatten();
    Ok(origin.and_then(|origin| beside(&origin, forge)))
}

/// The full name of the repository at `origin`, where that is below the fleet's owner or group.
fn beside(origin: &str, forge: &FleetForge) -> Option<String> {
    let kind = match forge {
        FleetForge::GitHub { .. } => ForgeKind::GitHub,
        FleetForge::GitLab { .. } => ForgeKind::GitLab,
    };
    let found = Remote::of(origin, Some(kind))?;
    let site = Url::parse(forge.url()).ok()?;
    // Git may be spoken to at another port than the forge's pages.
    let same = |host: &str| host.split(':').next().map(str::to_ascii_lowercase);
    let is_same = found.kind == kind && same(&found.host) == same(site.host_str()?);
    (is_same && is_below(&found.path, owner(forge))).then_some(found.path)
}

/// Whether `full_name` is of a repository below `owner`.
fn is_below(full_name: &str, owner: &str) -> bool {
    let start = full_name.get(..owner.len());
    let rest = full_name.get(owner.len()..);
    start.is_some_and(|start| start.eq_ignore_ascii_case(owner))
        && rest.is_some_and(|rest| rest.starts_with('/'))
}

fn owner(forge: &FleetForge) -> &str {
    match forge {
        FleetForge::GitHub { owner, .. } => owner,
        FleetForge::GitLab { group, .. } => group,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_of_a_repository_of_the_same_owner_is_the_configuration() {
        let github = FleetForge::GitHub {
            owner: "acme".to_owned(),
            url: "https://github.com".to_owned(),
        };
        let gitlab = FleetForge::GitLab {
            group: "acme/agents".to_owned(),
            url: "https://git.example.com:8443".to_owned(),
            component_source: None,
        };
        for (origin, forge, expected) in [
            ("git@github.com:Acme/fleet.git", &github, Some("Acme/fleet")),
            (
                "https://x:secret@github.com/acme/fleet",
                &github,
                Some("acme/fleet"),
            ),
            ("https://github.com/acme-evil/fleet", &github, None),
            ("https://github.example.com/acme/fleet", &github, None),
            ("https://gitlab.com/acme/fleet", &github, None),
            ("/srv/git/acme/fleet", &github, None),
            (
                "ssh://git@git.example.com:22/acme/agents/fleet.git",
                &gitlab,
                Some("acme/agents/fleet"),
            ),
            ("https://git.example.com:8443/acme/fleet", &gitlab, None),
        ] {
            assert_eq!(beside(origin, forge).as_deref(), expected, "{origin}");
        }
    }
}

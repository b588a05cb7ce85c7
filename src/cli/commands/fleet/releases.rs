//! From a version to the release that it stands for, and to whether its image is proven: where the
//! fleet, the registry, git hosts and signatures meet.

use async_trait::async_trait;
use semver::Version;

use super::Opened;
use crate::{
    cli::{
        Context,
        commands::{
            configuration::{self, working_directory},
            image_request,
        },
        failure::CliFailure,
        policy_args::PolicyArgs,
    },
    config::{ActionPin, DenySource, FleetForge, Release},
    fleet::drive::{Prover, Refused},
    forge::{GitHosts, GitOptions, Refs, RemoteRepository},
    model::{chain::chain, image::ImageReference, skew, verdict::Verdict},
    registry::Registry,
    seam::{github_urls::GithubUrls, http::Url},
    signature::{Verifier, Wanted},
};

/// The release of `version`: what fleet.yaml knows of it, else the image's tag and the action that
/// goes with it.
pub(super) async fn release_of(
    version: &Version,
    opened: &Opened,
    context: &Context,
) -> Result<Release, CliFailure> {
    let fleet = &opened.fleet;
    if let Some(known) = fleet.releases().find(|it| it.version() == version) {
        return Ok(known.clone());
    }
    let image = image_of(version, &fleet.release, context).await?;
    let action = action_of(version, opened, context).await?;
    Release::new(action, image).map_err(|error| CliFailure::usage(error.to_string()))
}

/// The image of the fleet with the tag `version`, in the way of writing that is in use.
async fn image_of(
    version: &Version,
    release: &Release,
    context: &Context,
) -> Result<ImageReference, CliFailure> {
    let old = release.image();
    let v = old
        .tag()
        .filter(|tag| tag.starts_with('v'))
        .map_or("", |_| "v");
    let tagged = format!("{}:{v}{version}", old.repository());
    let unfit = |error: &dyn std::fmt::Display| CliFailure::usage(error.to_string());
    let image: ImageReference = tagged.parse().map_err(|error| unfit(&error))?;
    let options = context.global.registry_options(Some(&image), None);
    let registry = Registry::new(&context.environment, options);
    let found = registry.manifest(&image).await;
    let found = found.map_err(|error| CliFailure::Unavailable {
        message: error.with_hint(),
        hint: "the image has to be published before the fleet moves to it",
    })?;
    let pinned = format!("{tagged}@{}", found.digest);
    pinned.parse().map_err(|error| unfit(&error))
}

/// The action that is released with the image of `version`: of the same major and minor version
/// the newest, else the newest of the same major version that is no newer than the image.
async fn action_of(
    version: &Version,
    opened: &Opened,
    context: &Context,
) -> Result<ActionPin, CliFailure> {
    let repository = &opened.fleet.release.action.repository;
    let refs = refs(repository, opened, context).await?;
    let tags = refs.tags.iter().filter_map(|(name, tag)| {
        let found = skew::of_tag(name)?;
        (found.pre.is_empty() || found.pre == version.pre).then_some((found, tag))
    });
    let fits = |found: &Version| skew::action_and_image(found, version).is_ok();
    let same_minor = |found: &Version| found.minor == version.minor;
    let best = tags
        .filter(|(found, _)| fits(found) && (same_minor(found) || found <= version))
        .max_by_key(|(found, _)| (same_minor(found), found.clone()));
    let Some((version, tag)) = best else {
        return Err(CliFailure::usage_with(
            format!("{repository} has no release that goes with image {version}"),
            "publish the action first, or add the pair under `approved` in fleet.yaml",
        ));
    };
    Ok(ActionPin {
        repository: repository.clone(),
        commit: tag.commit.as_str().to_owned(),
        version,
    })
}

async fn refs(repository: &str, opened: &Opened, context: &Context) -> Result<Refs, CliFailure> {
    let site = match &opened.fleet.forge {
        FleetForge::GitHub { url, .. } => Url::parse(url).ok(),
        // Actions are GitHub's, wherever the fleet is.
        FleetForge::GitLab { .. } => GithubUrls::of(&context.environment).server,
    };
    let site = site.ok_or_else(|| CliFailure::usage("GITHUB_SERVER_URL is no address"))?;
    let place = RemoteRepository::github(&site, repository)
        .map_err(|error| CliFailure::usage(format!("{repository}: {error}")))?;
    let options = GitOptions {
        insecure_hosts: context.global.insecure_registry.clone(),
        ..GitOptions::new(site)
    };
    let hosts = GitHosts::new(&context.environment, options);
    Ok(hosts.refs(&place).await?)
}

/// Proves images by the policy of the options or of fullsend.yaml.
pub(super) struct Proof {
    verifier: Verifier,
}

impl Proof {
    pub(super) fn new(
        policy: &PolicyArgs,
        deny: Option<&DenySource>,
        context: &Context,
    ) -> Result<Self, CliFailure> {
        let loaded = configuration::load(context)?;
        let here = working_directory()?;
        let offline = context.global.offline;
        let policy = image_request::policy(policy, deny, offline, &loaded, &here, context)?;
        let options = context.global.registry_options(None, policy.deny.as_ref());
        Ok(Self {
            verifier: Verifier::new(policy, options, context.environment.clone()),
        })
    }
}

#[async_trait(?Send)]
impl Prover for Proof {
    async fn prove(&self, release: &Release) -> Result<(), Refused> {
        let image = release.image();
        let refuse = |verdict: Verdict, reason: String| Refused {
            verdict,
            reason: format!("{image} is not proven: {reason}"),
        };
        let judged = self.verifier.verify(image, &Wanted::All).await;
        let judged = judged.map_err(|error| refuse(Verdict::Unavailable, chain(&error)))?;
        let verification = judged.verification;
        match verification.verdict {
            Verdict::Verified => Ok(()),
            verdict => {
                let reason = verification.reason;
                let reason = reason.unwrap_or_else(|| format!("it is {}", verdict.as_str()));
                Err(refuse(verdict, reason))
            }
        }
    }
}

//! Finding and pulling images by their verified digests.

use std::{collections::HashMap, time::Duration};

use bollard::{
    auth::DockerCredentials,
    errors::Error,
    models::{CreateImageInfo, ImageInspect},
    query_parameters::CreateImageOptionsBuilder,
};
use futures_util::StreamExt as _;
use secrecy::ExposeSecret as _;

use super::{
    Engine,
    call::{ANSWER, bounded, convert},
    unless_missing,
};
use crate::{
    model::{digest::Digest, image::Repository, platform::Platform},
    runtime::{
        LocalImage, PullProgress, PullRequest, RegistryCredential, RuntimeError,
        error::excerpt,
        identity::{self, ImageDefaults, ImageFacts},
    },
};

/// How long a pull may show no progress: a large layer is unpacked in silence.
const SILENCE: Duration = Duration::from_mins(3);

/// More layers than any image may have.
const MAX_LAYERS: usize = 1024;

pub(super) async fn find(
    engine: &Engine,
    repository: &Repository,
    digests: &[Digest],
    platform: &Platform,
) -> Result<Option<LocalImage>, RuntimeError> {
    for digest in digests {
        match look_up(engine, repository, digest, platform).await? {
            Some(Ok(image)) => return Ok(Some(image)),
            Some(Err(reason)) => tracing::debug!(%digest, %reason, "a present image is not used"),
            None => {}
        }
    }
    Ok(None)
}

async fn look_up(
    engine: &Engine,
    repository: &Repository,
    digest: &Digest,
    platform: &Platform,
) -> Result<Option<Result<LocalImage, identity::IdentityError>>, RuntimeError> {
    let name = repository.at(digest).to_string();
    let inspect = engine.client.inspect_image(&name);
    let found = unless_missing(bounded("inspect the image", ANSWER, inspect).await)?;
    let machine = &engine.facts.platform;
    Ok(found.map(|image| identity::check(&facts(image), repository, digest, platform, machine)))
}

fn facts(image: ImageInspect) -> ImageFacts {
    let config = image.config.unwrap_or_default();
    ImageFacts {
        defaults: ImageDefaults {
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
        },
        id: image.id.unwrap_or_default(),
        repo_digests: image.repo_digests.unwrap_or_default(),
        os: image.os.unwrap_or_default(),
        architecture: image.architecture.unwrap_or_default(),
        variant: image.variant,
    }
}

pub(super) async fn pull(
    engine: &Engine,
    request: PullRequest<'_>,
    progress: &mut (dyn FnMut(PullProgress) + Send),
) -> Result<LocalImage, RuntimeError> {
    let image = request.repository.at(request.digest);
    let failed = |message: &str| RuntimeError::Pull {
        image: image.clone(),
        message: excerpt(message),
    };
    let mut options = CreateImageOptionsBuilder::new().from_image(&image.to_string());
    if !engine.facts.platform.accepts(request.platform) {
        options = options.platform(&request.platform.to_string());
    }
    let credentials = request
        .credential
        .map(|it| credentials(it, request.repository));
    let events = engine
        .client
        .create_image(Some(options.build()), None, credentials);
    let mut events = std::pin::pin!(events);
    let mut layers = Layers::default();
    loop {
        let event = tokio::time::timeout(SILENCE, events.next()).await;
        match event.map_err(|_| failed("the pull made no progress for three minutes"))? {
            None => break,
            Some(Ok(event)) => {
                if let Some(message) = event
                    .error_detail
                    .as_ref()
                    .and_then(|it| it.message.as_ref())
                {
                    return Err(failed(message));
                }
                if layers.note(&event) {
                    progress(layers.sum());
                }
            }
            Some(Err(Error::DockerStreamError { error })) => return Err(failed(&error)),
            Some(Err(Error::DockerResponseServerError { message, .. })) => {
                return Err(failed(&message));
            }
            Some(Err(error)) => return Err(convert("pull the image", error)),
        }
    }
    // The stream's end is no proof: the image is looked up as if it had been there before.
    match look_up(engine, request.repository, request.digest, request.platform).await? {
        Some(Ok(found)) => Ok(found),
        Some(Err(reason)) => Err(failed(&reason.to_string())),
        None => Err(RuntimeError::ImageMissing {
            image: image.to_string(),
        }),
    }
}

fn credentials(credential: &RegistryCredential, repository: &Repository) -> DockerCredentials {
    let text = |secret: &secrecy::SecretString| Some(secret.expose_secret().to_owned());
    let server = DockerCredentials {
        serveraddress: Some(repository.host().to_owned()),
        ..DockerCredentials::default()
    };
    match credential {
        RegistryCredential::Basic { username, password } => DockerCredentials {
            username: Some(username.clone()),
            password: text(password),
            ..server
        },
        RegistryCredential::IdentityToken(token) => DockerCredentials {
            identitytoken: text(token),
            ..server
        },
    }
}

/// What is known of each layer under way.
#[derive(Debug, Default)]
struct Layers(HashMap<String, PullProgress>);

impl Layers {
    /// Takes an event in; whether it changed anything.
    fn note(&mut self, event: &CreateImageInfo) -> bool {
        let (Some(id), Some(status)) = (&event.id, &event.status) else {
            return false;
        };
        let known = self.0.contains_key(id);
        if !known && self.0.len() >= MAX_LAYERS {
            return false;
        }
        let size = |value: Option<i64>| value.and_then(|it| u64::try_from(it).ok()).unwrap_or(0);
        let detail = event.progress_detail.as_ref();
        let current = size(detail.and_then(|it| it.current));
        let total = size(detail.and_then(|it| it.total));
        match status.as_str() {
            "Downloading" => {
                let layer = self.0.entry(id.clone()).or_default();
                layer.total = layer.total.max(total).max(current);
                layer.done = current.max(layer.done);
                true
            }
            "Download complete" | "Pull complete" if known => {
                let layer = self.0.entry(id.clone()).or_default();
                layer.done = layer.total;
                true
            }
            _ => false,
        }
    }

    fn sum(&self) -> PullProgress {
        self.0
            .values()
            .fold(PullProgress::default(), |sum, layer| PullProgress {
                done: sum.done.saturating_add(layer.done),
                total: sum.total.saturating_add(layer.total),
            })
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    fn event(id: &str, status: &str, current: i64, total: i64) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: Some(ProgressDetail {
                current: Some(current),
                total: Some(total),
            }),
            ..CreateImageInfo::default()
        }
    }

    #[test]
    fn layers_add_up() {
        let mut layers = Layers::default();
        assert!(!layers.note(&event("a", "Pulling fs layer", 0, 0)));
        assert!(layers.note(&event("a", "Downloading", 10, 100)));
        assert!(layers.note(&event("b", "Downloading", -5, 50)));
        assert_eq!(
            layers.sum(),
            PullProgress {
                done: 10,
                total: 150
            }
        );
        assert!(layers.note(&event("a", "Download complete", 0, 0)));
        assert!(!layers.note(&event("a", "Extracting", 3, 100)));
        assert_eq!(
            layers.sum(),
            PullProgress {
                done: 100,
                total: 150
            }
        );
        assert!(!layers.note(&event("c", "Already exists", 0, 0)));
    }

    #[test]
    fn endless_layers_are_not_kept() {
        let mut layers = Layers::default();
        for number in 0..5000 {
            layers.note(&event(
                &number.to_string(),
                "Downloading",
                i64::MAX,
                i64::MAX,
            ));
        }
        assert_eq!(layers.0.len(), MAX_LAYERS);
        assert_eq!(layers.sum().total, u64::MAX);
    }
}

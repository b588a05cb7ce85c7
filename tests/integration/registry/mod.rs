//! The registry client against a registry that misbehaves.

mod answers;
mod bounds;
mod created;
mod credentials;
mod layout;
mod mirrors;
mod network;
mod push;
mod referrers;
mod retries;
mod tags;
mod tokens;

use std::time::{Duration, Instant};

use fullsend::{
    model::{
        digest::Digest,
        image::{ImageReference, Repository},
    },
    registry::{Reason, Registry as Client, RegistryError, RegistryOptions},
    seam::environment::Environment,
};
use fullsend_testkit::registry::Registry;

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An image manifest without layers.
pub(crate) const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;

/// Small limits, so that tests that run into them are fast.
fn options() -> RegistryOptions {
    RegistryOptions {
        deadline: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(3),
        idle_timeout: Duration::from_secs(1),
        first_wait: Duration::from_millis(10),
        ..RegistryOptions::default()
    }
}

/// A client without any environment.
fn client() -> Client {
    client_in(&[])
}

fn client_in(variables: &[(&str, &str)]) -> Client {
    let environment: Environment = variables.iter().copied().collect();
    Client::new(&environment, options())
}

/// A registry that holds [`MANIFEST`] as `a/b:1`, and that image's reference.
fn with_image() -> (Registry, ImageReference) {
    let registry = Registry::start();
    registry.put_manifest("a/b", "1", OCI_MANIFEST, MANIFEST);
    let image = image(&registry, "a/b:1");
    (registry, image)
}

fn image(registry: &Registry, rest: &str) -> ImageReference {
    format!("{}/{rest}", registry.host()).parse().unwrap()
}

fn repository(registry: &Registry, path: &str) -> Repository {
    format!("{}/{path}", registry.host()).parse().unwrap()
}

fn digest(text: &str) -> Digest {
    text.parse().unwrap()
}

/// Fetches the manifest of `image`, which must fail, and how long that took.
async fn failure(client: &Client, image: &ImageReference) -> (RegistryError, Duration) {
    let started = Instant::now();
    let error = client.manifest(image).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains(error.host()), "{message}");
    assert!(message.contains(&image.to_string()), "{message}");
    (error, started.elapsed())
}

async fn reason(client: &Client, image: &ImageReference) -> String {
    failure(client, image).await.0.to_string()
}

/// Whether the error is of the expected kind, which `pattern` tells.
macro_rules! assert_reason {
    ($error:expr, $pattern:pat $(if $guard:expr)?) => {
        let error = $error;
        assert!(
            matches!(error.reason(), $pattern $(if $guard)?),
            "{error} ({:?})",
            error.reason()
        );
    };
}
use assert_reason;

#[test]
fn futures_can_move_between_threads() {
    fn sendable<T: Send + Sync>(value: T) -> T {
        value
    }
    let client = sendable(client());
    let image: ImageReference = "r.example/a:1".parse().unwrap();
    let manifest = client.manifest(&image);
    let is_send: &dyn Send = &manifest;
    let _ = is_send;
    let _ = Reason::NotFound;
}

//! What there is to know about this machine, its runtime and its registry.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::{
    model::image::ImageReference,
    registry::Registry,
    report::trust::TrustInstance,
    runtime::{self, Choice, RuntimeFacts},
    seam::{environment::Environment, files},
    signature::{Instance, TrustStore},
};

/// What to look at besides the machine.
#[derive(Debug)]
pub struct DoctorRequest<'a> {
    /// Which runtime.
    pub runtime: Choice,
    /// The image that agents run in.
    pub image: Option<&'a ImageReference>,
    /// How registries are spoken to.
    pub registry: &'a Registry,
    /// What is believed about signatures.
    pub trust: &'a TrustStore,
}

/// Something that failed, with what a person can do about it.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) runtime: Result<RuntimeFacts, Failure>,
    pub(super) machine: Machine,
    /// None where no image is configured, or it may not be asked for.
    pub(super) registry: Option<RegistryFacts>,
    pub(super) trust: TrustInstance,
    pub(super) now: Timestamp,
}

/// What the kernel says; None where it says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    /// The user that this program runs as.
    pub(super) user: u32,
    /// The cgroup controllers that this user's own services may use.
    pub(super) delegated: Option<Vec<String>>,
    /// How many user namespaces there may be.
    pub(super) user_namespaces: Option<u64>,
    /// Whether users without privileges may make them.
    pub(super) unprivileged_namespaces: bool,
    pub(super) has_swap: Option<bool>,
    /// Where images are kept, and how many bytes are free there.
    pub(super) disk: Option<(PathBuf, u64)>,
}

#[derive(Clone, Debug)]
pub(super) struct RegistryFacts {
    pub(super) host: String,
    pub(super) manifest: Result<(), Failure>,
    /// How many seconds this machine's clock is ahead of the registry's.
    pub(super) clock_ahead: Option<i64>,
}

/// A file of the kernel's.
const KERNEL_FILE: u64 = 64 << 10;

pub(super) async fn gather(request: &DoctorRequest<'_>, environment: &Environment) -> Facts {
    let runtime = runtime::connect(request.runtime, environment).await;
    let runtime = runtime.map(|runtime| runtime.facts().clone());
    Facts {
        runtime: runtime.map_err(|error| Failure {
            message: error.to_string(),
            hint: error.hint(),
        }),
        machine: machine(environment),
        registry: match request.image {
            Some(image) if request.registry.may_reach(image.repository().host()) => {
                Some(registry(image, request.registry).await)
            }
            _ => None,
        },
        trust: request.trust.describe(&Instance::PublicGood),
        now: Timestamp::now(),
    }
}

async fn registry(image: &ImageReference, registry: &Registry) -> RegistryFacts {
    let manifest = registry.manifest(image).await;
    let clock = registry.clock(image.repository()).await;
    RegistryFacts {
        host: image.repository().host().to_owned(),
        manifest: manifest.map(drop).map_err(|error| Failure {
            message: error.to_string(),
            hint: error.hint(),
        }),
        clock_ahead: clock.map(|theirs| Timestamp::now().as_second() - theirs.as_second()),
    }
}

fn machine(environment: &Environment) -> Machine {
    let user = rustix::process::getuid().as_raw();
    let number = |path| kernel(path)?.parse::<u64>().ok();
    let delegated = format!(
        "/sys/fs/cgroup/user.slice/user-{user}.slice/user@{user}.service/cgroup.controllers"
    );
    Machine {
        user,
        delegated: kernel(&delegated).map(|text| words(&text)),
        user_namespaces: number("/proc/sys/user/max_user_namespaces"),
        // Debian's switch, and Ubuntu's.
        unprivileged_namespaces: number("/proc/sys/kernel/unprivileged_userns_clone") != Some(0)
            && number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") != Some(1),
        // Below the heading, one line for each.
        has_swap: kernel("/proc/swaps").map(|text| text.lines().count() > 1),
        disk: disk(environment),
    }
}

fn kernel(path: &str) -> Option<String> {
    let bytes = files::read(Path::new(path), KERNEL_FILE).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The first of the usual places that is there.
fn disk(environment: &Environment) -> Option<(PathBuf, u64)> {
    let own = environment.home().map(|home| home.join(".local/share"));
    let places = [
        own.as_ref().map(|own| own.join("containers/storage")),
        own.as_ref().map(|own| own.join("docker")),
        Some("/var/lib/docker".into()),
        Some("/var/lib/containers/storage".into()),
        Some("/var/lib".into()),
    ];
    let mut places = places.into_iter().flatten();
    places.find_map(|place| {
        let free = files::free_bytes(&place).ok()?;
        Some((place, free))
    })
}

//! From a [`ContainerSpec`] to the API's request: where the hardening is.

use std::path::Path;

use bollard::{
    models::{
        ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount as ApiMount, MountBindOptions,
        MountBindOptionsPropagationEnum, MountType,
    },
    query_parameters::{CreateContainerOptionsBuilder, InspectContainerOptions},
};
use secrecy::ExposeSecret as _;

use super::{
    Engine,
    call::{ANSWER, SLOW, bounded},
};
use crate::runtime::{
    ContainerId, ContainerSpec, Mount, Profile, Runtime as _, RuntimeError, RuntimeFacts,
    endpoint::Endpoint, identity, refusal,
};

/// Docker's own profile for `OpenShell` has these beside docker's default capabilities.
const OPENSHELL_CAPABILITIES: [&str; 4] = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYSLOG"];

pub(super) async fn create(
    engine: &Engine,
    spec: &ContainerSpec,
) -> Result<ContainerId, RuntimeError> {
    let in_use: Option<&Path> = match &engine.endpoint {
        Endpoint::Unix(path) => Some(path),
        Endpoint::Tcp { .. } | Endpoint::Tls { .. } => None,
    };
    for mount in &spec.mounts {
        if let Mount::Bind { source, .. } = mount {
            refusal::check(source, in_use)?;
        }
    }
    let mut options = CreateContainerOptionsBuilder::new();
    if let Some(platform) = spec.image.foreign_platform() {
        options = options.platform(&platform.to_string());
    }
    let body = request(spec, &engine.facts);
    let create = engine.client.create_container(Some(options.build()), body);
    let created = bounded("create the container", SLOW, create)
        .await
        .map_err(|error| match error {
            RuntimeError::Answered { status: 404, .. } => RuntimeError::ImageMissing {
                image: spec.image.reference().to_string(),
            },
            RuntimeError::Answered { message, .. } => RuntimeError::Create { message },
            other => other,
        })?;
    let id: ContainerId = created
        .id
        .parse()
        .map_err(|reason: &str| RuntimeError::Garbled {
            doing: "create the container",
            source: reason.into(),
        })?;
    for warning in &created.warnings {
        tracing::warn!(container = %id, "{}", crate::runtime::error::excerpt(warning));
    }
    if let Err(error) = confirm_image(engine, &id, spec).await {
        // The first error is the one to report; a container that stays behind is for --reap.
        let _ = engine.remove(&id).await;
        return Err(error);
    }
    Ok(id)
}

/// Compares the image that the container has with the one that was checked.
async fn confirm_image(
    engine: &Engine,
    id: &ContainerId,
    spec: &ContainerSpec,
) -> Result<(), RuntimeError> {
    let inspect = engine
        .client
        .inspect_container(id.as_str(), None::<InspectContainerOptions>);
    let found = bounded("inspect the container", ANSWER, inspect).await?;
    let image = found.image.unwrap_or_default();
    if identity::identifier(&image).as_ref() == Some(spec.image.id()) {
        return Ok(());
    }
    Err(RuntimeError::WrongImage {
        wanted: spec.image.id().to_string(),
        found: image,
    })
}

fn request(spec: &ContainerSpec, facts: &RuntimeFacts) -> ContainerCreateBody {
    let env = |var: &crate::runtime::EnvVar| format!("{}={}", var.name, var.value.expose_secret());
    ContainerCreateBody {
        image: Some(spec.image.id().to_string()),
        entrypoint: spec.entrypoint.clone(),
        cmd: spec.command.clone(),
        env: Some(spec.env.iter().map(env).collect()),
        user: spec.user.clone(),
        working_dir: spec.workdir.clone(),
        labels: Some(spec.labels.clone().into_iter().collect()),
        tty: Some(spec.tty),
        open_stdin: Some(spec.stdin),
        stdin_once: Some(spec.stdin),
        attach_stdin: Some(spec.stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        host_config: Some(host_config(spec, facts)),
        ..ContainerCreateBody::default()
    }
}

fn host_config(spec: &ContainerSpec, facts: &RuntimeFacts) -> HostConfig {
    let memory = i64::try_from(spec.limits.memory.as_bytes()).unwrap_or(i64::MAX);
    HostConfig {
        nano_cpus: Some(spec.limits.cpus.as_nanos()),
        memory: Some(memory),
        // Memory and swap together: equal means no swap.
        memory_swap: Some(memory),
        // Where the kernel cannot limit swap, this still keeps version 1 from using it.
        memory_swappiness: (facts.cgroup_version == 1).then_some(0),
        pids_limit: Some(spec.limits.pids.into()),
        mounts: Some(spec.mounts.iter().filter_map(api_mount).collect()),
        tmpfs: Some(spec.mounts.iter().filter_map(tmpfs).collect()),
        network_mode: spec.network.clone(),
        readonly_rootfs: Some(spec.read_only),
        privileged: Some(false),
        // Our own init is PID 1.
        init: Some(false),
        ipc_mode: Some("private".to_owned()),
        // The output goes to whoever is attached; a log file would fill the machine's disk.
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".to_owned()),
            config: None,
        }),
        ..privileges(spec.profile)
    }
}

/// No `seccomp` option stands here: leaving it out is what selects the default profile.
fn privileges(profile: Profile) -> HostConfig {
    let list = |items: &[&str]| Some(items.iter().map(|&item| item.to_owned()).collect());
    match profile {
        Profile::Default => HostConfig {
            cap_drop: list(&["ALL"]),
            security_opt: list(&["no-new-privileges"]),
            ..HostConfig::default()
        },
        // Its supervisor sets no_new_privs on the agent itself, after it has built the sandbox.
        Profile::OpenShell => HostConfig {
            cap_add: list(&OPENSHELL_CAPABILITIES),
            security_opt: list(&["apparmor=unconfined"]),
            ..HostConfig::default()
        },
    }
}

/// `Mounts`, as `Binds` would create a missing source, as root.
fn api_mount(mount: &Mount) -> Option<ApiMount> {
    match mount {
        Mount::Bind {
            source,
            target,
            read_only,
        } => Some(ApiMount {
            typ: Some(MountType::BIND),
            source: Some(source.to_string_lossy().into_owned()),
            target: Some(target.clone()),
            read_only: Some(*read_only),
            bind_options: Some(MountBindOptions {
                propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
                ..MountBindOptions::default()
            }),
            ..ApiMount::default()
        }),
        Mount::Volume { target } => Some(ApiMount {
            typ: Some(MountType::VOLUME),
            target: Some(target.clone()),
            ..ApiMount::default()
        }),
        Mount::Tmpfs { .. } => None,
    }
}

/// The older form, as `Mounts` could not make a tmpfs executable before API 1.46.
fn tmpfs(mount: &Mount) -> Option<(String, String)> {
    let Mount::Tmpfs {
        target,
        size,
        exec,
        owner,
    } = mount
    else {
        return None;
    };
    let exec = if *exec { "exec" } else { "noexec" };
    let size = size.map_or_else(String::new, |size| format!(",size={size}"));
    let owner = owner.map_or_else(String::new, |(user, group)| {
        format!(",uid={user},gid={group}")
    });
    let options = format!("rw,nosuid,nodev,{exec},mode=1777{size}{owner}");
    Some((target.clone(), options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tmpfs_has_docker_s_option_list() {
        let mount = Mount::Tmpfs {
            target: "/tmp".to_owned(),
            size: Some(5),
            exec: true,
            owner: Some((7, 8)),
        };
        let options = "rw,nosuid,nodev,exec,mode=1777,size=5,uid=7,gid=8".to_owned();
        assert_eq!(tmpfs(&mount), Some(("/tmp".to_owned(), options)));
        assert!(api_mount(&mount).is_none());
    }

    #[test]
    fn no_profile_is_privileged_or_without_seccomp() {
        for profile in [Profile::Default, Profile::OpenShell] {
            let config = privileges(profile);
            let options = config.security_opt.unwrap_or_default();
            assert!(
                !options.iter().any(|it| it.contains("seccomp")),
                "{options:?}"
            );
            assert!(config.privileged.is_none() && config.devices.is_none());
        }
    }
}

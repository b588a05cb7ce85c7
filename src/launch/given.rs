//! What a run takes from this machine: variables, the user, files. Read before anything is asked of
//! a registry or a runtime, so that a mistake is said at once.

use std::path::{Path, PathBuf};

use super::{failure::Failure, plan::WORKSPACE, request::ExecRequest, sandbox::Entry};
use crate::{
    config::{User, runtime_socket_in},
    model::chain::chain,
    runtime::{EnvVar, Mount},
    seam::{
        environment::Environment,
        files::{self, FileError},
    },
};

/// What a run takes from this machine.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) env: Vec<EnvVar>,
    /// `None` is the image's own user.
    pub(super) user: Option<String>,
    binds: Vec<Bind>,
}

/// A file or folder of ours in the container.
#[derive(Debug)]
struct Bind {
    /// Absolute and without links, as this process sees it.
    source: PathBuf,
    target: String,
    read_only: bool,
}

impl Given {
    /// Reads what `request` asks for.
    pub(super) fn read(request: &ExecRequest, environment: &Environment) -> Result<Self, Failure> {
        Ok(Self {
            env: env(request, environment)?,
            user: user(request)?,
            binds: binds(request)?,
        })
    }

    /// The mounts, with sources as the runtime's machine sees them.
    pub(super) fn mounts(&self, entry: &Entry) -> Result<Vec<Mount>, Failure> {
        let mount = |bind: &Bind| {
            let source = entry.translate(&bind.source);
            Ok(Mount::Bind {
                source: source.map_err(|error| Failure::usage(error.to_string()))?,
                target: bind.target.clone(),
                read_only: bind.read_only,
            })
        };
        self.binds.iter().map(mount).collect()
    }
}

fn env(request: &ExecRequest, environment: &Environment) -> Result<Vec<EnvVar>, Failure> {
    let mut env = Vec::new();
    for name in &request.agent.env {
        match environment.raw(name.name()) {
            Some(value) => env.push(EnvVar::new(name.name(), value)),
            None if name.is_optional() => {}
            None => {
                let name = name.name();
                return Err(Failure::usage(format!(
                    "the environment variable {name} is not set; write `{name}?` where the agent \
                     can do without it"
                )));
            }
        }
    }
    Ok(env)
}

fn user(request: &ExecRequest) -> Result<Option<String>, Failure> {
    Ok(match (request.agent.user, request.workspace.as_deref()) {
        (Some(User::Image), _) | (None, None) => None,
        (Some(User::Ids { uid, gid: None }), _) => Some(uid.to_string()),
        (
            Some(User::Ids {
                uid,
                gid: Some(gid),
            }),
            _,
        ) => Some(format!("{uid}:{gid}")),
        (Some(User::Host), _) => {
            let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
            Some(format!("{}:{}", uid.as_raw(), gid.as_raw()))
        }
        (None, Some(folder)) => {
            let (uid, gid) = files::owner(folder).map_err(|error| unmountable(&error))?;
            Some(format!("{uid}:{gid}"))
        }
    })
}

fn binds(request: &ExecRequest) -> Result<Vec<Bind>, Failure> {
    let bind = |source: &Path, target: &str, read_only: bool| {
        let source = files::resolve(&request.image.policy.files.folder().join(source));
        let source = source.map_err(|error| unmountable(&error))?;
        // A link may have hidden it from the configuration's own check.
        if let Some(reason) = runtime_socket_in(&source) {
            let source = source.display();
            return Err(Failure::usage(format!(
                "{source} cannot be mounted: {reason}"
            )));
        }
        Ok(Bind {
            source,
            target: target.to_owned(),
            read_only,
        })
    };
    let workspace = request
        .workspace
        .iter()
        .map(|folder| bind(folder, WORKSPACE, false));
    let own = request.agent.mounts.iter().map(|mount| {
        bind(
            mount.source(),
            mount.target().as_str(),
            mount.is_read_only(),
        )
    });
    workspace.chain(own).collect()
}

fn unmountable(error: &FileError) -> Failure {
    Failure::usage(format!("cannot be mounted: {}", chain(error)))
}

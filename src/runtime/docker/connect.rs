//! Finding the runtime, and asking it what it is.

use std::{io, sync::Arc, time::Duration};

use bollard::{
    API_DEFAULT_VERSION, Docker,
    models::{SystemInfo, SystemInfoCgroupVersionEnum, SystemVersion},
};

use super::{
    Engine,
    call::{ANSWER, bounded, convert},
};
use crate::{
    model::platform::Platform,
    runtime::{
        Choice, Runtime, RuntimeError,
        attach::dial,
        endpoint::{self, Endpoint},
        facts::{ApiVersion, Locality, MINIMUM_API, RuntimeFacts, RuntimeName, security_options},
    },
    seam::environment::Environment,
};

/// How long a socket may take to accept.
const DIAL: Duration = Duration::from_secs(5);

/// bollard's own limit, in seconds: out of the way, as each call has one of ours and a wait none.
const NO_LIMIT: u64 = 10 * 365 * 24 * 3600;

pub(crate) async fn connect(
    choice: Choice,
    environment: &Environment,
) -> Result<Arc<dyn Runtime>, RuntimeError> {
    let mut failure = None;
    for endpoint in endpoint::candidates(choice, environment)? {
        match engine(endpoint, choice).await {
            Ok(engine) => return Ok(Arc::new(engine)),
            // An absent socket says the least: what went wrong at the first present one counts.
            Err(error) if failure.as_ref().is_none_or(is_absent) && !is_absent(&error) => {
                failure = Some(error);
            }
            Err(error) => failure = Some(failure.unwrap_or(error)),
        }
    }
    Err(failure.unwrap_or_else(|| unreachable(&"any socket", io::ErrorKind::NotFound.into())))
}

fn is_absent(error: &RuntimeError) -> bool {
    matches!(error, RuntimeError::Unreachable { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

fn unreachable(endpoint: &impl ToString, source: io::Error) -> RuntimeError {
    RuntimeError::Unreachable {
        endpoint: endpoint.to_string(),
        source,
    }
}

async fn engine(endpoint: Endpoint, choice: Choice) -> Result<Engine, RuntimeError> {
    probe(&endpoint).await?;
    let client = client(&endpoint).map_err(|error| convert("connect", error))?;
    let (version, info) = tokio::try_join!(
        bounded("tell its version", ANSWER, client.version()),
        bounded("describe itself", ANSWER, client.info()),
    )?;
    let facts = facts(&version, info, &endpoint)?;
    let wanted = match choice {
        Choice::Auto => facts.name,
        Choice::Docker => RuntimeName::Docker,
        Choice::Podman => RuntimeName::Podman,
    };
    if wanted != facts.name {
        return Err(RuntimeError::WrongRuntime {
            wanted: wanted.as_str(),
            found: facts.name.as_str(),
            endpoint: endpoint.to_string(),
        });
    }
    Ok(Engine {
        client,
        endpoint,
        facts,
    })
}

/// Dials once, as the operating system's reason is clearer than what remains of it elsewhere.
async fn probe(endpoint: &Endpoint) -> Result<(), RuntimeError> {
    match tokio::time::timeout(DIAL, dial(endpoint)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(RuntimeError::Permission {
                endpoint: endpoint.to_string(),
            })
        }
        Ok(Err(error)) => Err(unreachable(endpoint, error)),
        Err(_) => Err(unreachable(endpoint, io::ErrorKind::TimedOut.into())),
    }
}

fn client(endpoint: &Endpoint) -> Result<Docker, bollard::errors::Error> {
    let client = match endpoint {
        Endpoint::Unix(path) => {
            Docker::connect_with_unix(&path.to_string_lossy(), NO_LIMIT, API_DEFAULT_VERSION)
        }
        Endpoint::Tcp { authority } => {
            Docker::connect_with_http(authority, NO_LIMIT, API_DEFAULT_VERSION)
        }
        Endpoint::Tls { authority, files } => {
            // bollard takes the process's default provider, and panics where there is none. That
            // another part of the program was first is fine.
            let _ = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().install_default();
            Docker::connect_with_ssl(
                authority,
                &files.key,
                &files.cert,
                &files.ca,
                NO_LIMIT,
                API_DEFAULT_VERSION,
            )
        }
    };
    Ok(client?.with_request_modifier(url_safe_credentials))
}

/// Rewrites the credential header to the URL-safe alphabet that the API asks for.
///
/// bollard writes the standard one, whose `+` and `/` make the daemon drop the credential and
/// pull without it.
fn url_safe_credentials(mut request: bollard::BollardRequest) -> bollard::BollardRequest {
    if let Some(value) = request.headers_mut().get_mut("X-Registry-Auth") {
        let safe: Vec<u8> = value
            .as_bytes()
            .iter()
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                &other => other,
            })
            .collect();
        if let Ok(mut safe) = safe.as_slice().try_into() {
            std::mem::swap(value, &mut safe);
        }
        value.set_sensitive(true);
    }
    request
}

fn facts(
    version: &SystemVersion,
    info: SystemInfo,
    endpoint: &Endpoint,
) -> Result<RuntimeFacts, RuntimeError> {
    let is_podman = version
        .components
        .iter()
        .flatten()
        .any(|component| component.name.to_ascii_lowercase().contains("podman"));
    let name = if is_podman {
        RuntimeName::Podman
    } else {
        RuntimeName::Docker
    };
    let number = version.version.clone().unwrap_or_default();
    let api = version.api_version.as_deref().unwrap_or_default();
    let Some(api_version) = ApiVersion::parse(api).filter(|api| *api >= MINIMUM_API) else {
        return Err(RuntimeError::TooOld {
            name: name.as_str(),
            version: number,
            api_version: api.to_owned(),
        });
    };
    let options = info.security_options.unwrap_or_default();
    let (rootless, userns_remap, seccomp) = security_options(&options);
    Ok(RuntimeFacts {
        name,
        version: number,
        api_version,
        cpus: info
            .ncpu
            .and_then(|it| u32::try_from(it).ok())
            .unwrap_or_default(),
        memory_bytes: info
            .mem_total
            .and_then(|it| u64::try_from(it).ok())
            .unwrap_or_default(),
        platform: Platform {
            os: info.os_type.unwrap_or_else(|| "linux".to_owned()),
            ..Platform::linux(&info.architecture.unwrap_or_default())
        },
        cgroup_version: match info.cgroup_version {
            Some(SystemInfoCgroupVersionEnum::_2) => 2,
            _ => 1,
        },
        locality: match endpoint {
            Endpoint::Unix(_) => Locality::MaybeLocal,
            Endpoint::Tcp { .. } | Endpoint::Tls { .. } => Locality::Remote,
        },
        rootless,
        userns_remap,
        seccomp,
        swap_limit: info.swap_limit.unwrap_or_default(),
    })
}

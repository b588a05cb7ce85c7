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

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::UnixListener,
    };

    use super::*;
    use crate::runtime::{PullRequest, RegistryCredential};

    /// A socket that answers every request with what `answer` makes of it.
    struct Fake {
        folder: tempfile::TempDir,
    }

    impl Fake {
        fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let listener = UnixListener::bind(folder.path().join("api")).unwrap();
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let mut request = vec![0; 64 << 10];
                    let read = stream.read(&mut request).await.unwrap_or_default();
                    let body = answer(&String::from_utf8_lossy(&request[..read]));
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    let _ = stream.write_all((head + &body).as_bytes()).await;
                }
            });
            Self { folder }
        }

        async fn connect(&self, choice: Choice) -> Result<Arc<dyn Runtime>, RuntimeError> {
            let host = format!("unix://{}/api", self.folder.path().display());
            connect(choice, &[("DOCKER_HOST", host)].into_iter().collect()).await
        }
    }

    fn daemon(request: &str, component: &str, api: &str) -> String {
        if request.contains("/version") {
            format!(
                r#"{{"Version":"9.9","ApiVersion":"{api}","Components":[{{"Name":"{component}","Version":"9.9"}}]}}"#
            )
        } else {
            r#"{"NCPU":3,"MemTotal":1024,"OSType":"linux","Architecture":"aarch64","CgroupVersion":"2"}"#
                .to_owned()
        }
    }

    #[tokio::test]
    async fn podman_is_told_from_docker() {
        let podman = Fake::start(|it| daemon(it, "Podman Engine", "1.41"));
        let runtime = podman.connect(Choice::Auto).await.unwrap();
        let facts = runtime.facts();
        assert_eq!(facts.name, RuntimeName::Podman);
        assert_eq!(
            (facts.cpus, facts.memory_bytes, facts.cgroup_version),
            (3, 1024, 2)
        );
        assert_eq!(facts.platform.to_string(), "linux/arm64");
        let error = podman.connect(Choice::Docker).await.err().unwrap();
        assert!(
            matches!(error, RuntimeError::WrongRuntime { .. }),
            "{error}"
        );
        assert!(podman.connect(Choice::Podman).await.is_ok());
    }

    #[tokio::test]
    async fn an_old_api_is_refused_with_its_version() {
        for api in ["1.40", "", "new"] {
            let old = Fake::start(move |it| daemon(it, "Engine", api));
            let error = old.connect(Choice::Auto).await.err().unwrap();
            assert!(matches!(&error, RuntimeError::TooOld { .. }), "{error}");
            assert!(error.hint().is_some());
        }
    }

    #[tokio::test]
    async fn what_is_no_daemon_is_garbled_or_lost() {
        let html = Fake::start(|_| "<html>".to_owned());
        let error = html.connect(Choice::Auto).await.err().unwrap();
        assert!(matches!(error, RuntimeError::Garbled { .. }), "{error:?}");
        let error = connect(
            Choice::Auto,
            &[("DOCKER_HOST", "unix:///absent/api")]
                .into_iter()
                .collect(),
        )
        .await
        .err()
        .unwrap();
        assert!(is_absent(&error) && error.hint().is_some(), "{error:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_daemon_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api");
        let _listener = UnixListener::bind(&path).unwrap();
        let host = format!("unix://{}", path.display());
        let environment = [("DOCKER_HOST", host)].into_iter().collect();
        let error = connect(Choice::Auto, &environment).await.err().unwrap();
        assert!(matches!(error, RuntimeError::Timeout { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn credentials_are_in_the_alphabet_that_the_api_reads() {
        let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
        let fake = Fake::start(move |request| {
            if request.starts_with("POST") {
                let _ = sender.send(request.to_owned());
            }
            daemon(request, "Engine", "1.41")
        });
        let runtime = fake.connect(Choice::Auto).await.unwrap();
        let digest = crate::model::digest::Digest::of(b"");
        // In base64 these letters need both of the characters that the two alphabets differ in.
        let credential = RegistryCredential::Basic {
            username: "ÿþ>?>?~~~".to_owned(),
            password: "ûïþ???>>>".to_owned().into(),
        };
        let request = PullRequest {
            repository: &"ghcr.io/a/b".parse().unwrap(),
            digest: &digest,
            platform: &Platform::host(),
            credential: Some(&credential),
        };
        let _ = runtime.pull(request, &mut |_| {}).await;
        let request = seen.recv().await.unwrap().to_ascii_lowercase();
        let header = request
            .lines()
            .find_map(|line| line.strip_prefix("x-registry-auth: "))
            .unwrap();
        assert!(header.contains(['-', '_']), "{header}");
        assert!(!header.contains(['+', '/']), "{header}");
        assert!(request.contains(&format!(
            "fromimage=ghcr.io%2fa%2fb%40sha256%3a{}",
            digest.hex()
        )));
    }
}

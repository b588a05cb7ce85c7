//! Docker's Engine API by bollard; Podman speaks it too.

mod call;
mod connect;
mod create;
mod image;

use std::collections::HashMap;

use async_trait::async_trait;
use bollard::{
    Docker, body_full,
    models::{ContainerStateStatusEnum, ContainerSummaryStateEnum},
    query_parameters::{
        DownloadFromContainerOptionsBuilder, InspectContainerOptions, KillContainerOptionsBuilder,
        ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
        ResizeContainerTTYOptionsBuilder, StartContainerOptions, UploadToContainerOptionsBuilder,
        WaitContainerOptionsBuilder,
    },
};
use futures_util::StreamExt as _;

use self::call::{ANSWER, SLOW, bounded, convert, is_status};
pub(super) use self::connect::connect;
use super::{
    AttachOptions, Attached, ContainerId, ContainerSpec, ContainerState, ContainerSummary,
    LocalImage, MountPoint, PullProgress, PullRequest, Runtime, RuntimeError, RuntimeFacts, attach,
    endpoint::Endpoint, error::excerpt,
};
use crate::model::{digest::Digest, image::Repository, platform::Platform};

/// A connection to Docker or Podman.
#[derive(Debug)]
struct Engine {
    client: Docker,
    endpoint: Endpoint,
    facts: RuntimeFacts,
}

#[async_trait]
impl Runtime for Engine {
    fn facts(&self) -> &RuntimeFacts {
        &self.facts
    }

    async fn find_image(
        &self,
        repository: &Repository,
        digests: &[Digest],
        platform: &Platform,
    ) -> Result<Option<LocalImage>, RuntimeError> {
        image::find(self, repository, digests, platform).await
    }

    async fn pull(
        &self,
        request: PullRequest<'_>,
        progress: &mut (dyn FnMut(PullProgress) + Send),
    ) -> Result<LocalImage, RuntimeError> {
        image::pull(self, request, progress).await
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        create::create(self, spec).await
    }

    async fn put_files(
        &self,
        id: &ContainerId,
        path: &str,
        tar: Vec<u8>,
    ) -> Result<(), RuntimeError> {
        let options = UploadToContainerOptionsBuilder::new().path(path).build();
        let put =
            self.client
                .upload_to_container(id.as_str(), Some(options), body_full(tar.into()));
        bounded("put files into the container", SLOW, put).await
    }

    async fn read_file(
        &self,
        id: &ContainerId,
        path: &str,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, RuntimeError> {
        const DOING: &str = "read a file of the container";
        // The archive holds a header of 512 bytes, the file, and padding.
        let largest = limit.saturating_add(16 << 10);
        let options = DownloadFromContainerOptionsBuilder::new()
            .path(path)
            .build();
        let stream = self
            .client
            .download_from_container(id.as_str(), Some(options));
        let read = async {
            let mut stream = std::pin::pin!(stream);
            let mut archive = Vec::new();
            while let Some(piece) = stream.next().await {
                let piece = piece?;
                if archive.len() + piece.len() > largest {
                    return Ok(None);
                }
                archive.extend_from_slice(&piece);
            }
            Ok(Some(archive))
        };
        match tokio::time::timeout(SLOW, read).await {
            Err(_) => Err(RuntimeError::Timeout {
                doing: DOING,
                after: SLOW,
            }),
            Ok(Err(error)) if is_status(&error, 404) => Ok(None),
            Ok(Err(error)) => Err(convert(DOING, error)),
            Ok(Ok(archive)) => Ok(archive.and_then(|tar| super::tar::only_file(&tar, limit))),
        }
    }

    async fn attach(
        &self,
        id: &ContainerId,
        options: AttachOptions,
    ) -> Result<Attached, RuntimeError> {
        attach::attach(&self.endpoint, id.as_str(), options).await
    }

    async fn start(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        let start = self
            .client
            .start_container(id.as_str(), None::<StartContainerOptions>);
        bounded("start the container", SLOW, start)
            .await
            .map_err(|error| match error {
                RuntimeError::Answered { message, .. } => RuntimeError::Start { message },
                other => other,
            })
    }

    async fn wait(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        const DOING: &str = "wait for the container";
        let options = WaitContainerOptionsBuilder::new()
            .condition("not-running")
            .build();
        let answers = self.client.wait_container(id.as_str(), Some(options));
        match std::pin::pin!(answers).next().await {
            // A code other than zero, which bollard makes an error of.
            Some(Ok(_) | Err(bollard::errors::Error::DockerContainerWaitError { .. })) => Ok(()),
            Some(Err(error)) => Err(convert(DOING, error)),
            None => Err(RuntimeError::Lost {
                doing: DOING,
                source: None,
            }),
        }
    }

    async fn inspect(&self, id: &ContainerId) -> Result<Option<ContainerState>, RuntimeError> {
        let inspect = self
            .client
            .inspect_container(id.as_str(), None::<InspectContainerOptions>);
        let found = bounded("inspect the container", ANSWER, inspect).await;
        let Some(found) = unless_missing(found)? else {
            return Ok(None);
        };
        let state = found.state.unwrap_or_default();
        // Go's zero time stands for never.
        Ok(Some(ContainerState {
            pid: state
                .pid
                .and_then(|pid| u32::try_from(pid).ok())
                .filter(|&pid| pid > 0),
            running: state.running.unwrap_or_default()
                || state.status == Some(ContainerStateStatusEnum::RUNNING),
            started: state.started_at.is_some_and(|it| !it.starts_with("0001-")),
            exit_code: state.exit_code.unwrap_or_default(),
            oom_killed: state.oom_killed.unwrap_or_default(),
            error: excerpt(&state.error.unwrap_or_default()),
        }))
    }

    async fn signal(&self, id: &ContainerId, signal: i32) -> Result<(), RuntimeError> {
        let options = KillContainerOptionsBuilder::new()
            .signal(&signal.to_string())
            .build();
        let kill = self.client.kill_container(id.as_str(), Some(options));
        match bounded("signal the container", ANSWER, kill).await {
            // Gone, or not running: there is nobody left to signal.
            Err(RuntimeError::Answered {
                status: 404 | 409, ..
            }) => Ok(()),
            other => other,
        }
    }

    async fn resize(&self, id: &ContainerId, rows: u16, columns: u16) -> Result<(), RuntimeError> {
        let options = ResizeContainerTTYOptionsBuilder::new()
            .h(rows.into())
            .w(columns.into())
            .build();
        let resize = self.client.resize_container_tty(id.as_str(), options);
        bounded("resize the container's terminal", ANSWER, resize).await
    }

    async fn remove(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        let options = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        let remove = self.client.remove_container(id.as_str(), Some(options));
        match bounded("remove the container", SLOW, remove).await {
            // Gone, or on its way out.
            Err(RuntimeError::Answered {
                status: 404 | 409, ..
            }) => Ok(()),
            other => other,
        }
    }

    async fn list(
        &self,
        labels: &[(&str, Option<&str>)],
    ) -> Result<Vec<ContainerSummary>, RuntimeError> {
        let wanted: Vec<String> = labels
            .iter()
            .map(|(name, value)| match value {
                Some(value) => format!("{name}={value}"),
                None => (*name).to_owned(),
            })
            .collect();
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&HashMap::from([("label", wanted)]))
            .build();
        let list = self.client.list_containers(Some(options));
        let found = bounded("list containers", ANSWER, list).await?;
        let summary = |it: bollard::models::ContainerSummary| {
            Some(ContainerSummary {
                id: it.id?.parse().ok()?,
                labels: it.labels.unwrap_or_default().into_iter().collect(),
                stopped: matches!(
                    it.state,
                    Some(ContainerSummaryStateEnum::EXITED | ContainerSummaryStateEnum::DEAD)
                ),
                created: it.created.unwrap_or_default(),
            })
        };
        Ok(found.into_iter().filter_map(summary).collect())
    }

    async fn mounts(&self, id: &ContainerId) -> Result<Option<Vec<MountPoint>>, RuntimeError> {
        let inspect = self
            .client
            .inspect_container(id.as_str(), None::<InspectContainerOptions>);
        let found = bounded("inspect this program's own container", ANSWER, inspect).await;
        let Some(found) = unless_missing(found)? else {
            return Ok(None);
        };
        let mount = |it: bollard::models::MountPoint| {
            Some(MountPoint {
                destination: it.destination?.into(),
                source: it.source.filter(|source| source.starts_with('/'))?.into(),
                writable: it.rw.unwrap_or_default(),
            })
        };
        let mounts = found.mounts.unwrap_or_default();
        Ok(Some(mounts.into_iter().filter_map(mount).collect()))
    }
}

/// Makes `None` of the answer that there is no such thing.
fn unless_missing<T>(result: Result<T, RuntimeError>) -> Result<Option<T>, RuntimeError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(RuntimeError::Answered { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

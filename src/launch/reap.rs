//! Removes what CLIs that were killed have left behind.

use std::path::Path;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::labels::{self, Fate, Owner};
use crate::{
    runtime::{Runtime, RuntimeError},
    seam::files,
};

/// What `exec --reap` did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reaped {
    /// 1.
    pub schema_version: u8,
    /// The containers that are gone now.
    pub removed: Vec<String>,
    /// The containers whose CLI lives, or may live.
    pub kept: Vec<String>,
    /// The containers that could not be removed, each with the reason.
    pub failed: Vec<String>,
}

/// Removes the containers of ours whose CLI is gone for certain.
pub async fn reap(runtime: &dyn Runtime) -> Result<Reaped, RuntimeError> {
    let reaper = Owner::this_process();
    let now = Timestamp::now().as_second();
    let mut reaped = Reaped {
        schema_version: 1,
        ..Reaped::default()
    };
    for container in runtime.list(&[(labels::RUN, None)]).await? {
        let id = container.id.to_string();
        match labels::fate(&container.labels, container.stopped, &reaper, now) {
            Fate::Keep => reaped.kept.push(id),
            Fate::Remove => match runtime.remove(&container.id).await {
                Ok(()) => {
                    if let Some(folder) = container.labels.get(labels::FOLDER) {
                        // It lies in another mount namespace, or is gone with a reboot.
                        let _ = files::remove_private_folder(Path::new(folder));
                    }
                    reaped.removed.push(id);
                }
                Err(error) => reaped.failed.push(format!("{id}: {error}")),
            },
        }
    }
    Ok(reaped)
}

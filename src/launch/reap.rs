//! Removes what CLIs that were killed have left behind.

use std::path::Path;

use jiff::Timestamp;

use super::labels::{self, Fate, Owner};
use crate::{
    report::reap::Reaped,
    runtime::{Runtime, RuntimeError},
    seam::files,
};

/// Removes the containers of ours whose CLI is gone for certain.
pub async fn reap(runtime: &dyn Runtime) -> Result<Reaped, RuntimeError> {
    let reaper = Owner::this_process();
    let now = Timestamp::now().as_second();
    let mut reaped = Reaped::default();
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

//! What is written into the files of a repository, or printed as a patch.

use rayon::prelude::*;

use super::roots::Root;
use crate::{
    cli::patch::patch,
    model::{chain::chain, pinning::Status},
    pin::{Change, Group, Settlement},
    report::references::ReferenceRow,
    seam::files::FileError,
};

/// So many files are written at the same time: each waits for the disk, which takes as long for
/// several as for one.
const WRITERS: usize = 16;

/// The changes as a patch.
pub(super) fn patches(settlement: &Settlement) -> String {
    let changes = settlement.files.iter();
    changes
        .map(|change| patch(&change.path, Some(&change.old), &change.new))
        .collect()
}

/// Writes every group of `settlement`, unless somebody else has changed a file of it meanwhile, and
/// tells `rows`, one for each site, what came of it.
pub(super) fn write(root: &Root<'_>, settlement: &Settlement, rows: &mut [ReferenceRow]) {
    let groups = &settlement.groups;
    let write = || -> Vec<Result<(), String>> {
        let groups = groups.par_iter();
        groups
            .map(|group| write_group(root, settlement, group))
            .collect()
    };
    let threads = groups.len().clamp(1, WRITERS);
    let written = match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(write),
        Err(_) => write(),
    };
    for (group, written) in groups.iter().zip(written) {
        for number in &group.sites {
            let Some(row) = rows.get_mut(*number) else {
                continue;
            };
            match &written {
                Ok(()) => row.status = Status::Changed,
                Err(reason) => {
                    row.status = Status::Error;
                    row.after = None;
                    row.reason = Some(reason.clone());
                }
            }
        }
    }
}

/// Writes the files of `group` in their order: the last tells whether all was done, and a rerun of
/// what was ended between finishes it.
fn write_group(root: &Root<'_>, settlement: &Settlement, group: &Group) -> Result<(), String> {
    let changes = group.files.iter();
    let changes = changes.filter_map(|number| settlement.files.get(*number));
    let mut done: Vec<&Change> = Vec::new();
    for change in changes {
        if let Err(error) = replace(root, change, &change.old, &change.new) {
            return Err(taken_back(root, &done, chain(&error)));
        }
        done.push(change);
    }
    Ok(())
}

/// Takes back what was written before the `failure`, which it gives with what could not be.
fn taken_back(root: &Root<'_>, done: &[&Change], failure: String) -> String {
    let left = done
        .iter()
        .find_map(|change| replace(root, change, &change.new, &change.old).err());
    match left {
        Some(error) => format!(
            "{failure}; and what was written could not be taken back: {}",
            chain(&error)
        ),
        None => failure,
    }
}

fn replace(root: &Root<'_>, change: &Change, old: &str, new: &str) -> Result<(), FileError> {
    match root.selected(&change.path) {
        Some(file) => file.replace(old.as_bytes(), new.as_bytes()),
        None => Ok(()),
    }
}

//! What only `fullsend generate renovate` does.

use std::path::Path;

use super::configuration::{self, working_directory};
use crate::{
    cli::{Context, failure::CliFailure},
    document::renovate::{PACKAGE, counts},
    generate::{
        Draft, Origin, origin,
        renovate::{self, DEFAULT_PRESET},
    },
    model::renovate::PLACES,
    seam::files,
};

/// The word on the command line.
pub(super) const KIND: &str = "renovate";

/// The longest package.json, or preset, that is looked into.
const MAX_BYTES: u64 = 1 << 20;

/// The presets of the fleet in the file `path`.
pub(super) fn presets(path: &Path) -> Result<Vec<Draft>, CliFailure> {
    Ok(renovate::presets(&configuration::fleet(path)?)?)
}

/// Warns of presets of rings that are gone: whoever extends one stays on its versions.
pub(super) fn warn_of_left(
    drafts: &[Draft],
    folder: &Path,
    context: &Context,
) -> Result<(), CliFailure> {
    let presets = Path::new("renovate");
    let here = working_directory()?.join(folder);
    for name in files::names(&here.join(presets)).unwrap_or_default() {
        let path = presets.join(&name);
        if drafts.iter().any(|draft| draft.path() == path) {
            continue;
        }
        let text = files::read(&here.join(&path), MAX_BYTES).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let origin = origin(&path, &text);
        if matches!(origin, Origin::Ours { stamp, .. } if stamp.kind == renovate::FLEET) {
            context.terminal.warn(&format!(
                "{}: fleet.yaml has no such ring; delete it once no repository extends it",
                folder.join(&path).display()
            ));
        }
    }
    Ok(())
}

/// Fails where `folder` has a configuration besides renovate.json: Renovate would stop reading it.
pub(super) fn refuse_beside_another(folder: &Path) -> Result<(), CliFailure> {
    let folder = working_directory()?.join(folder);
    // The first is the file itself, which is compared with what would be written.
    for place in &PLACES[1..] {
        if is_configuration(&folder, place)? {
            return Err(CliFailure::usage_with(
                format!("{place} configures Renovate already, and would no longer be read"),
                format!("add to its `extends`: \"{DEFAULT_PRESET}\""),
            ));
        }
    }
    Ok(())
}

fn is_configuration(folder: &Path, place: &str) -> Result<bool, CliFailure> {
    let path = folder.join(place);
    if place != PACKAGE {
        return Ok(files::lies_at(&path)?);
    }
    let text = files::read(&path, MAX_BYTES).unwrap_or_default();
    Ok(counts(place, &String::from_utf8_lossy(&text)))
}

//! Files made again: with the settings and the versions that those which exist have.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{Draft, GenerateError, GeneratedFile, Kind, Origin, Stamp, draft, origin};
use crate::{config::Config, model::files::Files};

/// What is said besides fullsend.yaml.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Settings, as `--set` has them; without any, those hold that the files were made with.
    pub settings: &'a [(String, String)],
    /// The day in UTC, which ends holds.
    pub today: Date,
}

/// Which versions the files get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pins {
    /// Those that they have, as far as no setting names another.
    Kept,
    /// Those of this program and of fullsend.yaml.
    Renewed,
}

/// The files of a kind as they are to be.
#[derive(Clone, Debug)]
pub struct Regenerated {
    /// Each with how it stands to the one that exists.
    pub files: Vec<GeneratedFile>,
    /// What the files were made with and are no longer.
    pub dropped: Option<Dropped>,
}

/// Settings that a file was made with, and that were left out where others were given: these go
/// back to their defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The file whose header has them.
    pub path: PathBuf,
    /// Keys and values.
    pub settings: Vec<(String, String)>,
}

/// The files of `kind`, from `config`, what is `given` and the `existing` files.
///
/// Where no setting is given, the header of the first file that has one tells them all.
pub fn regenerate(
    kind: &Kind,
    config: &Config,
    given: Given<'_>,
    existing: &dyn Files,
    pins: Pins,
) -> Result<Regenerated, GenerateError> {
    let asked = kind.settings(given.settings)?;
    let (drafts, places) = if let Some(path) = kind.path {
        // There may be no draft without the settings that are looked for.
        (None, vec![path.into()])
    } else {
        let drafts = draft(kind, config, &asked, given.today)?;
        let places = drafts.iter().map(|draft| draft.path().to_owned()).collect();
        (Some(drafts), places)
    };
    let (settings, dropped) = match made_with(kind, &places, existing)? {
        Some((_, stamp)) if given.settings.is_empty() => (kind.settings(&stamp.settings)?, None),
        Some((path, stamp)) => (asked.clone(), dropped(path, stamp, given.settings)),
        None => (asked.clone(), None),
    };
    let drafts = match drafts.filter(|_| settings == asked) {
        Some(drafts) => drafts,
        None => draft(kind, config, &settings, given.today)?,
    };
    let files = settle(drafts, existing, pins)?;
    Ok(Regenerated { files, dropped })
}

/// `drafts` with the versions that the files in their places have.
pub fn settle(
    drafts: Vec<Draft>,
    existing: &dyn Files,
    pins: Pins,
) -> Result<Vec<GeneratedFile>, GenerateError> {
    let settle = |draft: Draft| {
        let existing = text(existing, draft.path())?;
        draft.settle(existing, pins)
    };
    drafts.into_iter().map(settle).collect()
}

/// What the header of the first file among `places` that exists says, and which that is.
fn made_with(
    kind: &Kind,
    places: &[PathBuf],
    existing: &dyn Files,
) -> Result<Option<(PathBuf, Stamp)>, GenerateError> {
    for path in places {
        let Some(text) = text(existing, path)? else {
            continue;
        };
        match origin(path, &text) {
            Origin::Ours { stamp, .. } if stamp.kind == kind.name => {
                return Ok(Some((path.clone(), stamp)));
            }
            Origin::Ours { .. } | Origin::Foreign => {}
        }
    }
    Ok(None)
}

fn dropped(path: PathBuf, stamp: Stamp, given: &[(String, String)]) -> Option<Dropped> {
    let is_given = |key: &str| given.iter().any(|(given, _)| given == key);
    let old = stamp.settings.into_iter();
    let settings: Vec<_> = old.filter(|(key, _)| !is_given(key)).collect();
    (!settings.is_empty()).then_some(Dropped { path, settings })
}

fn text(files: &dyn Files, path: &Path) -> Result<Option<String>, GenerateError> {
    let read = files.read(path);
    let bytes = read.map_err(|message| GenerateError::Unreadable { message })?;
    // What is no text was written by nobody of us, and stays what it is until forced.
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

//! The file of `--lock` and `--to`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::PinArgs;
use crate::{
    cli::{commands::selection::Selection, failure::CliFailure},
    pin::{Lock, Use},
    report::{json, references::ReferenceRow},
    seam::files::{self, AtomicFile, FileError},
};

/// What is done with recorded digests.
pub(super) enum Recorded {
    /// Nothing.
    Unused,
    /// They are what is known, and nobody is asked.
    Checked(Lock),
    /// References go back to them.
    Restored(Lock),
    /// They are renewed.
    Renewed(Renewed),
}

/// A lock that is to be written.
pub(super) struct Renewed {
    path: PathBuf,
    file: AtomicFile,
    old: Lock,
    /// What each file uses that was looked at.
    uses: BTreeMap<String, Vec<Use>>,
}

impl Recorded {
    /// What `args` ask for; the file is read, and whether it can be written is known.
    pub(super) fn of(args: &PinArgs) -> Result<Self, CliFailure> {
        if let Some(path) = &args.to {
            return Ok(Self::Restored(parse(path, &read(path)?)?));
        }
        let Some(path) = &args.lock else {
            return Ok(Self::Unused);
        };
        if args.check {
            if args.update.is_some() || args.verify {
                return Err(CliFailure::usage_with(
                    "--check with --lock asks nobody, so it takes neither --update nor --verify",
                    "leave out --lock to ask registries and forges",
                ));
            }
            return Ok(Self::Checked(parse(path, &read(path)?)?));
        }
        let old = match read(path) {
            Ok(bytes) => parse(path, &bytes)?,
            Err(error) if error.is_not_found() => Lock::default(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self::Renewed(Renewed {
            path: path.clone(),
            file: AtomicFile::open(path)?,
            old,
            uses: BTreeMap::new(),
        }))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    files::read(path, Lock::MAX_BYTES)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Lock, CliFailure> {
    Lock::parse(bytes).map_err(|error| {
        CliFailure::usage_with(
            format!("{} is no lock: {error}", path.display()),
            "`fullsend pin --lock FILE` writes one; `fullsend schema pin-lock` tells its form",
        )
    })
}

impl Renewed {
    /// Keeps what `file`, as it is shown, uses now.
    pub(super) fn add(&mut self, file: String, uses: Vec<Use>) {
        self.uses.insert(file, uses);
    }

    /// Writes the lock, if it is to say anything else than before.
    ///
    /// A file without references loses its entries; one that is `unread`, or was not selected, keeps
    /// them while it is there.
    pub(super) fn write(
        mut self,
        selection: &Selection,
        unread: &[ReferenceRow],
        now: Timestamp,
    ) -> Result<(), CliFailure> {
        for file in &selection.files {
            if !unread.iter().any(|row| row.file == file.shown) {
                let shown = file.shown.to_string_lossy().into_owned();
                self.uses.entry(shown).or_default();
            }
        }
        let root = selection.files.first().map(|file| file.root.clone());
        let is_there = |file: &str| match &root {
            Some(root) => files::is_regular(&root.join(file)).unwrap_or(false),
            None => true,
        };
        let new = self.old.renewed(&self.uses, is_there, now);
        let text = json::text(&new.into_file())?;
        if !read(&self.path).is_ok_and(|old| old == text.as_bytes()) {
            self.file.commit(text.as_bytes())?;
        }
        Ok(())
    }
}

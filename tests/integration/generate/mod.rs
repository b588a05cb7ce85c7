//! `fullsend generate`: every kind of file over a matrix of options, compared with what is checked
//! in and put through the tools that its readers use.
//!
//! `UPDATE_GENERATED=1 cargo test --test integration generate` writes the snapshots. A text that
//! changed needs a new revision of its template, too: `revisions.txt` remembers both.

mod command;
mod github;
mod gitlab;
mod kubernetes;
mod openshell;
mod renovate;
mod runner;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use fullsend::{
    config::{self, Config},
    generate::{self, GenerateError, GeneratedFile, Given, Kind, Origin, Pins, origin},
    model::files::NoFiles,
    seam::files::{self, AtomicFile},
};
use jiff::civil::date;

/// One file, or several, of the matrix.
struct Case {
    kind: &'static str,
    name: &'static str,
    /// fullsend.yaml.
    config: &'static str,
    set: &'static [&'static str],
}

/// A release of the action, as the tests have it.
const ACTION: &str = "action=fullsend-ai/sandbox@0123456789abcdef0123456789abcdef01234567 # v1.4.0";

fn cases() -> impl Iterator<Item = &'static Case> {
    let kinds = [
        github::CASES,
        gitlab::CASES,
        runner::CASES,
        kubernetes::CASES,
        openshell::CASES,
        renovate::CASES,
    ];
    kinds.into_iter().flatten()
}

impl Case {
    fn files(&self) -> Vec<GeneratedFile> {
        let kind = Kind::named(self.kind).unwrap();
        let config = config::parse(self.config.as_bytes(), "fullsend.yaml").unwrap();
        let pairs = self.set.iter().map(|pair| pair.split_once('=').unwrap());
        made(kind, &config, pairs).unwrap()
    }

    /// Where a file's snapshot is, below the folder of snapshots.
    fn name_of(&self, file: &GeneratedFile) -> String {
        let path = file.path.display().to_string();
        let path = path.trim_start_matches('.');
        format!("{}/{}/{path}", self.kind, self.name)
    }
}

/// The files of `kind` where there are none yet.
pub(crate) fn made<'p>(
    kind: &Kind,
    config: &Config,
    pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
) -> Result<Vec<GeneratedFile>, GenerateError> {
    let pairs = pairs.into_iter();
    let owned = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let given = Given {
        settings: &owned.collect::<Vec<_>>(),
        today: date(2026, 1, 1),
    };
    let made = generate::regenerate(kind, config, given, &NoFiles, Pins::Kept)?;
    Ok(made.files)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/generate")
}

fn read(path: &Path) -> String {
    let bytes = files::read(path, 1 << 20).unwrap_or_default();
    String::from_utf8(bytes).unwrap()
}

fn write(path: &Path, text: &str) {
    files::make_parents(path).unwrap();
    AtomicFile::open(path)
        .unwrap()
        .commit(text.as_bytes())
        .unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says so by the environment"
)]
fn updates() -> bool {
    std::env::var_os("UPDATE_GENERATED").is_some()
}

/// Whether the snapshot `name` is `text`, after it was written where that was asked for.
fn is_as_checked_in(name: &str, text: &str) -> bool {
    let path = folder().join("snapshots").join(name);
    if updates() {
        write(&path, text);
    }
    read(&path) == text
}

#[test]
fn every_file_is_as_checked_in() {
    let mut stale = Vec::new();
    for case in cases() {
        for file in case.files() {
            let name = case.name_of(&file);
            if !is_as_checked_in(&name, &file.text) {
                stale.push(name);
            }
        }
    }
    assert!(
        stale.is_empty(),
        "not as checked in: {stale:?}; run \
         `UPDATE_GENERATED=1 cargo test --test integration generate`"
    );
}

/// Files in the field are told by the revision that a newer text exists.
#[test]
fn a_changed_text_has_a_new_revision() {
    let path = folder().join("revisions.txt");
    let known = read(&path);
    let known: BTreeMap<&str, (u32, &str)> = known
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let name = words.next().unwrap();
            (
                name,
                (
                    words.next().unwrap().parse().unwrap(),
                    words.next().unwrap(),
                ),
            )
        })
        .collect();
    let mut text = String::new();
    for case in cases() {
        for file in case.files() {
            let name = case.name_of(&file);
            let Origin::Ours { stamp, .. } = origin(&file.path, &file.text) else {
                continue;
            };
            if let Some((revision, hash)) = known.get(name.as_str()) {
                assert!(
                    *hash == stamp.text || stamp.revision > *revision,
                    "{name}: the text of its template changed, so raise its revision"
                );
            }
            writeln!(text, "{name} {} {}", stamp.revision, stamp.text).unwrap();
        }
    }
    if updates() {
        write(&path, &text);
    }
    assert_eq!(text, read(&path), "run with UPDATE_GENERATED=1");
}

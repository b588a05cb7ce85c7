//! The forge's own names for workflows: REST alone tells them, one request each, so they are kept.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::seam::{
    environment::Environment,
    files::{self, AtomicFile},
};

/// The most of the file that is read.
const MAX_BYTES: u64 = 16 << 20;
/// The most names that are kept.
const MAX_NAMES: usize = 100_000;

/// Names by repository and workflow file, from one start to the next.
#[derive(Debug)]
pub(super) struct Workflows {
    /// Nowhere, where the user has no folder for it.
    path: Option<PathBuf>,
    known: Mutex<Option<Known>>,
}

/// A repository's own name, and the workflow's file.
type Key = (String, String);

#[derive(Debug, Default)]
struct Known {
    names: BTreeMap<Key, String>,
    is_new: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    workflows: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    repository: String,
    file: String,
    id: String,
}

impl Workflows {
    /// Those of `host`, kept in the user's cache folder; nothing is read yet.
    pub(super) fn of(environment: &Environment, host: &str) -> Self {
        let set = |name| environment.get(name).map(PathBuf::from);
        let caches = || set("XDG_CACHE_HOME").or_else(|| Some(environment.home()?.join(".cache")));
        let folder = set("FULLSEND_CACHE_DIR").or_else(|| Some(caches()?.join("fullsend")));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let name: String = host
            .chars()
            .map(|c| if is_plain(c) { c } else { '_' })
            .collect();
        Self {
            path: folder.map(|it| it.join("fleet").join(format!("{name}.json"))),
            known: Mutex::new(None),
        }
    }

    /// The name of a workflow, if it is known.
    pub(super) fn get(&self, repository: &str, file: &str) -> Option<String> {
        let key = (repository.to_owned(), file.to_owned());
        self.with(|known| known.names.get(&key).cloned())
    }

    /// Remembers a name; one that is not good any more, by `None`.
    pub(super) fn set(&self, repository: &str, file: &str, id: Option<String>) {
        let key = (repository.to_owned(), file.to_owned());
        self.with(|known| {
            known.is_new = true;
            match id {
                Some(id) if known.names.len() < MAX_NAMES => known.names.insert(key, id),
                _ => known.names.remove(&key),
            };
        });
    }

    /// Keeps what is new for the next start. Where that fails, it is asked for again then.
    pub(super) fn keep(&self) {
        let Some(path) = &self.path else {
            return;
        };
        let file = self.with(|known| std::mem::take(&mut known.is_new).then(|| known.file()));
        let Some(file) = file else {
            return;
        };
        let written = files::make_parents(path).and_then(|()| {
            let bytes = serde_json::to_vec(&file).unwrap_or_default();
            AtomicFile::open(path)?.commit(&bytes)
        });
        if let Err(error) = written {
            tracing::debug!(%error, "the names of workflows are not kept");
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        let mut known: MutexGuard<'_, Option<Known>> =
            self.known.lock().unwrap_or_else(PoisonError::into_inner);
        act(known.get_or_insert_with(|| self.load()))
    }

    /// A damaged file is as good as none.
    fn load(&self) -> Known {
        let bytes = self.path.as_ref().map(|path| files::read(path, MAX_BYTES));
        let file = bytes.and_then(|bytes| serde_json::from_slice::<File>(&bytes.ok()?).ok());
        let lines = file.filter(|it| it.version == 1).map(|it| it.workflows);
        let names = lines.into_iter().flatten().take(MAX_NAMES);
        Known {
            names: names.map(|it| ((it.repository, it.file), it.id)).collect(),
            is_new: false,
        }
    }
}

impl Known {
    fn file(&self) -> File {
        let lines = self.names.iter().map(|((repository, file), id)| Line {
            repository: repository.clone(),
            file: file.clone(),
            id: id.clone(),
        });
        File {
            version: 1,
            workflows: lines.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_and_damage_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().to_str().unwrap();
        let environment: Environment = [("XDG_CACHE_HOME", cache)].into_iter().collect();
        let open = || Workflows::of(&environment, "ghe.example:8443");
        let first = open();
        assert_eq!(first.get("R", "a.yml"), None);
        first.set("R", "a.yml", Some("W".to_owned()));
        first.keep();
        assert_eq!(open().get("R", "a.yml").as_deref(), Some("W"));
        assert_eq!(open().get("R", "b.yml"), None);
        let path = folder.path().join("fullsend/fleet/ghe.example_8443.json");
        for damage in ["", "[]", "{\"version\":2,\"workflows\":[]}", "\0"] {
            AtomicFile::open(&path)
                .unwrap()
                .commit(damage.as_bytes())
                .unwrap();
            assert_eq!(open().get("R", "a.yml"), None, "{damage:?}");
        }
        first.set("R", "a.yml", None);
        first.keep();
        assert_eq!(open().get("R", "a.yml"), None);
    }
}

//! What goes when a repository leaves the fleet: exactly what was written to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    CONFIG, Entry, Obstacle, Record, dependabot, gitlab, lock,
    obstacle::{in_file, may_write},
    own::{self, workflow_path},
    record::{hash, masked},
    renovate::{self, rings, way},
    sheet::{read, text},
};
use crate::{
    config::{self, Fleet, FleetForge},
    document::{
        insert::{self, Made, Notation, Step},
        renovate::{Configuration, choose, extended},
        yaml::Node,
    },
    fleet::Texts,
    forge::{Change, Seen},
    generate::{
        Origin, origin,
        renovate::{is_default, preset},
    },
    model::limits::Limits,
    reference::ACTIONS_LOCK,
};

/// What a repository is asked for to leave the fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// The files that go or lose entries.
    pub changes: Vec<Change>,
    /// What stays although it was ours, and why.
    pub kept: Vec<(String, String)>,
}

/// What a repository leaves.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'a> {
    /// fleet.yaml.
    pub fleet: &'a Fleet,
    /// The folder of the fleet's presets, see [`place`](super::place).
    pub presets: &'a str,
    /// The day in UTC.
    pub today: Date,
}

/// What is to go of what `record` tells; without one, what is plainly ours by its header or its
/// words.
///
/// What a person changed stays, and is told. Versions and digests do not count.
pub fn unenrol(
    leaving: Leaving<'_>,
    record: Option<&Record>,
    seen: &Seen,
    texts: &Texts,
) -> Result<Removal, Obstacle> {
    may_write(&seen.repository, seen.head.is_some())?;
    let record = record.filter(|it| it.repository == seen.repository.id);
    let mut work = Work {
        record,
        seen,
        texts,
        changes: BTreeMap::new(),
        kept: Vec::new(),
    };
    match &leaving.fleet.forge {
        FleetForge::GitHub { .. } => {
            let gone = work.workflows();
            work.lock(&gone);
            let action = leaving.fleet.release.action.repository.as_str();
            for path in dependabot::PLACES {
                work.in_file(path, |work, text| work.ignores(path, text, action));
            }
        }
        FleetForge::GitLab {
            url,
            component_source: Some(source),
            ..
        } => {
            let path = gitlab::PIPELINE;
            if !work.whole(path, |text| gitlab::is_alone(text, url, source)) {
                work.in_file(path, |work, text| work.includes(text, url, source));
            }
        }
        FleetForge::GitLab { .. } => {}
    }
    work.config();
    work.renovate(leaving);
    Ok(work.into_removal())
}

struct Work<'a> {
    record: Option<&'a Record>,
    seen: &'a Seen,
    texts: &'a Texts,
    changes: BTreeMap<String, Option<String>>,
    kept: Vec<(String, String)>,
}

impl Work<'_> {
    fn into_removal(self) -> Removal {
        let changes = self.changes.into_iter().map(|(path, text)| Change {
            path,
            content: text.map(String::into_bytes),
        });
        Removal {
            changes: changes.collect(),
            kept: self.kept,
        }
    }

    fn keep(&mut self, path: &str, why: impl Into<String>) {
        self.kept.push((path.to_owned(), why.into()));
    }

    /// The text of `path`; one that cannot be read stays.
    fn text(&mut self, path: &str) -> Option<String> {
        match text(self.seen, self.texts, path) {
            Ok(text) => text.map(str::to_owned),
            Err(error) => {
                self.keep(path, error.to_string());
                None
            }
        }
    }

    fn hash_of(&self, path: &str) -> Option<&str> {
        let files = &self.record?.files;
        files.get(path).map(String::as_str)
    }

    fn entries(&self, file: &str) -> Vec<Entry> {
        let entries = self.record.into_iter().flat_map(|it| &it.entries);
        entries.filter(|it| it.file == file).cloned().collect()
    }

    /// How room was made for the entries of `what` in `file`, all together.
    ///
    /// Where nothing is known, a list that is left empty was made for them.
    fn made(&self, file: &str, what: &str) -> Made {
        let entries = self.entries(file);
        let mut made = entries
            .iter()
            .filter(|it| it.what == what)
            .map(|it| it.made);
        let first = made.next().unwrap_or(Made::Key);
        made.find(|it| *it != Made::Item)
            .filter(|_| first == Made::Item)
            .unwrap_or(first)
    }

    /// Removes `path` if it is a file of ours and as it was written.
    ///
    /// `is_made` says whether a text is what is made here: anybody who may push may have written
    /// the record.
    fn whole(&mut self, path: &str, is_made: impl FnOnce(&str) -> bool) -> bool {
        let Some(known) = self.hash_of(path).map(str::to_owned) else {
            return false;
        };
        let is_same = self
            .text(path)
            .is_some_and(|text| hash(path, &text) == known && is_made(&text));
        if is_same {
            self.changes.insert(path.to_owned(), None);
        }
        is_same
    }

    /// Edits the file `path`, where it is there.
    fn in_file(
        &mut self,
        path: &str,
        edit: impl FnOnce(&mut Self, &str) -> Result<String, Obstacle>,
    ) {
        let Some(before) = self.text(path) else {
            return;
        };
        match edit(self, &before) {
            Ok(after) if after == before => {}
            Ok(after) => {
                self.changes.insert(path.to_owned(), Some(after));
            }
            Err(error) => self.keep(path, error.to_string()),
        }
    }

    /// Removes our workflows; gives back which.
    fn workflows(&mut self) -> Vec<String> {
        let mut gone = Vec::new();
        for agent in Limits::AGENTS {
            let path = workflow_path(agent);
            let Some(text) = self.text(&path) else {
                continue;
            };
            match origin(path.as_ref(), &text) {
                Origin::Ours {
                    is_edited: true, ..
                } => self.keep(&path, "somebody edited it"),
                Origin::Ours { .. } => {
                    self.changes.insert(path.clone(), None);
                    gone.push(path);
                }
                Origin::Foreign if self.hash_of(&path).is_some() => {
                    self.keep(&path, "somebody put a file of their own in its place");
                }
                Origin::Foreign => {}
            }
        }
        gone
    }

    fn lock(&mut self, gone: &[String]) {
        let entries = self.entries(ACTIONS_LOCK);
        let of = |what: &str| -> BTreeSet<String> {
            let entries = entries.iter().filter(|it| it.what == what);
            let values = entries.filter_map(|it| it.value.as_str());
            values.map(str::to_owned).collect()
        };
        let (workflows, ours) = (of("workflows"), of("dependencies"));
        let is_known = self.record.is_some();
        self.in_file(ACTIONS_LOCK, |_, text| {
            let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
            let mut draft = text.to_owned();
            for path in gone {
                if !is_known || workflows.contains(path) {
                    let without = lock::without(&draft, path, &ours);
                    draft = without.map_err(|error| Obstacle::no_room(ACTIONS_LOCK, &error))?;
                }
            }
            Ok(draft)
        });
    }

    fn ignores(&mut self, path: &str, text: &str, action: &str) -> Result<String, Obstacle> {
        let value = serde_json::json!({ dependabot::NAME: action });
        let mut draft = text.to_owned();
        let tree = read(path, text, Notation::Yaml)?;
        let root = tree.documents().next();
        for (number, update) in root.iter().flat_map(dependabot::updates) {
            let what = format!("updates[{number}].ignore");
            let is_ours = self.entries(path).iter().any(|it| it.what == what);
            let list = update.get("ignore");
            let mut items = list.iter().flat_map(Node::items);
            let found = items.position(|item| masked(&item) == value);
            let Some(item) = found.filter(|_| is_ours || self.record.is_none()) else {
                continue;
            };
            let at = [
                Step::Key("updates"),
                Step::Item(number),
                Step::Key("ignore"),
            ];
            draft = pull(
                path,
                &draft,
                Notation::Yaml,
                &at,
                item,
                self.made(path, &what),
            )?;
        }
        Ok(draft)
    }

    fn includes(&mut self, text: &str, url: &str, source: &str) -> Result<String, Obstacle> {
        let path = gitlab::PIPELINE;
        let tree = read(path, text, Notation::Yaml)?;
        let root = tree.documents().next();
        let included = root.map(|root| gitlab::included(&root)).unwrap_or_default();
        let mut items = included.iter().enumerate();
        let found = items.find(|(_, item)| gitlab::is_component(item, url, source));
        let Some((number, item)) = found else {
            return Ok(text.to_owned());
        };
        let value = masked(item);
        let entries = self.entries(path);
        let is_same = match self.record {
            Some(_) => entries.iter().any(|it| it.value == value),
            None => gitlab::is_plain(&value),
        };
        if !is_same {
            self.keep(path, "somebody changed the component's inputs");
            return Ok(text.to_owned());
        }
        let at = [Step::Key(gitlab::INCLUDE)];
        let is_list = root
            .and_then(|root| root.get(gitlab::INCLUDE))
            .is_some_and(|it| !it.is_mapping());
        if !is_list {
            let removed = insert::remove(text, Notation::Yaml, &at);
            return removed.map_err(|error| Obstacle::no_room(path, &error));
        }
        let made = self.made(path, gitlab::INCLUDE);
        pull(path, text, Notation::Yaml, &at, number, made)
    }

    fn config(&mut self) {
        if self.whole(CONFIG, own::is_first) || !self.seen.files.contains_key(CONFIG) {
            return;
        }
        let why = if self.hash_of(CONFIG).is_some() {
            "somebody edited it"
        } else {
            "nothing tells that it was written by the fleet"
        };
        self.keep(CONFIG, why);
    }

    fn renovate(&mut self, leaving: Leaving<'_>) {
        let (seen, texts) = (self.seen, self.texts);
        let found = choose(|path| Ok::<_, Obstacle>(text(seen, texts, path)?.map(str::to_owned)));
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => return self.keep(renovate::PATH, error.to_string()),
        };
        let is_made = |text: &str| matches!(origin(found.path.as_ref(), text), Origin::Ours { .. });
        if self.whole(found.path, is_made) {
            return;
        }
        match origin(found.path.as_ref(), &found.text) {
            Origin::Ours { stamp, is_edited } if stamp.kind == renovate::KIND && !is_edited => {
                self.unmake(&found, stamp.settings, leaving.today);
            }
            _ => self.unextend(&found, leaving.presets),
        }
    }

    /// Removes a file that an enrolment made, and makes one that was there as it was before.
    fn unmake(&mut self, found: &Configuration, settings: Vec<(String, String)>, today: Date) {
        let path = found.path;
        if settings.iter().any(|(key, _)| key == "only") {
            self.changes.insert(path.to_owned(), None);
            return;
        }
        let config = text(self.seen, self.texts, CONFIG).ok().flatten();
        let config = config.and_then(|it| config::parse(it.as_bytes(), CONFIG).ok());
        let config = config.or_else(|| config::parse(b"version: 1", CONFIG).ok());
        let Some(config) = config else { return };
        self.in_file(path, |_, _| renovate::unmade(&config, settings, today));
    }

    /// Takes our presets out of somebody's file.
    fn unextend(&mut self, found: &Configuration, presets: &str) {
        let path = found.path;
        let rings = rings(presets);
        let denied = preset(presets, "deny").unwrap_or_default();
        let entries = self.entries(path);
        let is_ours = |preset: &str| {
            let known = entries.iter().any(|it| it.value.as_str() == Some(preset));
            // A record may be anybody's: what it tells has to look like ours as well.
            (known && (is_default(preset) || renovate::is_preset(preset)))
                || preset == denied
                || preset.starts_with(&rings)
        };
        let made = self.made(path, "extends");
        self.in_file(path, |_, text| {
            let tree = read(path, text, found.notation)?;
            let root = tree.documents().next();
            let extends = root.map(|root| extended(&root, path)).unwrap_or_default();
            let at = way(found, "extends");
            let mut draft = text.to_owned();
            let ours = extends.iter().enumerate().rev();
            for (number, _) in ours.filter(|(_, preset)| is_ours(preset)) {
                draft = pull(path, &draft, found.notation, &at, number, made)?;
            }
            Ok(draft)
        });
    }
}

fn pull(
    path: &str,
    text: &str,
    notation: Notation,
    at: &[Step<'_>],
    number: usize,
    made: Made,
) -> Result<String, Obstacle> {
    let pulled = insert::pull(text, notation, at, number, made);
    pulled.map_err(|error| Obstacle::unreadable(path, &in_file(&error)))
}

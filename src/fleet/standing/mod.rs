//! How each repository of the fleet stands to what its ring asks for. Pure.
//!
//! The names of blobs are the shortcut: what an enrolment at a known release writes is known by its
//! name, and what is the same in a thousand repositories is read and judged once. Only what is left
//! is fetched. Of a text that is no longer as it was written, versions are masked before it is
//! compared: that somebody moved them is no drift.

mod found;
mod known;
mod own;
mod renovate;
mod request;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};

use bytes::Bytes;
use jiff::civil::Date;

pub use self::request::request_row;
use self::{found::Found, known::known};
use super::{ENROLL_BRANCH, Member, Texts};
use crate::{
    config::{Config, Fleet, FleetForge, Ring},
    forge::{Entry, EntryMode, FileAt, RunsOf, Seen, Watch},
    model::{limits::Limits, renovate::PLACES, skew},
    report::fleet::{HoldRow, RepositoryRow, State},
};

/// What a repository decides for itself.
const CONFIG: &str = "fullsend.yaml";
/// Where GitLab's pipelines begin.
const PIPELINE: &str = ".gitlab-ci.yml";
/// What the names of our other branches begin with.
const OURS: &str = "fullsend/";
/// The branch on which Renovate moves action and image together, as the rings tell it.
const RENOVATES: &str = "renovate/fullsend";
/// Larger files are nobody's configuration: they are not read.
const MOST_BYTES: u64 = 256 << 10;

/// What has to be seen of every repository.
pub(super) fn watch(forge: &FleetForge) -> Watch {
    let mut paths = vec![CONFIG.to_owned()];
    match forge {
        FleetForge::GitHub { .. } => paths.extend(Limits::AGENTS.iter().map(|it| workflow(it))),
        FleetForge::GitLab { .. } => paths.push(PIPELINE.to_owned()),
    }
    paths.extend(PLACES.map(str::to_owned));
    Watch {
        paths,
        branch: Some(ENROLL_BRANCH.to_owned()),
        requests: vec![OURS.to_owned(), RENOVATES.to_owned()],
    }
}

/// How repositories stand, by what was read of them for another verb; each with the name of its ring.
///
/// Our own branch and request are not looked at.
pub fn stands<'s>(
    fleet: &Fleet,
    configuration: Option<&str>,
    today: Date,
    read: impl IntoIterator<Item = (&'s Seen, &'s str, &'s Texts)>,
) -> Vec<RepositoryRow> {
    let mut judge = Judge::new(fleet, configuration, today);
    let paths = watch(&fleet.forge).paths;
    let read = read.into_iter().map(|(seen, name, texts)| {
        let texts = texts.iter().filter_map(|(path, text)| {
            let entry = seen.files.get(path)?;
            Some((entry.id.clone(), Some(text.clone())))
        });
        judge.texts.extend(texts);
        let mut seen = Seen {
            branch: None,
            request: None,
            ..seen.clone()
        };
        seen.files.retain(|path, _| paths.contains(path));
        let ring = fleet.rings.iter().find(|ring| ring.name == name);
        match ring.or(fleet.rings.last()) {
            Some(ring) => judge.row(&Member { seen: &seen, ring }),
            None => RepositoryRow::new(&*seen.repository.name, Some(name), State::Missing),
        }
    });
    read.collect()
}

/// Where the workflow of `agent` is.
fn workflow(agent: &str) -> String {
    format!(".github/workflows/fullsend-{agent}.yml")
}

/// Whose runs tell how a repository does.
pub(super) fn runs_of(seen: &Seen) -> Vec<RunsOf> {
    let of = |workflow: &str| RunsOf {
        repository: seen.repository.id.clone(),
        full_name: seen.repository.full_name.clone(),
        workflow: workflow.to_owned(),
    };
    let mut all: Vec<RunsOf> = workflows(seen).map(|(path, _)| of(path)).collect();
    if all.is_empty() && is_enrolled(seen) {
        // GitLab has one pipeline.
        all.push(of(PIPELINE));
    }
    all
}

fn workflows(seen: &Seen) -> impl Iterator<Item = (&str, &Entry)> {
    let files = seen.files.iter();
    files
        .map(|(path, entry)| (path.as_str(), entry))
        .filter(|(path, _)| path.starts_with(".github/workflows/"))
}

/// Whether anything of ours is there.
fn is_enrolled(seen: &Seen) -> bool {
    seen.files.contains_key(CONFIG) || workflows(seen).next().is_some()
}

/// The files that decide how a repository stands, of those that are there.
fn deciding(seen: &Seen) -> Vec<(&str, &Entry)> {
    if !is_enrolled(seen) {
        return Vec::new();
    }
    let ours = seen.files.iter();
    let ours = ours.filter(|(path, _)| !PLACES.contains(&path.as_str()));
    // Renovate reads the first and no other.
    let mut places = PLACES.iter();
    let renovate = places.find_map(|path| seen.files.get_key_value(*path));
    let all = ours.chain(renovate);
    all.map(|(path, entry)| (path.as_str(), entry)).collect()
}

/// Judges repositories, those with the same files once.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    fleet: &'a Fleet,
    /// In UTC.
    today: Date,
    /// By the names of blobs; nothing for what is no text, or gone.
    texts: HashMap<String, Option<Bytes>>,
    judged: HashMap<Files, Judged>,
}

/// The ring, and the files that decide: paths and names of blobs.
type Files = (String, Vec<(String, String)>);

/// What the files of a repository tell, whichever repository it is.
#[derive(Clone, Debug)]
struct Judged {
    state: State,
    reason: Option<String>,
    found: Found,
    hold: Option<HoldRow>,
    skew: Option<String>,
    overrides: Vec<String>,
}

impl<'a> Judge<'a> {
    /// `configuration` is the full name of the repository that holds fleet.yaml, and `today` the day
    /// in UTC.
    pub(super) fn new(fleet: &'a Fleet, configuration: Option<&str>, today: Date) -> Self {
        let texts = known(fleet, configuration, today);
        Self {
            fleet,
            today,
            texts: texts
                .into_iter()
                .map(|(id, text)| (id, Some(text)))
                .collect(),
            judged: HashMap::new(),
        }
    }

    /// The texts that are needed to judge `members`, each blob once.
    pub(super) fn needs(&self, members: &[Member<'_>]) -> Vec<FileAt> {
        let mut asked = HashSet::new();
        let mut needs = Vec::new();
        for member in members {
            let Some(head) = &member.seen.head else {
                continue;
            };
            for (path, entry) in deciding(member.seen) {
                let is_known = self.texts.contains_key(&entry.id);
                if !is_known && is_readable(entry).is_ok() && asked.insert(&entry.id) {
                    needs.push(FileAt {
                        repository: member.seen.repository.id.clone(),
                        full_name: member.seen.repository.full_name.clone(),
                        commit: head.clone(),
                        path: path.to_owned(),
                        blob: entry.id.clone(),
                    });
                }
            }
        }
        needs
    }

    /// Takes in what [`needs`](Self::needs) asked for.
    pub(super) fn learn(&mut self, texts: impl IntoIterator<Item = (FileAt, Option<Bytes>)>) {
        let texts = texts.into_iter();
        let texts = texts.map(|(file, text)| {
            // Whatever its size was said to be.
            let text = text.filter(|text| text.len() as u64 <= MOST_BYTES);
            (file.blob, text)
        });
        self.texts.extend(texts);
    }

    /// How a repository stands, from what was seen and learnt.
    pub(super) fn row(&mut self, member: &Member<'_>) -> RepositoryRow {
        let Member { seen, ring } = *member;
        let judged = if is_enrolled(seen) {
            self.judged(ring, seen)
        } else {
            Judged::missing()
        };
        let row = RepositoryRow {
            action: judged.found.action,
            image: judged.found.image,
            digest: judged.found.digest,
            reason: judged.reason,
            hold: judged.hold,
            skew: judged.skew,
            overrides: judged.overrides,
            ..RepositoryRow::new(&*seen.repository.name, Some(&ring.name), judged.state)
        };
        request::with_request(row, seen)
    }

    fn judged(&mut self, ring: &Ring, seen: &Seen) -> Judged {
        let files = deciding(seen).into_iter();
        let files = files.map(|(path, entry)| (path.to_owned(), entry.id.clone()));
        let key = (ring.name.clone(), files.collect());
        if let Some(judged) = self.judged.get(&key) {
            return judged.clone();
        }
        let judged = self.judge(ring, seen);
        self.judged.insert(key, judged.clone());
        judged
    }

    /// The text of a file that is there, or why it cannot be had.
    fn text(&self, seen: &Seen, path: &str) -> Option<Result<&str, String>> {
        let entry = seen.files.get(path)?;
        let text = is_readable(entry).and_then(|()| {
            let bytes = self.texts.get(&entry.id).and_then(Option::as_ref);
            let bytes = bytes.ok_or("cannot be read: it is no text, or too large")?;
            std::str::from_utf8(bytes).map_err(|_| "is not UTF-8")
        });
        Some(text.map_err(|why| format!("{path} {why}")))
    }

    fn judge(&self, ring: &Ring, seen: &Seen) -> Judged {
        let config = match self.text(seen, CONFIG) {
            None => return Judged::of(State::Missing, format!("{CONFIG} is missing")),
            Some(Err(why)) => return Judged::of(State::Error, why),
            Some(Ok(text)) => crate::config::parse(text.as_bytes(), CONFIG),
        };
        let config = match config {
            Ok(config) => config,
            Err(error) => return Judged::of(State::Error, error.to_string()),
        };
        let files = deciding(seen).into_iter().filter_map(|(path, _)| {
            let is_ours = !PLACES.contains(&path);
            let text = self.text(seen, path).filter(|_| is_ours)?.ok()?;
            Some((path, text))
        });
        let files: Vec<(&str, &str)> = files.collect();
        let (found, pins) = found::found(&files, &config, self.fleet, ring);
        let own = own::worst(self, ring, seen, &config);
        let hold = hold(&config, self.today);
        let (state, reason) = settle(own, pins, hold.as_ref(), &found);
        Judged {
            state,
            reason,
            hold,
            skew: found.skew(),
            overrides: renovate::overrides(self, ring, seen, &config),
            found,
        }
    }
}

/// Whether the text of a file can be asked for, else why not.
fn is_readable(entry: &Entry) -> Result<(), &'static str> {
    match entry.mode {
        EntryMode::Link => Err("is a symbolic link, which is not followed"),
        EntryMode::Other => Err("is a folder"),
        EntryMode::File | EntryMode::Executable
            if entry.size.is_some_and(|size| size > MOST_BYTES) =>
        {
            Err("is too large to be read")
        }
        EntryMode::File | EntryMode::Executable => Ok(()),
    }
}

/// What is to be said of a file or a version: the state that it alone would give, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    state: State,
    reason: Option<String>,
    /// It is on the deny list, which goes before a hold.
    is_denied: bool,
}

impl Finding {
    fn new(state: State, reason: impl Into<String>) -> Self {
        Self {
            state,
            reason: Some(reason.into()),
            is_denied: false,
        }
    }

    fn fine() -> Self {
        Self {
            state: State::Current,
            reason: None,
            is_denied: false,
        }
    }

    /// Of several, the one with the highest counts.
    fn rank(&self) -> (usize, bool) {
        const RANKS: [State; 6] = [
            State::Current,
            State::PinsMoved,
            State::Outdated,
            State::Missing,
            State::Edited,
            State::Error,
        ];
        let rank = RANKS.iter().position(|it| *it == self.state);
        (rank.unwrap_or_default(), self.is_denied)
    }

    fn worse(self, other: Self) -> Self {
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }
}

/// The state that follows from the files, the versions and the hold.
fn settle(
    own: Finding,
    pins: Finding,
    hold: Option<&HoldRow>,
    found: &Found,
) -> (State, Option<String>) {
    let is_denied = pins.is_denied;
    let worst = own.worse(pins);
    let hold = hold.filter(|it| !it.is_expired);
    let Some(hold) = hold else {
        return (worst.state, worst.reason);
    };
    let may_hold = matches!(
        worst.state,
        State::Current | State::PinsMoved | State::Outdated
    );
    if is_denied || !may_hold {
        return (worst.state, worst.reason);
    }
    let runs = found.image_version();
    let is_there = runs == skew::of_tag(&hold.version);
    let elsewhere = runs
        .filter(|_| !is_there)
        .map(|runs| format!("it is held on {}, and its image is {runs}", hold.version));
    (State::Held, elsewhere)
}

fn hold(config: &Config, today: Date) -> Option<HoldRow> {
    let hold = config.hold.as_ref()?;
    Some(HoldRow {
        version: hold.version.tag().to_owned(),
        reason: hold.reason.clone(),
        until: hold.until,
        is_expired: !hold.is_in_force(today),
    })
}

impl Judged {
    fn missing() -> Self {
        Self {
            reason: None,
            ..Self::of(State::Missing, "")
        }
    }

    fn of(state: State, reason: impl Into<String>) -> Self {
        Self {
            state,
            reason: Some(reason.into()),
            found: Found::default(),
            hold: None,
            skew: None,
            overrides: Vec::new(),
        }
    }
}

/// `names` as a list in a sentence, each once.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: BTreeSet<&str> = names.into_iter().collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
